"""One SQLite file in WAL mode, shared by the threads of one process.

Every write is committed before the call returns, so an effect that starts afterwards can be explained
after a crash. One connection behind one lock: the control plane's statements take microseconds, and a
single writer makes transactions simple to reason about.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.errors import MachineError

Row = tuple[Any, ...]


class Database:
    """An SQLite database. `path` may be `:memory:` for tests."""

    def __init__(self, path: Path | str) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def create(self, schema: str) -> None:
        """Execute `schema`, a script of idempotent CREATE statements."""
        with self._lock:
            self._connection.executescript(schema)

    def query(self, sql: str, *parameters: object) -> list[Row]:
        """All rows of one statement."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def execute(self, sql: str, *parameters: object) -> int:
        """Execute one statement; returns the number of rows that it changed."""
        with self._lock, _full_disk_is_told():
            return self._connection.execute(sql, parameters).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside are committed together, or none when an exception leaves the block.

        May be nested: the outermost block decides.
        """
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                # SQLite itself rolls back when the disk is full.
                if self._depth == 0 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                with _full_disk_is_told():
                    self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; the database cannot be used afterwards."""
        with self._lock:
            self._connection.close()


@contextmanager
def _full_disk_is_told() -> Iterator[None]:
    """A write for which there is no room becomes a `MachineError`; nothing of it was stored."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise MachineError(
            "The disk is full: the sandbox cannot store its state", "free some space below the state folder"
        ) from error
