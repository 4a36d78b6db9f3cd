"""EMR over boto3 as far as it goes without a JVM: a cluster whose bootstrap action decides its fate."""

import gzip
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

GROUPS = [
    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1, "Name": "Main"},
    {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 1},
]
STEP = {"Name": "never", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["true"]}}


@pytest.fixture(scope="module")
def bucket(sandbox):
    sandbox.client("s3").create_bucket(Bucket="contract-emr")
    return "contract-emr"


@pytest.fixture
def launch(sandbox, bucket):
    """Launches a cluster with one bootstrap action; whatever it does, the cluster is ended afterwards."""
    emr, launched = sandbox.client("emr"), []

    def run(script, **changes):
        key = f"bootstrap-{len(launched)}-{time.monotonic_ns()}.sh"
        sandbox.client("s3").put_object(Bucket=bucket, Key=key, Body=script.encode())
        instances = {
            "InstanceGroups": GROUPS,
            "KeepJobFlowAliveWhenNoSteps": True,
            **changes.pop("Instances", {}),
        }
        action = {
            "Name": "b",
            "ScriptBootstrapAction": {"Path": f"s3://{bucket}/{key}", "Args": ["one", "two words"]},
        }
        id = emr.run_job_flow(
            Name="contract",
            Instances=instances,
            LogUri=f"s3://{bucket}/logs/",
            BootstrapActions=[action],
            **changes,
        )["JobFlowId"]
        launched.append(id)
        return id

    yield run
    for id in launched:
        emr.set_termination_protection(JobFlowIds=[id], TerminationProtected=False)
    emr.terminate_job_flows(JobFlowIds=launched)
    for id in launched:
        wait_for(emr, id, {"TERMINATED", "TERMINATED_WITH_ERRORS"})


def wait_for(emr, id, states):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        cluster = emr.describe_cluster(ClusterId=id)["Cluster"]
        if cluster["Status"]["State"] in states:
            return cluster
        time.sleep(0.05)
    raise AssertionError(f"{id} is still {cluster['Status']['State']}")


def text(sandbox, bucket, key):
    return gzip.decompress(sandbox.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()).decode()


def test_a_bootstrap_action_that_fails_ends_the_cluster(sandbox, bucket, launch):
    emr = sandbox.client("emr")
    id = launch('echo "got $# $2"; echo broken >&2; exit 7', Steps=[STEP])
    cluster = wait_for(emr, id, {"TERMINATED_WITH_ERRORS"})
    reason = cluster["Status"]["StateChangeReason"]
    assert reason["Code"] == "BOOTSTRAP_FAILURE"
    instances = emr.list_instances(ClusterId=id, InstanceGroupTypes=["MASTER"])["Instances"]
    (master,) = [instance["Ec2InstanceId"] for instance in instances]
    expected = f"On the master instance ({master}), bootstrap action 1 returned a non-zero return code"
    assert reason["Message"] == expected
    logs = f"logs/{id}/node/{master}/bootstrap-actions/1"
    assert text(sandbox, bucket, f"{logs}/stdout.gz") == "got 2 two words\n"
    assert text(sandbox, bucket, f"{logs}/stderr.gz") == "broken\n"
    (step,) = emr.list_steps(ClusterId=id)["Steps"]
    assert step["Status"]["State"] == "CANCELLED"
    assert {each["Status"]["State"] for each in emr.list_instances(ClusterId=id)["Instances"]} == {
        "TERMINATED"
    }


def test_a_bootstrap_action_that_is_not_there_is_named(sandbox, bucket):
    emr = sandbox.client("emr")
    action = {"Name": "b", "ScriptBootstrapAction": {"Path": f"s3://{bucket}/none.sh"}}
    id = emr.run_job_flow(Name="c", Instances={"InstanceGroups": GROUPS}, BootstrapActions=[action])[
        "JobFlowId"
    ]
    cluster = wait_for(emr, id, {"TERMINATED_WITH_ERRORS"})
    assert f"s3://{bucket}/none.sh cannot be read" in cluster["Status"]["StateChangeReason"]["Message"]


def test_a_cluster_can_be_ended_while_it_boots(sandbox, launch):
    emr = sandbox.client("emr")
    id = launch("sleep 600")
    wait_for(emr, id, {"BOOTSTRAPPING"})
    emr.terminate_job_flows(JobFlowIds=[id])
    cluster = wait_for(emr, id, {"TERMINATED", "TERMINATED_WITH_ERRORS"})
    assert cluster["Status"]["State"] == "TERMINATED"
    assert cluster["Status"]["StateChangeReason"] == {
        "Code": "USER_REQUEST",
        "Message": "Terminated by user request",
    }
    timeline = cluster["Status"]["Timeline"]
    assert timeline["EndDateTime"] >= timeline["CreationDateTime"]


