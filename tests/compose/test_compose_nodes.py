"""Nodes as containers of their own: the sandbox has Docker's socket, and makes and removes them."""

import json
import time

import pytest
from botocore.exceptions import BotoCoreError
from test_compose_stack import CATALOG, ENDED, wait_for, wait_for_step

from sandbox.runtime import readiness

CLUSTER = "emr-sandbox.cluster"


@pytest.fixture(scope="module")
def nodes(stack):
    """The stack, whose sandbox is given the socket; afterwards it is as before."""
    socket = stack.environment.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    files = ("--file", "docker-compose.yml", "--file", "docker-compose.nodes.yml")
    stack.environment["DOCKER_SOCKET"] = socket
    stack.environment["DOCKER_GID"] = str(stack.group_of(socket))
    stack.docker("compose", *files, "up", "--detach", "--wait", "sandbox", timeout=300)
    yield stack
    stack.up("sandbox")


@pytest.fixture(scope="module")
def bucket(nodes, sandbox):
    sandbox.client("s3").create_bucket(Bucket="nodes")
    script = """
from pyspark.sql import SparkSession
import socket
spark = SparkSession.builder.appName("who").getOrCreate()
hosts = spark.sparkContext.range(0, 32, numSlices=8).map(lambda _: socket.gethostname()).distinct().collect()
print("driver", socket.gethostname(), "executors", ",".join(sorted(hosts)))
"""
    sandbox.client("s3").put_object(Bucket="nodes", Key="who.py", Body=script.encode())
    return nodes


def launch(sandbox, core=1):
    groups = [
        {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
        {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": core},
    ]
    return sandbox.client("emr").run_job_flow(
        Name="nodes",
        Applications=[{"Name": "Spark"}],
        Configurations=[CATALOG],
        Instances={"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True},
    )["JobFlowId"]


def containers(stack, cluster=None):
    """The names of the nodes' containers."""
    label = f"label={CLUSTER}={cluster}" if cluster else f"label={CLUSTER}"
    return stack.docker(
        "ps",
        "--all",
        "--filter",
        label,
        "--filter",
        f"label=com.docker.compose.project={stack.project}",
        "--format",
        "{{.Names}}",
    ).stdout.split()


def instances(sandbox, cluster):
    listed = sandbox.client("emr").list_instances(ClusterId=cluster, InstanceStates=["RUNNING"])
    return {one["Ec2InstanceId"] for one in listed["Instances"]}


def test_two_clusters_live_side_by_side_and_are_resized(bucket, sandbox):
    stack, emr = bucket, sandbox.client("emr")
    first, second = launch(sandbox), launch(sandbox)
    for id in (first, second):
        wait_for(emr, id, {"WAITING"})
        assert {f"{stack.project}-{node}" for node in instances(sandbox, id)} == set(containers(stack, id))
    status = readiness.fetch_json(f"{sandbox.endpoint}/_sandbox/status", timeout=10)
    pages = {one["id"]: one["master_ui"] for one in status["clusters"]}
    assert pages[first] != pages[second]
    assert readiness.fetch_json(f"{pages[first]}/json/")["aliveworkers"] == 1

    core = emr.list_instance_groups(ClusterId=first)["InstanceGroups"][1]["Id"]
    emr.modify_instance_groups(
        ClusterId=first, InstanceGroups=[{"InstanceGroupId": core, "InstanceCount": 2}]
    )
    deadline = time.monotonic() + 120
    while len(instances(sandbox, first)) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert len(containers(stack, first)) == 3
    step = submit_who(emr, first)
    assert wait_for_step(emr, first, step, {"COMPLETED", "FAILED"})["Status"]["State"] == "COMPLETED"
    said = stack.docker("compose", "exec", "-T", "sandbox", "sandbox", "logs", step).stdout
    line = next(line for line in said.splitlines() if line.startswith("driver "))
    driver, executors = line.split()[1], set(line.split()[3].split(","))
    assert executors == instances(sandbox, first) - {driver}
    see_a_lost_container_replaced(stack, sandbox, first, min(executors))

    emr.modify_instance_groups(
        ClusterId=first, InstanceGroups=[{"InstanceGroupId": core, "InstanceCount": 1}]
    )
    while len(containers(stack, first)) > 2:
        assert time.monotonic() < deadline + 120
        time.sleep(0.2)
    emr.terminate_job_flows(JobFlowIds=[first, second])
    for id in (first, second):
        assert wait_for(emr, id, ENDED)["Status"]["State"] == "TERMINATED"
    assert containers(stack) == []


def see_a_lost_container_replaced(stack, sandbox, cluster, node):
    emr, before = sandbox.client("emr"), instances(sandbox, cluster)
    emr.set_unhealthy_node_replacement(JobFlowIds=[cluster], UnhealthyNodeReplacement=True)
    stack.docker("kill", f"{stack.project}-{node}")
    deadline = time.monotonic() + 120
    while len(now := instances(sandbox, cluster) - {node}) < len(before):
        assert time.monotonic() < deadline, emr.list_instances(ClusterId=cluster)["Instances"]
        time.sleep(0.2)
    (new,) = now - before
    assert f"{stack.project}-{new}" in containers(stack, cluster)
    assert emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"] == "WAITING"


def submit_who(emr, id):
    arguments = {"Jar": "command-runner.jar", "Args": ["spark-submit", "s3://nodes/who.py"]}
    step = {"Name": "who", "ActionOnFailure": "CONTINUE", "HadoopJarStep": arguments}
    return emr.add_job_flow_steps(JobFlowId=id, Steps=[step])["StepIds"][0]


def test_what_a_killed_sandbox_left_is_removed_when_it_comes_back(bucket, sandbox):
    stack, emr = bucket, sandbox.client("emr")
    id = launch(sandbox)
    wait_for(emr, id, {"WAITING"})
    (container,) = stack.docker("compose", "ps", "--quiet", "sandbox").stdout.split()
    stack.docker("kill", container)
    assert len(containers(stack, id)) == 2
    stack.docker("start", container)
    ended = wait_for_answer(emr, id)
    assert ended["Status"]["State"] == "TERMINATED_WITH_ERRORS"
    assert "The sandbox ended while the cluster lived" in ended["Status"]["StateChangeReason"]["Message"]
    assert containers(stack, id) == []


def wait_for_answer(emr, id):
    """The cluster, once the sandbox answers again."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return wait_for(emr, id, ENDED)
        except (OSError, BotoCoreError):
            assert time.monotonic() < deadline
            time.sleep(0.5)


def test_compose_removes_nodes_with_the_rest(bucket, sandbox):
    stack = bucket
    id = launch(sandbox)
    wait_for(sandbox.client("emr"), id, {"WAITING"})
    (one, _) = containers(stack, id)
    labels = json.loads(stack.docker("inspect", one).stdout)[0]["Config"]["Labels"]
    assert labels["com.docker.compose.project"] == stack.project
    # Only the orphans go: everything that the compose file names stays.
    stack.docker("compose", "up", "--detach", "--no-recreate", "--remove-orphans", timeout=200)
    assert containers(stack, id) == []
    cluster = wait_for(sandbox.client("emr"), id, ENDED)
    assert cluster["Status"]["StateChangeReason"]["Code"] == "INSTANCE_FAILURE"
