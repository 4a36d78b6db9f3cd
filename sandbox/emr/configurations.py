"""Configuration classifications: which there are, and what they come to. Pure.

https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from sandbox.emr.refusal import not_emulated
from sandbox.errors import AwsError


class Classification(StrEnum):
    """The classifications that take effect."""

    SPARK = "spark"
    SPARK_DEFAULTS = "spark-defaults"
    SPARK_ENV = "spark-env"
    SPARK_HIVE_SITE = "spark-hive-site"
    SPARK_LOG4J2 = "spark-log4j2"
    CORE_SITE = "core-site"
    EMRFS_SITE = "emrfs-site"


RECORDED = frozenset({"hive-site", "hdfs-site", "yarn-site", "mapred-site", "capacity-scheduler"})
"""Of applications that no cluster here has (Hive, HDFS, YARN): given back, without effect."""
_OF_EMR = re.compile(
    r"(container|delta|docker|flink|hadoop|hbase|hcatalog|hdfs|hive|hiveserver2|httpfs|hudi|hue|iceberg|"
    r"jupyter|kms|livy|mapred|oozie|phoenix|pig|pinot|presto|ranger|spark|tez|tensorflow|trino|yarn|"
    r"zeppelin|zookeeper|emrfs|core|mapreduce|cloudwatch|recordserver)"
    r"(-[a-z0-9.]+)*"
)
"""What a classification of EMR's own looks like: the name of an application, then that of a file."""
_ENVIRONMENT = frozenset({Classification.SPARK_ENV})
_SYSTEM_PYTHON = re.compile(r"/usr/(local/)?bin/(python3?)(\.\d+)?")


def checked(entries: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The configurations as they were given.

    `ValidationException` for what is no classification of EMR's, 501 for those that would have no effect
    though they should.
    """
    found = tuple(entries)
    for entry in found:
        name = entry.get("Classification", "")
        if name not in list(Classification) and name not in RECORDED:
            if _OF_EMR.fullmatch(name):
                raise not_emulated(f"the configuration classification {name!r}")
            raise AwsError("ValidationException", f"The configuration classification '{name}' is unknown.")
        for nested in entry.get("Configurations") or ():
            inner = nested.get("Classification", "")
            if name not in _ENVIRONMENT or inner != "export" or nested.get("Configurations"):
                raise not_emulated(f"the configuration {inner!r} nested in {name!r}")
    return found


def merged(
    current: Iterable[Mapping[str, Any]], more: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """One entry for each classification of both: a property that both have is that of `more`."""
    found: dict[str, dict[str, Any]] = {}
    for entry in (*current, *more):
        name = entry.get("Classification", "")
        known = found.get(name, {"Classification": name})
        properties = {**(known.get("Properties") or {}), **(entry.get("Properties") or {})}
        nested = merged(known.get("Configurations") or (), entry.get("Configurations") or ())
        found[name] = {"Classification": name, "Properties": properties, "Configurations": list(nested)}
    return tuple(found.values())


def properties(entries: Iterable[Mapping[str, Any]], classification: Classification) -> dict[str, str]:
    """The properties of one classification; the last mention of a name wins."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.get("Classification") == classification:
            found.update(entry.get("Properties") or {})
    return found


def exports(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The variables of `spark-env`'s nested `export`.

    The system's Python, which on EMR has Spark's, becomes the `python3` of the node's PATH.
    """
    inner = [
        nested
        for entry in entries
        if entry.get("Classification") == Classification.SPARK_ENV
        for nested in entry.get("Configurations") or ()
    ]
    found: dict[str, str] = {}
    for nested in inner:
        found.update(nested.get("Properties") or {})
    return {name: _SYSTEM_PYTHON.sub(r"\2", value) for name, value in found.items()}


def spark_properties(entries: Iterable[Mapping[str, Any]], cores: int, memory: int) -> dict[str, str]:
    """What the classifications put into `spark-defaults.conf`, but for the Data Catalog.

    `cores` and `memory` (MiB) are those of the smallest worker, for `maximizeResourceAllocation`:
    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html
    """
    entries = tuple(entries)
    found: dict[str, str] = {}
    if properties(entries, Classification.SPARK).get("maximizeResourceAllocation", "").lower() == "true":
        found |= {"spark.executor.memory": f"{memory}m", "spark.executor.cores": str(cores)}
    for name, value in properties(entries, Classification.CORE_SITE).items():
        found[f"spark.hadoop.{name}"] = value
    if properties(entries, Classification.EMRFS_SITE).get("fs.s3.enableServerSideEncryption") == "true":
        found["spark.hadoop.fs.s3a.encryption.algorithm"] = "AES256"
    return found | properties(entries, Classification.SPARK_DEFAULTS)
