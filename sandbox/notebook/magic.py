"""What the first line of a paragraph asks for: its interpreter and local properties. Pure.

https://zeppelin.apache.org/docs/0.12.0/usage/interpreter/overview.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sandbox.errors import SandboxError


class Language(StrEnum):
    """What runs a paragraph."""

    PYSPARK = "pyspark"
    SQL = "sql"
    SCALA = "scala"
    PYTHON = "python"
    MARKDOWN = "md"
    SHELL = "sh"


NAMES = {
    "spark": Language.SCALA,
    "spark.spark": Language.SCALA,
    "pyspark": Language.PYSPARK,
    "spark.pyspark": Language.PYSPARK,
    "spark.ipyspark": Language.PYSPARK,
    "sql": Language.SQL,
    "spark.sql": Language.SQL,
    "python": Language.PYTHON,
    "python.python": Language.PYTHON,
    "python.ipython": Language.PYTHON,
    "md": Language.MARKDOWN,
    "md.markdown": Language.MARKDOWN,
    "sh": Language.SHELL,
}
_HEAD = re.compile(r"\A\s*%([\w.]+)(?:\(([^)\n]*)\))?[ \t]*\r?\n?")


class UnknownInterpreter(SandboxError):
    """A paragraph names an interpreter that is not there."""


@dataclass(frozen=True)
class Program:
    """A paragraph's language and its code without the first line's mark."""

    language: Language
    code: str
    first_line: int = 1
    """The line of the paragraph in which the code begins."""


def program(text: str, default: str = "spark") -> Program:
    """What a paragraph runs; `UnknownInterpreter` that lists those that there are."""
    head = _HEAD.match(text)
    name, code = (head.group(1), text[head.end() :]) if head else (default, text)
    language = NAMES.get(name)
    if language is None:
        raise UnknownInterpreter(
            f"There is no interpreter %{name} in the built-in note engine; there are "
            + ", ".join(f"%{known}" for known in NAMES)
        )
    line = 1 + text[: head.end()].count("\n") if head else 1
    return Program(language, code, line)
