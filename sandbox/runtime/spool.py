"""The spool of a machine: a folder in which a sandbox leaves commands and the machine's agent their ends.

Sandbox and machine share nothing but this folder, so that a machine offers no port and needs no secret.
A file is written whole or not at all. Below the folder of a machine:

    machine.json         who it is, and the number of the agent's life
    alive                a number that the agent changes every second
    healthy              is there while the machine's daemon is ready
    daemon               `own` (or absent) while the machine's own daemon shall run, else `none`
    rests                is there once the machine's own daemon has ended because it shall not run
    commands/ID.json     a command to run
    commands/ID.signal   a signal that it shall get; the agent removes the file
    commands/ID.stop     how many seconds of grace it has to end
    commands/ID.exit     how it ended: an exit code, or a sentence
    reap/OWNER           whose leftovers the agent shall end; it removes the file when none is left
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cattrs
from cattrs.preconf.json import make_converter

from sandbox.errors import WorkFailed
from sandbox.runtime.process import Command, tail

INTERVAL = 0.1
"""Seconds between two looks into a spool."""
HEARTBEAT = 1.0
SILENCE = 15.0
"""Seconds without a heartbeat after which a machine is taken for lost."""
ANY_PORT = 7078
"""The port of whoever does not care; on a machine of its own nobody else takes it."""
LOST = -9
"""The exit code of a command whose machine was lost."""
NOT_STARTED = 127
"""The exit code of a command that its machine could not start, as a shell has it."""


@dataclass(frozen=True)
class Identity:
    """A machine as its agent announces it; `life` differs for every start of the agent."""

    host: str
    role: str
    life: str


class Spool:
    """The files of one machine's spool below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands = folder / "commands"
        self._reap = folder / "reap"

    # --- the agent's side

    def announce(self, identity: Identity) -> None:
        """Begin a life: what an earlier one left unfinished is told to be lost."""
        for folder in (self.commands, self._reap):
            folder.mkdir(parents=True, exist_ok=True)
        for id in self.unfinished():
            self.finish(id, LOST)
        self.set_healthy(False)
        self.set_resting(False)
        (self.folder / "daemon").unlink(missing_ok=True)
        _write(self.folder / "machine.json", json.dumps(cattrs.unstructure(identity)))

    def leave(self) -> None:
        """End a life in order: nobody shall count on the machine any more."""
        (self.folder / "machine.json").unlink(missing_ok=True)
        self.set_healthy(False)

    def beat(self, number: int) -> None:
        """Show that the agent lives."""
        _write(self.folder / "alive", str(number))

    def set_healthy(self, healthy: bool) -> None:
        """Show whether the machine's daemon is ready; a health check looks for the file."""
        _mark(self.folder / "healthy", healthy)

    def set_resting(self, resting: bool) -> None:
        """Show whether the machine's daemon has ended as it was asked to."""
        _mark(self.folder / "rests", resting)

    def unfinished(self) -> list[str]:
        """The ids of the commands without an end, oldest name first."""
        return sorted(
            path.stem for path in self.commands.glob("*.json") if not path.with_suffix(".exit").exists()
        )

    def command(self, id: str) -> Command | None:
        """The command that was left under `id`; None when it has been forgotten meanwhile."""
        text = _read(self.commands / f"{id}.json")
        return None if text is None else make_converter().loads(text, Command)

    def grace(self, id: str) -> float | None:
        """Seconds in which the command shall end; None when nobody asked for its end."""
        text = _read(self.commands / f"{id}.stop")
        return None if text is None else float(text)

    def take_signal(self, id: str) -> str | None:
        """The signal that the command shall get now, once; None for none."""
        path = self.commands / f"{id}.signal"
        name = _read(path)
        path.unlink(missing_ok=True)
        return name

    def finish(self, id: str, end: int | str) -> None:
        """Tell a command's end: its exit code, or why it could not be started."""
        _write(self.commands / f"{id}.exit", json.dumps(end))

    def to_reap(self) -> list[str]:
        """The owners whose leftovers shall be ended."""
        return sorted(path.name for path in self._reap.iterdir())

    def reaped(self, owner: str) -> None:
        """Tell that nothing of `owner` is left."""
        (self._reap / owner).unlink(missing_ok=True)

    @property
    def wants_daemon(self) -> bool:
        """Whether the machine's own daemon shall run."""
        return _read(self.folder / "daemon") != "none"

    # --- the sandbox's side

    @property
    def identity(self) -> Identity | None:
        """Who the machine is; None before its agent started."""
        text = _read(self.folder / "machine.json")
        return None if text is None else make_converter().loads(text, Identity)

    @property
    def rests(self) -> bool:
        """Whether the machine's own daemon has ended as it was asked to."""
        return (self.folder / "rests").exists()

    @property
    def heartbeat(self) -> str | None:
        """Changes while the agent lives."""
        return _read(self.folder / "alive")

    def is_alive(self, now: float) -> bool:
        """Whether the agent showed itself lately; `now` is in seconds since the epoch."""
        try:
            return now - (self.folder / "alive").stat().st_mtime < SILENCE
        except FileNotFoundError:
            return False

    def submit(self, id: str, command: Command) -> None:
        """Leave a command for the agent."""
        _write(self.commands / f"{id}.json", make_converter().dumps(command))

    def ask_to_stop(self, id: str, grace: float) -> None:
        """Ask the agent to end a command within `grace` seconds."""
        _write(self.commands / f"{id}.stop", str(grace))

    def ask_to_signal(self, id: str, name: str) -> None:
        """Ask the agent to send a command a signal."""
        _write(self.commands / f"{id}.signal", name)

    def end(self, id: str) -> int | str | None:
        """How a command ended; None while it has not."""
        text = _read(self.commands / f"{id}.exit")
        return None if text is None else json.loads(text)

    def forget(self, id: str) -> None:
        """Remove a finished command's files."""
        for suffix in (".stop", ".signal", ".json", ".exit"):
            (self.commands / f"{id}{suffix}").unlink(missing_ok=True)

    def ask_to_reap(self, owner: str) -> None:
        """Ask the agent to end whatever `owner`'s commands left behind."""
        (self._reap / owner).touch()

    def is_reaped(self, owner: str) -> bool:
        """Whether the agent has done so."""
        return not (self._reap / owner).exists()

    def set_daemon(self, wanted: bool) -> None:
        """Say whether the machine's own daemon shall run."""
        _write(self.folder / "daemon", "own" if wanted else "none")


