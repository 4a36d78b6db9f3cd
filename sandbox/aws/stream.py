"""What comes over a connection: a buffer over the socket, and the body of one request."""

from __future__ import annotations

import select
import socket
import struct
from http import HTTPStatus

from sandbox.aws.head import MAX_HEAD, BadRequest

BLOCK = 1 << 16
"""Bytes that are asked of the kernel where it is not known how many there are."""
_END = b"\r\n\r\n"
_MAX_LINE = 1024


class Disconnected(ConnectionError):
    """The client is gone, or too slow."""


def limit_waiting(connection: socket.socket, seconds: int) -> None:
    """From now on no call on the blocking socket waits longer; it then raises BlockingIOError.

    The kernel keeps the time, which costs no further system call for every call.
    """
    value = struct.pack("ll", seconds, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)


class Source:
    """The bytes that a client sends; raises `Disconnected`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = b""
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    def ready(self, seconds: float) -> bool:
        """Whether something is here, or comes within this time."""
        return bool(self._buffer) or bool(self._poll.poll(seconds * 1000))

    def head(self, patience: float) -> bytes | None:
        """The next request's head without the empty line; None when the rest does not come in time.

        What has come until then is kept for the next call. `BadRequest` for a head that is too long.
        """
        while (end := self._buffer.find(_END)) < 0:
            if len(self._buffer) > MAX_HEAD:
                raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The head is too long")
            if not self._poll.poll(patience * 1000):
                return None
            more = self._receive(BLOCK)
            if not more:
                raise Disconnected
            self._buffer = (self._buffer + more).lstrip(b"\r\n") if not self._buffer else self._buffer + more
        head, self._buffer = self._buffer[:end], self._buffer[end + len(_END) :]
        if len(head) > MAX_HEAD:
            raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The head is too long")
        return head

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only when the client ends."""
        if len(self._buffer) >= size:
            taken, self._buffer = self._buffer[:size], self._buffer[size:]
            return taken
        taken, self._buffer = self._buffer, b""
        parts = [taken] if taken else []
        left = size - len(taken)
        while left:
            more = self._receive(left, socket.MSG_WAITALL)
            if not more:
                break
            parts.append(more)
            left -= len(more)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readline(self, limit: int) -> bytes:
        """Up to and with the next line feed, at most `limit` bytes."""
        while (end := self._buffer.find(b"\n", 0, limit)) < 0 and len(self._buffer) < limit:
            more = self._receive(BLOCK)
            if not more:
                end = len(self._buffer) - 1
                break
            self._buffer += more
        size = end + 1 if end >= 0 else limit
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _receive(self, size: int, flags: int = 0) -> bytes:
        try:
            return self._socket.recv(size, flags)
        except OSError as error:
            raise Disconnected from error


class Body:
    """The body of one request as WSGI wants it: ends where the request ends.

    The client is told to continue when the body is first asked for. A body that ends too soon is shorter
    than was announced; one in HTTP's chunks then raises EOFError, and also when they are malformed.
    """

    def __init__(self, source: Source, length: int | None, waiting: socket.socket | None) -> None:
        self._source = source
        self._chunked = length is None
        self._left = length or 0
        self._waiting = waiting
        self._line = b""
        self.finished = length == 0
        """Whether there is no more to read."""
        self.broken = False
        """Whether it ended too soon or is malformed, so that nothing can follow on the connection."""

    @property
    def is_awaited(self) -> bool:
        """Whether the client still waits for the word to send it."""
        return self._waiting is not None

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all without; fewer only at the end."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(BLOCK), b""))
        parts: list[bytes] = []
        while size and not self.finished:
            taken = self._some(size)
            size -= len(taken)
            parts.append(taken)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readline(self, size: int = -1) -> bytes:
        """One line, of at most `size` bytes."""
        limit = BLOCK if size is None or size < 0 else size
        if not self._chunked and not self.finished:
            self._continue()
            line = self._source.readline(min(limit, self._left))
            self._spend(len(line), bool(line))
            return line
        line = b""
        while len(line) < limit and not line.endswith(b"\n") and (byte := self.read(1)):
            line += byte
        return line

    def _some(self, size: int) -> bytes:
        self._continue()
        if self._chunked and not self._left:
            self._left = self._chunk_size()
            if not self._left:
                self._skip_trailers()
                self.finished = True
                return b""
        wanted = min(size, self._left)
        taken = self._source.read(wanted)
        self._spend(len(taken), len(taken) == wanted)
        return taken

    def _spend(self, size: int, complete: bool) -> None:
        self._left -= size
        if not complete:
            self._break()
            return
        if self._left == 0:
            if self._chunked:
                self._expect_line_end()
            else:
                self.finished = True

    def _continue(self) -> None:
        if self._waiting is not None:
            try:
                self._waiting.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            except OSError as error:
                raise Disconnected from error
            self._waiting = None

    def _chunk_size(self) -> int:
        digits = self._source.readline(_MAX_LINE).partition(b";")[0].strip()
        if not digits or len(digits) > 15 or digits.strip(b"0123456789abcdefABCDEF"):
            self._break()
        return int(digits, 16)

    def _expect_line_end(self) -> None:
        if self._source.readline(2) not in (b"\r\n", b"\n"):
            self._break()

    def _skip_trailers(self) -> None:
        for _ in range(32):
            if self._source.readline(_MAX_LINE) in (b"\r\n", b"\n", b""):
                return
        self._break()

    def _break(self) -> None:
        self.broken = self.finished = True
        if self._chunked:
            raise EOFError("the body is not complete")
