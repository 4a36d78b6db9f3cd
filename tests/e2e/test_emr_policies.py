"""How a cluster lives: steps side by side on real executors, and the end of one that idles."""

import time

import pytest

from sandbox import Sandbox

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


def test_steps_run_side_by_side_and_an_idle_cluster_ends(tmp_path):
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
        steps = emr.add_job_flow_steps(
            JobFlowId=id,
            Steps=[
                {
                    "Name": f"meet {number}",
                    "HadoopJarStep": {
                        "Jar": "command-runner.jar",
                        "Args": ["spark-submit", "s3://policies/meet.py", *ordered],
                    },
                }
                for number, ordered in enumerate((places, places[::-1]))
            ],
        )["StepIds"]
        for step in steps:
            ended = wait_for(
                lambda step=step: emr.describe_step(ClusterId=id, StepId=step)["Step"],
                {"COMPLETED", "FAILED", "CANCELLED"},
            )
            assert ended["Status"]["State"] == "COMPLETED", ended
        wait_for(cluster, {"WAITING"})
        clock.ahead = 50
        with pytest.raises(AssertionError, match="still WAITING"):
            wait_for(cluster, {"TERMINATING", "TERMINATED"}, seconds=3)
        clock.ahead = 120
        ended = wait_for(cluster, {"TERMINATED", "TERMINATED_WITH_ERRORS"})
        assert ended["Status"]["State"] == "TERMINATED"
        assert "idle for 60 seconds" in ended["Status"]["StateChangeReason"]["Message"]
