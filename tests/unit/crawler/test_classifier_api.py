from typing import Any

import pytest
from botocore.validate import ParamValidator
from crawler_clients import Clock
from service_models import service_model

from sandbox.aws.operations import Fidelity, Service
from sandbox.errors import AwsError
from sandbox.glue.classifier_api import ClassifierOperations
from sandbox.glue.crawler.classifiers import Classifiers
from sandbox.store import Database

MODEL = service_model("glue")
CSV = {"Name": "c", "Delimiter": ";", "ContainsHeader": "PRESENT", "Header": ["a", "b"]}
GROK = {"Name": "g", "Classification": "app", "GrokPattern": "%{WORD:level} %{GREEDYDATA:message}"}
XML = {"Name": "x", "Classification": "xml", "RowTag": "row"}
JSON = {"Name": "j", "JsonPath": "$.rows[*]"}


class Glue:
    """Calls operations by their AWS name and checks request and response against botocore's shapes."""

    def __init__(self, store: Database, clock: Clock) -> None:
        self.service = Service(MODEL, [ClassifierOperations(Classifiers(store), clock)])

    def __call__(self, name: str, **request: Any) -> dict[str, Any]:
        model = MODEL.operation_model(name)
        assert not ParamValidator().validate(request, model.input_shape).has_errors()
        response = self.service.operations[name].perform(request)
        report = ParamValidator().validate(response, model.output_shape)
        assert not report.has_errors(), report.generate_report()
        return response


@pytest.fixture
def glue(store: Database, clock: Clock) -> Glue:
    return Glue(store, clock)


def fault(code: str, message: str = "") -> Any:
    return pytest.RaisesExc(AwsError, check=lambda error: error.code == code and message in error.message)


def test_every_operation_is_executed(glue: Glue) -> None:
    verbs = ("Create", "Get", "Update", "Delete")
    assert set(glue.service.operations) == {*(f"{verb}Classifier" for verb in verbs), "GetClassifiers"}
    assert {each.fidelity for each in glue.service.operations.values()} == {Fidelity.EXECUTED}


@pytest.mark.parametrize(
    ("kind", "definition"),
    [("CsvClassifier", CSV), ("GrokClassifier", GROK), ("XMLClassifier", XML), ("JsonClassifier", JSON)],
)
def test_a_classifier_as_it_was_created(glue: Glue, kind: str, definition: dict[str, Any]) -> None:
    name = definition["Name"]
    glue("CreateClassifier", **{kind: definition})
    [(found, members)] = glue("GetClassifier", Name=name)["Classifier"].items()
    times = {"CreationTime": 1001.0, "LastUpdated": 1001.0, "Version": 1}
    assert (found, members) == (kind, definition | times)
    with fault("AlreadyExistsException", f"{name} already exists"):
        glue("CreateClassifier", JsonClassifier={"Name": name, "JsonPath": "$"})
    glue("DeleteClassifier", Name=name)
    for operation in ("GetClassifier", "DeleteClassifier"):
        with fault("EntityNotFoundException", f"Classifier with name {name} does not exist"):
            glue(operation, Name=name)


def test_update_replaces_what_is_given(glue: Glue) -> None:
    glue("CreateClassifier", CsvClassifier=CSV)
    glue("UpdateClassifier", CsvClassifier={"Name": "c", "Delimiter": "|"})
    changed = glue("GetClassifier", Name="c")["Classifier"]["CsvClassifier"]
    assert {name: changed[name] for name in CSV} == CSV | {"Delimiter": "|"}
    assert (changed["Version"], changed["LastUpdated"] > changed["CreationTime"]) == (2, True)
    with fault("InvalidInputException", "c is a CsvClassifier, not a JsonClassifier"):
        glue("UpdateClassifier", JsonClassifier={"Name": "c"})
    with fault("EntityNotFoundException"):
        glue("UpdateClassifier", JsonClassifier={"Name": "none"})


@pytest.mark.parametrize("operation", ["CreateClassifier", "UpdateClassifier"])
@pytest.mark.parametrize("request_", [{}, {"CsvClassifier": CSV, "JsonClassifier": JSON}])
def test_a_request_is_about_one_classifier(glue: Glue, operation: str, request_: dict[str, Any]) -> None:
    with fault("InvalidInputException", f"must be given, not {len(request_)}"):
        glue(operation, **request_)


def test_pages_by_name(glue: Glue) -> None:
    for name in "bca":
        glue("CreateClassifier", JsonClassifier={"Name": name, "JsonPath": "$"})
    first = glue("GetClassifiers", MaxResults=2)
    rest = glue("GetClassifiers", NextToken=first["NextToken"])
    found = [each["JsonClassifier"]["Name"] for each in first["Classifiers"] + rest["Classifiers"]]
    assert (found, "NextToken" in rest) == (["a", "b", "c"], False)
