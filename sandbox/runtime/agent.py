"""The agent of a machine: runs the machine's own daemon, and the commands that appear in its spool.

It is the first program of a container. Everything that it starts bears the sandbox's mark, and ends with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.errors import WorkFailed
from sandbox.runtime import marks
from sandbox.runtime.process import Command, Process
from sandbox.runtime.readiness import Ready
from sandbox.runtime.spool import HEARTBEAT, INTERVAL, Identity, Spool

RESTART_PAUSE = 2.0
"""Seconds before a daemon that ended is started again."""
GRACE = 5.0
PROBES = 3
"""Heartbeats between two looks whether a healthy machine still is."""


@dataclass(frozen=True)
class Daemon:
    """A machine's own daemon, and how to see that it is ready."""

    command: Command
    ready: Ready


class Agent:
    """Serves one spool. `daemon` is the machine's own; `tell` gets a line for whatever happens."""

    def __init__(
        self,
        spool: Spool,
        identity: Identity,
        daemon: Daemon | None,
        mark: str,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spool = spool
        self._identity = identity
        self._own = daemon
        self._daemon: Process | None = None
        self._not_before = 0.0
        self._healthy = False
        self._mark = mark
        self._tell = tell
        self._clock = clock
        self._running: dict[str, Process] = {}
        self._stopping: set[str] = set()

    def serve(self, ended: threading.Event) -> None:
        """Work until `ended` is set, then end everything."""
        self._spool.announce(self._identity)
        beats, next_beat = 0, self._clock()
        try:
            while not ended.wait(INTERVAL):
                if self._clock() >= next_beat:
                    beats, next_beat = beats + 1, self._clock() + HEARTBEAT
                    self._spool.beat(beats)
                    if not self._healthy or beats % PROBES == 0:
                        self._healthy = self._is_healthy()
                        self._spool.set_healthy(self._healthy)
                self._keep_daemon()
                self._serve_commands()
                for owner in self._spool.to_reap():
                    marks.reap(self._mark, owner, GRACE)
                    self._spool.reaped(owner)
        finally:
            self._spool.leave()
            for process in [*self._running.values(), *filter(None, [self._daemon])]:
                process.stop(GRACE)
            marks.reap(self._mark)

    def _keep_daemon(self) -> None:
        """Start the machine's own daemon when it shall run and does not, end it when it shall not."""
        if self._own is None:
            return
        name = self._own.command.name
        if not self._spool.wants_daemon:
            if self._daemon is not None:
                self._daemon.stop(GRACE)
                self._daemon = None
                self._tell(f"{name} rests: no cluster wants it")
            self._spool.set_resting(True)
            return
        if self._daemon is not None and (code := self._daemon.poll()) is not None:
            self._tell(f"{name} ended with exit code {code}\n{self._daemon.tail()}")
            self._daemon, self._not_before = None, self._clock() + RESTART_PAUSE
        if self._daemon is None and self._clock() >= self._not_before:
            self._spool.set_resting(False)
            self._daemon = Process(self._own.command, self._mark)
            self._tell(f"{name} started, process {self._daemon.pid}")

    def _is_healthy(self) -> bool:
        """A machine whose daemon rests is as healthy as one whose daemon is ready."""
        if self._own is None or not self._spool.wants_daemon:
            return True
        return self._daemon is not None and self._own.ready.probe()

    def _serve_commands(self) -> None:
        for id in self._spool.unfinished():
            process = self._running.get(id)
            if process is None:
                self._begin(id)
            elif (code := process.poll()) is not None:
                self._end(id, code)
            elif (name := self._spool.take_signal(id)) is not None:
                process.signal(name)
            elif id not in self._stopping and (grace := self._spool.grace(id)) is not None:
                # In a thread: a command that takes its time to end must not silence the heartbeat.
                self._stopping.add(id)
                threading.Thread(target=process.stop, args=(grace,), name=f"stop-{id}").start()

    def _begin(self, id: str) -> None:
        command = self._spool.command(id)
        if command is None:
            return
        try:
            self._running[id] = Process(command, self._mark)
        except WorkFailed as error:
            self._tell(str(error))
            self._spool.finish(id, str(error))
        else:
            self._tell(f"{command.name} started, process {self._running[id].pid}")

    def _end(self, id: str, code: int) -> None:
        self._tell(f"{self._running.pop(id).command.name} ended with exit code {code}")
        self._stopping.discard(id)
        self._spool.finish(id, code)
