"""`sandbox emr`: the nodes of clusters, and taking a spot instance away."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from sandbox.cli import background, console, options
from sandbox.errors import UsageError, WorkFailed

commands = typer.Typer(help="What AWS has no operation for: nodes as they are here.", no_args_is_help=True)

Instance = Annotated[str, typer.Argument(help="EC2's id of a spot instance: i-...")]
Cluster = Annotated[str | None, typer.Argument(help="A cluster's id; default: all that live.")]


@commands.command("describe")
def describe(cluster: Cluster = None, state: options.State = None, json: options.Json = False) -> None:
    """Tell what EC2 promises of each node and what it is on this machine."""
    found = _ask(options.settings(state), "GET", "nodes")["clusters"]
    chosen = [one for one in found if cluster in (None, one["id"])]
    if cluster is not None and not chosen:
        raise UsageError(f"No cluster {cluster} lives; sandbox status lists those that do")
    if json:
        console.print_json({"clusters": chosen})
        return
    for one in chosen:
        console.data().print(escape(f"{one['name']} ({one['id']}, {one['state']})"))
        table = Table("instance", "role", "type", "EC2 promises", "here", box=None)
        for node in one["nodes"]:
            role = node["role"] if node["state"] == "RUNNING" else f"{node['role']} {node['state']}"
            kind = f"{node['type']} {'spot' if node['market'] == 'SPOT' else ''}"
            table.add_row(node["instance"], role, kind, _size(node["promised"], "vcpus"), _here(node))
        console.data().print(table)
    console.tell(
        "A worker has as many cores as its type has vCPUs, at most as many as this machine, and a share of "
        "half of this machine's memory in proportion to its type's, between 1 and 4 GiB."
    )


@commands.command("interrupt")
def interrupt(instance: Instance, state: options.State = None, json: options.Json = False) -> None:
    """Take a running spot instance away, with EC2's notice of two minutes in a tenth of the time."""
    done = _ask(options.settings(state), "POST", f"interrupt/{instance}")
    if json:
        console.print_json(done)
        return
    console.tell(
        f"{done['instance']} of {done['cluster']} goes in {done['notice']:.0f} seconds; "
        f"what happens: sandbox events --id {done['cluster']}"
    )


def _here(node: dict[str, Any]) -> str:
    return _size(node["worker"], "cores") if node["worker"] else "drivers of steps"


def _size(size: dict[str, int], what: str) -> str:
    return f"{size[what]} {what if what == 'cores' else 'vCPUs'}, {size['memory'] / 1024:.1f} GiB"


def _ask(settings: Any, method: str, page: str) -> dict[str, Any]:
    """What the running sandbox answers; `UsageError` in its words when it refuses."""
    # Imported here: it is slow to import, and few commands need it.
    import requests

    endpoint = background.running(settings)["endpoint"]
    with requests.Session() as session:
        # A proxy of the user's leads away from this machine.
        session.trust_env = False
        headers = {"Content-Type": "application/json"}
        try:
            answer = session.request(method, f"{endpoint}/_sandbox/{page}", headers=headers, timeout=30)
            document: dict[str, Any] = answer.json()
        except requests.RequestException as error:
            raise WorkFailed(f"The sandbox at {endpoint} does not answer: {error}") from error
    if not answer.ok:
        raise UsageError(document.get("message") or document.get("Message") or answer.text)
    return document
