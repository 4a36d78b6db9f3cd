"""The life of a job run as its script sees it: `Job.init` and `Job.commit`.

Source: AWS Glue developer guide, "Tracking processed data using job bookmarks".
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from awsglue.bookmarks import Bookmark, State, dump, load, s3_lister
from awsglue.refusal import not_emulated
from awsglue.utils import BOOKMARKS_OFF, getResolvedOptions

_ENABLE, _PAUSE = "job-bookmark-enable", "job-bookmark-pause"
_COMMIT = "SANDBOX_JOB_BOOKMARK"
"""The variable with the file in which a run leaves what it has processed."""


class Job:
    """One run of a Glue job.

    With bookmarks, `init` fetches what earlier runs have processed, sources with a `transformation_ctx` read
    the rest, and `commit` keeps that they did. A run that does not come to `commit` changes nothing.
    """

    def __init__(self, glue_context: Any) -> None:
        self.glue_context = glue_context
        self.job_name = ""
        self._initialized = False
        self._keep: Path | None = None

    def init(self, job_name: str, args: Mapping[str, Any] | None = None) -> None:
        """Begin the run. Raises NotImplementedError for bookmarks outside of a job run of the sandbox."""
        given = given_options(sys.argv, args or {})
        option = given["option"]
        if option not in (BOOKMARKS_OFF, _ENABLE, _PAUSE):
            raise ValueError(f"--job-bookmark-option cannot be {option}")
        if (given["from"] is None) != (given["to"] is None) or (given["from"] and option != _PAUSE):
            raise ValueError(f"--job-bookmark-from and --job-bookmark-to go together, and with {_PAUSE}")
        if option != BOOKMARKS_OFF:
            self._fetch(given["job"] or job_name, option, given["from"], given["to"])
        self.job_name = job_name
        self._initialized = True

    def isInitialized(self) -> bool:  # noqa: N802 - AWS's name
        """Whether `init` has succeeded."""
        return self._initialized

    def commit(self) -> None:
        """End the run: what it has read is not read again. Raises RuntimeError without `init`."""
        if not self._initialized:
            raise RuntimeError("Job.commit() was called before Job.init()")
        if self._keep is None:
            return
        # Renamed into place: the sandbox finds all of it or nothing, whenever the script is killed.
        draft = self._keep.with_suffix(".draft")
        draft.write_text(dump(self.glue_context.bookmark.committed()))
        draft.replace(self._keep)

    def _fetch(self, job: str, option: str, since: str | None, until: str | None) -> None:
        if _COMMIT not in os.environ:
            raise not_emulated(
                f"--job-bookmark-option {option} outside of a job run of the sandbox",
                f"start the script with StartJobRun, or run it with {BOOKMARKS_OFF}",
            )
        with closing(boto3.client("glue")) as glue:
            before = _states(glue, job, since)
            limit = _states(glue, job, until) if until else None
        self.glue_context.bookmark = Bookmark(before, limit, s3_lister(boto3.client("s3")))
        if option == _ENABLE:
            self._keep = Path(os.environ[_COMMIT])


def given_options(argv: Sequence[str], args: Mapping[str, Any]) -> dict[str, Any]:
    """The bookmark options in force: the script's resolved arguments, else the command line itself."""
    # A script need not pass its arguments to init, so the command line is asked as well.
    resolved = getResolvedOptions(["script", *argv[1:]], [])
    names = "--JOB_NAME" in argv and getResolvedOptions(["script", *argv[1:]], ["JOB_NAME"])

    def value(name: str) -> Any:
        key = f"job_bookmark_{name}"
        return args.get(key) or args.get(key.replace("_", "-")) or resolved[key]

    return {
        "option": str(value("option") or BOOKMARKS_OFF),
        "from": value("from"),
        "to": value("to"),
        "job": names["JOB_NAME"] if names else None,
    }


def _states(glue: Any, job: str, run: str | None) -> dict[str, State]:
    try:
        entry = glue.get_job_bookmark(JobName=job, **({"RunId": run} if run else {}))["JobBookmarkEntry"]
    except ClientError as error:
        # A job without a bookmark has processed nothing; a run that is not there is a mistake.
        if error.response["Error"]["Code"] != "EntityNotFoundException" or run:
            raise
        return {}
    return load(entry["JobBookmark"])
