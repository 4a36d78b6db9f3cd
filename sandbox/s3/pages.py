"""The listings as S3 answers them: ListObjects, ListObjectsV2, ListObjectVersions."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from urllib.parse import quote

from sandbox.s3 import faults, listing, metadata
from sandbox.s3.buckets import number, owner
from sandbox.s3.entry import Entry
from sandbox.s3.listing import Page, Position
from sandbox.s3.request import Request, Response, xml
from sandbox.s3.store import Store
from sandbox.s3.xml import document, element, escape, group, timestamp

MAX_KEYS = 1000
_PLAIN = re.compile(r"[A-Za-z0-9_.~/*-]*")
Encode = Callable[[str], str]


def encoding(request: Request) -> Encode:
    """How keys are written: percent-encoded where the client asks for it. The result is ready for XML."""
    asked = request.query.get("encoding-type")
    if asked is None:
        return escape
    if asked != "url":
        raise faults.invalid_argument("Invalid Encoding Method specified in Request")
    return _percent


def _percent(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="/*")


def list_objects_v2(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""
    query, encode = request.query, encoding(request)
    token, start_after = query.get("continuation-token"), query.get("start-after", "")
    after = _marker(token) if token is not None else start_after
    page, limit = _page(store, request, after)
    shown = owner(store) if query.get("fetch-owner", "").lower() == "true" else ""
    return xml(
        document(
            "ListBucketResult",
            *_head(request, encode, limit, page),
            element("KeyCount", len(page.entries) + len(page.prefixes)),
            element("ContinuationToken", token),
            element("NextContinuationToken", _token(page.last) if page.truncated else None),
            group("StartAfter", encode(start_after)) if start_after else "",
            *contents(page.entries, encode, shown),
            *_prefixes(page, encode),
        )
    )


def list_objects(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html"""
    query, encode = request.query, encoding(request)
    marker = query.get("marker", "")
    page, limit = _page(store, request, marker)
    with_next = page.truncated and query.get("delimiter")
    return xml(
        document(
            "ListBucketResult",
            *_head(request, encode, limit, page),
            group("Marker", encode(marker)),
            group("NextMarker", encode(page.last)) if with_next else "",
            *contents(page.entries, encode, owner(store)),
            *_prefixes(page, encode),
        )
    )


def list_object_versions(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html"""
    query, encode = request.query, encoding(request)
    fetch = listing.versions(store.index, request.bucket)
    limit = number(query, "max-keys", MAX_KEYS)
    key, version = query.get("key-marker", ""), query.get("version-id-marker", "")
    if version and not key:
        raise faults.invalid_argument("A version-id marker cannot be specified without a key marker.")
    known = store.index.version(request.bucket, key, version) if version else None
    start = Position(key.encode(), below=known.sequence if known else None)
    page = listing.page(
        fetch, query.get("prefix", ""), query.get("delimiter", ""), start, limit, by_version=True
    )
    following = ""
    if page.truncated:
        following = group("NextKeyMarker", encode(page.last))
        if page.entries and page.entries[-1].key == page.last:
            following += element("NextVersionIdMarker", page.entries[-1].version)
    return xml(
        document(
            "ListVersionsResult",
            *_head(request, encode, limit, page),
            group("KeyMarker", encode(key)),
            element("VersionIdMarker", version),
            following,
            *(
                _version(store, entry, encode, entry.key != former)
                for former, entry in zip(
                    [key if known else None, *(each.key for each in page.entries)], page.entries, strict=False
                )
            ),
            *_prefixes(page, encode),
        )
    )


def _version(store: Store, entry: Entry, encode: Encode, latest: bool) -> str:
    head = (
        group("Key", encode(entry.key)),
        element("VersionId", entry.version),
        element("IsLatest", latest),
        element("LastModified", timestamp(entry.modified)),
    )
    if entry.is_marker:
        return group("DeleteMarker", *head, owner(store))
    rest = _etag_size_class(entry)
    return group("Version", *head, rest, owner(store))


def _page(store: Store, request: Request, after: str) -> tuple[Page, int]:
    query = request.query
    fetch = listing.objects(store.index, request.bucket)
    limit = number(query, "max-keys", MAX_KEYS)
    start = Position(after.encode())
    return listing.page(fetch, query.get("prefix", ""), query.get("delimiter", ""), start, limit), limit


def _head(request: Request, encode: Encode, limit: int, page: Page) -> tuple[str, ...]:
    query = request.query
    return (
        element("Name", request.bucket),
        group("Prefix", encode(query.get("prefix", ""))),
        group("Delimiter", encode(query["delimiter"])) if query.get("delimiter") else "",
        element("MaxKeys", limit),
        element("EncodingType", query.get("encoding-type")),
        element("IsTruncated", page.truncated),
    )


def contents(entries: list[Entry], encode: Encode, shown_owner: str) -> list[str]:
    """One element for each object."""
    return [
        f"<Contents><Key>{encode(entry.key)}</Key><LastModified>{timestamp(entry.modified)}</LastModified>"
        f"{_etag_size_class(entry)}{shown_owner}</Contents>"
        for entry in entries
    ]


def _etag_size_class(entry: Entry) -> str:
    algorithm, kind, _ = entry.checksum.split("/", 2)
    return (
        f"<ETag>&quot;{entry.etag}&quot;</ETag><ChecksumAlgorithm>{algorithm}</ChecksumAlgorithm>"
        f"<ChecksumType>{kind}</ChecksumType><Size>{entry.size}</Size>"
        f"<StorageClass>{metadata.storage_class(entry)}</StorageClass>"
    )


def _prefixes(page: Page, encode: Encode) -> list[str]:
    return [group("CommonPrefixes", group("Prefix", encode(prefix))) for prefix in page.prefixes]


def _token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def _marker(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise faults.invalid_argument("The continuation token provided is incorrect") from error
