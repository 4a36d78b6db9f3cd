"""Listings: pages of keys and common prefixes, at a cost that does not depend on the bucket's size.

A walk reads rows in batches and, at the first key of a common prefix, continues behind the prefix: a page
costs at most one seek for each of its items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.s3.entry import COLUMNS, Entry
from sandbox.s3.index import Index

FIRST_BATCH = 64
"""Rows that are read first where a delimiter may skip what follows; each further batch is twice as large."""
_END = b"\xff"
"""Above every UTF-8 text."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk continues: at keys from `key` on, without the key itself when not `inclusive`.

    With `below`, versions of `key` that are older than that sequence come first.
    """

    key: bytes
    inclusive: bool = False
    below: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`last` is the key or common prefix with which a truncated page ends."""

    entries: list[Entry]
    prefixes: list[str]
    last: str
    truncated: bool


Fetch = Callable[[Position, bytes, int], list[Entry]]
"""At most so many rows, from the position up to the key."""


def page(
    fetch: Fetch, prefix: str, delimiter: str, start: Position, limit: int, by_version: bool = False
) -> Page:
    """The next `limit` entries and common prefixes below `prefix` from `start` on."""
    entries: list[Entry] = []
    prefixes: list[str] = []
    position, last = _first(prefix, delimiter, start), ""
    upper = _behind(prefix)
    batch = min(FIRST_BATCH, limit + 1) if delimiter else limit + 1
    while limit:
        rows = fetch(position, upper, batch)
        for entry in rows:
            if len(entries) + len(prefixes) == limit:
                return Page(entries, prefixes, last, truncated=True)
            common = _common_prefix(entry.key, prefix, delimiter)
            if common:
                prefixes.append(common)
                last, position, batch = common, Position(_behind(common), inclusive=True), FIRST_BATCH
                break
            entries.append(entry)
            last = entry.key
            position = Position(entry.key.encode(), below=entry.sequence if by_version else None)
        else:
            if len(rows) < batch:
                break
            batch = min(batch * 2, limit + 1)
    return Page(entries, prefixes, last, truncated=False)


def _first(prefix: str, delimiter: str, start: Position) -> Position:
    """Behind the marker; behind its whole common prefix, which was listed before."""
    low = prefix.encode()
    if start.key < low:
        return Position(low, inclusive=True)
    common = _common_prefix(start.key.decode(errors="surrogateescape"), prefix, delimiter)
    return Position(_behind(common), inclusive=True) if common and start.below is None else start


def _common_prefix(key: str, prefix: str, delimiter: str) -> str:
    if not delimiter or not key.startswith(prefix):
        return ""
    found = key.find(delimiter, len(prefix))
    return "" if found < 0 else key[: found + len(delimiter)]


def _behind(prefix: str) -> bytes:
    """The least bytes above every key that begins with `prefix`; no byte of UTF-8 is 255."""
    encoded = prefix.encode()
    return encoded[:-1] + bytes([encoded[-1] + 1]) if encoded else _END


def objects(index: Index, bucket: str) -> Fetch:
    """The live objects of a bucket."""
    index.bucket(bucket)

    def fetch(position: Position, upper: bytes, limit: int) -> list[Entry]:
        above = ">=" if position.inclusive else ">"
        rows = index.database.query(
            f"SELECT {_LISTED} FROM object WHERE bucket = ? AND key {above} CAST(? AS TEXT)"
            " AND key < CAST(? AS TEXT) ORDER BY key LIMIT ?",
            bucket,
            position.key,
            upper,
            limit,
        )
        return [Entry(*row) for row in rows]

    return fetch


def versions(index: Index, bucket: str) -> Fetch:
    """All versions and delete markers of a bucket, those of a key from new to old."""
    index.bucket(bucket)

    def fetch(position: Position, upper: bytes, limit: int) -> list[Entry]:
        above = ">=" if position.inclusive or position.below is not None else ">"
        tables = " UNION ALL ".join(
            f"SELECT * FROM (SELECT {_LISTED} FROM {table} WHERE bucket = ?1 AND key {above} CAST(?2 AS TEXT)"
            " AND key < CAST(?3 AS TEXT) AND (key > CAST(?2 AS TEXT) OR sequence < ?4)"
            " ORDER BY key, sequence DESC LIMIT ?5)"
            for table in ("object", "version")
        )
        below = _HIGHEST if position.below is None else position.below
        rows = index.database.query(
            f"SELECT * FROM ({tables}) ORDER BY key, sequence DESC LIMIT ?5",
            bucket,
            position.key,
            upper,
            below,
            limit,
        )
        return [Entry(*row) for row in rows]

    return fetch


_HIGHEST = (1 << 63) - 1
_LISTED = COLUMNS.replace("tags, parts, content", "'', '', ''")
"""What a listing tells; the long columns are not read."""
