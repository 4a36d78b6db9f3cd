"""`sandbox state`: the whole state saved under a name, loaded again, and carried to another machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from sandbox.cli import background, console, options
from sandbox.errors import SandboxError, UsageError
from sandbox.runtime import marks, snapshot_archive
from sandbox.runtime.lock import StateLock
from sandbox.runtime.snapshots import Manifest, Snapshots, read_manifest
from sandbox.settings import Settings

commands = typer.Typer(
    help="Snapshots of the whole state, taken and loaded while the sandbox is down.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="A snapshot's name: letters, digits, - and _.")]
File = Annotated[Path, typer.Argument(help="A gzipped tar, by habit .tar.gz.")]
Yes = Annotated[bool, typer.Option("--yes", help="Replace what the state holds now; that is lost.")]


@commands.command("save")
def save(name: Name, state: options.State = None, json: options.Json = False) -> None:
    """Save objects, catalog, clusters' history and notes under a name, beside the state's folder.

    Objects are hard links, not copies, where the file system can. Logs of a cluster's nodes and steps are
    kept, their work folders are not.
    """
    settings = options.settings(state)
    _need_state(settings)
    with _at_rest(settings, "Saving") as snapshots:
        manifest = snapshots.save(name, time.time())
    _tell("saved as", name, manifest, json)


@commands.command("load")
def load(name: Name, state: options.State = None, yes: Yes = False, json: options.Json = False) -> None:
    """Replace the state by a snapshot. What the state holds is lost, so that needs --yes."""
    settings = options.settings(state)
    with _at_rest(settings, "Loading") as snapshots:
        snapshots.existing(name)
        _need_consent(settings, yes)
        manifest = snapshots.load(name)
    _tell("loaded from", name, manifest, json)


@commands.command("list")
def list_snapshots(state: options.State = None, json: options.Json = False) -> None:
    """List the snapshots of this state."""
    snapshots = Snapshots(options.settings(state).state)
    documents = [_listed(snapshots, name) for name in snapshots.names()]
    if json:
        console.print_json({"folder": str(snapshots.folder), "snapshots": documents})
        return
    table = Table("snapshot", "saved", "size", box=None)
    for one in documents:
        size = _size(one["size"]) if "size" in one else ""
        table.add_row(one["name"], escape(one.get("saved") or one["fault"]), size)
    console.data().print(table)
    console.tell(escape(f"They lie in {snapshots.folder}; to delete one, delete its folder."))


@commands.command("export")
def export(file: File, state: options.State = None, json: options.Json = False) -> None:
    """Write the state to one file, for another machine."""
    settings = options.settings(state)
    path = _outside(settings, file)
    _need_state(settings)
    with _at_rest(settings, "Exporting") as snapshots, snapshots.draft() as draft:
        snapshot, manifest = snapshots.take(draft, time.time())
        snapshot_archive.pack(snapshot, path)
    _tell("exported to", str(file), manifest, json)


@commands.command("import")
def import_file(
    file: File, state: options.State = None, yes: Yes = False, json: options.Json = False
) -> None:
    """Replace the state by what was exported, once all of the file is checked. Needs --yes like load.

    Tables in the sandbox's own warehouse folder get their new addresses in the catalog; an Iceberg table
    there keeps the old ones in its own files, so let such tables lie on S3.
    """
    settings = options.settings(state)
    path = _outside(settings, file)
    with _at_rest(settings, "Importing") as snapshots, snapshots.draft() as draft:
        _need_consent(settings, yes)
        snapshot = draft / "snapshot"
        snapshot.mkdir()
        manifest = snapshot_archive.unpack(path, snapshot)
        snapshots.replace(draft, snapshot, manifest)
    _tell("imported from", str(file), manifest, json)


@contextmanager
def _at_rest(settings: Settings, what: str) -> Iterator[Snapshots]:
    """The state's snapshots, while no sandbox can run on it; `UsageError` when one does."""
    snapshots = Snapshots(settings.state)
    snapshots.check_place()
    folder = settings.state
    if folder.exists() and any(folder.iterdir()) and not (folder / "lock").exists():
        raise UsageError(f"{folder} is not the state of a sandbox; nothing was done")
    if background.read_record(settings) is not None or marks.marked(settings.mark):
        down = f"sandbox down{options.state_option(folder)}"
        raise UsageError(f"A sandbox runs on {folder}, and its state changes; end it first with: {down}")
    lock = StateLock(folder / "lock")
    try:
        lock.acquire()
        yield snapshots
    except OSError as error:
        raise snapshots.failure(error, what) from error
    finally:
        lock.release()


def _outside(settings: Settings, file: Path) -> Path:
    """The file's path; `UsageError` when it lies where a later load would delete it."""
    path = file.expanduser().resolve()
    if path.is_relative_to(settings.state):
        raise UsageError(f"{file} lies in the state {settings.state}: choose a place outside")
    return path


def _need_state(settings: Settings) -> None:
    if not (settings.state / "sandbox.db").exists():
        raise UsageError(f"{settings.state} holds no sandbox; start one with: sandbox up")


def _need_consent(settings: Settings, yes: bool) -> None:
    if not yes and (settings.state / "sandbox.db").exists():
        raise UsageError(
            f"{settings.state} holds a state, which would be lost: give --yes, "
            "or keep it first with: sandbox state save NAME"
        )


def _listed(snapshots: Snapshots, name: str) -> dict[str, Any]:
    try:
        return {"name": name, **_document(read_manifest(snapshots.of(name)))}
    except SandboxError as error:
        return {"name": name, "fault": str(error)}


def _document(manifest: Manifest) -> dict[str, Any]:
    saved = datetime.fromtimestamp(manifest.saved, UTC).isoformat(timespec="seconds")
    return {**asdict(manifest), "saved": saved}


def _tell(done: str, where: str, manifest: Manifest, json: bool) -> None:
    if json:
        console.print_json({"done": f"{done} {where}", **_document(manifest)})
        return
    console.tell(escape(f"The state was {done} {where}: {manifest.files} files, {_size(manifest.size)}."))
    if manifest.skipped:
        console.tell(f"{manifest.skipped} links, pipes and sockets are not in it.")


def _size(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"
