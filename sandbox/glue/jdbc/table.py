"""A table as its database describes it."""

from __future__ import annotations

from dataclasses import dataclass

UNBOUNDED = "decimal(38,18)"
"""The type of numbers without a declared precision."""
_MOST_DIGITS = 38


@dataclass(frozen=True)
class Table:
    """A table or a view; `columns` are names and Hive types. `schema` is "" where databases have none."""

    schema: str
    name: str
    is_view: bool
    columns: tuple[tuple[str, str], ...]


def decimal(precision: int | None, scale: int | None) -> str:
    """The type of numbers with so many digits, of which `scale` follow the point; Hive has 38 at most."""
    if precision is None:
        return UNBOUNDED
    fraction = scale or 0
    # A negative scale means zeros before the point.
    digits = precision - min(fraction, 0)
    return f"decimal({min(digits, _MOST_DIGITS)},{min(max(fraction, 0), _MOST_DIGITS)})"
