"""Processes that the sandbox starts: marked, in a session of their own, with their output in files."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox.errors import WorkFailed
from sandbox.runtime import marks

TAIL = 4096
"""Bytes of a log that an error message may carry."""


@dataclass(frozen=True)
class Command:
    """What to run. `environment` is the whole environment but for the sandbox's mark and owner."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    stdout: Path
    stderr: Path
    owner: str = ""


class Process:
    """A running command. `mark` is the sandbox that it belongs to."""

    def __init__(self, command: Command, mark: str) -> None:
        self.command = command
        for path in (command.stdout, command.stderr):
            path.parent.mkdir(parents=True, exist_ok=True)
        environment = {**command.environment, marks.MARK: mark, marks.OWNER: command.owner}
        with command.stdout.open("ab") as stdout, command.stderr.open("ab") as stderr:
            try:
                self._popen = subprocess.Popen(
                    command.argv,
                    env=environment,
                    cwd=command.directory,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
            except OSError as error:
                raise WorkFailed(f"{command.name} cannot be started: {error}") from error

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its session."""
        return self._popen.pid

    def poll(self) -> int | None:
        """The exit code, or None while it runs; negative when a signal ended it."""
        return self._popen.poll()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; None when `timeout` seconds passed first."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def listens(self, port: int) -> bool:
        """Whether it is this process, and no other, that listens on a port of its machine."""
        try:
            sockets = psutil.Process(self.pid).net_connections("tcp")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False
        return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in sockets)

    def signal(self, name: str) -> None:
        """Send it, and nothing that it started, a signal such as `SIGPWR`; one that has ended gets none."""
        self._popen.send_signal(signal.Signals[name])

    def stop(self, grace: float = 5.0) -> int:
        """End the process and everything that it started; returns the exit code."""
        if self._popen.poll() is None:
            try:
                family = psutil.Process(self.pid).children(recursive=True)
            except psutil.NoSuchProcess:
                family = []
            # Only Popen may wait for the leader: whoever else reaps it loses the exit code.
            self._popen.terminate()
            if self.wait(grace) is None:
                self._popen.kill()
            self._popen.wait()
            marks.end(family, grace)
        return self._popen.wait()

    def tail(self) -> str:
        """The end of what it wrote, standard error first."""
        return "\n".join(filter(None, (tail(self.command.stderr), tail(self.command.stdout))))


def tail(path: Path, size: int = TAIL) -> str:
    """The last `size` bytes of a file as text; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - size))
            return file.read().decode(errors="replace").strip()
    except FileNotFoundError:
        return ""
