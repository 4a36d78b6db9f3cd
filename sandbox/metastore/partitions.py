"""Hive's methods on partitions."""

# ruff: noqa: ARG002, N803 - parameters and their names are the Thrift interface's
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sandbox.catalog import DataCatalog, Dialect
from sandbox.catalog.partitions import check_values
from sandbox.catalog.rows import Document
from sandbox.metastore import convert, hive
from sandbox.metastore.hive import (
    AlreadyExistsException,
    InvalidObjectException,
    InvalidOperationException,
    MetaException,
    NoSuchObjectException,
)
from sandbox.metastore.partition_names import matches_partial, partition_name
from sandbox.metastore.storage import Storage
from sandbox.metastore.wire import I16, throws

T = TypeVar("T")


class PartitionMethods:
    """Partitions and their directories.

    `clock` gives the time in seconds since the epoch, for `transient_lastDdlTime`. In the methods below
    `max_parts` is the most that is returned; a negative one is no limit.
    """

    def __init__(self, catalog: DataCatalog, storage: Storage, clock: Callable[[], float]) -> None:
        self._catalog = catalog
        self._storage = storage
        self._clock = clock

    @throws(NoSuchObjectException, MetaException)
    def get_partitions(self, db_name: str, tbl_name: str, max_parts: I16) -> list[hive.Partition]:
        """The partitions of a table."""
        return self._shown(db_name, tbl_name, None, max_parts)

    @throws(MetaException, NoSuchObjectException)
    def get_partitions_by_filter(
        self,
        db_name: str,
        tbl_name: str,
        filter: str,
        max_parts: I16,
    ) -> list[hive.Partition]:
        """The partitions that a filter selects."""
        return self._shown(db_name, tbl_name, filter, max_parts)

    @throws(NoSuchObjectException, MetaException)
    def get_partitions_ps_with_auth(
        self,
        db_name: str,
        tbl_name: str,
        part_vals: list[str],
        max_parts: I16,
        user_name: str,
        group_names: list[str],
    ) -> list[hive.Partition]:
        """The partitions that fit a partial specification."""
        table = self._catalog.get_table(db_name, tbl_name)
        found = self._catalog.get_partitions(db_name, tbl_name)
        fitting = [each for each in found if matches_partial(each["Values"], part_vals)]
        return [convert.to_partition(each, table) for each in _first(fitting, max_parts)]

    @throws(MetaException, NoSuchObjectException)
    def get_partition_with_auth(
        self, db_name: str, tbl_name: str, part_vals: list[str], user_name: str, group_names: list[str]
    ) -> hive.Partition:
        """One partition."""
        table = self._catalog.get_table(db_name, tbl_name)
        return convert.to_partition(self._catalog.get_partition(db_name, tbl_name, part_vals), table)

    @throws(NoSuchObjectException, MetaException)
    def get_partition_names(self, db_name: str, tbl_name: str, max_parts: I16) -> list[str]:
        """The names of a table's partitions."""
        return self._names(db_name, tbl_name, [], max_parts)

    @throws(MetaException, NoSuchObjectException)
    def get_partition_names_ps(
        self, db_name: str, tbl_name: str, part_vals: list[str], max_parts: I16
    ) -> list[str]:
        """The names of the partitions that fit a partial specification."""
        return self._names(db_name, tbl_name, part_vals, max_parts)

    @throws(InvalidObjectException, AlreadyExistsException, MetaException)
    def add_partition_with_environment_context(
        self, new_part: hive.Partition, environment_context: hive.EnvironmentContext
    ) -> hive.Partition:
        """Add a partition and make its directory."""
        return self._add(new_part.dbName or "", new_part.tableName or "", [new_part])[0]

    @throws(InvalidObjectException, AlreadyExistsException, MetaException)
    def add_partitions_req(self, request: hive.AddPartitionsRequest) -> hive.AddPartitionsResult:
        """Add partitions and make their directories: all of them or none.

        With `ifNotExists` those that are there already are passed over.
        """
        new = request.parts
        if request.ifNotExists:
            there = {
                tuple(each) for each in self._catalog.get_partition_values(request.dbName, request.tblName)
            }
            new = [each for each in new if tuple(each.values) not in there]
        added = self._add(request.dbName, request.tblName, new)
        return hive.AddPartitionsResult(added if request.needResult else None)

    @throws(InvalidOperationException, MetaException)
    def alter_partition_with_environment_context(
        self,
        db_name: str,
        tbl_name: str,
        new_part: hive.Partition,
        environment_context: hive.EnvironmentContext,
    ) -> None:
        """Replace what Hive knows of a partition."""
        self._alter(db_name, tbl_name, [new_part])

    @throws(InvalidOperationException, MetaException)
    def alter_partitions_with_environment_context(
        self,
        db_name: str,
        tbl_name: str,
        new_parts: list[hive.Partition],
        environment_context: hive.EnvironmentContext,
    ) -> None:
        """Replace what Hive knows of partitions: of all of them or of none."""
        self._alter(db_name, tbl_name, new_parts)

    @throws(InvalidOperationException, MetaException)
    def rename_partition(
        self, db_name: str, tbl_name: str, part_vals: list[str], new_part: hive.Partition
    ) -> None:
        """Give a partition other values; a managed table's directory moves to its new name."""
        table = self._catalog.get_table(db_name, tbl_name)
        old = self._catalog.get_partition(db_name, tbl_name, part_vals)
        changed = self._changed(table, old, new_part)
        source = convert.to_partition(old, table).sd
        if convert.table_type(table) != convert.MANAGED_TABLE or source is None or source.location is None:
            self._catalog.update_partition(db_name, tbl_name, part_vals, changed)
            return
        target = _directory(table, new_part.values)
        moved = changed | {"StorageDescriptor": changed["StorageDescriptor"] | {"Location": target}}
        self._catalog.update_partition(db_name, tbl_name, part_vals, moved)
        try:
            self._storage.move(source.location, target)
        except Exception:
            self._catalog.update_partition(db_name, tbl_name, new_part.values, partition_input_of(old))
            raise

    @throws(NoSuchObjectException, MetaException)
    def drop_partition_with_environment_context(
        self,
        db_name: str,
        tbl_name: str,
        part_vals: list[str],
        deleteData: bool,
        environment_context: hive.EnvironmentContext,
    ) -> bool:
        """Remove a partition; with `deleteData` also a managed table's directory. Always true."""
        table = self._catalog.get_table(db_name, tbl_name)
        partition = convert.to_partition(self._catalog.get_partition(db_name, tbl_name, part_vals), table)
        self._catalog.delete_partition(db_name, tbl_name, part_vals)
        managed = convert.table_type(table) == convert.MANAGED_TABLE
        if deleteData and managed and partition.sd and partition.sd.location:
            self._storage.delete(partition.sd.location)
        return True

    def _shown(self, database: str, name: str, filter: str | None, most: int) -> list[hive.Partition]:
        table = self._catalog.get_table(database, name)
        found, _ = self._catalog.get_partitions_page(
            database, name, filter, limit=None if most < 0 else most, dialect=Dialect.HIVE
        )
        return [convert.to_partition(each, table) for each in found]

    def _names(self, database: str, name: str, partial: Sequence[str], most: int) -> list[str]:
        table = self._catalog.get_table(database, name)
        keys = _keys(table)
        found = self._catalog.get_partition_values(database, name)
        fitting = [values for values in found if matches_partial(values, partial)]
        return [partition_name(keys, values) for values in _first(fitting, most)]

    def _add(self, database: str, name: str, parts: Sequence[hive.Partition]) -> list[hive.Partition]:
        table = self._catalog.get_table(database, name)
        shared = table.get("StorageDescriptor") or {}
        inputs = [self._completed(table, shared, each) for each in parts]
        self._catalog.create_partitions(database, name, inputs)
        try:
            for each in inputs:
                if location := each["StorageDescriptor"].get("Location"):
                    self._storage.make(location)
        except Exception:
            self._catalog.delete_partitions(database, name, [each["Values"] for each in inputs])
            raise
        stored = [self._catalog.get_partition(database, name, each["Values"]) for each in inputs]
        return [convert.to_partition(each, table) for each in stored]

    def _completed(self, table: Document, shared: Document, part: hive.Partition) -> Document:
        """The PartitionInput; what it has from the table, as the table was shown, is what the table has."""
        new = convert.from_partition(part)
        shown = convert.from_storage(convert.to_storage(shared))
        given = new["StorageDescriptor"]
        storage = convert.overlay(shared, shown, given)
        if not given.get("Location"):
            storage["Location"] = _directory(table, part.values)
        new["Parameters"].setdefault("transient_lastDdlTime", str(int(self._clock())))
        return new | {"StorageDescriptor": storage}

    def _alter(self, database: str, name: str, parts: Sequence[hive.Partition]) -> None:
        table = self._catalog.get_table(database, name)
        changes = []
        for part in parts:
            old = self._catalog.get_partition(database, name, part.values)
            changes.append((part.values, self._changed(table, old, part)))
        self._catalog.update_partitions(database, name, changes)

    def _changed(self, table: Document, old: Document, part: hive.Partition) -> Document:
        shown = convert.from_partition(convert.to_partition(old, table))
        return convert.overlay(partition_input_of(old), shown, convert.from_partition(part))


_OF_THE_CATALOG = ("DatabaseName", "TableName", "CreationTime")


def partition_input_of(partition: Document) -> Document:
    """A Partition document without what the catalog itself adds."""
    return {key: value for key, value in partition.items() if key not in _OF_THE_CATALOG}


def _keys(table: Document) -> list[str]:
    return [key["Name"] for key in table.get("PartitionKeys") or []]


def _directory(table: Document, values: Sequence[str]) -> str:
    """Where a partition lies when nobody says otherwise."""
    root = (table.get("StorageDescriptor") or {}).get("Location")
    if not root:
        raise MetaException(f"Table {table['DatabaseName']}.{table['Name']} has no location")
    keys = _keys(table)
    check_values(keys, values)
    return f"{root.rstrip('/')}/{partition_name(keys, values)}"


def _first(items: list[T], most: int) -> list[T]:
    return items if most < 0 else items[:most]
