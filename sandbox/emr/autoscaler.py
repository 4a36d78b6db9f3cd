"""Looks at what clusters with a managed scaling policy have to do, and says when they are to be resized."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.emr import nodes
from sandbox.emr.model import Cluster, InstanceState, StepState
from sandbox.emr.nodes import Site
from sandbox.emr.scaling import COOL_DOWN, Load, counts, wanted_nodes
from sandbox.runtime.readiness import fetch_json
from sandbox.spark.application import ui_port

LOOK = 5.0
"""Seconds between two decisions, as EMR's own."""


class Autoscaler:
    """Remembers of each cluster when it was looked at and since when it has had nodes to spare."""

    def __init__(self, site: Site, clock: Callable[[], float]) -> None:
        self._site = site
        self._clock = clock
        self._looked: dict[str, float] = {}
        self._spare: dict[str, float] = {}
        self._refused: dict[str, Mapping[str, int]] = {}

    def look(self, cluster: Cluster) -> tuple[Mapping[str, int], Load] | None:
        """The groups' new counts and the load that asks for them; None when nothing is to be done now."""
        now = self._clock()
        if cluster.scaling is None or now - self._looked.get(cluster.id, 0) < LOOK or moves(cluster):
            return None
        self._looked[cluster.id] = now
        load = load_of(self._site, cluster)
        changes = counts(cluster, wanted_nodes(load, cluster.scaling))
        if changes == self._refused.get(cluster.id):
            return None
        before = {group.id: group.count for group in cluster.groups}
        if sum(changes.values()) >= sum(before[id] for id in changes):
            self._spare.pop(cluster.id, None)
            return (changes, load) if changes else None
        if now - self._spare.setdefault(cluster.id, now) < COOL_DOWN:
            return None
        self._spare.pop(cluster.id)
        return changes, load

    def refused(self, cluster: Cluster, changes: Mapping[str, int]) -> None:
        """These counts cannot be had here: do not ask for them again until others are wanted."""
        self._refused[cluster.id] = changes

    def forget(self, cluster: Cluster) -> None:
        """The cluster has ended."""
        for known in (self._looked, self._spare, self._refused):
            known.pop(cluster.id, None)


def load_of(site: Site, cluster: Cluster) -> Load:
    """What the drivers of the running steps tell of their active stages."""
    layout = site.layout(cluster.id)
    host = site.machines.machine(cluster, cluster.master).host
    stages: list[Any] = []
    for step in cluster.steps:
        if step.state is StepState.RUNNING:
            port = ui_port(layout.step_logs(step.id) / "stderr")
            stages += _active_stages(f"http://{host}:{port}/api/v1/applications") if port else []
    running = sum(stage["numActiveTasks"] for stage in stages)
    done = sum(stage["numCompleteTasks"] for stage in stages)
    waiting = sum(stage["numTasks"] for stage in stages) - running - done
    return Load(running, max(0, waiting), nodes.executor_room(site, cluster).cores)


def _active_stages(page: str) -> list[Any]:
    """The stages of a driver's applications that run; none when it does not answer."""
    applications = fetch_json(page, timeout=5) or []
    return [
        stage
        for application in applications
        for stage in fetch_json(f"{page}/{application['id']}/stages?status=active", timeout=5) or []
    ]


def moves(cluster: Cluster) -> bool:
    """Whether nodes still come or go from the last resize."""
    return any(one.leaving or one.state is not InstanceState.RUNNING for one in cluster.living)
