"""The life of a job run as its script sees it: `Job.init` and `Job.commit`.

Source: AWS Glue developer guide, "Tracking processed data using job bookmarks".
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from awsglue.refusal import not_emulated
from awsglue.utils import BOOKMARKS_OFF, getResolvedOptions


class Job:
    """One run of a Glue job.

    Bookmarks are not emulated yet: `init` refuses a run that asks for them, since a run that reads everything
    again would only look like an incremental one. Without bookmarks `commit` has nothing to record.
    """

    def __init__(self, glue_context: Any) -> None:
        self.glue_context = glue_context
        self.job_name = ""
        self._initialized = False

    def init(self, job_name: str, args: Mapping[str, Any] | None = None) -> None:
        """Begin the run. Raises NotImplementedError when job bookmarks are switched on."""
        option = bookmark_option(sys.argv, args or {})
        if option != BOOKMARKS_OFF:
            raise not_emulated(
                f"--job-bookmark-option {option}",
                f"job bookmarks are not emulated yet; run the job with {BOOKMARKS_OFF}",
            )
        self.job_name = job_name
        self._initialized = True

    def isInitialized(self) -> bool:  # noqa: N802 - AWS's name
        """Whether `init` has succeeded."""
        return self._initialized

    def commit(self) -> None:
        """End the run. Raises RuntimeError when `init` was not called."""
        if not self._initialized:
            raise RuntimeError("Job.commit() was called before Job.init()")


def bookmark_option(argv: Sequence[str], args: Mapping[str, Any]) -> str:
    """The bookmark option in force: the script's resolved arguments, else the command line itself."""
    # A script need not pass its arguments to init, so the command line is asked as well.
    from_command_line = getResolvedOptions(["script", *argv[1:]], [])["job_bookmark_option"]
    resolved = args.get("job_bookmark_option") or args.get("job-bookmark-option")
    return str(resolved or from_command_line or BOOKMARKS_OFF)
