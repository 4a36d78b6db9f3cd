"""spark-submit's options as EMR's scripts give them, rewritten for standalone."""

import pytest

from sandbox.spark import shim
from sandbox.spark.submit import Capacity, mebibytes, rewrite, split

MASTER = "spark://127.0.0.1:7077"
HEAD = ("--master", MASTER, "--deploy-mode", "client")


def rewritten(line):
    submission = rewrite(line.split(), MASTER, Capacity(2, 2048))
    assert submission.arguments[:4] == HEAD
    return " ".join(submission.arguments[4:]), list(submission.notes)


@pytest.mark.parametrize(
    ("given", "expected", "notes"),
    [
        ("s3://b/x.py a --master yarn", "s3://b/x.py a --master yarn", 0),
        ("--master yarn s3://b/x.py", "s3://b/x.py", 1),
        ("--master=yarn --deploy-mode=cluster x.py", "x.py", 2),
        ("--deploy-mode client x.py", "x.py", 0),
        (f"--master {MASTER} x.py", "x.py", 0),
        ("--class a.B --jars x.jar,y.jar app.jar 1", "--class a.B --jars x.jar,y.jar app.jar 1", 0),
        ("--verbose --name n x.py", "--verbose --name n x.py", 0),
        ("--conf spark.master=yarn --conf a=b x.py", "--conf a=b x.py", 1),
        ("--queue prod x.py", "x.py", 1),
        ("--executor-memory 1g x.py", "--executor-memory 1g x.py", 0),
        ("--executor-memory 8G x.py", "--executor-memory 2048m x.py", 1),
        ("--executor-cores 4 x.py", "--executor-cores 2 x.py", 1),
        ("--num-executors 3 --executor-cores 1 x.py", "--executor-cores 1 --total-executor-cores 3 x.py", 1),
        ("--conf spark.executor.memory=9g x.py", "--conf spark.executor.memory=2048m x.py", 1),
        ("--conf spark.executor.cores=9 x.py", "--conf spark.executor.cores=2 x.py", 1),
        ("-c spark.master=yarn -c spark.executor.cores=9 x.py", "--conf spark.executor.cores=2 x.py", 2),
        ("--py-files a.zip x.py --deploy-mode cluster", "--py-files a.zip x.py --deploy-mode cluster", 0),
        ("", "", 0),
    ],
)
def test_only_what_standalone_needs_is_rewritten(given, expected, notes):
    arguments, told = rewritten(given)
    assert arguments == expected
    assert len(told) == notes


def test_an_empty_argument_among_the_options_is_none():
    assert split(["--verbose", "", "s3://b/x.py", "", "a"]) == (
        [("--verbose", None)],
        ["s3://b/x.py", "", "a"],
    )


def test_an_option_without_its_value_is_left_for_spark_to_refuse():
    assert split(["--name"]) == ([("--name", "")], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("512m", 512), ("2g", 2048), ("1024k", 1), ("3", 3), ("1T", 1048576), ("lots", None)],
)
def test_memory_in_mebibytes(text, expected):
    assert mebibytes(text) == expected


@pytest.mark.parametrize(
    ("given", "expected", "added"),
    [
        ("x.py", "--total-executor-cores 1 x.py", True),
        ("--executor-cores 2 x.py", "--executor-cores 1 --total-executor-cores 1 x.py", True),
        (
            "--conf spark.executor.cores=2 x.py",
            "--conf spark.executor.cores=1 --total-executor-cores 1 x.py",
            True,
        ),
        ("--num-executors 2 x.py", "--total-executor-cores 1 x.py", True),
        ("--conf spark.cores.max=2 x.py", "--conf spark.cores.max=1 x.py", True),
        ("--total-executor-cores 2 x.py", "--total-executor-cores 1 x.py", True),
        ("--total-executor-cores 1 x.py", "--total-executor-cores 1 x.py", False),
    ],
)
def test_beside_others_an_application_takes_its_share_and_no_more(given, expected, added):
    submission = rewrite(given.split(), MASTER, Capacity(2, 2048, share=1))
    assert " ".join(submission.arguments[4:]) == expected
    assert any("side by side" in note for note in submission.notes) == added


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("x.py", "--total-executor-cores 1 --executor-memory 512m x.py"),
        ("--executor-memory 1g x.py", "--executor-memory 512m --total-executor-cores 1 x.py"),
        (
            "--conf spark.executor.memory=600m x.py",
            "--conf spark.executor.memory=512m --total-executor-cores 1 x.py",
        ),
    ],
)
def test_applications_share_the_memory_of_a_worker(given, expected):
    submission = rewrite(given.split(), MASTER, Capacity(2, 512, share=1))
    assert " ".join(submission.arguments[4:]) == expected


@pytest.mark.parametrize(
    ("given", "variables", "told"),
    [
        ("STAGE=prod=1", {"STAGE": "prod=1"}, "set for the driver"),
        (
            "PYSPARK_PYTHON=./environment/bin/python",
            {"PYSPARK_PYTHON": "./environment/bin/python"},
            "executors",
        ),
        ("PYSPARK_PYTHON=/usr/bin/python3", {}, "left out"),
        ("PYSPARK_DRIVER_PYTHON=./environment/bin/python", {}, "left out"),
    ],
)
def test_what_yarn_would_set_for_the_driver_is_set_here(given, variables, told):
    submission = rewrite(["--conf", f"spark.yarn.appMasterEnv.{given}", "x.py"], MASTER, Capacity(2, 2048))
    assert submission.variables == variables
    assert submission.arguments == (*HEAD, "x.py")
    assert len(submission.notes) == 1 and told in submission.notes[0]


def test_variables_for_the_driver_are_in_the_command_line():
    environment = {"SPARK_HOME": "/spark", **shim.variables(MASTER, Capacity(2, 2048))}
    line, _ = shim.command("spark-submit", ["--conf", "spark.yarn.appMasterEnv.A=b c", "x.py"], environment)
    assert line == ["env", "A=b c", "/spark/bin/spark-submit", *HEAD, "x.py"]
