"""The text inside compressed objects: gzip, bzip2, and zip with one member.

https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html#classifier-built-in
"""

from __future__ import annotations

import bz2
import io
import struct
import zipfile
import zlib

from sandbox.glue.crawler.profile import Text, Unreadable

INFLATED_BYTES = 64 * 2**20
"""No more than this is decompressed; beyond it, records are estimated."""

_ZIP = b"PK\x03\x04"


def decompress(data: bytes, whole: bool) -> Text:
    """The text inside an archive, or the text itself. Raises Unreadable for a corrupt archive."""
    if data.startswith(b"\x1f\x8b"):
        return _inflate(data, whole, "gzip")
    if data.startswith(b"BZh"):
        return _inflate(data, whole, "bzip2")
    if data.startswith(_ZIP):
        return _unzip(data, whole)
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


def _unzip(data: bytes, whole: bool) -> Text:
    """The one member; of an archive with several the archive itself, which no classifier recognises."""
    if not whole:
        # The list of members stands at the end.
        raise Unreadable("crawling a zip archive of this size is not emulated")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            if len(members) != 1:
                return Text(data, whole, "zip")
            with archive.open(members[0]) as member:
                out = member.read(INFLATED_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, struct.error) as error:
        raise Unreadable(f"the zip data is corrupt: {error}") from error
    except RuntimeError as error:
        # A password, or a way of packing that Python does not know.
        raise Unreadable(f"the zip archive cannot be opened: {error}") from error
    return Text(out, len(out) <= INFLATED_BYTES, "zip")
