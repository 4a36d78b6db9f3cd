"""What a step becomes on this machine, and what its failure is called."""

import pytest

from sandbox.emr.model import ActionOnFailure, Step, StepState, Timeline
from sandbox.emr.steps import explain, plan
from sandbox.errors import WorkFailed
from sandbox.spark import shim
from sandbox.spark.submit import Capacity

ENVIRONMENT = {
    "SPARK_HOME": "/spark",
    "SPARK_CONF_DIR": "/conf",
    **shim.variables("spark://h:1", Capacity(2, 1024)),
}


def step(jar, *arguments, main=None, **properties):
    action = ActionOnFailure.CONTINUE
    return Step("s", "s", jar, arguments, main, properties, action, StepState.RUNNING, Timeline(0))


def test_spark_submit_is_sent_to_this_cluster():
    made = plan(
        step("command-runner.jar", "spark-submit", "--master", "yarn", "s3://b/x.py", "--n", "1"), ENVIRONMENT
    )
    assert made.argv[0] == "/spark/bin/spark-submit"
    assert made.argv[1:] == ("--master", "spark://h:1", "--deploy-mode", "client", "s3://b/x.py", "--n", "1")
    assert "yarn" in made.notes[0]


def test_other_commands_run_as_they_are():
    assert plan(step("command-runner.jar", "bash", "-c", "exit 3"), ENVIRONMENT).argv == (
        "bash",
        "-c",
        "exit 3",
    )


def test_an_example_runs_from_sparks_own():
    made = plan(step("command-runner.jar", "spark-example", "SparkPi", "10"), ENVIRONMENT)
    assert made.argv == ("/spark/bin/run-example", "SparkPi", "10")


def test_a_script_is_fetched_and_run():
    jar = "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar"
    made = plan(step(jar, "s3://b/x.sh", "a"), ENVIRONMENT)
    assert (made.argv, made.fetch) == (("bash", "script", "a"), (("s3://b/x.sh", "script"),))


def test_a_jar_runs_in_hadoops_local_runner():
    made = plan(step("s3://b/x.jar", "in", main="Main", a="b"), ENVIRONMENT)
    assert made.fetch == (("s3://b/x.jar", "step.jar"),)
    assert made.argv == (
        "java",
        "-cp",
        "/conf:/spark/jars/*",
        "-Da=b",
        "org.apache.hadoop.util.RunJar",
        "step.jar",
        "Main",
        "in",
    )


@pytest.mark.parametrize("jar", ["command-runner.jar", "s3://x/script-runner.jar"])
def test_a_runner_without_arguments_is_told(jar):
    with pytest.raises(WorkFailed, match="was given no"):
        plan(step(jar), ENVIRONMENT)


def test_a_failure_tells_code_cause_and_log():
    failure = explain(1, "ValueError: boom", "s3://l/stderr.gz")
    assert (failure.message, failure.log_file) == ("exit code 1: ValueError: boom", "s3://l/stderr.gz")
    assert explain(-9, "", "").message == "exit code -9"
