"""The processes of one sandbox, by owner; an owner that was closed can start nothing more."""

from __future__ import annotations

import threading

from sandbox.errors import WorkFailed
from sandbox.runtime import marks
from sandbox.runtime.process import Command, Process


class Processes:
    """Starts processes and ends them by owner and name. `mark` is the sandbox's."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], Process] = {}
        self._closed: set[str] = set()

    def start(self, command: Command) -> Process:
        """Start `command`; `WorkFailed` when its owner was closed, so that nothing outlives an end."""
        with self._lock:
            if command.owner in self._closed:
                raise WorkFailed(f"{command.name} was not started: {command.owner} is ending")
            process = Process(command, self._mark)
            self._running[command.owner, command.name] = process
        return process

    def stop(self, owner: str, name: str, grace: float = 5.0) -> bool:
        """End one process; False when there is none of that name."""
        with self._lock:
            process = self._running.get((owner, name))
        if process is None:
            return False
        process.stop(grace)
        return True

    def forget(self, owner: str, name: str) -> None:
        """Drop a process that has ended."""
        with self._lock:
            self._running.pop((owner, name), None)

    def dead(self, owner: str, names: frozenset[str]) -> list[Process]:
        """Those of `names` that have ended although nobody stopped them."""
        with self._lock:
            processes = [self._running.get((owner, name)) for name in names]
        return [process for process in processes if process is not None and process.poll() is not None]

    def close(self, owner: str, grace: float = 5.0) -> None:
        """End all of an owner's processes, newest first, also those that were re-parented."""
        with self._lock:
            self._closed.add(owner)
            names = [name for who, name in self._running if who == owner]
        for name in reversed(names):
            self.stop(owner, name, grace)
            self.forget(owner, name)
        marks.reap(self._mark, owner, grace)
