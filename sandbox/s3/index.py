"""The index of all buckets, objects and versions: what exists is what it says.

One SQLite file. `object` holds the live objects alone, which is what reads and listings need; what is
older, and delete markers, are in `version`. A row is committed before its change is reported. Blobs that
a change leaves unnamed are handed to `discard` after its commit.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sandbox.errors import AwsError
from sandbox.s3 import faults
from sandbox.s3.blobs import Content
from sandbox.s3.entry import COLUMNS, NULL, Bucket, Entry, Versioning, delete_marker
from sandbox.store import Database

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS run (number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS bucket (
    name TEXT PRIMARY KEY, created REAL NOT NULL, region TEXT NOT NULL, versioning TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS configuration (
    bucket TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (bucket, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object (bucket, {COLUMNS}, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS version (
    bucket, {COLUMNS}, PRIMARY KEY (bucket, key, sequence DESC)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shared (blob INTEGER PRIMARY KEY, extra INTEGER NOT NULL);
"""
_RUN = 1 << 32
"""Numbers that one run of the program may give out."""
_MARKS = ", ".join("?" * 12)

Check = Callable[[Entry | None], None]
"""Looks at the object that a write would replace, and raises to prevent it."""


def no_condition(current: Entry | None) -> None:
    """The check of an unconditional write."""


