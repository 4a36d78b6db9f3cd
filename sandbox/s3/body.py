"""The bytes of a request's body: plain, or in the aws-chunked encoding with trailing headers.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sandbox.s3 import faults
from sandbox.s3.request import Input, Request

BLOCK = 1 << 19
"""Bytes that are read at a time."""
MAX_LINE = 4096
"""Bytes of a chunk's head or a trailing header."""
MAX_TRAILERS = 16


class ChunkVerifier(Protocol):
    """Checks the signatures inside an aws-chunked body."""

    def data(self, block: bytes) -> None:
        """More bytes of the chunk."""

    def chunk(self, signature: str) -> None:
        """The chunk is complete; raises `SignatureDoesNotMatch`."""

    def trailers(self, headers: dict[str, str]) -> None:
        """The trailing headers have come; raises `SignatureDoesNotMatch`."""


def is_chunked(request: Request) -> bool:
    """Whether the body is in AWS's own chunks."""
    encoding = request.headers.get("content-encoding", "")
    return "aws-chunked" in encoding or request.headers.get("x-amz-content-sha256", "").startswith(
        "STREAMING-"
    )


def announced_length(request: Request) -> int | None:
    """The bytes that the body holds once it is decoded; None when the client does not say.

    Raises `MissingContentLength` for chunks of unknown sum, and `InvalidArgument` for no number.
    """
    headers = request.headers
    name = "x-amz-decoded-content-length" if is_chunked(request) else "content-length"
    text = headers.get(name)
    if text is None:
        if "transfer-encoding" in headers:
            return None
        if name == "content-length":
            return 0
        raise faults.missing_content_length()
    if not text.isdecimal():
        raise faults.invalid_argument(f"{name} is not a number: {text}")
    return int(text)


def blocks(request: Request, verifier: ChunkVerifier | None = None) -> Iterator[bytes]:
    """The decoded body in blocks; afterwards `request.trailers` is filled.

    Raises `IncompleteBody` when fewer or more bytes come than were announced or the framing is broken.
    """
    expected = announced_length(request)
    source = _decoded(request, verifier) if is_chunked(request) else _plain(request.input, expected)
    received = 0
    try:
        for block in source:
            received += len(block)
            if expected is not None and received > expected:
                raise faults.incomplete_body()
            yield block
    except EOFError as error:
        raise faults.incomplete_body() from error
    if expected is not None and received != expected:
        raise faults.incomplete_body()


def _plain(source: Input, length: int | None) -> Iterator[bytes]:
    left = length
    while left is None or left:
        block = source.read(BLOCK if left is None else min(left, BLOCK))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


def _decoded(request: Request, verifier: ChunkVerifier | None) -> Iterator[bytes]:
    source = request.input
    while True:
        size, signature = _head(source)
        left = size
        while left:
            block = source.read(min(left, BLOCK))
            if not block:
                raise faults.incomplete_body()
            left -= len(block)
            if verifier:
                verifier.data(block)
            yield block
        if verifier:
            verifier.chunk(signature)
        if size == 0:
            break
        if source.readline(MAX_LINE) != b"\r\n":
            raise faults.incomplete_body()
    for _ in range(MAX_TRAILERS):
        name, colon, value = source.readline(MAX_LINE).decode("latin-1").partition(":")
        if not colon:
            break
        request.trailers[name.strip().lower()] = value.strip()
    if verifier:
        verifier.trailers(request.trailers)


def _head(source: Input) -> tuple[int, str]:
    """Size and signature of the chunk that follows."""
    size, _, extension = source.readline(MAX_LINE).partition(b";")
    digits = size.strip()
    if not digits or len(digits) > 16 or digits.strip(b"0123456789abcdefABCDEF"):
        raise faults.incomplete_body()
    signature = extension.strip().removeprefix(b"chunk-signature=").decode("latin-1")
    return int(digits, 16), signature
