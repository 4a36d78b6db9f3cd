"""Requests are checked against botocore's models and faults are named as AWS names them."""

import pytest
from service_models import service_model

from sandbox.aws.validation import validate
from sandbox.errors import AwsError


def shape(service, operation):
    model = service_model(service)
    return model.operation_model(operation).input_shape


def fault(service, operation, request):
    with pytest.raises(AwsError) as caught:
        validate(shape(service, operation), request)
    assert caught.value.code == "ValidationException"
    return caught.value.message


def test_a_right_request_passes():
    assert validate(shape("glue", "GetDatabase"), {"Name": "censusdb"}) is None
    cluster = {"Name": "c", "Instances": {"InstanceCount": 1}, "Tags": []}
    assert validate(shape("emr", "RunJobFlow"), cluster) is None


@pytest.mark.parametrize(
    ("service", "operation", "request_", "expected"),
    [
        (
            "glue",
            "GetDatabase",
            {},
            "Value null at 'name' failed to satisfy constraint: Member must not be null",
        ),
        ("glue", "GetDatabase", {"Name": 3}, "Value '3' at 'name' failed"),
        ("glue", "GetDatabase", {"Name": ""}, "length greater than or equal to 1"),
        ("glue", "GetDatabase", {"Name": "x" * 256}, "length less than or equal to 255"),
        (
            "glue",
            "GetDatabase",
            {"Name": "x", "Nme": "y"},
            "'nme' failed to satisfy constraint: Member must be known",
        ),
        ("glue", "GetTables", {"DatabaseName": "d", "MaxResults": True}, "must be of type integer"),
        ("emr", "RunJobFlow", {"Name": "c", "Instances": []}, "'instances' failed"),
        (
            "emr",
            "AddJobFlowSteps",
            {"JobFlowId": "j", "Steps": [{"Name": "s"}]},
            "at 'steps.1.member.hadoopJarStep' failed to satisfy constraint: Member must not be null",
        ),
        ("emr", "ListClusters", {"CreatedAfter": "2020-01-01T00:00:00Z"}, "must be of type timestamp"),
        ("emr", "ListSteps", {"ClusterId": "j", "StepStates": ["DONE"]}, "enum value set: [PENDING"),
    ],
)
def test_what_is_wrong_is_named(service, operation, request_, expected):
    assert expected in fault(service, operation, request_)


def test_every_fault_is_told_at_once():
    message = fault("glue", "CreateJob", {"Timeout": "soon"})
    assert message.startswith("4 validation errors detected: ")
    for member in ("name", "role", "command", "timeout"):
        assert f"'{member}'" in message
