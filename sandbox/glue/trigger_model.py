"""Triggers as they are stored, checked and described. Pure.

https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.errors import AwsError
from sandbox.glue import schedule
from sandbox.glue.requests import refuse_members

Document = dict[str, Any]

MOST_CRAWLERS = 2
"""Crawlers that one trigger can start."""
_JOB_STATES = ("SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT")
_CRAWL_STATES = ("SUCCEEDED", "FAILED", "CANCELLED")


class TriggerType(StrEnum):
    """What makes a trigger fire."""

    SCHEDULED = "SCHEDULED"
    CONDITIONAL = "CONDITIONAL"
    ON_DEMAND = "ON_DEMAND"
    EVENT = "EVENT"


class TriggerState(StrEnum):
    """Whether a trigger fires; an on-demand trigger is always CREATED."""

    CREATED = "CREATED"
    ACTIVATED = "ACTIVATED"
    DEACTIVATED = "DEACTIVATED"


class NodeKind(StrEnum):
    """What a trigger starts and watches."""

    JOB = "JOB"
    CRAWLER = "CRAWLER"


@dataclass(frozen=True)
class Node:
    """A job or a crawler by its name."""

    kind: NodeKind
    name: str


@dataclass(frozen=True)
class Condition:
    """That the latest run of a node ended in this state."""

    node: Node
    state: str


@dataclass(frozen=True)
class Action:
    """What a trigger starts. `timeout` is in minutes."""

    node: Node
    arguments: dict[str, str]
    timeout: int | None


@dataclass(frozen=True)
class Trigger:
    """A trigger: its definition as CreateTrigger names the members. `modified` is in seconds."""

    name: str
    definition: Document
    state: TriggerState
    created: float
    modified: float

    @property
    def type(self) -> TriggerType:
        """What makes it fire."""
        return TriggerType(self.definition["Type"])

    @property
    def workflow(self) -> str | None:
        """The workflow to which it belongs."""
        return self.definition.get("WorkflowName")

    @property
    def active(self) -> bool:
        """Whether it fires by itself."""
        return self.state is TriggerState.ACTIVATED

    @property
    def starts(self) -> bool:
        """Whether it can be the first of a workflow run."""
        return self.type is not TriggerType.CONDITIONAL

    @property
    def schedule(self) -> str:
        """The cron expression of a scheduled trigger."""
        return str(self.definition.get("Schedule") or "")

    @property
    def actions(self) -> list[Action]:
        """What it starts, in order."""
        return [
            Action(node_of(each), dict(each.get("Arguments") or {}), each.get("Timeout"))
            for each in self.definition.get("Actions") or []
        ]

    @property
    def conditions(self) -> list[Condition]:
        """What it waits for."""
        return [
            Condition(node_of(each), str(each.get("State") or each.get("CrawlState")))
            for each in (self.definition.get("Predicate") or {}).get("Conditions") or []
        ]

    @property
    def any_condition(self) -> bool:
        """Whether one condition is enough."""
        return bool((self.definition.get("Predicate") or {}).get("Logical") == "ANY")


def node_of(document: Document) -> Node:
    """The job or crawler that an action or a condition names. Raises InvalidInputException."""
    job, crawler = document.get("JobName"), document.get("CrawlerName")
    if bool(job) == bool(crawler):
        raise _invalid("An action and a condition name either a job or a crawler")
    return Node(NodeKind.JOB, str(job)) if job else Node(NodeKind.CRAWLER, str(crawler))


def check(operation: str, definition: Document) -> None:
    """Refuse what is not emulated by name (501), and what Glue does not accept (InvalidInputException)."""
    kind = TriggerType(definition["Type"])
    if kind is TriggerType.EVENT:
        what = f"{operation} with Type EVENT: no EventBridge delivers events to Glue, so it could never fire"
        raise AwsError("NotEmulated", f"{what}; it is not emulated", 501)
    refuse_members(operation, definition, "EventBatchingCondition")
    if kind is TriggerType.SCHEDULED:
        if not definition.get("Schedule"):
            raise _invalid("A trigger of type SCHEDULED must have a Schedule")
        schedule.parse(definition["Schedule"])
    _check_actions(operation, definition.get("Actions") or [])
    if kind is TriggerType.CONDITIONAL:
        _check_predicate(definition)


def _check_actions(operation: str, actions: list[Document]) -> None:
    if not actions:
        raise _invalid("A trigger must have at least one action")
    for each in actions:
        refuse_members(operation, each, "NotificationProperty")
    crawlers = [each for each in actions if node_of(each).kind is NodeKind.CRAWLER]
    if len(crawlers) > MOST_CRAWLERS:
        raise _invalid(f"A trigger can start at most {MOST_CRAWLERS} crawlers")
    for each in crawlers:
        if each.get("Arguments") or each.get("Timeout"):
            raise _invalid(f"Crawler {each['CrawlerName']} takes neither Arguments nor Timeout")


def _check_predicate(definition: Document) -> None:
    predicate = definition.get("Predicate") or {}
    conditions = predicate.get("Conditions") or []
    if not conditions:
        raise _invalid("A trigger of type CONDITIONAL must have a Predicate with Conditions")
    if len(conditions) > 1 and not predicate.get("Logical"):
        raise _invalid("A Predicate with several conditions must have Logical AND or ANY")
    for each in conditions:
        node = node_of(each)
        member, states = (
            ("State", _JOB_STATES) if node.kind is NodeKind.JOB else ("CrawlState", _CRAWL_STATES)
        )
        if each.get(member) not in states:
            raise _invalid(f"A condition on {node.name} must have a {member} of {', '.join(states)}")
    watched = {node_of(each) for each in conditions}
    if watched & {node_of(each) for each in definition.get("Actions") or []}:
        raise _invalid("Job cannot be a Predicate and Action for Conditional Trigger.")


def describe(trigger: Trigger) -> Document:
    """Glue's Trigger structure."""
    return {**trigger.definition, "Name": trigger.name, "State": trigger.state.value}


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)
