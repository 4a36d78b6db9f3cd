"""Fleets, security configurations, scaling policies and older operations over boto3, without a JVM."""

import json
import time

import pytest
from botocore.exceptions import ClientError

MASTER = {
    "InstanceFleetType": "MASTER",
    "TargetOnDemandCapacity": 1,
    "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
}
CORE = {
    "InstanceFleetType": "CORE",
    "TargetOnDemandCapacity": 2,
    "InstanceTypeConfigs": [{"InstanceType": "r5.xlarge", "WeightedCapacity": 2}],
}
GROUPS = [
    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
    {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 1},
]


@pytest.fixture
def emr(sandbox):
    return sandbox.client("emr")


@pytest.fixture
def launch(sandbox, emr):
    """Launches a cluster that boots until it is ended, which it is afterwards."""
    s3, launched = sandbox.client("s3"), []
    s3.create_bucket(Bucket="contract-hardware")
    s3.put_object(Bucket="contract-hardware", Key="boot.sh", Body=b"sleep 600")

    def run(**changes):
        action = {"Name": "b", "ScriptBootstrapAction": {"Path": "s3://contract-hardware/boot.sh"}}
        hardware = {"KeepJobFlowAliveWhenNoSteps": True, **changes.pop("Instances")}
        id = emr.run_job_flow(Name="c", Instances=hardware, BootstrapActions=[action], **changes)["JobFlowId"]
        launched.append(id)
        return id

    yield run
    emr.terminate_job_flows(JobFlowIds=launched)
    deadline = time.monotonic() + 60
    while emr.list_clusters(ClusterStates=["STARTING", "BOOTSTRAPPING", "TERMINATING"])["Clusters"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def refused(call, code, text, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == code
    assert text in caught.value.response["Error"]["Message"]


def test_a_cluster_of_fleets_is_told_in_fleets(emr, launch):
    id = launch(Instances={"InstanceFleets": [MASTER, CORE]})
    cluster = emr.describe_cluster(ClusterId=id)["Cluster"]
    assert cluster["InstanceCollectionType"] == "INSTANCE_FLEET"
    fleets = {
        one["InstanceFleetType"]: one for one in emr.list_instance_fleets(ClusterId=id)["InstanceFleets"]
    }
    assert (fleets["CORE"]["TargetOnDemandCapacity"], fleets["CORE"]["ProvisionedOnDemandCapacity"]) == (2, 0)
    (node,) = emr.list_instances(ClusterId=id, InstanceFleetType="CORE")["Instances"]
    assert (node["InstanceFleetId"], node["InstanceType"]) == (fleets["CORE"]["Id"], "r5.xlarge")
    for call, arguments in (
        (emr.list_instance_groups, {}),
        (emr.list_instances, {"InstanceGroupTypes": ["CORE"]}),
    ):
        refused(call, "InvalidRequestException", "mutually exclusive", ClusterId=id, **arguments)
    change = {"InstanceFleetId": fleets["CORE"]["Id"], "TargetOnDemandCapacity": 4}
    text = "resized only while RUNNING or WAITING"
    refused(emr.modify_instance_fleet, "ValidationException", text, ClusterId=id, InstanceFleet=change)
    limits = {"UnitType": "Instances", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 2}
    refused(
        emr.put_managed_scaling_policy,
        "NotEmulated",
        "managed scaling of instance fleets",
        ClusterId=id,
        ManagedScalingPolicy={"ComputeLimits": limits},
    )


def test_groups_are_no_fleets(emr, launch):
    id = launch(Instances={"InstanceGroups": GROUPS})
    refused(emr.list_instance_fleets, "InvalidRequestException", "mutually exclusive", ClusterId=id)
    refused(
        emr.list_instances,
        "InvalidRequestException",
        "mutually exclusive",
        ClusterId=id,
        InstanceFleetType="CORE",
    )


def test_a_security_configuration_is_named_by_clusters(emr, launch):
    encryption = {
        "EnableInTransitEncryption": False,
        "EnableAtRestEncryption": True,
        "AtRestEncryptionConfiguration": {"S3EncryptionConfiguration": {"EncryptionMode": "SSE-S3"}},
    }
    text = json.dumps({"EncryptionConfiguration": encryption})
    emr.create_security_configuration(Name="contract", SecurityConfiguration=text)
    try:
        assert emr.describe_security_configuration(Name="contract")["SecurityConfiguration"] == text
        id = launch(Instances={"InstanceGroups": GROUPS}, SecurityConfiguration="contract")
        told = emr.describe_cluster(ClusterId=id)["Cluster"]
        assert told["SecurityConfiguration"] == "contract"
    finally:
        emr.delete_security_configuration(Name="contract")
    assert emr.describe_cluster(ClusterId=id)["Cluster"]["SecurityConfiguration"] == "contract"
    with pytest.raises(ClientError, match="'contract' does not exist"):
        launch(Instances={"InstanceGroups": GROUPS}, SecurityConfiguration="contract")


def test_a_policy_of_a_group_is_attached_and_removed(emr, launch):
    id = launch(Instances={"InstanceGroups": GROUPS})

    def core():
        groups = emr.list_instance_groups(ClusterId=id)["InstanceGroups"]
        return next(one for one in groups if one["InstanceGroupType"] == "CORE")

    rule = {
        "Name": "out",
        "Action": {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": 1}},
        "Trigger": {
            "CloudWatchAlarmDefinition": {
                "ComparisonOperator": "LESS_THAN",
                "MetricName": "YARNMemoryAvailablePercentage",
                "Period": 300,
                "Threshold": 15,
            }
        },
    }
    policy = {"Constraints": {"MinCapacity": 1, "MaxCapacity": 2}, "Rules": [rule]}
    names = {"ClusterId": id, "InstanceGroupId": core()["Id"]}
    emr.put_auto_scaling_policy(**names, AutoScalingPolicy=policy)
    assert core()["AutoScalingPolicy"]["Status"]["State"] == "ATTACHED"
    assert core()["AutoScalingPolicy"]["Rules"][0]["Name"] == "out"
    emr.remove_auto_scaling_policy(**names)
    assert "AutoScalingPolicy" not in core()
    wrong = {"ClusterId": id, "InstanceGroupId": "ig-none"}
    refused(emr.remove_auto_scaling_policy, "InvalidRequestException", "'ig-none' is not valid", **wrong)


def test_old_scripts_are_told_of_job_flows(emr, launch):
    id = launch(Instances={"InstanceGroups": GROUPS})
    (flow,) = emr.describe_job_flows(JobFlowIds=[id])["JobFlows"]
    assert flow["ExecutionStatusDetail"]["State"] in ("STARTING", "BOOTSTRAPPING")
    assert flow["Instances"]["InstanceCount"] == 2
    assert id in [one["JobFlowId"] for one in emr.describe_job_flows()["JobFlows"]]
    assert emr.describe_job_flows(JobFlowStates=["FAILED"], JobFlowIds=[id])["JobFlows"] == []


def test_the_role_of_a_step_is_recorded(emr, launch):
    id = launch(Instances={"InstanceGroups": GROUPS})
    step = {"Name": "s", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["true"]}}
    role = "arn:aws:iam::000000000000:role/runtime"
    (added,) = emr.add_job_flow_steps(JobFlowId=id, Steps=[step], ExecutionRoleArn=role)["StepIds"]
    assert emr.describe_step(ClusterId=id, StepId=added)["Step"]["ExecutionRoleArn"] == role


def test_the_block_of_public_access_is_recorded(emr):
    before = emr.get_block_public_access_configuration()["BlockPublicAccessConfiguration"]
    assert before["BlockPublicSecurityGroupRules"] is True
    ports = [{"MinRange": 22, "MaxRange": 23}]
    wanted = {"BlockPublicSecurityGroupRules": False, "PermittedPublicSecurityGroupRuleRanges": ports}
    emr.put_block_public_access_configuration(BlockPublicAccessConfiguration=wanted)
    try:
        assert emr.get_block_public_access_configuration()["BlockPublicAccessConfiguration"] == wanted
        bad = {**wanted, "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 5, "MaxRange": 1}]}
        refused(
            emr.put_block_public_access_configuration,
            "InvalidRequestException",
            "Ports 5 to 1 are no range",
            BlockPublicAccessConfiguration=bad,
        )
    finally:
        emr.put_block_public_access_configuration(BlockPublicAccessConfiguration=before)


def test_ec2_tells_of_the_nodes_by_their_tags(sandbox, emr, launch):
    ec2 = sandbox.client("ec2")
    tags = [{"Key": "team", "Value": "a"}, {"Key": "cost", "Value": "1"}]
    id = launch(Instances={"InstanceGroups": GROUPS}, Tags=tags)

    def found(name, value):
        answer = ec2.describe_instances(Filters=[{"Name": f"tag:{name}", "Values": [value]}])
        return [one for reservation in answer["Reservations"] for one in reservation["Instances"]]

    nodes = {one["Ec2InstanceId"] for one in emr.list_instances(ClusterId=id)["Instances"]}
    by_cluster = found("aws:elasticmapreduce:job-flow-id", id)
    assert {one["InstanceId"] for one in by_cluster} == nodes
    assert {one["InstanceType"] for one in by_cluster} == {"m5.xlarge"}
    assert {one["State"]["Name"] for one in by_cluster} <= {"pending", "running"}
    roles = {tag["Value"] for one in by_cluster for tag in one["Tags"] if tag["Key"].endswith("group-role")}
    assert roles == {"MASTER", "CORE"}
    assert {one["InstanceId"] for one in found("team", "a")} >= nodes
    emr.remove_tags(ResourceId=id, TagKeys=["team"])
    emr.add_tags(ResourceId=id, Tags=[{"Key": "cost", "Value": "2"}])
    assert not nodes & {one["InstanceId"] for one in found("team", "a")}
    assert {one["InstanceId"] for one in found("cost", "2")} >= nodes
    for call in (ec2.terminate_instances, ec2.stop_instances, ec2.reboot_instances):
        refused(call, "NotEmulated", "a cluster's node", InstanceIds=[min(nodes)])
    emr.terminate_job_flows(JobFlowIds=[id])
    deadline = time.monotonic() + 60
    while {one["State"]["Name"] for one in found("cost", "2") if one["InstanceId"] in nodes} != {
        "terminated"
    }:
        assert time.monotonic() < deadline
        time.sleep(0.1)
