"""`sandbox notebook`: the notes of a cluster's notebook, listed, run, opened, imported and exported."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from sandbox.cli import background, console, options
from sandbox.cli.notebook_view import RunView
from sandbox.errors import MachineError, UsageError
from sandbox.notebook import note as notes
from sandbox.notebook.client import NotebookClient
from sandbox.notebook.note import Note
from sandbox.settings import Settings

commands = typer.Typer(help="Notes on a cluster: Zeppelin's, or the built-in engine's.", no_args_is_help=True)

LIMIT = 3600.0
"""Seconds that a note may take."""

Cluster = Annotated[str | None, typer.Option("--cluster", help="The cluster, where more than one runs.")]
Name = Annotated[str, typer.Argument(help="A note's path, the last part of it, or its id.")]
File = Annotated[Path, typer.Argument(help="A note of Zeppelin's, .zpln.")]
To = Annotated[Path | None, typer.Option("--to", help="Where to write it; default: standard output.")]


@commands.command("list")
def list_notes(state: options.State = None, cluster: Cluster = None, json: options.Json = False) -> None:
    """List the notes."""
    client = NotebookClient(_url(options.settings(state), cluster))
    listed = client.listing()
    if json:
        console.print_json({"url": client.url, "notes": listed})
        return
    table = Table("note", "id", box=None)
    for entry in listed:
        table.add_row(escape(entry["path"].strip("/")), entry["id"])
    console.data().print(table)
    console.tell(f"{_kind(client)} at {client.url}")


@commands.command("run")
def run(name: Name, state: options.State = None, cluster: Cluster = None, json: options.Json = False) -> None:
    """Run a note to its end, paragraph by paragraph. Exit code 1 when a paragraph fails."""
    client = NotebookClient(_url(options.settings(state), cluster))
    id = _find(client, name)
    note = client.get(id)
    before = client.start(id)
    try:
        with RunView(note, silent=json) as view:
            for progress in client.follow(id, before, LIMIT):
                view.show(progress)
    except BaseException:
        client.stop(id)
        raise
    note = client.get(id)
    failed = [p for p in note.paragraphs if p.id in progress.failed]
    if json:
        console.print_json(_document(client, note, ok=not failed))
    for paragraph in failed:
        why = paragraph.text_of_error or f"The paragraph is {paragraph.status}"
        console.fail(f"{paragraph.title or paragraph.id}: {why.strip()}")
    if failed:
        raise typer.Exit(1)


@commands.command("open")
def open_page(state: options.State = None, cluster: Cluster = None) -> None:
    """Print the notebook's address, and open it where there is a terminal."""
    url = _url(options.settings(state), cluster)
    sys.stdout.write(f"{url}\n")
    if sys.stdout.isatty():
        webbrowser.open(url)


@commands.command("import")
def import_note(
    file: File, state: options.State = None, cluster: Cluster = None, json: options.Json = False
) -> None:
    """Import a note from a file; one that is there under the same path is left alone."""
    try:
        text = file.read_text(errors="replace")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    note = notes.read(text, str(file))
    client = NotebookClient(_url(options.settings(state), cluster))
    id = client.import_note(note)
    if json:
        console.print_json({"id": id, "path": note.path})
    else:
        console.tell(f"{note.path} was imported: {client.url}/#{id}")


@commands.command("export")
def export(name: Name, state: options.State = None, cluster: Cluster = None, to: To = None) -> None:
    """Write a note, with its results, as Zeppelin keeps it."""
    client = NotebookClient(_url(options.settings(state), cluster))
    text = notes.write(client.get(_find(client, name)))
    if to is None:
        sys.stdout.write(text)
        return
    try:
        to.write_text(text)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}") from error
    console.tell(f"{to} was written.")


def _url(settings: Settings, cluster: str | None) -> str:
    """The address of the notebook of the one cluster that is meant."""
    found: dict[str, str] = {}
    ended: list[str] = []
    for entry in background.status(settings)["clusters"]:
        for application in entry["applications"]:
            if application["url"]:
                found[entry["id"]] = application["url"]
            elif application["message"]:
                ended.append(f"{entry['id']}: {application['message']}")
    if cluster is not None and cluster in found:
        return found[cluster]
    if cluster is not None or not found:
        what = (
            "No cluster with a notebook runs" if cluster is None else f"{cluster} has no notebook that runs"
        )
        mend = "start a cluster with Applications=[{'Name': 'Spark'}, {'Name': 'Zeppelin'}]"
        raise MachineError(". ".join([what, *ended]), mend)
    if len(found) > 1:
        raise UsageError(f"More than one notebook runs; choose with --cluster: {', '.join(found)}")
    return next(iter(found.values()))


def _find(client: NotebookClient, name: str) -> str:
    id = client.find(name)
    if id is None:
        known = ", ".join(entry["path"].strip("/") for entry in client.listing())
        raise UsageError(f"There is no note {name!r}; there are: {known or 'none'}")
    return id


def _kind(client: NotebookClient) -> str:
    version = client.version()
    return version.get("engine") or f"Apache Zeppelin {version.get('version', '')}"


def _document(client: NotebookClient, note: Note, ok: bool) -> dict[str, Any]:
    paragraphs = [
        {
            "id": paragraph.id,
            "title": paragraph.title,
            "status": str(paragraph.status),
            "results": paragraph.results.document() if paragraph.results else None,
        }
        for paragraph in note.paragraphs
    ]
    return {"url": client.url, "id": note.id, "path": note.path, "paragraphs": paragraphs, "ok": ok}
