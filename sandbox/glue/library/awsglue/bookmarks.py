"""Job bookmarks: which objects a run has still to read.

An object is new when it was modified after the newest object that the job has seen. Objects may appear late,
with the time at which their upload began, so those of the last 15 minutes before it are remembered one by one
and compared; what appears with a time before that is not read any more, as in Glue.

Source: AWS Glue developer guide, "Tracking processed data using job bookmarks" and, for the 15 minutes,
`maxBand` in "Connection types and options".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from awsglue.refusal import not_emulated

BAND = 900.0
"""Seconds before the newest object in which objects are remembered one by one."""
_LOCATION = re.compile(r"s3[an]?://(?P<bucket>[^/]+)/?(?P<key>.*)")
_GLOB = re.compile(r"[*?\[{]")

Lister = Callable[[str, str], Iterable["Found"]]
"""The objects of a bucket under a prefix."""


@dataclass(frozen=True)
class Found:
    """An object of S3. `modified` is in seconds since the epoch."""

    uri: str
    modified: float
    etag: str


@dataclass(frozen=True)
class State:
    """What one source has read: the time of its newest object, and time and ETag of those of the band."""

    high: float = float("-inf")
    seen: Mapping[str, tuple[float, str]] = field(default_factory=dict)

    def covers(self, each: Found) -> bool:
        """Whether the object has been read, or came too late."""
        if each.modified > self.high:
            return False
        return each.modified <= self.high - BAND or self.seen.get(each.uri) == (each.modified, each.etag)

    def after(self, read: Sequence[Found]) -> State:
        """The state once these objects were read too."""
        if not read:
            return self
        high = max(self.high, *(each.modified for each in read))
        seen = {**self.seen, **{each.uri: (each.modified, each.etag) for each in read}}
        return State(high, {uri: each for uri, each in seen.items() if each[0] > high - BAND})


class Bookmark:
    """The bookmark of a run: its sources by `transformation_ctx`.

    `before` is what earlier runs have processed; with `until`, only what had been processed then is read.
    """

    def __init__(
        self, before: Mapping[str, State], until: Mapping[str, State] | None, lister: Lister
    ) -> None:
        self._before = before
        self._until = until
        self._lister = lister
        self._after: dict[str, State] = {}

    def new_objects(self, context: str, paths: Sequence[str], recurse: bool) -> dict[str, list[str]]:
        """The objects under each of the paths that the source of this name has still to read."""
        state = self._before.get(context, State())
        limit = None if self._until is None else self._until.get(context, State())
        chosen: dict[str, list[Found]] = {}
        for path in paths:
            chosen[path] = [
                each
                for each in objects(path, self._lister, recurse)
                if not state.covers(each) and (limit is None or limit.covers(each))
            ]
        read = [each for found in chosen.values() for each in found]
        # The same context may be used for several reads, of one loop for instance.
        self._after[context] = self._after.get(context, state).after(read)
        return {path: [each.uri for each in found] for path, found in chosen.items()}

    def committed(self) -> dict[str, State]:
        """What has been processed once the run commits."""
        return {**self._before, **{name: each for name, each in self._after.items() if each.seen}}


def objects(path: str, lister: Lister, recurse: bool) -> Iterator[Found]:
    """The data of a path as Spark finds them: without hidden names, in folders only of `key=value`.

    With `recurse`, in all folders. Raises NotImplementedError for a path outside of S3 or with wildcards.
    """
    location = _LOCATION.fullmatch(path)
    if location is None:
        raise not_emulated(f"a job bookmark for {path}", "bookmarks follow objects in Amazon S3")
    if _GLOB.search(path):
        raise not_emulated(f"a job bookmark for {path}", "name the folder instead of a pattern")
    bucket, key = location["bucket"], location["key"].rstrip("/")
    base = f"{path[: path.index('://')]}://{bucket}/"
    for each in lister(bucket, key):
        name = each.uri.removeprefix(f"s3://{bucket}/")
        if name != key and key and not name.startswith(f"{key}/"):
            continue
        *folders, file = name.removeprefix(key).strip("/").split("/") if name != key else [name]
        hidden = any(part.startswith(("_", ".")) and "=" not in part for part in (*folders, file))
        if name.endswith("/") or hidden or not (recurse or all("=" in part for part in folders)):
            continue
        yield Found(base + name, each.modified, each.etag)


def s3_lister(client: Any) -> Lister:
    """Lists with a boto3 client."""

    def objects_under(bucket: str, prefix: str) -> Iterator[Found]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for each in page.get("Contents", []):
                uri = f"s3://{bucket}/{each['Key']}"
                yield Found(uri, each["LastModified"].timestamp(), each["ETag"])

    return objects_under


def dump(states: Mapping[str, State]) -> str:
    """The states as the text that GetJobBookmark returns."""
    return json.dumps({name: {"high": each.high, "seen": dict(each.seen)} for name, each in states.items()})


def load(text: str) -> dict[str, State]:
    """The states that `dump` wrote."""
    return {
        name: State(each["high"], {uri: (time, etag) for uri, (time, etag) in each["seen"].items()})
        for name, each in json.loads(text).items()
    }
