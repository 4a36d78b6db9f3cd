"""The course's buckets and objects."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from botocore.exceptions import ClientError


@dataclass(frozen=True)
class Buckets:
    """The buckets of one track. `suffix` makes the names unique, as bucket names are the world's."""

    track: str
    suffix: str

    def name(self, role: str) -> str:
        """The bucket for `role`: raw, clean, scripts, model or logs."""
        return f"{self.track}-{self.suffix}-{role}"

    def uri(self, role: str, key: str = "") -> str:
        """The address of an object or a prefix."""
        return f"s3://{self.name(role)}/{key}"

    def all(self) -> list[str]:
        """Every bucket's name."""
        return [self.name(role) for role in ("raw", "clean", "scripts", "model", "logs")]


@dataclass(frozen=True)
class Storage:
    """S3 through a boto3 client."""

    s3: Any

    def make(self, bucket: str) -> None:
        """Create a bucket unless it is there and ours."""
        region = self.s3.meta.region_name
        options = (
            {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        try:
            self.s3.create_bucket(Bucket=bucket, **options)
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise

    def empty(self, bucket: str, prefix: str = "") -> int:
        """Delete every object below the prefix; returns how many there were."""
        count = 0
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
            if keys:
                self.s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
                count += len(keys)
        return count

    def upload(self, source: BinaryIO, bucket: str, key: str, sent: Callable[[int], None]) -> None:
        """Upload a file; `sent` is told the bytes of each part as it goes."""
        self.s3.upload_fileobj(source, bucket, key, Callback=sent)

    def write(self, bucket: str, key: str, text: str) -> None:
        """Write a small object."""
        self.upload(io.BytesIO(text.encode()), bucket, key, lambda _: None)

    def read(self, uri: str) -> str:
        """The text of a small object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return str(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
