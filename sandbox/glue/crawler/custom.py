"""Custom classifiers at work: a definition becomes a function that looks at text.

https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sandbox.errors import AwsError
from sandbox.glue.crawler import delimited, grok, json_path, json_text, xml_text
from sandbox.glue.crawler.classifiers import Classifier, Kind
from sandbox.glue.crawler.delimited import Dialect, Heading
from sandbox.glue.crawler.profile import Recognised, SerDe, Text
from sandbox.glue.crawler.values import CUSTOM_TYPES

Definition = Mapping[str, Any]
Classify = Callable[[Text], Recognised | None]
"""Looks at text and tells what it is, or None."""

_TAG = re.compile(r"[^\W\d][\w.:-]*")
_NOT_EMULATED_TYPE = "BINARY"


def prepared(classifier: Classifier) -> Classify:
    """The function of a classifier. Raises AwsError: InvalidInputException for a definition that no data can
    follow, NotEmulated for what is not done."""
    name, definition = classifier.name, classifier.definition
    try:
        match classifier.kind:
            case Kind.CSV:
                return partial(delimited.classify, dialect=_dialect(definition))
            case Kind.JSON:
                return partial(json_text.classify, path=json_path.parse(definition["JsonPath"]))
            case Kind.GROK:
                return _grok(definition)
            case Kind.XML:
                return _xml(definition)
    except ValueError as error:
        raise AwsError("InvalidInputException", f"Classifier {name}: {error}") from error


def _dialect(definition: Definition) -> Dialect:
    """Without a Delimiter the built-in ones are tried. Values are not trimmed unless that is asked for, and
    a QuoteSymbol means OpenCSVSerDe unless a Serde is named."""
    delimiter, quote = definition.get("Delimiter"), definition.get("QuoteSymbol")
    if delimiter == (quote or '"'):
        raise ValueError("QuoteSymbol must be different from Delimiter")
    match definition.get("Serde") or "None":
        case "OpenCSVSerDe":
            serde = SerDe.OPEN_CSV
        case "LazySimpleSerDe":
            serde = SerDe.LAZY_SIMPLE
        case _:
            serde = SerDe.OPEN_CSV if quote else SerDe.LAZY_SIMPLE
    heading = Heading(definition.get("ContainsHeader") or Heading.UNKNOWN)
    return Dialect(
        delimiters=(delimiter,) if delimiter else delimited.DELIMITERS,
        quote=quote or '"',
        heading=heading,
        names=tuple(definition.get("Header") or ()),
        trimmed=not definition.get("DisableValueTrimming", True),
        fewest_columns=1 if definition.get("AllowSingleColumn") else 2,
        fewest_rows=2 if heading is Heading.UNKNOWN else 1,
        types=_custom_types(definition),
        serde=serde,
    )


def _custom_types(definition: Definition) -> tuple[str, ...]:
    types = tuple(definition.get("CustomDatatypes") or ())
    if _NOT_EMULATED_TYPE in types:
        raise AwsError("NotEmulated", f"the custom data type {_NOT_EMULATED_TYPE} is not emulated", 501)
    if unknown := [each for each in types if each not in CUSTOM_TYPES]:
        raise ValueError(f"{', '.join(unknown)}: custom data types are {', '.join(CUSTOM_TYPES)}")
    return types if definition.get("CustomDatatypeConfigured") else ()


def _grok(definition: Definition) -> Classify:
    pattern, custom = definition["GrokPattern"], definition.get("CustomPatterns") or ""
    compiled = grok.compile(pattern, custom)

    def classify(text: Text) -> Recognised | None:
        known_as = grok.grok_format(definition["Classification"], text.compression, pattern, custom)
        return grok.classify(text, compiled, known_as)

    return classify


def _xml(definition: Definition) -> Classify:
    tag = definition.get("RowTag")
    if not tag:
        raise AwsError("NotEmulated", "an XML classifier without RowTag is not emulated", 501)
    if not _TAG.fullmatch(tag):
        raise ValueError(f"the row tag {tag!r} is no name of an XML element")
    return partial(xml_text.classify, row_tag=tag, classification=definition["Classification"])
