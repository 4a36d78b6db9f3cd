"""The ETL stage: a Glue job turns the crawled tables into one clean table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.demo.stages import StageFailed, Transformed
from sandbox.demo.track import Track
from sandbox.demo.waiting import Wait

LIMIT = 3600.0
"""Seconds that a job run may take."""
_ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"})
_ROWS = re.compile(r"^rows (read|written): (\d+)", re.MULTILINE)


def define(glue: Any, track: Track, role: str, script: str, target: str) -> None:
    """The job; one that exists is brought up to date."""
    definition = {
        "Role": role,
        "Command": {"Name": "glueetl", "ScriptLocation": script, "PythonVersion": "3"},
        "DefaultArguments": track.etl_arguments(target),
        "GlueVersion": "5.0",
        "WorkerType": "G.1X",
        "NumberOfWorkers": 2,
    }
    try:
        glue.create_job(Name=track.job, **definition)
    except (glue.exceptions.AlreadyExistsException, glue.exceptions.IdempotentParameterMismatchException):
        glue.update_job(JobName=track.job, JobUpdate=definition)


def start(glue: Any, track: Track) -> str:
    """Start a run; returns its id."""
    return str(glue.start_job_run(JobName=track.job)["JobRunId"])


def finish(
    glue: Any, logs: Any, track: Track, run_id: str, target: str, wait: Wait, tell: Callable[[str], None]
) -> Transformed:
    """Wait for the run's end; `StageFailed` with its ErrorMessage. `tell` hears every state."""

    def look() -> dict[str, Any] | None:
        run: dict[str, Any] = glue.get_job_run(JobName=track.job, RunId=run_id)["JobRun"]
        tell(run["JobRunState"])
        return run if run["JobRunState"] in _ENDED else None

    run = wait.until(look, f"Job run {run_id}", LIMIT)
    group = run.get("LogGroupName", "/aws-glue/jobs")
    if run["JobRunState"] != "SUCCEEDED":
        reason = run.get("ErrorMessage") or f"The job run is {run['JobRunState']}"
        raise StageFailed(reason, f"{group}/error, stream {run_id}")
    told = {what: int(count) for what, count in _ROWS.findall(_output(logs, f"{group}/output", run_id))}
    table = glue.get_table(DatabaseName=track.database, Name=track.clean_table)["Table"]
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    name = f"{track.database}.{track.clean_table}"
    return Transformed(track.job, run_id, told.get("read"), told.get("written"), columns, name, target)


def stop(glue: Any, track: Track, run_id: str) -> None:
    """Ask a run to stop; one that has ended is left as it is."""
    glue.batch_stop_job_run(JobName=track.job, JobRunIds=[run_id])


def _output(logs: Any, group: str, stream: str) -> str:
    """What the script printed, from CloudWatch Logs."""
    lines: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **token)
        lines += [event["message"] for event in page["events"]]
        following = {"nextToken": page["nextForwardToken"]}
        # The end is reached when the token stays the same.
        if following == token or not page["events"]:
            return "\n".join(lines)
        token = following
