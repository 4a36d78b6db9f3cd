"""One sandbox per state folder: an advisory lock that a crash releases by itself."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from sandbox.errors import MachineError


class StateLock:
    """Held between `acquire` and `release`; the kernel releases it when the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self, wait: bool = False) -> None:
        """Take the lock, and make its folder where there is none.

        When another process holds it: `MachineError`, or with `wait` only after that one has released it.
        """
        handle = self._open()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            os.close(handle)
            raise MachineError(
                f"Another sandbox runs on the state {self._path.parent}",
                "sandbox status; choose another folder with --state, or sandbox down",
            ) from error
        self._handle = handle

    def _open(self) -> int:
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise MachineError(
                f"The state folder {folder} cannot be written: {error.strerror}",
                "choose another with --state",
            ) from error

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
