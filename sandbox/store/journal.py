"""What happened, in order: an append-only log that `sandbox events` prints and tests replay."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.store.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    subject TEXT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class Event:
    """One line of the journal. `at` is in seconds since the epoch, `subject` the id of what changed."""

    seq: int
    at: float
    subject: str
    event: str
    detail: dict[str, Any]


class Journal:
    """The journal of one sandbox."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(_SCHEMA)

    def append(self, at: float, subject: str, event: str, **detail: object) -> None:
        """Write one event; it is committed when this returns, or with the transaction around it."""
        self._database.execute(
            "INSERT INTO journal (at, subject, event, detail) VALUES (?, ?, ?, ?)",
            at,
            subject,
            event,
            json.dumps(detail),
        )

    def since(self, seq: int = 0, subject: str | None = None) -> list[Event]:
        """The events after number `seq`, oldest first, of one subject or of all."""
        rows = self._database.query(
            "SELECT seq, at, subject, event, detail FROM journal"
            " WHERE seq > ? AND (? IS NULL OR subject = ?) ORDER BY seq",
            seq,
            subject,
            subject,
        )
        return [Event(seq, at, who, event, json.loads(detail)) for seq, at, who, event, detail in rows]
