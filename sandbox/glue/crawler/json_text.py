"""The JSON classifier: one value after another, usually one on a line.

Each is a row, or with the path of a custom classifier what the path finds in it:
https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html
https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html#custom-classifier-json
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from sandbox.glue.crawler.json_path import WHOLE, JsonPath
from sandbox.glue.crawler.profile import Format, Recognised, SerDe, Text
from sandbox.glue.crawler.schema import NULL, Array, Columns, Struct, Type, merge, merge_columns

SAMPLE_BYTES = 2**20
LARGEST_SAMPLE_BYTES = 10 * 2**20
"""Glue infers from the first megabyte, and reads on up to ten when no record has ended there.
https://repost.aws/knowledge-center/glue-crawler-detect-schema"""

_INT = range(-(2**31), 2**31)
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


def classify(text: Text, path: JsonPath = WHOLE) -> Recognised | None:
    """The answer for JSON text; None for text that is none: the first values must be objects or arrays, and
    the path must find something in them."""
    start = text.data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start not in (b"{", b"["):
        return None
    values = _sampled(text)
    if not values or not all(isinstance(value, dict | list) for value in values):
        return None
    rows = [row for value in values for row in path.select(value)]
    records = _count(text, path)
    if not rows or not records:
        return None
    properties = () if path is WHOLE else (("jsonPath", path.text),)
    return Recognised(
        format=Format("json", text.compression, serde=SerDe.JSON, properties=properties),
        columns=merge_columns(map(_columns, rows)),
        records=records,
        bytes=len(text.data),
        complete=text.complete,
    )


def type_of(value: Any) -> Type:
    """The type of a value; a whole number is `int` as long as it fits, as Glue's crawlers write it."""
    match value:
        case None:
            return NULL
        case bool():
            return "boolean"
        case int():
            return "int" if value in _INT else "bigint"
        case float():
            return "double"
        case dict():
            return Struct(tuple((name, type_of(each)) for name, each in value.items()))
        case list():
            element: Type = NULL
            for each in value:
                element = merge(element, type_of(each))
            return Array(element)
    return "string"


def _columns(row: Any) -> Columns:
    """An object's members are columns; a list is one column named array, anything else one named record."""
    match row:
        case dict():
            return tuple((name, type_of(each)) for name, each in row.items())
        case list():
            return (("array", type_of(row)),)
    return (("record", type_of(row)),)


def _sampled(text: Text) -> list[Any]:
    size = SAMPLE_BYTES
    while True:
        cut = size < len(text.data) or not text.complete
        values: list[Any] = []
        sound = _read(text.data[:size], cut, values.append)
        if not sound:
            return []
        if values or size >= min(len(text.data), LARGEST_SAMPLE_BYTES):
            return values
        size += SAMPLE_BYTES


def _count(text: Text, path: JsonPath) -> int:
    """The rows in the text; 0 for complete text that is not JSON throughout."""
    counted = 0

    def count(value: Any) -> None:
        nonlocal counted
        counted += len(path.select(value))

    return counted if _read(text.data, not text.complete, count) else 0


def _read(data: bytes, cut: bool, each: Callable[[Any], None]) -> bool:
    """Hand over value after value; False when the text is no JSON. What `cut` off at the end is no fault."""
    decoded = data.decode("utf-8-sig", errors="replace")
    position = 0
    while True:
        position = _SPACE.match(decoded, position).end()  # type: ignore[union-attr] # matches nothing, too
        if position == len(decoded):
            return True
        try:
            value, position = _DECODER.raw_decode(decoded, position)
        except (json.JSONDecodeError, RecursionError):
            return cut
        each(value)
