"""A class archive for Spark: its classes are parsed once a machine instead of in every JVM.

Java's dynamic class data sharing (https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html) maps
the archive when the classpath begins with the one it was made for, and goes on without it otherwise; so it
can make a start faster and never wrong. It saves about half of the CPU time of a small application.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sandbox.errors import WorkFailed
from sandbox.spark.configuration import Installation
from sandbox.spark.failure import cause

TRAINING = Path(__file__).with_name("class_archive_training.py")
TIMEOUT = 300
"""Seconds that the making may take; a loaded machine needs 40."""


def location(installation: Installation) -> Path:
    """Where the archive of this Spark, Java and jars lies: beside Spark, so that it goes when Spark goes."""
    parts = [str(installation.java.home), *(jar.name for jar in installation.jars)]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return installation.home / f"sandbox-classes-java{installation.java.version}-{key}.jsa"


def make(installation: Installation, environment: Mapping[str, str], scratch: Path) -> Path:
    """Run a small application that touches what scripts use, and archive its classes.

    Raises `WorkFailed` with the end of Java's output; an archive that was there stays.
    """
    _make_base(installation, environment)
    target = location(installation)
    draft = scratch / target.name
    argv = [
        str(installation.java.executable),
        *_MODULES,
        f"-XX:ArchiveClassesAtExit={draft}",
        "-cp",
        installation.class_path,
        "org.apache.spark.deploy.SparkSubmit",
        "--master",
        "local[1]",
        "--conf",
        "spark.ui.enabled=true",
        "--conf",
        f"spark.sql.warehouse.dir={scratch / 'warehouse'}",
        str(TRAINING),
        str(scratch),
    ]
    done = subprocess.run(
        argv, cwd=scratch, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    if done.returncode != 0 or not draft.exists():
        why = cause(done.stderr, done.stdout)
        raise WorkFailed(f"The class archive was not made (exit code {done.returncode}): {why}")
    draft.replace(target)
    return target


def _make_base(installation: Installation, environment: Mapping[str, str]) -> None:
    """Archive Java's own classes where its build came without: ours lies on top of that archive."""
    base = installation.java.home / "lib" / "server" / "classes.jsa"
    if base.exists():
        return
    argv = [str(installation.java.executable), "-Xshare:dump"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if done.returncode != 0 or not base.exists():
        raise WorkFailed(f"Java's own class archive {base} was not made: {cause(done.stderr, done.stdout)}")


_MODULES = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in (
        "java.lang",
        "java.lang.invoke",
        "java.lang.reflect",
        "java.io",
        "java.net",
        "java.nio",
        "java.util",
        "java.util.concurrent",
        "java.util.concurrent.atomic",
        "sun.nio.ch",
        "sun.nio.cs",
        "sun.security.action",
        "sun.util.calendar",
    )
)
"""What Spark on Java 17 needs opened; its launcher adds the same.
https://spark.apache.org/docs/3.5.6/ (JavaModuleOptions)"""
