"""Operations on connections, checked against botocore's shapes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.validate import ParamValidator
from service_models import service_model

from sandbox.aws.operations import Fidelity, Service
from sandbox.aws.protocol import perform
from sandbox.errors import AwsError
from sandbox.glue.connection_api import ConnectionOperations
from sandbox.glue.connections import Connection, Connections
from sandbox.glue.tags import Kind, Tags
from sandbox.store import Database

MODEL = service_model("glue")
ACCOUNT = "000000000000"
URL = "jdbc:postgresql://db:5432/shop"
PROPERTIES = {"JDBC_CONNECTION_URL": URL, "USERNAME": "u", "PASSWORD": "qwertz"}
NETWORK = {"ConnectionType": "NETWORK", "ConnectionProperties": {}, "PhysicalConnectionRequirements": {
    "SubnetId": "subnet-1", "SecurityGroupIdList": ["sg-1"], "AvailabilityZone": "us-east-1a",
}}  # fmt: skip


def given(name: str = "c", **changes: Any) -> dict[str, Any]:
    return {"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": PROPERTIES} | changes


class Glue:
    """Calls operations by their AWS name and checks request and response against botocore's shapes."""

    def __init__(self, database: Database) -> None:
        self.now = 1000.0
        self.tags = Tags(database)
        self.service = Service(
            MODEL,
            [ConnectionOperations(Connections(database), self.tags, self.client, ACCOUNT, lambda: self.now)],
        )

    def client(self, name: str) -> Any:
        raise AssertionError(f"no {name} is needed")

    def __call__(self, name: str, **request: Any) -> dict[str, Any]:
        model = MODEL.operation_model(name)
        assert not ParamValidator().validate(request, model.input_shape).has_errors()
        response = self.service.operations[name].perform(request)
        report = ParamValidator().validate(response, model.output_shape)
        assert not report.has_errors(), report.generate_report()
        return response


@pytest.fixture
def glue() -> Iterator[Glue]:
    database = Database(":memory:")
    yield Glue(database)
    database.close()


def fault(code: str, message: str = "") -> Any:
    return pytest.RaisesExc(AwsError, check=lambda error: error.code == code and message in error.message)


def test_every_operation_is_executed(glue: Glue) -> None:
    assert set(glue.service.operations) == {
        "CreateConnection", "GetConnection", "GetConnections", "UpdateConnection", "DeleteConnection",
        "BatchDeleteConnection", "TestConnection",
    }  # fmt: skip
    assert {each.fidelity for each in glue.service.operations.values()} == {Fidelity.EXECUTED}


def test_a_connection_as_it_was_created(glue: Glue) -> None:
    created = glue("CreateConnection", ConnectionInput=given(Description="d", MatchCriteria=["a"]))
    assert created == {"CreateConnectionStatus": "READY"}
    assert glue("GetConnection", Name="c")["Connection"] == given() | {
        "Description": "d", "MatchCriteria": ["a"], "CreationTime": 1000.0, "LastUpdatedTime": 1000.0,
        "Status": "READY", "ConnectionSchemaVersion": 1,
    }  # fmt: skip


def test_a_hidden_password(glue: Glue) -> None:
    glue("CreateConnection", ConnectionInput=given())
    without = {"JDBC_CONNECTION_URL": URL, "USERNAME": "u"}
    shown = glue("GetConnection", Name="c", HidePassword=True)["Connection"]
    [listed] = glue("GetConnections", HidePassword=True)["ConnectionList"]
    assert (shown["ConnectionProperties"], listed["ConnectionProperties"]) == (without, without)
    [listed] = glue("GetConnections")["ConnectionList"]
    assert listed["ConnectionProperties"] == PROPERTIES


def test_no_repr_shows_a_password() -> None:
    assert "qwertz" not in repr(Connection("c", given(), 1.0, 1.0))


def test_names_are_unique(glue: Glue) -> None:
    glue("CreateConnection", ConnectionInput=given())
    with fault("AlreadyExistsException", "Connection c already exists"):
        glue("CreateConnection", ConnectionInput=given(**NETWORK))
    assert glue("GetConnection", Name="c")["Connection"]["ConnectionType"] == "JDBC"


