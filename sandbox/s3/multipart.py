"""Multipart uploads. Completing one moves no bytes: the object's content is its parts'.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element

from sandbox.errors import AwsError
from sandbox.s3 import checksums, conditions, faults, metadata, ranges
from sandbox.s3.blobs import Content, encode, part_of
from sandbox.s3.buckets import number, owner
from sandbox.s3.checksums import Algorithm, Checksum
from sandbox.s3.copying import Source
from sandbox.s3.entry import NULL, Entry, Part, Upload
from sandbox.s3.pages import encoding
from sandbox.s3.request import Request, Response, xml
from sandbox.s3.store import Store, checked_document, receive
from sandbox.s3.xml import document, element, group, parse, timestamp

MAX_PARTS = 10_000
MIN_PART = 5 << 20
"""Bytes of every part but the last."""


def create_multipart_upload(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html"""
    headers = request.headers
    asked, kind = headers.get("x-amz-checksum-algorithm"), headers.get("x-amz-checksum-type")
    if kind and not asked:
        raise faults.invalid_request(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
        )
    chosen = ""
    if asked:
        algorithm = checksums.named(asked)
        chosen = f"{algorithm}/{checksums.kind_for(algorithm, kind)}"
    upload = Upload(
        # Begins with a number that grows, since uploads of a key are listed in the order of their begin.
        id=f"{store.index.next_number():016x}{store.new_id()}",
        bucket=request.bucket,
        key=request.key,
        initiated=store.clock(),
        headers=metadata.kept(headers),
        tags=metadata.header_tags(headers),
        checksum=chosen,
    )
    store.uploads.begin(upload)
    answer = document(
        "InitiateMultipartUploadResult",
        element("Bucket", upload.bucket),
        element("Key", upload.key),
        element("UploadId", upload.id),
    )
    told = (
        [("x-amz-checksum-algorithm", algorithm.value), ("x-amz-checksum-type", chosen.partition("/")[2])]
        if asked
        else []
    )
    return xml(answer, headers=[*told, *metadata.encryption(upload.headers)])


def _upload(store: Store, request: Request) -> Upload:
    return store.uploads.get(request.bucket, request.key, request.query["uploadId"])


def _number(request: Request) -> int:
    text = request.query.get("partNumber", "")
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PARTS:
        raise faults.invalid_argument("Part number must be an integer between 1 and 10000, inclusive")
    return int(text)


def _algorithm(upload: Upload) -> Algorithm | None:
    return Algorithm(upload.checksum.partition("/")[0]) if upload.checksum else None


