"""Signature Version 4: in headers, in the query of a presigned URL, and in the chunks of a body.

Expiry is always checked; signatures where the store knows the credentials that it shall compare with.
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from sandbox.errors import AwsError
from sandbox.s3 import faults
from sandbox.s3.request import Request

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_EXPIRES = 7 * 24 * 3600
"""Seconds that a presigned URL may be good for."""
MAX_SKEW = 15 * 60
"""Seconds that a signed request's date may be off."""
UNSIGNED = "UNSIGNED-PAYLOAD"
_EMPTY = hashlib.sha256(b"").hexdigest()
_HEADER = re.compile(
    rf"^{ALGORITHM} +Credential=([^, ]+), *SignedHeaders=([^, ]+), *Signature=([0-9a-f]{{64}})$"
)
_SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request claims. `date` is as it was sent, `expires` in seconds, None in a header."""

    access_key: str
    scope: str
    """`20260101/us-east-1/s3/aws4_request`."""
    date: str
    signed_headers: tuple[str, ...]
    value: str
    expires: int | None = None

    @property
    def signed_at(self) -> float:
        """Seconds since the epoch; `AccessDenied` when `date` is none."""
        try:
            return datetime.strptime(self.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise AwsError(
                "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403
            ) from None

    def key(self, secret: str) -> bytes:
        """The signing key."""
        made = f"AWS4{secret}".encode()
        for part in self.scope.split("/"):
            made = _hmac(made, part)
        return made


def parse(request: Request) -> Signature | None:
    """The signature of a request; None for an unsigned one, `AuthorizationHeaderMalformed`."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        found = _HEADER.match(authorization)
        if not found:
            message = "The authorization header that you provided is not valid."
            raise AwsError("AuthorizationHeaderMalformed", message)
        access_key, _, scope = found[1].partition("/")
        date = request.headers.get("x-amz-date", "")
        return Signature(access_key, scope, date, tuple(found[2].split(";")), found[3])
    query = request.query
    if "X-Amz-Signature" not in query:
        return None
    expires = query.get("X-Amz-Expires", "")
    if not expires.isdecimal() or int(expires) > MAX_EXPIRES or query.get("X-Amz-Algorithm") != ALGORITHM:
        message = "X-Amz-Expires must be less than a week (in seconds) that is 604800"
        raise AwsError("AuthorizationQueryParametersError", message)
    access_key, _, scope = query.get("X-Amz-Credential", "").partition("/")
    return Signature(
        access_key,
        scope,
        query.get("X-Amz-Date", ""),
        tuple(query.get("X-Amz-SignedHeaders", "").split(";")),
        query["X-Amz-Signature"],
        int(expires),
    )


def refuse_expired(request: Request, now: float) -> None:
    """`AccessDenied` for a presigned URL whose time is over, of Signature Version 4 or 2."""
    if "X-Amz-Signature" in request.query:
        signature = parse(request)
        assert signature is not None
        expired = now > signature.signed_at + (signature.expires or 0)
    elif "Signature" in request.query and "Expires" in request.query:
        expires = request.query["Expires"]
        expired = not expires.isdecimal() or now > int(expires)
    else:
        return
    if expired:
        raise AwsError("AccessDenied", "Request has expired", 403)


