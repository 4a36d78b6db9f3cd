"""The server's side of an interpreter: a process that runs one paragraph at a time."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from sandbox.errors import WorkFailed
from sandbox.notebook.magic import Program
from sandbox.runtime import marks
from sandbox.runtime.process import tail

Event = dict[str, Any]

GRACE = 5.0
"""Seconds that an interpreter has to end its Spark driver."""


class InterpreterEnded(WorkFailed):
    """The interpreter's process ended in the middle of a paragraph."""


@dataclass(frozen=True)
class Launch:
    """How an interpreter is started. `name` is that of its application in the master's list."""

    name: str
    environment: Mapping[str, str]
    directory: Path
    log: Path


class Child:
    """A running interpreter."""

    def __init__(self, launch: Launch) -> None:
        self._log = launch.log
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        launch.log.parent.mkdir(parents=True, exist_ok=True)
        launch.directory.mkdir(parents=True, exist_ok=True)
        # On a cluster the master's own Python, with what its bootstrap actions installed.
        python = launch.environment.get("PYSPARK_DRIVER_PYTHON", sys.executable)
        with launch.log.open("ab") as log:
            self._process = subprocess.Popen(
                (python, "-m", "sandbox.notebook.interpreter", launch.name),
                env=dict(launch.environment),
                cwd=launch.directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        """The interpreter's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def run(
        self, turn: str, program: Program, params: Mapping[str, Any], tell: Callable[[Event], None]
    ) -> Event:
        """Run a paragraph, in this `turn`; `tell` hears what happens, the event of its end is returned.

        `InterpreterEnded` with the exit code and the end of the log when the process ends first.
        """
        self._send(
            op="run",
            turn=turn,
            language=str(program.language),
            code=program.code,
            line=program.first_line,
            params=dict(params),
        )
        assert self._process.stdout is not None
        with self._reading:
            for line in () if self._process.stdout.closed else self._process.stdout:
                event: Event = json.loads(line)
                if event["event"] == "end":
                    return event
                tell(event)
            code = self._process.wait()
            self._process.stdout.close()
        self._hang_up()
        raise InterpreterEnded(f"The interpreter ended with exit code {code}\n{tail(self._log)}")

    def cancel(self, turn: str) -> None:
        """Ask for the end of the paragraph that runs in this turn, if it still does."""
        self._send(op="cancel", turn=turn)

    def stop(self, grace: float = GRACE) -> None:
        """End the interpreter and all that it started."""
        family = self._family()
        assert self._process.stdout is not None
        self._hang_up()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        marks.end(family, grace)
        with self._reading:
            self._process.stdout.close()

    def _hang_up(self) -> None:
        """Nothing more is asked; an interpreter that runs ends."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError), self._lock:
            self._process.stdin.close()

    def _family(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _send(self, **request: Any) -> None:
        assert self._process.stdin is not None
        line = (json.dumps(request) + os.linesep).encode()
        with contextlib.suppress(OSError, ValueError), self._lock:
            self._process.stdin.write(line)
            self._process.stdin.flush()
