"""How far a Spark application is, read from its own REST API while it runs.

https://spark.apache.org/docs/3.5.6/monitoring.html#rest-api
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from sandbox.runtime.readiness import fetch_json

INTERVAL = 0.5
"""Seconds between two looks; each costs the driver a few milliseconds."""

Fetch = Callable[[str], Any]


@dataclass(frozen=True)
class SparkProgress:
    """The application, its page, and its active Spark stage, if any: how many of its tasks are done."""

    application: str
    ui: str
    stage: int | None = None
    name: str = ""
    done: int = 0
    tasks: int = 0


def look(endpoint: str, work: str, fetch: Fetch) -> SparkProgress | None:
    """The progress of the step or job run `work`; None while it has no application that answers."""
    running = fetch(f"{endpoint}/_sandbox/applications") or {}
    ui = running.get("applications", {}).get(work)
    if not ui:
        return None
    applications = fetch(f"{ui}/api/v1/applications")
    if not applications:
        return None
    id = applications[0]["id"]
    stages = fetch(f"{ui}/api/v1/applications/{id}/stages?status=active") or []
    if not stages:
        return SparkProgress(id, ui)
    stage = min(stages, key=lambda found: found["stageId"])
    done, tasks = stage["numCompleteTasks"], stage["numTasks"]
    return SparkProgress(id, ui, stage["stageId"], stage["name"].partition(" at ")[0], done, tasks)


class SparkWatch:
    """Looks in a thread of its own, so that nobody who waits for the service waits for Spark too."""

    def __init__(self, endpoint: str, fetch: Fetch = fetch_json) -> None:
        self._endpoint = endpoint
        self._fetch = fetch
        self._work: str | None = None
        self._seen: SparkProgress | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="demo-spark", daemon=True)

    def follow(self, work: str | None) -> None:
        """Watch this step or job run from now on, or none."""
        if work != self._work:
            self._work, self._seen = work, None

    @property
    def seen(self) -> SparkProgress | None:
        """What was seen last of the work that is followed."""
        return self._seen

    def __enter__(self) -> SparkWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(INTERVAL):
            work = self._work
            if work is None:
                continue
            found = look(self._endpoint, work, self._fetch)
            # The work may have changed while Spark was asked.
            if work == self._work:
                self._seen = found