class Pulse:
    """Tells from the heartbeat whether a machine is lost, by this side's own clock."""

    def __init__(self, spool: Spool, clock: Callable[[], float] = time.monotonic) -> None:
        self._spool = spool
        self._clock = clock
        self._last = spool.heartbeat
        self._changed = clock()

    @property
    def lost(self) -> bool:
        """Whether the machine has been silent for too long."""
        heartbeat, now = self._spool.heartbeat, self._clock()
        if heartbeat != self._last:
            self._last, self._changed = heartbeat, now
        return now - self._changed > SILENCE


class SpooledCommand:
    """A command on another machine, watched through its spool."""

    def __init__(self, command: Command, id: str, spool: Spool) -> None:
        self.command = command
        self._id = id
        self._spool = spool
        self._pulse = Pulse(spool)
        self._code: int | None = None
        for path in (command.stdout, command.stderr):
            path.parent.mkdir(parents=True, exist_ok=True)
        command.directory.mkdir(parents=True, exist_ok=True)
        spool.submit(id, command)

    def poll(self) -> int | None:
        """The exit code; `LOST` when the machine is; `NOT_STARTED` when it could not start it."""
        if self._code is None and (end := self._spool.end(self._id)) is not None:
            if isinstance(end, str):
                with contextlib.suppress(OSError), self.command.stderr.open("a") as log:
                    log.write(f"{end}\n")
            self._code = NOT_STARTED if isinstance(end, str) else end
            # Else the agent would look at every command that ever ran here, ten times a second.
            self._spool.forget(self._id)
        if self._code is None and self._pulse.lost:
            return LOST
        return self._code

    def wait(self, timeout: float | None = None) -> int | None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                return None
            time.sleep(INTERVAL)
        return code

    def listens(self, port: int) -> bool:  # noqa: ARG002 (a machine of its own has one listener)
        return True

    def signal(self, name: str) -> None:
        if self.poll() is None:
            self._spool.ask_to_signal(self._id, name)

    def stop(self, grace: float = 5.0) -> int:
        if self.poll() is None:
            self._spool.ask_to_stop(self._id, grace)
        code = self.wait()
        assert code is not None
        return code

    def tail(self) -> str:
        return "\n".join(filter(None, (tail(self.command.stderr), tail(self.command.stdout))))


@dataclass(frozen=True)
class SpooledMachine:
    """A machine that is reached through its spool. `new_id` makes the ids of commands."""

    host: str
    spool: Spool
    new_id: Callable[[], str]

    def spawn(self, command: Command, mark: str) -> SpooledCommand:  # noqa: ARG002 (the agent has its own)
        if Pulse(self.spool).lost or self.spool.identity is None:
            raise WorkFailed(f"{command.name} cannot be started: the machine {self.host} is not there")
        return SpooledCommand(command, f"{command.name}-{self.new_id()}", self.spool)

    def choose_port(self, preferred: int) -> int:
        # Every machine has ports of its own, so what is asked for is free.
        return preferred or ANY_PORT

    def reap(self, mark: str, owner: str, grace: float) -> None:  # noqa: ARG002 (the agent has its own)
        pulse = Pulse(self.spool)
        self.spool.ask_to_reap(owner)
        while not self.spool.is_reaped(owner) and not pulse.lost:
            time.sleep(INTERVAL)


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text)
    draft.replace(path)


def _mark(path: Path, wanted: bool) -> None:
    if wanted:
        path.touch()
    else:
        path.unlink(missing_ok=True)


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