def upload_part(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html"""
    number_, upload = _number(request), _upload(store, request)
    metadata.refuse_unsupported(request.headers)
    chosen, sent = _algorithm(upload), checksums.announced(request.headers)
    if chosen and sent and sent is not chosen:
        raise faults.invalid_request(
            f"Checksum Type mismatch occurred, expected checksum Type: {chosen.lower()}, "
            f"actual checksum Type: {sent.lower()}"
        )
    received = receive(store, request, chosen)
    part = Part(number_, received.size, received.md5, store.clock(), received.checksum, received.content)
    try:
        store.uploads.put_part(upload, part)
    except BaseException:
        store.blobs.discard(each.blob for each in received.content)
        raise
    answer = [("ETag", f'"{part.etag}"'), (part.checksum.algorithm.header, part.checksum.value)]
    return Response(200, answer + metadata.encryption(upload.headers))


def upload_part_copy(store: Store, request: Request) -> Response:
    """Names bytes of the source instead of copying them; they are read for their digests.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
    """
    number_, upload, source = _number(request), _upload(store, request), Source.of(request)
    metadata.refuse_unsupported(request.headers)
    entry = source.entry(store)
    conditions.copyable(request.headers, entry)
    start, size = ranges.of_copy(request.headers.get("x-amz-copy-source-range"), entry.size)
    content = part_of(entry.segments, start, size)
    md5, checksum = _digests(store, content, _algorithm(upload) or checksums.DEFAULT)
    part = Part(number_, size, md5, store.clock(), checksum, content)

    def unchanged() -> None:
        if source.entry(store).sequence != entry.sequence:
            raise faults.precondition_failed()

    store.uploads.put_part(upload, part, unchanged)
    result = document(
        "CopyPartResult",
        element("LastModified", timestamp(part.modified)),
        element("ETag", f'"{part.etag}"'),
        element(checksum.algorithm.element, checksum.value),
    )
    version = [("x-amz-copy-source-version-id", entry.version)] if entry.version != NULL else []
    return xml(result, headers=[*version, *metadata.encryption(upload.headers)])


def _digests(store: Store, content: Content, algorithm: Algorithm) -> tuple[str, Checksum]:
    md5, running = hashlib.md5(usedforsecurity=False), checksums.running(algorithm)
    for block in store.blobs.read(content):
        md5.update(block)
        running.update(block)
    return md5.hexdigest(), checksums.finished(algorithm, running)


@dataclass(frozen=True, slots=True)
class _Named:
    """A part as CompleteMultipartUpload names it."""

    number: int
    etag: str
    element: Element


def _named_parts(body: bytes) -> list[_Named]:
    root = parse(body, "CompleteMultipartUpload")
    found = []
    for each in root.findall("Part"):
        text, etag = each.findtext("PartNumber", "").strip(), each.findtext("ETag", "").strip().strip('"')
        if not text.isdecimal() or not etag:
            raise faults.malformed_xml()
        found.append(_Named(int(text), etag, each))
    if not found:
        raise faults.malformed_xml()
    numbers = [each.number for each in found]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        message = "The list of parts was not in ascending order. Parts must be ordered by part number."
        raise AwsError("InvalidPartOrder", message)
    return found


def chosen_parts(named: list[_Named], have: Mapping[int, Part]) -> list[Part]:
    """The parts that an upload is completed with; `InvalidPart`, `EntityTooSmall`."""
    chosen = []
    for each in named:
        part = have.get(each.number)
        sent = each.element.findtext(part.checksum.algorithm.element) if part else None
        if part is None or part.etag != each.etag or sent not in (None, part.checksum.value):
            message = (
                "One or more of the specified parts could not be found.  The part may not have been "
                "uploaded, or the specified entity tag may not match the part's entity tag."
            )
            raise AwsError("InvalidPart", message)
        chosen.append(part)
    if any(part.size < MIN_PART for part in chosen[:-1]):
        raise AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    return chosen


def _checksum(upload: Upload, parts: list[Part], headers: Mapping[str, str]) -> Checksum:
    """The object's, from its parts'; compared with the one that the client sent."""
    algorithm = _algorithm(upload) or parts[0].checksum.algorithm
    asked = headers.get("x-amz-checksum-type") or upload.checksum.partition("/")[2] or None
    kind = checksums.kind_for(algorithm, asked)
    if any(part.checksum.algorithm is not algorithm for part in parts):
        raise faults.invalid_request("The parts of the upload have checksums of different algorithms.")
    found = checksums.of_parts(algorithm, kind, [(part.checksum.value, part.size) for part in parts])
    sent = headers.get(algorithm.header)
    if sent is not None and sent.partition("-")[0] != found.value.partition("-")[0]:
        raise faults.bad_digest(algorithm.value)
    return found


def complete_multipart_upload(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html"""
    upload = _upload(store, request)
    named = _named_parts(checked_document(store, request))
    parts = chosen_parts(named, {part.number: part for part in store.uploads.parts(upload.id)})
    size = sum(part.size for part in parts)
    announced = request.headers.get("x-amz-mp-object-size")
    if announced is not None and announced != str(size):
        raise faults.invalid_request(
            "The provided 'x-amz-mp-object-size' header value does not match what was computed."
        )
    checksum = _checksum(upload, parts, request.headers)
    entry = Entry(
        key=upload.key,
        sequence=0,
        version=store.new_id(),
        size=size,
        etag=etag_of(parts),
        modified=store.clock(),
        checksum=str(checksum),
        headers=json.dumps(upload.headers),
        tags=upload.tags,
        parts=json.dumps([(part.number, part.size, part.checksum.value) for part in parts]),
        content=encode(tuple(segment for part in parts for segment in part.content)),
    )
    check = conditions.for_write(request.headers)
    made = store.uploads.complete(upload, [part.number for part in parts], entry, check)
    result = document(
        "CompleteMultipartUploadResult",
        element("Location", f"http://{request.headers.get('host', '')}/{upload.bucket}/{upload.key}"),
        element("Bucket", upload.bucket),
        element("Key", upload.key),
        element("ETag", f'"{made.etag}"'),
        element(checksum.algorithm.element, checksum.value),
        element("ChecksumType", checksum.kind),
    )
    return xml(
        result,
        headers=metadata.version_header(store, request.bucket, made) + metadata.encryption(upload.headers),
    )


def etag_of(parts: list[Part]) -> str:
    """The digest of the parts' digests, and how many they are."""
    digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"


def abort_multipart_upload(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html"""
    store.uploads.abort(_upload(store, request))
    return Response(204)


def list_parts(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html"""
    upload, limit = _upload(store, request), number(request.query, "max-parts", 1000)
    after = number(request.query, "part-number-marker", 1 << 31)
    after = 0 if "part-number-marker" not in request.query else after
    parts = store.uploads.parts(upload.id, after, limit + 1)
    shown = parts[:limit]
    algorithm, _, kind = upload.checksum.partition("/")
    return xml(
        document(
            "ListPartsResult",
            element("Bucket", upload.bucket),
            element("Key", upload.key),
            element("UploadId", upload.id),
            owner(store, "Initiator"),
            owner(store),
            element("StorageClass", upload.headers.get("x-amz-storage-class", "STANDARD")),
            element("PartNumberMarker", after),
            element("NextPartNumberMarker", shown[-1].number if shown else 0),
            element("MaxParts", limit),
            element("IsTruncated", len(parts) > limit),
            element("ChecksumAlgorithm", algorithm or None),
            element("ChecksumType", kind or None),
            *map(_part, shown),
        )
    )


def _part(part: Part) -> str:
    return group(
        "Part",
        element("PartNumber", part.number),
        element("LastModified", timestamp(part.modified)),
        element("ETag", f'"{part.etag}"'),
        element("Size", part.size),
        element(part.checksum.algorithm.element, part.checksum.value),
    )


def list_multipart_uploads(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html"""
    query, encode = request.query, encoding(request)
    limit, prefix, delimiter = (
        number(query, "max-uploads", 1000),
        query.get("prefix", ""),
        query.get("delimiter", ""),
    )
    marker = (query.get("key-marker", ""), query.get("upload-id-marker", ""))
    shown: list[Upload] = []
    prefixes: list[str] = []
    truncated = False
    for upload in store.uploads.list(request.bucket):
        if not upload.key.startswith(prefix) or not _follows(upload, marker):
            continue
        found = upload.key.find(delimiter, len(prefix)) if delimiter else -1
        common = upload.key[: found + len(delimiter)] if found >= 0 else ""
        if common and (common in prefixes or marker[0].startswith(common)):
            continue
        if len(shown) + len(prefixes) == limit:
            truncated = True
            break
        if common:
            prefixes.append(common)
        else:
            shown.append(upload)
    last = max([*prefixes, *(upload.key for upload in shown)], default="")
    return xml(
        document(
            "ListMultipartUploadsResult",
            element("Bucket", request.bucket),
            group("KeyMarker", encode(marker[0])),
            element("UploadIdMarker", marker[1]),
            group("NextKeyMarker", encode(last)) if truncated else "",
            element(
                "NextUploadIdMarker", shown[-1].id if truncated and shown and shown[-1].key == last else None
            ),
            group("Prefix", encode(prefix)),
            group("Delimiter", encode(delimiter)) if delimiter else "",
            element("EncodingType", query.get("encoding-type")),
            element("MaxUploads", limit),
            element("IsTruncated", truncated),
            *(_shown_upload(store, upload, encode(upload.key)) for upload in shown),
            *(group("CommonPrefixes", group("Prefix", encode(each))) for each in prefixes),
        )
    )


def _follows(upload: Upload, marker: tuple[str, str]) -> bool:
    key, id = marker
    return upload.key > key or (upload.key == key and bool(id) and upload.id > id)


def _shown_upload(store: Store, upload: Upload, key: str) -> str:
    algorithm, _, kind = upload.checksum.partition("/")
    return group(
        "Upload",
        group("Key", key),
        element("UploadId", upload.id),
        owner(store, "Initiator"),
        owner(store),
        element("StorageClass", upload.headers.get("x-amz-storage-class", "STANDARD")),
        element("Initiated", timestamp(upload.initiated)),
        element("ChecksumAlgorithm", algorithm or None),
        element("ChecksumType", kind or None),
    )
