"""DescribeJobFlows: which clusters are told, and in which words."""

import itertools
from dataclasses import replace

import pytest
from botocore.validate import ParamValidator
from service_models import service_model, without_none

from sandbox.emr import job_flows, request
from sandbox.emr.describe import Naming
from sandbox.emr.model import ClusterState, Reason, StepState, Timeline

NAMING = Naming("000000000000", "us-east-1", "127.0.0.1", "3.5.9")
STEP = {"Name": "s", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["true"]}}


def cluster(state=ClusterState.WAITING, code=None, created=0.0):
    numbers = itertools.count(1)
    groups = [
        {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
        {"InstanceRole": "CORE", "InstanceType": "r5.xlarge", "InstanceCount": 2},
    ]
    document = {"Name": "c", "Steps": [STEP], "Instances": {"InstanceGroups": groups}}
    value = request.cluster(document, created, lambda prefix, _: f"{prefix}{next(numbers)}")
    return replace(value, state=state, reason=Reason(code, "why") if code else None)


@pytest.mark.parametrize(
    ("state", "code", "expected"),
    [
        (ClusterState.STARTING, None, "STARTING"),
        (ClusterState.WAITING, "USER_REQUEST", "WAITING"),
        (ClusterState.TERMINATING, "USER_REQUEST", "SHUTTING_DOWN"),
        (ClusterState.TERMINATED, "USER_REQUEST", "TERMINATED"),
        (ClusterState.TERMINATED, "ALL_STEPS_COMPLETED", "COMPLETED"),
        (ClusterState.TERMINATED_WITH_ERRORS, "STEP_FAILURE", "FAILED"),
    ],
)
def test_states_in_the_older_words(state, code, expected):
    assert job_flows.state_of(cluster(state, code)) == expected


@pytest.mark.parametrize(
    ("state", "age", "document", "expected"),
    [
        (ClusterState.WAITING, 30 * job_flows.DAY, {}, True),
        (ClusterState.WAITING, 70 * job_flows.DAY, {}, False),
        (ClusterState.TERMINATED, 13 * job_flows.DAY, {}, True),
        (ClusterState.TERMINATED, 15 * job_flows.DAY, {}, False),
        (ClusterState.TERMINATED, 15 * job_flows.DAY, {"JobFlowIds": ["j-1"]}, True),
        (ClusterState.WAITING, 5.0, {"JobFlowStates": ["WAITING"]}, True),
        (ClusterState.WAITING, 5.0, {"JobFlowStates": ["RUNNING"]}, False),
        (ClusterState.WAITING, 5.0, {"CreatedAfter": 10.0}, False),
        (ClusterState.WAITING, 5.0, {"CreatedBefore": 10.0}, True),
    ],
)
def test_which_are_told(state, age, document, expected):
    assert job_flows.wanted(cluster(state), document, age) is expected


def test_the_answer_fits_botocores_shape():
    value = cluster()
    running = replace(value.steps[0], state=StepState.CANCEL_PENDING, timeline=Timeline(1.0, 2.0))
    told = job_flows.job_flow(replace(value, steps=(running,)), NAMING)
    shape = service_model("emr").operation_model("DescribeJobFlows").output_shape
    report = ParamValidator().validate(without_none({"JobFlows": [told]}), shape)
    assert not report.has_errors(), report.generate_report()
    assert (told["Instances"]["SlaveInstanceType"], told["Instances"]["InstanceCount"]) == ("r5.xlarge", 3)
    assert told["Steps"][0]["ExecutionStatusDetail"]["State"] == "RUNNING"