def test_what_is_not_there(glue: Glue) -> None:
    for operation, request in (
        ("GetConnection", {"Name": "none"}),
        ("UpdateConnection", {"Name": "none", "ConnectionInput": given("none")}),
        ("DeleteConnection", {"ConnectionName": "none"}),
        ("TestConnection", {"ConnectionName": "none"}),
    ):
        with fault("EntityNotFoundException", "Connection none not found"):
            glue(operation, **request)
    with fault("EntityNotFoundException", "Catalog 111111111111"):
        glue("GetConnections", CatalogId="111111111111")


def test_an_update_replaces_the_definition(glue: Glue) -> None:
    glue("CreateConnection", ConnectionInput=given(Description="old"))
    glue.now = 2000.0
    changed = given(ConnectionProperties=PROPERTIES | {"PASSWORD": "asdf"})
    glue("UpdateConnection", Name="c", ConnectionInput=changed)
    found = glue("GetConnection", Name="c")["Connection"]
    assert found["ConnectionProperties"]["PASSWORD"] == "asdf"
    assert "Description" not in found
    assert (found["CreationTime"], found["LastUpdatedTime"]) == (1000.0, 2000.0)
    with fault("InvalidInputException", "cannot be renamed"):
        glue("UpdateConnection", Name="c", ConnectionInput=given("d"))


def test_pages_and_filters(glue: Glue) -> None:
    for name, changes in (("b", {"MatchCriteria": ["x", "y"]}), ("a", NETWORK), ("c", {})):
        glue("CreateConnection", ConnectionInput=given(name, **changes))
    names, token = [], {}
    while True:
        answer = glue("GetConnections", MaxResults=1, **token)
        names.append([each["Name"] for each in answer["ConnectionList"]])
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert names == [["a"], ["b"], ["c"]]
    for condition, expected in (
        ({"ConnectionType": "JDBC"}, ["b", "c"]),
        ({"ConnectionType": "KAFKA"}, []),
        ({"MatchCriteria": ["y"]}, ["b"]),
        ({"MatchCriteria": ["y", "z"]}, []),
        ({"ConnectionType": "NETWORK", "MatchCriteria": ["x"]}, []),
        ({"ConnectionSchemaVersion": 2}, []),
    ):
        found = glue("GetConnections", Filter=condition)["ConnectionList"]
        assert [each["Name"] for each in found] == expected, condition


