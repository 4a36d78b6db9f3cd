"""How a cluster lives: steps side by side on real executors, a node that dies, the end of one that idles."""

import os
import signal
import socket
import time
from dataclasses import replace

import psutil
import pytest

from sandbox import Sandbox
from sandbox.runtime import marks, ports
from sandbox.settings import Settings

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


SPREAD = """
import sys, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("spread").getOrCreate()
deadline = time.monotonic() + 120
def executor(_):
    import os, time
    time.sleep(1)
    return [os.environ["SPARK_EXECUTOR_DIRS"].split("/app-")[0]]
seen = set()
while len(seen) < 2 and time.monotonic() < deadline:
    seen = set(spark.sparkContext.range(0, 16, numSlices=16).mapPartitions(executor).collect())
sys.exit(0 if len(seen) == 2 else 1)
"""


TOLD = """
import os, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("told").getOrCreate()
executor = spark.sparkContext.range(0, 1, numSlices=1).map(lambda _: __import__("os").environ.get("GREETING"))
told = (spark.conf.get("spark.told", None), os.environ.get("GREETING"), executor.first())
sys.exit(0 if told == ("new", None, "new") else str(told))
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


def submit(emr, id, script, *arguments):
    """A step for each list of arguments."""
    steps = [
        {
            "Name": f"{script} {number}",
            "HadoopJarStep": {
                "Jar": "command-runner.jar",
                "Args": ["spark-submit", f"s3://policies/{script}", *given],
            },
        }
        for number, given in enumerate(arguments)
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
    (step,) = submit(emr, id, "meet.py", [place, place])
    assert outcome(emr, id, step) == "COMPLETED"
    wait_for(lambda: emr.describe_cluster(ClusterId=id)["Cluster"], {"WAITING"})


def see_it_reconfigured(sandbox, cluster):
    """Drivers and executors that start afterwards have what the master and the core group were given."""
    emr = sandbox.client("emr")
    groups = {
        one["InstanceGroupType"]: one for one in emr.list_instance_groups(ClusterId=cluster)["InstanceGroups"]
    }
    export = {"Classification": "export", "Properties": {"GREETING": "new"}}
    given = {
        "MASTER": {"Classification": "spark-defaults", "Properties": {"spark.told": "new"}},
        "CORE": {"Classification": "spark-env", "Properties": {}, "Configurations": [export]},
    }
    changes = [
        {"InstanceGroupId": groups[role]["Id"], "Configurations": [entry]} for role, entry in given.items()
    ]
    emr.modify_instance_groups(ClusterId=cluster, InstanceGroups=changes)
    for role, group in groups.items():
        now = wait_for(
            lambda id=group["Id"]: next(
                one
                for one in emr.list_instance_groups(ClusterId=cluster)["InstanceGroups"]
                if one["Id"] == id
            ),
            {"RUNNING"},
        )
        assert now["Configurations"] == [given[role]]
        assert now["LastSuccessfullyAppliedConfigurationsVersion"] == 1
    (step,) = submit(emr, cluster, "told.py", [])
    assert outcome(emr, cluster, step) == "COMPLETED"


def see_it_scale(sandbox, id, clock):
    """Tasks that wait bring a node; when they are done it goes, after the cool-down."""
    emr = sandbox.client("emr")
    emr.modify_cluster(ClusterId=id, StepConcurrencyLevel=1)
    limits = {"UnitType": "Instances", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 2}
    emr.put_managed_scaling_policy(ClusterId=id, ManagedScalingPolicy={"ComputeLimits": limits})
    (step,) = submit(emr, id, "spread.py", [])
    assert outcome(emr, id, step) == "COMPLETED"

    def core():
        (group,) = [
            one
            for one in emr.list_instance_groups(ClusterId=id)["InstanceGroups"]
            if one["InstanceGroupType"] == "CORE"
        ]
        return group["RequestedInstanceCount"], group["RunningInstanceCount"]

    assert core() == (2, 2)
    deadline = time.monotonic() + 60
    while core() != (1, 1):
        assert time.monotonic() < deadline, core()
        clock.ahead += 1
        time.sleep(0.1)
    told = [event for event in sandbox.parts.journal.since(subject=id) if event.event == "managed scaling"]
    assert [sum(event.detail["counts"].values()) for event in told] == [2, 1]


def see_its_rules_scale_it(sandbox, id, clock):
    """A rule brings a node while an application runs, another takes it away when the cluster is idle."""
    emr = sandbox.client("emr")
    emr.remove_managed_scaling_policy(ClusterId=id)
    (core,) = [g for g in emr.list_instance_groups(ClusterId=id)["InstanceGroups"] if "CORE" in g.values()]
    rules = [scaling_rule("busy", 1, "AppsRunning"), scaling_rule("idle", -1, "IsIdle")]
    policy = {"Constraints": {"MinCapacity": 1, "MaxCapacity": 2}, "Rules": rules}
    attached = emr.put_auto_scaling_policy(ClusterId=id, InstanceGroupId=core["Id"], AutoScalingPolicy=policy)
    assert attached["AutoScalingPolicy"]["Status"]["State"] == "ATTACHED"
    (step,) = submit(emr, id, "spread.py", [])
    assert outcome(emr, id, step) == "COMPLETED", "it runs until it has seen executors on two nodes"

    def events():
        told = sandbox.parts.journal.since(subject=id)
        return [event.detail["rule"] for event in told if event.event == "automatic scaling"]

    deadline = time.monotonic() + 60
    while events() != ["busy", "idle"]:
        assert time.monotonic() < deadline, events()
        clock.ahead += 1
        time.sleep(0.1)
    metrics = sandbox.client("cloudwatch").list_metrics(Namespace="AWS/ElasticMapReduce")["Metrics"]
    assert {"Name": "JobFlowId", "Value": id} in metrics[0]["Dimensions"]
    emr.remove_auto_scaling_policy(ClusterId=id, InstanceGroupId=core["Id"])


def scaling_rule(name, by, metric):
    alarm = {
        "ComparisonOperator": "GREATER_THAN_OR_EQUAL",
        "MetricName": metric,
        "Threshold": 1,
        "Period": 300,
    }
    return {
        "Name": name,
        "Action": {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": by, "CoolDown": 60}},
        "Trigger": {"CloudWatchAlarmDefinition": {**alarm, "Statistic": "MAXIMUM" if by > 0 else "MINIMUM"}},
    }


def test_steps_run_side_by_side_nodes_come_and_go_and_an_idle_cluster_ends(tmp_path):
    clock = Clock()
    with Sandbox(state=tmp_path / "state", port=0, clock=clock) as sandbox:
        emr, s3 = sandbox.client("emr"), sandbox.client("s3")
        s3.create_bucket(Bucket="policies")
        for name, script in (("meet.py", MEET), ("spread.py", SPREAD), ("told.py", TOLD)):
            s3.put_object(Bucket="policies", Key=name, Body=script.encode())
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
            AutoTerminationPolicy={"IdleTimeout": 600},
        )["JobFlowId"]

        def cluster():
            return emr.describe_cluster(ClusterId=id)["Cluster"]

        places = [str(tmp_path / name) for name in ("one", "two")]
        steps = submit(emr, id, "meet.py", places, places[::-1])
        assert [outcome(emr, id, step) for step in steps] == ["COMPLETED", "COMPLETED"]
        wait_for(cluster, {"WAITING"})
        see_a_killed_worker_replaced(sandbox, id, places[0])
        see_it_reconfigured(sandbox, id)
        see_it_scale(sandbox, id, clock)
        see_its_rules_scale_it(sandbox, id, clock)
        clock.ahead += 400
        with pytest.raises(AssertionError, match="still WAITING"):
            wait_for(cluster, {"TERMINATING", "TERMINATED"}, seconds=3)
        clock.ahead += 300
        ended = wait_for(cluster, {"TERMINATED", "TERMINATED_WITH_ERRORS"})
        assert ended["Status"]["State"] == "TERMINATED"
        assert "idle for 600 seconds" in ended["Status"]["StateChangeReason"]["Message"]


def test_a_port_that_somebody_takes_in_the_very_moment_is_given_up(tmp_path, monkeypatch):
    """Who listens there may even be the master of another sandbox: nobody's cluster is served by it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "is_free", lambda *_: True)
        with Sandbox(settings=settings_on(tmp_path / "state", port)) as sandbox:
            emr = sandbox.client("emr")
            group = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
            id = emr.run_job_flow(
                Name="taken", Instances={"InstanceGroups": [group], "KeepJobFlowAliveWhenNoSteps": True}
            )["JobFlowId"]
            status = wait_for(
                lambda: emr.describe_cluster(ClusterId=id)["Cluster"], {"WAITING", "TERMINATED_WITH_ERRORS"}
            )
            assert status["Status"]["State"] == "WAITING", status
            nodes = sandbox.parts.supervisor.get(id)
            assert nodes.ports.master_ui not in (0, port)


def settings_on(state, master_ui):
    return replace(Settings.read({}, state, 0), metastore_port=0, master_ui_port=master_ui)
