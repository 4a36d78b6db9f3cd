"""A sandbox in the background: its record in the state folder, starting it, asking it, ending it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from sandbox.errors import MachineError, ProcessDied, UsageError, WorkFailed
from sandbox.runtime import marks, readiness
from sandbox.runtime.lock import StateLock
from sandbox.runtime.process import tail
from sandbox.settings import Settings

START_TIMEOUT = 60.0
STOP_TIMEOUT = 90.0
"""Seconds; ending a cluster ships its logs."""
REAP_TIMEOUT = 3.0
"""Seconds that init may take to reap a process that has ended."""


def record_path(settings: Settings) -> Path:
    """Where a running sandbox says how it is reached."""
    return settings.state / "sandbox.json"


def log_path(settings: Settings) -> Path:
    """Where a sandbox in the background writes."""
    return settings.state / "sandbox.log"


def write_record(settings: Settings, document: dict[str, Any]) -> None:
    """Leave the record, whole or not at all."""
    path = record_path(settings)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(document))
    draft.replace(path)


def read_record(settings: Settings) -> dict[str, Any] | None:
    """The record of the sandbox that runs on this state; None when none does."""
    try:
        record: dict[str, Any] = json.loads(record_path(settings).read_text())
    except (OSError, ValueError):
        return None
    return record if psutil.pid_exists(record["pid"]) and _is_ours(record["pid"], settings) else None


def running(settings: Settings) -> dict[str, Any]:
    """The record; `WorkFailed` that says how to start one when none runs."""
    record = read_record(settings)
    if record is None:
        raise WorkFailed(f"No sandbox runs on {settings.state}; start one with: sandbox up")
    return record


def status(settings: Settings) -> dict[str, Any]:
    """What the running sandbox says of itself."""
    record = running(settings)
    answer = readiness.fetch_json(f"{record['endpoint']}/_sandbox/status", timeout=10)
    if not isinstance(answer, dict):
        raise WorkFailed(f"The sandbox at {record['endpoint']} does not answer; see {log_path(settings)}")
    return answer


def start(settings: Settings) -> dict[str, Any]:
    """Start a sandbox in the background and wait until it is ready; returns its record.

    Where two are asked for at once, the second call returns the record of the first one's.
    """
    alone = StateLock(settings.state / "up.lock")
    alone.acquire(wait=True)
    try:
        return read_record(settings) or _start(settings)
    finally:
        alone.release()


def _start(settings: Settings) -> dict[str, Any]:
    record_path(settings).unlink(missing_ok=True)
    argv = [sys.executable, "-m", "sandbox.cli.serve", str(settings.state), str(settings.port)]
    argv += ["--offline"] if settings.offline else []
    # glibc gives every thread a heap of its own; two are enough for a server that mostly waits.
    environment = {**os.environ, marks.MARK: settings.mark, "MALLOC_ARENA_MAX": "2"}
    with log_path(settings).open("wb") as log:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment
        )
    started = _Started(process, log_path(settings))
    is_there = readiness.Ready("its record", lambda: read_record(settings) is not None)
    try:
        readiness.wait(is_there, started, "the sandbox", START_TIMEOUT)
    except ProcessDied as error:
        if error.returncode == MachineError.exit_code:
            message, _, mend = error.tail.removeprefix("error: ").partition("\n  mend: ")
            raise MachineError(message, mend or f"see {log_path(settings)}") from error
        raise
    except BaseException:
        process.terminate()
        raise
    return running(settings)


class _Started:
    """What a wait needs to know of the background process."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def poll(self) -> int | None:
        return self._process.poll()

    def tail(self) -> str:
        return tail(self._log)


def stop(settings: Settings) -> int:
    """End this state's sandbox and all that bears its mark; returns how many processes were left over."""
    record = read_record(settings)
    if record is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(record["pid"])
            process.send_signal(signal.SIGTERM)
            if not _ended(process, STOP_TIMEOUT):
                process.kill()
            # The number is free once init has reaped it; in a container without an init that never happens.
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(REAP_TIMEOUT)
    left = marks.reap(settings.mark)
    if (settings.state / "machines").exists():
        # Imported here: only a sandbox whose nodes were containers needs Docker's client.
        from sandbox.runtime.containers import remove_marked

        left += remove_marked(settings.mark)
    record_path(settings).unlink(missing_ok=True)
    return left


def _ended(process: psutil.Process, timeout: float) -> bool:
    """Whether the process ended within `timeout` seconds; one that nobody has reaped yet has ended too."""
    deadline = time.monotonic() + timeout
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(readiness.INTERVAL)
    return True


def wipe(settings: Settings) -> None:
    """Delete the state folder; `UsageError` when it does not look like one."""
    if not settings.state.exists():
        return
    if not (settings.state / "lock").exists():
        raise UsageError(f"{settings.state} is not the state of a sandbox; nothing was deleted")
    shutil.rmtree(settings.state)


def _is_ours(pid: int, settings: Settings) -> bool:
    """Whether the process is a sandbox on this state, and not another that got its number."""
    try:
        return str(settings.state) in psutil.Process(pid).cmdline() or pid == os.getpid()
    except psutil.Error:
        return False
