"""Checksums of objects: computed while bytes pass, compared, combined over parts.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from awscrt import checksums as crt

from sandbox.s3 import faults

PREFIX = "x-amz-checksum-"
_OTHER = frozenset({"algorithm", "mode", "type"})
"""Headers with the prefix that name no algorithm."""


class Algorithm(StrEnum):
    """What S3 can compute, of which we have all but the newest."""

    CRC32 = "CRC32"
    CRC32C = "CRC32C"
    CRC64NVME = "CRC64NVME"
    SHA1 = "SHA1"
    SHA256 = "SHA256"

    @property
    def header(self) -> str:
        """`x-amz-checksum-crc32` and its kin."""
        return PREFIX + self.value.lower()

    @property
    def element(self) -> str:
        """`ChecksumCRC32` and its kin."""
        return f"Checksum{self.value}"


DEFAULT = Algorithm.CRC64NVME
"""What S3 computes for an upload that names no algorithm."""


class Kind(StrEnum):
    """Whether a checksum is of the bytes, or of the checksums of an upload's parts."""

    FULL_OBJECT = "FULL_OBJECT"
    COMPOSITE = "COMPOSITE"


@dataclass(frozen=True, slots=True)
class Checksum:
    """One checksum; `value` is base64, with `-N` behind it where it is composed of N parts."""

    algorithm: Algorithm
    value: str
    kind: Kind = Kind.FULL_OBJECT

    def __str__(self) -> str:
        return f"{self.algorithm}/{self.kind}/{self.value}"

    @classmethod
    def parse(cls, text: str) -> Checksum:
        """What `str` made."""
        algorithm, kind, value = text.split("/", 2)
        return cls(Algorithm(algorithm), value, Kind(kind))

    @property
    def headers(self) -> list[tuple[str, str]]:
        """As S3 returns it where a client asks for checksums."""
        return [(self.algorithm.header, self.value), ("x-amz-checksum-type", self.kind.value)]


class Running(Protocol):
    """A checksum that grows."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""

    def digest(self) -> bytes:
        """The checksum of all bytes so far."""


class _Crc:
    def __init__(self, function: Callable[[bytes, int], int], width: int) -> None:
        self._function = function
        self._width = width
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._width, "big")


def running(algorithm: Algorithm) -> Running:
    """A new checksum of `algorithm`, of no bytes yet."""
    match algorithm:
        case Algorithm.CRC32:
            return _Crc(crt.crc32, 4)
        case Algorithm.CRC32C:
            return _Crc(crt.crc32c, 4)
        case Algorithm.CRC64NVME:
            return _Crc(crt.crc64nvme, 8)
        case Algorithm.SHA1:
            return hashlib.sha1()
        case Algorithm.SHA256:
            return hashlib.sha256()


def named(text: str) -> Algorithm:
    """The algorithm that a client names; `InvalidRequest` when there is none of that name."""
    try:
        return Algorithm(text.upper())
    except ValueError:
        raise faults.invalid_request(f"Checksum algorithm provided is unsupported: {text}") from None


def announced(headers: Mapping[str, str]) -> Algorithm | None:
    """The algorithm of the checksum that comes with a body: in a header, or in its trailer."""
    names = [name.removeprefix(PREFIX) for name in headers if name.startswith(PREFIX)]
    trailer = headers.get("x-amz-trailer", "").strip().lower()
    if trailer.startswith(PREFIX):
        names.append(trailer.removeprefix(PREFIX))
    found = [named(name) for name in names if name not in _OTHER]
    if len(found) > 1:
        raise faults.invalid_request(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    if found:
        return found[0]
    asked = headers.get("x-amz-sdk-checksum-algorithm") or headers.get("x-amz-checksum-algorithm")
    return named(asked) if asked else None


def verify(sent: str | None, found: Checksum) -> None:
    """`InvalidRequest` when `sent` is no checksum of that length, `BadDigest` when it is another one."""
    if sent is None or sent == found.value:
        return
    try:
        well_formed = len(base64.b64decode(sent, validate=True)) == len(base64.b64decode(found.value))
    except ValueError:
        well_formed = False
    if not well_formed:
        raise faults.invalid_request(f"Value for {found.algorithm.header} header is invalid.")
    raise faults.bad_digest(found.algorithm.value)


def of_parts(algorithm: Algorithm, kind: Kind, parts: Iterable[tuple[str, int]]) -> Checksum:
    """The checksum of an object from those of its parts, each with the part's size in bytes."""
    decoded = [(base64.b64decode(value), size) for value, size in parts]
    if kind is Kind.COMPOSITE:
        total = running(algorithm)
        for digest, _ in decoded:
            total.update(digest)
        return Checksum(algorithm, f"{_text(total.digest())}-{len(decoded)}", kind)
    combine = _COMBINE[algorithm]
    value, width = 0, len(decoded[0][0])
    for digest, size in decoded:
        value = combine(value, int.from_bytes(digest, "big"), size)
    return Checksum(algorithm, _text(value.to_bytes(width, "big")), kind)


def kind_for(algorithm: Algorithm, asked: str | None) -> Kind:
    """The kind of a multipart upload's checksum; `InvalidRequest` where the algorithm has no such kind."""
    combines = algorithm in _COMBINE
    default = Kind.FULL_OBJECT if algorithm is Algorithm.CRC64NVME else Kind.COMPOSITE
    kind = Kind(asked) if asked in set(Kind) else default
    if (asked and asked not in set(Kind)) or (kind is Kind.FULL_OBJECT and not combines):
        raise faults.invalid_request(
            f"The {asked} checksum type cannot be used with the {algorithm.value.lower()} checksum algorithm."
        )
    if kind is Kind.COMPOSITE and algorithm is Algorithm.CRC64NVME:
        raise faults.invalid_request(
            f"The {asked} checksum type cannot be used with the {algorithm.value.lower()} checksum algorithm."
        )
    return kind


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def finished(algorithm: Algorithm, digest: Running) -> Checksum:
    """The checksum of all the bytes that `digest` took."""
    return Checksum(algorithm, _text(digest.digest()))


_COMBINE: Mapping[Algorithm, Callable[[int, int, int], int]] = {
    Algorithm.CRC32: crt.combine_crc32,
    Algorithm.CRC32C: crt.combine_crc32c,
    Algorithm.CRC64NVME: crt.combine_crc64nvme,
}
