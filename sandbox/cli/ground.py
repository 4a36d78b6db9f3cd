"""Where `sandbox demo` runs: on a sandbox of this machine, or on the Compose stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.cli import background, fetching, options, stack
from sandbox.runtime.compose import Compose
from sandbox.settings import Settings
from sandbox.spark.standalone import STACK_MASTER


class Ground(Protocol):
    """Something with an endpoint on which the course can run."""

    @property
    def stays(self) -> bool:
        """Whether it runs on when the course has ended."""

    def begin(self) -> dict[str, Any]:
        """Have it running; returns its record with `endpoint` and `environment`."""

    def status(self) -> dict[str, Any]:
        """What it says of itself."""

    def end(self) -> None:
        """Stop it, unless it stays."""

    def master_page(self) -> str | None:
        """The page of a Spark master that outlives the course's cluster."""

    def command(self, name: str, argument: str = "") -> str:
        """What to type for one of the program's commands here."""


@dataclass(frozen=True)
class Embedded:
    """The state's sandbox on this machine. `ran_before`: it ran already, and so is left running."""

    settings: Settings
    keep: bool
    ran_before: bool

    @property
    def stays(self) -> bool:
        return self.ran_before or self.keep

    def begin(self) -> dict[str, Any]:
        if not self.ran_before:
            fetching.jars(self.settings)
        return background.read_record(self.settings) or background.start(self.settings)

    def status(self) -> dict[str, Any]:
        return background.status(self.settings)

    def end(self) -> None:
        if not self.stays:
            background.stop(self.settings)

    def master_page(self) -> str | None:
        return None

    def command(self, name: str, argument: str = "") -> str:
        return f"sandbox {name}{options.state_option(self.settings.state)} {argument}".rstrip()


@dataclass
class Stack:
    """The Compose stack; it stays, as whoever started it would expect of containers."""

    project: Compose
    endpoint: str = ""
    stays: bool = True

    def begin(self) -> dict[str, Any]:
        record = stack.bring_up(self.project)
        self.endpoint = record["endpoint"]
        return record

    def status(self) -> dict[str, Any]:
        return stack.status(self.endpoint)

    def end(self) -> None: ...

    def master_page(self) -> str | None:
        return f"http://127.0.0.1:{self.project.port('spark-master', STACK_MASTER.ui_port)}"

    def command(self, name: str, argument: str = "") -> str:
        if name == "down":
            return "docker compose down --volumes"
        return f"docker compose exec sandbox sandbox {name} {argument}".rstrip()
