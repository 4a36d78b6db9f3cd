"""Glue's operations on job bookmarks.

https://docs.aws.amazon.com/glue/latest/webapi/API_GetJobBookmark.html and API_ResetJobBookmark.html
"""

from __future__ import annotations

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.glue.jobs import JobRunner


class BookmarkOperations:
    """The bookmarks of jobs."""

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner

    @operation(Fidelity.EXECUTED)
    def get_job_bookmark(self, request: Document) -> Document:
        """GetJobBookmark, as it is or as it was after the run RunId."""
        job = self._runner.existing(request["JobName"])
        return {"JobBookmarkEntry": self._runner.bookmarks.get(job.name, request.get("RunId"))}

    @operation(Fidelity.EXECUTED)
    def reset_job_bookmark(self, request: Document) -> Document:
        """ResetJobBookmark: to the beginning, or to what was processed when the run RunId had ended."""
        job = self._runner.existing(request["JobName"])
        return {"JobBookmarkEntry": self._runner.bookmarks.reset(job.name, request.get("RunId"))}
