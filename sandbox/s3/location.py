"""`s3://bucket/key` and its kin."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.errors import UsageError

_URI = re.compile(r"^s3[an]?://([^/]+)/?(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Location:
    """A bucket and a key, which may be empty or a prefix."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> Location:
        """`UsageError` when `uri` is no `s3://`, `s3a://` or `s3n://` address."""
        found = _URI.match(uri)
        if not found:
            raise UsageError(f"{uri!r} is not an S3 address (s3://bucket/key)")
        return cls(found.group(1), found.group(2))

    @classmethod
    def matches(cls, uri: str) -> bool:
        """Whether `uri` is an S3 address."""
        return bool(_URI.match(uri))

    def __truediv__(self, name: str) -> Location:
        prefix = self.key.rstrip("/")
        return Location(self.bucket, f"{prefix}/{name}" if prefix else name)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"
