"""The notebook's Spark driver: made at the first paragraph that needs it, then shared by all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPL_CLASSES = "spark.repl.class.outputDir"
"""Where the Scala REPL leaves its classes, from which executors fetch them."""


class Session:
    """One Spark session at a time, called `name` in the master's list; configured by SPARK_CONF_DIR."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spark: Any = None
        self._folder = tempfile.TemporaryDirectory(prefix="notebook-repl-")

    @property
    def classes(self) -> Path:
        """The folder of the Scala REPL's classes."""
        return Path(self._folder.name)

    @property
    def running(self) -> Any:
        """The session, or None when there is none."""
        return None if self._spark is None or self._spark.sparkContext._jsc is None else self._spark

    def get(self) -> Any:
        """The session, made anew when there is none or a paragraph stopped it."""
        if self.running is None:
            from pyspark.sql import SparkSession

            builder = SparkSession.builder.appName(self._name).config(REPL_CLASSES, str(self.classes))
            self._spark = builder.getOrCreate()
        return self._spark

    def begin(self, group: str, description: str) -> None:
        """From now on this thread's jobs belong to `group`."""
        if self.running is not None:
            self._spark.sparkContext.setJobGroup(group, description, interruptOnCancel=True)

    def cancel(self, group: str) -> None:
        """Cancel the jobs of `group`."""
        if self.running is not None:
            self._spark.sparkContext.cancelJobGroup(group)

    def jobs(self, group: str) -> list[int]:
        """The ids of the jobs of `group`, oldest first."""
        if self.running is None:
            return []
        return sorted(self._spark.sparkContext.statusTracker().getJobIdsForGroup(group))

    def progress(self, jobs: list[int]) -> int:
        """How many of a hundred parts of these jobs' tasks are done."""
        tracker = self._spark.sparkContext.statusTracker()
        done = total = 0
        for job in map(tracker.getJobInfo, jobs):
            for stage in map(tracker.getStageInfo, job.stageIds if job else ()):
                if stage is not None:
                    done += stage.numCompletedTasks
                    total += stage.numTasks
        return 100 * done // total if total else 0

    @property
    def web_page(self) -> str:
        """The address of the application's own page; empty when it has none."""
        return str(self._spark.sparkContext.uiWebUrl or "") if self.running is not None else ""

    def close(self) -> None:
        """End the driver, and with it its executors."""
        stop: Callable[[], None] | None = getattr(self.running, "stop", None)
        if stop is not None:
            stop()
        self._folder.cleanup()
