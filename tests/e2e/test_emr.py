"""Clusters that really run: daemons, bootstrap, steps, catalog, logs."""

import gzip
import json
import os
import signal
import time
import urllib.request

import psutil
import pytest

from sandbox.emr.nodes import CATALOG_FACTORY
from sandbox.runtime import marks, readiness

CATALOG = {
    "Classification": "spark-hive-site",
    "Properties": {"hive.metastore.client.factory.class": CATALOG_FACTORY},
}
ENDED = {"TERMINATED", "TERMINATED_WITH_ERRORS"}

SPREAD = """
import socket, sys, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("spread").getOrCreate()
wanted, deadline = int(sys.argv[1]), time.monotonic() + 120
def executor(_):
    import os, time
    time.sleep(0.05)
    return [os.environ["SPARK_EXECUTOR_DIRS"].split("/app-")[0]]
seen = set()
while len(seen) < wanted and time.monotonic() < deadline:
    seen = set(spark.sparkContext.range(0, 64, numSlices=32).mapPartitions(executor).collect())
    print("workers", len(seen), flush=True)
sys.exit(0 if len(seen) == wanted else 1)
"""
TABLE = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("table").getOrCreate()
spark.sql("CREATE DATABASE IF NOT EXISTS e2e LOCATION 's3://emr-e2e/e2e.db'")
spark.range(100).selectExpr("id", "id % 3 AS part").write.mode("overwrite").saveAsTable("e2e.numbers")
spark.sql("INSERT INTO e2e.numbers VALUES (1000, 0)")
print("rows", spark.table("e2e.numbers").count(), "option", spark.conf.get("spark.sql.shuffle.partitions"))
"""
SLEEP = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("ready", flush=True)
import time; time.sleep(600)
"""


def page(sandbox, name):
    return readiness.fetch_json(f"{sandbox.endpoint}/_sandbox/{name}", timeout=10)


@pytest.fixture(scope="module")
def s3(sandbox):
    client = sandbox.client("s3")
    client.create_bucket(Bucket="emr-e2e")
    objects = {
        "boot.sh": 'echo "$1" > "$HOME/booted"; python3 -c "import numpy; print(numpy.__version__)"',
        "table.py": TABLE,
        "sleep.py": SLEEP,
        "spread.py": SPREAD,
        "bad.py": "print('before')\nraise ValueError('boom')",
        "syntax.py": "def (:",
    }
    for key, body in objects.items():
        client.put_object(Bucket="emr-e2e", Key=key, Body=body.encode())
    return client


def step(name, *arguments, jar="command-runner.jar", action="CONTINUE"):
    return {"Name": name, "ActionOnFailure": action, "HadoopJarStep": {"Jar": jar, "Args": list(arguments)}}


def launch(sandbox, *, core=1, **changes):
    groups = [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}]
    if core:
        groups.append({"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": core})
    alive = changes.pop("alive", True)
    return sandbox.client("emr").run_job_flow(
        Name="e2e",
        ReleaseLabel="emr-7.1.0",
        LogUri="s3://emr-e2e/logs/",
        Applications=[{"Name": "Spark"}],
        Instances={"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": alive},
        **changes,
    )["JobFlowId"]


def wait_for(sandbox, id, states, seconds=240):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        cluster = sandbox.client("emr").describe_cluster(ClusterId=id)["Cluster"]
        if cluster["Status"]["State"] in states:
            return cluster
        time.sleep(0.05)
    raise AssertionError(f"{id} is still {cluster['Status']}")


def wait_for_step(sandbox, cluster, id, states, seconds=240):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = sandbox.client("emr").describe_step(ClusterId=cluster, StepId=id)["Step"]
        if answer["Status"]["State"] in states:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{id} is still {answer['Status']}")


def steps_by_name(sandbox, id):
    return {answer["Name"]: answer for answer in sandbox.client("emr").list_steps(ClusterId=id)["Steps"]}


def log(s3, id, name):
    body = s3.get_object(Bucket="emr-e2e", Key=f"logs/{id}/{name}.gz")["Body"].read()
    return gzip.decompress(body).decode()


def shipped(s3, id, name):
    """A log as far as it is in S3; empty when it is not there yet."""
    try:
        return log(s3, id, name)
    except s3.exceptions.NoSuchKey:
        return ""


