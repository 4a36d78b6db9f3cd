"""`sandbox up`, `down`, `status`, `env`: the life of a sandbox."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from sandbox.cli import background, console, fetching, options

Foreground = Annotated[bool, typer.Option("--foreground", help="Stay here until Ctrl-C or SIGTERM.")]
Wipe = Annotated[bool, typer.Option("--wipe", help="Also delete the state folder.")]


def up(
    state: options.State = None,
    port: options.Port = None,
    foreground: Foreground = False,
    offline: options.Offline = False,
    json: options.Json = False,
) -> None:
    """Start a sandbox and print its endpoint."""
    settings = options.settings(state, port, offline)
    record = background.read_record(settings)
    if record is not None:
        _announce(record, json, f"A sandbox already runs on {settings.state}.")
        return
    if foreground:
        # Imported here: only the process that serves needs every part.
        from sandbox.cli.serve import serve

        serve(settings, lambda record: _announce(record, json, "The sandbox is up; Ctrl-C ends it."))
        return
    fetching.jars(settings)
    _announce(background.start(settings), json, "The sandbox is up.")


def down(state: options.State = None, wipe: Wipe = False, json: options.Json = False) -> None:
    """Stop everything that bears the sandbox's mark, also after a crash."""
    settings = options.settings(state)
    ran = background.read_record(settings) is not None
    left = background.stop(settings)
    if wipe:
        background.wipe(settings)
    if json:
        console.print_json({"stopped": ran, "leftover_processes": left, "wiped": wipe})
        return
    console.tell("The sandbox is down." if ran else f"No sandbox ran on {settings.state}.")
    if left:
        console.tell(f"{left} processes of an earlier run were ended.")
    if wipe:
        console.tell(f"{settings.state} was deleted.")


def status(state: options.State = None, json: options.Json = False) -> None:
    """Say what runs. Exit code 1 when nothing does."""
    settings = options.settings(state)
    if background.read_record(settings) is None:
        if json:
            console.print_json({"running": False, "state": str(settings.state)})
        else:
            console.tell(f"No sandbox runs on {settings.state}. Start one with: sandbox up")
        raise typer.Exit(1)
    document = background.status(settings)
    if json:
        console.print_json({"running": True, **document})
        return
    table = Table(show_header=False, box=None)
    for name in ("endpoint", "metastore", "state", "pid", "spark"):
        table.add_row(name, str(document[name]))
    table.add_row("java", f"{document['java']['version']} ({document['java']['origin']})")
    for cluster in document["clusters"]:
        where = f"  {cluster['master_ui']}" if cluster["master_ui"] else ""
        table.add_row("cluster", f"{cluster['id']}  {cluster['state']}  {cluster['name']}{where}")
        for one in cluster["applications"]:
            table.add_row("", f"{one['name']}  {one['state']}  {one['url'] or one['message']}")
    console.data().print(table)
    for message in [*document["messages"], document["lost_on_restart"]]:
        console.tell(message)


def env(state: options.State = None, json: options.Json = False) -> None:
    """Print export lines: eval "$(sandbox env)"."""
    settings = options.settings(state)
    variables = background.running(settings)["environment"]
    if json:
        console.print_json(variables)
        return
    for name, value in variables.items():
        sys.stdout.write(f"export {name}={value}\n")


def _announce(record: dict[str, Any], json: bool, headline: str) -> None:
    if json:
        console.print_json({name: record[name] for name in ("endpoint", "state", "pid", "metastore")})
        return
    console.tell(headline)
    for message in record["messages"]:
        console.tell(f"  {message}")
    console.data().print(f"endpoint  {record['endpoint']}")
    console.tell(f"  state     {record['state']}")
    state = options.state_option(Path(record["state"]))
    console.tell(f'Next: eval "$(sandbox env{state})" && aws s3 ls      or: sandbox demo')
