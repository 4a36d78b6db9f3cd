"""Zeppelin's display system: output that names its own kind by a mark at the start of a line. Pure.

https://zeppelin.apache.org/docs/0.12.0/usage/display_system/basic.html
"""

from __future__ import annotations

import re
import threading
from dataclasses import replace

from sandbox.notebook.note import Message

TEXT_LIMIT = 100 * 1024
"""Characters of one piece of text that are kept, as in Zeppelin's default."""
TABLE_ROWS = 1000
"""Rows of a table that are shown, as in Zeppelin's default."""

_MARK = re.compile(r"^%(text|table|html|img|angular|network)(?:[ \t]|$)", re.MULTILINE)
_UNSAFE = re.compile(r"[\t\r\n]+")


def split(text: str) -> list[Message]:
    """The pieces of what a paragraph printed; text before the first mark is TEXT."""
    pieces: list[Message] = []
    kind, begin = "TEXT", 0
    # A mark may stand on a line of its own: the end of that line is no output.
    for mark in _MARK.finditer(text):
        _add(pieces, kind, text[begin : mark.start()])
        kind, begin = mark.group(1).upper(), mark.end()
        begin += text.startswith("\n", begin)
    _add(pieces, kind, text[begin:])
    return pieces


def table(columns: list[str], rows: list[list[str]]) -> str:
    """A table as the display system takes it: tabs between cells, a line a row."""
    lines = ["\t".join(_UNSAFE.sub(" ", cell) for cell in line) for line in (columns, *rows)]
    return "\n".join(lines) + "\n"


def _add(pieces: list[Message], kind: str, data: str) -> None:
    if kind == "TEXT" and not data.strip():
        return
    pieces.append(Message(kind, data))


class Output:
    """What a running paragraph gave so far: printed text between messages that are whole. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: list[Message] = []
        self._printed = ""

    def print(self, text: str) -> None:
        """Add printed text; what is beyond the limit is dropped."""
        with self._lock:
            room = TEXT_LIMIT - len(self._printed)
            self._printed += text[: max(0, room)]
            if len(text) > room >= 0:
                self._printed += f"\n[more than {TEXT_LIMIT} characters of output: the rest is not kept]\n"

    def add(self, message: Message) -> None:
        """Add a whole message."""
        with self._lock:
            self._pieces += [*split(self._printed), message]
            self._printed = ""

    def messages(self) -> tuple[Message, ...]:
        """All there is by now; pieces of text that follow each other are one."""
        with self._lock:
            pieces = [*self._pieces, *split(self._printed)]
        joined: list[Message] = []
        for piece in pieces:
            if joined and piece.type == joined[-1].type == "TEXT":
                joined[-1] = replace(joined[-1], data=joined[-1].data + piece.data)
            else:
                joined.append(piece)
        return tuple(joined)
