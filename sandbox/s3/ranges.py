"""Byte ranges of a read.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

import json
import re

from sandbox.errors import AwsError
from sandbox.s3 import faults
from sandbox.s3.entry import Entry

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")
_COPY_RANGE = re.compile(r"^bytes=(\d+)-(\d+)$")


def of_header(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and length that a Range header asks for; None for the whole object.

    Several ranges, or none that can be read, mean the whole object. Raises `InvalidRange`.
    """
    found = _RANGE.match(header.replace(" ", "")) if header else None
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        if length == 0:
            raise faults.invalid_range()
        return size - length, length
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return None
    if first >= size:
        raise faults.invalid_range()
    return first, last - first + 1


def of_part(entry: Entry, text: str) -> tuple[int, int, int]:
    """First byte and length of a part, and how many there are; an object put whole is its own part 1."""
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise faults.invalid_argument("Part number must be an integer between 1 and 10000, inclusive")
    sizes = [part[1] for part in json.loads(entry.parts)] if entry.parts else [entry.size]
    number = int(text)
    if number > len(sizes):
        raise AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
    return sum(sizes[: number - 1]), sizes[number - 1], len(sizes) if entry.parts else 0


def of_copy(header: str | None, size: int) -> tuple[int, int]:
    """First byte and length of a part that is copied; the range must lie inside the source."""
    if header is None:
        return 0, size
    found = _COPY_RANGE.match(header)
    if not found or int(found[2]) < int(found[1]):
        message = (
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are "
            "the zero-based offsets of the first and last bytes to copy"
        )
        raise faults.invalid_argument(message)
    first, last = int(found[1]), int(found[2])
    if last >= size:
        raise faults.invalid_argument(f"Range specified is not valid for source object of size: {size}")
    return first, last - first + 1