def test_a_protected_cluster_is_not_ended(sandbox, launch):
    emr = sandbox.client("emr")
    id = launch("sleep 600", Instances={"TerminationProtected": True})
    with pytest.raises(ClientError, match="termination protected"):
        emr.terminate_job_flows(JobFlowIds=[id])
    assert emr.describe_cluster(ClusterId=id)["Cluster"]["Status"]["State"] in ("STARTING", "BOOTSTRAPPING")


def test_what_a_cluster_was_asked_to_be_is_told(sandbox, launch):
    emr = sandbox.client("emr")
    id = launch(
        "sleep 600",
        Tags=[{"Key": "team", "Value": "a"}],
        ServiceRole="EMR_DefaultRole",
        ReleaseLabel="emr-7.1.0",
    )
    cluster = emr.describe_cluster(ClusterId=id)["Cluster"]
    assert cluster["ClusterArn"] == f"arn:aws:elasticmapreduce:us-east-1:000000000000:cluster/{id}"
    assert (cluster["ReleaseLabel"], cluster["ServiceRole"]) == ("emr-7.1.0", "EMR_DefaultRole")
    assert cluster["AutoTerminate"] is False
    emr.add_tags(ResourceId=id, Tags=[{"Key": "cost", "Value": "1"}])
    emr.remove_tags(ResourceId=id, TagKeys=["team"])
    assert emr.describe_cluster(ClusterId=id)["Cluster"]["Tags"] == [{"Key": "cost", "Value": "1"}]
    groups = emr.list_instance_groups(ClusterId=id)["InstanceGroups"]
    assert [
        (group["Name"], group["RequestedInstanceCount"], group["RunningInstanceCount"]) for group in groups
    ] == [
        ("Main", 1, 0),
        ("Core", 1, 0),
    ]
    (action,) = emr.list_bootstrap_actions(ClusterId=id)["BootstrapActions"]
    assert action["Args"] == ["one", "two words"]
    listed = emr.list_clusters(ClusterStates=["STARTING", "BOOTSTRAPPING"])["Clusters"]
    assert listed[0]["Id"] == id


def test_steps_are_listed_newest_first_and_can_be_cancelled_while_pending(sandbox, launch):
    emr = sandbox.client("emr")
    id = launch("sleep 600")
    first, second = emr.add_job_flow_steps(JobFlowId=id, Steps=[STEP, {**STEP, "Name": "last"}])["StepIds"]
    assert [step["Id"] for step in emr.list_steps(ClusterId=id)["Steps"]] == [second, first]
    (answer,) = emr.cancel_steps(ClusterId=id, StepIds=[first])["CancelStepsInfoList"]
    assert answer["Status"] == "SUBMITTED"
    assert emr.describe_step(ClusterId=id, StepId=first)["Step"]["Status"]["State"] == "CANCELLED"
    (answer,) = emr.cancel_steps(ClusterId=id, StepIds=[first])["CancelStepsInfoList"]
    assert answer["Status"] == "FAILED"


def test_listings_come_in_pages(sandbox, launch):
    emr = sandbox.client("emr")
    id = launch("sleep 600")
    emr.add_job_flow_steps(JobFlowId=id, Steps=[{**STEP, "Name": str(number)} for number in range(120)])
    pages = list(emr.get_paginator("list_steps").paginate(ClusterId=id))
    assert [len(page["Steps"]) for page in pages] == [50, 50, 20]
    names = [step["Name"] for page in pages for step in page["Steps"]]
    assert names == [str(number) for number in reversed(range(120))]
    for marker in ("x", "²", "9" * 5000):
        with pytest.raises(ClientError, match="Marker"):
            emr.list_steps(ClusterId=id, Marker=marker)


