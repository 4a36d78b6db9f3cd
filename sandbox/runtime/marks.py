"""The mark on everything that a sandbox starts: an environment variable that children inherit.

A process is found by it even when its parent died and init adopted it, so that a crash leaves nothing
behind that the next `up` or `down` cannot remove.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import psutil

MARK = "EMR_SANDBOX_MARK"
"""Environment variable that names the sandbox a process belongs to."""

OWNER = "EMR_SANDBOX_OWNER"
"""Environment variable that names the cluster, step or job run a process works for."""


def marked(mark: str, owner: str | None = None) -> list[psutil.Process]:
    """The live processes of the sandbox `mark`, but this one; of one owner when given."""
    found = []
    for process in psutil.process_iter():
        if process.pid == psutil.Process().pid:
            continue
        try:
            environment = process.environ()
        except (psutil.Error, OSError):
            continue
        if environment.get(MARK) == mark and owner in (None, environment.get(OWNER)):
            found.append(process)
    return found


def reap(mark: str, owner: str | None = None, grace: float = 5.0) -> int:
    """End every process that bears the mark; returns how many there were."""
    processes = marked(mark, owner)
    end(processes, grace)
    return len(processes)


def end(processes: Iterable[psutil.Process], grace: float) -> None:
    """SIGTERM, then SIGKILL for those that still run after `grace` seconds. Not for own children."""
    waiting = list(processes)
    for process in waiting:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(waiting, timeout=grace)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=grace)
