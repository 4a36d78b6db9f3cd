"""The engine's web server: the page's own files, and the REST API; for this machine's browsers only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from sandbox.notebook.api import Api, Request

Environ = dict[str, Any]

API = "/api"
MAX_BODY = 32 * 1024 * 1024
"""Bytes of a request's body."""
PAGE = Path(__file__).parent / "page"
TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
SECURITY: Mapping[str, str] = {
    # Results may hold any HTML: it is shown, but no script in it runs and nothing leaves this machine.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class _Response:
    status: int
    type: str
    body: bytes


class Site:
    """A WSGI application. `port` is the one that browsers name, `address` what other machines do."""

    def __init__(self, api: Api, port: int, address: str = "") -> None:
        self._api = api
        self._hosts = frozenset((*(f"{name}:{port}" for name in _LOOPBACK), address)) - {""}
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._files = {f"/{file.name}": file for file in PAGE.iterdir() if file.suffix in TYPES}
        self._files["/"] = PAGE / "index.html"

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = self._respond(environ)
        status = HTTPStatus(response.status)
        headers = {
            "Content-Type": response.type,
            "Content-Length": str(len(response.body)),
            **SECURITY,
        }
        start_response(f"{status.value} {status.phrase}", list(headers.items()))
        return [response.body]

    def _respond(self, environ: Environ) -> _Response:
        host, origin = environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")
        if host not in self._hosts:
            return _refused(f"Host {host!r} is not this server")
        if origin is not None and origin not in self._origins:
            return _refused(f"Origin {origin!r} may not use this server")
        path, method = str(environ.get("PATH_INFO", "/")), str(environ["REQUEST_METHOD"])
        if path.startswith(f"{API}/"):
            return self._performed(environ, method, path.removeprefix(API))
        file = self._files.get(path)
        if file is not None and method == "GET":
            return _Response(200, TYPES[file.suffix], file.read_bytes())
        return _json(404, {"status": "NOT_FOUND", "message": f"There is no page {path}"})

    def _performed(self, environ: Environ, method: str, path: str) -> _Response:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY:
            return _json(413, {"status": "error", "message": f"The body is larger than {MAX_BODY} bytes"})
        body = environ["wsgi.input"].read(length).decode(errors="replace") if length else ""
        query = dict(parse_qsl(str(environ.get("QUERY_STRING", ""))))
        answer = self._api.answer(Request(method, path.rstrip("/"), query, body))
        return _json(answer.status, answer.document)


def _refused(message: str) -> _Response:
    return _json(403, {"status": "FORBIDDEN", "message": message})


def _json(status: int, document: Mapping[str, Any]) -> _Response:
    return _Response(status, "application/json", json.dumps(document, ensure_ascii=False).encode())
