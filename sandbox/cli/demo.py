"""`sandbox demo`: the course, live in the terminal."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli import background, console, demo_view, options, stack
from sandbox.cli.demo_spark import SparkWatch
from sandbox.cli.demo_summary import Aftermath, MasterPage, show
from sandbox.cli.ground import Embedded, Ground, Stack
from sandbox.demo import dataset as datasets
from sandbox.demo import packaged
from sandbox.demo.dataset import Dataset
from sandbox.demo.stages import Narrator, Silence, Stage, StageState
from sandbox.demo.track import Track
from sandbox.demo.track import track as track_named
from sandbox.demo.waiting import Wait
from sandbox.errors import WorkFailed
from sandbox.runtime.readiness import fetch_json
from sandbox.settings import Settings

WIDTH = 120
"""Columns of the summary where there is no terminal that has a width."""

Data = Annotated[
    Path | None, typer.Option("--data", help="The raw data: adult.data, or a folder for flights.")
]
TrackName = Annotated[str, typer.Option("--track", help="census or flights.")]
Compose = Annotated[bool, typer.Option("--compose", help="Run on the Compose stack, brought up if needed.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the cluster and the sandbox running.")]


def demo(
    state: options.State = None,
    port: options.Port = None,
    data: Data = None,
    track: TrackName = "census",
    keep: Keep = False,
    compose: Compose = False,
    offline: options.Offline = False,
    json: options.Json = False,
) -> None:
    """Run the course: upload, crawl, ETL, cluster, train, explore, predict. Exit code 1 when it failed."""
    settings = options.settings(state, port, offline)
    ran_before = background.read_record(settings) is not None
    ground = Stack(stack.of_clone()) if compose else Embedded(settings, keep, ran_before)
    plan = Plan.of(settings, track, data, keep, packaged.jobs(), ground)
    stages, endpoint = run(plan, json)
    ok = all(stage.state is not StageState.FAILED for stage in stages)
    if json:
        console.print_json(
            {
                "track": plan.track.name,
                "dataset": plan.dataset.document(),
                "endpoint": endpoint,
                "stages": [stage.document() for stage in stages],
                "ok": ok,
            }
        )
    if not ok:
        raise typer.Exit(1)


@dataclass(frozen=True)
class Plan:
    """What is to run, and on what ground."""

    settings: Settings
    track: Track
    dataset: Dataset
    keep: bool
    jobs: Path
    ground: Ground

    @classmethod
    def of(
        cls, settings: Settings, track: str, data: Path | None, keep: bool, jobs: Path, ground: Ground
    ) -> Plan:
        """The plan for what was typed; `UsageError` for a track or a file that is not there."""
        chosen = track_named(track)
        dataset = datasets.choose(chosen, data, settings.cache)
        return cls(settings, chosen, dataset, keep, jobs, ground)


def run(plan: Plan, silent: bool) -> tuple[list[Stage], str]:
    """Run the course on the plan's ground, which is begun for it; returns the endpoint as well."""
    ground = plan.ground
    with _terminated_like_interrupted():
        try:
            record = ground.begin()
            stages, lost = _narrated(plan, record, silent)
            master = None if silent else _master(ground)
        except KeyboardInterrupt:
            console.tell("Interrupted: what runs is ended." if not ground.stays else "Interrupted.")
            raise
        finally:
            ground.end()
    endpoint = str(record["endpoint"])
    if not silent:
        summary = console.data()
        if not summary.is_terminal:
            summary.width = WIDTH
        aftermath = Aftermath(endpoint, ground.stays, ground.command, lost, master)
        show(summary, stages, plan.dataset, aftermath)
    return stages, endpoint


def _master(ground: Ground) -> MasterPage | None:
    """What the page of a master that stays lists."""
    url = ground.master_page()
    listed = fetch_json(f"{url}/json/") if url else None
    return MasterPage(url, listed["completedapps"]) if url and listed else None


def _narrated(plan: Plan, record: dict[str, Any], silent: bool) -> tuple[list[Stage], str]:
    """The course with its story; also what the sandbox says will be lost when it ends."""
    # Imported here: boto3 is slow to import, and every other command does without it.
    from sandbox.aws.clients import Clients
    from sandbox.demo.workflow import Account, Course

    def master_ui(cluster_id: str) -> str | None:
        clusters = plan.ground.status()["clusters"]
        return next((entry["master_ui"] for entry in clusters if entry["id"] == cluster_id), None)

    def course(narrator: Narrator) -> list[Stage]:
        variables = record["environment"]
        keys = (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
        made = Clients(record["endpoint"], *keys, variables["AWS_DEFAULT_REGION"])
        with contextlib.closing(made) as clients:
            account = Account(clients, plan.settings.account, master_ui=master_ui)
            wait = Wait(time.monotonic, time.sleep)
            return Course(plan.track, plan.dataset, account, plan.jobs, wait, narrator, plan.keep).run()

    if silent:
        return course(Silence()), ""
    endpoint = str(record["endpoint"])
    with SparkWatch(endpoint) as watch, demo_view.view(console.story(), watch) as narrator:
        narrator.introduce(plan.track, plan.dataset, endpoint)
        stages = course(narrator)
    return stages, _lost(plan.ground)


def _lost(ground: Ground) -> str:
    """What the sandbox says will be lost when it ends; nothing when it ended already."""
    try:
        return str(ground.status().get("lost_on_restart", ""))
    except WorkFailed:
        return ""


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM cleans up as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