class Authority:
    """Knows credentials, and compares every signature with them."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets

    def verify(self, request: Request, now: float) -> None:
        """`AccessDenied` for an unsigned request, `InvalidAccessKeyId`, `SignatureDoesNotMatch`, and more."""
        signature = self._known(request)
        if signature.expires is None and abs(now - signature.signed_at) > MAX_SKEW:
            message = "The difference between the request time and the current time is too large."
            raise AwsError("RequestTimeTooSkewed", message, 403)
        if "host" not in signature.signed_headers:
            raise AwsError(
                "AccessDenied", "There were headers present in the request which were not signed", 403
            )
        digest = hashlib.sha256(canonical_request(request, signature).encode()).hexdigest()
        text = "\n".join((ALGORITHM, signature.date, signature.scope, digest))
        self.compare(signature.value, _hmac(self.key(signature), text).hex())

    def verify_policy(self, policy: str, fields: Mapping[str, str]) -> None:
        """The signature of a form's policy."""
        access_key, _, scope = fields.get("x-amz-credential", "").partition("/")
        signature = Signature(
            access_key, scope, fields.get("x-amz-date", ""), (), fields.get("x-amz-signature", "")
        )
        if not signature.value:
            raise AwsError("AccessDenied", "Access Denied", 403)
        self.compare(signature.value, _hmac(self.key(signature), policy).hex())

    def _known(self, request: Request) -> Signature:
        signature = parse(request)
        if signature is None and "Signature" in request.query:
            message = (
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
            )
            raise faults.invalid_request(message)
        if signature is None:
            raise AwsError("AccessDenied", "Access Denied", 403)
        return signature

    def key(self, signature: Signature) -> bytes:
        """The signing key of the credentials that are named; `InvalidAccessKeyId`."""
        secret = self._secrets.get(signature.access_key)
        if secret is None:
            message = "The AWS Access Key Id you provided does not exist in our records."
            raise AwsError("InvalidAccessKeyId", message, 403)
        return signature.key(secret)

    def compare(self, sent: str, expected: str) -> None:
        """`SignatureDoesNotMatch`."""
        if not hmac.compare_digest(sent.encode(), expected.encode()):
            message = (
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method."
            )
            raise AwsError("SignatureDoesNotMatch", message, 403)

    def chunks(self, request: Request) -> Chunks | None:
        """What checks the chunks of the body; None where these are not signed."""
        if not request.headers.get("x-amz-content-sha256", "").startswith(_SIGNED_CHUNKS):
            return None
        return Chunks(self, self._known(request))


class Chunks:
    """Checks the chain of signatures in an aws-chunked body.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """

    def __init__(self, authority: Authority, seed: Signature) -> None:
        self._authority = authority
        self._seed = seed
        self._key = authority.key(seed)
        self._previous = seed.value
        self._digest = hashlib.sha256()

    def data(self, block: bytes) -> None:
        """More bytes of the chunk."""
        self._digest.update(block)

    def chunk(self, signature: str) -> None:
        """The chunk is complete."""
        self._verify("PAYLOAD", f"{_EMPTY}\n{self._digest.hexdigest()}", signature)
        self._digest = hashlib.sha256()

    def trailers(self, headers: dict[str, str]) -> None:
        """The trailing headers, which are signed when there are any."""
        signed = [(name, value) for name, value in headers.items() if name != "x-amz-trailer-signature"]
        if not signed:
            return
        canonical = "".join(f"{name}:{value}\n" for name, value in signed)
        digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
        self._verify("TRAILER", digest, headers.get("x-amz-trailer-signature", ""))

    def _verify(self, kind: str, what: str, sent: str) -> None:
        text = "\n".join((f"{ALGORITHM}-{kind}", self._seed.date, self._seed.scope, self._previous, what))
        expected = _hmac(self._key, text).hex()
        self._authority.compare(sent, expected)
        self._previous = expected


def canonical_request(request: Request, signature: Signature) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""
    headers = request.headers
    named = "".join(
        f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signature.signed_headers
    )
    payload = UNSIGNED if signature.expires is not None else headers.get("x-amz-content-sha256", UNSIGNED)
    return "\n".join(
        (
            request.method,
            quote(unquote_to_bytes(request.path.encode("latin-1")), safe="/~"),
            _canonical_query(request.query_string),
            named,
            ";".join(signature.signed_headers),
            payload,
        )
    )


def _canonical_query(query_string: str) -> str:
    pairs = parse_qsl(query_string, keep_blank_values=True)
    encoded = sorted(
        (quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
