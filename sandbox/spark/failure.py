"""The cause of a failure, read from what a Python or Spark program wrote to standard error. Pure."""

from __future__ import annotations

import re

_PYTHON = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b.*$", re.MULTILINE)
_JAVA = re.compile(r"^Exception in thread \"[^\"]+\" (.+)$", re.MULTILINE)
_SCRIPT = re.compile(r"^Error: .+$|^Caused by: .+$", re.MULTILINE)


def cause(errors: str) -> str:
    """The last exception that was not caught, else the last line; empty when nothing was written."""
    traceback = errors.rpartition("Traceback (most recent call last):")[2]
    for pattern, text in ((_PYTHON, traceback), (_JAVA, errors), (_SCRIPT, errors)):
        found = pattern.findall(text)
        if found:
            return str(found[0 if pattern is _PYTHON else -1]).strip()
    return errors.strip().rpartition("\n")[2].strip()
