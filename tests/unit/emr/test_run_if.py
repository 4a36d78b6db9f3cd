"""run-if, and what a node says of itself."""

from dataclasses import replace

import pytest

from sandbox.emr import bootstrap, node_info, request
from sandbox.emr.run_if import Conditional, conditional, is_run_if
from sandbox.errors import WorkFailed

MASTER, CORE = {"isMaster": True, "instanceGroupId": "ig-1"}, {"isMaster": False, "instanceGroupId": "ig-2"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://elasticmapreduce/bootstrap-actions/run-if", True),
        ("s3://us-east-1.elasticmapreduce/bootstrap-actions/run-if", True),
        ("s3://eu-west-1.elasticmapreduce/bootstrap-actions/1.0.0/run-if", True),
        ("s3://mine/bootstrap-actions/run-if", False),
        ("s3://elasticmapreduce/bootstrap-actions/configure-hadoop", False),
    ],
)
def test_the_path_of_run_if(path, expected):
    assert is_run_if(path) is expected


@pytest.mark.parametrize(
    ("condition", "on_master", "on_core"),
    [
        ("instance.isMaster=true", True, False),
        ("instance.isMaster==TRUE", True, False),
        ("instance.isMaster!=true", False, True),
        ("instance.isMaster=false", False, True),
        ("instance.instanceGroupId=ig", False, False),
    ],
)
def test_a_condition_holds_for_some_nodes(condition, on_master, on_core):
    assert (conditional([condition, "ls"], MASTER) is not None) is on_master
    assert (conditional([condition, "ls"], CORE) is not None) is on_core


def test_a_command_or_a_script_is_run():
    assert conditional(["instance.isMaster=true", "echo", "on master"], MASTER) == Conditional(
        None, line="echo on master"
    )
    assert conditional(["instance.isMaster=true", "s3://b/x.sh", "a b"], MASTER) == Conditional(
        "s3://b/x.sh", ("a b",)
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "needs a condition"),
        (["instance.isMaster=true"], "needs a condition"),
        (["isMaster", "ls"], "needs a condition"),
        (["instance.isSlave=true", "ls"], "has no isSlave, only isMaster"),
    ],
)
def test_wrong_arguments_are_told(arguments, told):
    with pytest.raises(WorkFailed, match=told):
        conditional(arguments, MASTER)


def test_the_files_of_a_node():
    groups = [
        {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
        {"InstanceRole": "CORE", "InstanceType": "r5.xlarge", "InstanceCount": 2, "Market": "SPOT"},
    ]
    numbers = iter(range(100))
    cluster = request.cluster(
        {"Name": "c", "ReleaseLabel": "emr-7.1.0", "Instances": {"InstanceGroups": groups}},
        5.0,
        lambda prefix, _: f"{prefix}{next(numbers)}",
    )
    core = next(one for one in cluster.instances if one is not cluster.master)
    files = node_info.documents(cluster, cluster.master, "10.0.0.1", "eu-west-1")
    assert files["instance.json"]["isMaster"] is True
    assert files["job-flow.json"] | {"instanceGroups": None} == {
        "jobFlowId": cluster.id,
        "jobFlowCreationInstant": 5000,
        "instanceCount": 3,
        "masterInstanceId": cluster.master.ec2_id,
        "masterPrivateDnsName": "10.0.0.1",
        "masterInstanceType": "m5.xlarge",
        "slaveInstanceType": "r5.xlarge",
        "instanceGroups": None,
    }
    assert files["job-flow.json"]["instanceGroups"][1] == {
        "instanceGroupId": core.group,
        "instanceGroupName": "Core",
        "instanceRole": "Core",
        "marketType": "Spot",
        "instanceType": "r5.xlarge",
        "requestedInstanceCount": 2,
    }
    files = node_info.documents(cluster, core, "10.0.0.1", "eu-west-1")
    assert files["instance.json"]["isMaster"] is False
    assert files["extraInstanceData.json"] == {
        "instanceRole": "core",
        "marketType": "spot",
        "masterHost": "10.0.0.1",
        "releaseLabel": "emr-7.1.0",
        "region": "eu-west-1",
        "numCandidates": 1,
    }
    assert node_info.instance_document(replace(core, group="ig-9"))["instanceGroupId"] == "ig-9"


def test_a_bootstrap_action_is_told_where_packages_come_from_and_not_where_they_go():
    outer = {"PIP_INDEX_URL": "u", "PIP_USER": "1", "PIP_TARGET": "/t", "https_proxy": "p", "SECRET": "s"}
    assert bootstrap.packages(outer) == {"PIP_INDEX_URL": "u", "https_proxy": "p"}
