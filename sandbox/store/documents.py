"""JSON documents by kind and id, in the order in which they were created."""

from __future__ import annotations

import json
from typing import Any

from sandbox.store.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
"""


class Documents:
    """The documents of one kind (`cluster`, `crawler`, `job`, ...)."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database = database
        self._kind = kind
        database.create(_SCHEMA)

    def get(self, id: str) -> dict[str, Any] | None:
        """The document with this id, or None."""
        rows = self._database.query("SELECT body FROM document WHERE kind = ? AND id = ?", self._kind, id)
        return json.loads(rows[0][0]) if rows else None

    def put(self, id: str, body: dict[str, Any]) -> None:
        """Create or replace; a replaced document keeps its place in the order."""
        self._database.execute(
            "INSERT INTO document (kind, id, body) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            self._kind,
            id,
            json.dumps(body),
        )

    def add(self, id: str, body: dict[str, Any]) -> bool:
        """Create; False, and nothing changed, when the id is taken."""
        changed = self._database.execute(
            "INSERT OR IGNORE INTO document (kind, id, body) VALUES (?, ?, ?)",
            self._kind,
            id,
            json.dumps(body),
        )
        return changed == 1

    def delete(self, id: str) -> bool:
        """Delete; False when there was none."""
        return self._database.execute("DELETE FROM document WHERE kind = ? AND id = ?", self._kind, id) == 1

    def all(self) -> list[dict[str, Any]]:
        """Every document of the kind, oldest first."""
        rows = self._database.query("SELECT body FROM document WHERE kind = ? ORDER BY seq", self._kind)
        return [json.loads(row[0]) for row in rows]
