"""A sandbox on the host whose nodes are containers: the same API, and nothing is left when it ends."""

import time

import docker
import pytest
from test_compose_nodes import submit_who
from test_compose_stack import ENDED, wait_for, wait_for_step

from sandbox.app import Sandbox
from sandbox.cli import background
from sandbox.runtime.containers import MARK
from sandbox.settings import Settings

GROUPS = [
    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
    {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 1},
]
WHO = """
from pyspark.sql import SparkSession
import socket
spark = SparkSession.builder.appName("who").getOrCreate()
hosts = spark.sparkContext.range(0, 8, numSlices=4).map(lambda _: socket.gethostname()).distinct().collect()
print("driver", socket.gethostname(), "executors", ",".join(sorted(hosts)))
"""


@pytest.fixture
def environment(stack):
    return {
        **stack.environment,
        "SANDBOX_NODES": "containers",
        "SANDBOX_PROJECT": f"{stack.project}-host",
        "SANDBOX_NODE_IMAGE": stack.environment["SPARK_IMAGE"],
    }


@pytest.fixture
def host(environment, tmp_path):
    settings = Settings.read(environment, tmp_path / "state", 0)
    with Sandbox(settings=settings, environment=environment) as running:
        yield running
    background.stop(settings)
    engine = docker.from_env()
    label = {"label": f"{MARK}={settings.mark}"}
    assert engine.containers.list(all=True, filters=label) == []
    assert engine.networks.list(filters=label) == []
    engine.close()


def test_a_step_runs_in_containers_and_its_objects_and_logs_lie_here(host, tmp_path):
    emr, s3 = host.client("emr"), host.client("s3")
    s3.create_bucket(Bucket="nodes")
    s3.put_object(Bucket="nodes", Key="who.py", Body=WHO.encode())
    id = emr.run_job_flow(
        Name="host",
        Applications=[{"Name": "Spark"}],
        Instances={"InstanceGroups": GROUPS, "KeepJobFlowAliveWhenNoSteps": True},
    )["JobFlowId"]
    wait_for(emr, id, {"WAITING"})
    step = submit_who(emr, id)
    assert wait_for_step(emr, id, step, {"COMPLETED", "FAILED"})["Status"]["State"] == "COMPLETED"
    said = (tmp_path / "state" / "clusters" / id / "logs" / "steps" / step / "stdout").read_text()
    nodes = {one["Ec2InstanceId"] for one in emr.list_instances(ClusterId=id)["Instances"]}
    driver, executor = said.split()[1], said.split()[3]
    assert {driver, executor} == nodes
    emr.terminate_job_flows(JobFlowIds=[id])
    began = time.monotonic()
    assert wait_for(emr, id, ENDED)["Status"]["State"] == "TERMINATED"
    assert time.monotonic() - began < 120
