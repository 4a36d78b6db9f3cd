"""The one endpoint: decides by header who answers a request, as a WSGI application.

A request belongs to one of our services by its `X-Amz-Target` (`ElasticMapReduce.RunJobFlow`), to the
sandbox itself by the path prefix `/_sandbox/`, and to S3 or moto by the service in its signature. An
unsigned request without a target is S3's, as it would be on AWS.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from sandbox.aws.delegation import DELEGATED, WsgiApplication
from sandbox.aws.operations import Service
from sandbox.aws.protocol import Response, failure, not_emulated, perform, xml_failure
from sandbox.errors import AwsError, UsageError

Environ = dict[str, Any]
Page = Callable[[], dict[str, Any]]
Action = Callable[[str], dict[str, Any]]
Before = Callable[[Mapping[str, Sequence[str]]], None]

PREFIX = "/_sandbox/"
MAX_JSON_BODY = 32 * 1024 * 1024
"""Bytes; the longest body of a JSON request that is read into memory."""

_SCOPE = re.compile(r"Credential=[^/,]*/\d{8}/[^/]+/([^/]+)/aws4_request")
_LOOPBACK = re.compile(r"^(.+\.)?localhost$|^127(\.\d{1,3}){3}$|^\[::1\]$", re.IGNORECASE)
_log = logging.getLogger(__name__)


class Gateway:
    """A WSGI application over our services, moto and the sandbox's own pages.

    `services` is keyed by target prefix, `pages` and `actions` by name under `/_sandbox/`; both return a
    document, and an action takes what follows its name in the path. `before` holds, by signing name, what is
    told of a delegated request's parameters before moto answers it, and may refuse it.
    `host` is a name that clients may use beside those of loopback.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        s3: WsgiApplication,
        delegate: WsgiApplication,
        pages: Mapping[str, Page],
        actions: Mapping[str, Action],
        before: Mapping[str, Before],
        host: str = "localhost",
    ) -> None:
        self._host = host
        self._services = services
        self._s3 = s3
        self._delegate = delegate
        self._pages = pages
        self._actions = actions
        self._before = before

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not is_own(environ.get("HTTP_HOST", ""), self._host):
            message = (
                f"Host {environ.get('HTTP_HOST')!r} is not this machine; the sandbox answers on loopback only"
            )
            return _send(failure(AwsError("AccessDenied", message, status=403)), start_response)
        prefix, _, name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
        if prefix in self._services:
            try:
                body = read_body(environ)
            except AwsError as error:
                return _send(failure(error), start_response)
            return _send(perform(self._services[prefix], name, body), start_response)
        path = str(environ.get("PATH_INFO", "/"))
        if path.startswith(PREFIX):
            name = path.removeprefix(PREFIX)
            answer = self._act(name, environ) if environ["REQUEST_METHOD"] == "POST" else self._page(name)
            return _send(answer, start_response)
        service = signing_name(environ)
        if service == "s3":
            return self._s3(environ, start_response)
        if path.startswith("/moto-api") or service not in DELEGATED:
            return _send(_refusal(service, name or environ.get("REQUEST_METHOD", ""), name), start_response)
        return self._delegated(service, name, environ, start_response)

    def _delegated(
        self, service: str, name: str, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """moto's answer; what moto does not know is refused by name like everything else."""
        if service in self._before:
            try:
                self._before[service](_parameters(environ))
            except AwsError as error:
                return _send(xml_failure(error), start_response)
        try:
            return self._delegate(environ, start_response)
        except NotImplementedError as error:
            _log.info("moto: %s", error)
            return _send(_refusal(service, name or str(error), name), start_response)

    def _page(self, name: str) -> Response:
        page = self._pages.get(name)
        if page is None:
            return failure(AwsError("NotFound", f"There is no page {PREFIX}{name}", status=404))
        return Response(200, json.dumps(page()).encode(), {"Content-Type": "application/json"})

    def _act(self, path: str, environ: Environ) -> Response:
        """Perform an action. A browser asks before it sends JSON, so that no page of others can do it."""
        name, _, argument = path.partition("/")
        action = self._actions.get(name)
        if action is None:
            return failure(AwsError("NotFound", f"There is no action {PREFIX}{name}", status=404))
        if environ.get("CONTENT_TYPE") != "application/json":
            return failure(AwsError("UnsupportedMediaType", "Content-Type: application/json", status=415))
        try:
            document = action(argument)
        except UsageError as error:
            return failure(AwsError("InvalidRequestException", str(error)))
        return Response(200, json.dumps(document).encode(), {"Content-Type": "application/json"})


def _refusal(service: str, what: str, target: str) -> Response:
    """501 in the form of the caller's protocol: JSON where a target was named, else XML."""
    error = not_emulated(service, what)
    return failure(error) if target else xml_failure(error)


def is_own(host: str, own: str) -> bool:
    """Whether a Host header names this machine, as loopback or as `own`; else it may be DNS rebinding."""
    name = host if host.endswith("]") else re.sub(r":\d+$", "", host)
    return name == own or bool(_LOOPBACK.match(name))


def signing_name(environ: Environ) -> str:
    """The service a request was signed for; `s3` when it is not signed."""
    authorization, query = environ.get("HTTP_AUTHORIZATION", ""), str(environ.get("QUERY_STRING", ""))
    if not authorization and "X-Amz-Credential=" in query:
        authorization = f"Credential={parse_qs(query)['X-Amz-Credential'][0]}"
    scope = _SCOPE.search(authorization)
    if scope:
        return scope.group(1)
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    return target.partition(".")[0] if target else "s3"


def read_body(environ: Environ) -> bytes:
    """The whole body of a JSON request; `RequestEntityTooLargeException` beyond 32 MiB."""
    length = environ.get("CONTENT_LENGTH")
    if length and int(length) > MAX_JSON_BODY:
        raise AwsError("RequestEntityTooLargeException", "The request body is larger than 32 MiB", status=413)
    stream = environ["wsgi.input"]
    if length:
        return bytes(stream.read(int(length)))
    return bytes(stream.read()) if environ.get("wsgi.input_terminated") else b""


def _parameters(environ: Environ) -> Mapping[str, Sequence[str]]:
    """The parameters of a query request, whose body can be read once more afterwards."""
    body = read_body(environ)
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    return parse_qs(f"{environ.get('QUERY_STRING', '')}&{body.decode(errors='replace')}")


def _send(response: Response, start_response: Callable[..., Any]) -> Iterable[bytes]:
    status = HTTPStatus(response.status)
    headers = [*response.headers.items(), ("Content-Length", str(len(response.body)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [response.body]
