"""The stack in containers: what runs where, where the data lies, and what happens when a part dies."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from compose_stack import ROOT

from sandbox.emr.nodes import CATALOG_FACTORY
from sandbox.notebook.client import NotebookClient
from sandbox.notebook.note import Note, Paragraph
from sandbox.runtime import readiness

GROUPS = [
    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
    {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2},
]
ENDED = {"TERMINATED", "TERMINATED_WITH_ERRORS"}
CATALOG = {
    "Classification": "spark-hive-site",
    "Properties": {"hive.metastore.client.factory.class": CATALOG_FACTORY},
}
WHO = """#!/bin/bash
hostname
id -un
touch "$HOME/was-here"
"""
ROWS = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("rows").getOrCreate()
import socket
hosts = spark.sparkContext.range(0, 64, numSlices=16).map(lambda _: socket.gethostname()).distinct().collect()
spark.range(1000).write.mode("overwrite").saveAsTable("stackdb.numbers")
rows = spark.table("stackdb.numbers").count()
print("driver", socket.gethostname(), "executors", sorted(hosts), "rows", rows)
"""
SLEEP = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("sleep").getOrCreate()
print("ready", flush=True)
import time; time.sleep(600)
"""


@pytest.fixture(scope="module")
def localstack(stack):
    """A plain client on LocalStack's own port."""
    client = boto3.client(
        "s3",
        endpoint_url=stack.localstack,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    yield client
    client.close()


@pytest.fixture(scope="module")
def bucket(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="stack")
    for name, text in {"who.sh": WHO, "rows.py": ROWS, "sleep.py": SLEEP}.items():
        s3.put_object(Bucket="stack", Key=name, Body=text.encode())
    glue = sandbox.client("glue")
    glue.create_database(DatabaseInput={"Name": "stackdb", "LocationUri": "s3://stack/stackdb"})
    return "stack"


@pytest.fixture
def launch(sandbox, bucket):
    """Launches clusters; whatever they do, they are ended afterwards."""
    emr, launched = sandbox.client("emr"), []

    def run(**changes):
        arguments = {
            "Name": "stack",
            "Applications": [{"Name": "Spark"}],
            "Configurations": [CATALOG],
            "Instances": {"InstanceGroups": GROUPS, "KeepJobFlowAliveWhenNoSteps": True},
            "LogUri": f"s3://{bucket}/logs/",
            **changes,
        }
        launched.append(emr.run_job_flow(**arguments)["JobFlowId"])
        return launched[-1]

    yield run
    for id in launched:
        if state(emr, id) not in ENDED:
            emr.terminate_job_flows(JobFlowIds=[id])
        wait_for(emr, id, ENDED)


def state(emr, id):
    return emr.describe_cluster(ClusterId=id)["Cluster"]["Status"]["State"]


def wait_for(emr, id, states, seconds=180):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        cluster = emr.describe_cluster(ClusterId=id)["Cluster"]
        if cluster["Status"]["State"] in states:
            return cluster
        time.sleep(0.2)
    raise AssertionError(f"{id} is {cluster['Status']}, not one of {states}")


def submit(emr, id, script):
    step = {
        "Name": script,
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", f"s3://stack/{script}"]},
    }
    return emr.add_job_flow_steps(JobFlowId=id, Steps=[step])["StepIds"][0]


def wait_for_step(emr, id, step, states, seconds=240):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = emr.describe_step(ClusterId=id, StepId=step)["Step"]
        if found["Status"]["State"] in states:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{step} is {found['Status']}, not one of {states}")


def sandbox_program(stack, *arguments, **changes):
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        env={**stack.environment, "NO_COLOR": "1", **changes},
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )


def test_every_service_is_healthy_and_none_is_root_or_reached_from_outside(stack):
    services = {service.name for service in stack.compose.services() if service.ready}
    assert services >= {"localstack", "spark-master", "spark-worker", "sandbox"}
    for id in stack.labelled("container"):
        (found,) = json.loads(stack.docker("inspect", id).stdout)
        published = [
            binding for ports in found["HostConfig"]["PortBindings"].values() for binding in ports or ()
        ]
        assert all(binding["HostIp"] == "127.0.0.1" for binding in published), found["Name"]
        assert found["HostConfig"]["Memory"] > 0, found["Name"]
        assert not any("docker.sock" in mount["Source"] for mount in found["Mounts"]), found["Name"]
        if found["Config"]["Labels"]["com.docker.compose.service"] != "localstack":
            assert found["Config"]["User"] == "emr", found["Name"]


def test_objects_lie_in_localstack(sandbox, localstack, bucket):
    key = f"a b/{uuid.uuid4()}"
    body = b"x" * 3_000_000
    sandbox.client("s3").put_object(Bucket=bucket, Key=key, Body=body, Metadata={"who": "me"})
    answer = localstack.get_object(Bucket=bucket, Key=key)
    assert answer["Body"].read() == body
    assert answer["Metadata"] == {"who": "me"}
    localstack.put_object(Bucket=bucket, Key=key, Body=b"other side")
    assert sandbox.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == b"other side"


