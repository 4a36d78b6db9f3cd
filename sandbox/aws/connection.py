"""One client's connection: requests go to a WSGI application, one after the other, and answers come back."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from sandbox.aws.delegation import HEADERS, WsgiApplication
from sandbox.aws.files import FileBody
from sandbox.aws.head import BadRequest, Head, parse
from sandbox.aws.stream import Body, Disconnected, Source, limit_waiting

TIMEOUT = 60
"""Seconds that a client may neither send nor take a byte in the middle of a request."""
DRAINED = 1 << 18
"""Bytes of a body that nobody read which are skipped to keep the connection."""
LINGER = 2
"""Seconds that a client has to read the answer to a request whose body was not read."""
_NO_BODY = frozenset({"204", "304"})
_log = logging.getLogger(__name__)


class Connection:
    """A connection that was accepted; `address` is the client's, `name` and `port` the server's."""

    def __init__(self, connection: socket.socket, address: str, server: tuple[str, int]) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        limit_waiting(connection, TIMEOUT)
        self.socket = connection
        self.source = Source(connection)
        self.since = time.monotonic()
        """When it was last heard of."""
        self._address = address
        self._server = server

    def fileno(self) -> int:
        """For a selector."""
        return self.socket.fileno()

    def close(self) -> None:
        """Idempotent."""
        self.socket.close()

    def serve(self, application: WsgiApplication, patience: float) -> bool | None:
        """Answer one request: True when more may follow, False when the connection is done.

        None when the head of a request does not come within `patience` seconds; nothing is lost then.
        """
        try:
            raw = self.source.head(patience)
            if raw is None:
                return None
            return self._exchange(parse(raw), application)
        except BadRequest as error:
            self._refuse(error)
            return False
        except (Disconnected, EOFError, OSError):
            return False

    def _exchange(self, head: Head, application: WsgiApplication) -> bool:
        body = Body(
            self.source, head.length, self.socket if head.waits_for_continue and head.length != 0 else None
        )
        answer = _Answer(self.socket, head, body)
        try:
            content = application(self._environ(head, body), answer.start)
            try:
                answer.send(content)
            finally:
                close = getattr(content, "close", None)
                if close:
                    close()
        except (Disconnected, EOFError, OSError):
            raise
        except Exception:
            _log.exception("%s %s failed", head.method, head.target)
            if not answer.sent:
                self._refuse(BadRequest(HTTPStatus.INTERNAL_SERVER_ERROR, "The request failed; see the log"))
            return False
        if answer.keeps_alive:
            return True
        if not body.finished:
            self._linger()
        return False

    def _refuse(self, error: BadRequest) -> None:
        text = error.reason.encode()
        head = (
            f"HTTP/1.1 {error.status.value} {error.status.phrase}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
        )
        try:
            self.socket.sendall(head.encode() + text)
            self._linger()
        except OSError:
            return

    def _linger(self) -> None:
        """Let the client read the answer before what it still sends makes the kernel reset the connection."""
        limit_waiting(self.socket, 1)
        deadline = time.monotonic() + LINGER
        try:
            self.socket.shutdown(socket.SHUT_WR)
            while time.monotonic() < deadline and self.socket.recv(1 << 16):
                pass
        except OSError:
            return

    def _environ(self, head: Head, body: Body) -> dict[str, Any]:
        path, _, query = head.target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": head.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1") if "%" in path else path,
            "QUERY_STRING": query,
            "REQUEST_URI": head.target,
            "SERVER_NAME": self._server[0],
            "SERVER_PORT": str(self._server[1]),
            "SERVER_PROTOCOL": f"HTTP/{head.version}",
            "REMOTE_ADDR": self._address,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            HEADERS: head.headers,
        }
        for name, value in head.headers.items():
            environ[_variable(name)] = value
        return environ


@lru_cache(maxsize=512)
def _variable(name: str) -> str:
    """A header's name in WSGI."""
    folded = name.upper().replace("-", "_")
    return folded if folded in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{folded}"


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


class _Answer:
    """The answer to one request, on its way to the client."""

    def __init__(self, connection: socket.socket, head: Head, body: Body) -> None:
        self._socket = connection
        self._head = head
        self._body = body
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._chunked = False
        self.sent = False
        """Whether the client has got a part of it."""
        self.keeps_alive = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        """WSGI's `start_response`."""
        if self.sent and exc_info:
            raise RuntimeError("the answer has begun")
        self._status, self._headers = status, headers
        return self._write

    def send(self, content: Iterable[bytes]) -> None:
        """Send everything."""
        has_body = self._head.method != "HEAD" and self._status[:3] not in _NO_BODY
        if isinstance(content, list):
            whole = b"".join(content)
            self._socket.sendall(self._start(len(whole)) + (whole if has_body else b""))
            return
        if isinstance(content, FileBody) and has_body:
            self._send_files(content)
            return
        for block in content:
            if block and has_body:
                self._write(block)
        if not self.sent:
            self._socket.sendall(self._start(0))
        if self._chunked:
            self._socket.sendall(b"0\r\n\r\n")

    def _write(self, block: bytes) -> None:
        begun = b"" if self.sent else self._start(None)
        self._socket.sendall(begun + (b"%x\r\n%b\r\n" % (len(block), block) if self._chunked else block))

    def _send_files(self, content: FileBody) -> None:
        """The kernel sends the files; one that is too short breaks the connection, which alone tells it."""
        self._socket.sendall(self._start(None), socket.MSG_MORE if hasattr(socket, "MSG_MORE") else 0)
        target = self._socket.fileno()
        for piece in content.pieces():
            position, left = piece.start, piece.size
            while left:
                sent = os.sendfile(target, piece.descriptor, position, left)
                if not sent:
                    raise OSError("a file is shorter than its size says")
                position += sent
                left -= sent

    def _start(self, length: int | None) -> bytes:
        """The head of the answer; with it, what becomes of the connection is decided."""
        names = {name.lower() for name, _ in self._headers}
        self._settle()
        lines = [f"HTTP/1.1 {self._status}"]
        lines += [f"{name}: {value}" for name, value in self._headers]
        if "date" not in names:
            lines.append(f"Date: {_date(int(time.time()))}")
        lines.append("Server: sandbox")
        if "content-length" not in names and self._status[:3] not in _NO_BODY:
            if length is not None:
                lines.append(f"Content-Length: {length}")
            elif self._head.version == "1.1":
                self._chunked = self._head.method != "HEAD"
                lines.append("Transfer-Encoding: chunked")
            else:
                self.keeps_alive = False
        if not self.keeps_alive:
            lines.append("Connection: close")
        elif self._head.version == "1.0":
            lines.append("Connection: keep-alive")
        text = "\r\n".join(lines)
        if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
            raise ValueError("a header of the answer holds a line break")
        self.sent = True
        return text.encode("latin-1") + b"\r\n\r\n"

    def _settle(self) -> None:
        """Skip what is left of a short body, so that the connection can be kept."""
        body, length = self._body, self._head.length
        if not body.finished and not body.is_awaited and length is not None and length <= DRAINED:
            body.read()
        self.keeps_alive = self._head.keeps_alive and body.finished and not body.broken
