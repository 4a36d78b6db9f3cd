"""What a step becomes on this machine, and what its failure is called."""

import pytest

from sandbox.emr.model import ActionOnFailure, Step, StepState, Timeline
from sandbox.emr.steps import Plan, explain, plan
from sandbox.errors import WorkFailed
from sandbox.spark import hadoop, shim
from sandbox.spark.submit import Capacity

ENVIRONMENT = {
    "SPARK_HOME": "/spark",
    "SPARK_CONF_DIR": "/conf",
    "SPARK_DIST_CLASSPATH": "/j/hadoop-aws-3.jar",
    **shim.variables("spark://h:1", Capacity(2, 1024)),
}


def step(jar, *arguments, main=None, **properties):
    action = ActionOnFailure.CONTINUE
    return Step("s", "s", jar, arguments, main, properties, action, StepState.RUNNING, Timeline(0))


PLACES = {"/home/hadoop": "/node", "/mnt/var/lib/info": "/node/info"}


def planned(*given, **properties):
    return plan(step(*given, **properties), ENVIRONMENT, PLACES)


def test_spark_submit_is_sent_to_this_cluster():
    made = planned("command-runner.jar", "spark-submit", "--master", "yarn", "s3://b/x.py", "--n", "1")
    assert made.argv[0] == "/spark/bin/spark-submit"
    assert made.argv[1:] == ("--master", "spark://h:1", "--deploy-mode", "client", "s3://b/x.py", "--n", "1")
    assert "yarn" in made.notes[0]


@pytest.mark.parametrize(
    "given",
    [
        ("bash", "-c", "exit 3"),
        ("hadoop", "fs", "-ls", "s3://b/"),
        ("aws", "s3", "ls"),
        ("s3-dist-cp", "--src=x"),
    ],
)
def test_other_commands_run_as_they_are(given):
    assert planned("command-runner.jar", *given) == Plan(given)


def test_emrs_paths_become_the_nodes_and_it_is_told():
    made = planned("command-runner.jar", "bash", "-c", "cat /home/hadoop/x /mnt/var/lib/info/instance.json")
    assert made.argv[-1] == "cat /node/x /node/info/instance.json"
    assert [note.split()[0] for note in made.notes] == ["/home/hadoop", "/mnt/var/lib/info"]
    assert planned("command-runner.jar", "spark-submit", "/home/hadoop/x.py").argv[-1] == "/node/x.py"


@pytest.mark.parametrize(
    ("jar", "arguments", "told"),
    [
        (
            "command-runner.jar",
            ("spark-example", "SparkPi", "10"),
            "examples jar, which pyspark's wheel has not",
        ),
        ("command-runner.jar", ("hive-script", "--run-hive-script"), "Hive is not emulated"),
        ("command-runner.jar", ("pig-script", "--run-pig-script"), "Pig is not emulated"),
        ("command-runner.jar", ("state-pusher-script",), "LogUri"),
        (
            "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar",
            ("s3://us-east-1.elasticmapreduce/libs/hive/hive-script", "--base-path", "x"),
            "Hive is not emulated",
        ),
        (
            "s3://elasticmapreduce/libs/script-runner/script-runner.jar",
            ("s3://eu-west-1.elasticmapreduce/libs/pig/pig-script",),
            "Pig is not emulated",
        ),
        ("s3://b/x.jar", ("hdfs:///out",), "HDFS, which this cluster has not"),
        ("command-runner.jar", (), "was given no command"),
        ("s3://x/script-runner.jar", (), "was given no script"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(jar, arguments, told):
    with pytest.raises(WorkFailed, match=told):
        planned(jar, *arguments)


def test_a_script_is_fetched_and_run():
    jar = "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar"
    assert planned(jar, "s3://b/x.sh", "a") == Plan(("script", "a"), script="s3://b/x.sh")


def test_a_jar_runs_in_hadoops_local_runner():
    made = planned("s3://b/x.jar", "in", main="Main", a="b")
    assert (made.jar, made.script) == ("s3://b/x.jar", None)
    assert made.argv[-6:] == (
        "/conf/hadoop:/conf:/spark/jars/*:/j/hadoop-aws-3.jar",
        "-Da=b",
        "org.apache.hadoop.util.RunJar",
        "step.jar",
        "Main",
        "in",
    )
    assert made.notes == (hadoop.LOCAL_RUNNER,)


def test_jars_that_emr_brings_are_not_fetched():
    made = planned(
        "/home/hadoop/contrib/streaming/hadoop-streaming.jar", "-files", "s3://b/m.py,s3n://b/r.py"
    )
    assert made.jar is None
    assert made.argv[-3:] == ("/j/hadoop-streaming-3.jar", "-files", "s3a://b/m.py,s3a://b/r.py")
    assert planned("/home/hadoop/lib/emr-s3distcp-1.0.jar", "--src", "x").argv == ("s3-dist-cp", "--src", "x")


def test_a_failure_tells_code_cause_and_log():
    failure = explain(1, "ValueError: boom", "s3://l/stderr.gz")
    assert (failure.message, failure.log_file) == ("exit code 1: ValueError: boom", "s3://l/stderr.gz")
    assert explain(-9, "", "").message == "exit code -9"
