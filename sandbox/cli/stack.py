"""Bring the Compose stack up, with a line per service until every one is healthy."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

import sandbox
from sandbox.cli import console
from sandbox.errors import MachineError, WorkFailed
from sandbox.runtime.compose import Compose, Service, find_broken, find_file
from sandbox.runtime.readiness import fetch_json

HEALTHY_TIMEOUT = 240.0
"""Seconds from the containers' start until all are healthy; a loaded machine needs 60."""
LOOK = 1.0
"""Seconds between two looks at the services."""
ENDPOINT_PORT = 4566


def of_clone() -> Compose:
    """The project of the clone that this is typed in, or that the program was installed from."""
    return Compose([find_file([Path.cwd(), Path(sandbox.__file__).parents[1]])])


def bring_up(project: Compose) -> dict[str, Any]:
    """Have every service healthy; returns the sandbox's record: `endpoint`, `environment`.

    Raises `MachineError` for what this machine lacks, and for a service that does not become healthy one
    that shows the end of its log.
    """
    project.check()
    if not _all_ready(project.services()):
        with _view(console.story(), project) as tell:
            _start(project, tell)
            _wait(project)
    endpoint = f"http://127.0.0.1:{project.port('sandbox', ENDPOINT_PORT)}"
    return {"endpoint": endpoint, "environment": status(endpoint)["environment"]}


def status(endpoint: str) -> dict[str, Any]:
    """What the stack's sandbox says of itself; `WorkFailed` when it does not answer."""
    answer = fetch_json(f"{endpoint}/_sandbox/status", timeout=10)
    if not isinstance(answer, dict):
        raise WorkFailed(f"The sandbox at {endpoint} does not answer: docker compose logs sandbox")
    return answer


def _start(project: Compose, tell: Callable[[str], None]) -> None:
    try:
        for line in project.up():
            tell(line)
    except WorkFailed as error:
        broken = find_broken(project.services(), str(error))
        if broken is None:
            raise
        raise _unhealthy(project, broken) from error


def _unhealthy(project: Compose, service: Service) -> MachineError:
    return MachineError(
        f"The service {service.name} is {service.health or service.state}:\n{project.logs(service.name)}",
        f"docker compose logs {service.name}; docker compose up --detach tries again",
    )


def _wait(project: Compose) -> None:
    deadline = time.monotonic() + HEALTHY_TIMEOUT
    while not _all_ready(services := project.services()):
        broken = next((service for service in services if service.failed), None)
        if broken is None and time.monotonic() > deadline:
            broken = find_broken(services, "") or next(one for one in services if not one.ready)
        if broken is not None:
            raise _unhealthy(project, broken)
        time.sleep(LOOK)


def _all_ready(services: Sequence[Service]) -> bool:
    """Whether the whole stack runs: a project without a sandbox is none."""
    return all(service.ready for service in services) and any(one.name == "sandbox" for one in services)


@contextlib.contextmanager
def _view(target: Console, project: Compose) -> Iterator[Callable[[str], None]]:
    """A table of the services while they start, on a terminal; else a line for each change."""
    if not target.is_terminal or target.is_dumb_terminal:
        seen: set[str] = set()

        def tell_once(line: str) -> None:
            # Compose says much; of interest is which container is how far.
            if line.strip().startswith("Container") and line not in seen:
                seen.add(line)
                target.print(escape(line.strip()))

        yield tell_once
        return
    board = _Board()
    stopped = threading.Event()
    with Live(console=target, get_renderable=board.picture, refresh_per_second=8):
        looker = threading.Thread(target=_look, args=(project, board, stopped), name="stack-view")
        looker.start()
        try:
            yield board.tell
        finally:
            stopped.set()
            looker.join()


def _look(project: Compose, board: _Board, stopped: threading.Event) -> None:
    while True:
        # A look that fails shows the last one again: whoever waits raises what is wrong.
        with contextlib.suppress(MachineError, WorkFailed):
            board.services = project.services()
        if stopped.wait(LOOK):
            return


class _Board:
    """What is drawn: every service with its state, and the last thing that Compose said."""

    def __init__(self) -> None:
        self.services: Sequence[Service] = ()
        self._line = ""
        self._began = time.monotonic()

    def tell(self, line: str) -> None:
        self._line = line.strip()

    def picture(self) -> Table:
        table = Table(title=f"The stack, {time.monotonic() - self._began:.0f} s", title_justify="left")
        table.add_column("service")
        table.add_column("container", style="dim")
        table.add_column("state")
        for service in self.services:
            style = "green" if service.ready else "red" if service.failed else "yellow"
            table.add_row(service.name, service.container, f"[{style}]{service.health or service.state}[/]")
        table.caption, table.caption_justify = escape(self._line[:100]), "left"
        return table
