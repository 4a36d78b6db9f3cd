"""Partition values are text; this is how text becomes a value that can be compared as its type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

Comparable = int | Decimal | date | datetime | bool | str

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The value of a partition whose key is null, as Hive and Spark write it."""


def reader_of(type_name: str) -> Callable[[str], Comparable]:
    """The function that reads text as a value of this Hive type; it raises ValueError when it is none."""
    match type_name.lower().split("(")[0].strip():
        case "tinyint" | "smallint" | "int" | "integer" | "bigint" | "long" | "short" | "byte":
            return int
        case "decimal" | "numeric" | "float" | "double":
            return _decimal
        case "date":
            return date.fromisoformat
        case "timestamp":
            return _timestamp
        case "boolean":
            return _boolean
        case _:
            return str


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"not a number: {text}") from None
    if number.is_nan():
        raise ValueError("NaN cannot be compared")
    return number


def _timestamp(text: str) -> datetime:
    """A timestamp without a zone is read as UTC, so that all are comparable."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _boolean(text: str) -> bool:
    match text.lower():
        case "true":
            return True
        case "false":
            return False
        case _:
            raise ValueError(f"not a boolean: {text}")
