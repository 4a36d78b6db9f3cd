"""The rows of tables and of their archived versions.

A table has a number of its own, so that a rename leaves its versions and partitions where they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.catalog.rows import Document, already_exists, dump, load, not_found
from sandbox.store import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS catalog_table (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    database TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (database, name)
);
CREATE TABLE IF NOT EXISTS catalog_table_version (
    table_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (table_id, version)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class TableRow:
    """A stored table: its number and Glue's Table document."""

    id: int
    table: Document

    def partition_keys(self) -> list[tuple[str, str]]:
        """Name and type of each partition key, in order."""
        keys = self.table.get("PartitionKeys") or []
        return [(key["Name"].lower(), key.get("Type") or "string") for key in keys]


class Tables:
    """The tables of the catalog, by lower-case database and name."""

    def __init__(self, store: Database) -> None:
        self._store = store
        store.create(_SCHEMA)

    def insert(self, table: Document) -> None:
        """Add a table. Raises AlreadyExistsException."""
        changed = self._store.execute(
            "INSERT OR IGNORE INTO catalog_table (database, name, body) VALUES (?, ?, ?)",
            table["DatabaseName"],
            table["Name"],
            dump(table),
        )
        if not changed:
            raise already_exists("Table")

    def find(self, database: str, name: str) -> TableRow | None:
        """The row of this table, or None."""
        rows = self._store.query(
            "SELECT id, body FROM catalog_table WHERE database = ? AND name = ?", database, name
        )
        return TableRow(rows[0][0], load(rows[0][1])) if rows else None

    def get(self, database: str, name: str) -> TableRow:
        """The row of this table. Raises EntityNotFoundException."""
        row = self.find(database, name)
        if row is None:
            raise not_found("Table", name)
        return row

    def names(self, database: str) -> list[str]:
        """The names of a database's tables, in order."""
        rows = self._store.query("SELECT name FROM catalog_table WHERE database = ? ORDER BY name", database)
        return [row[0] for row in rows]

    def all(self, database: str) -> list[Document]:
        """The tables of a database, by name."""
        rows = self._store.query("SELECT body FROM catalog_table WHERE database = ? ORDER BY name", database)
        return [load(row[0]) for row in rows]

    def replace(self, row_id: int, table: Document) -> None:
        """Write a table anew, also under another name. Raises AlreadyExistsException."""
        taken = self.find(table["DatabaseName"], table["Name"])
        if taken is not None and taken.id != row_id:
            raise already_exists("Table")
        self._store.execute(
            "UPDATE catalog_table SET database = ?, name = ?, body = ? WHERE id = ?",
            table["DatabaseName"],
            table["Name"],
            dump(table),
            row_id,
        )

    def archive(self, row: TableRow) -> None:
        """Keep the table as it is now as an old version."""
        self._store.execute(
            "INSERT OR REPLACE INTO catalog_table_version VALUES (?, ?, ?)",
            row.id,
            int(row.table["VersionId"]),
            dump(row.table),
        )

    def archived(self, row_id: int) -> list[Document]:
        """The old versions of a table, newest first."""
        rows = self._store.query(
            "SELECT body FROM catalog_table_version WHERE table_id = ? ORDER BY version DESC", row_id
        )
        return [load(row[0]) for row in rows]

    def delete_archived(self, row_id: int, version: int) -> bool:
        """Remove an old version; False when there is none of this number."""
        sql = "DELETE FROM catalog_table_version WHERE table_id = ? AND version = ?"
        return self._store.execute(sql, row_id, version) == 1

    def everywhere(self) -> list[Document]:
        """Every table of every database, by database and name."""
        rows = self._store.query("SELECT body FROM catalog_table ORDER BY database, name")
        return [load(row[0]) for row in rows]

    def delete(self, row_id: int) -> None:
        """Remove a table and its old versions."""
        self._store.execute("DELETE FROM catalog_table_version WHERE table_id = ?", row_id)
        self._store.execute("DELETE FROM catalog_table WHERE id = ?", row_id)
