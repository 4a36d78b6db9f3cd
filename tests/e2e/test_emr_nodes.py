"""What runs on the nodes of a cluster: bootstrap actions, commands, steps of every kind."""

import gzip
import io
import json
import shutil
import tarfile
import time
import zipfile

import pytest

BUCKET = "emr-nodes"
SCRIPT_RUNNER = "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar"
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED"}

BOOT = """#!/bin/bash
set -e
if grep isMaster /mnt/var/lib/info/instance.json | grep -q true; then echo master > /home/hadoop/role; fi
sudo pip3 install --no-index "$1"
echo 'println("sum " + sc.parallelize(1 to 10).sum); sys.exit(0)' > /home/hadoop/sum.scala
sudo yum install -y git || echo "yum: $?"
"""
INSTALLED = """
import os, sandboxnote
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
def where(_):
    import os, sandboxnote
    return [sandboxnote.__file__, os.environ.get("FROM_ARCHIVE")]
there = spark.sparkContext.range(0, 1, numSlices=1).mapPartitions(where).collect()
print("driver", sandboxnote.__file__, os.environ["STAGE"])
print("executor", *there)
"""
SCRIPT = """
echo "argument $1"
cat /mnt/var/lib/info/job-flow.json
cat ~/role ~/on-master
"""
MAPPER = """#!/usr/bin/env python3
import sys
for line in sys.stdin:
    for word in line.split():
        print(f"{word}\\t1")
"""
FILES = "hadoop fs -mkdir -p s3://emr-nodes/put && hadoop fs -put note s3://emr-nodes/put/note"
SHOWN = f"hadoop fs -ls s3://{BUCKET}/put && hadoop fs -cat s3://{BUCKET}/put/note"
STREAMING = (
    *("hadoop-streaming", "-files", f"s3://{BUCKET}/mapper.py", "-mapper", "mapper.py"),
    *("-reducer", "uniq -c", "-input", f"s3://{BUCKET}/words/", "-output", f"s3://{BUCKET}/counted"),
)
DISTCP = (
    *("s3-dist-cp", f"--src=s3://{BUCKET}/words/", f"--dest=s3://{BUCKET}/packed"),
    *("--groupBy=.*/(word)s/.*", "--outputCodec=gz", "--s3Endpoint=s3.amazonaws.com"),
)
INSTALLED_OPTIONS = (
    *("--deploy-mode", "cluster", "--archives", f"s3://{BUCKET}/environment.tar.gz#environment"),
    *("--conf", "spark.yarn.appMasterEnv.PYSPARK_PYTHON=./environment/bin/python"),
    *("--conf", "spark.yarn.appMasterEnv.STAGE=test"),
)


def environment():
    """An archive with a Python for executors, which leaves a mark."""
    text = b'#!/bin/sh\nexport FROM_ARCHIVE=yes\nexec python3 "$@"\n'
    entry = tarfile.TarInfo("bin/python")
    entry.mode, entry.size = 0o755, len(text)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        packed.addfile(entry, io.BytesIO(text))
    return buffer.getvalue()


