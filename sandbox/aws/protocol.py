"""AWS JSON 1.1: from bytes to an operation's request, and from its response or error to bytes.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

import base64
import json
import logging
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from sandbox.aws.operations import Document, Service
from sandbox.aws.validation import validate
from sandbox.errors import AwsError, SandboxError

CONTENT_TYPE = "application/x-amz-json-1.1"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Response:
    """An HTTP response: status, body and headers."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def not_emulated(service: str, operation: str) -> AwsError:
    """The refusal by name: HTTP 501 `NotEmulated`."""
    message = f"{service}:{operation} is not emulated by EMR Sandbox; `sandbox parity` lists what is"
    return AwsError("NotEmulated", message, status=501)


def perform(service: Service, name: str, body: bytes) -> Response:
    """Parse, validate, perform and serialise one request of `service`."""
    try:
        if name not in service.model.operation_names:
            message = f"The operation {name} is unknown to {service.model.service_name}"
            raise AwsError("UnknownOperationException", message, status=501)
        operation = service.operations.get(name)
        if operation is None:
            raise not_emulated(service.model.service_name, name)
        request = _parse(body)
        input_shape = service.model.operation_model(name).input_shape
        if input_shape is not None:
            validate(input_shape, request)
        return answer(200, operation.perform(_without_none(request)))
    except AwsError as error:
        return failure(error)
    except SandboxError as error:
        _log.exception("%s failed", name)
        return failure(AwsError("InternalFailure", str(error), status=500))
    except Exception:
        _log.exception("%s failed", name)
        return failure(
            AwsError("InternalFailure", f"{name} failed inside the sandbox; see its log", status=500)
        )


def answer(status: int, document: Document) -> Response:
    """A response with `document` as its JSON body."""
    body = json.dumps(_without_none(document), default=_encode).encode()
    return Response(status, body, {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": str(uuid.uuid4())})


def failure(error: AwsError) -> Response:
    """The error in the form that AWS clients parse."""
    response = answer(error.status, {"__type": error.code, "message": error.message})
    return Response(response.status, response.body, {**response.headers, "x-amzn-ErrorType": error.code})


def xml_failure(error: AwsError) -> Response:
    """The error in the form that clients of S3 and of the query services parse."""
    detail = f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
    request_id = uuid.uuid4()
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error>{detail}<Error>{detail}</Error><Errors><Error>{detail}</Error></Errors>"
        f"<RequestId>{request_id}</RequestId></Error>"
    )
    return Response(error.status, body.encode(), {"Content-Type": "application/xml"})


def _parse(body: bytes) -> Document:
    try:
        request = json.loads(body or b"{}")
        if b"\\ud" in body.lower():
            # Half of a surrogate pair is no character: it can neither be stored nor be sent back.
            json.dumps(request, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", f"The request body is not JSON: {error}") from error
    if not isinstance(request, dict):
        raise AwsError("SerializationException", "The request body must be a JSON object")
    return request


def _without_none(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_none(item) for key, item in value.items() if item is not None}
        case list() | tuple():
            return [_without_none(item) for item in value]
        case _:
            return value


def _encode(value: object) -> object:
    match value:
        case datetime():
            return value.timestamp()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            raise TypeError(f"{type(value).__name__} cannot be sent to an AWS client")
