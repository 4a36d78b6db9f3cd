"""Kill -9 of the sandbox at moments that chance chooses: nothing is lost, made up, or runs on.

`SANDBOX_KILLS=20 python -m pytest tests/e2e/test_emr_killed.py` tries more moments than every day's tests.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

import boto3
import psutil
import pytest

from sandbox.runtime import marks
from sandbox.settings import Settings

MOMENTS = int(os.environ.get("SANDBOX_KILLS", "2"))
LONGEST = 12.0
"""Seconds after the launch within which the kill comes; the workload takes about as long."""
ENDED = {"TERMINATED", "TERMINATED_WITH_ERRORS"}


def run(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def state(tmp_path):
    path = tmp_path / "state"
    yield path
    run("down", "--state", str(path))
    assert marks.marked(Settings.read({}, path).mark) == []


def up(state):
    record = json.loads(run("up", "--state", str(state), "--port", "0", "--json"))

    def client(service):
        return boto3.client(
            service,
            endpoint_url=record["endpoint"],
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="y",
        )

    return record, client


def workload(emr, s3, folder):
    """A cluster with a bootstrap action, and steps that leave a file each; its id."""
    s3.create_bucket(Bucket="killed")
    s3.put_object(Bucket="killed", Key="boot.sh", Body=b"sleep 0.2")
    steps = [
        {
            "Name": str(number),
            "HadoopJarStep": {
                "Jar": "command-runner.jar",
                "Args": ["bash", "-c", f"sleep 0.7; touch {folder / str(number)}"],
            },
            "ActionOnFailure": "CONTINUE",
        }
        for number in range(6)
    ]
    groups = [
        {"InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": 1} for role in ("MASTER", "CORE")
    ]
    id = emr.run_job_flow(
        Name="killed",
        Steps=steps[:3],
        BootstrapActions=[{"Name": "b", "ScriptBootstrapAction": {"Path": "s3://killed/boot.sh"}}],
        Instances={"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True},
    )["JobFlowId"]
    emr.add_job_flow_steps(JobFlowId=id, Steps=steps[3:])
    return id


def grow(emr, id, until):
    """Ask for another core node as soon as the cluster is up; chance may kill it before."""
    while time.monotonic() < until:
        if emr.describe_cluster(ClusterId=id)["Cluster"]["Status"]["State"] in ("RUNNING", "WAITING"):
            group = next(
                one
                for one in emr.list_instance_groups(ClusterId=id)["InstanceGroups"]
                if one["InstanceGroupType"] == "CORE"
            )
            change = {"InstanceGroupId": group["Id"], "InstanceCount": 2}
            emr.modify_instance_groups(ClusterId=id, InstanceGroups=[change])
            return
        time.sleep(0.1)


def ended(emr, id):
    deadline = time.monotonic() + 120
    while (status := emr.describe_cluster(ClusterId=id)["Cluster"]["Status"])["State"] not in ENDED:
        assert time.monotonic() < deadline, status
        time.sleep(0.2)
    return status


@pytest.mark.parametrize("seed", range(MOMENTS))
def test_a_killed_sandbox_comes_back_with_the_truth(state, tmp_path, seed):
    record, client = up(state)
    done = tmp_path / "done"
    done.mkdir()
    kill_at = time.monotonic() + random.Random(seed).uniform(0, LONGEST)
    id = workload(client("emr"), client("s3"), done)
    grow(client("emr"), id, kill_at)
    while time.monotonic() < kill_at:
        time.sleep(0.01)
    gateway = psutil.Process(record["pid"])
    gateway.send_signal(signal.SIGKILL)
    gateway.wait(30)
    _, client = up(state)
    emr = client("emr")
    assert emr.describe_cluster(ClusterId=id)["Cluster"]["Status"]["State"] in ENDED
    steps = emr.list_steps(ClusterId=id)["Steps"]
    assert sorted(step["Name"] for step in steps) == [str(number) for number in range(6)], "no step is lost"
    for step in steps:
        what = step["Status"]["State"]
        assert what in ("COMPLETED", "FAILED", "CANCELLED")
        if what == "COMPLETED":
            assert (done / step["Name"]).exists(), "no step is COMPLETED that did not complete"
        if what == "CANCELLED":
            assert not (done / step["Name"]).exists(), "a step that never ran has done nothing"
    living = emr.list_instances(ClusterId=id, InstanceStates=["RUNNING", "BOOTSTRAPPING", "PROVISIONING"])
    assert living["Instances"] == []
    mark = Settings.read({}, state).mark
    left = [process for process in marks.marked(mark) if "sandbox" not in " ".join(process.cmdline()[:4])]
    assert left == [], "no process of the cluster is left"
    before = set(done.iterdir())
    master = {"MasterInstanceType": "m5.xlarge", "InstanceCount": 1}
    again = emr.run_job_flow(Name="on", Instances=master)["JobFlowId"]
    assert ended(emr, again)["State"] == "TERMINATED", "and it goes on"
    assert set(done.iterdir()) == before, "no step of the ended cluster went on running"
