"""How the interpreter tells its server what happens: one JSON document a line."""

from __future__ import annotations

import io
import json
import threading
from typing import Any, TextIO


class Channel:
    """Sends events; callers may be several threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, event: str, **members: Any) -> None:
        """Tell one event; nothing happens when nobody listens any more."""
        line = json.dumps({"event": event, **members}) + "\n"
        with self._lock:
            try:
                self._stream.write(line)
                self._stream.flush()
            except (BrokenPipeError, ValueError):
                return


class Output(io.TextIOBase):
    """The standard output of a paragraph; whole messages of other kinds go between what is printed."""

    encoding = "utf-8"

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text:
            self._channel.send("print", text=text)
        return len(text)

    def message(self, type: str, data: str) -> None:
        """Show one message of the display system."""
        self._channel.send("message", type=type, data=data)
