"""Notebook executions: a note of a cluster's notebook, run for a client of EMR.

https://docs.aws.amazon.com/emr/latest/APIReference/API_NotebookExecution.html
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

import cattrs

from sandbox.errors import AwsError, WorkFailed
from sandbox.runtime.workers import Workers
from sandbox.store import Database, Documents, Journal

_log = logging.getLogger(__name__)


class Status(StrEnum):
    START_PENDING = "START_PENDING"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    STOP_PENDING = "STOP_PENDING"
    STOPPED = "STOPPED"


ENDED = frozenset({Status.FINISHED, Status.FAILED, Status.STOPPED})


@dataclass(frozen=True)
class Execution:
    """One run of a note. `note` is what was asked for, `recorded` the members that change nothing.

    `source` and `output` are addresses on S3: where the note comes from, and where it goes with its results.
    """

    id: str
    cluster: str
    note: str
    status: Status
    created: float
    started: float | None = None
    ended: float | None = None
    reason: str = ""
    source: str | None = None
    output: str | None = None
    written: str | None = None
    recorded: dict[str, Any] = field(default_factory=dict)


class Notebook(Protocol):
    """A cluster's notebook, as an execution needs it."""

    def find(self, name: str) -> str | None:
        """The id of the note with this id, path or name."""

    def add(self, text: str, path: str) -> str:
        """Import a note from its text under `path`; returns its id. `SandboxError` when it is none."""

    def run(self, id: str, stop: threading.Event) -> str:
        """Run the note to its end, or until `stop` is set; why it failed, empty when it did not."""

    def text(self, id: str) -> str:
        """The note with its results."""


class ObjectStore(Protocol):
    """Reads and writes texts by their address on S3; `WorkFailed` when that fails."""

    def read(self, uri: str) -> str: ...

    def write(self, uri: str, text: str) -> None: ...


class NotebookExecutions:
    """Runs executions, each in a thread of its own. `notebook` gives a cluster's; `AwsError` without one."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        notebook: Callable[[str], Notebook],
        objects: ObjectStore,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._journal = journal
        self._documents = Documents(database, "notebook-execution")
        self._notebook = notebook
        self._objects = objects
        self._clock = clock
        self._workers = Workers()
        self._lock = threading.RLock()
        self._stops: dict[str, threading.Event] = {}

    def get(self, id: str) -> Execution | None:
        """The execution with this id, or None."""
        document = self._documents.get(id)
        return cattrs.structure(document, Execution) if document else None

    def all(self) -> list[Execution]:
        """Every execution, oldest first."""
        return [cattrs.structure(document, Execution) for document in self._documents.all()]

    def launch(self, execution: Execution) -> None:
        """Begin an execution; `InvalidRequestException` when its cluster or its note is not there."""
        self._workers.admit()
        notebook = self._notebook(execution.cluster)
        if execution.source is None and notebook.find(execution.note) is None:
            raise AwsError("InvalidRequestException", f"There is no notebook '{execution.note}'.")
        stop = threading.Event()
        with self._lock:
            self._stops[execution.id] = stop
            self._put(execution)
        self._workers.start(execution.id, lambda: self._perform(execution, notebook, stop))

    def ask_to_stop(self, id: str) -> None:
        """Ask an execution to end; nothing happens to one that has."""
        with self._lock:
            execution = self.get(id)
            if execution is not None and execution.status not in ENDED and id in self._stops:
                self._put(replace(execution, status=Status.STOP_PENDING))
                self._stops[id].set()

    # --- the sandbox's own life

    def start(self) -> None:
        """Settle what a crash left behind."""
        for execution in self.all():
            if execution.status not in ENDED:
                self._end(execution.id, Status.FAILED, "The sandbox ended while the execution ran.")

    def stop(self) -> None:
        """Stop every execution and wait for its thread."""
        self._workers.refuse_new()
        for id in list(self._stops):
            self.ask_to_stop(id)
        self._workers.join()

    # --- one execution

    def _perform(self, execution: Execution, notebook: Notebook, stop: threading.Event) -> None:
        try:
            failure = self._run(execution, notebook, stop)
        except Exception as error:
            _log.info("%s: %s", execution.id, error)
            failure = str(error)
        if stop.is_set():
            self._end(execution.id, Status.STOPPED, "The execution was stopped.")
        elif failure:
            self._end(execution.id, Status.FAILED, failure)
        else:
            self._end(execution.id, Status.FINISHED, "Execution is finished.")

    def _run(self, execution: Execution, notebook: Notebook, stop: threading.Event) -> str:
        """Why the execution failed; empty when it did not."""
        if execution.source is None:
            note = notebook.find(execution.note)
        else:
            note = notebook.add(self._objects.read(execution.source), f"/executions/{execution.id}")
        if note is None:
            raise WorkFailed(f"The note {execution.note} was deleted")
        self._change(
            execution.id,
            lambda now: replace(
                now, status=Status.RUNNING if not stop.is_set() else now.status, started=self._clock()
            ),
        )
        failure = notebook.run(note, stop)
        if execution.output is not None:
            self._objects.write(execution.output, notebook.text(note))
            self._change(execution.id, lambda now: replace(now, written=execution.output))
        return failure

    def _end(self, id: str, status: Status, reason: str) -> None:
        self._change(id, lambda now: replace(now, status=status, reason=reason, ended=self._clock()))
        with self._lock:
            self._stops.pop(id, None)

    def _change(self, id: str, change: Callable[[Execution], Execution]) -> None:
        with self._lock:
            execution = self.get(id)
            if execution is not None:
                self._put(change(execution))

    def _put(self, execution: Execution) -> None:
        with self._lock, self._database.transaction():
            before = self.get(execution.id)
            self._documents.put(execution.id, cattrs.unstructure(execution))
            if before is None or before.status is not execution.status:
                detail = {"cluster": execution.cluster, "note": execution.note, "reason": execution.reason}
                event = f"notebook execution {execution.status}"
                self._journal.append(self._clock(), execution.id, event, **detail)
