"""Find what Spark needs on this machine: pyspark's folder, a Java, the fetched jars."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from sandbox.errors import MachineError
from sandbox.settings import Settings
from sandbox.spark import class_archive, jars, java
from sandbox.spark.configuration import Installation


def jar_folder(settings: Settings) -> Path:
    """Where fetched jars lie, for every sandbox of this user."""
    return settings.cache / "jars"


def find(settings: Settings, environment: Mapping[str, str]) -> Installation:
    """The installation; missing jars are fetched unless offline.

    Raises `MachineError` that says what is missing and how to mend it.
    """
    home = spark_home()
    found = java.find(settings.java_home, environment.get("PATH", ""))
    lock = jars.locked()
    folder = jar_folder(settings)
    if any(not (folder / jar.file_name).is_file() for jar in lock):
        jars.fetch(lock, folder, settings.offline)
    jars.present(lock, folder)
    spark = Installation(
        home=home,
        version=metadata.version("pyspark"),
        python=Path(sys.executable),
        java=found,
        jars=jars.present((jar for jar in lock if jar.on_class_path), folder),
        cores=os.cpu_count() or 1,
    )
    archive = class_archive.location(spark)
    return replace(spark, class_archive=archive) if archive.exists() else spark


def spark_home() -> Path:
    """pyspark's folder, found without importing it."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise MachineError("pyspark is not installed", "pip install emr-sandbox")
    return Path(spec.origin).parent
