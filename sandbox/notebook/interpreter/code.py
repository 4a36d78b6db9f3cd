"""Python paragraphs: run in a namespace that lasts, an expression at the end shows its value."""

from __future__ import annotations

import ast
import linecache
import traceback
from types import CodeType, TracebackType
from typing import Any

FILE = "<paragraph>"


class Failed(Exception):
    """A paragraph's own failure, told as its reader shall see it."""


def namespace(**names: Any) -> dict[str, Any]:
    """A fresh namespace, in which functions and classes are pickled by value for the executors."""
    return {"__name__": "__main__", "__builtins__": __builtins__, **names}


def run(source: str, first_line: int, names: dict[str, Any]) -> None:
    """Run `source`, which begins at `first_line` of its paragraph; `Failed` tells line and traceback."""
    text = "\n" * (first_line - 1) + source
    linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
    try:
        for part in _compiled(text):
            exec(part, names)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise Failed(_told(error, text)) from None


def _compiled(text: str) -> list[CodeType]:
    body = ast.parse(text, FILE).body
    last: list[ast.stmt] = [body.pop()] if body and isinstance(body[-1], ast.Expr) else []
    parts = []
    if body:
        parts.append(compile(ast.Module(body, []), FILE, "exec"))
    if last:
        parts.append(compile(ast.Interactive(last), FILE, "single"))
    return parts


def _told(error: BaseException, text: str) -> str:
    """Zeppelin's form: the line that failed, then the traceback without the interpreter's own frames."""
    own = error.__traceback__
    while own is not None and own.tb_frame.f_code.co_filename != FILE:
        own = own.tb_next
    told = "".join(traceback.format_exception(type(error), error, own))
    number = error.lineno if own is None and isinstance(error, SyntaxError) else _line(own)
    lines = text.splitlines()
    if number is None or not 0 < number <= len(lines):
        return told
    return f"Fail to execute line {number}: {lines[number - 1].strip()}\n{told}"


def _line(trace: TracebackType | None) -> int | None:
    return None if trace is None else trace.tb_lineno
