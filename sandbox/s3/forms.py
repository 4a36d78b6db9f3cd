"""Browser uploads: an HTML form with fields, a policy and a file.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.errors import AwsError
from sandbox.s3 import checksums, faults, metadata
from sandbox.s3.body import BLOCK, blocks
from sandbox.s3.entry import Entry
from sandbox.s3.objects import keep_object
from sandbox.s3.request import MAX_KEY, Request, Response, xml
from sandbox.s3.store import Digests, Store, keep
from sandbox.s3.xml import element, group

MAX_FIELDS = 20 * 1024
"""Bytes of everything before the file."""
_BOUNDARY = re.compile(r'^multipart/form-data;.*boundary="?([^";,]{1,200})"?', re.IGNORECASE)
_NAME = re.compile(r'[; ]name="([^"]*)"')
_FILE = re.compile(r'[; ]filename="([^"]*)"')
_IGNORED = frozenset({"x-amz-signature", "file", "policy", "awsaccesskeyid", "signature"})
"""Fields that a policy need not name; nor those that begin with `x-ignore-`."""


def is_form(request: Request) -> bool:
    """Whether a request is a browser's upload."""
    is_multipart = bool(_BOUNDARY.match(request.headers.get("content-type", "")))
    return bool(request.bucket) and not request.key and is_multipart


class Form:
    """A form whose fields have been read; the file follows."""

    def __init__(self, request: Request) -> None:
        found = _BOUNDARY.match(request.headers.get("content-type", ""))
        if not found:
            message = "Bucket POST must be of the enclosure-type multipart/form-data"
            raise AwsError("PreconditionFailed", message, 412)
        self._delimiter = b"\r\n--" + found[1].encode("latin-1")
        self._source = blocks(request)
        # The first boundary has no line before it.
        self._buffer = b"\r\n"
        self.fields: dict[str, str] = {}
        self.file_name = ""
        self._read_fields()

    def _more(self) -> bool:
        block = next(self._source, b"")
        self._buffer += block
        return bool(block)

    def _until(self, mark: bytes) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            if len(self._buffer) > MAX_FIELDS:
                message = "Your POST request fields preceding the upload file were too large."
                raise AwsError("MaxPostPreDataLengthExceeded", message)
            if not self._more():
                raise _malformed()
        taken, self._buffer = self._buffer[:end], self._buffer[end + len(mark) :]
        return taken

    def _read_fields(self) -> None:
        self._until(self._delimiter)
        while True:
            if self._until(b"\r\n").startswith(b"--"):
                raise faults.invalid_argument("POST requires exactly one file upload per request.")
            head = ("; " + self._until(b"\r\n\r\n").decode(errors="replace")).replace("\r\n", "; ")
            name = _NAME.search(head)
            if not name:
                raise _malformed()
            if name[1].lower() == "file":
                file = _FILE.search(head)
                self.file_name = re.split(r"[/\\]", file[1])[-1] if file else ""
                return
            self.fields[name[1].lower()] = self._until(self._delimiter).decode(errors="replace")

    def file(self) -> Iterator[bytes]:
        """The file's bytes; whatever follows the file is ignored, as S3 does."""
        while (end := self._buffer.find(self._delimiter)) < 0:
            safe = len(self._buffer) - len(self._delimiter)
            if safe > 0:
                yield self._buffer[:safe]
                self._buffer = self._buffer[safe:]
            if not self._more():
                raise _malformed()
        for start in range(0, end, BLOCK):
            yield self._buffer[start : min(start + BLOCK, end)]
        for _ in self._source:
            pass

    @property
    def key(self) -> str:
        """The key, with the file's name in the place of `${filename}`."""
        if "key" not in self.fields:
            raise faults.invalid_argument(
                "Bucket POST must contain a field named 'key'.  If it is specified, please check the "
                "order of the fields."
            )
        found = self.fields["key"].replace("${filename}", self.file_name)
        if not found:
            raise faults.invalid_argument("User key must have a length greater than 0.")
        if len(found.encode()) > MAX_KEY:
            raise AwsError("KeyTooLongError", "Your key is too long")
        return found


def _malformed() -> AwsError:
    return AwsError(
        "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data."
    )


