"""What a classifier tells about one file."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.errors import WorkFailed
from sandbox.glue.crawler.schema import Columns

UNKNOWN = "UNKNOWN"
"""The classification of data that no classifier recognises.
https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html"""


class Unreadable(WorkFailed):
    """An object that cannot be read for what it is: corrupt, or of a format that is not emulated."""


@dataclass(frozen=True)
class Format:
    """What files of one table must have in common."""

    classification: str
    compression: str = "none"
    delimiter: str = ""
    header: bool = False


@dataclass(frozen=True)
class Recognised:
    """A classifier's answer: the format, the columns, the records that were seen and their bytes.

    `complete` tells that every record was counted; else `records` lie in the first `bytes` only.
    """

    format: Format
    columns: Columns
    records: int
    bytes: int
    complete: bool
    quoted: bool = False


@dataclass(frozen=True)
class Text:
    """Decompressed text as it was read: all of the object, or its beginning (`complete` is False)."""

    data: bytes
    complete: bool
    compression: str = "none"
