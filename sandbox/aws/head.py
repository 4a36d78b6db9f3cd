"""The head of an HTTP/1.1 request: from bytes to values, strictly.

What two parties could read in two ways is refused (RFC 9112, sections 2.2, 5.1, 6.3), so that nothing can be
smuggled behind a request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

MAX_HEAD = 64 * 1024
"""Bytes of the request line and all headers."""
MAX_HEADERS = 200
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(rf"({_TOKEN}) ([^\x00-\x20\x7f]+) HTTP/(1\.[01])")
_FIELD = rf"\r\n({_TOKEN}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)"
_HEAD = re.compile(rf"[^\r\n]*(?:{_FIELD})*")
_FIELDS = re.compile(_FIELD)
_SINGLE = frozenset({"content-length", "host", "transfer-encoding"})
_ABSOLUTE = re.compile(r"https?://[^/?]*", re.IGNORECASE)


class BadRequest(Exception):
    """A request that is not answered by an application; `status` is what the client is told."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Head:
    """`target` begins with a slash; header names are in lower case, values are as sent, in latin-1.

    `length` is that of the body in bytes, None for one in HTTP's chunks.
    """

    method: str
    target: str
    version: str
    headers: dict[str, str]
    length: int | None

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to send more requests on the connection."""
        wish = self.headers.get("connection", "").lower()
        return "close" not in wish and (self.version == "1.1" or "keep-alive" in wish)

    @property
    def waits_for_continue(self) -> bool:
        """Whether the client sends the body only when it is told to."""
        return self.headers.get("expect", "").lower() == "100-continue"


def parse(head: bytes) -> Head:
    """`head` is everything before the empty line; raises `BadRequest`."""
    text = head.decode("latin-1")
    line = _LINE.match(text)
    if line is None or not _HEAD.fullmatch(text):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "The head of the request is malformed")
    fields = _FIELDS.findall(text, line.end())
    if len(fields) > MAX_HEADERS:
        raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "There are too many headers")
    headers: dict[str, str] = {}
    for written, value in fields:
        name, stripped = written.lower(), value.rstrip(" \t")
        if name in headers:
            if name in _SINGLE:
                raise BadRequest(HTTPStatus.BAD_REQUEST, f"The header {name} is there twice")
            stripped = f"{headers[name]},{stripped}"
        headers[name] = stripped
    version = line[3]
    if version == "1.1" and "host" not in headers:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "The header host is missing")
    return Head(line[1], _target(line[2]), version, headers, _length(headers))


def _target(target: str) -> str:
    if target.startswith("/") or target == "*":
        return target
    absolute = _ABSOLUTE.match(target)
    if not absolute:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "The request target is malformed")
    rest = target[absolute.end() :]
    return rest if rest.startswith("/") else f"/{rest}"


def _length(headers: dict[str, str]) -> int | None:
    coding, text = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if text is not None:
            raise BadRequest(HTTPStatus.BAD_REQUEST, "The length of the body is told in two ways")
        if coding.lower() != "chunked":
            raise BadRequest(HTTPStatus.NOT_IMPLEMENTED, f"The transfer coding {coding} is not known")
        return None
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "The header content-length is no number")
    return int(text)
