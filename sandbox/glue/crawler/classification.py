"""Reading an object as far as a crawler does, and asking the classifiers what it is."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.glue.crawler import delimited, json_text, parquet
from sandbox.glue.crawler.custom import Classify
from sandbox.glue.crawler.listing import Object
from sandbox.glue.crawler.profile import UNKNOWN, Format, Recognised, Text, Unreadable

WHOLE_BYTES = 32 * 2**20
"""Objects up to this size are read whole, so that their records are counted and not estimated."""
HEAD_BYTES = json_text.LARGEST_SAMPLE_BYTES
"""How much is read of a larger object."""
INFLATED_BYTES = 64 * 2**20
"""Of compressed objects no more than this is decompressed; beyond it, records are estimated."""

_TEXT_BYTES = 2**20
_MAGIC = 8
_NOT_EMULATED = {
    b"Obj\x01": "avro",
    b"ORC": "orc",
    b"PK\x03\x04": "zip",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xff\x06\x00\x00sNaPp": "snappy",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"\xe0\x01\x00\xea": "ion",
}
_XML = b"<?xml"
_BUILT_IN: tuple[Classify, ...] = (json_text.classify, delimited.classify)


@dataclass(frozen=True)
class Profile:
    """One object and what it holds; `recognised` is None for an object that was left out of the sample."""

    object: Object
    recognised: Recognised | None

    @property
    def seen(self) -> Recognised:
        """What was read. RuntimeError for an object that was not."""
        if self.recognised is None:
            raise RuntimeError(f"{self.object.uri} was not read")
        return self.recognised


def profile(s3: Any, each: Object, custom: Sequence[Classify] = ()) -> Profile:
    """Read an object and classify it, with the custom classifiers first. Raises Unreadable naming the object
    and why."""
    try:
        return Profile(each, _recognise(s3, each, custom))
    except Unreadable as error:
        raise Unreadable(f"{each.uri} cannot be read: {error}") from error
    except ClientError as error:
        raise Unreadable(f"{each.uri} cannot be read: {error.response['Error']['Message']}") from error
    except BotoCoreError as error:
        raise Unreadable(f"{each.uri} cannot be read: {error}") from error


def _recognise(s3: Any, each: Object, custom: Sequence[Classify]) -> Recognised:
    whole = each.size <= WHOLE_BYTES
    limit = each.size if whole else HEAD_BYTES
    body = s3.get_object(Bucket=each.bucket, Key=each.key)["Body"]
    try:
        magic = body.read(_MAGIC)
        if not magic.startswith(parquet.MAGIC):
            data = magic + body.read(max(limit - len(magic), 0))
            return recognise(data, whole, custom)
    finally:
        body.close()

    def read_range(start: int, end: int) -> bytes:
        response = s3.get_object(Bucket=each.bucket, Key=each.key, Range=f"bytes={start}-{end - 1}")
        return bytes(response["Body"].read())

    return parquet.read(each.size, read_range)


def recognise(data: bytes, whole: bool, custom: Sequence[Classify] = ()) -> Recognised:
    """What the beginning of an object is, or all of it: the first answer that is certain, else the one that
    is most so. Raises Unreadable for what is corrupt or refused."""
    text = decompress(data, whole)
    for magic, name in _NOT_EMULATED.items():
        if text.data.startswith(magic):
            raise Unreadable(f"crawling {name} is not emulated")
    best: Recognised | None = None
    if b"\0" not in text.data[:_TEXT_BYTES]:
        for classify in (*custom, *_BUILT_IN):
            found = classify(text)
            if found and found.certainty == 1.0:
                return found
            if found and (best is None or found.certainty > best.certainty):
                best = found
    if best is None and text.data.lstrip().startswith(_XML):
        raise Unreadable("crawling xml is not emulated without a classifier that names the tag of its rows")
    return best or Recognised(Format(UNKNOWN, text.compression), (), 0, len(text.data), text.complete)


def decompress(data: bytes, whole: bool) -> Text:
    """The text inside gzip or bzip2, or the text itself. Raises Unreadable for a corrupt archive."""
    if data.startswith(b"\x1f\x8b"):
        return _inflate(data, whole, "gzip")
    if data.startswith(b"BZh"):
        return _inflate(data, whole, "bzip2")
    return Text(data, whole)


def _inflate(data: bytes, whole: bool, compression: str) -> Text:
    """All members of an archive, one after the other."""
    out = bytearray()
    try:
        while data:
            member = (
                zlib.decompressobj(zlib.MAX_WBITS | 16) if compression == "gzip" else bz2.BZ2Decompressor()
            )
            out += member.decompress(data, INFLATED_BYTES + 1 - len(out))
            if len(out) > INFLATED_BYTES or not (member.eof or whole):
                return Text(bytes(out), False, compression)
            if not member.eof:
                raise Unreadable(f"the {compression} data ends too early")
            # Zeros may fill up the last block of a tape or disk.
            data = member.unused_data.lstrip(b"\0")
    except (zlib.error, OSError) as error:
        raise Unreadable(f"the {compression} data is corrupt: {error}") from error
    return Text(bytes(out), whole, compression)
