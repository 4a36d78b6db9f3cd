"""Objects: put, get, head, copy, delete."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass

from sandbox.aws.files import FileBody
from sandbox.errors import AwsError
from sandbox.s3 import conditions, faults, metadata, ranges
from sandbox.s3.blobs import Content, encode, part_of
from sandbox.s3.checksums import Checksum
from sandbox.s3.entry import Entry, Versioning
from sandbox.s3.index import Check, no_condition
from sandbox.s3.request import Request, Response, failure, xml
from sandbox.s3.store import Received, Store, checked_document, receive
from sandbox.s3.xml import document, element, group, parse

MAX_DELETED = 1000
SMALL = 1 << 16
"""Bytes up to which a body is read at once instead of sent as a file."""


def put_object(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"""
    if "partNumber" in request.query:
        raise faults.invalid_argument("This operation does not accept partNumber without uploadId")
    store.index.bucket(request.bucket)
    headers, tags = metadata.kept(request.headers), metadata.header_tags(request.headers)
    check = conditions.for_write(request.headers)
    if check is not no_condition:
        # Before the body comes; it counts when the object is put.
        check(store.index.current(request.bucket, request.key))
    made = keep_object(store, request.bucket, request.key, headers, tags, receive(store, request), check)
    answer = [
        ("ETag", f'"{made.etag}"'),
        *metadata.version_header(store, request.bucket, made),
        *Checksum.parse(made.checksum).headers,
    ]
    return Response(200, answer + metadata.encryption(headers))


def keep_object(
    store: Store,
    bucket: str,
    key: str,
    headers: dict[str, str],
    tags: str,
    received: Received,
    check: Check = no_condition,
) -> Entry:
    """Make an object of what was received; when it must not be, the bytes are gone too."""
    entry = Entry(
        key=key,
        sequence=0,
        version=store.new_id(),
        size=received.size,
        etag=received.md5,
        modified=store.clock(),
        checksum=str(received.checksum),
        headers=json.dumps(headers),
        tags=tags,
        parts="",
        content=encode(received.content),
    )
    try:
        return store.index.put(bucket, entry, check)
    except BaseException:
        store.blobs.discard(each.blob for each in received.content)
        raise


def find(store: Store, bucket: str, key: str, version: str | None) -> Entry:
    """The live object or the version that is asked for, which may be a delete marker.

    Raises `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`.
    """
    if version is not None:
        if version == "":
            raise faults.invalid_argument("Version id cannot be the empty string")
        found = store.index.version(bucket, key, version)
    else:
        found = store.index.current(bucket, key)
    if found is None:
        keeps_versions = store.index.bucket(bucket).versioning is not Versioning.OFF
        found = store.index.newest_former(bucket, key) if keeps_versions and version is None else None
    if found is None:
        raise faults.no_such_key() if version is None else faults.no_such_version()
    return found


def live(store: Store, request: Request) -> Entry:
    """What `find` finds for a request; a delete marker is `NoSuchKey`, by its version `MethodNotAllowed`."""
    version = request.query.get("versionId")
    entry = find(store, request.bucket, request.key, version)
    if entry.is_marker:
        raise faults.no_such_key() if version is None else faults.method_not_allowed()
    return entry


def get_object(store: Store, request: Request) -> Response:
    """GET and HEAD. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"""
    version = request.query.get("versionId")
    entry = find(store, request.bucket, request.key, version)
    while True:
        try:
            return _read(store, request, entry)
        except FileNotFoundError:
            # Overwritten or deleted between the look into the index and the opening of the file.
            again = find(store, request.bucket, request.key, version)
            if again.sequence == entry.sequence:
                raise
            entry = again


def _read(store: Store, request: Request, entry: Entry) -> Response:
    if entry.is_marker:
        return _deleted(store, entry, request)
    if conditions.unmodified(request.headers, entry):
        return Response(304, metadata.identity(store, request.bucket, entry))
    start, size, partial, extra = _wanted(request, entry)
    headers = metadata.response_headers(store, entry, request, with_checksum=size == entry.size) + extra
    if partial and size:
        headers.append(("Content-Range", f"bytes {start}-{start + size - 1}/{entry.size}"))
    status = 206 if partial else 200
    if request.method == "HEAD" or size == 0:
        return Response(status, headers, b"", size)
    content = entry.segments if size == entry.size else part_of(entry.segments, start, size)
    return Response(status, headers, _content(store, request, entry, content), size)


