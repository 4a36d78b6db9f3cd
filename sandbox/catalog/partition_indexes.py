"""Partition indexes: the keys of a table's partitions in another order, and the scan that makes use of one.

An index holds each partition's values with those of its own keys first, so that the partitions of one value
of its first key lie together; a filter that excludes the value goes past all of them at once.

Source: https://docs.aws.amazon.com/glue/latest/dg/partition-indexes.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sandbox.catalog.expression import Filter
from sandbox.catalog.rows import already_exists
from sandbox.errors import AwsError
from sandbox.store import Database

MOST = 3
"""Indexes of one table."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS catalog_partition_index (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    table_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    places TEXT NOT NULL,
    UNIQUE (table_id, name)
);
CREATE TABLE IF NOT EXISTS catalog_partition_entry (
    index_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (index_id, key)
) WITHOUT ROWID;
"""
_PEEK, _MOST_ROWS = 4, 2000
"""Rows that are read where a whole value may have to be passed over, and where none is."""
_FIRST = re.compile(r'\["(?:[^"\\]|\\.)*"')
"""The part of a key that all partitions with its first value have in common."""
_BEHIND = "\U0010ffff"

Source = Callable[[str, int], list[str]]
"""Up to so many keys that lie above a key, in order."""


def key_of(values: Sequence[str]) -> str:
    """The key under which a partition of these values is stored."""
    return json.dumps(list(values), ensure_ascii=False)


@dataclass(frozen=True)
class PartitionIndex:
    """An index: the places of its keys among the table's, then those of the other keys."""

    id: int
    name: str
    places: tuple[int, ...]

    def entry(self, values: Sequence[str]) -> str:
        """A partition's key in the index."""
        return key_of([values[place] for place in self._order(len(values))])

    def values(self, entry: Sequence[str]) -> list[str]:
        """A partition's values in the table's order."""
        back = sorted(zip(self._order(len(entry)), entry, strict=True))
        return [value for _, value in back]

    def _order(self, count: int) -> list[int]:
        return [*self.places, *(place for place in range(count) if place not in self.places)]


class PartitionIndexes:
    """The partition indexes of every table, by the table's number."""

    def __init__(self, store: Database) -> None:
        self._store = store
        store.create(_SCHEMA)

    def of(self, table_id: int) -> list[PartitionIndex]:
        """The indexes of a table, oldest first."""
        rows = self._store.query(
            "SELECT id, name, places FROM catalog_partition_index WHERE table_id = ? ORDER BY id", table_id
        )
        return [PartitionIndex(id, name, tuple(json.loads(places))) for id, name, places in rows]

    def create(
        self, table_id: int, name: str, places: Sequence[int], values: Sequence[Sequence[str]]
    ) -> None:
        """Add an index with an entry for each of the table's partitions.

        Raises AlreadyExistsException and ResourceNumberLimitExceededException.
        """
        present = self.of(table_id)
        if any(each.name == name or each.places == tuple(places) for each in present):
            raise already_exists("Partition index")
        if len(present) >= MOST:
            raise AwsError(
                "ResourceNumberLimitExceededException", f"A table can have {MOST} partition indexes."
            )
        self._store.execute(
            "INSERT INTO catalog_partition_index (table_id, name, places) VALUES (?, ?, ?)",
            table_id,
            name,
            json.dumps(list(places)),
        )
        index = self.of(table_id)[-1]
        for each in values:
            self._insert(index, each)

    def delete(self, table_id: int, name: str) -> None:
        """Remove an index. Raises EntityNotFoundException."""
        index = next((each for each in self.of(table_id) if each.name == name), None)
        if index is None:
            raise AwsError("EntityNotFoundException", f"Partition index {name} not found.")
        self._drop(index)

    def drop_all(self, table_id: int) -> None:
        """Remove every index of a table."""
        for each in self.of(table_id):
            self._drop(each)

    def add(self, table_id: int, values: Sequence[str]) -> None:
        """Enter a partition in the table's indexes."""
        for index in self.of(table_id):
            self._insert(index, values)

    def remove(self, table_id: int, values: Sequence[str]) -> None:
        """Take a partition out of the table's indexes."""
        for index in self.of(table_id):
            sql = "DELETE FROM catalog_partition_entry WHERE index_id = ? AND key = ?"
            self._store.execute(sql, index.id, index.entry(values))

    def serving(self, table_id: int, wanted: Filter) -> PartitionIndex | None:
        """An index whose first key decides on its own what the filter can select."""
        return next((each for each in self.of(table_id) if wanted.names(each.places[0])), None)

    def scan(self, index: PartitionIndex, wanted: Filter) -> Iterator[list[str]]:
        """The values of the partitions that the filter selects, in the order of the index."""

        def keys(after: str, limit: int) -> list[str]:
            rows = self._store.query(
                "SELECT key FROM catalog_partition_entry WHERE index_id = ? AND key > ? ORDER BY key LIMIT ?",
                index.id,
                after,
                limit,
            )
            return [row[0] for row in rows]

        return (values for _, values in skip_scan(keys, "", wanted, index.places[0], index.values))

    def _insert(self, index: PartitionIndex, values: Sequence[str]) -> None:
        self._store.execute(
            "INSERT OR IGNORE INTO catalog_partition_entry VALUES (?, ?)", index.id, index.entry(values)
        )

    def _drop(self, index: PartitionIndex) -> None:
        self._store.execute("DELETE FROM catalog_partition_entry WHERE index_id = ?", index.id)
        self._store.execute("DELETE FROM catalog_partition_index WHERE id = ?", index.id)


def skip_scan(
    source: Source,
    after: str,
    wanted: Filter,
    place: int = 0,
    values_of: Callable[[Sequence[str]], list[str]] = list,
) -> Iterator[tuple[str, list[str]]]:
    """The keys above `after` that the filter selects, with their values in the table's order.

    `place` is that of the key whose values come first in the source.
    """
    first, possible, size = "", False, _PEEK
    while keys := source(after, size):
        changes = 0
        for key in keys:
            if not (first and key.startswith(first)):
                changes += 1
                first = _first(key)
                possible = wanted.possible(place, json.loads(first + "]")[0])
            if possible and wanted(values := values_of(json.loads(key))):
                yield key, values
        after = keys[-1] if possible else first + _BEHIND
        # Many values in few rows, or rows that may all be wanted: there is nothing to pass over.
        size = min(size * 2, _MOST_ROWS) if possible or changes > len(keys) // 2 else _PEEK


def _first(key: str) -> str:
    match = _FIRST.match(key)
    return match.group() if match else key
