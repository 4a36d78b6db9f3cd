"""The built-in note engine as a process: serves notes until SIGTERM.

Usage: python -m sandbox.notebook.server --port 8890 --notes FOLDER --work FOLDER --log FILE --name NAME
What it starts gets its own environment: SPARK_CONF_DIR there says which cluster the notes run on.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import signal
import string
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

from sandbox.aws.server import Server
from sandbox.errors import SandboxError
from sandbox.notebook.api import Api
from sandbox.notebook.child import Child, Launch
from sandbox.notebook.engine import Engine
from sandbox.notebook.folder import NoteFolder
from sandbox.notebook.library import Library
from sandbox.notebook.web import Site

ENGINE = "EMR Sandbox's built-in note engine (not Apache Zeppelin)"
_LETTERS = string.digits + string.ascii_uppercase


def new_id() -> str:
    """An id of a note such as Zeppelin's `2NA9J9D4B`."""
    return "2" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def serve(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT; then no process and no port is left."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    launch = Launch(arguments.name, os.environ, arguments.work, arguments.log)
    library = Library(NoteFolder(arguments.notes), time.time, new_id)
    for fault in NoteFolder(arguments.notes).broken():
        logging.warning("%s", fault)
    engine = Engine(library, lambda: Child(launch), time.time)
    about = {"version": f"builtin-{version('emr-sandbox')}", "engine": ENGINE, "application": arguments.name}
    address = f"{arguments.host}:{arguments.port}"
    site = Site(Api(engine, about), arguments.public or arguments.port, address)
    with Server(site, arguments.host, arguments.port):
        engine.start()
        try:
            ended.wait()
        finally:
            engine.stop()


def main(argv: list[str]) -> int:
    """Serve; an error is one sentence and its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="sandbox.notebook.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--public", type=int, help="the port of 127.0.0.1 that browsers name")
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--name", required=True)
    try:
        serve(parser.parse_args(argv))
    except SandboxError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