def test_no_more_than_256_steps_are_active_however_many_ask_at_once(sandbox, launch):
    emr = sandbox.client("emr")
    id = launch("sleep 60")

    def add(_):
        try:
            return len(emr.add_job_flow_steps(JobFlowId=id, Steps=[STEP] * 50)["StepIds"])
        except ClientError as error:
            assert "Maximum number of active steps" in str(error)
            return 0

    with ThreadPoolExecutor(10) as callers:
        assert sum(callers.map(add, range(10))) == 250
    pages = emr.get_paginator("list_steps").paginate(ClusterId=id)
    assert sum(len(page["Steps"]) for page in pages) == 250


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("describe_cluster", {"ClusterId": "j-NONE"}),
        ("list_steps", {"ClusterId": "j-NONE"}),
        ("terminate_job_flows", {"JobFlowIds": ["j-NONE"]}),
        ("add_job_flow_steps", {"JobFlowId": "j-NONE", "Steps": [STEP]}),
        ("add_tags", {"ResourceId": "j-NONE", "Tags": []}),
        ("modify_cluster", {"ClusterId": "j-NONE", "StepConcurrencyLevel": 2}),
        (
            "set_keep_job_flow_alive_when_no_steps",
            {"JobFlowIds": ["j-NONE"], "KeepJobFlowAliveWhenNoSteps": True},
        ),
        ("set_visible_to_all_users", {"JobFlowIds": ["j-NONE"], "VisibleToAllUsers": True}),
        (
            "put_auto_termination_policy",
            {"ClusterId": "j-NONE", "AutoTerminationPolicy": {"IdleTimeout": 60}},
        ),
        ("get_auto_termination_policy", {"ClusterId": "j-NONE"}),
        ("remove_auto_termination_policy", {"ClusterId": "j-NONE"}),
    ],
)
def test_a_cluster_that_is_not_there_is_named(sandbox, call, arguments):
    with pytest.raises(ClientError) as caught:
        getattr(sandbox.client("emr"), call)(**arguments)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
    assert caught.value.response["Error"]["Message"] == "Cluster id 'j-NONE' is not valid."


def test_too_large_a_cluster_is_refused_before_anything_starts(sandbox):
    groups = [GROUPS[0], {**GROUPS[1], "InstanceCount": 5000}]
    with pytest.raises(ClientError, match=r"5000 nodes (need more than this machine has|beside the master)"):
        sandbox.client("emr").run_job_flow(Name="c", Instances={"InstanceGroups": groups})


def test_policies_are_kept_changed_and_removed(sandbox, launch):
    emr = sandbox.client("emr")
    id = launch("sleep 600", StepConcurrencyLevel=3, AutoTerminationPolicy={"IdleTimeout": 120})

    def described():
        return emr.describe_cluster(ClusterId=id)["Cluster"]

    def policy():
        return emr.get_auto_termination_policy(ClusterId=id).get("AutoTerminationPolicy")

    assert (described()["StepConcurrencyLevel"], policy()) == (3, {"IdleTimeout": 120})
    assert emr.modify_cluster(ClusterId=id, StepConcurrencyLevel=5)["StepConcurrencyLevel"] == 5
    emr.put_auto_termination_policy(ClusterId=id, AutoTerminationPolicy={"IdleTimeout": 60})
    emr.set_visible_to_all_users(JobFlowIds=[id], VisibleToAllUsers=False)
    emr.set_keep_job_flow_alive_when_no_steps(JobFlowIds=[id], KeepJobFlowAliveWhenNoSteps=False)
    emr.set_unhealthy_node_replacement(JobFlowIds=[id], UnhealthyNodeReplacement=True)
    now = described()
    assert now["UnhealthyNodeReplacement"]
    assert (now["StepConcurrencyLevel"], policy()) == (5, {"IdleTimeout": 60})
    assert (now["VisibleToAllUsers"], now["AutoTerminate"]) == (False, True)
    for level in (0, 257):
        with pytest.raises(ClientError, match=f"between 1 and 256, not {level}"):
            emr.modify_cluster(ClusterId=id, StepConcurrencyLevel=level)
    with pytest.raises(ClientError, match="between 60 and 604800"):
        emr.put_auto_termination_policy(ClusterId=id, AutoTerminationPolicy={"IdleTimeout": 1})
    with pytest.raises(ClientError, match="ActionOnFailure CANCEL_AND_WAIT is not valid"):
        emr.add_job_flow_steps(JobFlowId=id, Steps=[{**STEP, "ActionOnFailure": "CANCEL_AND_WAIT"}])
    limits = {"UnitType": "Instances", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 3}
    emr.put_managed_scaling_policy(ClusterId=id, ManagedScalingPolicy={"ComputeLimits": limits})
    scaling = emr.get_managed_scaling_policy(ClusterId=id)["ManagedScalingPolicy"]["ComputeLimits"]
    assert scaling == {**limits, "MaximumOnDemandCapacityUnits": 3, "MaximumCoreCapacityUnits": 3}
    emr.remove_managed_scaling_policy(ClusterId=id)
    assert "ManagedScalingPolicy" not in emr.get_managed_scaling_policy(ClusterId=id)
    emr.remove_auto_termination_policy(ClusterId=id)
    assert (policy(), emr.list_steps(ClusterId=id)["Steps"]) == (None, [])


def test_releases_are_listed_and_described(sandbox):
    emr = sandbox.client("emr")
    newest = emr.list_release_labels(MaxResults=1)["ReleaseLabels"]
    described = emr.describe_release_label(ReleaseLabel=newest[0])
    versions = {one["Name"]: one.get("Version") for one in described["Applications"]}
    assert described["ReleaseLabel"] == newest[0]
    assert versions["Spark"].startswith("3.5.")
