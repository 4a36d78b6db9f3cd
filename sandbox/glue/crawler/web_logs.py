"""The built-in classifiers of logs, by grok patterns: those of Apache and of Ruby's logger.

https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html#classifier-built-in
"""

from __future__ import annotations

from functools import cache

from sandbox.glue.crawler import grok
from sandbox.glue.crawler.grok import Grok
from sandbox.glue.crawler.profile import Recognised, Text

_FIRST_LINE_BYTES = 2**16
_RUBY = (
    r"[DIWEFA], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid:int}\] +(?<loglevel>[A-Z]+) -- "
    r"%{DATA:progname}: %{GREEDYDATA:message}"
)
_LOGS = (
    ("combined_apache", "%{COMBINEDAPACHELOG}"),
    ("apache", "%{COMMONAPACHELOG}"),
    ("ruby_logger", _RUBY),
)


def classify(text: Text) -> Recognised | None:
    """The answer for a log every line of which is an entry of the format."""
    first = text.data[:_FIRST_LINE_BYTES].lstrip().partition(b"\n")[0].decode(errors="replace")
    for classification, pattern in _LOGS:
        if not _compiled(pattern).fits(first):
            continue
        known_as = grok.grok_format(classification, text.compression, pattern)
        found = grok.classify(text, _compiled(pattern), known_as)
        if found and found.certainty == 1.0:
            return found
    return None


@cache
def _compiled(pattern: str) -> Grok:
    return grok.compile(pattern)
