"""SearchTables: which tables a search finds, and in which order. Pure.

Source: https://docs.aws.amazon.com/glue/latest/webapi/API_SearchTables.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.catalog.rows import Document, invalid

_TEXT: dict[str, Callable[[Document], Any]] = {
    "name": lambda table: table["Name"],
    "databasename": lambda table: table["DatabaseName"],
    "description": lambda table: table.get("Description"),
    "owner": lambda table: table.get("Owner"),
    "tabletype": lambda table: table.get("TableType"),
    "classification": lambda table: (table.get("Parameters") or {}).get("classification"),
}
_TIMES = {
    "createtime": "CreateTime",
    "updatetime": "UpdateTime",
    "lastaccesstime": "LastAccessTime",
    "lastanalyzedtime": "LastAnalyzedTime",
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "EQUALS": operator.eq,
    "GREATER_THAN": operator.gt,
    "LESS_THAN": operator.lt,
    "GREATER_THAN_EQUALS": operator.ge,
    "LESS_THAN_EQUALS": operator.le,
}
_SEPARATORS = re.compile(r"[^\w]|_")


def search(
    tables: Sequence[Document], text: str | None, filters: Sequence[Document], order: Sequence[Document]
) -> list[Document]:
    """The tables that hold `text` and satisfy every filter, in the order of the criteria, else as given.

    A filter on a text field finds a whole word of it, as names are split at punctuation; one on a time field
    compares. Raises InvalidInputException for a field that is not searched.
    """
    tests = [_filter(each) for each in filters]
    found = [table for table in tables if _holds(table, text) and all(test(table) for test in tests)]
    # A sort keeps the order of equals, so the last criterion comes first.
    for criterion in reversed(order):
        field = _field(criterion.get("FieldName") or "")
        found.sort(
            key=lambda table: ((value := field(table)) is not None, value if value is not None else 0),
            reverse=criterion.get("Sort") == "DESC",
        )
    return found


def _field(name: str) -> Callable[[Document], Any]:
    key = name.lower()
    if key in _TIMES:
        return lambda table: table.get(_TIMES[key])
    if key not in _TEXT:
        raise invalid(f"Tables cannot be searched by {name!r}")
    return _TEXT[key]


def _filter(condition: Document) -> Callable[[Document], bool]:
    name, wanted = condition.get("Key") or "", condition.get("Value") or ""
    field = _field(name)
    if name.lower() in _TIMES:
        compare, moment = _COMPARE[condition.get("Comparator") or "EQUALS"], _moment(wanted)
        return lambda table: (value := field(table)) is not None and compare(float(value), moment)
    return lambda table: _has_word(field(table), wanted)


def _has_word(value: str | None, wanted: str) -> bool:
    text = (value or "").lower()
    return wanted.lower() == text or wanted.lower() in _SEPARATORS.split(text)


def _moment(text: str) -> float:
    """A time as seconds since the epoch or in ISO's form; without a zone it is UTC."""
    if text.isdecimal():
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"{text!r} is not a time") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _holds(table: Document, text: str | None) -> bool:
    """Whether the metadata hold the text; in double quotes, as a whole word."""
    if not text:
        return True
    columns = [
        *((table.get("StorageDescriptor") or {}).get("Columns") or []),
        *(table.get("PartitionKeys") or []),
    ]
    words = [each(table) for each in _TEXT.values()]
    words += [column.get(member) for column in columns for member in ("Name", "Comment")]
    words += [part for pair in (table.get("Parameters") or {}).items() for part in pair]
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return any(_has_word(word, text[1:-1]) for word in words)
    return any(text.lower() in word.lower() for word in words if word)