def test_a_transient_cluster_runs_its_steps_and_ends(sandbox, s3):
    submit = ("spark-submit", "--master", "yarn", "--deploy-mode", "cluster", "--executor-memory", "64g")
    id = launch(
        sandbox,
        alive=False,
        BootstrapActions=[
            {"Name": "b", "ScriptBootstrapAction": {"Path": "s3://emr-e2e/boot.sh", "Args": ["yes"]}}
        ],
        Configurations=[
            CATALOG,
            {"Classification": "spark-defaults", "Properties": {"spark.sql.shuffle.partitions": "7"}},
        ],
        Steps=[
            step("table", *submit, "s3://emr-e2e/table.py"),
            step("bad", "spark-submit", "s3://emr-e2e/bad.py"),
            step("syntax", "spark-submit", "s3://emr-e2e/syntax.py"),
            step("missing", "spark-submit", "s3://emr-e2e/none.py"),
            step("no jar", jar="s3://emr-e2e/none.jar"),
            step("shell", "bash", "-c", "echo $SANDBOX_CLUSTER; exit 3"),
        ],
    )
    ready = wait_for(sandbox, id, {"RUNNING"})
    assert ready["MasterPublicDnsName"] == "127.0.0.1"
    ui = next(c for c in page(sandbox, "status")["clusters"] if c["id"] == id)["master_ui"]
    with urllib.request.urlopen(f"{ui}/json/") as answer:
        assert json.load(answer)["aliveworkers"] == 1

    cluster = wait_for(sandbox, id, ENDED)
    assert cluster["Status"]["State"] == "TERMINATED"
    assert cluster["Status"]["StateChangeReason"]["Message"] == "Steps completed with errors"
    assert marks.marked(sandbox.settings.mark, id) == []

    steps = steps_by_name(sandbox, id)
    states = {name: answer["Status"]["State"] for name, answer in steps.items()}
    assert states == {
        "table": "COMPLETED",
        "bad": "FAILED",
        "syntax": "FAILED",
        "missing": "FAILED",
        "no jar": "FAILED",
        "shell": "FAILED",
    }
    details = {name: answer["Status"].get("FailureDetails", {}) for name, answer in steps.items()}
    assert details["bad"]["Message"] == "exit code 1: ValueError: boom"
    assert details["bad"]["LogFile"] == f"s3://emr-e2e/logs/{id}/steps/{steps['bad']['Id']}/stderr.gz"
    assert "SyntaxError" in details["syntax"]["Message"]
    assert "none.py" in details["missing"]["Message"]
    assert "s3://emr-e2e/none.jar cannot be read: no such object" in details["no jar"]["Message"]
    assert details["shell"]["Message"] == "exit code 3"

    (application,) = steps["table"]["AdditionalInfo"]["ResourceManagerApplicationIds"]
    assert application.startswith("app-")
    folder = f"steps/{steps['table']['Id']}"
    assert "rows 101 option 7" in log(s3, id, f"{folder}/stdout")
    controller = log(s3, id, f"{folder}/controller")
    assert "--master yarn is replaced" in controller and "executor memory 64g is cut" in controller
    assert application in log(s3, id, f"{folder}/syslog")
    assert id in log(s3, id, f"steps/{steps['shell']['Id']}/stdout")
    masters = sandbox.client("emr").list_instances(ClusterId=id, InstanceGroupTypes=["MASTER"])["Instances"]
    node = f"node/{masters[0]['Ec2InstanceId']}"
    assert application in log(s3, id, f"{node}/applications/spark/spark-master.log")
    assert log(s3, id, f"{node}/bootstrap-actions/1/stdout").startswith("1.")
    (worker,) = sandbox.client("emr").list_instances(ClusterId=id, InstanceGroupTypes=["CORE"])["Instances"]
    executor = f"containers/{application}/{worker['Ec2InstanceId']}_0"
    assert "Executor" in log(s3, id, f"{executor}/stderr")

    table = sandbox.client("glue").get_table(DatabaseName="e2e", Name="numbers")["Table"]
    assert table["StorageDescriptor"]["Location"].startswith("s3://emr-e2e/e2e.db")


@pytest.fixture(scope="module")
def cluster(sandbox, s3):  # noqa: ARG001 - the bucket takes its logs
    """A cluster of one node that waits for steps."""
    id = launch(sandbox, core=0)
    wait_for(sandbox, id, {"WAITING"})
    yield id
    sandbox.client("emr").terminate_job_flows(JobFlowIds=[id])
    wait_for(sandbox, id, ENDED)


def test_without_the_catalog_a_cluster_sees_no_tables(sandbox, s3, cluster):
    arguments = ("spark-sql", "-e", "CREATE TABLE own(a int) USING parquet; SHOW TABLES; SHOW DATABASES")
    (id,) = sandbox.client("emr").add_job_flow_steps(JobFlowId=cluster, Steps=[step("sql", *arguments)])[
        "StepIds"
    ]
    answer = wait_for_step(sandbox, cluster, id, {"COMPLETED", "FAILED"})
    assert answer["Status"]["State"] == "COMPLETED", answer
    assert "e2e" not in log(s3, cluster, f"steps/{id}/stdout")


