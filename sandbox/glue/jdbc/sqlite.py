"""SQLite files, read by the standard library."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sandbox.errors import WorkFailed
from sandbox.glue.jdbc.table import Table, decimal

_DECLARED = re.compile(r"\s*([^(]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\).*)?", re.DOTALL)
_TABLES = """
SELECT name, type = 'view' FROM sqlite_master
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
"""
_COLUMNS = "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid"
_EXACT = {
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INT2": "smallint",
    "BIGINT": "bigint",
    "INT8": "bigint",
    "UNSIGNED BIG INT": "bigint",
    "DATE": "date",
    "DATETIME": "timestamp",
}
_CONTAINED = {
    "BOOL": "boolean",
    "TIMESTAMP": "timestamp",
    "INT": "int",
    "CHAR": "string",
    "CLOB": "string",
    "TEXT": "string",
    "BLOB": "binary",
    "REAL": "double",
    "FLOA": "double",
    "DOUB": "double",
}
"""By the first of these words that a declared type contains, as SQLite itself decides on affinity."""


class _File:
    """An open file."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def tables(self) -> Sequence[Table]:
        """The tables and views; there are no schemas."""
        with _own_words():
            return [
                Table("", name, bool(is_view), self._columns(name))
                for name, is_view in self._database.execute(_TABLES).fetchall()
            ]

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _columns(self, table: str) -> tuple[tuple[str, str], ...]:
        with closing(self._database.execute(_COLUMNS, (table,))) as rows:
            return tuple((name, hive_type(declared)) for name, declared in rows)


def connect(path: str) -> _File:
    """Open a file for reading, and read from it. Raises WorkFailed with SQLite's own words."""
    with _own_words():
        database = sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True, check_same_thread=False)
        try:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error:
            database.close()
            raise
    return _File(database)


def hive_type(declared: str) -> str:
    """The type of a column, by the type that its table declares; without one it is a string."""
    parts = _DECLARED.fullmatch(declared)
    name = (parts[1] if parts else declared).upper()
    if parts and name in ("DECIMAL", "NUMERIC"):
        return decimal(int(parts[2]) if parts[2] else None, int(parts[3]) if parts[3] else None)
    if name in _EXACT:
        return _EXACT[name]
    return next((kind for word, kind in _CONTAINED.items() if word in name), "string")


@contextmanager
def _own_words() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError) as fault:
        raise WorkFailed(f"{type(fault).__name__}: {fault}") from fault
