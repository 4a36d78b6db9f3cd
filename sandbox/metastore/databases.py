"""Hive's methods on sessions, databases and functions."""

# ruff: noqa: N803 - parameters and their names are the Thrift interface's
from __future__ import annotations

from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError
from sandbox.metastore import convert, hive
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

DEFAULT = "default"


class DatabaseMethods:
    """Databases and their directories. `warehouse` is where a database without a location lies."""

    def __init__(self, catalog: DataCatalog, storage: Storage, warehouse: str) -> None:
        self._catalog = catalog
        self._storage = storage
        self._warehouse = warehouse.rstrip("/")

    def location(self, name: str) -> str:
        """Where the database's managed tables lie."""
        return self._shown(self._catalog.get_database(name)).locationUri or ""

    @throws(MetaException)
    def set_ugi(self, user_name: str, group_names: list[str]) -> list[str]:
        """The client says who it is; everyone may do everything here."""
        return group_names or [user_name]

    @throws(NoSuchObjectException, MetaException)
    def get_database(self, name: str) -> hive.Database:
        """One database."""
        return self._shown(self._catalog.get_database(name))

    @throws(MetaException)
    def get_databases(self, pattern: str) -> list[str]:
        """The names that match."""
        wanted = hive_pattern(pattern)
        return [name for name in self.get_all_databases() if wanted.fullmatch(name)]

    @throws(MetaException)
    def get_all_databases(self) -> list[str]:
        """All names."""
        return [database["Name"] for database in self._catalog.get_databases()]

    @throws(AlreadyExistsException, InvalidObjectException, MetaException)
    def create_database(self, database: hive.Database) -> None:
        """Add a database and make its directory."""
        name = (database.name or "").lower()
        location = database.locationUri or self._default_location(name)
        self._catalog.create_database(convert.from_database(database) | {"LocationUri": location})
        try:
            self._storage.make(location)
        except Exception:
            self._catalog.delete_database(name)
            raise

    @throws(MetaException, NoSuchObjectException)
    def alter_database(self, dbname: str, db: hive.Database) -> None:
        """Replace what Hive knows of a database."""
        old = self._catalog.get_database(dbname)
        shown = convert.from_database(self._shown(old))
        changed = convert.overlay(old, shown, convert.from_database(db))
        self._catalog.update_database(dbname, changed)

    @throws(NoSuchObjectException, InvalidOperationException, MetaException)
    def drop_database(self, name: str, deleteData: bool, cascade: bool) -> None:
        """Remove a database, and its directory with `deleteData`; with tables in it only on `cascade`."""
        if name.lower() == DEFAULT:
            raise MetaException("Can not drop default database")
        location = self.location(name)
        tables = self._catalog.get_tables(name)
        if tables and not cascade:
            raise InvalidOperationException(f"Database {name} is not empty. One or more tables exist.")
        self._catalog.delete_database(name)
        if deleteData:
            for table in tables:
                own = (table.get("StorageDescriptor") or {}).get("Location")
                if own and convert.table_type(table) == convert.MANAGED_TABLE:
                    self._storage.delete(own)
            self._storage.delete(location)

    @throws(AlreadyExistsException, InvalidObjectException, MetaException, NoSuchObjectException)
    def create_function(self, func: hive.Function) -> None:
        """Add a function."""
        self._catalog.create_function(func.dbName or "", convert.from_function(func))

    @throws(InvalidOperationException, MetaException)
    def alter_function(self, dbName: str, funcName: str, newFunc: hive.Function) -> None:
        """Replace a function."""
        self._catalog.update_function(dbName, funcName, convert.from_function(newFunc))

    @throws(MetaException, NoSuchObjectException)
    def get_function(self, dbName: str, funcName: str) -> hive.Function:
        """One function. Spark looks for "NAME does not exist" in the message."""
        try:
            return convert.to_function(self._catalog.get_function(dbName, funcName))
        except AwsError as error:
            raise NoSuchObjectException(f"Function {dbName}.{funcName} does not exist") from error

    @throws(MetaException)
    def get_functions(self, dbName: str, pattern: str) -> list[str]:
        """The names of a database's functions that match."""
        wanted = hive_pattern(pattern)
        names = [each["FunctionName"] for each in self._catalog.get_functions(dbName)]
        return [name for name in names if wanted.fullmatch(name)]

    @throws(NoSuchObjectException, MetaException)
    def drop_function(self, dbName: str, funcName: str) -> None:
        """Remove a function."""
        self._catalog.delete_function(dbName, funcName)

    def _default_location(self, name: str) -> str:
        return self._warehouse if name == DEFAULT else f"{self._warehouse}/{name}.db"

    def _shown(self, database: dict[str, object]) -> hive.Database:
        return convert.to_database(database, self._default_location(str(database["Name"])))
