"""How a cluster lives: steps side by side on real executors, a node that dies, the end of one that idles."""

import os
import signal
import time

import psutil
import pytest

from sandbox import Sandbox
from sandbox.runtime import marks

MEET = """
import sys
from pyspark.sql import SparkSession
mine, other = sys.argv[1:]
spark = SparkSession.builder.appName(mine).getOrCreate()
def meet(_):
    import pathlib, time
    pathlib.Path(mine).touch()
    deadline = time.monotonic() + 120
    while not pathlib.Path(other).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return pathlib.Path(other).exists()
met = spark.sparkContext.parallelize([0], 1).map(meet).collect()
sys.exit(0 if met == [True] else 1)
"""


class Clock:
    """The time of day, which a test can move on."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.time() + self.ahead


def wait_for(found, states, seconds=240):
    deadline = time.monotonic() + seconds
    while (state := found()["Status"]["State"]) not in states:
        assert time.monotonic() < deadline, f"still {state}"
        time.sleep(0.05)
    return found()


def submit(emr, id, *arguments):
    """Steps that each meet another: touch the first place, and succeed once the second is there."""
    steps = [
        {
            "Name": f"meet {number}",
            "HadoopJarStep": {
                "Jar": "command-runner.jar",
                "Args": ["spark-submit", "s3://policies/meet.py", *places],
            },
        }
        for number, places in enumerate(arguments)
    ]
    return emr.add_job_flow_steps(JobFlowId=id, Steps=steps)["StepIds"]


def outcome(emr, id, step):
    ended = wait_for(
        lambda: emr.describe_step(ClusterId=id, StepId=step)["Step"], {"COMPLETED", "FAILED", "CANCELLED"}
    )
    return ended["Status"]["State"]


def see_a_killed_worker_replaced(sandbox, id, place):
    emr = sandbox.client("emr")
    emr.set_unhealthy_node_replacement(JobFlowIds=[id], UnhealthyNodeReplacement=True)

    def cores(state):
        found = emr.list_instances(ClusterId=id, InstanceGroupTypes=["CORE"], InstanceStates=[state])
        return found["Instances"]

    (before,) = cores("RUNNING")
    (worker,) = [
        process
        for process in marks.marked(sandbox.settings.mark, id)
        if process.status() != psutil.STATUS_ZOMBIE
        and "org.apache.spark.deploy.worker.Worker" in process.cmdline()
    ]
    os.kill(worker.pid, signal.SIGKILL)
    deadline = time.monotonic() + 120
    while not cores("TERMINATED") or not cores("RUNNING"):
        assert time.monotonic() < deadline, emr.list_instances(ClusterId=id)["Instances"]
        time.sleep(0.1)
    (dead,), (new,) = cores("TERMINATED"), cores("RUNNING")
    assert dead["Ec2InstanceId"] == before["Ec2InstanceId"] != new["Ec2InstanceId"]
    assert dead["Status"]["StateChangeReason"]["Code"] == "INSTANCE_FAILURE"
    assert "exit code -9" in dead["Status"]["StateChangeReason"]["Message"]
    (step,) = submit(emr, id, [place, place])
    assert outcome(emr, id, step) == "COMPLETED"
    wait_for(lambda: emr.describe_cluster(ClusterId=id)["Cluster"], {"WAITING"})


def test_steps_run_side_by_side_a_dead_node_is_replaced_and_an_idle_cluster_ends(tmp_path):
    clock = Clock()
    with Sandbox(state=tmp_path / "state", port=0, clock=clock) as sandbox:
        emr, s3 = sandbox.client("emr"), sandbox.client("s3")
        s3.create_bucket(Bucket="policies")
        s3.put_object(Bucket="policies", Key="meet.py", Body=MEET.encode())
        id = emr.run_job_flow(
            Name="policies",
            Applications=[{"Name": "Spark"}],
            Instances={
                "MasterInstanceType": "m5.xlarge",
                "SlaveInstanceType": "m5.xlarge",
                "InstanceCount": 2,
                "KeepJobFlowAliveWhenNoSteps": True,
            },
            StepConcurrencyLevel=2,
            AutoTerminationPolicy={"IdleTimeout": 60},
        )["JobFlowId"]

        def cluster():
            return emr.describe_cluster(ClusterId=id)["Cluster"]

        places = [str(tmp_path / name) for name in ("one", "two")]
        steps = submit(emr, id, places, places[::-1])
        assert [outcome(emr, id, step) for step in steps] == ["COMPLETED", "COMPLETED"]
        wait_for(cluster, {"WAITING"})
        see_a_killed_worker_replaced(sandbox, id, places[0])
        clock.ahead = 50
        with pytest.raises(AssertionError, match="still WAITING"):
            wait_for(cluster, {"TERMINATING", "TERMINATED"}, seconds=3)
        clock.ahead = 120
        ended = wait_for(cluster, {"TERMINATED", "TERMINATED_WITH_ERRORS"})
        assert ended["Status"]["State"] == "TERMINATED"
        assert "idle for 60 seconds" in ended["Status"]["StateChangeReason"]["Message"]
