"""Reading an object as far as a crawler does, and asking the classifiers what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.glue.crawler import avro_file, delimited, json_text, orc_file, parquet, web_logs
from sandbox.glue.crawler.compression import decompress
from sandbox.glue.crawler.custom import Classify
from sandbox.glue.crawler.listing import Object
from sandbox.glue.crawler.profile import UNKNOWN, Format, Recognised, Unreadable

WHOLE_BYTES = 32 * 2**20
"""Objects up to this size are read whole, so that their records are counted and not estimated."""
HEAD_BYTES = json_text.LARGEST_SAMPLE_BYTES
"""How much is read of a larger object."""
_TEXT_BYTES = 2**20
_MAGIC = 8
_NOT_EMULATED = {
    b"\x04\x22\x4d\x18": "lz4",
    b"\xff\x06\x00\x00sNaPp": "snappy",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"\xe0\x01\x00\xea": "ion",
}
_XML = b"<?xml"
_BUILT_IN: tuple[Classify, ...] = (json_text.classify, web_logs.classify, delimited.classify)


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
    except (Unreadable, BotoCoreError, ClientError) as error:
        why = error.response["Error"]["Message"] if isinstance(error, ClientError) else error
        raise Unreadable(f"{each.uri} cannot be read: {why}", each.uri) from error


def _recognise(s3: Any, each: Object, custom: Sequence[Classify]) -> Recognised:
    def read_range(start: int, end: int) -> bytes:
        response = s3.get_object(Bucket=each.bucket, Key=each.key, Range=f"bytes={start}-{end - 1}")
        return bytes(response["Body"].read())

    whole = each.size <= WHOLE_BYTES
    limit = each.size if whole else HEAD_BYTES
    body = s3.get_object(Bucket=each.bucket, Key=each.key)["Body"]
    try:
        magic = body.read(_MAGIC)
        if magic.startswith(parquet.MAGIC):
            return parquet.read(each.size, read_range)
        if magic.startswith(orc_file.MAGIC) and orc_file.is_orc(each.size, read_range):
            return orc_file.read(each.size, read_range)
        data = magic + body.read(max(limit - len(magic), 0))
    finally:
        body.close()
    return recognise(data, whole, custom)


def recognise(data: bytes, whole: bool, custom: Sequence[Classify] = ()) -> Recognised:
    """What the beginning of an object is, or all of it: the first answer that is certain, else the one that
    is most so. Raises Unreadable for what is corrupt or refused."""
    if data.startswith(avro_file.MAGIC):
        return avro_file.read(data, whole)
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
    elif text.data.startswith(orc_file.MAGIC):
        raise Unreadable("the ORC file has no valid footer")
    if best is None and text.data.lstrip().startswith(_XML):
        raise Unreadable("crawling xml is not emulated without a classifier that names the tag of its rows")
    return best or Recognised(Format(UNKNOWN, text.compression), (), 0, len(text.data), text.complete)
