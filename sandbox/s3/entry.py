"""What the index knows of an object, a bucket and an upload: values, and their rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.s3.blobs import Content, decode, encode
from sandbox.s3.checksums import Checksum

NULL = "null"
"""The version of an object that was written without versioning."""
COLUMNS = "key, sequence, version, size, etag, modified, checksum, headers, tags, parts, content"
MARKER = -1
"""The size that a delete marker has in its row."""


class Versioning(StrEnum):
    """The state of a bucket; as AWS has it, there is no way back to OFF."""

    OFF = ""
    ENABLED = "Enabled"
    SUSPENDED = "Suspended"


@dataclass(frozen=True, slots=True)
class Bucket:
    """`created` is in seconds since the epoch."""

    name: str
    created: float
    region: str
    versioning: Versioning = Versioning.OFF


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a multipart upload. `checksum` is absent in none: S3 computes one for every part."""

    number: int
    size: int
    etag: str
    modified: float
    checksum: Checksum
    content: Content


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that was begun. `headers`, `tags` become the object's."""

    id: str
    bucket: str
    key: str
    initiated: float
    headers: dict[str, str]
    tags: str
    checksum: str
    """`CRC32/COMPOSITE` where the client chose; else empty."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of an object, or a delete marker.

    `modified` is in seconds since the epoch, `etag` without quotes; a higher `sequence` is newer. `headers`
    are the system headers and metadata that come back with the object, `tags` is JSON, `parts` JSON of
    number, size and checksum of each part it was uploaded in.
    """

    key: str
    sequence: int
    version: str
    size: int
    etag: str
    modified: float
    checksum: str
    headers: str
    tags: str
    parts: str
    content: str

    @property
    def is_marker(self) -> bool:
        """Whether it says that the object is deleted."""
        return self.size == MARKER

    @property
    def segments(self) -> Content:
        """Where its bytes are."""
        return decode(self.content)

    @property
    def kept_headers(self) -> dict[str, str]:
        """The headers that come back with it."""
        found: dict[str, str] = json.loads(self.headers)
        return found

    @property
    def row(self) -> tuple[Any, ...]:
        """In the order of `COLUMNS`."""
        return (
            self.key,
            self.sequence,
            self.version,
            self.size,
            self.etag,
            self.modified,
            self.checksum,
            self.headers,
            self.tags,
            self.parts,
            self.content,
        )


def delete_marker(key: str, sequence: int, version: str, now: float) -> Entry:
    """The marker that a delete leaves where versions are kept."""
    return Entry(key, sequence, version, MARKER, "", now, "", "{}", "", "", "")


def part_of_row(row: tuple[Any, ...]) -> Part:
    """A part from its row."""
    number, size, etag, modified, checksum, content = row
    return Part(number, size, etag, modified, Checksum.parse(checksum), decode(content))


def row_of_part(part: Part) -> tuple[Any, ...]:
    """A part as its row."""
    return (
        part.number,
        part.size,
        part.etag,
        part.modified,
        str(part.checksum),
        encode(part.content),
    )
