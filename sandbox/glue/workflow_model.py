"""Workflow runs: what follows from what. Pure.

A run is a chain of activities, each started by a trigger. Triggers outside of workflows form such chains
too: a conditional trigger fires only for what another trigger started, so theirs are runs without a workflow.

https://docs.aws.amazon.com/glue/latest/dg/workflows_overview.html and about-triggers.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sandbox.glue.trigger_model import Action, Node, NodeKind, Trigger, TriggerType

NewId = Callable[[NodeKind], str]
"""Makes the id of a job run or of a crawl."""


class RunStatus(StrEnum):
    """How far a workflow run is."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    ERROR = "ERROR"


class ActivityState(StrEnum):
    """How far an activity is. ERROR: it could not be started."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    TIMEOUT = "TIMEOUT"
    CANCELLED = "CANCELLED"
    ERROR = "ERROR"


@dataclass(frozen=True)
class Workflow:
    """A workflow: its definition as CreateWorkflow names the members, without the name. Times in seconds."""

    name: str
    definition: dict[str, Any]
    created: float
    modified: float

    @property
    def properties(self) -> dict[str, str]:
        """The run properties that every run begins with."""
        return dict(self.definition.get("DefaultRunProperties") or {})

    @property
    def most_runs(self) -> int | None:
        """How many runs may be active at once, or None for any number."""
        found: int | None = self.definition.get("MaxConcurrentRuns")
        return found


@dataclass(frozen=True)
class Activity:
    """A job run or a crawl of a workflow run. `id` is that of the job run's first attempt or of the crawl."""

    id: str
    node: Node
    trigger: str
    arguments: dict[str, str]
    timeout: int | None
    predecessors: list[str] = field(default_factory=list)
    state: ActivityState = ActivityState.RUNNING
    error: str | None = None

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.state is ActivityState.RUNNING


@dataclass(frozen=True)
class WorkflowRun:
    """A run of a workflow, or, without a workflow, what followed from one trigger. Times in seconds.

    `triggers` are those of the workflow when the run began.
    """

    id: str
    workflow: str | None
    started: float
    properties: dict[str, str] = field(default_factory=dict)
    triggers: list[Trigger] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    fired: list[str] = field(default_factory=list)
    status: RunStatus = RunStatus.RUNNING
    completed: float | None = None
    previous: str | None = None
    error: str | None = None

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.status in (RunStatus.RUNNING, RunStatus.STOPPING)

    def latest(self, node: Node) -> Activity | None:
        """The latest activity of a job or crawler."""
        return next((each for each in reversed(self.activities) if each.node == node), None)


@dataclass(frozen=True)
class Fire:
    """The trigger fires."""

    trigger: Trigger


@dataclass(frozen=True)
class Ended:
    """The activity of this id ended."""

    id: str
    state: ActivityState
    error: str | None = None


@dataclass(frozen=True)
class Stop:
    """The run shall stop."""


Event = Fire | Ended | Stop


@dataclass(frozen=True)
class Begin:
    """Start this activity."""

    activity: Activity


@dataclass(frozen=True)
class Halt:
    """Stop this activity."""

    activity: Activity


Command = Begin | Halt


def advance(
    run: WorkflowRun, event: Event, triggers: Iterable[Trigger], new_id: NewId, now: float
) -> tuple[WorkflowRun, list[Command]]:
    """The run after the event, and what has to be done once it is stored.

    `triggers` are those of the run's workflow as they are now: a conditional one fires when it is active, at
    most once in a run. An event that comes too late changes nothing.
    """
    if not run.active:
        return run, []
    match event:
        case Fire(trigger):
            run, commands = _fire(run, trigger, new_id)
        case Ended(id, state, error):
            run = replace(run, activities=[_ended(each, id, state, error) for each in run.activities])
            run, commands = _follow(run, triggers, new_id)
        case Stop():
            run = replace(run, status=RunStatus.STOPPING)
            commands = [Halt(each) for each in run.activities if each.active]
    return _settled(run, now), commands


def holds(trigger: Trigger, run: WorkflowRun) -> bool:
    """Whether the conditions of a trigger are met in a run."""
    met = [
        (latest := run.latest(each.node)) is not None and latest.state.value == each.state
        for each in trigger.conditions
    ]
    return any(met) if trigger.any_condition else all(met)


def downstream(nodes: Iterable[Node], triggers: Sequence[Trigger]) -> tuple[set[Node], set[str]]:
    """The nodes and the triggers that follow from `nodes`; these themselves only when they do so too."""
    ahead, found, fired = list(nodes), set[Node](), set[str]()
    while ahead:
        node = ahead.pop()
        for trigger in triggers:
            if trigger.name in fired or node not in {each.node for each in trigger.conditions}:
                continue
            fired.add(trigger.name)
            fresh = {action.node for action in trigger.actions} - found
            found |= fresh
            ahead += fresh
    return found, fired


def resumed(
    run: WorkflowRun, nodes: Sequence[Node], id: str, new_id: NewId, now: float
) -> tuple[WorkflowRun, list[Begin]]:
    """A new run that goes on from `nodes` of an ended one, each of which has an activity there.

    A node that follows from another of them is not started by itself: it will be run anyway.
    """
    below, triggers = downstream(nodes, run.triggers)
    old = [latest for node in nodes if node not in below and (latest := run.latest(node))]
    again = [
        replace(each, id=new_id(each.node.kind), state=ActivityState.RUNNING, error=None) for each in old
    ]
    kept = [each for each in run.activities if each.node not in below and each.node not in nodes]
    fresh = replace(
        run,
        id=id,
        started=now,
        activities=[*kept, *again],
        fired=[name for name in run.fired if name not in triggers],
        status=RunStatus.RUNNING,
        completed=None,
        previous=run.id,
    )
    return fresh, [Begin(each) for each in again]


def _fire(run: WorkflowRun, trigger: Trigger, new_id: NewId) -> tuple[WorkflowRun, list[Command]]:
    before = [latest for each in trigger.conditions if (latest := run.latest(each.node))]
    jobs = [each.id for each in before if each.node.kind is NodeKind.JOB]
    begun = [_activity(trigger, action, jobs, new_id) for action in trigger.actions]
    run = replace(run, activities=[*run.activities, *begun], fired=[*run.fired, trigger.name])
    return run, [Begin(each) for each in begun]


def _activity(trigger: Trigger, action: Action, predecessors: list[str], new_id: NewId) -> Activity:
    id = new_id(action.node.kind)
    return Activity(id, action.node, trigger.name, action.arguments, action.timeout, predecessors)


def _ended(activity: Activity, id: str, state: ActivityState, error: str | None) -> Activity:
    if activity.id != id or not activity.active:
        return activity
    return replace(activity, state=state, error=error)


def _follow(
    run: WorkflowRun, triggers: Iterable[Trigger], new_id: NewId
) -> tuple[WorkflowRun, list[Command]]:
    commands: list[Command] = []
    if run.status is not RunStatus.RUNNING:
        return run, commands
    for trigger in triggers:
        if trigger.type is not TriggerType.CONDITIONAL or not trigger.active or trigger.name in run.fired:
            continue
        if holds(trigger, run):
            run, more = _fire(run, trigger, new_id)
            commands += more
    return run, commands


def _settled(run: WorkflowRun, now: float) -> WorkflowRun:
    if any(each.active for each in run.activities):
        return run
    status = RunStatus.COMPLETED if run.status is RunStatus.RUNNING else RunStatus.STOPPED
    return replace(run, status=status, completed=now)
