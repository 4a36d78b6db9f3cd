"""Workflows and their runs as Glue describes them: statistics, nodes and edges. Pure.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-workflow.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.glue import trigger_model
from sandbox.glue.trigger_model import Node, Trigger
from sandbox.glue.workflow_model import ActivityState, Workflow, WorkflowRun

Document = dict[str, Any]

_COUNTED = {
    "TimeoutActions": ActivityState.TIMEOUT,
    "FailedActions": ActivityState.FAILED,
    "SucceededActions": ActivityState.SUCCEEDED,
    "RunningActions": ActivityState.RUNNING,
    "ErroredActions": ActivityState.ERROR,
}


def describe_workflow(workflow: Workflow, last: Document | None, graph: Document | None) -> Document:
    """Glue's Workflow structure."""
    return {
        **workflow.definition,
        "Name": workflow.name,
        "CreatedOn": workflow.created,
        "LastModifiedOn": workflow.modified,
        **({"LastRun": last} if last else {}),
        **({"Graph": graph} if graph else {}),
    }


def describe_run(run: WorkflowRun, graph: Document | None = None) -> Document:
    """Glue's WorkflowRun structure."""
    optional = {"PreviousRunId": run.previous, "CompletedOn": run.completed, "ErrorMessage": run.error}
    return {
        "Name": run.workflow,
        "WorkflowRunId": run.id,
        "WorkflowRunProperties": run.properties,
        "StartedOn": run.started,
        "Status": run.status.value,
        "Statistics": statistics(run),
        **{name: value for name, value in optional.items() if value is not None},
        **({"Graph": graph} if graph else {}),
    }


def statistics(run: WorkflowRun) -> Document:
    """How many actions of the run are in which state; nothing ever waits for capacity."""
    states = [each.state for each in run.activities]
    counts = {name: states.count(state) for name, state in _COUNTED.items()}
    stopped = states.count(ActivityState.STOPPED) + states.count(ActivityState.CANCELLED)
    return {**counts, "StoppedActions": stopped, "WaitingActions": 0, "TotalActions": len(states)}


def graph(triggers: Sequence[Trigger], details: Mapping[Node, Document]) -> Document:
    """Glue's WorkflowGraph: triggers, jobs and crawlers, and the edges between them.

    `details` holds JobDetails or CrawlerDetails of the nodes that have any.
    """
    nodes: dict[str, Document] = {}
    edges: list[Document] = []
    for trigger in triggers:
        own = node_id("TRIGGER", trigger.name)
        detail = {"TriggerDetails": {"Trigger": trigger_model.describe(trigger)}}
        nodes[own] = {"Type": "TRIGGER", "Name": trigger.name, "UniqueId": own, **detail}
        before = [each.node for each in trigger.conditions]
        after = [each.node for each in trigger.actions]
        for node in (*before, *after):
            id = node_id(node.kind, node.name)
            nodes[id] = {
                "Type": node.kind.value, "Name": node.name, "UniqueId": id, **details.get(node, {}),
            }  # fmt: skip
        edges += [{"SourceId": node_id(each.kind, each.name), "DestinationId": own} for each in before]
        edges += [{"SourceId": own, "DestinationId": node_id(each.kind, each.name)} for each in after]
    return {"Nodes": list(nodes.values()), "Edges": edges}


def node_id(kind: str, name: str) -> str:
    """The UniqueId of a node: the same in every run, so that a run can be resumed from it."""
    return "wnode_" + hashlib.sha256(f"{kind}/{name}".encode()).hexdigest()


def nodes_by_id(triggers: Sequence[Trigger]) -> dict[str, Node]:
    """The jobs and crawlers of a graph by their UniqueId."""
    nodes: dict[str, Node] = {}
    for trigger in triggers:
        named = [each.node for each in trigger.conditions] + [each.node for each in trigger.actions]
        nodes |= {node_id(each.kind, each.name): each for each in named}
    return nodes


def crawler_details(crawls: Sequence[Document]) -> Document:
    """Glue's CrawlerNodeDetails."""
    return {"CrawlerDetails": {"Crawls": list(crawls)}}


def job_details(runs: Sequence[Document]) -> Document:
    """Glue's JobNodeDetails."""
    return {"JobDetails": {"JobRuns": list(runs)}}
