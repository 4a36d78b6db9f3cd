"""`hadoop` and its kin as a node has them on its PATH: Hadoop's own classes out of Spark's client jars.

`hadoop fs` is the real FsShell and `hadoop jar` the real RunJar, with S3A under every scheme that EMR's
scripts use. There is neither HDFS nor YARN: a path without a scheme is one of the node's own file system, and
a job runs in Hadoop's local runner. https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-commandrunner.html
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

COMMANDS = ("hadoop", "hdfs", "hadoop-streaming")
QUICK = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
SITE = "hadoop"
"""The folder below `SPARK_CONF_DIR` that has `core-site.xml`."""
LOCAL_RUNNER = "the job runs in Hadoop's local runner: this cluster has no YARN"

_SHELL, _RUN_JAR = "org.apache.hadoop.fs.FsShell", "org.apache.hadoop.util.RunJar"
_CLASSES = {"fs": _SHELL, "dfs": _SHELL, "version": "org.apache.hadoop.util.VersionInfo"}
_S3A = "hadoop-aws-"
_SCRATCH = "${env.HOME}/hadoop"
_PREFIX = "spark.hadoop."
_STREAMING = re.compile(r"(?:.*/)?hadoop-streaming[^/]*\.jar")
_CLASS = re.compile(r"\w+(\.\w+)+")


class NotHere(Exception):
    """What was asked for cannot be had; the message says why."""


def write(folder: Path, python: Path) -> None:
    """Put the commands into `folder`; `python` is the sandbox's own."""
    for name in COMMANDS:
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{python}" -m sandbox.spark.hadoop {name} "$@"\n')
        script.chmod(0o755)


def site(properties: Mapping[str, str]) -> str:
    """The `core-site.xml` that holds what Spark's properties tell Hadoop. Pure."""
    # Beside Spark, which sets it itself, nobody shall fill the machine's own folder for temporary files.
    told = {"hadoop.tmp.dir": _SCRATCH, "mapreduce.jobtracker.staging.root.dir": f"{_SCRATCH}/staging"}
    told |= {
        name.removeprefix(_PREFIX): text for name, text in properties.items() if name.startswith(_PREFIX)
    }
    root = ElementTree.Element("configuration")
    for name, text in sorted(told.items()):
        entry = ElementTree.SubElement(root, "property")
        ElementTree.SubElement(entry, "name").text = name
        ElementTree.SubElement(entry, "value").text = text
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def command(name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The Java command line. Pure; `NotHere` for what needs HDFS or YARN, and for unknown commands."""
    _refuse_hdfs(arguments)
    if name == "hadoop-streaming":
        return jar(("hadoop-streaming.jar", *arguments), environment)
    if not arguments:
        raise NotHere("no command was given")
    verb, *rest = arguments
    if name == "hdfs" and verb != "dfs":
        raise NotHere(f"`hdfs {verb}` needs HDFS, which this cluster has not; there is `hdfs dfs`")
    if verb == "jar":
        return jar(rest, environment)
    if verb in _CLASSES:
        return _java(environment, (_CLASSES[verb], *rest))
    if _CLASS.fullmatch(verb):
        return _java(environment, (verb, *rest))
    raise NotHere(f"`hadoop {verb}` cannot be had here; there are fs, jar, version and the name of a class")


def jar(
    arguments: Sequence[str], environment: Mapping[str, str], properties: Mapping[str, str] | None = None
) -> list[str]:
    """The command line for a jar on this machine and its arguments; `properties` are Java's own. Pure.

    Wherever EMR has `hadoop-streaming.jar`, here it is the one that was fetched.
    """
    if not arguments:
        raise NotHere("no jar was given")
    _refuse_hdfs(arguments)
    path, *rest = arguments
    if is_streaming(path):
        path = _streaming(environment)
        # A job's files are fetched by Hadoop's FileContext, whose S3A answers to this scheme alone.
        rest = [_as_s3a(before, text) for before, text in zip(["", *rest], rest, strict=False)]
    options = tuple(f"-D{name}={text}" for name, text in (properties or {}).items())
    return _java(environment, (*options, _RUN_JAR, path, *rest))


def is_streaming(path: str) -> bool:
    """Whether a path is that of Hadoop's streaming jar, wherever a release of EMR has it."""
    return bool(_STREAMING.fullmatch(path))


def _streaming(environment: Mapping[str, str]) -> str:
    """The streaming jar: it was fetched beside that of S3A, which has the same version."""
    for entry in environment.get("SPARK_DIST_CLASSPATH", "").split(":"):
        folder, _, name = entry.rpartition("/")
        if name.startswith(_S3A):
            return f"{folder}/{name.replace(_S3A, 'hadoop-streaming-')}"
    raise NotHere("hadoop-streaming.jar is missing: sandbox jars fetch")


def _refuse_hdfs(arguments: Sequence[str]) -> None:
    for argument in arguments:
        if argument.startswith("hdfs:"):
            raise NotHere(f"{argument} is on HDFS, which this cluster has not: use s3:// or file:///")


def _as_s3a(option: str, text: str) -> str:
    return (
        re.sub(r"(^|,)s3n?://", r"\1s3a://", text) if option in ("-files", "-archives", "-libjars") else text
    )


def _java(environment: Mapping[str, str], rest: Sequence[str]) -> list[str]:
    conf, home = environment["SPARK_CONF_DIR"], environment["SPARK_HOME"]
    parts = (f"{conf}/{SITE}", conf, environment.get("HADOOP_CLASSPATH", ""), f"{home}/jars/*")
    fetched = environment.get("SPARK_DIST_CLASSPATH", "")
    return ["java", *QUICK, "-cp", ":".join(filter(None, (*parts, fetched))), *rest]


def run(argv: Sequence[str]) -> int:
    """Replace this process by Java; returns an exit code only when that cannot be."""
    name, *arguments = argv
    try:
        if not (Path(os.environ["SPARK_CONF_DIR"]) / SITE / "core-site.xml").exists():
            raise NotHere("Hadoop is there after the bootstrap actions, as on EMR")
        made = command(name, arguments, os.environ)
    except NotHere as reason:
        sys.stderr.write(f"{name}: {reason}\n")
        return 1
    if _RUN_JAR in made:
        sys.stderr.write(f"{name}: {LOCAL_RUNNER}\n")
        sys.stderr.flush()
    return os.execvp(made[0], made)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
