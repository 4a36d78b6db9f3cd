"""The rows of user-defined functions."""

from __future__ import annotations

from sandbox.catalog.rows import Document, already_exists, dump, load, not_found
from sandbox.store import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS catalog_function (
    database TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (database, name)
) WITHOUT ROWID;
"""


class Functions:
    """The user-defined functions of the catalog, by lower-case database and name."""

    def __init__(self, store: Database) -> None:
        self._store = store
        store.create(_SCHEMA)

    def insert(self, function: Document) -> None:
        """Add a function. Raises AlreadyExistsException."""
        changed = self._store.execute(
            "INSERT OR IGNORE INTO catalog_function VALUES (?, ?, ?)",
            function["DatabaseName"],
            function["FunctionName"],
            dump(function),
        )
        if not changed:
            raise already_exists("Function")

    def get(self, database: str, name: str) -> Document:
        """The function of this name. Raises EntityNotFoundException."""
        rows = self._store.query(
            "SELECT body FROM catalog_function WHERE database = ? AND name = ?", database, name
        )
        if not rows:
            raise not_found("Function", name)
        return load(rows[0][0])

    def all(self, database: str | None) -> list[Document]:
        """The functions of one database or of all, by database and name."""
        rows = self._store.query(
            "SELECT body FROM catalog_function WHERE ? IS NULL OR database = ? ORDER BY database, name",
            database,
            database,
        )
        return [load(row[0]) for row in rows]

    def delete(self, database: str, name: str) -> None:
        """Remove a function. Raises EntityNotFoundException."""
        if not self._store.execute(
            "DELETE FROM catalog_function WHERE database = ? AND name = ?", database, name
        ):
            raise not_found("Function", name)

    def delete_all(self, database: str) -> None:
        """Remove every function of a database."""
        self._store.execute("DELETE FROM catalog_function WHERE database = ?", database)
