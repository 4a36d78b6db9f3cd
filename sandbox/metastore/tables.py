"""Hive's methods on tables and views."""

# ruff: noqa: ARG002, N803 - parameters and their names are the Thrift interface's
from __future__ import annotations

from collections.abc import Callable

from sandbox.catalog import DataCatalog
from sandbox.catalog.rows import Document
from sandbox.metastore import convert, hive
from sandbox.metastore.databases import DatabaseMethods
from sandbox.metastore.hive import (
    AlreadyExistsException,
    InvalidObjectException,
    InvalidOperationException,
    MetaException,
    NoSuchObjectException,
)
from sandbox.metastore.partition_names import hive_pattern
from sandbox.metastore.storage import Storage
from sandbox.metastore.wire import throws


class TableMethods:
    """Tables and views, and the directories of managed tables.

    `clock` gives the time in seconds since the epoch, for `transient_lastDdlTime`.
    """

    def __init__(
        self,
        catalog: DataCatalog,
        storage: Storage,
        databases: DatabaseMethods,
        clock: Callable[[], float],
    ) -> None:
        self._catalog = catalog
        self._storage = storage
        self._databases = databases
        self._clock = clock

    @throws(MetaException)
    def get_all_tables(self, db_name: str) -> list[str]:
        """All names of a database's tables and views."""
        return self._catalog.get_table_names(db_name)

    @throws(MetaException)
    def get_tables(self, db_name: str, pattern: str) -> list[str]:
        """The names that match."""
        wanted = hive_pattern(pattern)
        return [name for name in self._catalog.get_table_names(db_name) if wanted.fullmatch(name)]

    @throws(MetaException)
    def get_tables_by_type(self, db_name: str, pattern: str, tableType: str) -> list[str]:
        """The names that match, of one type."""
        wanted = hive_pattern(pattern)
        tables = self._catalog.get_tables(db_name)
        return [
            table["Name"]
            for table in tables
            if wanted.fullmatch(table["Name"]) and convert.table_type(table) == tableType
        ]

    @throws(MetaException, NoSuchObjectException)
    def get_table(self, dbname: str, tbl_name: str) -> hive.Table:
        """One table or view."""
        return convert.to_table(self._catalog.get_table(dbname, tbl_name))

    @throws(AlreadyExistsException, InvalidObjectException, MetaException, NoSuchObjectException)
    def create_table_with_environment_context(
        self, tbl: hive.Table, environment_context: hive.EnvironmentContext
    ) -> None:
        """Add a table or view, and make a table's directory."""
        database, name = tbl.dbName or "", (tbl.tableName or "").lower()
        table_input = convert.from_table(tbl)
        location = None
        if tbl.tableType != convert.VIRTUAL_VIEW:
            storage = table_input["StorageDescriptor"]
            location = storage.setdefault(
                "Location", f"{self._databases.location(database).rstrip('/')}/{name}"
            )
        table_input["Parameters"].setdefault("transient_lastDdlTime", str(int(self._clock())))
        self._catalog.create_table(database, table_input)
        if location is None:
            return
        try:
            self._storage.make(location)
        except Exception:
            self._catalog.delete_table(database, name)
            raise

    @throws(InvalidOperationException, MetaException)
    def alter_table_with_environment_context(
        self,
        dbname: str,
        tbl_name: str,
        new_tbl: hive.Table,
        environment_context: hive.EnvironmentContext,
    ) -> None:
        """Replace what Hive knows of a table; under another name or database it is renamed."""
        old = self._catalog.get_table(dbname, tbl_name)
        shown = convert.from_table(convert.to_table(old))
        changed = convert.overlay(table_input_of(old), shown, convert.from_table(new_tbl))
        database, name = (new_tbl.dbName or dbname).lower(), (new_tbl.tableName or tbl_name).lower()
        if (database, name) == (old["DatabaseName"], old["Name"]):
            self._catalog.update_table(dbname, tbl_name, changed)
        else:
            self._rename(old, database, changed)

    @throws(NoSuchObjectException, MetaException)
    def drop_table_with_environment_context(
        self,
        dbname: str,
        name: str,
        deleteData: bool,
        environment_context: hive.EnvironmentContext,
    ) -> None:
        """Remove a table or view; with `deleteData` also a managed table's directories."""
        table = self._catalog.get_table(dbname, name)
        doomed: list[str] = []
        if deleteData and convert.table_type(table) == convert.MANAGED_TABLE:
            doomed = self._directories(table)
        self._catalog.delete_table(dbname, name)
        for location in doomed:
            self._storage.delete(location)

    def _rename(self, old: Document, database: str, changed: Document) -> None:
        """A managed table that lies under its own name is moved to its new name's place."""
        source = (old.get("StorageDescriptor") or {}).get("Location") or ""
        storage = changed.get("StorageDescriptor") or {}
        moves = (
            convert.table_type(old) == convert.MANAGED_TABLE
            and storage.get("Location") in (source, None)
            and source.rstrip("/").endswith("/" + old["Name"])
        )
        if not moves:
            self._catalog.rename_table(old["DatabaseName"], old["Name"], database, changed)
            return
        target = f"{self._databases.location(database).rstrip('/')}/{changed['Name'].lower()}"
        moved = changed | {"StorageDescriptor": storage | {"Location": target}}
        self._catalog.rename_table(old["DatabaseName"], old["Name"], database, moved, (source, target))
        try:
            self._storage.move(source, target)
        except Exception:
            back = table_input_of(old)
            self._catalog.rename_table(database, changed["Name"], old["DatabaseName"], back, (target, source))
            raise

    def _directories(self, table: Document) -> list[str]:
        """The table's directory, and those of its partitions that lie elsewhere."""
        root = (table.get("StorageDescriptor") or {}).get("Location")
        partitions = self._catalog.get_partitions(table["DatabaseName"], table["Name"])
        own = [(each.get("StorageDescriptor") or {}).get("Location") for each in partitions]
        inside = f"{root.rstrip('/')}/" if root else ""
        elsewhere = [each for each in own if each and not (inside and each.startswith(inside))]
        return [*([root] if root else []), *elsewhere]


_OF_THE_CATALOG = ("DatabaseName", "CreateTime", "UpdateTime", "VersionId")


def table_input_of(table: Document) -> Document:
    """A Table document without what the catalog itself adds."""
    return {key: value for key, value in table.items() if key not in _OF_THE_CATALOG}