def wheel():
    """A wheel with one module, made without any tool."""
    info = "sandboxnote-1.0.dist-info"
    files = {
        "sandboxnote.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: sandboxnote\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    return archive(files | {f"{info}/RECORD": record})


def archive(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return buffer.getvalue()


def step(name, *arguments, jar="command-runner.jar", **more):
    action = {"Name": name, "ActionOnFailure": "CONTINUE"}
    return action | {"HadoopJarStep": {"Jar": jar, "Args": list(arguments), **more}}


STEPS = [
    step("installed", "spark-submit", *INSTALLED_OPTIONS, f"s3://{BUCKET}/installed.py"),
    step("script", f"s3://{BUCKET}/script.sh", "one two", jar=SCRIPT_RUNNER),
    step("files", "bash", "-c", f"echo hello > note && {FILES} && {SHOWN}"),
    step("streaming", *STREAMING),
    step(
        "jar",
        "-ls",
        f"s3://{BUCKET}/words",
        jar=f"s3://{BUCKET}/x.jar",
        MainClass="org.apache.hadoop.fs.FsShell",
    ),
    step("shell", "spark-shell", "-i", "/home/hadoop/sum.scala"),
    step("pyspark", "pyspark", "some.py"),
    step("aws", "aws", "s3", "ls", f"s3://{BUCKET}/words/"),
    step("distcp", *DISTCP),
    step("hdfs", "hadoop", "fs", "-ls", "hdfs:///user"),
    step("hive", "hive-script", "--run-hive-script", "--args", "-f", "s3://x/y.q"),
    step("example", "spark-example", "SparkPi", "10"),
]


class Ran:
    """The cluster after its steps: what they came to and what they wrote."""

    def __init__(self, sandbox, id):
        self.id = id
        self._s3 = sandbox.client("s3")
        emr = sandbox.client("emr")
        self.steps = {one["Name"]: one for one in emr.list_steps(ClusterId=id)["Steps"]}
        self.instances = emr.list_instances(ClusterId=id)["Instances"]
        self.nodes = sandbox.settings.state / "clusters" / id / "nodes"

    def state(self, name):
        return self.steps[name]["Status"]["State"]

    def failure(self, name):
        return self.steps[name]["Status"]["FailureDetails"]["Message"]

    def log(self, name, file="stdout"):
        return self.read(f"steps/{self.steps[name]['Id']}/{file}")

    def read(self, name):
        body = self._s3.get_object(Bucket=BUCKET, Key=f"logs/{self.id}/{name}.gz")["Body"].read()
        return gzip.decompress(body).decode()


@pytest.fixture(scope="module")
def ran(sandbox, tmp_path_factory):
    s3, emr = sandbox.client("s3"), sandbox.client("emr")
    s3.create_bucket(Bucket=BUCKET)
    objects = {
        "boot.sh": BOOT,
        "installed.py": INSTALLED,
        "script.sh": SCRIPT,
        "mapper.py": MAPPER,
        "environment.tar.gz": environment(),
        "words/1": "a b a\n",
        "words/2": "b a\n",
        "x.jar": archive({"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n"}),
    }
    for key, body in objects.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    package = tmp_path_factory.mktemp("wheel") / "sandboxnote-1.0-py3-none-any.whl"
    package.write_bytes(wheel())
    actions = [
        ("boot", f"s3://{BUCKET}/boot.sh", [str(package)]),
        (
            "master only",
            "s3://elasticmapreduce/bootstrap-actions/run-if",
            ["instance.isMaster=true", "echo yes > /home/hadoop/on-master"],
        ),
    ]
    groups = [
        {"InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": 1} for role in ("MASTER", "CORE")
    ]
    id = emr.run_job_flow(
        Name="nodes",
        ReleaseLabel="emr-7.1.0",
        LogUri=f"s3://{BUCKET}/logs/",
        Instances={"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": False},
        BootstrapActions=[
            {"Name": name, "ScriptBootstrapAction": {"Path": path, "Args": arguments}}
            for name, path, arguments in actions
        ],
        Steps=STEPS,
    )["JobFlowId"]
    deadline = time.monotonic() + 300
    while True:
        status = emr.describe_cluster(ClusterId=id)["Cluster"]["Status"]
        if status["State"].startswith("TERMINATED"):
            break
        assert time.monotonic() < deadline, status
        time.sleep(0.1)
    return Ran(sandbox, id)


def test_a_bootstrap_action_finds_the_nodes_files_and_is_refused_system_packages(ran):
    master = next(ran.nodes.glob("*/role")).parent
    assert (master / "on-master").read_text() == "yes\n"
    assert len(list(ran.nodes.glob("*/role"))) == len(list(ran.nodes.glob("*/on-master"))) == 1
    for instance in ran.instances:
        logs = f"node/{instance['Ec2InstanceId']}/bootstrap-actions"
        assert "yum: 1" in ran.read(f"{logs}/1/stdout")
        assert "packages of the system cannot be installed here" in ran.read(f"{logs}/1/stderr")
        controller = ran.read(f"{logs}/1/controller")
        assert "/mnt/var/lib/info is replaced by" in controller and "exit code 0" in controller
        skipped = "does not hold on this node" in ran.read(f"{logs}/2/controller")
        assert skipped is (instance["Ec2InstanceId"] != master.name)


def test_what_a_bootstrap_action_installs_is_there_for_driver_and_executors_of_its_node(ran):
    assert ran.state("installed") == "COMPLETED", ran.failure("installed")
    (_, driver, stage), (_, executor, mark) = (line.split() for line in ran.log("installed").splitlines())
    assert (stage, mark) == ("test", "yes")
    nodes = {one["Ec2InstanceId"] for one in ran.instances}
    assert {path.split("/nodes/")[1].split("/")[0] for path in (driver, executor)} == nodes


def test_a_script_runs_by_the_regional_script_runner(ran):
    assert ran.state("script") == "COMPLETED", ran.failure("script")
    first, *rest = ran.log("script").splitlines()
    assert (first, rest[-2:]) == ("argument one two", ["master", "yes"])
    told = json.loads("\n".join(rest[:-2]))
    assert (told["jobFlowId"], told["instanceCount"]) == (ran.id, 2)
    controller = ran.log("script", "controller")
    assert f"The step asks for {SCRIPT_RUNNER}" in controller and "bash " in controller


def test_hadoops_shell_reads_and_writes_s3(ran):
    assert ran.state("files") == "COMPLETED", ran.log("files", "stderr")
    lines = ran.log("files").splitlines()
    assert lines[-1] == "hello" and f"s3://{BUCKET}/put/note" in lines[-2]
    assert ran.state("hdfs") == "FAILED"
    assert "hdfs:///user is on HDFS, which this cluster has not" in ran.log("hdfs", "stderr")


def test_a_streaming_job_runs_on_s3(sandbox, ran):
    assert ran.state("streaming") == "COMPLETED", ran.log("streaming", "stderr")
    counted = sandbox.client("s3").get_object(Bucket=BUCKET, Key="counted/part-00000")["Body"].read()
    assert [line.split() for line in counted.decode().splitlines()] == [["3", "a", "1"], ["2", "b", "1"]]


def test_s3_dist_cp_groups_and_compresses(sandbox, ran):
    assert ran.state("distcp") == "COMPLETED", ran.log("distcp", "stderr")
    packed = sandbox.client("s3").get_object(Bucket=BUCKET, Key="packed/word.gz")["Body"].read()
    assert gzip.decompress(packed) == b"a b a\nb a\n"
    assert "--s3Endpoint is not used" in ran.log("distcp", "stderr")


def test_a_jar_runs_with_its_main_class(ran):
    assert ran.state("jar") == "COMPLETED", ran.log("jar", "stderr")
    assert "Found 2 items" in ran.log("jar")
    assert "Hadoop's local runner" in ran.log("jar", "controller")


def test_shells_run_files_as_they_do_on_emr(ran):
    assert ran.state("shell") == "COMPLETED", ran.log("shell", "stderr")
    assert "sum 55.0" in ran.log("shell")
    assert ran.state("pyspark") == "FAILED"
    assert "not supported" in ran.log("pyspark", "stderr")


def test_aws_reaches_the_sandbox_where_there_is_one(ran):
    if shutil.which("aws"):
        assert ran.state("aws") == "COMPLETED", ran.log("aws", "stderr")
        assert [line.split()[-1] for line in ran.log("aws").splitlines()] == ["1", "2"]
    else:
        assert ran.state("aws") == "FAILED"
        assert "no AWS CLI" in ran.log("aws", "stderr")


@pytest.mark.parametrize(("name", "told"), [("hive", "Hive is not emulated"), ("example", "examples jar")])
def test_what_is_not_emulated_fails_by_name(ran, name, told):
    assert ran.state(name) == "FAILED"
    assert told in ran.failure(name)
    assert told in ran.log(name, "controller")
