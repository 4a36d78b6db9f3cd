"""The rows of partitions.

One row for each partition. Its key is the JSON list of its values: names, filters and pages are read from
the index over (table, key) alone, and only the partitions that are wanted are loaded. Partitions of one
value of the first key lie together there, so a filter that excludes the value goes past all of them at once.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.catalog.expression import Filter
from sandbox.catalog.partition_indexes import PartitionIndexes, key_of, skip_scan
from sandbox.catalog.rows import Document, already_exists, dump, invalid, load
from sandbox.errors import AwsError
from sandbox.store import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS catalog_partition (
    id INTEGER PRIMARY KEY,
    table_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (table_id, key)
);
"""
_SCAN = 2000
_LOAD = 500


@dataclass(frozen=True)
class Segment:
    """A non-overlapping part of a table's partitions: number `number` (from 0) of `total`."""

    number: int
    total: int

    def holds(self, key: str) -> bool:
        """Whether the partition of this key lies in the segment."""
        return zlib.crc32(key.encode()) % self.total == self.number


WHOLE = Segment(0, 1)


def partition_not_found() -> AwsError:
    """Glue's answer for a partition that is not there."""
    return AwsError("EntityNotFoundException", "Cannot find partition.")


class Partitions:
    """The partitions of every table, by the table's number and their values."""

    def __init__(self, store: Database) -> None:
        self._store = store
        store.create(_SCHEMA)
        self.indexes = PartitionIndexes(store)

    def insert(self, table_id: int, partition: Document) -> None:
        """Add a partition. Raises AlreadyExistsException."""
        changed = self._store.execute(
            "INSERT OR IGNORE INTO catalog_partition (table_id, key, body) VALUES (?, ?, ?)",
            table_id,
            key_of(partition["Values"]),
            dump(partition),
        )
        if not changed:
            raise already_exists("Partition")
        self.indexes.add(table_id, partition["Values"])

    def get(self, table_id: int, values: Sequence[str]) -> Document:
        """The partition of these values. Raises EntityNotFoundException."""
        found = self._load(table_id, [key_of(values)])
        if not found:
            raise partition_not_found()
        return found[0]

    def replace(self, table_id: int, values: Sequence[str], partition: Document) -> None:
        """Write a partition anew, also under other values. Raises AlreadyExistsException."""
        old, new = key_of(values), key_of(partition["Values"])
        if new != old and self._load(table_id, [new]):
            raise already_exists("Partition")
        self._store.execute(
            "UPDATE catalog_partition SET key = ?, body = ? WHERE table_id = ? AND key = ?",
            new,
            dump(partition),
            table_id,
            old,
        )
        if new != old:
            self.indexes.remove(table_id, values)
            self.indexes.add(table_id, partition["Values"])

    def delete(self, table_id: int, values: Sequence[str]) -> None:
        """Remove a partition. Raises EntityNotFoundException."""
        if not self._store.execute(
            "DELETE FROM catalog_partition WHERE table_id = ? AND key = ?", table_id, key_of(values)
        ):
            raise partition_not_found()
        self.indexes.remove(table_id, values)

    def delete_all(self, table_id: int) -> None:
        """Remove every partition of a table, and its indexes."""
        self.indexes.drop_all(table_id)
        self._store.execute("DELETE FROM catalog_partition WHERE table_id = ?", table_id)

    def values(self, table_id: int, wanted: Filter | None = None) -> list[list[str]]:
        """The values of a table's partitions in the order of their keys, of all or of the wanted ones."""
        return [values for _, values in self._scan(table_id, "", wanted)]

    def page(
        self,
        table_id: int,
        wanted: Filter | None,
        after: str = "",
        limit: int | None = None,
        segment: Segment = WHOLE,
    ) -> tuple[list[Document], str | None]:
        """Up to `limit` wanted partitions whose key is above `after`, and the last key when more follow."""
        keys: list[str] = []
        for key, _ in self._scan(table_id, after, wanted):
            if not segment.holds(key):
                continue
            if len(keys) == limit:
                return self._load(table_id, keys), keys[-1]
            keys.append(key)
        return self._load(table_id, keys), None

    def _scan(self, table_id: int, after: str, wanted: Filter | None) -> Iterator[tuple[str, list[str]]]:
        if wanted is not None and wanted.names(0):
            yield from skip_scan(lambda last, limit: self._keys(table_id, last, limit), after, wanted)
            return
        if wanted is not None and (index := self.indexes.serving(table_id, wanted)):
            found = sorted((key_of(values), values) for values in self.indexes.scan(index, wanted))
            yield from ((key, values) for key, values in found if key > after)
            return
        while keys := self._keys(table_id, after, _SCAN):
            for key in keys:
                values = json.loads(key)
                if wanted is None or wanted(values):
                    yield key, values
            after = keys[-1]

    def _keys(self, table_id: int, after: str, limit: int) -> list[str]:
        rows = self._store.query(
            "SELECT key FROM catalog_partition WHERE table_id = ? AND key > ? ORDER BY key LIMIT ?",
            table_id,
            after,
            limit,
        )
        return [row[0] for row in rows]

    def _load(self, table_id: int, keys: list[str]) -> list[Document]:
        documents = []
        for start in range(0, len(keys), _LOAD):
            batch = keys[start : start + _LOAD]
            marks = ", ".join("?" * len(batch))
            rows = self._store.query(
                f"SELECT body FROM catalog_partition WHERE table_id = ? AND key IN ({marks}) ORDER BY key",
                table_id,
                *batch,
            )
            documents += [load(row[0]) for row in rows]
        return documents


def check_values(keys: Sequence[object], values: Sequence[str]) -> None:
    """A partition has one value for each key. Raises InvalidInputException."""
    if len(keys) != len(values):
        raise invalid("The number of partition keys do not match the number of partition values")
