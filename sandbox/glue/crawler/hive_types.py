"""Types as the catalog spells them, read back, and extended by fields that are new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, repeat

from sandbox.glue.crawler.schema import Array, Map, Struct, Type

_TOKEN = re.compile(
    r"\s*(decimal\s*\([^)]*\)|(?:var)?char\s*\([^)]*\)|uniontype<.*>|`[^`]*`|[^<>,:\s]+|[<>,:])"
)


def extended(old: str, new: str) -> str:
    """The old type with the fields that the new one has besides; the old one when they are not alike."""
    try:
        before, after = parse(old), parse(new)
    except ValueError:
        return old
    together = _extend(before, after)
    return old if together == before else str(together)


def parse(text: str) -> Type:
    """A type as Hive spells it. Raises ValueError for what is none."""
    tokens = chain(_TOKEN.findall(text), repeat(""))
    kind, following = _parse(next(tokens), tokens)
    if following:
        raise ValueError(f"{text!r} is no type")
    return kind


def _parse(token: str, tokens: Iterator[str]) -> tuple[Type, str]:
    """The type that begins with a token, and the token after it."""
    match token:
        case "" | "<" | ">" | "," | ":":
            raise ValueError(f"no type begins with {token!r}")
        case "array":
            _expect("<", next(tokens))
            element, end = _parse(next(tokens), tokens)
            _expect(">", end)
            return Array(element), next(tokens)
        case "map":
            _expect("<", next(tokens))
            key, comma = _parse(next(tokens), tokens)
            _expect(",", comma)
            value, end = _parse(next(tokens), tokens)
            _expect(">", end)
            return Map(key, value), next(tokens)
        case "struct":
            return _parse_struct(tokens), next(tokens)
    return token, next(tokens)


def _parse_struct(tokens: Iterator[str]) -> Struct:
    fields: list[tuple[str, Type]] = []
    _expect("<", next(tokens))
    end = ","
    while end == ",":
        name = next(tokens)
        _expect(":", next(tokens))
        kind, end = _parse(next(tokens), tokens)
        fields.append((name, kind))
    _expect(">", end)
    return Struct(tuple(fields))


def _expect(wanted: str, token: str) -> None:
    if token != wanted:
        raise ValueError(f"{wanted!r} is missing before {token!r}")


def _extend(old: Type, new: Type) -> Type:
    match old, new:
        case Struct(mine), Struct(theirs):
            found = {name.lower(): kind for name, kind in theirs}
            kept = tuple((name, _extend(kind, found.get(name.lower(), kind))) for name, kind in mine)
            names = {name.lower() for name, _ in mine}
            return Struct((*kept, *((name, kind) for name, kind in theirs if name.lower() not in names)))
        case Array(mine), Array(theirs):
            return Array(_extend(mine, theirs))
        case Map(key, mine), Map(_, theirs):
            return Map(key, _extend(mine, theirs))
    return old
