"""Glue's operations on triggers.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-trigger.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.errors import AwsError
from sandbox.glue import trigger_model
from sandbox.glue.requests import page, refuse_members
from sandbox.glue.tags import Kind, Tags
from sandbox.glue.trigger_model import Node, NodeKind, Trigger, TriggerState, TriggerType
from sandbox.glue.workflows import WorkflowRunner

_PAGE = 200
_ELSEWHERE = ("Name", "Tags", "StartOnCreation")


class TriggerOperations:
    """Triggers, in workflows and outside. `clock` gives the time in seconds since the epoch."""

    def __init__(self, runner: WorkflowRunner, tags: Tags, clock: Callable[[], float]) -> None:
        self._runner = runner
        self._tags = tags
        self._clock = clock

    @operation(Fidelity.EXECUTED)
    def create_trigger(self, request: Document) -> Document:
        """CreateTrigger. Type EVENT is refused, as no event would ever come."""
        definition = {name: value for name, value in request.items() if name not in _ELSEWHERE}
        trigger_model.check("CreateTrigger", definition)
        active = bool(request.get("StartOnCreation"))
        if active and definition["Type"] == TriggerType.ON_DEMAND:
            message = "StartOnCreation is not supported for a trigger of type ON_DEMAND"
            raise AwsError("InvalidInputException", message)
        state = TriggerState.ACTIVATED if active else TriggerState.CREATED
        now = self._clock()
        with self._tags.together():
            self._runner.add_trigger(Trigger(request["Name"], definition, state, now, now))
            self._tags.add(Kind.TRIGGER, request["Name"], now, request.get("Tags", {}))
        return {"Name": request["Name"]}

    @operation(Fidelity.EXECUTED)
    def update_trigger(self, request: Document) -> Document:
        """UpdateTrigger: the definition is replaced whole; type and workflow stay."""
        old = self._runner.trigger(request["Name"])
        kept = {name: old.definition[name] for name in ("Type", "WorkflowName") if name in old.definition}
        update = {name: value for name, value in request["TriggerUpdate"].items() if name != "Name"}
        definition = update | kept
        trigger_model.check("UpdateTrigger", definition)
        trigger = replace(old, definition=definition, modified=self._clock())
        self._runner.replace_trigger(trigger)
        return {"Trigger": trigger_model.describe(trigger)}

    @operation(Fidelity.EXECUTED)
    def delete_trigger(self, request: Document) -> Document:
        """DeleteTrigger; a trigger that does not exist is no error, as in Glue."""
        self._runner.delete_trigger(request["Name"])
        return {"Name": request["Name"]}

    @operation(Fidelity.EXECUTED)
    def get_trigger(self, request: Document) -> Document:
        """GetTrigger."""
        return {"Trigger": trigger_model.describe(self._runner.trigger(request["Name"]))}

    @operation(Fidelity.EXECUTED)
    def get_triggers(self, request: Document) -> Document:
        """GetTriggers, by name, of all or of those that start a job."""
        chosen, following = self._chosen(request, "GetTriggers")
        return {"Triggers": [trigger_model.describe(each) for each in chosen], **following}

    @operation(Fidelity.EXECUTED)
    def list_triggers(self, request: Document) -> Document:
        """ListTriggers: the names. Filtering by tags is refused."""
        refuse_members("ListTriggers", request, "Tags")
        chosen, following = self._chosen(request, "ListTriggers")
        return {"TriggerNames": [each.name for each in chosen], **following}

    @operation(Fidelity.EXECUTED)
    def batch_get_triggers(self, request: Document) -> Document:
        """BatchGetTriggers."""
        known = {each.name: each for each in self._runner.triggers()}
        names = request["TriggerNames"]
        return {
            "Triggers": [trigger_model.describe(known[name]) for name in names if name in known],
            "TriggersNotFound": [name for name in names if name not in known],
        }

    @operation(Fidelity.EXECUTED)
    def start_trigger(self, request: Document) -> Document:
        """StartTrigger: an on-demand trigger fires, another becomes active."""
        trigger = self._runner.trigger(request["Name"])
        if trigger.type is TriggerType.ON_DEMAND:
            self._runner.fire(trigger)
        else:
            self._set(trigger, TriggerState.ACTIVATED)
        return {"Name": trigger.name}

    @operation(Fidelity.EXECUTED)
    def stop_trigger(self, request: Document) -> Document:
        """StopTrigger: the trigger fires no more; what it started goes on."""
        trigger = self._runner.trigger(request["Name"])
        if trigger.type is TriggerType.ON_DEMAND:
            message = f"Trigger {trigger.name} is of type ON_DEMAND and cannot be stopped"
            raise AwsError("InvalidInputException", message)
        self._set(trigger, TriggerState.DEACTIVATED)
        return {"Name": trigger.name}

    def _set(self, trigger: Trigger, state: TriggerState) -> None:
        if trigger.state is not state:
            self._runner.replace_trigger(replace(trigger, state=state, modified=self._clock()))

    def _chosen(self, request: Document, name: str) -> tuple[list[Trigger], Document]:
        job = request.get("DependentJobName")
        triggers = self._runner.triggers()
        if job is not None:
            self._runner.jobs.existing(job)
            wanted = Node(NodeKind.JOB, job)
            triggers = [each for each in triggers if wanted in {action.node for action in each.actions}]
        items = {each.name: each for each in sorted(triggers, key=lambda each: each.name)}
        return page(items, request, _PAGE, name, job or "")
