"""Collects what a crash left behind: blobs that nothing names, uploads that nobody will complete.

It runs beside the store. A blob of an earlier run that no row names in one snapshot of the index can never
be named again, since only what a row names can be copied; blobs of this run are not looked at.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from sandbox.s3.blobs import Blobs, decode

_RUN = 1 << 32
_TABLES = ("object", "version", "part")


class Marks:
    """A set of blob numbers, which are dense within a run: one bit for each."""

    def __init__(self) -> None:
        self._bits: dict[int, bytearray] = {}

    def add(self, number: int) -> None:
        """Put it in."""
        run, index = divmod(number, _RUN)
        bits = self._bits.setdefault(run, bytearray())
        if index >> 3 >= len(bits):
            bits.extend(bytes((index >> 3) + 4096 - len(bits)))
        bits[index >> 3] |= 1 << (index & 7)

    def __contains__(self, number: int) -> bool:
        run, index = divmod(number, _RUN)
        bits = self._bits.get(run, b"")
        return index >> 3 < len(bits) and bool(bits[index >> 3] & (1 << (index & 7)))


def named(database: Path) -> Marks:
    """The blobs that any row names, in one snapshot."""
    marks = Marks()
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("BEGIN")
        for table in _TABLES:
            for (content,) in connection.execute(f"SELECT content FROM {table}"):
                for segment in decode(content):
                    marks.add(segment.blob)
    finally:
        connection.close()
    return marks


def orphans(folder: Path, marks: Marks, run: int) -> Iterable[int]:
    """Blobs of runs before `run` that are not marked."""
    for path in folder.glob("*/*"):
        if path.name.isdecimal() and int(path.name) // _RUN < run and int(path.name) not in marks:
            yield int(path.name)


def sweep(database: Path, blobs: Blobs, run: int) -> int:
    """Delete the orphans of earlier runs; returns how many they were."""
    found = list(orphans(blobs.folder, named(database), run))
    blobs.discard(found)
    return len(found)
