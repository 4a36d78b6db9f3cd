"""How a Glue document becomes a column of SQLite and back, and what the catalog says when a row is amiss."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from sandbox.errors import AwsError

Document = dict[str, Any]


def dump(document: Document) -> str:
    """The document as JSON; a datetime becomes seconds since the epoch."""
    return json.dumps(document, default=_seconds, ensure_ascii=False)


def load(text: str) -> Document:
    """The document that `dump` wrote."""
    document: Document = json.loads(text)
    return document


def _seconds(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} is no part of a Glue document")


def not_found(kind: str, name: str) -> AwsError:
    """Glue's answer for an entity that is not there."""
    return AwsError("EntityNotFoundException", f"{kind} {name} not found.")


def already_exists(kind: str) -> AwsError:
    """Glue's answer for an entity that is there already."""
    return AwsError("AlreadyExistsException", f"{kind} already exists.")


def invalid(message: str) -> AwsError:
    """Glue's answer for input that cannot be accepted."""
    return AwsError("InvalidInputException", message)


def name_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern of GetTables and GetUserDefinedFunctions: a regular expression for the whole name.

    A `*` that repeats nothing is a wildcard, as in Hive (`cust*`). Raises InvalidInputException.
    """
    try:
        return re.compile(re.sub(r"(?<![.\])\\])\*", ".*", pattern), re.IGNORECASE)
    except re.error as error:
        raise invalid(f"Invalid pattern {pattern!r}: {error}") from error
