"""Cross-origin requests, answered by the CORS configuration of the bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from sandbox.errors import AwsError
from sandbox.s3.request import Request, Response
from sandbox.s3.store import Store
from sandbox.s3.xml import parse

_CONFIGURATION = "cors"


def matches(pattern: str, text: str) -> bool:
    """Whether an origin or header fits a rule's pattern, which may hold one `*`."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def _rule(rules: Iterable[Element], origin: str, method: str, headers: list[str]) -> Element | None:
    for rule in rules:
        origins = [each.text or "" for each in rule.iterfind("AllowedOrigin")]
        methods = [each.text or "" for each in rule.iterfind("AllowedMethod")]
        allowed = [(each.text or "").lower() for each in rule.iterfind("AllowedHeader")]
        fits = any(matches(pattern, origin) for pattern in origins) and method in methods
        if fits and all(any(matches(pattern, name) for pattern in allowed) for name in headers):
            return rule
    return None


def _answer(rule: Element, origin: str) -> list[tuple[str, str]]:
    everyone = any(each.text == "*" for each in rule.iterfind("AllowedOrigin"))
    found = [
        ("Access-Control-Allow-Origin", "*" if everyone else origin),
        (
            "Access-Control-Allow-Methods",
            ", ".join(each.text or "" for each in rule.iterfind("AllowedMethod")),
        ),
    ]
    exposed = ", ".join(each.text or "" for each in rule.iterfind("ExposeHeader"))
    if exposed:
        found.append(("Access-Control-Expose-Headers", exposed))
    if age := rule.findtext("MaxAgeSeconds"):
        found.append(("Access-Control-Max-Age", age.strip()))
    if not everyone:
        found.append(("Access-Control-Allow-Credentials", "true"))
    return [*found, ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")]


def headers_for(store: Store, request: Request) -> list[tuple[str, str]]:
    """What is added to the answer of a request from another origin; nothing where no rule allows it."""
    origin = request.headers.get("origin")
    kept = store.index.kept_configuration(request.bucket, _CONFIGURATION) if origin else None
    if origin is None or kept is None:
        return []
    rule = _rule(parse(kept, "CORSConfiguration").iterfind("CORSRule"), origin, request.method, [])
    return _answer(rule, origin) if rule is not None else []


def preflight(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html"""
    origin, method = request.headers.get("origin"), request.headers.get("access-control-request-method")
    if not origin or not method:
        message = "Insufficient information. Origin request header needed."
        raise AwsError("BadRequest", message)
    kept = store.index.kept_configuration(request.bucket, _CONFIGURATION)
    if kept is None:
        raise AwsError("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", 403)
    asked = request.headers.get("access-control-request-headers", "")
    names = [name.strip().lower() for name in asked.split(",") if name.strip()]
    rule = _rule(parse(kept, "CORSConfiguration").iterfind("CORSRule"), origin, method, names)
    if rule is None:
        message = "CORSResponse: This CORS request is not allowed by the bucket's CORS configuration."
        raise AwsError("AccessForbidden", message, 403)
    answer = _answer(rule, origin)
    return Response(200, [*answer, ("Access-Control-Allow-Headers", asked)] if names else answer)
