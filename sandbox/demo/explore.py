"""The stage in the notebook: a note on S3 is run by EMR, and its results are read from S3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.demo.stages import Explored, StageFailed
from sandbox.demo.waiting import Wait
from sandbox.notebook import note as notes
from sandbox.s3.location import Location

LIMIT = 900.0
"""Seconds that the note may take."""


def run(
    emr: Any,
    cluster_id: str,
    note: str,
    output: str,
    role: str,
    wait: Wait,
    tell: Callable[[str, str], None],
) -> str:
    """Run the note at `note` to its end and return the execution's id; `StageFailed` with its reason.

    `tell` hears the execution's id and state; the note with its results goes to `output`.
    """
    source, target = Location.parse(note), Location.parse(output)
    id = str(
        emr.start_notebook_execution(
            NotebookExecutionName="explore",
            ExecutionEngine={"Id": cluster_id, "Type": "EMR"},
            ServiceRole=role,
            NotebookS3Location={"Bucket": source.bucket, "Key": source.key},
            OutputNotebookS3Location={"Bucket": target.bucket, "Key": target.key},
        )["NotebookExecutionId"]
    )

    def look() -> dict[str, Any] | None:
        execution: dict[str, Any] = emr.describe_notebook_execution(NotebookExecutionId=id)
        execution = execution["NotebookExecution"]
        tell(id, execution["Status"])
        return execution if execution["Status"] in ("FINISHED", "FAILED", "STOPPED") else None

    ended = wait.until(look, f"Notebook execution {id}", LIMIT)
    if ended["Status"] != "FINISHED":
        reason = ended.get("LastStateChangeReason", "")
        raise StageFailed(f"Notebook execution {id} is {ended['Status']}: {reason}", output)
    return id


def read(id: str, note: str, output: str, text: str) -> Explored:
    """What the note that ran says: the first table is the catalog's, the last one what it found. Pure."""
    ran = notes.read(text, output)
    tables = [
        [line.split("\t") for line in message.data.splitlines()]
        for paragraph in ran.paragraphs
        for message in (paragraph.results.messages if paragraph.results else ())
        if message.type == "TABLE"
    ]
    if not tables:
        raise StageFailed(f"The note of execution {id} made no table", output)
    return Explored(
        execution_id=id,
        note=note,
        output=output,
        paragraphs=len(ran.paragraphs),
        tables=tuple(row[0] for row in tables[0][1:]),
        columns=tuple(tables[-1][0]),
        found=tuple(map(tuple, tables[-1][1:])),
    )
