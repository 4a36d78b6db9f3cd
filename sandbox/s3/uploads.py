"""Multipart uploads in the index: begun, with their parts, until they are completed or aborted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from sandbox.s3 import faults
from sandbox.s3.entry import Entry, Part, Upload, part_of_row, row_of_part
from sandbox.s3.index import Check, Index

ABANDONED_AFTER = 24 * 3600.0
"""Seconds after which an upload that is neither completed nor aborted is collected at start."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS upload (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, initiated REAL NOT NULL,
    headers TEXT NOT NULL, tags TEXT NOT NULL, checksum TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS upload_key ON upload (bucket, key, id);
CREATE TABLE IF NOT EXISTS part (
    upload TEXT NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified REAL NOT NULL, checksum TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (upload, number)
) WITHOUT ROWID;
"""
_UPLOAD = "id, bucket, key, initiated, headers, tags, checksum"
_PART = "number, size, etag, modified, checksum, content"


class Uploads:
    """The uploads in the same database as `index`."""

    def __init__(self, index: Index) -> None:
        index.database.create(_SCHEMA)
        self._index = index
        self._database = index.database

    def begin(self, upload: Upload) -> None:
        """Keep a new one."""
        self._index.bucket(upload.bucket)
        self._database.execute(
            "INSERT INTO upload VALUES (?, ?, ?, ?, ?, ?, ?)",
            upload.id,
            upload.bucket,
            upload.key,
            upload.initiated,
            json.dumps(upload.headers),
            upload.tags,
            upload.checksum,
        )

    def get(self, bucket: str, key: str, id: str) -> Upload:
        """`NoSuchUpload` when there is none of that id for that key."""
        self._index.bucket(bucket)
        rows = self._database.query(
            f"SELECT {_UPLOAD} FROM upload WHERE id = ? AND bucket = ? AND key = ?", id, bucket, key
        )
        if not rows:
            raise faults.no_such_upload()
        return _upload(rows[0])

    def put_part(self, upload: Upload, part: Part, source: Callable[[], None] | None = None) -> None:
        """Add or replace a part.

        `source` is for a part whose blobs are another object's: it raises when that is gone meanwhile.
        """
        with self._index.change():
            self.get(upload.bucket, upload.key, upload.id)
            if source:
                source()
                self._index.share(part.content)
            for former in self.parts(upload.id, part.number - 1, 1):
                if former.number == part.number:
                    self._index.release(former.content)
            self._database.execute(
                "INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?, ?)", upload.id, *row_of_part(part)
            )

    def parts(self, id: str, after: int = 0, limit: int = 10_000) -> list[Part]:
        """The parts with a number above `after`, in order."""
        rows = self._database.query(
            f"SELECT {_PART} FROM part WHERE upload = ? AND number > ? ORDER BY number LIMIT ?",
            id,
            after,
            limit,
        )
        return [part_of_row(row) for row in rows]

    def complete(self, upload: Upload, chosen: Iterable[int], entry: Entry, check: Check) -> Entry:
        """Make the object of the chosen parts, whose blobs become its own, and end the upload."""
        with self._index.change():
            self.get(upload.bucket, upload.key, upload.id)
            numbers = set(chosen)
            made = self._index.put(upload.bucket, entry, check)
            for part in self.parts(upload.id):
                if part.number not in numbers:
                    self._index.release(part.content)
            self._end(upload.id)
            return made

    def abort(self, upload: Upload) -> None:
        """Drop the upload and its parts."""
        with self._index.change():
            self.get(upload.bucket, upload.key, upload.id)
            for part in self.parts(upload.id):
                self._index.release(part.content)
            self._end(upload.id)

    def _end(self, id: str) -> None:
        self._database.execute("DELETE FROM part WHERE upload = ?", id)
        self._database.execute("DELETE FROM upload WHERE id = ?", id)

    def list(self, bucket: str) -> list[Upload]:
        """All of a bucket, by key and then by id, which grows with time."""
        self._index.bucket(bucket)
        rows = self._database.query(f"SELECT {_UPLOAD} FROM upload WHERE bucket = ? ORDER BY key, id", bucket)
        return [_upload(row) for row in rows]

    def abort_abandoned(self, now: float) -> None:
        """Drop what was begun more than `ABANDONED_AFTER` ago, and what is of a bucket that is gone."""
        rows = self._database.query(
            f"SELECT {_UPLOAD} FROM upload WHERE initiated < ? OR bucket NOT IN (SELECT name FROM bucket)",
            now - ABANDONED_AFTER,
        )
        for row in rows:
            with self._index.change():
                for part in self.parts(row[0]):
                    self._index.release(part.content)
                self._end(row[0])


def _upload(row: tuple[str, str, str, float, str, str, str]) -> Upload:
    id, bucket, key, initiated, headers, tags, checksum = row
    return Upload(id, bucket, key, initiated, json.loads(headers), tags, checksum)
