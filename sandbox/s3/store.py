"""The store that operations work on, and how a body becomes content."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.errors import AwsError
from sandbox.s3 import body, checksums, faults
from sandbox.s3.blobs import Blobs, Content, Segment
from sandbox.s3.body import ChunkVerifier
from sandbox.s3.checksums import Algorithm, Checksum
from sandbox.s3.index import Index
from sandbox.s3.request import Request
from sandbox.s3.signatures import Authority
from sandbox.s3.uploads import Uploads

MAX_BODY = 5 << 30
"""Bytes of one PUT or part."""
MAX_DOCUMENT = 8 << 20
"""Bytes of a body that is read whole: an XML document."""
_HEX_SHA256 = 64


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that an operation needs. `clock` is in seconds since the epoch; `owner` a canonical id."""

    index: Index
    uploads: Uploads
    blobs: Blobs
    clock: Callable[[], float]
    new_id: Callable[[], str]
    owner: str
    region: str
    authority: Authority | None
    """Checks signatures; None where any are taken."""

    def chunk_verifier(self, request: Request) -> ChunkVerifier | None:
        """What checks the signatures inside a body; None where there are none to check."""
        return self.authority.chunks(request) if self.authority else None


@dataclass(frozen=True, slots=True)
class Received:
    """A body that was written: `md5` is hexadecimal."""

    content: Content
    size: int
    md5: str
    checksum: Checksum


def receive(store: Store, request: Request, default: Algorithm | None = None) -> Received:
    """Write the body to a blob while its digests are computed, and compare them with what the client sent.

    `default` is the checksum for a body that comes with none. On any failure the blob is gone. Raises
    `EntityTooLarge`, `IncompleteBody`, `BadDigest`, `InvalidDigest`, `XAmzContentSHA256Mismatch`.
    """
    if not {"content-length", "transfer-encoding"} & request.headers.keys():
        raise faults.missing_content_length()
    length = body.announced_length(request)
    if length is not None and length > MAX_BODY:
        raise faults.entity_too_large()
    algorithm = checksums.announced(request.headers) or default or checksums.DEFAULT
    digests = Digests(request, algorithm)
    source = digests.over(body.blocks(request, store.chunk_verifier(request)))
    return keep(store, source, digests, lambda: digests.verify(request))


def keep(store: Store, source: Iterator[bytes], digests: Digests, verify: Callable[[], None]) -> Received:
    """Write all of `source`, which `digests` goes over, to a blob; without `verify`'s consent it is gone."""
    blob = store.index.next_number()
    descriptor = -1
    try:
        for block in source:
            # An empty object has no blob.
            descriptor = store.blobs.create(blob) if descriptor < 0 else descriptor
            _write(descriptor, block)
        verify()
    except BaseException:
        store.blobs.discard([blob])
        raise
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return digests.received((Segment(blob, 0, digests.size),) if digests.size else ())


def _write(descriptor: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]


class Digests:
    """All that is computed over one body."""

    def __init__(self, request: Request, algorithm: Algorithm) -> None:
        self.algorithm = algorithm
        self.size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._checksum = checksums.running(algorithm)
        sent = request.headers.get("x-amz-content-sha256", "")
        self._sha256 = hashlib.sha256() if len(sent) == _HEX_SHA256 else None

    def over(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The same blocks, each counted and digested."""
        for block in blocks:
            self.size += len(block)
            if self.size > MAX_BODY:
                raise faults.entity_too_large()
            self._md5.update(block)
            self._checksum.update(block)
            if self._sha256:
                self._sha256.update(block)
            yield block

    def verify(self, request: Request) -> None:
        """Compare with the digests in the request's headers and trailers."""
        self.verify_with(request.headers, request.trailers)

    def verify_with(self, headers: Mapping[str, str], trailers: Mapping[str, str]) -> None:
        """Compare with the digests in these."""
        if self._sha256 and self._sha256.hexdigest() != headers["x-amz-content-sha256"].lower():
            message = "The provided 'x-amz-content-sha256' header does not match what was computed."
            raise AwsError("XAmzContentSHA256Mismatch", message)
        if "content-md5" in headers:
            self._verify_md5(headers["content-md5"])
        name = self.algorithm.header
        sent = trailers.get(name) or headers.get(name)
        checksums.verify(sent, checksums.finished(self.algorithm, self._checksum))

    def _verify_md5(self, sent: str) -> None:
        try:
            decoded = base64.b64decode(sent, validate=True)
        except ValueError:
            decoded = b""
        if len(decoded) != 16:
            raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if decoded != self._md5.digest():
            raise faults.bad_digest("Content-MD5")

    def received(self, content: Content) -> Received:
        """The result; only after `verify`."""
        checksum = checksums.finished(self.algorithm, self._checksum)
        return Received(content, self.size, self._md5.hexdigest(), checksum)


def checked_document(store: Store, request: Request) -> bytes:
    """The whole body of a request that is a document, compared with the digests that came with it."""
    algorithm = checksums.announced(request.headers) or checksums.DEFAULT
    digests = Digests(request, algorithm)
    taken = bytearray()
    for block in digests.over(body.blocks(request, store.chunk_verifier(request))):
        taken += block
        if len(taken) > MAX_DOCUMENT:
            raise AwsError("MaxMessageLengthExceeded", "Your request was too big.")
    digests.verify(request)
    return bytes(taken)
