"""S3 requests passed on, byte for byte, to another S3 such as LocalStack's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol
from xml.sax.saxutils import escape

import urllib3

from sandbox.aws.delegation import HEADERS

Environ = dict[str, Any]
CHUNK = 1024 * 1024
CONNECTIONS = 64
_OF_ONE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade"})


class _Readable(Protocol):
    def read(self, size: int = -1) -> bytes: ...


class UpstreamS3:
    """A WSGI application that answers with what the S3 at `endpoint` answers.

    Requests keep their path, query, headers and signature; bodies are streamed both ways. While the other
    S3 cannot be reached, the answer is S3's own ServiceUnavailable, which clients try again.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint.rstrip("/")
        # A pool of one host: a manager would take `..` in a key for a step up.
        self._pool = urllib3.connection_from_url(self._endpoint, maxsize=CONNECTIONS, retries=False)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            answer = self._pool.urlopen(
                environ["REQUEST_METHOD"],
                environ["REQUEST_URI"],
                headers=_headers(environ),
                body=_body(environ),
                preload_content=False,
                decode_content=False,
                redirect=False,
                assert_same_host=False,
            )
        except urllib3.exceptions.HTTPError as error:
            return _unavailable(f"{self._endpoint} cannot be reached: {error}", start_response)
        headers = [(name, value) for name, value in answer.headers.items() if _passes(name)]
        start_response(f"{answer.status} {answer.reason or 'Unknown'}", headers)
        return _chunks(answer)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


def _headers(environ: Environ) -> dict[str, str]:
    """The request's headers, as WSGI has them, but for those of the connection."""
    names = {name.upper().replace("-", "_"): name for name in environ.get(HEADERS, ())}
    headers = {}
    for key, value in environ.items():
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            folded = key.removeprefix("HTTP_")
            name = names.get(folded, folded.replace("_", "-").title())
            if value and _passes(name):
                headers[name] = value
    return headers


def _passes(name: str) -> bool:
    return name.lower() not in _OF_ONE_CONNECTION


def _body(environ: Environ) -> Iterator[bytes] | None:
    """The request's body in pieces; None where there is none."""
    if environ.get("CONTENT_LENGTH"):
        return _pieces(environ["wsgi.input"], int(environ["CONTENT_LENGTH"]))
    if environ.get("wsgi.input_terminated"):
        return iter(lambda: environ["wsgi.input"].read(CHUNK), b"")
    return None


def _pieces(source: _Readable, left: int) -> Iterator[bytes]:
    while left > 0 and (piece := source.read(min(CHUNK, left))):
        left -= len(piece)
        yield piece


def _chunks(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(CHUNK, decode_content=False)
    finally:
        answer.release_conn()


def _unavailable(message: str, start_response: Callable[..., Any]) -> list[bytes]:
    body = f"<Error><Code>ServiceUnavailable</Code><Message>{escape(message)}</Message></Error>".encode()
    headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
    start_response("503 Service Unavailable", headers)
    return [body]
