"""A request as S3 sees it, and the response to it: what lies between WSGI and the operations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote_to_bytes

from sandbox.aws.delegation import HEADERS
from sandbox.errors import AwsError
from sandbox.s3 import faults
from sandbox.s3.xml import element, group

MAX_KEY = 1024
"""Bytes of a key in UTF-8."""
_LOCAL = ".localhost"
_S3 = re.compile(r"^(?:(?P<bucket>.+)\.)?s3(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?$")


class Level(StrEnum):
    """What a request is about."""

    SERVICE = "/"
    BUCKET = "/{Bucket}"
    OBJECT = "/{Bucket}/{Key+}"


class Input(Protocol):
    """The body as the server hands it over."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""

    def readline(self, size: int, /) -> bytes:
        """One line of at most `size` bytes."""


@dataclass(slots=True)
class Request:
    """One request. Header names are in lower case; `path` and `query_string` are as they were sent."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    input: Input
    path: str
    query_string: str
    id: str = ""
    """What the client is told as `x-amz-request-id`."""
    trailers: dict[str, str] = field(default_factory=dict)
    """What came behind an aws-chunked body; empty until that has been read."""

    @property
    def level(self) -> Level:
        """What it is about."""
        if not self.bucket:
            return Level.SERVICE
        return Level.OBJECT if self.key else Level.BUCKET


@dataclass(slots=True)
class Response:
    """The answer: `body` is bytes, or blocks of together `length` bytes."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""
    length: int | None = None


def xml(body: bytes, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """A response that is a document."""
    return Response(status, [("Content-Type", "application/xml"), *headers], body)


def failure(error: AwsError, request: Request | None, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """The error as S3's document; a HEAD has no body."""
    if request and request.method == "HEAD":
        return xml(b"", error.status, headers)
    resource = request.path if request else "/"
    named = ""
    if request and error.code == "NoSuchKey":
        named = element("Key", request.key)
    if request and error.code == "NoSuchBucket":
        named = element("BucketName", request.bucket)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    body = group(
        "Error",
        element("Code", error.code),
        element("Message", error.message),
        named,
        element("Resource", resource),
        element("RequestId", request.id if request else None),
    )
    return xml((head + body).encode(), error.status, headers)


def read(environ: Mapping[str, Any], id: str = "") -> Request:
    """The request of a WSGI environ; `InvalidURI` when its path or query is no percent-encoded UTF-8."""
    headers = environ.get(HEADERS) or _folded_headers(environ)
    uri = str(environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ.get("PATH_INFO", "/"))
    path, _, query_string = uri.partition("?")
    bucket, key = _address(headers.get("host", ""), path)
    if len(key.encode()) > MAX_KEY:
        raise AwsError("KeyTooLongError", "Your key is too long")
    return Request(
        method=str(environ["REQUEST_METHOD"]),
        bucket=bucket,
        key=key,
        query=_query(query_string),
        headers=headers,
        input=environ["wsgi.input"],
        path=path,
        query_string=query_string,
        id=id,
    )


def _folded_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Headers as plain WSGI has them, which makes `_` of every `-`."""
    found = {
        name[5:].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        if environ.get(name):
            found[name.lower().replace("_", "-")] = environ[name]
    return found


def _address(host: str, path: str) -> tuple[str, str]:
    """Bucket and key, from the host's name (`bucket.localhost`, `bucket.s3.localhost`) or from the path."""
    named = hosted_bucket(host)
    raw = path.removeprefix("/")
    if named:
        return named, _decoded(raw)
    bucket, _, key = raw.partition("/")
    return _decoded(bucket), _decoded(key)


def hosted_bucket(host: str) -> str:
    """The bucket that a Host header names; empty where the path names it."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    name = name.lower()
    if not name.endswith(_LOCAL):
        return ""
    labels = name.removesuffix(_LOCAL)
    found = _S3.match(labels)
    return (found["bucket"] or "") if found else labels


def _decoded(raw: str) -> str:
    if "%" not in raw and raw.isascii():
        return raw
    try:
        return unquote_to_bytes(raw.encode("latin-1")).decode()
    except UnicodeError as error:
        raise faults.invalid_uri() from error


def _query(query_string: str) -> dict[str, str]:
    if not query_string:
        return {}
    try:
        pairs = parse_qsl(query_string, keep_blank_values=True, errors="strict", max_num_fields=200)
    except (ValueError, UnicodeError) as error:
        raise faults.invalid_uri() from error
    return dict(pairs)
