"""Paths to fields, as Glue writes them: `a.b`, with back-ticks around a name that has a dot itself."""

from __future__ import annotations

import re

from awsglue.refusal import not_emulated

_NAME = re.compile(r"`([^`]+)`|([^.`]+)")


def parse_path(path: str) -> tuple[str, ...]:
    """The names along `path`: `a.b` is ("a", "b"), `` `a.b` `` is ("a.b",).

    Raises ValueError for a malformed path, NotImplementedError for a path into the elements of an array.
    """
    names: list[str] = []
    position = 0
    while position < len(path):
        match = _NAME.match(path, position)
        if match is None:
            raise ValueError(f"not a path to a field: {path!r}")
        if match[1] is None and match[2].endswith("[]"):
            raise not_emulated(f"a path into array elements ({path!r})")
        names.append(match[1] or match[2])
        position = match.end()
        if position < len(path):
            if path[position] != "." or position + 1 == len(path):
                raise ValueError(f"not a path to a field: {path!r}")
            position += 1
    if not names:
        raise ValueError("a path to a field must not be empty")
    return tuple(names)


def quote(names: tuple[str, ...]) -> str:
    """The names as one Spark SQL reference."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)
