"""A machine: where a command runs. This one, or a container that an agent serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sandbox.runtime import marks, ports
from sandbox.runtime.process import Command, Process


class Running(Protocol):
    """A command that was started, wherever it runs."""

    command: Command

    def poll(self) -> int | None:
        """The exit code, or None while it runs; negative when a signal ended it."""

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; None when `timeout` seconds passed first."""

    def listens(self, port: int) -> bool:
        """Whether it is this process, and no other, that listens on a port of its machine."""

    def signal(self, name: str) -> None:
        """Send it, and nothing that it started, a signal such as `SIGPWR`; one that has ended gets none."""

    def stop(self, grace: float = 5.0) -> int:
        """End it and everything that it started; returns the exit code."""

    def tail(self) -> str:
        """The end of what it wrote, standard error first."""


class Machine(Protocol):
    """Where commands run."""

    @property
    def host(self) -> str:
        """The name by which the other machines of its cluster reach it."""

    def spawn(self, command: Command, mark: str) -> Running:
        """Start `command` here; `WorkFailed` when it cannot be started."""

    def choose_port(self, preferred: int) -> int:
        """`preferred` when it can be had here, else another; 0 for any."""

    def reap(self, mark: str, owner: str, grace: float) -> None:
        """End what `owner`'s commands left behind here, also when it was re-parented."""


@dataclass(frozen=True)
class ThisMachine:
    """The machine that the sandbox itself runs on."""

    host: str

    def spawn(self, command: Command, mark: str) -> Process:
        return Process(command, mark)

    def choose_port(self, preferred: int) -> int:
        return ports.choose(self.host, preferred)

    def reap(self, mark: str, owner: str, grace: float) -> None:
        marks.reap(mark, owner, grace)