def test_a_running_step_has_its_output_in_s3_and_can_be_cancelled(sandbox, s3, cluster):
    emr = sandbox.client("emr")
    (id,) = emr.add_job_flow_steps(
        JobFlowId=cluster, Steps=[step("sleep", "spark-submit", "s3://emr-e2e/sleep.py")]
    )["StepIds"]
    until(lambda: "ready" in shipped(s3, cluster, f"steps/{id}/stdout"), seconds=120)
    assert emr.describe_step(ClusterId=cluster, StepId=id)["Step"]["Status"]["State"] == "RUNNING"
    assert "startExec" in log(s3, cluster, f"steps/{id}/controller")
    assert page(sandbox, "applications")["applications"][id].startswith("http://127.0.0.1:")
    emr.cancel_steps(ClusterId=cluster, StepIds=[id])
    answer = wait_for_step(sandbox, cluster, id, {"CANCELLED", "FAILED", "COMPLETED"})
    assert answer["Status"]["State"] == "CANCELLED"
    wait_for(sandbox, cluster, {"WAITING"})


@pytest.mark.usefixtures("s3")
def test_a_cluster_grows_under_a_step_that_uses_the_new_node_and_shrinks_again(sandbox):
    emr = sandbox.client("emr")
    action = {"Name": "b", "ScriptBootstrapAction": {"Path": "s3://emr-e2e/boot.sh", "Args": ["x"]}}
    id = launch(sandbox, BootstrapActions=[action])
    wait_for(sandbox, id, {"WAITING"})
    ui = next(c for c in page(sandbox, "status")["clusters"] if c["id"] == id)["master_ui"]
    (spread,) = emr.add_job_flow_steps(
        JobFlowId=id, Steps=[step("spread", "spark-submit", "s3://emr-e2e/spread.py", "2")]
    )["StepIds"]
    wait_for_step(sandbox, id, spread, {"RUNNING"})
    core = emr.list_instance_groups(ClusterId=id)["InstanceGroups"][1]
    emr.modify_instance_groups(
        ClusterId=id, InstanceGroups=[{"InstanceGroupId": core["Id"], "InstanceCount": 2}]
    )
    answer = wait_for_step(sandbox, id, spread, {"COMPLETED", "FAILED"})
    assert answer["Status"]["State"] == "COMPLETED", answer
    assert group(sandbox, id, 1) == ("RUNNING", 2, 2)
    assert len(readiness.fetch_json(f"{ui}/json/")["workers"]) == 2
    nodes = sandbox.settings.state / "clusters" / id / "nodes"
    assert len(list(nodes.glob("*/booted"))) == 3

    emr.modify_instance_groups(
        ClusterId=id, InstanceGroups=[{"InstanceGroupId": core["Id"], "InstanceCount": 1}]
    )
    until(lambda: group(sandbox, id, 1) == ("RUNNING", 1, 1))
    until(lambda: readiness.fetch_json(f"{ui}/json/")["aliveworkers"] == 1)
    assert wait_for(sandbox, id, {"WAITING"})["Status"]["State"] == "WAITING"
    emr.terminate_job_flows(JobFlowIds=[id])
    assert wait_for(sandbox, id, ENDED)["Status"]["State"] == "TERMINATED"


def group(sandbox, id, number):
    found = sandbox.client("emr").list_instance_groups(ClusterId=id)["InstanceGroups"][number]
    return found["Status"]["State"], found["RequestedInstanceCount"], found["RunningInstanceCount"]


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_everything_listens_on_loopback(sandbox, cluster):
    for process in marks.marked(sandbox.settings.mark, cluster):
        for connection in process.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip in ("127.0.0.1", "::ffff:127.0.0.1", "::1"), (
                    process.cmdline(),
                    connection,
                )


@pytest.mark.usefixtures("s3")
def test_a_worker_that_dies_ends_the_cluster_with_errors(sandbox):
    id = launch(sandbox)
    wait_for(sandbox, id, {"WAITING"})
    (worker,) = [
        process
        for process in marks.marked(sandbox.settings.mark, id)
        if "org.apache.spark.deploy.worker.Worker" in process.cmdline()
    ]
    os.kill(worker.pid, signal.SIGKILL)
    cluster = wait_for(sandbox, id, ENDED)
    assert cluster["Status"]["State"] == "TERMINATED_WITH_ERRORS"
    assert cluster["Status"]["StateChangeReason"]["Code"] == "INSTANCE_FAILURE"
    assert "exit code -9" in cluster["Status"]["StateChangeReason"]["Message"]
    assert marks.marked(sandbox.settings.mark, id) == []
