"""The directories of databases, tables and partitions, which a metastore creates, moves and deletes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from sandbox.errors import SandboxError


class StorageError(SandboxError):
    """A directory could not be made, moved or deleted."""


class Storage(Protocol):
    """Directories by location, as the catalog writes it (`file:/a/b`, `s3://bucket/key`)."""

    def make(self, location: str) -> None:
        """Create the directory and its parents; nothing happens when it is there."""

    def delete(self, location: str) -> None:
        """Delete the directory with all that is in it; nothing happens when it is not there.

        Raises StorageError for a root (`/`, a whole bucket): a DROP must not take that along.
        """

    def move(self, old: str, new: str) -> None:
        """Move a directory with all that is in it; nothing happens when `old` is not there.

        Raises StorageError when there is something at `new`.
        """


class FileStorage:
    """Directories of this machine: `file:/a`, `file:///a` and `/a`."""

    def make(self, location: str) -> None:
        """Create the directory and its parents."""
        _path(location).mkdir(parents=True, exist_ok=True)

    def delete(self, location: str) -> None:
        """Delete the directory tree."""
        path = _path(location)
        if path == path.parent:
            raise StorageError(f"{location} is a root directory; it is not deleted")
        if path.exists():
            shutil.rmtree(path)

    def move(self, old: str, new: str) -> None:
        """Rename the directory."""
        source, target = _path(old), _path(new)
        if target.exists():
            raise StorageError(f"{new} exists already")
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)


def _path(location: str) -> Path:
    """Hadoop does not percent-encode locations, so nothing is decoded here."""
    path = location.removeprefix("file:")
    if path.startswith("//"):
        path = "/" + path[2:].partition("/")[2]
    if not path.startswith("/"):
        raise StorageError(f"{location} is not an absolute file location")
    return Path(path)


class S3Storage:
    """Prefixes of buckets: `s3://`, `s3a://` and `s3n://`, through a boto3 S3 client.

    An empty object whose key ends in "/" is the directory, as S3A writes it.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def make(self, location: str) -> None:
        """Put the directory's marker, unless the prefix has objects."""
        bucket, prefix = _bucket_and_prefix(location)
        if prefix and not self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get(
            "Contents"
        ):
            self._client.put_object(Bucket=bucket, Key=prefix, Body=b"")

    def delete(self, location: str) -> None:
        """Delete every object under the prefix."""
        bucket, prefix = _bucket_and_prefix(location)
        if not prefix:
            raise StorageError(f"{location} is a whole bucket; it is not deleted")
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
            if not keys:
                continue
            answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
            for error in answer.get("Errors", []):
                raise StorageError(f"s3://{bucket}/{error['Key']}: {error.get('Message', error.get('Code'))}")

    def move(self, old: str, new: str) -> None:
        """Copy every object under the prefix, then delete the old ones."""
        source, source_prefix = _bucket_and_prefix(old)
        target, target_prefix = _bucket_and_prefix(new)
        if self._client.list_objects_v2(Bucket=target, Prefix=target_prefix, MaxKeys=1).get("Contents"):
            raise StorageError(f"{new} exists already")
        for page in self._client.get_paginator("list_objects_v2").paginate(
            Bucket=source, Prefix=source_prefix
        ):
            for entry in page.get("Contents", []):
                key = target_prefix + entry["Key"].removeprefix(source_prefix)
                self._client.copy({"Bucket": source, "Key": entry["Key"]}, target, key)
        self.delete(old)


def _bucket_and_prefix(location: str) -> tuple[str, str]:
    """Bucket and key prefix; a key may hold `?` and `#`, so the location is not parsed as a URL."""
    bucket, _, key = location.partition("://")[2].partition("/")
    key = key.strip("/")
    return bucket, f"{key}/" if key else ""


class StorageByScheme:
    """Hands each location to the storage of its scheme (`file`, `s3`, `s3a`, ...)."""

    def __init__(self, storages: Mapping[str, Storage]) -> None:
        self._storages = storages

    def make(self, location: str) -> None:
        """Create the directory where it lies."""
        self._of(location).make(location)

    def delete(self, location: str) -> None:
        """Delete the directory where it lies."""
        self._of(location).delete(location)

    def move(self, old: str, new: str) -> None:
        """Move the directory. Raises StorageError from one kind of storage to another."""
        storage = self._of(old)
        if storage is not self._of(new):
            raise StorageError(f"cannot move {old} to {new}: the storages differ")
        storage.move(old, new)

    def _of(self, location: str) -> Storage:
        scheme = urlsplit(location).scheme or "file"
        storage = self._storages.get(scheme)
        if storage is None:
            raise StorageError(f"no storage for {scheme}: ({location})")
        return storage


def storage_for(s3: Any) -> StorageByScheme:
    """Files of this machine, and the buckets that the boto3 S3 client `s3` reaches."""
    buckets = S3Storage(s3)
    return StorageByScheme({"file": FileStorage(), "s3": buckets, "s3a": buckets, "s3n": buckets})
