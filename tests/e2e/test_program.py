"""The program as a person types it: up, down, status, logs, taken ports, and what a crash leaves."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import psutil
import pytest

from sandbox.runtime import marks
from sandbox.settings import Settings


@pytest.fixture
def state(tmp_path):
    """A state folder; whatever runs on it is ended afterwards."""
    path = tmp_path / "state"
    yield path
    run("down", "--state", str(path))
    assert marks.marked(Settings.read({}, path).mark) == []


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


def up(state, *arguments, **environment):
    done = run("up", "--state", str(state), "--port", "0", "--json", *arguments, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def client(record, service):
    return boto3.client(
        service,
        endpoint_url=record["endpoint"],
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="y",
    )


def test_up_status_env_down(state):
    record = up(state)
    assert set(record) == {"endpoint", "state", "pid", "metastore"}
    assert record["state"] == str(state)
    assert up(state)["pid"] == record["pid"]
    status = json.loads(run("status", "--state", str(state), "--json").stdout)
    assert (status["running"], status["endpoint"]) == (True, record["endpoint"])
    exports = run("env", "--state", str(state)).stdout
    assert f"export AWS_ENDPOINT_URL={record['endpoint']}" in exports
    client(record, "s3").create_bucket(Bucket="kept")
    process = psutil.Process(record["pid"])
    done = run("down", "--state", str(state), "--json")
    assert json.loads(done.stdout) == {"stopped": True, "leftover_processes": 0, "wiped": False}
    assert not process.is_running()
    status = run("status", "--state", str(state), "--json")
    assert status.returncode == 1
    assert json.loads(status.stdout)["running"] is False
    with pytest.raises(ConnectionRefusedError), socket.create_connection(address(record)):
        pass


def address(record):
    host, _, port = record["endpoint"].removeprefix("http://").partition(":")
    return host, int(port)


def test_the_next_command_that_is_told_is_of_this_state(state):
    done = run("up", "--state", str(state), "--port", "0")
    assert f'eval "$(sandbox env --state {state})"' in done.stderr
    assert "--state" not in run("up", SANDBOX_STATE=str(state)).stderr


def test_two_that_start_at_once_are_one(state):
    with ThreadPoolExecutor(3) as callers:
        records = list(callers.map(lambda _: up(state), range(3)))
    assert records == [records[0]] * 3
    assert run("down", "--state", str(state), "--json").returncode == 0


def test_two_sandboxes_run_side_by_side(state, tmp_path):
    other = tmp_path / "other"
    first, second = up(state), up(other)
    try:
        assert first["endpoint"] != second["endpoint"]
        assert first["metastore"] != second["metastore"]
        client(first, "glue").create_database(DatabaseInput={"Name": "mine"})
        names = [database["Name"] for database in client(second, "glue").get_databases()["DatabaseList"]]
        assert names == ["default"]
    finally:
        assert run("down", "--state", str(other), "--wipe").returncode == 0
    assert not other.exists()


def test_a_taken_port_moves_with_a_message(state):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        done = run("up", "--state", str(state), "--port", str(number))
        assert done.returncode == 0
        assert f"port {number} is taken: the endpoint listens on" in done.stderr


def test_wrong_use_exits_with_2_and_names_what_is_wrong(state, tmp_path):
    assert run("up", "--nonsense").returncode == 2
    done = run("up", "--state", str(state), "--port", "99999")
    assert (done.returncode, "99999" in done.stderr) == (2, True)
    done = run("logs", "s-NONE", "--state", str(state))
    assert (done.returncode, "s-NONE" in done.stderr) == (2, True)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    done = run("down", "--wipe", "--state", str(tmp_path / "precious"))
    assert done.returncode == 2
    assert (tmp_path / "precious" / "file").exists()


def test_what_the_machine_lacks_exits_with_3_and_the_mend(state, tmp_path):
    done = run("up", "--state", str(state), "--port", "0", "--offline", SANDBOX_CACHE=str(tmp_path / "empty"))
    assert done.returncode == 3
    assert "hadoop-aws-3.3.4.jar" in done.stderr
    assert "mend: sandbox jars fetch" in done.stderr
    done = run("doctor", "--state", str(state), "--json", SANDBOX_CACHE=str(tmp_path / "empty"))
    assert done.returncode == 3
    jars = next(finding for finding in json.loads(done.stdout) if finding["name"] == "jars")
    assert (jars["state"], jars["mend"]) == ("missing", "sandbox jars fetch")


def test_doctor_finds_a_good_machine(state):
    done = run("doctor", "--state", str(state), "--json")
    findings = json.loads(done.stdout)
    assert done.returncode == 0, findings
    assert {finding["name"] for finding in findings} >= {"python", "spark", "java", "jars", "disk"}


def test_parity_tells_every_operation():
    table = json.loads(run("parity", "--json").stdout)
    assert table["emr"]["RunJobFlow"] == "executed"
    assert table["emr"]["CreateStudio"] == "refused"
    assert table["glue"]["StartJobRun"] == "executed"
    assert "sts" in table["delegated"]


SLEEP = b"""
import time
from pyspark.sql import SparkSession
SparkSession.builder.getOrCreate()
time.sleep(600)
"""


def test_after_a_kill_the_next_up_tells_the_truth(state):
    record = up(state)
    s3, emr, glue = client(record, "s3"), client(record, "emr"), client(record, "glue")
    s3.create_bucket(Bucket="scripts")
    s3.put_object(Bucket="scripts", Key="sleep.py", Body=SLEEP)
    glue.create_database(DatabaseInput={"Name": "kept"})
    command = {"Name": "pythonshell", "ScriptLocation": "s3://scripts/sleep.py"}
    glue.create_job(Name="sleep", Role="r", Command={**command, "Name": "glueetl"})
    run_id = glue.start_job_run(JobName="sleep")["JobRunId"]
    groups = [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}]
    arguments = ["spark-submit", "s3://scripts/sleep.py"]
    steps = [
        {"Name": name, "HadoopJarStep": {"Jar": "command-runner.jar", "Args": arguments}}
        for name in ("one", "two")
    ]
    cluster = emr.run_job_flow(Name="c", Instances={"InstanceGroups": groups}, Steps=steps)["JobFlowId"]
    deadline = time.monotonic() + 180
    while not (
        any(s["Status"]["State"] == "RUNNING" for s in emr.list_steps(ClusterId=cluster)["Steps"])
        and glue.get_job_run(JobName="sleep", RunId=run_id)["JobRun"]["JobRunState"] == "RUNNING"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    mark = Settings.read({}, state).mark
    os.kill(record["pid"], signal.SIGKILL)
    assert len(marks.marked(mark)) >= 3

    record = up(state)
    emr, glue = client(record, "emr"), client(record, "glue")
    left = [process.cmdline() for process in marks.marked(mark) if process.pid != record["pid"]]
    assert left == []
    answer = emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]
    assert answer["State"] == "TERMINATED_WITH_ERRORS"
    assert "sandbox ended" in answer["StateChangeReason"]["Message"]
    states = {step["Name"]: step["Status"]["State"] for step in emr.list_steps(ClusterId=cluster)["Steps"]}
    assert states == {"one": "FAILED", "two": "CANCELLED"}
    answer = glue.get_job_run(JobName="sleep", RunId=run_id)["JobRun"]
    assert (answer["JobRunState"], "sandbox ended" in answer["ErrorMessage"]) == ("FAILED", True)
    assert glue.get_database(Name="kept")["Database"]["Name"] == "kept"
    events = [json.loads(line) for line in run("events", "--state", str(state), "--json").stdout.splitlines()]
    assert [e["event"] for e in events if e["subject"] == cluster][-1] == "cluster TERMINATED_WITH_ERRORS"


def test_nodes_are_described_and_only_spot_is_taken_away(state):
    none = run("emr", "describe", "--state", str(state))
    assert (none.returncode, "start one with: sandbox up" in " ".join(none.stderr.split())) == (1, True)
    emr = client(up(state), "emr")
    group = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
    id = emr.run_job_flow(
        Name="small", Instances={"InstanceGroups": [group], "KeepJobFlowAliveWhenNoSteps": True}
    )["JobFlowId"]
    emr.get_waiter("cluster_running").wait(ClusterId=id, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    told = run("emr", "describe", "--state", str(state), "--json")
    (node,) = json.loads(told.stdout)["clusters"][0]["nodes"]
    assert (node["type"], node["promised"]) == ("m5.xlarge", {"vcpus": 4, "memory": 16384})
    assert node["worker"]["cores"] <= (os.cpu_count() or 1)
    table = run("emr", "describe", id, "--state", str(state))
    row = next(line for line in table.stdout.splitlines() if node["instance"] in line)
    assert row.split()[:7] == [node["instance"], "MASTER", "m5.xlarge", "4", "vCPUs,", "16.0", "GiB"]
    unknown = run("emr", "describe", "j-NONE", "--state", str(state))
    assert (unknown.returncode, "j-NONE" in unknown.stderr) == (2, True)
    for instance, text in ((node["instance"], "on demand"), ("i-none", "no instance i-none")):
        refused = run("emr", "interrupt", instance, "--state", str(state))
        assert refused.returncode == 2
        assert text in " ".join(refused.stderr.split())
