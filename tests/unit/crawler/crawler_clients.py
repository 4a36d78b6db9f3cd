"""What crawlers use of boto3's clients, in memory."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

from botocore.exceptions import ClientError

FILES = Path(__file__).parent / "files"


class Clock:
    """Seconds that go on by one at every look."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


class Bucket:
    """The part of a boto3 S3 client that crawlers use, over objects in memory."""

    def __init__(self, name: str = "lake") -> None:
        self.name = name
        self.objects: dict[str, bytes] = {}
        self.read: list[tuple[str, int]] = []
        self.before_read: Callable[[str], object] = lambda _: None

    def put(self, key: str, text: str | bytes) -> None:
        self.objects[key] = text.encode() if isinstance(text, str) else text

    def get_paginator(self, _: str) -> "Bucket":
        return self

    def paginate(self, **request: str) -> Iterator[dict]:
        if request["Bucket"] != self.name:
            error = {"Code": "NoSuchBucket", "Message": "The specified bucket does not exist"}
            raise ClientError({"Error": error}, "ListObjectsV2")
        keys = sorted(key for key in self.objects if key.startswith(request["Prefix"]))
        # Pages of two, so that paging is seen to work.
        for start in range(0, len(keys), 2):
            page = keys[start : start + 2]
            yield {"Contents": [{"Key": key, "Size": len(self.objects[key])} for key in page]}

    def get_object(self, **request: str) -> dict:
        self.before_read(request["Key"])
        data = self.objects[request["Key"]]
        if "Range" in request:
            start, end = request["Range"].removeprefix("bytes=").split("-")
            data = data[int(start) : int(end) + 1]
        return {"Body": Body(data, lambda size: self.read.append((request["Key"], size)))}


class Body(io.BytesIO):
    """A streaming body that tells how much of it was read."""

    def __init__(self, data: bytes, tell: Callable[[int], None]) -> None:
        super().__init__(data)
        self._tell = tell

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._tell(len(data))
        return data


class Logs:
    """The part of a boto3 CloudWatch Logs client that crawlers use."""

    class exceptions:  # noqa: N801 - boto3's own name
        class ResourceAlreadyExistsException(Exception):
            pass

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], list[str]] = {}
        self.broken = False

    def create_log_group(self, logGroupName: str) -> None:  # noqa: N803, ARG002 - AWS's own name
        if self.broken:
            raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "CreateLogGroup")

    def create_log_stream(self, logGroupName: str, logStreamName: str) -> None:  # noqa: N803
        if (logGroupName, logStreamName) in self.lines:
            raise self.exceptions.ResourceAlreadyExistsException
        self.lines[logGroupName, logStreamName] = []

    def put_log_events(self, logGroupName: str, logStreamName: str, logEvents: list[dict]) -> None:  # noqa: N803
        self.lines[logGroupName, logStreamName] += [each["message"] for each in logEvents]
