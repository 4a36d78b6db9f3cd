"""Copies: one row of the index, no bytes, unless another checksum is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote_to_bytes

from sandbox.s3 import checksums, conditions, faults, metadata
from sandbox.s3.checksums import Algorithm, Checksum
from sandbox.s3.entry import NULL, Entry
from sandbox.s3.objects import find
from sandbox.s3.request import Request, Response, xml
from sandbox.s3.store import Store
from sandbox.s3.xml import document, element, timestamp


@dataclass(frozen=True, slots=True)
class Source:
    """What `x-amz-copy-source` names."""

    bucket: str
    key: str
    version: str | None

    @classmethod
    def of(cls, request: Request) -> Source:
        """`InvalidArgument` when the header names no object."""
        path, _, query = request.headers["x-amz-copy-source"].partition("?")
        try:
            decoded = unquote_to_bytes(path.encode("latin-1")).decode()
        except UnicodeError as error:
            raise faults.invalid_uri() from error
        bucket, _, key = decoded.removeprefix("/").partition("/")
        if not bucket or not key:
            message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
            raise faults.invalid_argument(message)
        version = query.removeprefix("versionId=") if query.startswith("versionId=") else None
        return cls(bucket, key, version)

    def entry(self, store: Store) -> Entry:
        """The object; a delete marker is `NoSuchKey`, by its version `InvalidRequest`."""
        found = find(store, self.bucket, self.key, self.version)
        if found.is_marker and self.version is None:
            raise faults.no_such_key()
        if found.is_marker:
            raise faults.invalid_request(
                "The source of a copy request may not specifically refer to a delete marker by version id."
            )
        return found


def copy_object(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html

    The entity tag is the source's, also where S3 would compute that of the whole of an object in parts.
    """
    store.index.bucket(request.bucket)
    metadata.refuse_unsupported(request.headers)
    source = Source.of(request)
    check = conditions.for_write(request.headers)
    checksum = _other_checksum(store, request, source.entry(store))
    with store.index.change():
        entry = source.entry(store)
        conditions.copyable(request.headers, entry)
        _refuse_idle_copy(request, source)
        store.index.share(entry.segments)
        made = store.index.put(request.bucket, _copied(store, request, entry, checksum), check)
    headers = metadata.version_header(store, request.bucket, made)
    if entry.version != NULL:
        headers.append(("x-amz-copy-source-version-id", entry.version))
    kept = Checksum.parse(made.checksum)
    result = document(
        "CopyObjectResult",
        element("LastModified", timestamp(made.modified)),
        element("ETag", f'"{made.etag}"'),
        element(kept.algorithm.element, kept.value),
        element("ChecksumType", kept.kind),
    )
    return xml(result, headers=headers + metadata.encryption(made.kept_headers))


def _copied(store: Store, request: Request, entry: Entry, checksum: Checksum | None) -> Entry:
    """The entry of the copy, from its source and what the request replaces."""
    asked = metadata.kept(request.headers)
    headers = asked
    if _directive(request, "metadata") == "COPY":
        fresh = {
            name: value
            for name, value in asked.items()
            if name.startswith("x-amz-") and not name.startswith(metadata.USER)
        }
        own = {name: value for name, value in entry.kept_headers.items() if name != metadata.ACL}
        headers = {**own, **fresh}
    tags = (
        metadata.header_tags(request.headers) if _directive(request, "tagging") == "REPLACE" else entry.tags
    )
    return replace(
        entry,
        key=request.key,
        version=store.new_id(),
        modified=store.clock(),
        headers=json.dumps(headers),
        tags=tags,
        checksum=str(checksum) if checksum else entry.checksum,
    )


def _directive(request: Request, what: str) -> str:
    found = request.headers.get(f"x-amz-{what}-directive", "COPY")
    if found not in ("COPY", "REPLACE"):
        raise faults.invalid_argument(f"Unknown {what} directive.")
    return found


def _refuse_idle_copy(request: Request, source: Source) -> None:
    """A copy onto itself must change something."""
    changes = (
        "x-amz-storage-class",
        "x-amz-server-side-encryption",
        "x-amz-website-redirect-location",
        "x-amz-checksum-algorithm",
    )
    same = (source.bucket, source.key, source.version) == (request.bucket, request.key, None)
    if (
        same
        and _directive(request, "metadata") == "COPY"
        and not any(name in request.headers for name in changes)
    ):
        message = (
            "This copy request is illegal because it is trying to copy an object to itself without changing "
            "the object's metadata, storage class, website redirect location or encryption attributes."
        )
        raise faults.invalid_request(message)


def _other_checksum(store: Store, request: Request, entry: Entry) -> Checksum | None:
    """The checksum of the bytes, where one is asked for that the source does not have."""
    asked = request.headers.get("x-amz-checksum-algorithm")
    if asked is None:
        return None
    algorithm = checksums.named(asked)
    had = Checksum.parse(entry.checksum)
    if (had.algorithm, had.kind) == (algorithm, checksums.Kind.FULL_OBJECT):
        return None
    return digest(store.blobs.read(entry.segments), algorithm)


def digest(blocks: Iterator[bytes], algorithm: Algorithm) -> Checksum:
    """The checksum of some bytes."""
    running = checksums.running(algorithm)
    for block in blocks:
        running.update(block)
    return checksums.finished(algorithm, running)
