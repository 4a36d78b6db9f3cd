"""Many clusters one after the other, and many steps in one: nothing stays behind, nothing is lost.

`SANDBOX_MANY=20 python -m pytest tests/e2e/test_emr_many.py` makes 20 clusters and 200 steps.
"""

import os
import threading
import time

import psutil
import pytest

from sandbox import Sandbox
from sandbox.runtime import marks

MANY = int(os.environ.get("SANDBOX_MANY", "2"))
STEPS = 10 * MANY
GROUPS = [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(state=tmp_path_factory.mktemp("many") / "state", port=0) as running:
        yield running


def step(script):
    return {
        "Name": "s",
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["bash", "-c", script]},
    }


def ended(emr, id):
    deadline = time.monotonic() + 240
    while (status := emr.describe_cluster(ClusterId=id)["Cluster"]["Status"])["State"] not in (
        "TERMINATED",
        "TERMINATED_WITH_ERRORS",
    ):
        assert time.monotonic() < deadline, status
        time.sleep(0.1)
    return status["State"]


def held():
    """What this process holds that a cluster could leave behind."""
    own = psutil.Process()
    listening = {one.laddr.port for one in own.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    return own.num_fds(), set(threading.enumerate()), listening


def test_clusters_leave_nothing_behind(sandbox):
    emr = sandbox.client("emr")
    after = []
    for _ in range(MANY):
        id = emr.run_job_flow(Name="one", Steps=[step("true")], Instances={"InstanceGroups": GROUPS})[
            "JobFlowId"
        ]
        assert ended(emr, id) == "TERMINATED"
        deadline = time.monotonic() + 20
        while marks.marked(sandbox.settings.mark) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert marks.marked(sandbox.settings.mark) == []
        after.append(held())
    # The first one may load what is kept; every further one must leave the process as it was.
    handles, threads, ports = zip(*after, strict=True)
    assert max(handles[1:]) <= handles[0] + 2, handles
    assert all(len(one) <= len(threads[0]) for one in threads), threads
    assert all(one == ports[0] for one in ports), ports


def test_many_queued_steps_all_run_in_their_order(sandbox, tmp_path):
    emr, order = sandbox.client("emr"), tmp_path / "order"
    id = emr.run_job_flow(
        Name="many", Instances={"InstanceGroups": GROUPS, "KeepJobFlowAliveWhenNoSteps": True}
    )["JobFlowId"]
    added = []
    for first in range(0, STEPS, 10):
        steps = [step(f"echo {number} >> {order}") for number in range(first, first + 10)]
        added += emr.add_job_flow_steps(JobFlowId=id, Steps=steps)["StepIds"]
    deadline = time.monotonic() + 240
    while emr.list_steps(ClusterId=id, StepStates=["PENDING", "RUNNING"])["Steps"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    pages = emr.get_paginator("list_steps").paginate(ClusterId=id)
    listed = [one for page in pages for one in page["Steps"]]
    assert [one["Id"] for one in listed] == added[::-1]
    assert {one["Status"]["State"] for one in listed} == {"COMPLETED"}
    assert order.read_text().split() == [str(number) for number in range(STEPS)]
    emr.terminate_job_flows(JobFlowIds=[id])
    assert ended(emr, id) == "TERMINATED"
