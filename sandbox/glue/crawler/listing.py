"""What lies under an include path: the objects that a crawler looks at.

https://docs.aws.amazon.com/glue/latest/dg/define-crawler.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.s3.location import Location

FOLDER_MARKER = "_$folder$"


@dataclass(frozen=True)
class Object:
    """An object of S3; `size` in bytes."""

    bucket: str
    key: str
    size: int

    @property
    def uri(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Target:
    """An S3 target: where to look, what to leave out, and how many files of a folder to read (None: all)."""

    path: str
    exclusions: tuple[str, ...] = ()
    sample_size: int | None = None

    @property
    def location(self) -> Location:
        """The include path; `s3://` may be left out, as in Glue."""
        return Location.parse(self.path if "://" in self.path else f"s3://{self.path}")


@dataclass(frozen=True)
class Listing:
    """The objects of a target in the order of their keys. `root` is the folder's key, "" for a bucket.

    `single` tells that the include path is an object itself.
    """

    bucket: str
    root: str
    objects: tuple[Object, ...]
    single: bool = False


def list_target(s3: Any, target: Target) -> Listing:
    """The data objects of a target. Raises botocore's ClientError, NoSuchBucket for a missing bucket."""
    location = target.location
    root = location.key.rstrip("/")
    excluded = [exclusion(pattern) for pattern in target.exclusions]
    found = list(_under(s3, location.bucket, root))
    if root and not location.key.endswith("/"):
        exact = tuple(each for each in found if each.key == root and each.size)
        if exact:
            return Listing(location.bucket, root.rpartition("/")[0], exact, single=True)
    folder = f"{root}/" if root else ""
    objects = (each for each in found if each.key.startswith(folder))
    return Listing(
        location.bucket, root, tuple(each for each in objects if is_data(each, len(folder), excluded))
    )


def is_data(each: Object, skip: int, excluded: Sequence[re.Pattern[str]]) -> bool:
    """Whether an object holds rows: folder markers, empty and hidden files are left out.

    `skip` is the length of the include path; a component below it that begins with `_` or `.` is hidden.
    """
    below = each.key[skip:]
    if not each.size or below.endswith(("/", FOLDER_MARKER)):
        return False
    if any(part.startswith(("_", ".")) for part in below.split("/")):
        return False
    return not any(pattern.fullmatch(below) for pattern in excluded)


def exclusion(pattern: str) -> re.Pattern[str]:
    """Glue's glob as a regular expression over the key below the include path. Raises re.error."""
    return re.compile(_translate(pattern), re.DOTALL)


def _translate(pattern: str) -> str:
    out: list[str] = []
    grouped = False
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        match char:
            case "*" if pattern.startswith("*", position):
                position += 1
                out.append(".*")
            case "*":
                out.append("[^/]*")
            case "?":
                out.append("[^/]")
            case "[":
                end = _bracket_end(pattern, position)
                out.append(_bracket(pattern[position:end]))
                position = end + 1
            case "{" if not grouped:
                grouped = True
                out.append("(?:")
            case "}" if grouped:
                grouped = False
                out.append(")")
            case "," if grouped:
                out.append("|")
            case "\\" if position < len(pattern):
                out.append(re.escape(pattern[position]))
                position += 1
            case _:
                out.append(re.escape(char))
    return "".join(out)


def _bracket_end(pattern: str, start: int) -> int:
    end = pattern.find("]", start)
    if end < 0:
        raise re.error(f"no ] ends the bracket expression in {pattern!r}")
    return end


def _bracket(body: str) -> str:
    negated = body.startswith("!")
    inside = body[1:] if negated else body
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside)
    # A bracket never stands for the slash, which ends a folder's name.
    return f"(?!/)[{'^' if negated else ''}{escaped}]"


def _under(s3: Any, bucket: str, prefix: str) -> Iterator[Object]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", []):
            yield Object(bucket, entry["Key"], entry["Size"])
