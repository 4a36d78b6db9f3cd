"""What fires when: the schedules of triggers and crawlers against the sandbox's clock.

A schedule whose time passed while the sandbox was down is not made up for, and the journal says so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.errors import SandboxError
from sandbox.glue.schedule import MINUTE, last_between, parse
from sandbox.store import Database, Documents, Journal

_log = logging.getLogger(__name__)

POLL = 0.5
"""Seconds between two looks at the clock."""
_ID = "clock"


@dataclass(frozen=True)
class Entry:
    """A schedule in force since a time in seconds, and what happens at its times.

    `subject` names in the journal what it starts; `fire` may raise SandboxError.
    """

    subject: str
    expression: str
    since: float
    fire: Callable[[], None]


def due(entries: Iterable[Entry], start: float, end: float) -> list[tuple[Entry, float]]:
    """The entries that fire in (start, end], each with the last of its times there, in that order. Pure.

    One that fires several times in the span is there once: what was slept through is not run in a row.
    """
    found = []
    for entry in entries:
        moment = last_between(parse(entry.expression), max(start, entry.since), end)
        if moment is not None:
            found.append((entry, moment))
    return sorted(found, key=lambda each: each[1])


class Scheduler:
    """Fires what is due. `entries` gives the schedules that are in force, `clock` seconds since the epoch."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        entries: Callable[[], Iterable[Entry]],
        clock: Callable[[], float],
    ) -> None:
        self._documents = Documents(database, "scheduler")
        self._journal = journal
        self._entries = entries
        self._clock = clock
        self._checked = clock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="scheduler")

    def start(self) -> None:
        """Tell what was missed since the last sandbox ended, and begin to watch the clock."""
        last = self._documents.get(_ID)
        now = self._checked = self._clock()
        if last is not None:
            for entry, moment in due(self._entries(), float(last["checked"]), now):
                self._journal.append(
                    now, entry.subject, "schedule missed", due=moment, why="sandbox was down"
                )
        self._keep(now)
        self._thread.start()

    def stop(self) -> None:
        """Fire nothing any more, and wait for the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def tick(self) -> None:
        """Fire what has become due since the last tick; no more often than once a minute is there any."""
        before, now = self._checked, self._clock()
        if now // MINUTE <= before // MINUTE:
            return
        # Stored first: a schedule may be missed by a crash at this moment, but never run twice.
        self._checked = now
        self._keep(now)
        for entry, moment in due(self._entries(), before, now):
            self._journal.append(now, entry.subject, "schedule fired", due=moment)
            try:
                entry.fire()
            except SandboxError as error:
                self._journal.append(now, entry.subject, "schedule failed", error=str(error))

    def _watch(self) -> None:
        while not self._stopping.wait(POLL):
            try:
                self.tick()
            except Exception:
                _log.exception("the scheduler goes on")

    def _keep(self, now: float) -> None:
        self._documents.put(_ID, {"checked": now})
