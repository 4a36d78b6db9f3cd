"""The Data Catalog as jobs use it: tables and partitions through the Glue API.

boto3 finds endpoint, region and credentials in the environment, here as on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError
from pyspark.errors import AnalysisException

from awsglue.refusal import not_emulated

# What BatchCreatePartition takes at most in one call.
_BATCH = 100

# The members of Table that TableInput has too.
_TABLE_INPUT = (
    "Name", "Description", "Owner", "LastAccessTime", "LastAnalyzedTime", "Retention", "StorageDescriptor",
    "PartitionKeys", "ViewOriginalText", "ViewExpandedText", "TableType", "Parameters", "TargetTable",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table of the catalog; `description` is the API's own structure."""

    database: str
    name: str
    description: Mapping[str, Any]

    @property
    def columns(self) -> list[tuple[str, str]]:
        return [(c["Name"], c.get("Type", "string")) for c in self._storage.get("Columns", [])]

    @property
    def partition_keys(self) -> list[tuple[str, str]]:
        return [(c["Name"], c.get("Type", "string")) for c in self.description.get("PartitionKeys", [])]

    @property
    def location(self) -> str:
        return str(self._storage.get("Location", ""))

    @property
    def parameters(self) -> dict[str, str]:
        return {**self._storage.get("Parameters", {}), **self.description.get("Parameters", {})}

    @property
    def serde_parameters(self) -> dict[str, str]:
        return dict(self._storage.get("SerdeInfo", {}).get("Parameters", {}))

    @property
    def format(self) -> str:
        """csv, json, parquet, orc or avro: the classification, else what the SerDe reads."""
        if classification := self.parameters.get("classification"):
            return classification.lower()
        for word, name in _SERDES.items():
            if word in self.library:
                return name
        raise not_emulated(
            f"reading {self.database}.{self.name}: a table with SerDe {self.library or 'none'}"
        )

    @property
    def library(self) -> str:
        """The SerDe's class, "" for none."""
        return str(self._storage.get("SerdeInfo", {}).get("SerializationLibrary", ""))

    @property
    def _storage(self) -> Mapping[str, Any]:
        storage: Mapping[str, Any] = self.description.get("StorageDescriptor", {})
        return storage


_SERDES = {
    "LazySimpleSerDe": "csv", "OpenCSVSerde": "csv", "JsonSerDe": "json",
    "ParquetHiveSerDe": "parquet", "OrcSerde": "orc", "AvroSerDe": "avro",
}  # fmt: skip


@dataclass(frozen=True)
class Partition:
    """A partition: the values of the table's keys, in their order, and where its files lie."""

    values: tuple[str, ...]
    location: str


class Catalog:
    """The Data Catalog of one account; a context manager that closes its connection."""

    def __init__(self, catalog_id: str | None = None) -> None:
        self._glue = boto3.client("glue")
        self._scope = {"CatalogId": catalog_id} if catalog_id else {}

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *exception: object) -> None:
        self._glue.close()

    def table(self, database: str, name: str) -> Table:
        """The table. Raises AnalysisException naming database and table when it is not there."""
        try:
            answer = self._glue.get_table(DatabaseName=database, Name=name, **self._scope)
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise
            raise AnalysisException(
                f"Table or view not found: {database}.{name} is not in the Data Catalog ({error})"
            ) from error
        return Table(database, name, answer["Table"])

    def find_table(self, database: str, name: str) -> Table | None:
        """The table, or None. Raises AnalysisException when the database is not there."""
        try:
            self._glue.get_database(Name=database, **self._scope)
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise
            raise AnalysisException(
                f"Database not found: {database} is not in the Data Catalog; "
                f"table {database}.{name} cannot be created ({error})"
            ) from error
        try:
            return self.table(database, name)
        except AnalysisException:
            return None

    def partitions(self, table: Table, expression: str = "") -> list[Partition]:
        """All partitions of `table`, or those that the catalog finds by `expression`."""
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=table.database,
            TableName=table.name,
            ExcludeColumnSchema=True,
            **self._scope,
            **({"Expression": expression} if expression else {}),
        )
        return [
            Partition(tuple(entry["Values"]), str(entry["StorageDescriptor"]["Location"]))
            for page in pages
            for entry in page["Partitions"]
        ]

    def create_table(self, database: str, table_input: Mapping[str, Any]) -> None:
        self._glue.create_table(DatabaseName=database, TableInput=dict(table_input), **self._scope)

    def replace_columns(self, table: Table, columns: Sequence[Mapping[str, str]]) -> None:
        """Give `table` other columns and leave the rest of it as it is."""
        description = {key: table.description[key] for key in _TABLE_INPUT if key in table.description}
        description["StorageDescriptor"] = {**description["StorageDescriptor"], "Columns": list(columns)}
        self._glue.update_table(DatabaseName=table.database, TableInput=description, **self._scope)

    def add_partitions(self, table: Table, partitions: Sequence[Partition]) -> None:
        """Register partitions; those that are registered already stay as they are."""
        storage = table.description["StorageDescriptor"]
        entries = [
            {"Values": list(p.values), "StorageDescriptor": {**storage, "Location": p.location}}
            for p in partitions
        ]
        for start in range(0, len(entries), _BATCH):
            answer = self._glue.batch_create_partition(
                DatabaseName=table.database,
                TableName=table.name,
                PartitionInputList=entries[start : start + _BATCH],
                **self._scope,
            )
            for fault in answer.get("Errors", []):
                detail = fault["ErrorDetail"]
                if detail["ErrorCode"] != "AlreadyExistsException":
                    raise RuntimeError(
                        f"partition {fault['PartitionValues']} of {table.database}.{table.name} "
                        f"was not registered: {detail['ErrorCode']}: {detail.get('ErrorMessage', '')}"
                    )