def _wanted(request: Request, entry: Entry) -> tuple[int, int, bool, list[tuple[str, str]]]:
    """First byte, length, whether that is a part of the object, and the headers that say so."""
    if "partNumber" in request.query:
        start, size, parts = ranges.of_part(entry, request.query["partNumber"])
        return start, size, True, [("x-amz-mp-parts-count", str(parts))] if parts else []
    asked = ranges.of_header(request.headers.get("range"), entry.size)
    if asked is None:
        return 0, entry.size, False, []
    return *asked, True, []


def _content(store: Store, request: Request, entry: Entry, content: Content) -> bytes | FileBody:
    """The bytes, or the files they lie in, which stay until they are sent."""
    pieces = store.blobs.pieces(content)
    first = next(pieces)
    if len(content) == 1 and first.size <= SMALL:
        with closing(pieces):
            return b"".join(first.blocks())
    if len(content) > 1:
        # Pinned now; but some may have been deleted before the first was.
        again = find(store, request.bucket, request.key, request.query.get("versionId"))
        if again.sequence != entry.sequence:
            pieces.close()
            raise FileNotFoundError(entry.key)
    return FileBody(first, pieces)


def _deleted(store: Store, entry: Entry, request: Request) -> Response:
    """A delete marker: 404, or 405 where the marker itself was asked for."""
    headers = [("x-amz-delete-marker", "true"), *metadata.version_header(store, request.bucket, entry)]
    if "versionId" not in request.query:
        return failure(faults.no_such_key(), request, headers)
    return failure(faults.method_not_allowed(), request, [*headers, ("Allow", "DELETE")])


def delete_object(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html"""
    version = request.query.get("versionId")
    check = _for_delete(request.headers.get("if-match"))
    with store.index.change():
        removed = _delete(store, request.bucket, request.key, version, check)
    return Response(204, removed.headers)


@dataclass(frozen=True, slots=True)
class _Removed:
    """What a delete did: the version that is gone or the marker that was made."""

    version: str | None
    marker: str | None

    @property
    def headers(self) -> list[tuple[str, str]]:
        found = [("x-amz-delete-marker", "true")] if self.marker else []
        told = self.version or self.marker
        return [*found, ("x-amz-version-id", told)] if told else found


def _delete(store: Store, bucket: str, key: str, version: str | None, check: Check) -> _Removed:
    if version:
        gone = store.index.delete_version(bucket, key, version)
        marker = gone.version if gone and gone.is_marker else None
        return _Removed(version, marker)
    made = store.index.delete(bucket, key, store.new_id(), store.clock(), check)
    return _Removed(None, made.version if made else None)


def _for_delete(match: str | None) -> Check:
    if match is None:
        return no_condition

    def check(current: Entry | None) -> None:
        if current is None:
            raise faults.no_such_key()
        if not conditions.names(match, current.etag):
            raise faults.precondition_failed()

    return check


def delete_objects(store: Store, request: Request) -> Response:
    """Many at once, committed together. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""
    store.index.bucket(request.bucket)
    root = parse(checked_document(store, request), "Delete")
    asked = root.findall("Object")
    if not 1 <= len(asked) <= MAX_DELETED:
        raise faults.malformed_xml()
    quiet = root.findtext("Quiet", "").strip() == "true"
    told: list[str] = []
    with store.index.change():
        for each in asked:
            key, version = each.findtext("Key", ""), each.findtext("VersionId") or None
            if not key:
                raise faults.malformed_xml()
            told.append(_delete_one(store, request.bucket, key, version, each.findtext("ETag"), quiet))
    return xml(document("DeleteResult", *told))


def _delete_one(
    store: Store, bucket: str, key: str, version: str | None, etag: str | None, quiet: bool
) -> str:
    """The element that tells of one key."""
    named = element("Key", key) + element("VersionId", version)
    try:
        removed = _delete(store, bucket, key, version, _for_delete(etag))
    except AwsError as error:
        return group("Error", named, element("Code", error.code), element("Message", error.message))
    if quiet:
        return ""
    marker = ""
    if removed.marker:
        marker = element("DeleteMarker", True) + element("DeleteMarkerVersionId", removed.marker)
    return group("Deleted", named, marker)
