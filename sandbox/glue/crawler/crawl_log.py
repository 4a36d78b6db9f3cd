"""What a crawl tells, in CloudWatch Logs.

https://docs.aws.amazon.com/glue/latest/dg/console-crawlers-logs.html
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.glue.crawler.model import LOG_GROUP

_log = logging.getLogger(__name__)
_BATCH = 1000
"""PutLogEvents takes 10,000 events at most."""


class CrawlLog:
    """The log of one crawl: lines are kept until `ship`. `client` is a boto3 client for `logs`."""

    def __init__(self, client: Any, crawler: str, crawl_id: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._stream = crawler
        self._prefix = crawl_id
        self._clock = clock
        self._events: list[dict[str, Any]] = []

    def tell(self, line: str, level: str = "INFO") -> None:
        """Add one line, as `[crawl] LEVEL : text`."""
        message = f"[{self._prefix}] {level} : {line}"
        self._events.append({"timestamp": int(self._clock() * 1000), "message": message})

    def ship(self) -> bool:
        """Send what was told since the last time; False when CloudWatch did not take it."""
        try:
            self._create()
            while self._events:
                batch = self._events[:_BATCH]
                self._client.put_log_events(
                    logGroupName=LOG_GROUP, logStreamName=self._stream, logEvents=batch
                )
                del self._events[: len(batch)]
        except (ClientError, BotoCoreError) as error:
            _log.warning("CloudWatch Logs: %s", error)
            return False
        return True

    def _create(self) -> None:
        exists = self._client.exceptions.ResourceAlreadyExistsException
        with contextlib.suppress(exists):
            self._client.create_log_group(logGroupName=LOG_GROUP)
        with contextlib.suppress(exists):
            self._client.create_log_stream(logGroupName=LOG_GROUP, logStreamName=self._stream)
