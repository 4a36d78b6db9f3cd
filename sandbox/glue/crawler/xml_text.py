"""The classifier of XML: every element with the row's tag is a row.

https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html#custom-classifier-xml
Attributes and the text of elements that have attributes or children are named as Glue's reader of XML does:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-xml-home.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from sandbox.glue.crawler import values
from sandbox.glue.crawler.profile import Format, Recognised, Text, Unreadable
from sandbox.glue.crawler.schema import NULL, Array, Columns, Struct, Type, merge

ATTRIBUTE_PREFIX = "_"
VALUE = "_VALUE"
SAMPLE_ROWS = 1000
"""So many rows make the schema; all are counted."""

_INT = range(-(2**31), 2**31)


@dataclass
class _Element:
    attributes: dict[str, str]
    children: dict[str, list[_Element]] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)


@dataclass
class _Rows:
    """What expat hands over, collected into rows."""

    parser: expat.XMLParserType
    source: bytes
    tag: str
    sample: list[_Element] = field(default_factory=list)
    count: int = 0
    _open: list[_Element] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != self.tag:
            return
        element = _Element(attributes)
        if self._open:
            self._open[-1].children.setdefault(name, []).append(element)
        self._open.append(element)

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].pieces.append(text)

    def end(self, _: str) -> None:
        if not self._open:
            return
        element = self._open.pop()
        if self._open or self._closes_itself(element):
            return
        self.count += 1
        if len(self.sample) < SAMPLE_ROWS:
            self.sample.append(element)

    def _closes_itself(self, element: _Element) -> bool:
        """Whether the element is written as <row/>, which Glue does not take for a row."""
        end = self.parser.CurrentByteIndex
        return not (element.children or element.pieces) and self.source[end - 2 : end] == b"/>"


def classify(text: Text, row_tag: str, classification: str) -> Recognised | None:
    """The answer for XML with rows of this tag; None for other text. Raises Unreadable when XML that has
    rows is not well-formed."""
    if not text.data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return None
    parser = expat.ParserCreate()
    parser.buffer_text = True
    rows = _Rows(parser, text.data, row_tag)
    parser.StartElementHandler = rows.start
    parser.EndElementHandler = rows.end
    parser.CharacterDataHandler = rows.data
    try:
        parser.Parse(text.data, text.complete)
    except expat.ExpatError as error:
        if rows.count:
            raise Unreadable(f"the XML is not well-formed: {error}") from error
    if not rows.count:
        return None
    settings = (("rowTag", row_tag),)
    kind = _type_of(rows.sample)
    columns: Columns = kind.fields if isinstance(kind, Struct) else ((VALUE, kind),)
    return Recognised(
        format=Format(classification, text.compression, settings=settings, properties=settings),
        columns=columns,
        records=rows.count,
        bytes=len(text.data),
        complete=text.complete,
    )


def _type_of(elements: Sequence[_Element]) -> Type:
    """One type for elements of a name; a child that one of them has twice is an array in all."""
    attributes: dict[str, Type] = {}
    children: dict[str, list[_Element]] = {}
    repeated: set[str] = set()
    text: Type = NULL
    for each in elements:
        for name, value in each.attributes.items():
            attributes[name] = merge(attributes.get(name, NULL), _scalar(value))
        for name, below in each.children.items():
            children.setdefault(name, []).extend(below)
            if len(below) > 1:
                repeated.add(name)
        text = merge(text, _scalar("".join(each.pieces)))
    fields = [(f"{ATTRIBUTE_PREFIX}{name}", kind) for name, kind in attributes.items()]
    for name, below in children.items():
        kind = _type_of(below)
        fields.append((name, Array(kind, loose=True) if name in repeated else kind))
    if not fields:
        return text
    return Struct((*fields, *([(VALUE, text)] if text != NULL else [])))


def _scalar(text: str) -> Type:
    """Whole numbers are `int` as long as they fit, as in JSON."""
    kind = values.type_of(text)
    return "int" if kind == "bigint" and int(text) in _INT else kind
