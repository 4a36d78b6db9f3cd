"""Glue's operations on workflows and workflow runs.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-workflow.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.errors import AwsError
from sandbox.glue import job_model, workflow_graph
from sandbox.glue.crawler.model import describe_workflow_crawl
from sandbox.glue.requests import page
from sandbox.glue.tags import Kind, Tags
from sandbox.glue.trigger_model import Node, NodeKind
from sandbox.glue.workflow_model import Workflow, WorkflowRun
from sandbox.glue.workflows import WorkflowRunner

_PAGE = 25
_RUN_PAGE = 1000
_ELSEWHERE = ("Name", "Tags")


class WorkflowOperations:
    """Workflows and their runs. `clock` gives the time in seconds since the epoch."""

    def __init__(self, runner: WorkflowRunner, tags: Tags, clock: Callable[[], float]) -> None:
        self._runner = runner
        self._tags = tags
        self._clock = clock

    @operation(Fidelity.EXECUTED)
    def create_workflow(self, request: Document) -> Document:
        """CreateWorkflow."""
        definition = {name: value for name, value in request.items() if name not in _ELSEWHERE}
        _check(definition)
        now = self._clock()
        with self._tags.together():
            self._runner.add_workflow(Workflow(request["Name"], definition, now, now))
            self._tags.add(Kind.WORKFLOW, request["Name"], now, request.get("Tags", {}))
        return {"Name": request["Name"]}

    @operation(Fidelity.EXECUTED)
    def update_workflow(self, request: Document) -> Document:
        """UpdateWorkflow: the members that are given replace the old ones."""
        old = self._runner.workflow(request["Name"])
        definition = old.definition | {name: value for name, value in request.items() if name != "Name"}
        _check(definition)
        self._runner.replace_workflow(replace(old, definition=definition, modified=self._clock()))
        return {"Name": old.name}

    @operation(Fidelity.EXECUTED)
    def delete_workflow(self, request: Document) -> Document:
        """DeleteWorkflow, with its triggers and runs; jobs and crawlers stay."""
        self._runner.delete_workflow(request["Name"])
        return {"Name": request["Name"]}

    @operation(Fidelity.EXECUTED)
    def get_workflow(self, request: Document) -> Document:
        """GetWorkflow."""
        return {"Workflow": self._describe(self._runner.workflow(request["Name"]), request)}

    @operation(Fidelity.EXECUTED)
    def list_workflows(self, request: Document) -> Document:
        """ListWorkflows: the names."""
        names = {each.name: each.name for each in self._runner.workflows()}
        chosen, following = page(dict(sorted(names.items())), request, _PAGE, "ListWorkflows")
        return {"Workflows": chosen, **following}

    @operation(Fidelity.EXECUTED)
    def batch_get_workflows(self, request: Document) -> Document:
        """BatchGetWorkflows."""
        known = {each.name: each for each in self._runner.workflows()}
        names = request["Names"]
        return {
            "Workflows": [self._describe(known[name], request) for name in names if name in known],
            "MissingWorkflows": [name for name in names if name not in known],
        }

    @operation(Fidelity.EXECUTED)
    def start_workflow_run(self, request: Document) -> Document:
        """StartWorkflowRun: its start trigger fires, whatever its type."""
        return {"RunId": self._runner.start_run(request["Name"], request.get("RunProperties") or {})}

    @operation(Fidelity.EXECUTED)
    def get_workflow_run(self, request: Document) -> Document:
        """GetWorkflowRun."""
        run = self._runner.run(request["Name"], request["RunId"])
        return {"Run": self._describe_run(run, request)}

    @operation(Fidelity.EXECUTED)
    def get_workflow_runs(self, request: Document) -> Document:
        """GetWorkflowRuns, newest first."""
        name = self._runner.workflow(request["Name"]).name
        # A page's keys are in ascending order; the newest run comes first.
        runs = {f"{1e11 - each.started:018.6f} {each.id}": each for each in self._runner.runs(name)}
        chosen, following = page(dict(sorted(runs.items())), request, _RUN_PAGE, "GetWorkflowRuns", name)
        return {"Runs": [self._describe_run(each, request) for each in chosen], **following}

    @operation(Fidelity.EXECUTED)
    def stop_workflow_run(self, request: Document) -> Document:
        """StopWorkflowRun: STOPPING at once, STOPPED when all that runs has ended."""
        self._runner.stop_run(request["Name"], request["RunId"])
        return {}

    @operation(Fidelity.EXECUTED)
    def resume_workflow_run(self, request: Document) -> Document:
        """ResumeWorkflowRun: the nodes that are named, and all that follow from them, in a run of its own."""
        old = self._runner.run(request["Name"], request["RunId"])
        known = workflow_graph.nodes_by_id(old.triggers)
        unknown = [id for id in request["NodeIds"] if id not in known]
        if unknown:
            message = f"{unknown[0]} is no job or crawler of workflow run {old.id}."
            raise AwsError("InvalidInputException", message)
        nodes = [known[id] for id in request["NodeIds"]]
        run, restarted = self._runner.resume_run(request["Name"], old.id, nodes)
        ids = [workflow_graph.node_id(each.kind, each.name) for each in restarted]
        return {"RunId": run.id, "NodeIds": ids}

    @operation(Fidelity.EXECUTED)
    def get_workflow_run_properties(self, request: Document) -> Document:
        """GetWorkflowRunProperties."""
        return {"RunProperties": self._runner.run(request["Name"], request["RunId"]).properties}

    @operation(Fidelity.EXECUTED)
    def put_workflow_run_properties(self, request: Document) -> Document:
        """PutWorkflowRunProperties: those that are there already get the new value."""
        self._runner.put_properties(request["Name"], request["RunId"], request["RunProperties"])
        return {}

    def _describe(self, workflow: Workflow, request: Document) -> Document:
        runs = self._runner.runs(workflow.name)
        last = self._describe_run(runs[0], request) if runs else None
        graph = None
        if request.get("IncludeGraph"):
            graph = workflow_graph.graph(self._runner.triggers_of(workflow.name), {})
        return workflow_graph.describe_workflow(workflow, last, graph)

    def _describe_run(self, run: WorkflowRun, request: Document) -> Document:
        graph = None
        if request.get("IncludeGraph"):
            nodes = {each.node for each in run.activities}
            details = {each: self._details(run, each) for each in nodes}
            graph = workflow_graph.graph(run.triggers, details)
        return workflow_graph.describe_run(run, graph)

    def _details(self, run: WorkflowRun, node: Node) -> Document:
        """The job runs or crawls of a node, with what could not be started at all."""
        ids = [each.id for each in run.activities if each.node == node]
        if node.kind is NodeKind.CRAWLER:
            crawls = [crawl for id in ids if (crawl := self._runner.crawlers.crawl(id))]
            return workflow_graph.crawler_details([describe_workflow_crawl(each) for each in crawls])
        job, now = self._runner.jobs.job(node.name), self._clock()
        runs = [each for id in ids if (each := self._runner.jobs.last_attempt(id))]
        return workflow_graph.job_details([job_model.describe_run(each, job, now) for each in runs])


def _check(definition: Document) -> None:
    most = definition.get("MaxConcurrentRuns")
    if most is not None and most < 1:
        raise AwsError("InvalidInputException", "MaxConcurrentRuns must be at least 1")
