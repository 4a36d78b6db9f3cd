"""The built-in CSV classifier.

Delimiters, header and what counts as CSV follow the rules that Glue documents:
https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from sandbox.glue.crawler.profile import Format, Recognised, Text
from sandbox.glue.crawler.schema import NULL, Columns, Type, merge

DELIMITERS = (",", "|", "\t", ";", "\x01")
SAMPLE_RECORDS = 1000
SAMPLE_BYTES = 2**20
"""Glue infers from the first 1,000 records or the first megabyte, whichever ends first.
https://repost.aws/knowledge-center/glue-crawler-detect-schema"""
HEADER_LENGTH = 150
"""A column of a header is shorter than this, in characters."""
REGULAR = 0.9
"""Rows of another width are tolerated as long as more than this share agrees; Glue documents no bound."""

_INTEGER = re.compile(r"[+-]?\d{1,19}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COLUMN_NAME = re.compile("[\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff\t]+")
_BIGINT = range(-(2**63), 2**63)

Row = list[str]


def classify(text: Text) -> Recognised | None:
    """The answer for delimited text; None for text that is not CSV: fewer than two columns or two rows."""
    sample = _sample(text)
    chosen = max(
        ((delimiter, *_width(_rows(sample, delimiter))) for delimiter in DELIMITERS),
        key=lambda each: each[2] if each[1] else 0,
    )
    delimiter, regular, width = chosen
    rows = _rows(sample, delimiter)
    if not regular or width < 2 or len(rows) < 2:
        return None
    header = _is_header(rows)
    columns = _columns(rows, width, header)
    records, exact = _count(text, delimiter)
    return Recognised(
        format=Format("csv", text.compression, delimiter, header),
        columns=columns,
        records=max(records - header, 0),
        bytes=len(text.data),
        complete=text.complete and exact,
        quoted=_is_quoted(sample, delimiter),
    )


def type_of(value: str) -> Type:
    """The type of one value: bigint, double, boolean or string; NULL for an empty one."""
    value = value.strip()
    if not value:
        return NULL
    if _INTEGER.fullmatch(value):
        return "bigint" if int(value) in _BIGINT else "double"
    if _NUMBER.fullmatch(value):
        return "double"
    return "boolean" if value.lower() in ("true", "false") else "string"


def _sample(text: Text) -> str:
    data = text.data[:SAMPLE_BYTES]
    if len(data) < len(text.data) or not text.complete:
        # The last line may be cut off.
        data = data[: data.rfind(b"\n") + 1]
    return data.decode("utf-8-sig", errors="replace")


def _rows(sample: str, delimiter: str) -> list[Row]:
    """Up to SAMPLE_RECORDS rows and a header; blank lines are none."""
    rows: list[Row] = []
    try:
        for row in _parse(sample, delimiter):
            if row:
                rows.append(row)
            if len(rows) > SAMPLE_RECORDS:
                break
    except csv.Error:
        # A field beyond the parser's limit: this is not what separates the columns.
        return []
    return rows


def _parse(text: str, delimiter: str) -> Iterator[Row]:
    lines = text.splitlines(keepends=True) if '"' in text else text.splitlines()
    for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True):
        yield [] if len(row) == 1 and not row[0].strip() else row


def _width(rows: Sequence[Row]) -> tuple[bool, int]:
    """Whether the rows are of one width, and that width in columns."""
    if not rows:
        return False, 0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return count > REGULAR * len(rows), width


def _is_header(rows: Sequence[Row]) -> bool:
    first, *body = rows
    for index, name in enumerate(first):
        last = index == len(first) - 1
        if type_of(name) != "string" and not (last and not name.strip()):
            return False
        if not last and len(name) >= HEADER_LENGTH:
            return False
        if name and not _COLUMN_NAME.fullmatch(name):
            return False
    return any(type_of(value) not in ("string", NULL) for row in body for value in row)


def _columns(rows: Sequence[Row], width: int, header: bool) -> Columns:
    body = rows[1:] if header else rows[:SAMPLE_RECORDS]
    types: list[Type] = [NULL] * width
    for row in body:
        for index, value in enumerate(row[:width]):
            if types[index] != "string":
                types[index] = merge(types[index], type_of(value))
    names = rows[0] if header else []
    return tuple(zip(_unique(names, width), types, strict=True))


def _unique(names: Sequence[str], width: int) -> list[str]:
    """Names for all columns: a missing one is col and its number, a second one of a name gets its number."""
    chosen: list[str] = []
    for index in range(width):
        name = names[index].strip().lower() if index < len(names) else ""
        name = name or f"col{index}"
        chosen.append(f"{name}_{index}" if name in chosen else name)
    return chosen


def _count(text: Text, delimiter: str) -> tuple[int, bool]:
    """The records of the text, and whether that is exact.

    A quoted field may hold line ends, so quotes need the parser, which has a limit for the length of a field.
    """
    lines = sum(1 for line in text.data.splitlines() if line.strip())
    if b'"' not in text.data:
        return lines, True
    decoded = text.data.decode("utf-8-sig", errors="replace")
    try:
        return sum(1 for row in _parse(decoded, delimiter) if row), True
    except csv.Error:
        return lines, False


def _is_quoted(sample: str, delimiter: str) -> bool:
    """Whether a field begins with a quote."""
    return bool(re.search(rf'(^|{re.escape(delimiter)})\s*"', sample, re.MULTILINE))
