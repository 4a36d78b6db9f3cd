"""A sandbox in this process until a signal comes.

Also the program that runs in the background: it imports nothing that draws, to save time and memory.
Usage: python -m sandbox.cli.serve STATE PORT [--offline]
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.app import Sandbox
from sandbox.cli import background
from sandbox.errors import SandboxError
from sandbox.settings import Settings


def serve(settings: Settings, announce: Callable[[dict[str, Any]], None]) -> None:
    """Run a sandbox until SIGTERM or SIGINT; `announce` gets its record when it is ready."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    sandbox = Sandbox(settings=settings)
    sandbox.start()
    try:
        record = _record(sandbox, settings)
        background.write_record(settings, record)
        announce(record)
        ended.wait()
    finally:
        # A second signal ends the process at once; what is left is found by its mark.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        background.record_path(settings).unlink(missing_ok=True)
        sandbox.stop()


def _record(sandbox: Sandbox, settings: Settings) -> dict[str, Any]:
    return {
        "endpoint": sandbox.endpoint,
        "state": str(settings.state),
        "pid": os.getpid(),
        "metastore": sandbox.metastore,
        "environment": sandbox.environment(),
        "messages": sandbox.messages,
    }


def main(arguments: list[str]) -> int:
    """Serve; an error is one sentence on standard error and its exit code."""
    state, port, *rest = arguments
    try:
        settings = Settings.read(os.environ, Path(state), int(port), "--offline" in rest)
        serve(settings, lambda _record: None)
    except SandboxError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
