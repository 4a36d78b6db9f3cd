"""The classifier of delimited text, built-in or with a dialect that a custom classifier lays down.

Delimiters, header and what counts as CSV follow the rules that Glue documents:
https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html
https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html#custom-classifier-csv
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sandbox.glue.crawler import values
from sandbox.glue.crawler.profile import Format, Recognised, SerDe, Settings, Text
from sandbox.glue.crawler.schema import NULL, Columns, Type

DELIMITERS = (",", "|", "\t", ";", "\x01")
SAMPLE_RECORDS = 1000
SAMPLE_BYTES = 2**20
"""Glue infers from the first 1,000 records or the first megabyte, whichever ends first.
https://repost.aws/knowledge-center/glue-crawler-detect-schema"""
HEADER_LENGTH = 150
"""A column of a header is shorter than this, in characters."""
REGULAR = 0.9
"""Rows of another width are tolerated as long as more than this share agrees; Glue documents no bound."""

_COLUMN_NAME = re.compile("[\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff\t]+")

Row = list[str]


class Heading(StrEnum):
    """Whether the first row names the columns; UNKNOWN leaves it to the classifier."""

    UNKNOWN = "UNKNOWN"
    PRESENT = "PRESENT"
    ABSENT = "ABSENT"


@dataclass(frozen=True)
class Dialect:
    """What is known of the text beforehand; the defaults are the built-in classifier's.

    `names` are the columns' names whatever the file says; `types` the custom data types among which to
    choose (see `values.choose`), none for the built-in inference.
    """

    delimiters: Sequence[str] = DELIMITERS
    quote: str = '"'
    heading: Heading = Heading.UNKNOWN
    names: tuple[str, ...] = ()
    trimmed: bool = True
    fewest_columns: int = 2
    fewest_rows: int = 2
    types: tuple[str, ...] = ()
    serde: SerDe = SerDe.LAZY_SIMPLE


BUILT_IN = Dialect()


def classify(text: Text, dialect: Dialect = BUILT_IN) -> Recognised | None:
    """The answer for delimited text; None for text that does not follow the dialect or has too few columns
    or rows."""
    sample = text.head(SAMPLE_BYTES)
    chosen = max(
        ((delimiter, *_width(_rows(sample, delimiter, dialect))) for delimiter in dialect.delimiters),
        key=lambda each: each[2] if each[1] else 0,
    )
    delimiter, regular, width = chosen
    rows = _rows(sample, delimiter, dialect)
    if not regular or width < dialect.fewest_columns or len(rows) < dialect.fewest_rows:
        return None
    if dialect.names and len(dialect.names) != width:
        return None
    header = _has_header(rows, dialect)
    records, exact = _count(text, delimiter, dialect)
    return Recognised(
        format=Format(
            "csv",
            text.compression,
            delimiter,
            header,
            serde=dialect.serde,
            settings=_settings(delimiter, dialect),
        ),
        columns=_columns(rows, width, header, dialect),
        records=max(records - header, 0),
        bytes=len(text.data),
        complete=text.complete and exact,
        quoted=_is_quoted(sample, delimiter, dialect.quote),
    )


def _settings(delimiter: str, dialect: Dialect) -> Settings:
    if dialect.serde is SerDe.OPEN_CSV:
        return (("separatorChar", delimiter), ("quoteChar", dialect.quote), ("escapeChar", "\\"))
    return (("field.delim", delimiter),)


def _rows(sample: str, delimiter: str, dialect: Dialect) -> list[Row]:
    """Up to SAMPLE_RECORDS rows and a header; blank lines are none."""
    rows: list[Row] = []
    try:
        for row in _parse(sample, delimiter, dialect):
            if row:
                rows.append(row)
            if len(rows) > SAMPLE_RECORDS:
                break
    except csv.Error:
        # A field beyond the parser's limit: this is not what separates the columns.
        return []
    return rows


def _parse(text: str, delimiter: str, dialect: Dialect) -> Iterator[Row]:
    quote = dialect.quote
    lines = text.splitlines(keepends=True) if quote in text else text.splitlines()
    for row in csv.reader(lines, delimiter=delimiter, quotechar=quote, skipinitialspace=dialect.trimmed):
        yield [] if len(row) == 1 and not row[0].strip() else row


def _width(rows: Sequence[Row]) -> tuple[bool, int]:
    """Whether the rows are of one width, and that width in columns."""
    if not rows:
        return False, 0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return count > REGULAR * len(rows), width


def _has_header(rows: Sequence[Row], dialect: Dialect) -> bool:
    if dialect.heading is Heading.UNKNOWN:
        return tuple(name.strip() for name in rows[0]) == dialect.names or _is_header(rows)
    return dialect.heading is Heading.PRESENT


def _is_header(rows: Sequence[Row]) -> bool:
    first, *body = rows
    for index, name in enumerate(first):
        last = index == len(first) - 1
        if values.type_of(name) != "string" and not (last and not name.strip()):
            return False
        if not last and len(name) >= HEADER_LENGTH:
            return False
        if name and not _COLUMN_NAME.fullmatch(name):
            return False
    return any(values.type_of(value) not in ("string", NULL) for row in body for value in row)


def _columns(rows: Sequence[Row], width: int, header: bool, dialect: Dialect) -> Columns:
    body = rows[1:] if header else rows[:SAMPLE_RECORDS]
    cells: list[list[str]] = [[] for _ in range(width)]
    for row in body:
        for column, value in zip(cells, row, strict=False):
            column.append(value.strip() if dialect.trimmed else value)
    types: list[Type] = [
        values.choose(column, dialect.types) if dialect.types else values.infer(column) for column in cells
    ]
    names = dialect.names or (rows[0] if header else [])
    return tuple(zip(_unique(names, width), types, strict=True))


def _unique(names: Sequence[str], width: int) -> list[str]:
    """Names for all columns: a missing one is col and its number, a second one of a name gets its number."""
    chosen: list[str] = []
    for index in range(width):
        name = names[index].strip().lower() if index < len(names) else ""
        name = name or f"col{index}"
        chosen.append(f"{name}_{index}" if name in chosen else name)
    return chosen


def _count(text: Text, delimiter: str, dialect: Dialect) -> tuple[int, bool]:
    """The records of the text, and whether that is exact.

    A quoted field may hold line ends, so quotes need the parser, which has a limit for the length of a field.
    """
    lines = sum(1 for line in text.data.splitlines() if line.strip())
    if dialect.quote.encode() not in text.data:
        return lines, True
    decoded = text.data.decode("utf-8-sig", errors="replace")
    try:
        return sum(1 for row in _parse(decoded, delimiter, dialect) if row), True
    except csv.Error:
        return lines, False


def _is_quoted(sample: str, delimiter: str, quote: str) -> bool:
    """Whether a field begins with a quote."""
    return bool(re.search(rf"(^|{re.escape(delimiter)})\s*{re.escape(quote)}", sample, re.MULTILINE))