class Index:
    """Buckets, objects, versions and bucket configurations, in `database`."""

    def __init__(self, database: Database, discard: Callable[[Iterable[int]], None]) -> None:
        database.create(_SCHEMA)
        self.database = database
        self._discard = discard
        self._lock = threading.RLock()
        self._depth = 0
        self._freed: list[int] = []
        rows = database.query("SELECT name, created, region, versioning FROM bucket")
        self._buckets = {row[0]: Bucket(row[0], row[1], row[2], Versioning(row[3])) for row in rows}
        self.run = 1 + (database.query("SELECT max(number) FROM run")[0][0] or 0)
        with database.transaction():
            database.execute("DELETE FROM run")
            database.execute("INSERT INTO run VALUES (?)", self.run)
        self._numbers = itertools.count(self.run * _RUN)

    def next_number(self) -> int:
        """A number that no run has given out before; each is higher than the last."""
        return next(self._numbers)

    # --- buckets

    def buckets(self) -> list[Bucket]:
        """All, by name."""
        return [self._buckets[name] for name in sorted(self._buckets)]

    def bucket(self, name: str) -> Bucket:
        """`NoSuchBucket` when there is none of that name."""
        found = self._buckets.get(name)
        if found is None:
            raise faults.no_such_bucket()
        return found

    def add_bucket(self, bucket: Bucket) -> bool:
        """False, and nothing changed, when the name is taken."""
        with self._lock:
            if bucket.name in self._buckets:
                return False
            self.database.execute(
                "INSERT INTO bucket VALUES (?, ?, ?, ?)",
                bucket.name,
                bucket.created,
                bucket.region,
                bucket.versioning,
            )
            self._buckets[bucket.name] = bucket
            return True

    def is_empty(self, name: str) -> bool:
        """Whether a bucket holds neither an object nor a version of one."""
        return not any(
            self.database.query(f"SELECT 1 FROM {table} WHERE bucket = ? LIMIT 1", name)
            for table in ("object", "version")
        )

    def remove_bucket(self, name: str) -> None:
        """`BucketNotEmpty` while it holds an object or a version of one."""
        with self._lock:
            self.bucket(name)
            if not self.is_empty(name):
                raise AwsError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
            with self.database.transaction():
                self.database.execute("DELETE FROM configuration WHERE bucket = ?", name)
                self.database.execute("DELETE FROM bucket WHERE name = ?", name)
            del self._buckets[name]

    def set_versioning(self, name: str, versioning: Versioning) -> None:
        """Enable or suspend."""
        with self._lock:
            changed = replace(self.bucket(name), versioning=versioning)
            self.database.execute("UPDATE bucket SET versioning = ? WHERE name = ?", versioning, name)
            self._buckets[name] = changed

    def configuration(self, bucket: str, name: str) -> bytes | None:
        """What was put under this name; `NoSuchBucket`."""
        self.bucket(bucket)
        return self.kept_configuration(bucket, name)

    def kept_configuration(self, bucket: str, name: str) -> bytes | None:
        """What was put under this name; None also where there is no bucket."""
        rows = self.database.query(
            "SELECT body FROM configuration WHERE bucket = ? AND name = ?", bucket, name
        )
        return rows[0][0] if rows else None

    def set_configuration(self, bucket: str, name: str, body: bytes | None) -> None:
        """Put, or delete with None."""
        with self._lock:
            self.bucket(bucket)
            if body is None:
                self.database.execute("DELETE FROM configuration WHERE bucket = ? AND name = ?", bucket, name)
            else:
                self.database.execute(
                    "INSERT OR REPLACE INTO configuration VALUES (?, ?, ?)", bucket, name, body
                )

    # --- reading

    def current(self, bucket: str, key: str) -> Entry | None:
        """The live object."""
        rows = self.database.query(f"SELECT {COLUMNS} FROM object WHERE bucket = ? AND key = ?", bucket, key)
        return Entry(*rows[0]) if rows else None

    def version(self, bucket: str, key: str, version: str) -> Entry | None:
        """One version, which may be a delete marker."""
        current = self.current(bucket, key)
        if current and current.version == version:
            return current
        rows = self.database.query(
            f"SELECT {COLUMNS} FROM version WHERE bucket = ? AND key = ? AND version = ?",
            bucket,
            key,
            version,
        )
        return Entry(*rows[0]) if rows else None

    def newest_former(self, bucket: str, key: str) -> Entry | None:
        """The newest version that is not the live object: a delete marker where the object is deleted."""
        rows = self.database.query(
            f"SELECT {COLUMNS} FROM version WHERE bucket = ? AND key = ? ORDER BY sequence DESC LIMIT 1",
            bucket,
            key,
        )
        return Entry(*rows[0]) if rows else None

    # --- writing

    @contextmanager
    def change(self) -> Iterator[None]:
        """Everything inside is committed together; what was released inside is discarded afterwards.

        May be nested: the outermost block decides.
        """
        with self._lock:
            if self._depth:
                with self.database.transaction():
                    yield
                return
            self._depth, self._freed = 1, []
            try:
                with self.database.transaction():
                    yield
            finally:
                self._depth = 0
            if self._freed:
                self._discard(self._freed)

    def put(self, bucket: str, entry: Entry, check: Check = no_condition) -> Entry:
        """Make `entry` the live object; returns it with its sequence, which is assigned here.

        `entry.version` is used where versioning is enabled; elsewhere it becomes `null`.
        """
        with self._lock:
            versioning = self.bucket(bucket).versioning
            current = self.current(bucket, entry.key)
            check(current)
            version = entry.version if versioning is Versioning.ENABLED else NULL
            entry = replace(entry, sequence=self.next_number(), version=version)
            if versioning is Versioning.OFF and current is None:
                self._insert("object", bucket, entry)
                return entry
            with self.change():
                self._step_aside(bucket, entry.key, current, versioning)
                self._insert("object", bucket, entry)
            return entry

    def amend(self, bucket: str, entry: Entry) -> None:
        """Change the tags or headers of a version that exists, in place."""
        self.bucket(bucket)
        for table in ("object", "version"):
            self.database.execute(
                f"UPDATE {table} SET tags = ?, headers = ? WHERE bucket = ? AND key = ? AND sequence = ?",
                entry.tags,
                entry.headers,
                bucket,
                entry.key,
                entry.sequence,
            )

    def delete(self, bucket: str, key: str, marker: str, now: float, check: Check) -> Entry | None:
        """Delete the live object; returns the delete marker where versions are kept.

        Within `change`. `marker` is the version that a delete marker gets where versioning is enabled.
        """
        versioning = self.bucket(bucket).versioning
        current = self.current(bucket, key)
        check(current)
        self._step_aside(bucket, key, current, versioning)
        if versioning is Versioning.OFF:
            return None
        version = marker if versioning is Versioning.ENABLED else NULL
        entry = delete_marker(key, self.next_number(), version, now)
        self._insert("version", bucket, entry)
        return entry

    def delete_version(self, bucket: str, key: str, version: str) -> Entry | None:
        """Delete one version for good; the newest that is left becomes the live object. Within `change`."""
        self.bucket(bucket)
        found = self.version(bucket, key, version)
        if found is None:
            return None
        for table in ("object", "version"):
            self._remove(table, bucket, found)
        self.release(found.segments)
        if self.current(bucket, key) is None:
            newest = self.newest_former(bucket, key)
            if newest and not newest.is_marker:
                self._move(bucket, newest, "version", "object")
        return found

    def _step_aside(self, bucket: str, key: str, current: Entry | None, versioning: Versioning) -> None:
        """Make room for a new object or marker: keep what is a version, drop what is not."""
        replaces_null = versioning is Versioning.SUSPENDED
        if current and (versioning is Versioning.OFF or (replaces_null and current.version == NULL)):
            self._remove("object", bucket, current)
            self.release(current.segments)
        elif current:
            self._move(bucket, current, "object", "version")
        former = self.version(bucket, key, NULL) if replaces_null else None
        if former:
            self._remove("version", bucket, former)
            self.release(former.segments)

    def _move(self, bucket: str, entry: Entry, source: str, target: str) -> None:
        self._insert(target, bucket, entry)
        self._remove(source, bucket, entry)

    def _remove(self, table: str, bucket: str, entry: Entry) -> None:
        self.database.execute(
            f"DELETE FROM {table} WHERE bucket = ? AND key = ? AND sequence = ?",
            bucket,
            entry.key,
            entry.sequence,
        )

    def _insert(self, table: str, bucket: str, entry: Entry) -> None:
        self.database.execute(f"INSERT INTO {table} VALUES ({_MARKS})", bucket, *entry.row)

    # --- what names a blob

    def share(self, content: Content) -> None:
        """One more row names every segment of `content`. Within `change`."""
        for each in content:
            self.database.execute(
                "INSERT INTO shared VALUES (?, 1) ON CONFLICT (blob) DO UPDATE SET extra = extra + 1",
                each.blob,
            )

    def release(self, content: Content) -> None:
        """One row less names every segment of `content`. Within `change`, which discards what none names."""
        for each in content:
            rows = self.database.query("SELECT extra FROM shared WHERE blob = ?", each.blob)
            if not rows:
                self._freed.append(each.blob)
            elif rows[0][0] == 1:
                self.database.execute("DELETE FROM shared WHERE blob = ?", each.blob)
            else:
                self.database.execute("UPDATE shared SET extra = extra - 1 WHERE blob = ?", each.blob)
