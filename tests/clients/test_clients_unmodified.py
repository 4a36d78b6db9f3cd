"""Clients as their users install them, each in an environment of its own (`make clients`), unmodified."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

HOME = Path(os.environ.get("SANDBOX_CLIENTS", Path(__file__).parents[2] / ".venv-clients"))
JOB = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("clients").getOrCreate()
print("counted", spark.range(10).count(), sys.argv[1:])
"""


@pytest.fixture(scope="module")
def client(sandbox):
    """Runs a client's program on the sandbox."""

    def run(name, program, *arguments, folder=None):
        path = HOME / name / "bin" / program
        assert path.exists(), f"{path} is not there: make clients"
        return subprocess.run(
            [str(path), *arguments],
            env={**os.environ, **sandbox.environment(), "AWS_DEFAULT_OUTPUT": "json", "AWS_PAGER": ""},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def aws(client):
    """The answer of `aws emr ...`."""

    def ask(*arguments):
        done = client("awscli", "aws", "emr", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    return ask


@pytest.fixture(scope="module")
def bucket(sandbox):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="clients")
    s3.put_object(Bucket="clients", Key="boot.sh", Body=b'echo "$1" > "$HOME/booted"')
    s3.put_object(Bucket="clients", Key="job.py", Body=JOB.encode())
    return "clients"


@pytest.fixture(scope="module")
def cluster(aws, bucket, tmp_path_factory):
    """A cluster made with every shorthand of `aws emr create-cluster` that fits together."""
    settings = tmp_path_factory.mktemp("clients") / "configurations.json"
    defaults = {"Classification": "spark-defaults", "Properties": {"spark.told": "so"}}
    settings.write_text(json.dumps([defaults]))
    protection = {
        "EncryptionConfiguration": {
            "EnableInTransitEncryption": False,
            "EnableAtRestEncryption": True,
            "AtRestEncryptionConfiguration": {"S3EncryptionConfiguration": {"EncryptionMode": "SSE-S3"}},
        }
    }
    aws(
        "create-security-configuration",
        "--name",
        "clients",
        "--security-configuration",
        json.dumps(protection),
    )
    id = aws(
        *("create-cluster", "--name", "clients", "--release-label", "emr-7.1.0", "--use-default-roles"),
        *("--applications", "Name=Spark", "--log-uri", f"s3://{bucket}/logs/", "--tags", "team=a", "cost=1"),
        *("--ec2-attributes", "KeyName=key,SubnetId=subnet-1", "--ebs-root-volume-size", "20"),
        *("--instance-groups", "InstanceGroupType=MASTER,InstanceCount=1,InstanceType=m5.xlarge"),
        "InstanceGroupType=CORE,InstanceCount=1,InstanceType=m5.xlarge,BidPrice=0.5,Name=workers",
        *("--bootstrap-actions", f"Path=s3://{bucket}/boot.sh,Name=boot,Args=[one]"),
        *("--configurations", f"file://{settings}", "--security-configuration", "clients"),
        *("--step-concurrency-level", "1", "--auto-termination-policy", "IdleTimeout=3600"),
        *("--steps", f"Type=Spark,Name=first,ActionOnFailure=CONTINUE,Args=[s3://{bucket}/job.py,x]"),
        *("--no-auto-terminate", "--termination-protected", "--no-unhealthy-node-replacement"),
    )["ClusterId"]
    yield id
    aws("modify-cluster-attributes", "--cluster-id", id, "--no-termination-protected")
    aws("terminate-clusters", "--cluster-ids", id)
    aws("wait", "cluster-terminated", "--cluster-id", id)


def ended(aws, cluster, step):
    deadline = time.monotonic() + 240
    while True:
        status = aws("describe-step", "--cluster-id", cluster, "--step-id", step)["Step"]["Status"]
        if status["State"] not in ("PENDING", "RUNNING"):
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.5)


def test_the_aws_cli_launches_describes_and_adds(aws, cluster):
    (first,) = aws("list-steps", "--cluster-id", cluster)["Steps"]
    assert ended(aws, cluster, first["Id"])["State"] == "COMPLETED"
    told = aws("describe-cluster", "--cluster-id", cluster)["Cluster"]
    assert told["SecurityConfiguration"] == "clients"
    assert {tag["Key"]: tag["Value"] for tag in told["Tags"]} == {"team": "a", "cost": "1"}
    groups = {group["InstanceGroupType"]: group for group in told["InstanceGroups"]}
    assert (groups["CORE"]["Name"], groups["CORE"]["Market"], groups["CORE"]["BidPrice"]) == (
        "workers",
        "SPOT",
        "0.5",
    )
    assert told["BootstrapActions"][0]["Args"] == ["one"]
    added = aws(
        *("add-steps", "--cluster-id", cluster, "--steps"),
        "Type=CUSTOM_JAR,Name=ok,ActionOnFailure=CONTINUE,Jar=command-runner.jar,Args=[bash,-c,true]",
        "Type=CUSTOM_JAR,Name=bad,ActionOnFailure=CONTINUE,Jar=command-runner.jar,Args=[bash,-c,exit 3]",
    )["StepIds"]
    states = [ended(aws, cluster, step) for step in added]
    assert [status["State"] for status in states] == ["COMPLETED", "FAILED"]
    assert "exit code 3" in states[1]["FailureDetails"]["Message"]
    listed = aws("list-clusters", "--active", "--query", "Clusters[].Id")
    assert cluster in listed


def test_the_aws_cli_is_refused_in_emrs_words(client, cluster):
    done = client("awscli", "aws", "emr", "terminate-clusters", "--cluster-ids", cluster)
    assert done.returncode != 0
    assert "(ValidationException)" in done.stderr
    assert "termination protected" in done.stderr


def test_emr_cli_deploys_runs_waits_and_shows(client, cluster, bucket, tmp_path):
    (tmp_path / "main.py").write_text(JOB)
    done = client(
        *("emr-cli", "emr", "run", "--cluster-id", cluster, "--entry-point", "main.py"),
        *("--s3-code-uri", f"s3://{bucket}/code/", "--job-name", "j", "--job-args", "a,b"),
        *("--build", "--wait", "--show-stdout"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "counted 10 ['a', 'b']" in done.stdout


def test_emr_cli_tells_that_a_job_has_failed(client, cluster, bucket, tmp_path):
    (tmp_path / "main.py").write_text("raise ValueError('boom')")
    done = client(
        *("emr-cli", "emr", "run", "--cluster-id", cluster, "--entry-point", "main.py"),
        *("--s3-code-uri", f"s3://{bucket}/code/", "--job-name", "bad", "--build", "--wait"),
        folder=tmp_path,
    )
    assert done.returncode != 0
    assert "failed" in done.stdout