def test_the_examples_run_with_localstacks_own_client(stack, sandbox):
    def example(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    file = "datasets/README.md"
    assert example("examples/localstack/upload.py", file, "read/me.md") == "s3://examples/read/me.md\n"
    lines = int(example("examples/localstack/count_lines.py", "read/me.md"))
    text = (ROOT / file).read_bytes()
    assert lines == len(text.splitlines())
    answer = sandbox.client("s3").get_object(Bucket="examples", Key="read/me.md")
    assert answer["Body"].read() == text


def test_a_cluster_is_the_stacks_own_machines(stack, sandbox, localstack, bucket, launch):
    emr = sandbox.client("emr")
    action = {"Name": "who", "ScriptBootstrapAction": {"Path": f"s3://{bucket}/who.sh"}}
    id = launch(BootstrapActions=[action])
    with pytest.raises(ClientError, match=f"belong to cluster {id}.*terminate it first"):
        launch()
    wait_for(emr, id, {"WAITING"})
    step = submit(emr, id, "rows.py")
    found = wait_for_step(emr, id, step, {"COMPLETED", "FAILED"})
    assert found["Status"]["State"] == "COMPLETED", found
    said = stack.docker("compose", "exec", "-T", "sandbox", "sandbox", "logs", step).stdout
    assert "driver spark-master" in said and "rows 1000" in said
    executors = re.search(r"executors \[(.*)\] rows", said).group(1)
    assert "spark-master" not in executors and len(executors.split(",")) == 2

    emr.terminate_job_flows(JobFlowIds=[id])
    wait_for(emr, id, {"TERMINATED"})
    keys = [entry["Key"] for entry in localstack.list_objects_v2(Bucket=bucket)["Contents"]]
    hosts = [
        key for key in keys if key.startswith(f"logs/{id}/node/") and "bootstrap-actions/1/stdout" in key
    ]
    assert len(hosts) == 3
    assert any(key.startswith("stackdb/numbers/") for key in keys)
    assert any(f"logs/{id}/containers/app-" in key for key in keys)
    applications = readiness.fetch_json(f"{stack.master_ui}/json/")["completedapps"]
    assert "rows" in {application["name"] for application in applications}


def test_notebooks_are_there_with_and_without_a_cluster(stack, sandbox, launch):
    emr, page = sandbox.client("emr"), f"http://127.0.0.1:{stack.environment['ZEPPELIN_PORT']}"
    seen = "spark.catalog.databaseExists('stackdb'))"
    standing = run_paragraph(page, f"%pyspark\nprint(spark.sparkContext.master, {seen}")
    assert standing == "spark://spark-master:7077 True"
    id = launch(Applications=[{"Name": "Spark"}, {"Name": "Zeppelin"}], Configurations=[])
    wait_for(emr, id, {"WAITING"})
    status = readiness.fetch_json(f"{sandbox.endpoint}/_sandbox/status", timeout=10)
    (found,) = next(one["applications"] for one in status["clusters"] if one["id"] == id)
    assert (found["name"], found["state"], found["url"]) == ("Zeppelin", "RUNNING", page)
    said = run_paragraph(page, f"%pyspark\nimport socket\nprint(socket.gethostname(), {seen}")
    assert said == "zeppelin False", "without the Data Catalog a notebook sees none of its databases"
    names = {one["name"] for one in readiness.fetch_json(f"{stack.master_ui}/json/")["activeapps"]}
    assert f"notebook-{id}" in names
    emr.terminate_job_flows(JobFlowIds=[id])
    wait_for(emr, id, {"TERMINATED"})
    deadline = time.monotonic() + 60
    while readiness.fetch_json(f"{page}/api/version") is None:
        assert time.monotonic() < deadline, "the stack's own notebooks did not come back"
        time.sleep(0.2)


def run_paragraph(page, text):
    """What the one paragraph of a new note prints."""
    client = NotebookClient(page)
    id = client.import_note(Note("", f"/check {uuid.uuid4()}", (Paragraph("p", text),)))
    try:
        results = client.run_paragraph(id, client.get(id).paragraphs[0].id)
        return "".join(message["data"] for message in results["msg"]).strip()
    finally:
        client.delete(id)


def test_more_nodes_than_the_stack_has_are_refused_with_the_command_that_helps(launch):
    groups = [GROUPS[0], {**GROUPS[1], "InstanceCount": 7}]
    with pytest.raises(ClientError, match="--scale spark-worker=7"):
        launch(Instances={"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True})


def test_a_worker_that_dies_in_a_step_ends_the_cluster_and_nothing_else(stack, sandbox, launch):
    emr = sandbox.client("emr")
    id = launch()
    wait_for(emr, id, {"WAITING"})
    step = submit(emr, id, "sleep.py")
    wait_for_step(emr, id, step, {"RUNNING"})
    victim = stack.docker("compose", "ps", "--quiet", "spark-worker").stdout.split()[0]
    stack.docker("kill", victim)
    cluster = wait_for(emr, id, ENDED)
    assert cluster["Status"]["State"] == "TERMINATED_WITH_ERRORS"
    assert cluster["Status"]["StateChangeReason"]["Code"] == "INSTANCE_FAILURE"
    assert "docker compose up --detach" in cluster["Status"]["StateChangeReason"]["Message"]
    assert emr.describe_step(ClusterId=id, StepId=step)["Step"]["Status"]["State"] == "CANCELLED"
    assert sandbox.client("glue").get_databases()["DatabaseList"]
    stack.up()
    again = launch()
    wait_for(emr, again, {"WAITING"})


def test_the_course_runs_on_the_stack(stack, localstack, adult):
    done = sandbox_program(stack, "demo", "--compose", "--data", str(adult), "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    document = json.loads(done.stdout)
    results = {one["name"]: one["results"] for one in document["stages"]}
    assert document["endpoint"] == stack.endpoint
    assert results["crawl"]["rows"] == 32_561
    assert results["train"]["accuracy"] == pytest.approx(0.823, abs=0.015)
    assert [one["prediction"] for one in results["predict"]["predictions"]] == [">50K", "<=50K"]
    assert (
        localstack.head_object(Bucket="census-000000000000-raw", Key="adult_data/adult.data")["ContentLength"]
        == 3_974_305
    )
    listed = readiness.fetch_json(f"{stack.master_ui}/json/")["completedapps"]
    assert {"census-train", "tree-predict"} <= {application["name"] for application in listed}


def test_the_history_server_lists_what_ran(stack, sandbox, launch):
    emr = sandbox.client("emr")
    id = launch()
    wait_for(emr, id, {"WAITING"})
    step = submit(emr, id, "rows.py")
    found = wait_for_step(emr, id, step, {"COMPLETED", "FAILED"})
    assert found["Status"]["State"] == "COMPLETED", found
    stack.docker("compose", "--profile", "history", "up", "--detach", "--wait", "history", timeout=200)
    page = f"http://127.0.0.1:{stack.environment['SPARK_HISTORY_PORT']}/api/v1/applications"
    assert "rows" in {application["name"] for application in readiness.fetch_json(page, timeout=20)}
    stack.docker("compose", "--profile", "history", "rm", "--stop", "--force", "history")


def test_the_database_on_the_premises_keeps_its_rows(stack):
    def ask(statement):
        psql = (
            "psql",
            "--username",
            "onprem",
            "--tuples-only",
            "--no-align",
            "--command",
            statement,
            "onprem",
        )
        return stack.docker(
            "compose", "--profile", "postgres", "exec", "-T", "postgres", *psql
        ).stdout.strip()

    up = ("compose", "--profile", "postgres", "up", "--detach", "--wait", "postgres")
    stack.docker(*up, timeout=200)
    ask("CREATE TABLE person (name text); INSERT INTO person VALUES ('Ada')")
    with socket.create_connection(
        ("127.0.0.1", int(stack.environment["POSTGRES_PORT"])), timeout=20
    ) as reached:
        # SSLRequest: the first thing a client of PostgreSQL sends; the server says S or N.
        reached.sendall(bytes.fromhex("0000000804d2162f"))
        assert reached.recv(1) in (b"S", b"N")
    stack.docker("compose", "--profile", "postgres", "rm", "--stop", "--force", "postgres")
    stack.docker(*up, timeout=200)
    assert ask("SELECT name FROM person") == "Ada"
    stack.docker("compose", "--profile", "postgres", "rm", "--stop", "--force", "postgres")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"LOCALSTACK_IMAGE": "emr-sandbox/no-such-image:none"}, "emr-sandbox/no-such-image"),
        ({"SANDBOX_PORT": "taken"}, "A port that the stack wants is taken"),
        ({"LOCALSTACK_IMAGE": os.environ.get("BASE_IMAGE", "python:3.11-slim-bookworm")}, "localstack is"),
        ({"DOCKER_HOST": "unix:///nonexistent/docker.sock"}, "The Docker engine is not running"),
    ],
)
def test_what_this_machine_lacks_is_told_with_the_mend_and_exit_code_3(stack, changes, message):
    if changes.get("SANDBOX_PORT") == "taken":
        changes = {"SANDBOX_PORT": stack.environment["SANDBOX_PORT"]}
    other = {**changes, "COMPOSE_PROJECT_NAME": f"{stack.project}-other"}
    if "DOCKER_HOST" not in changes:
        free = {name: "0" for name in stack.environment if name.endswith("_PORT") and name not in changes}
        other |= free
    try:
        done = sandbox_program(stack, "demo", "--compose", "--json", **other)
    finally:
        environment = {**stack.environment, **other, "DOCKER_HOST": stack.environment.get("DOCKER_HOST", "")}
        leftover = type(stack)(other["COMPOSE_PROJECT_NAME"], {k: v for k, v in environment.items() if v})
        leftover.docker("compose", "down", "--volumes", check=False)
    assert done.returncode == 3, done.stderr[-2000:]
    assert message in done.stderr and "mend:" in done.stderr
