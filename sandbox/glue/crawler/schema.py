"""Schemas as a crawler infers them, how two of them merge, and when they are similar.

A type is the name of a scalar of Hive (`bigint`), a Struct, an Array or a Map. NULL stands for values that
were never seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NULL = "null"
SIMILARITY = 0.7
"""Schemas are similar when more than this share of their columns agrees, and folders make one table when more
than this share of their schemas is similar."""
MOST_CLUSTERS = 5
"""More different schemas than this in one folder are never one table.
https://repost.aws/knowledge-center/glue-crawler-detect-schema"""

_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}


@dataclass(frozen=True)
class Struct:
    """Named fields in order."""

    fields: tuple[tuple[str, Type], ...]

    def __str__(self) -> str:
        return f"struct<{','.join(f'{name}:{spell(kind)}' for name, kind in self.fields)}>"


@dataclass(frozen=True)
class Array:
    """Elements of one type; where a format writes a single element like a plain value, `loose`."""

    element: Type
    loose: bool = False

    def __str__(self) -> str:
        return f"array<{spell(self.element)}>"


@dataclass(frozen=True)
class Map:
    """Values of one type by keys of another."""

    key: Type
    value: Type

    def __str__(self) -> str:
        return f"map<{spell(self.key)},{spell(self.value)}>"


Type = str | Struct | Array | Map
Columns = tuple[tuple[str, Type], ...]


def spell(kind: Type) -> str:
    """The type as Hive spells it; values that were always null are strings."""
    return "string" if kind == NULL else str(kind)


def merge(left: Type, right: Type) -> Type:
    """The type that holds the values of both; `string` when nothing narrower does."""
    if right in (left, NULL):
        return left
    if left == NULL:
        return right
    match left, right:
        case Struct(fields=mine), Struct(fields=theirs):
            return Struct(merge_columns([mine, theirs]))
        case Array(element=mine, loose=loose), Array(element=theirs):
            return Array(merge(mine, theirs), loose)
        case (Array(element=mine, loose=True), theirs) | (theirs, Array(element=mine, loose=True)):
            return Array(merge(mine, theirs), loose=True)
        case Map(key=mine, value=value), Map(key=theirs, value=other):
            return Map(merge(mine, theirs), merge(value, other))
        case str(), str():
            return _merge_scalars(left, right)
    return "string"


def _merge_scalars(left: str, right: str) -> str:
    if left in _NUMBERS and right in _NUMBERS:
        return max(left, right, key=_NUMBERS.index)
    decimals = [_as_decimal(each) for each in (left, right)]
    if all(decimals) and (_DECIMAL.match(left) or _DECIMAL.match(right)):
        (whole, scale), (other_whole, other_scale) = [(d[0] - d[1], d[1]) for d in decimals if d]
        scale = max(scale, other_scale)
        return f"decimal({min(max(whole, other_whole) + scale, 38)},{scale})"
    return "string"


def _as_decimal(kind: str) -> tuple[int, int] | None:
    if found := _DECIMAL.fullmatch(kind):
        return int(found[1]), int(found[2])
    return (_INTEGER_DIGITS[kind], 0) if kind in _INTEGER_DIGITS else None


def merge_columns(schemas: Iterable[Iterable[tuple[str, Type]]]) -> Columns:
    """One schema for all: the columns in the order of their first appearance, types merged by name."""
    merged: dict[str, Type] = {}
    for columns in schemas:
        for name, kind in columns:
            merged[name] = merge(merged[name], kind) if name in merged else kind
    return tuple(merged.items())


def similarity(left: Columns, right: Columns) -> float:
    """The share of the wider schema's columns that agree in name and kind of type; 1.0 for empty ones."""
    if not left and not right:
        return 1.0
    mine, theirs = dict(left), dict(right)
    agreeing = sum(name in theirs and _agree(kind, theirs[name]) for name, kind in mine.items())
    return agreeing / max(len(mine), len(theirs))


def _agree(left: Type, right: Type) -> bool:
    if NULL in (left, right):
        return True
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Array) and one.loose and not isinstance(other, Array):
            return _agree(one.element, other)
    if isinstance(left, str) and isinstance(right, str):
        return left == right or _merge_scalars(left, right) != "string"
    return type(left) is type(right)


def are_one(schemas: Sequence[Columns]) -> bool:
    """Whether schemas that lie side by side describe one table: most of them are similar to each other."""
    clusters: list[tuple[Columns, int]] = []
    for columns in schemas:
        for index, (common, count) in enumerate(clusters):
            if similarity(common, columns) > SIMILARITY:
                clusters[index] = (merge_columns([common, columns]), count + 1)
                break
        else:
            clusters.append((columns, 1))
    if len(clusters) > MOST_CLUSTERS:
        return False
    return max((count for _, count in clusters), default=0) > SIMILARITY * len(schemas)


def described(columns: Columns) -> list[dict[str, str]]:
    """The columns as Glue's Column structures, by lower-case name; names that meet are merged."""
    lowered = merge_columns([[(name.lower(), kind)] for name, kind in columns])
    return [{"Name": name, "Type": spell(kind)} for name, kind in lowered]
