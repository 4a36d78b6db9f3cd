"""JSON 1.1 in and out: parsing, refusing, serialising, in AWS's forms."""

import json
from datetime import UTC, datetime

import pytest
from service_models import service_model

from sandbox.aws.operations import Fidelity, Service, operation, parity
from sandbox.aws.protocol import perform
from sandbox.errors import AwsError


class Databases:
    @operation(Fidelity.EXECUTED)
    def get_database(self, request):
        if request["Name"] == "missing":
            raise AwsError("EntityNotFoundException", "Database missing not found.")
        if request["Name"] == "broken":
            raise ZeroDivisionError
        created = datetime.fromtimestamp(5.5, UTC)
        return {"Database": {"Name": request["Name"], "CreateTime": created, "Description": None}}


@pytest.fixture
def service():
    return Service(service_model("glue"), [Databases()])


def call(service, name, body):
    response = perform(service, name, body if isinstance(body, bytes) else json.dumps(body).encode())
    return response.status, json.loads(response.body), response.headers


def test_an_answer_is_serialised_without_nulls_and_with_epoch_seconds(service):
    status, document, headers = call(service, "GetDatabase", {"Name": "d", "CatalogId": None})
    assert (status, document) == (200, {"Database": {"Name": "d", "CreateTime": 5.5}})
    assert headers["Content-Type"] == "application/x-amz-json-1.1"


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("GetDatabase", {"Name": "missing"}, 400, "EntityNotFoundException"),
        ("GetDatabase", {}, 400, "ValidationException"),
        ("GetDatabase", b"{", 400, "SerializationException"),
        ("GetDatabase", b"[]", 400, "SerializationException"),
        ("GetDatabase", b"\xff\xfe", 400, "SerializationException"),
        ("GetDatabase", b"[" * 100_000, 400, "SerializationException"),
        ("GetDatabase", b'{"Name": "half \\uD83D"}', 400, "SerializationException"),
        ("GetTables", {"DatabaseName": "d"}, 501, "NotEmulated"),
        ("GetNothing", {}, 501, "UnknownOperationException"),
        ("GetDatabase", {"Name": "broken"}, 500, "InternalFailure"),
    ],
)
def test_faults_have_aws_codes(service, name, body, status, code):
    got, document, headers = call(service, name, body)
    assert (got, document["__type"]) == (status, code)
    assert headers["x-amzn-ErrorType"] == code


def test_a_refusal_names_the_operation(service):
    _, document, _ = call(service, "GetTables", {"DatabaseName": "d"})
    assert "glue:GetTables" in document["message"]


def test_the_parity_table_covers_botocores_model():
    model = service_model("glue")
    table = parity(model, [Databases])
    assert set(table) == set(model.operation_names)
    assert [name for name, fidelity in table.items() if fidelity is Fidelity.EXECUTED] == ["GetDatabase"]


def test_a_method_that_is_no_operation_is_refused_when_building():
    class Wrong:
        @operation(Fidelity.EXECUTED)
        def get_nothing(self, request):
            return request

    with pytest.raises(TypeError, match="get_nothing"):
        Service(service_model("glue"), [Wrong()])


def test_two_groups_cannot_perform_the_same_operation():
    model = service_model("glue")
    with pytest.raises(TypeError, match="GetDatabase"):
        Service(model, [Databases(), Databases()])


def test_a_pair_of_surrogates_is_a_character(service):
    status, document, _ = call(service, "GetDatabase", b'{"Name": "\\ud83d\\ude00"}')
    assert (status, document["Database"]["Name"]) == (200, "\U0001f600")
