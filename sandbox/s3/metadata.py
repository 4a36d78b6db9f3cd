"""The headers that are kept with an object and come back with it, and the tags it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import formatdate
from urllib.parse import parse_qsl

from sandbox.errors import AwsError
from sandbox.s3 import faults
from sandbox.s3.checksums import Checksum
from sandbox.s3.entry import Entry, Versioning
from sandbox.s3.request import Request
from sandbox.s3.store import Store

USER = "x-amz-meta-"
MAX_USER = 2048
"""Bytes of all user metadata, names and values."""
MAX_TAGS = 10
ACL = "x-amz-acl"
"""A canned ACL is kept with the headers; it is returned by GetObjectAcl alone."""
_SYSTEM = (
    "content-type",
    "cache-control",
    "content-disposition",
    "content-language",
    "expires",
    "x-amz-website-redirect-location",
    "x-amz-storage-class",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
    ACL,
)
_STORAGE_CLASSES = frozenset(
    {"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "REDUCED_REDUNDANCY", "GLACIER_IR"}
)
_ARCHIVES = frozenset(
    {"GLACIER", "DEEP_ARCHIVE", "EXPRESS_ONEZONE", "OUTPOSTS", "SNOW", "FSX_OPENZFS", "FSX_ONTAP"}
)
_REFUSED = (
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-write-offset-bytes",
)
"""Headers that ask for something which is not done; taken silently they would promise it."""
_DEFAULT_TYPE = "binary/octet-stream"
_OVERRIDES = {
    f"response-{name}": name
    for name in (
        "content-type",
        "content-language",
        "expires",
        "cache-control",
        "content-disposition",
        "content-encoding",
    )
}


def refuse_unsupported(headers: Mapping[str, str]) -> None:
    """501 that names the header."""
    for name in _REFUSED:
        if name in headers:
            raise faults.not_implemented(f"The header {name}")


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """What is kept of a request's headers; `MetadataTooLarge`, `InvalidStorageClass`, 501 for an archive."""
    refuse_unsupported(headers)
    found = {name: headers[name] for name in _SYSTEM if name in headers}
    user = {name: value for name, value in headers.items() if name.startswith(USER)}
    if sum(len(name) - len(USER) + len(value) for name, value in user.items()) > MAX_USER:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        raise AwsError("MetadataTooLarge", message)
    encodings = [each.strip() for each in headers.get("content-encoding", "").split(",")]
    encoding = ",".join(each for each in encodings if each and each != "aws-chunked")
    if encoding:
        found["content-encoding"] = encoding
    storage_class = found.get("x-amz-storage-class", "STANDARD")
    if storage_class in _ARCHIVES:
        raise faults.not_implemented(f"The storage class {storage_class}")
    if storage_class not in _STORAGE_CLASSES:
        raise AwsError("InvalidStorageClass", "The storage class you specified is not valid")
    return {**found, **user}


def encryption(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The encryption that was asked for, as the answer to a write repeats it."""
    return [
        (name, value) for name, value in headers.items() if name.startswith("x-amz-server-side-encryption")
    ]


def header_tags(headers: Mapping[str, str]) -> str:
    """The tags of the `x-amz-tagging` header, as the index keeps them."""
    text = headers.get("x-amz-tagging", "")
    try:
        return encode_tags(parse_qsl(text, keep_blank_values=True, errors="strict")) if text else ""
    except ValueError as error:
        raise faults.invalid_argument("The header 'x-amz-tagging' shall be encoded as UTF-8") from error


def encode_tags(tags: list[tuple[str, str]], most: int = MAX_TAGS) -> str:
    """`InvalidTag` or `BadRequest` for what S3 does not take as tags."""
    if len(tags) > most:
        kind = "Object" if most == MAX_TAGS else "Bucket"
        raise AwsError("BadRequest", f"{kind} tags cannot be greater than {most}")
    if len({name for name, _ in tags}) < len(tags):
        raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key")
    for name, value in tags:
        if not 1 <= len(name) <= 128:
            raise AwsError("InvalidTag", "The TagKey you have provided is invalid")
        if len(value) > 256:
            raise AwsError("InvalidTag", "The TagValue you have provided is invalid")
    return json.dumps(tags) if tags else ""


def decode_tags(text: str) -> list[tuple[str, str]]:
    """What `encode_tags` made."""
    return [(name, value) for name, value in json.loads(text)] if text else []


def identity(store: Store, bucket: str, entry: Entry) -> list[tuple[str, str]]:
    """Entity tag, date and version: what also a 304 tells."""
    found = [("ETag", f'"{entry.etag}"'), ("Last-Modified", formatdate(int(entry.modified), usegmt=True))]
    return [*found, *version_header(store, bucket, entry)]


def version_header(store: Store, bucket: str, entry: Entry) -> list[tuple[str, str]]:
    """`x-amz-version-id`, in a bucket that keeps versions."""
    keeps_none = store.index.bucket(bucket).versioning is Versioning.OFF
    return [] if keeps_none else [("x-amz-version-id", entry.version)]


def response_headers(
    store: Store, entry: Entry, request: Request, with_checksum: bool
) -> list[tuple[str, str]]:
    """The headers of a GET or HEAD of the object, but for length and range."""
    kept_headers = entry.kept_headers
    kept_headers.pop(ACL, None)
    kept_headers.setdefault("content-type", _DEFAULT_TYPE)
    if kept_headers.get("x-amz-storage-class") == "STANDARD":
        del kept_headers["x-amz-storage-class"]
    for name, value in request.query.items():
        if name in _OVERRIDES:
            if not value.isprintable():
                raise faults.invalid_argument(f"{name} is no value of a header")
            kept_headers[_OVERRIDES[name]] = value.encode().decode("latin-1")
    found = [*identity(store, request.bucket, entry), ("Accept-Ranges", "bytes"), *kept_headers.items()]
    if entry.tags:
        found.append(("x-amz-tagging-count", str(len(decode_tags(entry.tags)))))
    if (
        with_checksum
        and entry.checksum
        and request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED"
    ):
        found += Checksum.parse(entry.checksum).headers
    return found


def storage_class(entry: Entry) -> str:
    """As listings show it."""
    if "x-amz-storage-class" not in entry.headers:
        return "STANDARD"
    return entry.kept_headers.get("x-amz-storage-class", "STANDARD")
