"""`sandbox jars`: bring the locked jars into the cache, with a bar for each byte."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from sandbox.cli import console, options
from sandbox.errors import WorkFailed
from sandbox.settings import Settings
from sandbox.spark import class_archive, configuration, installation
from sandbox.spark import jars as locked_jars
from sandbox.spark.installation import jar_folder

commands = typer.Typer(help="The jars that Spark needs beside pyspark.", no_args_is_help=True)


def jars(settings: Settings) -> int:
    """Fetch what is missing; returns the bytes that were fetched."""
    lock, folder = locked_jars.locked(), jar_folder(settings)
    wanted = locked_jars.missing(lock, folder)
    if not wanted:
        return 0
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console.story()) as progress:
        task = progress.add_task("Fetching jars", total=sum(jar.size for jar in wanted))
        return locked_jars.fetch(
            lock, folder, settings.offline, lambda _name, size: progress.advance(task, size)
        )


@commands.command("fetch")
def fetch(state: options.State = None, offline: options.Offline = False, json: options.Json = False) -> None:
    """Fetch the jars that are missing, verify those that are there, and archive Spark's classes once."""
    settings = options.settings(state, None, offline)
    size = jars(settings)
    archive = _class_archive(settings)
    if json:
        document = {"folder": str(jar_folder(settings)), "fetched_bytes": size, "class_archive": str(archive)}
        console.print_json(document)
    else:
        count = len(locked_jars.locked())
        console.tell(f"{count} jars in {jar_folder(settings)}, {size / 1e6:.1f} MB fetched now.")


def _class_archive(settings: Settings) -> Path | None:
    """Make the class archive where there is none; it only saves time, so a failure is told and no more."""
    spark = installation.find(settings, os.environ)
    if spark.class_archive is not None:
        return spark.class_archive
    console.tell("Archiving Spark's classes for faster starts (once, about 20 s)")
    with tempfile.TemporaryDirectory(prefix="sandbox-classes-") as scratch:
        variables = configuration.local_environment(spark, os.environ)
        try:
            return class_archive.make(spark, variables, Path(scratch))
        except (WorkFailed, OSError, subprocess.TimeoutExpired) as error:
            console.tell(f"It is left out: {error}")
            return None


@commands.command("list")
def list_jars(state: options.State = None, json: options.Json = False) -> None:
    """List the locked jars and whether they are here."""
    settings = options.settings(state)
    lock, folder = locked_jars.locked(), jar_folder(settings)
    absent = set(locked_jars.missing(lock, folder))
    rows = [
        {"file": jar.file_name, "sha256": jar.sha256, "size": jar.size, "present": jar not in absent}
        for jar in lock
    ]
    if json:
        console.print_json(rows)
        return
    for row in rows:
        console.data().print(f"{'present' if row['present'] else 'missing'}  {row['file']}")
