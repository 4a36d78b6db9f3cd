"""The types of values that are written as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from sandbox.glue.crawler.schema import NULL, Type, merge

_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d*)(?:\.(\d*))?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?", re.ASCII)
_BIGINT = range(-(2**63), 2**63)
_LARGEST_PRECISION = 38


def type_of(value: str) -> Type:
    """The type of one value without blanks: bigint, double, boolean or string; NULL for an empty one."""
    value = value.strip()
    return _type_of(value) if value else NULL


def infer(cells: Sequence[str]) -> Type:
    """The type of a column's values, which are as long as they are: " 1" is text."""
    kind: Type = NULL
    for value in cells:
        if kind == "string":
            break
        kind = merge(kind, _type_of(value) if value else NULL)
    return kind


def choose(cells: Sequence[str], allowed: Sequence[str]) -> Type:
    """The narrowest of the `allowed` custom data types that holds every value; else string."""
    given = [value for value in cells if value]
    if not given:
        return NULL
    for name, holds in _CUSTOM.items():
        if name in allowed and all(map(holds, given)):
            return _decimal(given) if name == "DECIMAL" else _HIVE.get(name, name.lower())
    return "string"


def _type_of(value: str) -> Type:
    if _INTEGER.fullmatch(value):
        return "bigint" if int(value) in _BIGINT else "double"
    if _NUMBER.fullmatch(value):
        return "double"
    return "boolean" if _is_boolean(value) else "string"


def _is_boolean(value: str) -> bool:
    return value.lower() in ("true", "false")


def _is_integer_of(bits: int) -> Callable[[str], bool]:
    bounds = range(-(2 ** (bits - 1)), 2 ** (bits - 1))
    return lambda value: bool(_INTEGER.fullmatch(value)) and int(value) in bounds


def _digits(value: str) -> tuple[int, int] | None:
    """Digits before and after the point."""
    found = _DECIMAL.fullmatch(value)
    whole, fraction = (len(each or "") for each in found.groups()) if found else (0, 0)
    return (whole, fraction) if whole + fraction else None


def _is_decimal(value: str) -> bool:
    digits = _digits(value)
    return digits is not None and sum(digits) <= _LARGEST_PRECISION


def _decimal(given: Sequence[str]) -> str:
    digits = [each for each in map(_digits, given) if each]
    whole, scale = max(each[0] for each in digits), max(each[1] for each in digits)
    return f"decimal({min(max(whole + scale, 1), _LARGEST_PRECISION)},{scale})"


def _is_date(value: str) -> bool:
    return bool(_DATE.fullmatch(value)) and _parses(date.fromisoformat, value)


def _is_timestamp(value: str) -> bool:
    return bool(_TIMESTAMP.fullmatch(value)) and _parses(datetime.fromisoformat, value)


def _parses(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True


_CUSTOM: Mapping[str, Callable[[str], bool]] = {
    "BOOLEAN": _is_boolean,
    "SHORT": _is_integer_of(16),
    "INT": _is_integer_of(32),
    "LONG": _is_integer_of(64),
    "DECIMAL": _is_decimal,
    "DOUBLE": lambda value: bool(_NUMBER.fullmatch(value)),
    "FLOAT": lambda value: bool(_NUMBER.fullmatch(value)),
    "DATE": _is_date,
    "TIMESTAMP": _is_timestamp,
    "STRING": lambda _: True,
}
_HIVE = {"SHORT": "smallint", "LONG": "bigint"}
CUSTOM_TYPES = tuple(_CUSTOM)
"""The custom data types that are told apart. BINARY is not: nothing tells binary text from other text."""
