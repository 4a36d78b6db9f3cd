"""A cluster of instance fleets with a security configuration: what was asked for is what the nodes do."""

import json
import re
import time
from contextlib import closing

import pytest
import requests

from sandbox import Sandbox

TELL = """
import json, os
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("tell").getOrCreate()
names = ("spark.authenticate", "spark.executor.memory", "spark.hadoop.io.file.buffer.size", "spark.told")
told = {name: spark.conf.get(name, None) for name in names}
told["driver"] = os.environ.get("GREETING")
executor = spark.sparkContext.range(0, 1, numSlices=1).map(lambda _: __import__("os").environ.get("GREETING"))
told["executor"] = executor.first()
told["encrypted"] = spark.conf.get("spark.io.encryption.enabled")
spark.range(100).write.mode("overwrite").parquet("s3://hardware/out/")
print(json.dumps(told))
"""

WORK = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("work").getOrCreate()
def slow(number):
    import time
    time.sleep(0.5)
    return (number % 4, 1)
counted = spark.sparkContext.range(0, 48, numSlices=48).map(slow).reduceByKey(lambda a, b: a + b, 2).collect()
sys.exit(0 if sorted(counted) == [(n, 12) for n in range(4)] else 1)
"""

ENCRYPTED = {
    "EncryptionConfiguration": {
        "EnableInTransitEncryption": True,
        "EnableAtRestEncryption": True,
        "InTransitEncryptionConfiguration": {
            "TLSCertificateConfiguration": {
                "CertificateProviderType": "PEM",
                "S3Object": "s3://hardware/c.zip",
            }
        },
        "AtRestEncryptionConfiguration": {
            "S3EncryptionConfiguration": {"EncryptionMode": "SSE-S3"},
            "LocalDiskEncryptionConfiguration": {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": "k"},
        },
    }
}
SMALL, LARGE = "m1.medium", "m5.xlarge"
EXPORTS = {"GREETING": "hello there", "PYSPARK_PYTHON": "/usr/bin/python3"}
CONFIGURATIONS = [
    {"Classification": "spark", "Properties": {"maximizeResourceAllocation": "true"}},
    {"Classification": "core-site", "Properties": {"io.file.buffer.size": "8192"}},
    {"Classification": "spark-defaults", "Properties": {"spark.told": "so"}},
    {"Classification": "spark-env", "Configurations": [{"Classification": "export", "Properties": EXPORTS}]},
]


def fleet(role, market, *types):
    return {
        "InstanceFleetType": role,
        f"Target{market}Capacity": 1,
        "InstanceTypeConfigs": [{"InstanceType": name} for name in types],
    }


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(state=tmp_path_factory.mktemp("hardware") / "state", port=0) as running:
        yield running


@pytest.fixture(scope="module")
def emr(sandbox):
    with closing(sandbox.client("emr")) as client:
        yield client


@pytest.fixture(scope="module")
def cluster(sandbox, emr):
    with closing(sandbox.client("s3")) as s3:
        s3.create_bucket(Bucket="hardware")
        for name, script in {"tell.py": TELL, "work.py": WORK}.items():
            s3.put_object(Bucket="hardware", Key=name, Body=script.encode())
    emr.create_security_configuration(Name="encrypted", SecurityConfiguration=json.dumps(ENCRYPTED))
    return emr.run_job_flow(
        Name="hardware",
        LogUri="s3://hardware/logs/",
        SecurityConfiguration="encrypted",
        Applications=[{"Name": "Spark"}],
        Configurations=CONFIGURATIONS,
        Instances={
            "KeepJobFlowAliveWhenNoSteps": True,
            "InstanceFleets": [
                fleet("MASTER", "OnDemand", LARGE),
                fleet("CORE", "OnDemand", LARGE),
            ],
        },
    )["JobFlowId"]


def until(found, seconds=240):
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return value


def submit(emr, cluster, script, *options):
    step = {
        "Name": script,
        "HadoopJarStep": {
            "Jar": "command-runner.jar",
            "Args": ["spark-submit", *options, f"s3://hardware/{script}"],
        },
    }
    return emr.add_job_flow_steps(JobFlowId=cluster, Steps=[step])["StepIds"][0]


def outcome(emr, cluster, step):
    def ended():
        status = emr.describe_step(ClusterId=cluster, StepId=step)["Step"]["Status"]
        return status if status["State"] not in ("PENDING", "RUNNING", "CANCEL_PENDING") else None

    return until(ended)


def log(sandbox, cluster, step, name):
    path = sandbox.settings.state / "clusters" / cluster / "logs" / "steps" / step / name
    return path.read_text() if path.exists() else ""


def application(sandbox, cluster, step):
    return re.search(r"app ID (\S+)", log(sandbox, cluster, step, "stderr")).group(1)


def task_instances(emr, cluster, *states):
    told = emr.list_instances(ClusterId=cluster, InstanceFleetType="TASK")["Instances"]
    return [one for one in told if one["Status"]["State"] in states]


def test_configurations_reach_driver_and_executors_and_what_is_written_is_encrypted(sandbox, emr, cluster):
    step = submit(emr, cluster, "tell.py")
    assert outcome(emr, cluster, step)["State"] == "COMPLETED", log(sandbox, cluster, step, "stderr")
    assert json.loads(log(sandbox, cluster, step, "stdout")) == {
        "spark.authenticate": "true",
        # What the worker has: EC2's promise of an m5.xlarge cut down to this machine.
        "spark.executor.memory": f"{smallest(sandbox)}m",
        "spark.hadoop.io.file.buffer.size": "8192",
        "spark.told": "so",
        "driver": "hello there",
        "executor": "hello there",
        "encrypted": "true",
    }
    with closing(sandbox.client("s3")) as s3:
        written = s3.list_objects_v2(Bucket="hardware", Prefix="out/")["Contents"]
        kinds = {s3.head_object(Bucket="hardware", Key=one["Key"])["ServerSideEncryption"] for one in written}
    assert kinds == {"AES256"}


def smallest(sandbox):
    (cluster,) = requests.get(f"{sandbox.endpoint}/_sandbox/nodes", timeout=10).json()["clusters"]
    return min(node["worker"]["memory"] for node in cluster["nodes"] if node["worker"])


def test_an_application_outlives_the_loss_of_a_spot_instance_and_the_fleet_replaces_it(sandbox, emr, cluster):
    task = fleet("TASK", "Spot", SMALL, LARGE)
    emr.add_instance_fleet(ClusterId=cluster, InstanceFleet=task)
    (taken,) = until(lambda: task_instances(emr, cluster, "RUNNING"))
    assert (taken["Market"], taken["InstanceType"]) == ("SPOT", SMALL)
    # Its executors fit on the new and smaller worker, too, which has the cluster's secret.
    step = submit(emr, cluster, "work.py")
    until(lambda: log(sandbox, cluster, step, "stderr").count("Registered executor") == 2)
    page = emr.get_on_cluster_app_ui_presigned_url(
        ClusterId=cluster,
        OnClusterAppUIType="ApplicationMaster",
        ApplicationId=application(sandbox, cluster, step),
    )
    assert page["PresignedURLReady"] is True
    assert "work - Spark Jobs" in requests.get(page["PresignedURL"], timeout=30).text
    id = taken["Ec2InstanceId"]
    answer = requests.post(f"{sandbox.endpoint}/_sandbox/interrupt/{id}", json={}, timeout=30)
    assert (answer.status_code, answer.json()["cluster"]) == (200, cluster)
    again = requests.post(f"{sandbox.endpoint}/_sandbox/interrupt/{id}", json={}, timeout=30)
    assert again.status_code == 400
    assert outcome(emr, cluster, step)["State"] == "COMPLETED", log(sandbox, cluster, step, "stderr")
    assert "decommissioned" in log(sandbox, cluster, step, "stderr")
    (gone,) = until(lambda: task_instances(emr, cluster, "TERMINATED"))
    assert gone["Ec2InstanceId"] == id
    assert gone["Status"]["StateChangeReason"]["Code"] == "INSTANCE_FAILURE"
    assert "SpotInstanceTermination" in gone["Status"]["StateChangeReason"]["Message"]
    (new,) = until(lambda: task_instances(emr, cluster, "RUNNING"))
    assert (new["Market"], new["InstanceType"]) == ("SPOT", LARGE)


def test_who_has_another_secret_is_turned_away(sandbox, emr, cluster):
    step = submit(emr, cluster, "tell.py", "--conf", "spark.authenticate.secret=guessed")
    until(lambda: "Failed to connect to master" in log(sandbox, cluster, step, "stderr"))
    emr.cancel_steps(ClusterId=cluster, StepIds=[step], StepCancellationOption="TERMINATE_PROCESS")
    assert outcome(emr, cluster, step)["State"] == "CANCELLED"
    assert "Connected to Spark cluster" not in log(sandbox, cluster, step, "stderr")


def test_a_fleet_without_a_target_has_no_nodes(emr, cluster):
    fleets = emr.list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
    (task,) = [one for one in fleets if one["InstanceFleetType"] == "TASK"]
    assert task["ProvisionedSpotCapacity"] == 1
    emr.modify_instance_fleet(
        ClusterId=cluster, InstanceFleet={"InstanceFleetId": task["Id"], "TargetSpotCapacity": 0}
    )
    until(lambda: not task_instances(emr, cluster, "RUNNING"))
    fleets = emr.list_instance_fleets(ClusterId=cluster)["InstanceFleets"]
    (task,) = [one for one in fleets if one["InstanceFleetType"] == "TASK"]
    assert (task["TargetSpotCapacity"], task["ProvisionedSpotCapacity"]) == (0, 0)


def test_the_page_of_an_application_outlives_its_cluster(sandbox, emr, cluster):
    steps = emr.list_steps(ClusterId=cluster, StepStates=["COMPLETED"])["Steps"]
    told = next(one for one in steps if one["Name"] == "tell.py")
    emr.terminate_job_flows(JobFlowIds=[cluster])
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    with pytest.raises(emr.exceptions.InvalidRequestException, match="TERMINATED: it has no application UI"):
        emr.get_on_cluster_app_ui_presigned_url(ClusterId=cluster)
    arn = emr.describe_cluster(ClusterId=cluster)["Cluster"]["ClusterArn"]
    kept = emr.create_persistent_app_ui(TargetResourceArn=arn)["PersistentAppUIId"]
    described = emr.describe_persistent_app_ui(PersistentAppUIId=kept)["PersistentAppUI"]
    assert described["PersistentAppUITypeList"] == ["SHS"]
    wanted = {"PersistentAppUIId": kept, "ApplicationId": application(sandbox, cluster, told["Id"])}
    page = until(lambda: ready(emr.get_persistent_app_ui_presigned_url(**wanted)))
    assert "tell - Spark Jobs" in requests.get(page, timeout=30).text


def ready(answer):
    return answer["PresignedURL"] if answer["PresignedURLReady"] else None
