"""Grok: named regular expressions that take lines of text apart.

https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html#custom-classifier-grok
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import regex

from sandbox.glue.crawler.grok_patterns import BUILT_IN
from sandbox.glue.crawler.profile import Format, Recognised, SerDe, Text, Unreadable
from sandbox.glue.crawler.schema import Columns, merge_columns

SAMPLE_LINES = 1000
SAMPLE_BYTES = 2**20
"""As much is looked at as of any other text; all lines are counted."""

LONGEST_SEARCH = 5.0
"""Seconds for one line."""

_REFERENCE = re.compile(r"%\{\s*(?P<pattern>\w+)\s*(?::(?P<field>[^:;{}]*))?(?:[:;](?P<type>[^:;{}]*))?\}")
_NAMED_GROUP = re.compile(r"\(\?<(?P<field>[A-Za-z]\w*)>")
_IGNORE_CASE = "(?i)"
_UNWANTED = "UNWANTED"
_TYPES = {
    "byte": "tinyint", "boolean": "boolean", "double": "double", "short": "smallint", "int": "int",
    "long": "bigint", "float": "float", "string": "string",
}  # fmt: skip
_DEEPEST = 50


@dataclass(frozen=True)
class Grok:
    """A compiled pattern: it finds the lines that it fits, and names their fields with their types."""

    expression: Any
    columns: Columns

    def fits(self, line: str) -> bool:
        """Whether the pattern is found in the line. Raises Unreadable for a search that is given up."""
        try:
            return self.expression.search(line, timeout=LONGEST_SEARCH) is not None
        except TimeoutError as error:
            raise Unreadable(f"the grok pattern takes too long for the line {line[:80]!r}") from error


def compile(pattern: str, custom: str = "") -> Grok:
    """A grok pattern with its custom patterns, one a line.

    Raises ValueError for a name that nothing defines, a cycle, a type that Glue does not know, or what is no
    regular expression.
    """
    known = _definitions(BUILT_IN) | _definitions(custom)
    fields: dict[str, tuple[str, str]] = {}

    def group(field: str, kind: str) -> str:
        """The opening of a group of Python's for a field."""
        if kind not in _TYPES:
            raise ValueError(f"{kind} is no data type of grok fields ({', '.join(_TYPES)})")
        name = f"f{len(fields)}"
        fields[name] = (field, _TYPES[kind])
        return f"(?P<{name}>"

    def expand(text: str, depth: int) -> str:
        if depth > _DEEPEST:
            raise ValueError(f"the patterns refer to each other without an end, near {text!r}")
        text = _NAMED_GROUP.sub(lambda found: group(found["field"], "string"), text)
        return _REFERENCE.sub(lambda found: reference(found, depth), text)

    def reference(found: re.Match[str], depth: int) -> str:
        name, field = found["pattern"], (found["field"] or "").strip()
        if name not in known:
            raise ValueError(f"%{{{name}}} is neither a built-in nor a custom pattern")
        kind = (found["type"] or "string").strip()
        opening = group(field, kind) if field and field != _UNWANTED else "(?:"
        definition = known[name]
        if definition.startswith(_IGNORE_CASE):
            return f"{opening}(?i:{expand(definition.removeprefix(_IGNORE_CASE), depth + 1)}))"
        return f"{opening}{expand(definition, depth + 1)})"

    try:
        # Nearer to Java's regular expressions than `re`, and a search can be given up.
        expression = regex.compile(expand(pattern, 0))
    except regex.error as error:
        raise ValueError(f"the pattern is no regular expression: {error}") from error
    # A pattern is expanded from the inside out; the columns stand as in the text.
    ordered = sorted(expression.groupindex, key=expression.groupindex.__getitem__)
    return Grok(expression, merge_columns([[fields[name] for name in ordered]]))


def classify(text: Text, grok: Grok, known_as: Format) -> Recognised | None:
    """The answer for lines of text: its certainty is the share of the lines that the pattern fits."""
    lines = [line for line in text.head(SAMPLE_BYTES).splitlines() if line.strip()][:SAMPLE_LINES]
    fitting = sum(map(grok.fits, lines))
    if not fitting:
        return None
    return Recognised(
        format=known_as,
        columns=grok.columns,
        records=sum(1 for line in text.data.splitlines() if line.strip()),
        bytes=len(text.data),
        complete=text.complete,
        certainty=fitting / len(lines),
    )


def grok_format(classification: str, compression: str, pattern: str, custom: str = "") -> Format:
    """The format of what a pattern fits, with what the SerDe needs."""
    patterns = (("input.grokCustomPatterns", custom),) if custom else ()
    return Format(
        classification, compression, serde=SerDe.GROK, settings=(("input.format", pattern), *patterns)
    )


def _definitions(text: str) -> dict[str, str]:
    """Patterns by name; a line is a name, blanks and a regular expression."""
    found: dict[str, str] = {}
    for line in map(str.strip, text.splitlines()):
        name, _, definition = line.partition(" ")
        if line and not line.startswith("#"):
            found[name] = definition.strip()
    return found
