"""Job bookmarks: what the runs of a job have processed, by run, so that a job can go back to one.

What a bookmark says is the script's business (`glue/library/awsglue/bookmarks.py`); here it is a text.

Source: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import cattrs

from sandbox.errors import AwsError
from sandbox.glue.job_model import JobRun
from sandbox.store import Database, Documents

KEPT = 100
"""Runs of a job to which its bookmark can be reset; older ones are forgotten."""
_NOTHING = "{}"


@dataclass(frozen=True)
class Commit:
    """What the job had processed when this run committed. `started` is when the run was, in seconds."""

    run: str
    number: int
    attempt: int
    started: float
    state: str


@dataclass(frozen=True)
class Bookmark:
    """The bookmark of a job: its commits, oldest first. `version` counts its changes."""

    job: str
    version: int = 0
    commits: list[Commit] = field(default_factory=list)


def committed(bookmark: Bookmark, run: JobRun, state: str) -> Bookmark:
    """The bookmark after a run committed; the last commit of a run counts. Pure."""
    others = [each for each in bookmark.commits if each.run != run.id]
    number = others[-1].number + 1 if others else 1
    commit = Commit(run.id, number, run.attempt, run.started, state)
    return replace(bookmark, version=bookmark.version + 1, commits=[*others, commit][-KEPT:])


def up_to(bookmark: Bookmark, started: float) -> list[Commit]:
    """The commits of the runs that were started until then. Pure."""
    return [each for each in bookmark.commits if each.started <= started]


def describe(bookmark: Bookmark, commits: list[Commit]) -> dict[str, Any]:
    """Glue's JobBookmarkEntry for the last of `commits`; without any, that nothing was processed. Pure."""
    entry: dict[str, Any] = {"JobName": bookmark.job, "Version": bookmark.version}
    if not commits:
        return {**entry, "Run": 0, "Attempt": 0, "JobBookmark": _NOTHING}
    last = commits[-1]
    previous = {"PreviousRunId": commits[-2].run} if len(commits) > 1 else {}
    return {
        **entry,
        "Run": last.number,
        "Attempt": last.attempt,
        "RunId": last.run,
        "JobBookmark": last.state,
        **previous,
    }


class Bookmarks:
    """The bookmarks of all jobs. `run` finds a job run by its id."""

    def __init__(self, database: Database, run: Callable[[str], JobRun | None]) -> None:
        self._database = database
        self._documents = Documents(database, "job_bookmark")
        self._run = run

    def commit(self, run: JobRun, state: str) -> None:
        """Keep what a run committed; again for the same run is no error."""
        with self._database.transaction():
            self._put(committed(self._find(run.job) or Bookmark(run.job), run, state))

    def get(self, job: str, run_id: str | None) -> dict[str, Any]:
        """Glue's JobBookmarkEntry, as it is or as it was after a run: what the last run until then committed.

        Raises EntityNotFoundException for a job that never committed and for a run that is not the job's.
        """
        bookmark = self._existing(job)
        commits = bookmark.commits if run_id is None else up_to(bookmark, self._started(job, run_id))
        return describe(bookmark, commits)

    def reset(self, job: str, run_id: str | None) -> dict[str, Any]:
        """Forget all that was processed, or what was after a run; the entry as it is then.

        Raises what `get` raises.
        """
        with self._database.transaction():
            bookmark = self._existing(job)
            kept = [] if run_id is None else up_to(bookmark, self._started(job, run_id))
            self._put(replace(bookmark, version=bookmark.version + 1, commits=kept))
            return self.get(job, None)

    def delete(self, job: str) -> None:
        """Forget the bookmark with its job."""
        self._documents.delete(job)

    def _started(self, job: str, run_id: str) -> float:
        run = self._run(run_id)
        if run is None or run.job != job:
            raise AwsError("EntityNotFoundException", f"Job run {run_id} of {job} not found.")
        return run.started

    def _existing(self, job: str) -> Bookmark:
        bookmark = self._find(job)
        if bookmark is None:
            raise AwsError("EntityNotFoundException", f"Continuation for job {job} not found")
        return bookmark

    def _find(self, job: str) -> Bookmark | None:
        document = self._documents.get(job)
        return cattrs.structure(document, Bookmark) if document else None

    def _put(self, bookmark: Bookmark) -> None:
        self._documents.put(bookmark.job, cattrs.unstructure(bookmark))
