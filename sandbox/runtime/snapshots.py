"""Snapshots of a state: the whole of it under a name, beside the state's folder.

A snapshot is a folder with `snapshot.json`, which describes it, and `state`, a copy of the state's files.
It comes into being under another name and is renamed when it is whole; a state is replaced by a folder that
is whole already. Whoever calls holds the state's lock.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sandbox.errors import MachineError, UsageError, WorkFailed
from sandbox.runtime.lock import StateLock
from sandbox.runtime.snapshot_files import check_databases, copy_state, move_warehouse

FORMAT = 1
"""The arrangement of a snapshot's files; a sandbox refuses those of a later one."""
MANIFEST = "snapshot.json"
FILES = "state"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
_DRAFT = ".draft-"


@dataclass(frozen=True)
class Manifest:
    """What a snapshot says of itself.

    `state` is the folder it was made of, `saved` seconds since the epoch, `size` bytes; `skipped` counts
    the links, pipes and sockets that it does not hold.
    """

    format: int
    state: str
    saved: float
    files: int
    size: int
    skipped: int


def parse(text: str | bytes, where: str) -> Manifest:
    """The manifest in `text`; `UsageError` for one of a later format, `WorkFailed` for what is none."""
    try:
        document: Any = json.loads(text)
        found = int(document["format"])
        if found > FORMAT:
            raise UsageError(
                f"{where} is of format {found}, made by a newer sandbox; this one reads up to {FORMAT}: "
                "update it"
            )
        return Manifest(
            found,
            str(document["state"]),
            float(document["saved"]),
            *(int(document[name]) for name in ("files", "size", "skipped")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WorkFailed(f"{where} is no snapshot of a sandbox, or a broken one: its {MANIFEST}") from error


def read_manifest(snapshot: Path) -> Manifest:
    """The manifest of the snapshot in a folder; errors as `parse`."""
    try:
        text = (snapshot / MANIFEST).read_bytes()
    except OSError as error:
        raise WorkFailed(f"{snapshot} is no snapshot of a sandbox: it has no {MANIFEST}") from error
    return parse(text, str(snapshot))


class Snapshots:
    """The snapshots of one state, in a folder beside it. OSErrors of the file system are passed on."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.folder = state.with_name(f"{state.name}.snapshots")
        self._aside = state.with_name(f"{state.name}.replaced")

    def check_place(self) -> None:
        """Raise when the state cannot be saved or replaced as a folder."""
        if self.state.is_mount():
            raise MachineError(
                f"{self.state} is a mount: what lies beside it is on another file system",
                "choose a folder below it with --state",
            )
        if self._aside.exists():
            raise MachineError(
                f"An earlier load was cut off: the state before it lies whole in {self._aside}",
                f"delete {self._aside}, or {self.state} and rename it to that",
            )

    def names(self) -> list[str]:
        """The names of all snapshots, in order."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if NAME.fullmatch(path.name))

    def of(self, name: str) -> Path:
        """The folder of a snapshot, be there one or not; `UsageError` for what cannot be a name."""
        if not NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot name a snapshot: up to 100 letters, digits, - and _, not - at first"
            )
        return self.folder / name

    def existing(self, name: str) -> Path:
        """The folder of a snapshot; `UsageError` when there is none of that name."""
        snapshot = self.of(name)
        if not snapshot.is_dir():
            known = ", ".join(self.names()) or "none"
            raise UsageError(f"There is no snapshot {name!r} of {self.state}; there is: {known}")
        return snapshot

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A new folder on the state's file system, gone afterwards; so are those that a crash left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(f"{_DRAFT}*"):
            shutil.rmtree(left)
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self.folder))
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            with suppress(OSError):
                self.folder.rmdir()

    def take(self, draft: Path, now: float) -> tuple[Path, Manifest]:
        """Copy the state into a snapshot inside `draft`."""
        snapshot = draft / "snapshot"
        snapshot.mkdir()
        done = copy_state(self.state, snapshot / FILES)
        manifest = Manifest(FORMAT, str(self.state), now, done.files, done.size, done.skipped)
        (snapshot / MANIFEST).write_text(json.dumps(asdict(manifest)))
        return snapshot, manifest

    def save(self, name: str, now: float) -> Manifest:
        """Save the state under a name; `UsageError` when that is taken."""
        target = self.of(name)
        if target.exists():
            raise UsageError(f"There is a snapshot {name!r} already: choose another name, or delete {target}")
        with self.draft() as draft:
            snapshot, manifest = self.take(draft, now)
            snapshot.rename(target)
        return manifest

    def load(self, name: str) -> Manifest:
        """Replace the state by a snapshot, which stays as it is."""
        snapshot = self.existing(name)
        manifest = read_manifest(snapshot)
        with self.draft() as draft:
            new = draft / "new"
            new.mkdir()
            copy_state(snapshot / FILES, new / FILES)
            self.replace(draft, new, manifest)
        return manifest

    def replace(self, draft: Path, snapshot: Path, manifest: Manifest) -> None:
        """Let the files of `snapshot`, which lies inside `draft`, become the state.

        The old state is kept until the new one is in its place. The two renames are not one: a crash
        between them leaves no state and the old one in `STATE.replaced`, which `check_place` tells.
        """
        new = snapshot / FILES
        check_databases(new)
        move_warehouse(new, manifest.state, str(self.state))
        # Held over the renames: a sandbox that is started meanwhile finds the new folder taken.
        lock = StateLock(new / "lock")
        lock.acquire()
        try:
            self.state.rename(self._aside)
            try:
                new.rename(self.state)
            except BaseException:
                self._aside.rename(self.state)
                raise
            self._aside.rename(draft / "old")
        finally:
            lock.release()

    def failure(self, error: OSError, what: str) -> MachineError:
        """The error of a file system as one that says what failed, and where the state is."""
        where = f": {error.filename}" if error.filename else ""
        now = "the state is as it was" if not self._aside.exists() else f"the state lies in {self._aside}"
        return MachineError(
            f"{what} failed: {error.strerror or error}{where}; {now}",
            "free some space, or choose a folder that can be written with --state",
        )
