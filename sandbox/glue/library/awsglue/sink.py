"""Writing: files in a path, and the table that describes them.

Files are always added, never replaced, as Glue does.
Source: AWS Glue developer guide, "Creating tables, updating the schema, and adding new partitions in the Data
Catalog from AWS Glue ETL jobs".
"""
# ruff: noqa: N802, N803 - names are AWS's.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias

from awsglue.catalog import Catalog, Partition, Table
from awsglue.formats import (
    csv_write_options,
    require_writable,
    spark_format,
    storage_descriptor,
    table_parameters,
)
from awsglue.paths import quote
from awsglue.refusal import not_emulated

_OPTIONS = {
    "path",
    "partitionKeys",
    "enableUpdateCatalog",
    "updateBehavior",
    "compression",
    "transformation_ctx",
}
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


class DataSink:
    """A place to write frames to: a path in Amazon S3, and with `enableUpdateCatalog` a table as well."""

    def __init__(self, connection_type: str, options: Mapping[str, Any]) -> None:
        if connection_type not in ("s3", "file"):
            raise not_emulated(f"writing to connection_type={connection_type!r}")
        if unknown := sorted(set(options) - _OPTIONS):
            raise not_emulated(f"connection_options {', '.join(unknown)}")
        behavior = options.get("updateBehavior", "UPDATE_IN_DATABASE")
        if behavior not in ("UPDATE_IN_DATABASE", "LOG"):
            raise ValueError(f"updateBehavior is UPDATE_IN_DATABASE or LOG, not {behavior!r}")
        self._path = str(options.get("path", ""))
        self._keys = [str(key) for key in options.get("partitionKeys") or ()]
        self._update_catalog = str(options.get("enableUpdateCatalog", False)).lower() == "true"
        self._behavior = behavior
        self._compression = options.get("compression")
        self._format: str | None = None
        self._format_options: dict[str, Any] = {}
        self._target: tuple[str, str, str | None] | None = None

    def setFormat(self, format: str, **options: Any) -> None:
        """Choose the file format. Raises NotImplementedError for a format or option that is not emulated."""
        self._format = require_writable(format, options)
        self._format_options = dict(options)

    def setCatalogInfo(
        self, catalogDatabase: str, catalogTableName: str, catalogId: str | None = None
    ) -> None:
        """Name the table that `enableUpdateCatalog` creates or updates; its database must exist."""
        self._target = (catalogDatabase, catalogTableName.lower(), catalogId)

    def writeFrame(self, dynamic_frame: Any, info: str = "") -> Any:  # noqa: ARG002 - AWS's signature
        """Write the frame, then update the catalog, and return the frame.

        What can be known to fail is checked before the first file is written: the database, the path, and
        the partition keys of a table that exists.
        """
        kind = require_writable(self._format, self._format_options)
        if not self._path:
            raise ValueError("connection_options has no path to write to")
        frame: DataFrame = dynamic_frame.toDF()
        if missing := [key for key in self._keys if key not in frame.columns]:
            raise AnalysisException(f"partition columns {missing} are not in the frame: {frame.columns}")
        if not self._update_catalog:
            self._write_files(frame, kind)
            return dynamic_frame
        if self._target is None:
            raise ValueError("enableUpdateCatalog needs setCatalogInfo: the database and table to update")
        database, name, catalog_id = self._target
        with Catalog(catalog_id) as catalog:
            table = catalog.find_table(database, name)
            if table is not None:
                check_table(table, self._path, self._keys)
            self._write_files(frame, kind)
            self._register(catalog, table, frame, kind)
        return dynamic_frame

    def _write_files(self, frame: DataFrame, kind: str) -> None:
        options = csv_write_options(self._format_options) if kind == "csv" else {}
        compression = self._format_options.get("compression") or self._compression
        if compression:
            options["compression"] = str(compression)
        writer = frame.write.mode("append").options(**options).format(spark_format(kind))
        (writer.partitionBy(*self._keys) if self._keys else writer).save(self._path)

    def _register(self, catalog: Catalog, table: Table | None, frame: DataFrame, kind: str) -> None:
        assert self._target is not None
        database, name, _ = self._target
        columns, keys = catalog_columns(frame, self._keys)
        if table is None:
            catalog.create_table(
                database,
                {
                    "Name": name,
                    "TableType": "EXTERNAL_TABLE",
                    "Parameters": {"EXTERNAL": "TRUE", **table_parameters(kind, self._format_options)},
                    "PartitionKeys": keys,
                    "StorageDescriptor": storage_descriptor(kind, self._path, columns, self._format_options),
                },
            )
        elif self._behavior == "UPDATE_IN_DATABASE" and dict(table.columns) != _types(columns):
            catalog.replace_columns(table, columns)
        elif self._behavior == "LOG" and not _types(columns).items() <= dict(table.columns).items():
            raise AnalysisException(
                f"updateBehavior LOG: the frame's columns are not among those of {database}.{name}, "
                "so its partitions are not added"
            )
        if self._keys:
            partitions = _written_partitions(frame, self._keys, self._path)
            catalog.add_partitions(catalog.table(database, name), partitions)


def check_table(table: Table, path: str, keys: Sequence[str]) -> None:
    """Whether files in `path`, partitioned by `keys`, belong to `table`; AnalysisException otherwise."""
    known = [name for name, _ in table.partition_keys]
    if known != [key.lower() for key in keys]:
        raise AnalysisException(
            f"partitionKeys {list(keys)} differ from those of {table.database}.{table.name}: {known}"
        )
    if table.location.rstrip("/") != path.rstrip("/"):
        raise AnalysisException(
            f"table {table.database}.{table.name} lies in {table.location}, the job writes to {path}"
        )


def catalog_columns(
    frame: DataFrame, keys: Sequence[str]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The columns and the partition keys of `frame` in the catalog's form, with Hive's type names."""
    types = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
    columns = [{"Name": name.lower(), "Type": kind} for name, kind in types.items() if name not in keys]
    return columns, [{"Name": key.lower(), "Type": types[key]} for key in keys]


def _types(columns: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {column["Name"]: column["Type"] for column in columns}


def _written_partitions(frame: DataFrame, keys: Sequence[str], path: str) -> list[Partition]:
    # A second look at the key columns, not a listing: older folders are not this job's to register.
    rows = frame.select(*(F.col(quote((key,))).cast("string") for key in keys)).distinct().collect()
    escape = frame.sparkSession._jvm.org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils
    partitions = []
    for row in rows:
        values = tuple(_HIVE_NULL if value in (None, "") else str(value) for value in row)
        folders = [escape.getPartitionPathString(key, value) for key, value in zip(keys, values, strict=True)]
        partitions.append(Partition(values, "/".join([path.rstrip("/"), *folders])))
    return partitions
