"""GetObjectAttributes: what is known of an object without reading it."""

from __future__ import annotations

import json

from sandbox.s3 import faults, metadata
from sandbox.s3.buckets import number
from sandbox.s3.checksums import Checksum, Kind
from sandbox.s3.entry import Entry
from sandbox.s3.objects import live
from sandbox.s3.request import Request, Response, xml
from sandbox.s3.store import Store
from sandbox.s3.xml import document, element, group

_KNOWN = frozenset({"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"})


def get_object_attributes(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html"""
    asked = {name.strip() for name in request.headers.get("x-amz-object-attributes", "").split(",")}
    if not asked <= _KNOWN:
        raise faults.invalid_argument("Invalid attribute name specified.")
    entry = live(store, request)
    parts = {
        "ETag": element("ETag", entry.etag),
        "Checksum": _checksum(entry),
        "ObjectParts": _parts(entry, request),
        "StorageClass": element("StorageClass", metadata.storage_class(entry)),
        "ObjectSize": element("ObjectSize", entry.size),
    }
    body = document("GetObjectAttributesResponse", *(text for name, text in parts.items() if name in asked))
    return xml(body, headers=[*metadata.identity(store, request.bucket, entry)[1:]])


def _checksum(entry: Entry) -> str:
    kept = Checksum.parse(entry.checksum)
    return group("Checksum", element(kept.algorithm.element, kept.value), element("ChecksumType", kept.kind))


def _parts(entry: Entry, request: Request) -> str:
    """Only what was uploaded in parts has any; each is told where the checksum is composed of theirs."""
    if not entry.parts:
        return ""
    parts, kept = json.loads(entry.parts), Checksum.parse(entry.checksum)
    limit = number({"max": request.headers.get("x-amz-max-parts", "")}, "max", 1000)
    marker = request.headers.get("x-amz-part-number-marker", "0")
    after = int(marker) if marker.isdecimal() else 0
    following = [part for part in parts if part[0] > after]
    shown = following[:limit] if kept.kind is Kind.COMPOSITE else []
    return group(
        "ObjectParts",
        element("PartsCount", len(parts)),
        element("PartNumberMarker", after),
        element("NextPartNumberMarker", shown[-1][0] if shown else 0),
        element("MaxParts", limit),
        element("IsTruncated", kept.kind is Kind.COMPOSITE and len(following) > limit),
        *(
            group(
                "Part",
                element("PartNumber", number_),
                element("Size", size),
                element(kept.algorithm.element, value),
            )
            for number_, size, value in shown
        ),
    )
