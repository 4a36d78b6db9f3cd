"""What a program writes, sent line by line to CloudWatch Logs while it runs.

https://docs.aws.amazon.com/glue/latest/dg/monitor-glue-jobs-cloudwatch-logs.html
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

BATCH_EVENTS = 1000
BATCH_BYTES = 900_000
"""PutLogEvents takes 10,000 events and 1 MiB, of which each event costs 26 bytes more."""
EVENT_CHARACTERS = 60_000
"""A longer line becomes several events, of less than 256 KiB each in UTF-8."""


class LogStream:
    """One stream that follows one file. `client` is a boto3 client for `logs`, `clock` gives seconds."""

    def __init__(self, client: Any, group: str, stream: str, path: Path, clock: Callable[[], float]) -> None:
        self._client = client
        self._group = group
        self._stream = stream
        self._path = path
        self._clock = clock
        self._offset = 0

    def create(self) -> None:
        """Create the group where it is missing, and the stream."""
        for make, names in (
            (self._client.create_log_group, {"logGroupName": self._group}),
            (self._client.create_log_stream, {"logGroupName": self._group, "logStreamName": self._stream}),
        ):
            with contextlib.suppress(self._client.exceptions.ResourceAlreadyExistsException):
                make(**names)

    def ship(self, final: bool = False) -> None:
        """Send the lines that were completed since; with `final` also a last one without an end.

        Raises botocore's ClientError when CloudWatch refuses.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
        except FileNotFoundError:
            return
        whole = text if final else text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for batch in _batches(_messages(whole)):
            now = int(self._clock() * 1000)
            events = [{"timestamp": now, "message": line} for line in batch]
            self._client.put_log_events(
                logGroupName=self._group, logStreamName=self._stream, logEvents=events
            )


def _messages(text: bytes) -> Iterator[str]:
    """The lines that are not blank, each in pieces of at most EVENT_CHARACTERS. Pure."""
    for line in text.decode(errors="replace").split("\n"):
        if line.strip():
            for start in range(0, len(line), EVENT_CHARACTERS):
                yield line[start : start + EVENT_CHARACTERS]


def _batches(messages: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for message in messages:
        cost = len(message.encode()) + 26
        if batch and (len(batch) == BATCH_EVENTS or size + cost > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += cost
    if batch:
        yield batch


ShipError = ClientError
"""What `ship` raises."""
