"""Listing, reading and writing files of S3 and of this machine."""

from __future__ import annotations

import bz2
import gzip
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from botocore.exceptions import ClientError

from sandbox.emr.distcp.options import Codec, Options, Refused
from sandbox.emr.distcp.planning import Source, Target, compression
from sandbox.s3.location import Location

_MARKERS = ("/", "_$folder$")
"""How the names of objects end that stand for directories."""


@dataclass(frozen=True)
class Copier:
    """Copies between S3, through `s3`, and this machine; `folder` takes what is put together."""

    s3: Any
    options: Options
    folder: Path

    def sources(self) -> Iterator[Source]:
        """Every file below the source, in the order of their names; or the source itself, if it is a file."""
        source = self.options.source
        if not Location.matches(source):
            yield from _local_sources(source)
            return
        location = Location.parse(source)
        scheme = source.partition(":")[0]
        pages = self.s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=location.bucket, Prefix=location.key):
            for entry in page.get("Contents", ()):
                key = str(entry["Key"])
                # A directory's name is no prefix of its neighbour's: logs has not what is in logs2.
                inside = key[len(location.key) :].startswith("/") or location.key.endswith("/")
                below = not location.key or inside or key == location.key
                if below and not key.endswith(_MARKERS):
                    yield Source(f"{scheme}://{location.bucket}/{key}", int(entry["Size"]))

    def copy(self, target: Target) -> None:
        """Write one file, whole or not at all."""
        if len(target.sources) == 1 and self.options.codec is Codec.KEEP:
            self._copy_one(target.sources[0].address, target.address)
            return
        with tempfile.TemporaryDirectory(dir=self.folder) as private:
            made = Path(private) / "made"
            with made.open("wb") as plain:
                file: Any = plain
                if self.options.codec is Codec.GZIP:
                    file = gzip.GzipFile(fileobj=plain, mode="wb")
                with file:
                    for source in target.sources:
                        self._append(source, file)
            self._put(made, target.address)

    def delete(self, source: Source) -> None:
        """Delete a file that was copied."""
        if Location.matches(source.address):
            location = Location.parse(source.address)
            self.s3.delete_object(Bucket=location.bucket, Key=location.key)
        else:
            local(source.address).unlink()

    def _copy_one(self, source: str, target: str) -> None:
        match Location.matches(source), Location.matches(target):
            case True, True:
                origin, place = Location.parse(source), Location.parse(target)
                whence = {"Bucket": origin.bucket, "Key": origin.key}
                self.s3.copy(whence, place.bucket, place.key, ExtraArgs=self._extra())
            case True, False:
                with _whole(local(target)) as file:
                    origin = Location.parse(source)
                    self.s3.download_fileobj(origin.bucket, origin.key, file)
            case _:
                self._put(local(source), target)

    def _put(self, file: Path, target: str) -> None:
        if Location.matches(target):
            place = Location.parse(target)
            self.s3.upload_file(str(file), place.bucket, place.key, ExtraArgs=self._extra())
            return
        with _whole(local(target)) as copy, file.open("rb") as original:
            shutil.copyfileobj(original, copy)

    def _append(self, source: Source, file: IO[bytes]) -> None:
        with self._open(source.address) as original:
            plain = original if self.options.codec is Codec.KEEP else _unpacked(source, original)
            shutil.copyfileobj(plain, file)

    def _open(self, address: str) -> IO[bytes]:
        if not Location.matches(address):
            return local(address).open("rb")
        origin = Location.parse(address)
        body: IO[bytes] = self.s3.get_object(Bucket=origin.bucket, Key=origin.key)["Body"]
        return body

    def _extra(self) -> dict[str, str]:
        encryption = {"ServerSideEncryption": "AES256"} if self.options.encrypt else {}
        storage = {"StorageClass": self.options.storage_class} if self.options.storage_class else {}
        return {**encryption, **storage}


def local(address: str) -> Path:
    """The path of a file of this machine."""
    return Path(address.removeprefix("file://").removeprefix("file:"))


def reason(error: Exception) -> str:
    """What S3 or this machine said."""
    return str(error.response["Error"]["Message"]) if isinstance(error, ClientError) else str(error)


def _unpacked(source: Source, original: IO[bytes]) -> IO[bytes]:
    match compression(source.address):
        case "gz" | "gzip":
            return cast(IO[bytes], gzip.GzipFile(fileobj=original))
        case "bz2":
            return cast(IO[bytes], bz2.BZ2File(original))
        case _:
            return original


def _local_sources(source: str) -> Iterator[Source]:
    root = local(source)
    if not root.exists():
        raise Refused(f"{source} is not there")
    for path in [root] if root.is_file() else sorted(root.rglob("*")):
        if path.is_file():
            below = path.relative_to(root).as_posix()
            address = source if path == root else f"{source.rstrip('/')}/{below}"
            yield Source(address, path.stat().st_size)


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that comes into its place when everything was written, and not at all otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    private = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with private.open("wb") as file:
            yield file
        private.replace(path)
    finally:
        private.unlink(missing_ok=True)
