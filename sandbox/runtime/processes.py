"""The processes of one sandbox, by owner; an owner that was closed can start nothing more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from sandbox.errors import WorkFailed
from sandbox.runtime.machine import Machine, Running
from sandbox.runtime.process import Command


class Processes:
    """Starts processes and ends them by owner and name. `mark` is the sandbox's.

    `machine` is where a command runs that names no other.
    """

    def __init__(self, mark: str, machine: Machine) -> None:
        self._mark = mark
        self._machine = machine
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], Running] = {}
        self._used: dict[str, list[Machine]] = {}
        self._closed: set[str] = set()

    def start(self, command: Command, machine: Machine | None = None) -> Running:
        """Start `command`; `WorkFailed` when its owner was closed, so that nothing outlives an end."""
        machine = machine or self._machine
        with self._lock:
            if command.owner in self._closed:
                raise WorkFailed(f"{command.name} was not started: {command.owner} is ending")
            used = self._used.setdefault(command.owner, [])
            if machine not in used:
                used.append(machine)
            process = machine.spawn(command, self._mark)
            self._running[command.owner, command.name] = process
        return process

    def stop(self, owner: str, name: str, grace: float = 5.0) -> bool:
        """End one process; False when there is none of that name."""
        process = self.get(owner, name)
        if process is None:
            return False
        process.stop(grace)
        return True

    def get(self, owner: str, name: str) -> Running | None:
        """The process of this name, whether it has ended or not; None when there is none."""
        with self._lock:
            return self._running.get((owner, name))

    def forget(self, owner: str, name: str) -> None:
        """Drop a process that has ended."""
        with self._lock:
            self._running.pop((owner, name), None)

    def dead(self, owner: str, names: frozenset[str]) -> list[Running]:
        """Those of `names` that have ended although nobody stopped them."""
        with self._lock:
            processes = [self._running.get((owner, name)) for name in names]
        return [process for process in processes if process is not None and process.poll() is not None]

    def close(self, owner: str, grace: float = 5.0) -> None:
        """End all of an owner's processes at once, also those that were re-parented."""
        with self._lock:
            self._closed.add(owner)
            names = [name for who, name in self._running if who == owner]
        if names:
            # Each takes its time to end, and none waits for another.
            with ThreadPoolExecutor(len(names), "stop") as stopping:
                list(stopping.map(lambda name: self.stop(owner, name, grace), names))
        for name in names:
            self.forget(owner, name)
        with self._lock:
            used = self._used.pop(owner, [])
        for machine in used:
            machine.reap(self._mark, owner, grace)