class Policy:
    """What the form's signer allows; every field must be covered by a condition."""

    def __init__(self, encoded: str) -> None:
        try:
            document = json.loads(base64.b64decode(encoded, validate=True))
            self._conditions: list[Any] = document["conditions"]
            expiration = str(document["expiration"]).replace("Z", "+00:00")
            self._expires = datetime.fromisoformat(expiration).timestamp()
        except (binascii.Error, ValueError, KeyError, TypeError) as error:
            raise AwsError("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") from error
        self.longest: int | None = None
        self.shortest = 0

    def verify(self, fields: Mapping[str, str], bucket: str, now: float) -> None:
        """`AccessDenied` when it has expired or when a field is not as it says."""
        if now > self._expires:
            raise AwsError("AccessDenied", "Invalid according to Policy: Policy expired.", 403)
        covered = set()
        for condition in self._conditions:
            covered |= self._check(condition, {**fields, "bucket": bucket})
        for name in (*fields, "bucket"):
            if name not in covered and name not in _IGNORED and not name.startswith("x-ignore-"):
                raise _denied(f"Extra input fields: {name}")

    def _check(self, condition: Any, fields: Mapping[str, str]) -> set[str]:
        match condition:
            case dict():
                for name, value in condition.items():
                    if fields.get(name.lower(), "") != str(value):
                        raise _denied(f'Policy Condition failed: ["eq", "${name}", "{value}"]')
                return {name.lower() for name in condition}
            case ["content-length-range", shortest, longest]:
                self.shortest, self.longest = int(shortest), int(longest)
                return set()
            case [str(operator), str(name), value] if operator.lower() in ("eq", "starts-with"):
                field = fields.get(name.removeprefix("$").lower(), "")
                fits = field == value if operator.lower() == "eq" else field.startswith(str(value))
                if not fits:
                    raise _denied(f'Policy Condition failed: ["{operator}", "{name}", "{value}"]')
                return {name.removeprefix("$").lower()}
            case _:
                raise AwsError("InvalidPolicyDocument", "Invalid Policy: Invalid condition.")

    def check_size(self, size: int) -> None:
        """`EntityTooSmall`, `EntityTooLarge`."""
        if size < self.shortest:
            raise AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        if self.longest is not None and size > self.longest:
            raise faults.entity_too_large()


def post_object(store: Store, request: Request) -> Response:
    """Make an object of the form's file, if the policy allows it."""
    store.index.bucket(request.bucket)
    form = Form(request)
    fields, key = form.fields, form.key
    policy = _policy(store, request, fields)
    headers = metadata.kept(fields)
    digests = Digests(request, checksums.announced(fields) or checksums.DEFAULT)

    def verify() -> None:
        if policy:
            policy.check_size(digests.size)
        digests.verify_with(fields, {})

    received = keep(store, digests.over(form.file()), digests, verify)
    made = keep_object(store, request.bucket, key, headers, metadata.header_tags(fields), received)
    return _answer(store, request, fields, made)


def _policy(store: Store, request: Request, fields: Mapping[str, str]) -> Policy | None:
    """The form's policy, whose conditions hold; where signatures are checked there must be one."""
    encoded, now = fields.get("policy"), store.clock()
    if store.authority:
        store.authority.verify_policy(encoded or "", fields)
    if encoded is None:
        return None
    policy = Policy(encoded)
    policy.verify(fields, request.bucket, now)
    return policy


def _answer(store: Store, request: Request, fields: Mapping[str, str], made: Entry) -> Response:
    place = f"http://{request.headers.get('host', '')}/{request.bucket}/{quote(made.key)}"
    told = [
        ("ETag", f'"{made.etag}"'),
        ("Location", place),
        *metadata.version_header(store, request.bucket, made),
    ]
    redirect = fields.get("success_action_redirect") or fields.get("redirect")
    if (
        redirect
        and redirect.startswith(("http://", "https://"))
        and redirect.isprintable()
        and redirect.isascii()
    ):
        joint = "&" if "?" in redirect else "?"
        query = urlencode({"bucket": request.bucket, "key": made.key, "etag": f'"{made.etag}"'})
        return Response(303, [told[0], ("Location", f"{redirect}{joint}{query}")])
    match fields.get("success_action_status"):
        case "201":
            parts = {"Location": place, "Bucket": request.bucket, "Key": made.key, "ETag": f'"{made.etag}"'}
            return xml(group("PostResponse", *map(element, parts, parts.values())).encode(), 201, told)
        case "200":
            return Response(200, told)
        case _:
            return Response(204, told)


def _denied(reason: str) -> AwsError:
    return AwsError("AccessDenied", f"Invalid according to Policy: {reason}", 403)
