"""Reading: from a table of the catalog, or from paths.

A text file has no types, so csv and json columns of a number, boolean or date type are read as text and
parsed by an expression that keeps what does not parse: the column may then be a choice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias
from pyspark.sql.types import StructType

from awsglue.catalog import Catalog, Partition, Table
from awsglue.choices import Choice, Records, parsed_or_text, spark_type
from awsglue.formats import csv_read_options, csv_table_options, require_readable
from awsglue.paths import quote
from awsglue.refusal import not_emulated

# Glue's names of the types that text is parsed to.
_PARSED = {
    "bigint": "long", "int": "int", "integer": "int", "smallint": "short", "tinyint": "byte",
    "double": "double", "float": "float", "boolean": "boolean", "date": "date", "timestamp": "timestamp",
}  # fmt: skip
_DECIMAL = re.compile(r"decimal(\(\d+,\s*\d+\))?$")
_TEXT = re.compile(r"(string|(var)?char(\(\d+\))?)$")
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
_READ_OPTIONS = {"paths", "recurse", "compressionType", "useS3ListImplementation", "groupFiles", "groupSize"}
_CATALOG_OPTIONS = {
    "catalogPartitionPredicate",
    "recurse",
    "useS3ListImplementation",
    "groupFiles",
    "groupSize",
}


NewObjects = Callable[[Sequence[str], bool], Mapping[str, Sequence[str]]]
"""The objects under each of some paths, perhaps in all folders, that a job bookmark leaves to be read."""


def read_table(
    spark: SparkSession,
    catalog: Catalog,
    table: Table,
    predicate: str,
    options: Mapping[str, Any],
    new_objects: NewObjects | None = None,
) -> Records:
    """The rows of a catalog table, with `new_objects` only those in the objects that it chooses.

    `predicate` is Spark SQL over the partition keys; partitions that do not satisfy it are not read at all.
    Raises AnalysisException for a predicate that names other columns.
    """
    if unknown := sorted(set(options) - _CATALOG_OPTIONS):
        raise not_emulated(f"additional_options {', '.join(unknown)}")
    require_whole(table)
    kind = require_readable(table.format, {})
    recurse = _recursive(options)
    reader = spark.read.option("recursiveFileLookup", str(recurse).lower())
    if not table.partition_keys:
        if predicate:
            raise _bad_predicate(predicate, table)
        paths = _chosen([table.location], recurse, new_objects)[table.location]
        return _typed(_load(reader, kind, table, paths), kind, table, {}) if paths else _no_rows(spark, table)
    partitions = catalog.partitions(table, str(options.get("catalogPartitionPredicate", "")))
    if predicate:
        partitions = _matching(spark, table, partitions, predicate)
    chosen = _chosen([each.location for each in partitions], recurse, new_objects)
    return _read_partitions(spark, reader, kind, table, partitions, chosen)


def require_whole(table: Table) -> None:
    """NotImplementedError for a table of which Spark's readers would give other rows than Glue's."""
    parameters = table.parameters
    told = {
        "a table with exclusions": parameters.get("exclusions", "[]") not in ("", "[]"),
        f"rows by the JSON path {parameters.get('jsonPath')}": "jsonPath" in parameters,
        "zip archives": parameters.get("compressionType") == "zip",
        "a table with SerDe GrokSerDe": "GrokSerDe" in table.library,
    }
    for what, is_so in told.items():
        if is_so:
            raise not_emulated(f"reading {table.database}.{table.name}: {what}")


def read_paths(
    spark: SparkSession,
    paths: Sequence[str],
    format_name: str | None,
    format_options: Mapping[str, Any],
    connection_options: Mapping[str, Any],
    new_objects: NewObjects | None = None,
) -> Records:
    """The rows of files that no catalog describes: csv columns are text, the other formats bring their types.

    For json Spark infers the types in a pass over the files; a field of mixed types becomes text there.
    """
    kind = require_readable(format_name, format_options)
    if unknown := sorted(set(connection_options) - _READ_OPTIONS):
        raise not_emulated(f"connection_options {', '.join(unknown)}")
    recurse = _recursive(connection_options)
    reader = spark.read.option("recursiveFileLookup", str(recurse).lower())
    if new_objects is not None:
        return _read_new(spark, paths, kind, format_options, reader, new_objects(paths, recurse), recurse)
    return Records(_read_files(reader, paths, kind, format_options), {})


def _read_new(
    spark: SparkSession,
    paths: Sequence[str],
    kind: str,
    format_options: Mapping[str, Any],
    reader: DataFrameReader,
    chosen: Mapping[str, Sequence[str]],
    recurse: bool,
) -> Records:
    """Path by path, as the folders between a path and its objects may be partitions; no columns for none."""
    frames = []
    for path in paths:
        if files := chosen[path]:
            # A folder that is read recursively has no partitions, and Spark then takes no base path.
            whole = reader if recurse or list(files) == [path] else reader.option("basePath", path)
            frames.append(_read_files(whole, files, kind, format_options))
    if not frames:
        return Records(spark.createDataFrame([], StructType([])), {})
    frame = frames[0]
    for each in frames[1:]:
        frame = frame.unionByName(each, allowMissingColumns=True)
    return Records(frame, {})


def _read_files(
    reader: DataFrameReader, paths: Sequence[str], kind: str, format_options: Mapping[str, Any]
) -> DataFrame:
    match kind:
        case "csv":
            options = csv_read_options(format_options)
            frame = reader.options(**options).csv(list(paths))
            named = str(format_options.get("withHeader", False)).lower() == "true"
            # Glue calls the columns of a file without header col0, col1, ...; Spark calls them _c0, _c1, ...
            return frame if named else frame.toDF(*_numbered(len(frame.columns)))
        case "json":
            multiline = str(format_options.get("multiline", False)).lower()
            return reader.options(multiLine=multiline, mode="FAILFAST").json(list(paths))
        case _:
            return reader.format(kind).load(list(paths))


def _recursive(options: Mapping[str, Any]) -> bool:
    return str(options.get("recurse", False)).lower() == "true"


def _chosen(
    paths: Sequence[str], recurse: bool, new_objects: NewObjects | None
) -> Mapping[str, Sequence[str]]:
    """What to read for each path: itself, or its new objects."""
    return new_objects(paths, recurse) if new_objects else {path: [path] for path in paths}


def _no_rows(spark: SparkSession, table: Table) -> Records:
    columns = [*table.columns, *table.partition_keys]
    ddl = ", ".join(f"{quote((name,))} {spark_type(type_name)}" for name, type_name in columns)
    return Records(spark.createDataFrame([], ddl), {})


def _numbered(count: int) -> list[str]:
    return [f"col{index}" for index in range(count)]


def _read_partitions(
    spark: SparkSession,
    reader: DataFrameReader,
    kind: str,
    table: Table,
    partitions: Sequence[Partition],
    chosen: Mapping[str, Sequence[str]],
) -> Records:
    partitions = [each for each in partitions if chosen[each.location]]
    if not partitions:
        return _no_rows(spark, table)
    # One scan per partition, since it may lie anywhere; the values come from the catalog, not the path.
    scans = [
        _typed(_load(reader, kind, table, chosen[p.location]), kind, table, _values(table, p))
        for p in partitions
    ]
    frame = scans[0].dataframe
    for scan in scans[1:]:
        frame = frame.unionByName(scan.dataframe, allowMissingColumns=True)
    return Records(frame, scans[0].choices)


def _values(table: Table, partition: Partition) -> dict[str, Column]:
    return {
        name: F.lit(None if value == _HIVE_NULL else value).cast(spark_type(type_name))
        for (name, type_name), value in zip(table.partition_keys, partition.values, strict=True)
    }


def _load(reader: DataFrameReader, kind: str, table: Table, paths: Sequence[str]) -> DataFrame:
    match kind:
        case "csv":
            names = [name for name, _ in table.columns]
            options = csv_table_options(table.parameters, table.serde_parameters)
            return reader.options(**options).schema(_as_text(names)).csv(list(paths))
        case "json":
            # FAILFAST: by default Spark makes a null of a malformed line or a nested value of another type.
            return reader.option("mode", "FAILFAST").schema(_json_schema(table)).json(list(paths))
        case _:
            return reader.format(kind).load(list(paths))


def _as_text(names: Sequence[str]) -> str:
    return ", ".join(f"{quote((name,))} string" for name in names)


def _json_schema(table: Table) -> str:
    # The catalog has lower-case names; the SerDe parameter `paths` keeps them as the files spell them.
    spelled = {name.lower(): name for name in table.serde_parameters.get("paths", "").split(",") if name}
    fields = []
    for name, type_name in table.columns:
        kind = "string" if _scalar(type_name) else spark_type(type_name)
        fields.append(f"{quote((spelled.get(name, name),))} {kind}")
    return ", ".join(fields)


def _typed(frame: DataFrame, kind: str, table: Table, values: Mapping[str, Column]) -> Records:
    """The rows with the types of the catalog and the values of the partition."""
    keys = [values[name].alias(name) for name, _ in table.partition_keys]
    if kind not in ("csv", "json"):
        columns = [F.col(quote((name,))) for name in frame.columns if name not in values]
        return Records(frame.select(*columns, *keys), {})
    choices: dict[str, Choice] = {}
    columns = []
    for (_, type_name), name in zip(table.columns, frame.columns, strict=False):
        parsed = _parsed_type(type_name)
        if parsed:
            choices[name] = Choice((parsed, "string"))
            columns.append(parsed_or_text(name, parsed).alias(name))
        elif kind == "csv" and not _TEXT.match(type_name):
            raise not_emulated(
                f"reading {table.database}.{table.name}: csv column {name} of type {type_name}"
            )
        else:
            columns.append(F.col(quote((name,))))
    return Records(frame.select(*columns, *keys), choices)


def _parsed_type(type_name: str) -> str | None:
    return type_name if _DECIMAL.match(type_name) else _PARSED.get(type_name)


def _scalar(type_name: str) -> bool:
    return bool(_parsed_type(type_name) or _TEXT.match(type_name))


def _matching(
    spark: SparkSession, table: Table, partitions: Sequence[Partition], predicate: str
) -> list[Partition]:
    """The partitions that satisfy `predicate`, which Spark itself evaluates on a table of their values."""
    if not partitions:
        return []
    rows = [(*p.values, index) for index, p in enumerate(partitions)]
    names = [name for name, _ in table.partition_keys]
    frame = spark.createDataFrame(rows, _as_text(names) + ", `#` int")
    typed = [F.col(quote((name,))).cast(spark_type(kind)).alias(name) for name, kind in table.partition_keys]
    try:
        chosen = frame.select(*typed, F.col("`#`")).where(predicate).collect()
    except AnalysisException as error:
        raise _bad_predicate(predicate, table) from error
    return [partitions[row["#"]] for row in sorted(chosen, key=lambda row: row["#"])]


def _bad_predicate(predicate: str, table: Table) -> AnalysisException:
    keys = ", ".join(name for name, _ in table.partition_keys)
    return AnalysisException(
        f"User's pushdown predicate: {predicate} can not be resolved against partition columns: [{keys}]"
        f" of {table.database}.{table.name}"
    )
