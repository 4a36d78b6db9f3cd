"""The Data Catalog: Glue-shaped documents in SQLite, and the rules that hold between them.

Documents go in and come out as botocore's Glue model names their members (DatabaseInput, TableInput,
Table, PartitionInput, Partition, ...). Names are lower-cased, as Glue does for Hive's sake; times are
seconds since the epoch. Faults are AwsError with Glue's codes: EntityNotFoundException,
AlreadyExistsException, InvalidInputException, ConcurrentModificationException.
Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sandbox.catalog.databases import Databases
from sandbox.catalog.expression import Dialect, Filter, compile_filter
from sandbox.catalog.functions import Functions
from sandbox.catalog.partition_indexes import key_of
from sandbox.catalog.partitions import WHOLE, Partitions, Segment, check_values
from sandbox.catalog.rows import Document, invalid, name_pattern
from sandbox.catalog.statistics import OF_TABLE, Statistics
from sandbox.catalog.tables import TableRow, Tables
from sandbox.errors import AwsError
from sandbox.store import Database


class DataCatalog:
    """Databases, tables with their versions, partitions and functions of one account.

    `clock` gives the time in seconds since the epoch. Safe to use from several threads.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._store = database
        self._clock = clock
        self._databases = Databases(database)
        self._tables = Tables(database)
        self._partitions = Partitions(database)
        self._functions = Functions(database)
        self._statistics = Statistics(database)

    def create_database(self, database_input: Document) -> None:
        """Add a database."""
        name = database_input["Name"].lower()
        self._databases.insert(database_input | {"Name": name, "CreateTime": self._clock()})

    def get_database(self, name: str) -> Document:
        """The Database document."""
        return self._databases.get(name.lower())

    def get_databases(self) -> list[Document]:
        """Every Database document, by name."""
        return self._databases.all()

    def update_database(self, name: str, database_input: Document) -> None:
        """Replace the definition; the name stays, as a Data Catalog database cannot be renamed."""
        if database_input["Name"].lower() != name.lower():
            raise invalid(f"Database {name} cannot be renamed to {database_input['Name']}")
        with self._store.transaction():
            old = self.get_database(name)
            self._databases.replace(database_input | {"Name": name.lower(), "CreateTime": old["CreateTime"]})

    def delete_database(self, name: str) -> None:
        """Remove a database with its tables, partitions and functions."""
        name = name.lower()
        with self._store.transaction():
            self._databases.delete(name)
            for table in self._tables.names(name):
                self._drop(self._tables.get(name, table))
            self._functions.delete_all(name)

    def create_table(self, database: str, table_input: Document) -> None:
        """Add a table; its first VersionId is "0"."""
        now = self._clock()
        with self._store.transaction():
            self.get_database(database)
            self._tables.insert(
                table_input
                | {
                    "Name": table_input["Name"].lower(),
                    "DatabaseName": database.lower(),
                    "CreateTime": now,
                    "UpdateTime": now,
                    "VersionId": "0",
                }
            )

    def get_table(self, database: str, name: str) -> Document:
        """The Table document."""
        return self._row(database, name).table

    def get_table_names(self, database: str) -> list[str]:
        """The names of a database's tables, in order."""
        self.get_database(database)
        return self._tables.names(database.lower())

    def get_tables(self, database: str, expression: str | None = None) -> list[Document]:
        """The tables of a database by name, of all or of those whose whole name matches `expression`."""
        self.get_database(database)
        tables = self._tables.all(database.lower())
        if not expression:
            return tables
        pattern = name_pattern(expression)
        return [table for table in tables if pattern.fullmatch(table["Name"])]

    def update_table(
        self,
        database: str,
        name: str,
        table_input: Document,
        skip_archive: bool = False,
        version_id: str | None = None,
    ) -> None:
        """Replace the definition. The old one stays as a version unless `skip_archive`.

        A `version_id` that is not the table's current one raises ConcurrentModificationException.
        A table_input of another name is a table that is not there, as Glue tables cannot be renamed.
        """
        if table_input["Name"].lower() != name.lower():
            raise AwsError("EntityNotFoundException", f"Table {table_input['Name'].lower()} not found.")
        with self._store.transaction():
            row = self._row(database, name)
            if version_id is not None and version_id != row.table["VersionId"]:
                raise AwsError(
                    "ConcurrentModificationException", "Update table failed due to concurrent modifications."
                )
            if not skip_archive:
                self._tables.archive(row)
            self._tables.replace(
                row.id, self._next_version(row.table, table_input, row.table["DatabaseName"])
            )

    def rename_table(
        self,
        database: str,
        name: str,
        new_database: str,
        table_input: Document,
        moved: tuple[str, str] | None = None,
    ) -> None:
        """Replace the definition under the name in `table_input`; versions and partitions follow.

        `moved` is the old and the new location of the data: partitions under the old one follow too.
        Hive has this (ALTER TABLE ... RENAME TO), Glue's API has not.
        """
        with self._store.transaction():
            row = self._row(database, name)
            self.get_database(new_database)
            self._tables.archive(row)
            table = self._next_version(row.table, table_input, new_database.lower())
            self._tables.replace(row.id, table)
            for partition in self._partitions.page(row.id, None)[0]:
                new = _relocated(partition, *moved) if moved else partition
                names = {"DatabaseName": table["DatabaseName"], "TableName": table["Name"]}
                self._partitions.replace(row.id, partition["Values"], new | names)

    def delete_table(self, database: str, name: str) -> None:
        """Remove a table with its versions and partitions."""
        with self._store.transaction():
            self._drop(self._row(database, name))

    def get_table_versions(self, database: str, name: str) -> list[Document]:
        """The TableVersion documents, newest first; the first is the table as it is now."""
        row = self._row(database, name)
        tables = [row.table, *self._tables.archived(row.id)]
        return [{"Table": table, "VersionId": table["VersionId"]} for table in tables]

    def delete_table_version(self, database: str, name: str, version: str) -> None:
        """Remove an old version; InvalidInputException for the current one, which stays."""
        row = self._row(database, name)
        if version == row.table["VersionId"]:
            raise invalid("The current version of a table cannot be deleted.")
        if not version.isdecimal() or not self._tables.delete_archived(row.id, int(version)):
            raise AwsError("EntityNotFoundException", "Version not found.")

    def all_tables(self) -> list[Document]:
        """Every table of every database, by database and name."""
        return self._tables.everywhere()

    def create_partition(self, database: str, table: str, partition_input: Document) -> None:
        """Add a partition."""
        self.create_partitions(database, table, [partition_input])

    def create_partitions(self, database: str, table: str, partition_inputs: Sequence[Document]) -> None:
        """Add partitions: all of them, or none when one is amiss."""
        with self._store.transaction():
            row = self._row(database, table)
            for partition_input in partition_inputs:
                check_values(row.partition_keys(), partition_input.get("Values") or [])
                self._partitions.insert(row.id, self._partition(row, partition_input, self._clock()))

    def get_partition(self, database: str, table: str, values: Sequence[str]) -> Document:
        """The Partition document of these values."""
        return self._partitions.get(self._row(database, table).id, values)

    def get_partitions(
        self, database: str, table: str, expression: str | None = None, dialect: Dialect = Dialect.GLUE
    ) -> list[Document]:
        """The partitions of a table, of all or of those that the filter expression selects."""
        return self.get_partitions_page(database, table, expression, dialect=dialect)[0]

    def get_partitions_page(
        self,
        database: str,
        table: str,
        expression: str | None = None,
        after: str = "",
        limit: int | None = None,
        segment: Segment = WHOLE,
        dialect: Dialect = Dialect.GLUE,
    ) -> tuple[list[Document], str | None]:
        """Up to `limit` partitions after the key `after`, and the key to go on from when more follow."""
        row = self._row(database, table)
        return self._partitions.page(row.id, self._wanted(row, expression, dialect), after, limit, segment)

    def get_partition_values(
        self, database: str, table: str, expression: str | None = None, dialect: Dialect = Dialect.GLUE
    ) -> list[list[str]]:
        """Like `get_partitions`, but only the values: nothing else is loaded."""
        row = self._row(database, table)
        return self._partitions.values(row.id, self._wanted(row, expression, dialect))

    def update_partition(
        self, database: str, table: str, values: Sequence[str], partition_input: Document
    ) -> None:
        """Replace a partition; other `Values` in the input move it (Hive's RENAME PARTITION)."""
        self.update_partitions(database, table, [(values, partition_input)])

    def update_partitions(
        self, database: str, table: str, changes: Sequence[tuple[Sequence[str], Document]]
    ) -> None:
        """Replace partitions, each by its values: all of them, or none when one is amiss."""
        with self._store.transaction():
            row = self._row(database, table)
            for values, partition_input in changes:
                old = self._partitions.get(row.id, values)
                new = {"Values": list(values)} | partition_input
                check_values(row.partition_keys(), new["Values"])
                self._partitions.replace(row.id, values, self._partition(row, new, old["CreationTime"]))
                if new["Values"] != list(values):
                    self._statistics.delete_partition(row.id, key_of(values))

    def delete_partition(self, database: str, table: str, values: Sequence[str]) -> None:
        """Remove a partition."""
        self.delete_partitions(database, table, [values])

    def delete_partitions(self, database: str, table: str, values: Sequence[Sequence[str]]) -> None:
        """Remove partitions: all of them, or none when one is not there."""
        with self._store.transaction():
            row = self._row(database, table)
            for each in values:
                self._partitions.delete(row.id, each)
                self._statistics.delete_partition(row.id, key_of(each))

    def create_partition_index(self, database: str, table: str, name: str, keys: Sequence[str]) -> None:
        """Add an index over partition keys, in this order; the partitions that are there are in it."""
        with self._store.transaction():
            row = self._row(database, table)
            known = [key for key, _ in row.partition_keys()]
            wanted = [key.lower() for key in keys]
            if not wanted or len(set(wanted)) < len(wanted) or not set(wanted) <= set(known):
                raise invalid(f"The keys of a partition index must be partition keys of the table: {known}")
            places = [known.index(key) for key in wanted]
            self._partitions.indexes.create(row.id, name, places, self._partitions.values(row.id))

    def delete_partition_index(self, database: str, table: str, name: str) -> None:
        """Remove a partition index."""
        with self._store.transaction():
            self._partitions.indexes.delete(self._row(database, table).id, name)

    def get_partition_indexes(self, database: str, table: str) -> list[Document]:
        """The PartitionIndexDescriptor documents, oldest first; an index is active once it is there."""
        row = self._row(database, table)
        keys = [{"Name": name, "Type": kind} for name, kind in row.partition_keys()]
        return [
            {"IndexName": each.name, "Keys": [keys[at] for at in each.places], "IndexStatus": "ACTIVE"}
            for each in self._partitions.indexes.of(row.id)
        ]

    def update_column_statistics(
        self, database: str, table: str, values: Sequence[str] | None, statistics: Document
    ) -> None:
        """Store a column's statistics, of one partition or, without values, of the table."""
        row, column = self._row(database, table), statistics["ColumnName"].lower()
        columns = (row.table.get("StorageDescriptor") or {}).get("Columns") or []
        if column not in {each["Name"].lower() for each in columns}:
            raise AwsError("EntityNotFoundException", f"Column {column} not found.")
        self._statistics.put(row.id, OF_TABLE if values is None else key_of(values), statistics)

    def get_column_statistics(
        self, database: str, table: str, values: Sequence[str] | None, column: str
    ) -> Document:
        """The ColumnStatistics document."""
        partition = OF_TABLE if values is None else key_of(values)
        found = self._statistics.get(self._row(database, table).id, partition, column)
        if found is None:
            raise _no_statistics(column)
        return found

    def delete_column_statistics(
        self, database: str, table: str, values: Sequence[str] | None, column: str
    ) -> None:
        """Remove a column's statistics."""
        partition = OF_TABLE if values is None else key_of(values)
        if not self._statistics.delete(self._row(database, table).id, partition, column):
            raise _no_statistics(column)

    def create_function(self, database: str, function_input: Document) -> None:
        """Add a user-defined function. Raises InvalidInputException without a name."""
        if not function_input.get("FunctionName"):
            raise invalid("FunctionInput.FunctionName is missing")
        with self._store.transaction():
            self.get_database(database)
            self._functions.insert(self._function(database, function_input, self._clock()))

    def get_function(self, database: str, name: str) -> Document:
        """The UserDefinedFunction document."""
        return self._functions.get(database.lower(), name.lower())

    def get_functions(self, database: str | None = None, pattern: str | None = None) -> list[Document]:
        """The functions of one database or of all, whose whole name matches `pattern`."""
        if database is not None:
            self.get_database(database)
        functions = self._functions.all(None if database is None else database.lower())
        if not pattern:
            return functions
        wanted = name_pattern(pattern)
        return [function for function in functions if wanted.fullmatch(function["FunctionName"])]

    def update_function(self, database: str, name: str, function_input: Document) -> None:
        """Replace a function; another name in the input renames it."""
        with self._store.transaction():
            old = self.get_function(database, name)
            new = self._function(database, {"FunctionName": name} | function_input, old["CreateTime"])
            self._functions.delete(database.lower(), name.lower())
            self._functions.insert(new)

    def delete_function(self, database: str, name: str) -> None:
        """Remove a user-defined function."""
        self._functions.delete(database.lower(), name.lower())

    def _row(self, database: str, name: str) -> TableRow:
        """The table's row; only when there is none is the database looked at, for the right error."""
        row = self._tables.find(database.lower(), name.lower())
        if row is None:
            self.get_database(database)
            return self._tables.get(database.lower(), name.lower())
        return row

    def _drop(self, row: TableRow) -> None:
        self._partitions.delete_all(row.id)
        self._statistics.delete_all(row.id)
        self._tables.delete(row.id)

    def _next_version(self, old: Document, table_input: Document, database: str) -> Document:
        return table_input | {
            "Name": table_input["Name"].lower(),
            "DatabaseName": database,
            "CreateTime": old["CreateTime"],
            "UpdateTime": self._clock(),
            "VersionId": str(int(old["VersionId"]) + 1),
        }

    def _partition(self, row: TableRow, partition_input: Document, created: float) -> Document:
        return partition_input | {
            "DatabaseName": row.table["DatabaseName"],
            "TableName": row.table["Name"],
            "CreationTime": created,
        }

    def _function(self, database: str, function_input: Document, created: float) -> Document:
        return function_input | {
            "FunctionName": function_input["FunctionName"].lower(),
            "DatabaseName": database.lower(),
            "CreateTime": created,
        }

    def _wanted(self, row: TableRow, expression: str | None, dialect: Dialect) -> Filter | None:
        if not expression or not expression.strip():
            return None
        return compile_filter(expression, row.partition_keys(), dialect)


def _no_statistics(column: str) -> AwsError:
    return AwsError("EntityNotFoundException", f"Statistics of column {column} not found.")


def _relocated(partition: Document, old: str, new: str) -> Document:
    """The partition where it lies once the directory `old` has become `new`."""
    storage = partition.get("StorageDescriptor") or {}
    location = storage.get("Location") or ""
    if not location.startswith(old.rstrip("/") + "/"):
        return partition
    below = location.removeprefix(old.rstrip("/"))
    return partition | {"StorageDescriptor": storage | {"Location": new.rstrip("/") + below}}
