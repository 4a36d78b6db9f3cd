"""SQL paragraphs: each statement's rows as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.notebook import display
from sandbox.notebook.interpreter.code import Failed
from sandbox.notebook.interpreter.context import ZeppelinContext

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|;""", re.DOTALL | re.VERBOSE
)


def run(source: str, spark: Any, z: ZeppelinContext) -> None:
    """Run every statement and show what has columns; `Failed` with Spark's own words at the first fault."""
    for statement in statements(source):
        try:
            frame = spark.sql(statement)
            if frame.columns:
                z.show_rows(frame.columns, frame.limit(display.TABLE_ROWS + 1).collect())
        except Exception as error:
            raise Failed(_reason(error)) from None


def statements(source: str) -> Iterator[str]:
    """The statements between semicolons; those in quotes and comments separate nothing. Pure."""
    begin = 0
    for token in _TOKEN.finditer(source):
        if token.group() == ";":
            yield from _worth(source[begin : token.start()])
            begin = token.end()
    yield from _worth(source[begin:])


def _worth(statement: str) -> Iterator[str]:
    """The statement, unless it is empty or all comment."""
    if re.sub(r"--[^\n]*|/\*.*?\*/", "", statement, flags=re.DOTALL).strip():
        yield statement.strip()


def _reason(error: Exception) -> str:
    """Spark's message without Java's frames."""
    description = getattr(error, "desc", None) or str(error)
    return f"{type(error).__name__}: {description}"
