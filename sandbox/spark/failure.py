"""The cause of a failure, read from what a Python or Spark program wrote. Pure."""

from __future__ import annotations

import re

_TRACEBACK = "Traceback (most recent call last):"
_PYTHON = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b.*$", re.MULTILINE)
_JAVA = re.compile(r"^Exception in thread \"[^\"]+\" (.+)$", re.MULTILINE)
_PLAIN = re.compile(r"^(?:Error: |Caused by: |python\S*: |bash: ).+$", re.MULTILINE)
_LOG_LINE = re.compile(r"^\d\d/\d\d/\d\d \d\d:\d\d:\d\d [A-Z]+ ")


def cause(stderr: str, stdout: str = "") -> str:
    """The last exception that was not caught, else the last line that is no log line; may be empty.

    spark-submit joins a Python driver's standard error to its standard output, so both are read.
    """
    for text in (stderr, stdout):
        if _TRACEBACK in text or "SyntaxError" in text:
            found = _PYTHON.findall(text.rpartition(_TRACEBACK)[2])
            if found:
                return str(found[0]).strip()
    for pattern in (_JAVA, _PLAIN):
        found = pattern.findall(stderr)
        if found:
            return str(found[-1]).strip()
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not _LOG_LINE.match(line)]
    return lines[-1] if lines else ""
