"""`sandbox logs` and `sandbox events`: what was written, and what happened; also when nothing runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from sandbox.cli import background, console, options
from sandbox.errors import UsageError
from sandbox.settings import Settings
from sandbox.store import Database, Event, Journal

INTERVAL = 0.3
"""Seconds between two looks when following."""

Id = Annotated[str, typer.Argument(help="A step, a job run, a cluster, or 'sandbox' for the gateway itself.")]


def logs(
    id: Id, state: options.State = None, follow: options.Follow = False, json: options.Json = False
) -> None:
    """Print the logs of a step, a job run, a cluster's nodes or the sandbox."""
    settings = options.settings(state)
    files = log_files(settings, id)
    if not files:
        raise UsageError(f"There is no log of {id!r} in {settings.state}; sandbox events lists the ids")
    if json:
        console.print_json({str(file): file.read_text(errors="replace") for file in files})
        return
    offsets: dict[Path, int] = {}
    _print_new(files, offsets)
    while follow:
        time.sleep(INTERVAL)
        _print_new(log_files(settings, id), offsets)
        if background.read_record(settings) is None:
            return


def log_files(settings: Settings, id: str) -> list[Path]:
    """The log files of an id, in the order in which they are read."""
    state = settings.state
    if id == "sandbox":
        return [path for path in (background.log_path(settings),) if path.exists()]
    folders = [*state.glob(f"clusters/*/logs/steps/{id}"), state / "job-runs" / id]
    order = ("controller", "stderr", "stdout")
    found = [folder / name for folder in folders for name in order if (folder / name).is_file()]
    nodes = state / "clusters" / id / "logs" / "node"
    return found + sorted(path for path in nodes.rglob("*") if path.is_file())


def events(
    state: options.State = None,
    follow: options.Follow = False,
    json: options.Json = False,
    subject: Annotated[str | None, typer.Option("--id", help="Only of this cluster, step or run.")] = None,
) -> None:
    """Print what happened, oldest first; --json prints one object a line."""
    settings = options.settings(state)
    path = settings.state / "sandbox.db"
    if not path.exists():
        raise UsageError(f"{settings.state} holds no sandbox; start one with: sandbox up")
    database = Database(path)
    try:
        for event in _events(Journal(database), settings, subject, follow):
            if json:
                console.print_json_line(asdict(event))
            else:
                detail = "  ".join(f"{name}={value}" for name, value in event.detail.items() if value)
                at = datetime.fromtimestamp(event.at).astimezone()
                line = f"{at:%Y-%m-%d %H:%M:%S}  {event.subject}  {event.event}  {detail}"
                console.data().print(escape(line.rstrip()))
    finally:
        database.close()


def _events(journal: Journal, settings: Settings, subject: str | None, follow: bool) -> Iterator[Event]:
    seen = 0
    while True:
        running = background.read_record(settings) is not None
        for event in journal.since(seen, subject):
            seen = event.seq
            yield event
        if not follow or not running:
            return
        time.sleep(INTERVAL)


def _print_new(files: list[Path], offsets: dict[Path, int]) -> None:
    for file in files:
        with file.open("rb") as opened:
            opened.seek(offsets.get(file, 0))
            text = opened.read()
        if not text:
            continue
        if len(files) > 1:
            sys.stdout.write(f"==> {file.parent.name}/{file.name} <==\n")
        sys.stdout.write(text.decode(errors="replace"))
        offsets[file] = offsets.get(file, 0) + len(text)
    sys.stdout.flush()
