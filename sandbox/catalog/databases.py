"""The rows of databases."""

from __future__ import annotations

from sandbox.catalog.rows import Document, already_exists, dump, load, not_found
from sandbox.store import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS catalog_database (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;
"""


class Databases:
    """The databases of the catalog, by lower-case name."""

    def __init__(self, store: Database) -> None:
        self._store = store
        store.create(_SCHEMA)

    def insert(self, document: Document) -> None:
        """Add a database. Raises AlreadyExistsException."""
        changed = self._store.execute(
            "INSERT OR IGNORE INTO catalog_database VALUES (?, ?)", document["Name"], dump(document)
        )
        if not changed:
            raise already_exists("Database")

    def get(self, name: str) -> Document:
        """The database of this name. Raises EntityNotFoundException."""
        rows = self._store.query("SELECT body FROM catalog_database WHERE name = ?", name)
        if not rows:
            raise not_found("Database", name)
        return load(rows[0][0])

    def all(self) -> list[Document]:
        """Every database, by name."""
        rows = self._store.query("SELECT body FROM catalog_database ORDER BY name")
        return [load(row[0]) for row in rows]

    def replace(self, document: Document) -> None:
        """Write an existing database anew."""
        self._store.execute(
            "UPDATE catalog_database SET body = ? WHERE name = ?", dump(document), document["Name"]
        )

    def delete(self, name: str) -> None:
        """Remove a database. Raises EntityNotFoundException."""
        if not self._store.execute("DELETE FROM catalog_database WHERE name = ?", name):
            raise not_found("Database", name)