def test_deleted_one_by_one_and_together(glue: Glue) -> None:
    for name in "abc":
        glue("CreateConnection", ConnectionInput=given(name))
    glue("DeleteConnection", ConnectionName="a")
    answer = glue("BatchDeleteConnection", ConnectionNameList=["b", "none", "c"])
    assert answer["Succeeded"] == ["b", "c"]
    assert answer["Errors"] == {
        "none": {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Connection none not found."}
    }
    assert glue("GetConnections")["ConnectionList"] == []


def test_tags(glue: Glue) -> None:
    glue("CreateConnection", ConnectionInput=given(), Tags={"team": "a"})
    assert glue.tags.get(Kind.CONNECTION, "c", 1000.0) == {"team": "a"}
    with fault("InvalidInputException", "reserved"):
        glue("CreateConnection", ConnectionInput=given("d"), Tags={"aws:x": "y"})
    with fault("EntityNotFoundException"):
        glue("GetConnection", Name="d")


def without(*names: str, **more: str) -> dict[str, Any]:
    properties = {key: value for key, value in PROPERTIES.items() if key not in names} | more
    return {"ConnectionProperties": properties}


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (without("JDBC_CONNECTION_URL"), "InvalidInputException", "JDBC_CONNECTION_URL is missing"),
        (without("USERNAME", "PASSWORD"), "InvalidInputException", "USERNAME and PASSWORD is missing"),
        (without("PASSWORD"), "InvalidInputException", "PASSWORD is missing"),
        (without(SECRET_ID="s"), "InvalidInputException", "either SECRET_ID or"),
        (without(JDBC_ENFORCE_SSL="yes"), "InvalidInputException", "JDBC_ENFORCE_SSL must be true or false"),
        (without(JDBC_CONNECTION_URL="db:5432"), "InvalidInputException", "JDBC_CONNECTION_URL is not valid"),
        (without(JDBC_CONNECTION_URL=f"{URL}?password=x"), "NotEmulated", "a password inside"),
        (
            without(JDBC_CONNECTION_URL="jdbc:sqlite:/a.db", JDBC_ENFORCE_SSL="true"),
            "InvalidInputException",
            "does not go with an SQLite file",
        ),
        (without(CUSTOM_JDBC_CERT="s3://b/k"), "NotEmulated", "CUSTOM_JDBC_CERT"),
        (without(JDBC_DRIVER_JAR_URI="s3://b/k"), "NotEmulated", "JDBC_DRIVER_JAR_URI"),
        (without(SKIP_CUSTOM_JDBC_CERT_VALIDATION="true"), "NotEmulated", "SKIP_CUSTOM_JDBC_CERT_VALIDATION"),
        ({"ConnectionType": "KAFKA"}, "NotEmulated", "a connection of type KAFKA"),
        ({"ConnectionType": "POSTGRESQL"}, "NotEmulated", "a connection of type POSTGRESQL"),
        ({"ValidateCredentials": True}, "NotEmulated", "ValidateCredentials"),
        ({"SparkProperties": {"a": "b"}}, "NotEmulated", "SparkProperties"),
        (NETWORK | {"PhysicalConnectionRequirements": {}}, "InvalidInputException", "PhysicalConnection"),
        (NETWORK | {"ConnectionProperties": PROPERTIES}, "InvalidInputException", "no ConnectionProperties"),
        ({"MatchCriteria": list("abcdefghijk")}, "InvalidInputException", "at most 10"),
        ({"Name": " c"}, "InvalidInputException", "space"),
    ],
)
def test_what_is_refused(glue: Glue, changes: dict[str, Any], code: str, message: str) -> None:
    glue("CreateConnection", ConnectionInput=given("kept"))
    for operation, request in (
        ("CreateConnection", {}),
        ("UpdateConnection", {"Name": "kept"}),
    ):
        with pytest.raises(AwsError, match=message) as refused:
            glue(operation, ConnectionInput=given("kept" if request else "c") | changes, **request)
        assert (refused.value.code, "qwertz" in str(refused.value)) == (code, False)
    [kept] = glue("GetConnections")["ConnectionList"]
    assert kept["ConnectionProperties"] == PROPERTIES


def test_what_can_be_stored_and_not_be_connected_to(glue: Glue) -> None:
    mysql = without(JDBC_CONNECTION_URL="jdbc:mysql://db:3306/shop")
    glue("CreateConnection", ConnectionInput=given("mysql", **mysql))
    glue("CreateConnection", ConnectionInput=given("net", **NETWORK))
    with fault("NotEmulated", "connecting to mysql is not emulated"):
        glue("TestConnection", ConnectionName="mysql")
    with fault("NotEmulated", "TestConnection of a NETWORK connection"):
        glue("TestConnection", ConnectionName="net")
    assert "LastConnectionValidationTime" not in glue("GetConnection", Name="mysql")["Connection"]


def test_a_test_is_of_one_connection(glue: Glue) -> None:
    properties = {"ConnectionType": "JDBC", "ConnectionProperties": PROPERTIES}
    for request in ({}, {"ConnectionName": "c", "TestConnectionInput": properties}):
        with fault("InvalidInputException", "Exactly one of"):
            glue("TestConnection", **request)


@pytest.mark.parametrize(
    "request_",
    [
        {"ConnectionInput": given(**without(PASSWORD="qwertz" * 500))},
        {"ConnectionInput": given(ConnectionProperties={"PASSWORD": ["qwertz"]})},
        {"ConnectionInput": given(ConnectionProperties=["PASSWORD", "qwertz"])},
        {"ConnectionInput": str(given())},
        {"Unknown": given()},
    ],
)
def test_a_wrong_request_is_told_without_its_password(glue: Glue, request_: dict[str, Any]) -> None:
    answer = perform(glue.service, "CreateConnection", json.dumps(request_).encode())
    assert answer.status == 400
    assert b"ValidationException" in answer.body
    assert b"qwertz" not in answer.body
