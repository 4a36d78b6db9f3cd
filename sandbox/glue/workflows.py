"""Triggers, workflows and their runs as they happen.

A run is stored before what follows from it is done; activities that were decided and not begun when the
sandbox ended are begun by the next one, under the ids that they were given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

import cattrs

from sandbox.errors import AwsError, SandboxError
from sandbox.glue import workflow_model
from sandbox.glue.crawler.model import Crawl, CrawlState
from sandbox.glue.crawler.runner import CrawlerRunner
from sandbox.glue.job_model import ACTIVE, JobRun, Origin
from sandbox.glue.jobs import JobRunner, new_run
from sandbox.glue.scheduler import Entry
from sandbox.glue.trigger_model import Node, NodeKind, Trigger, TriggerState, TriggerType
from sandbox.glue.workflow_model import (
    Activity,
    ActivityState,
    Begin,
    Command,
    Ended,
    Event,
    Fire,
    RunStatus,
    Stop,
    Workflow,
    WorkflowRun,
)
from sandbox.store import Database, Documents, Journal


class WorkflowRunner:
    """Owns triggers, workflows and workflow runs; jobs and crawlers are started through their runners.

    `new_id` makes an id from a prefix and a number of digits, `clock` gives seconds since the epoch. Safe to
    use from several threads.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        jobs: JobRunner,
        crawlers: CrawlerRunner,
        clock: Callable[[], float],
        new_id: Callable[[str, int], str],
    ) -> None:
        self.jobs = jobs
        self.crawlers = crawlers
        self._database = database
        self._triggers = Documents(database, "trigger")
        self._workflows = Documents(database, "workflow")
        self._runs = Documents(database, "workflow_run")
        self._journal = journal
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.RLock()
        self._stopped = False
        jobs.on_end(self._job_ended)
        crawlers.on_end(self._crawl_ended)

    # --- triggers

    def trigger(self, name: str) -> Trigger:
        """The trigger of this name. Raises EntityNotFoundException."""
        document = self._triggers.get(name)
        if document is None:
            raise AwsError("EntityNotFoundException", f"Trigger {name} not found.")
        return cattrs.structure(document, Trigger)

    def triggers(self) -> list[Trigger]:
        """Every trigger, oldest first."""
        return [cattrs.structure(document, Trigger) for document in self._triggers.all()]

    def add_trigger(self, trigger: Trigger) -> None:
        """Store a new trigger. Raises AlreadyExistsException, and what `_check_place` raises."""
        # Not under our lock: a caller may hold the database's already, which is always the second one.
        with self._database.transaction():
            self._check_place(trigger)
            if not self._triggers.add(trigger.name, cattrs.unstructure(trigger)):
                raise AwsError("AlreadyExistsException", f"Trigger {trigger.name} already exists.")

    def replace_trigger(self, trigger: Trigger) -> None:
        """Store a changed trigger. Raises what `_check_place` raises."""
        with self._database.transaction():
            self._check_place(trigger)
            self._triggers.put(trigger.name, cattrs.unstructure(trigger))

    def delete_trigger(self, name: str) -> None:
        """Forget a trigger; one that is not there is no error."""
        self._triggers.delete(name)

    def _check_place(self, trigger: Trigger) -> None:
        """What it names must be there, and a workflow has one trigger that starts it."""
        for action in trigger.actions:
            self._existing(action.node)
        if trigger.workflow is None:
            return
        self.workflow(trigger.workflow)
        others = [
            each for each in self.triggers_of(trigger.workflow) if each.starts and each.name != trigger.name
        ]
        if trigger.starts and others:
            raise AwsError(
                "InvalidInputException", f"Workflow {trigger.workflow} has a start trigger: {others[0].name}"
            )

    def _existing(self, node: Node) -> None:
        if node.kind is NodeKind.JOB:
            self.jobs.existing(node.name)
        else:
            self.crawlers.crawler(node.name)

    # --- workflows

    def workflow(self, name: str) -> Workflow:
        """The workflow of this name. Raises EntityNotFoundException."""
        document = self._workflows.get(name)
        if document is None:
            raise AwsError("EntityNotFoundException", f"Workflow {name} not found.")
        return cattrs.structure(document, Workflow)

    def workflows(self) -> list[Workflow]:
        """Every workflow, oldest first."""
        return [cattrs.structure(document, Workflow) for document in self._workflows.all()]

    def add_workflow(self, workflow: Workflow) -> None:
        """Store a new workflow. Raises AlreadyExistsException."""
        if not self._workflows.add(workflow.name, cattrs.unstructure(workflow)):
            raise AwsError("AlreadyExistsException", f"Workflow {workflow.name} already exists.")

    def replace_workflow(self, workflow: Workflow) -> None:
        """Store a changed workflow."""
        self._workflows.put(workflow.name, cattrs.unstructure(workflow))

    def delete_workflow(self, name: str) -> None:
        """Forget a workflow with its triggers and runs; what runs goes on, and nothing follows from it."""
        with self._lock, self._database.transaction():
            self._workflows.delete(name)
            for trigger in self.triggers_of(name):
                self._triggers.delete(trigger.name)
            for run in self.runs(name):
                self._runs.delete(run.id)

    def triggers_of(self, workflow: str | None) -> list[Trigger]:
        """The triggers of a workflow, or those outside of workflows, oldest first."""
        return [each for each in self.triggers() if each.workflow == workflow]

    # --- runs

    def run(self, workflow: str, id: str) -> WorkflowRun:
        """The run of a workflow. Raises EntityNotFoundException."""
        self.workflow(workflow)
        run = self._run(id)
        if run is None or run.workflow != workflow:
            raise AwsError("EntityNotFoundException", f"Workflow run {id} of {workflow} not found.")
        return run

    def runs(self, workflow: str | None) -> list[WorkflowRun]:
        """The runs of a workflow, or those outside of workflows, newest first."""
        runs = [cattrs.structure(document, WorkflowRun) for document in reversed(self._runs.all())]
        return [each for each in runs if each.workflow == workflow]

    def start_run(self, name: str, properties: dict[str, str]) -> str:
        """Begin a run of a workflow; its id.

        Raises EntityNotFoundException, InvalidInputException without a start trigger, and
        ConcurrentRunsExceededException.
        """
        with self._lock:
            workflow = self.workflow(name)
            starts = [each for each in self.triggers_of(name) if each.starts]
            if not starts:
                raise AwsError("InvalidInputException", f"Workflow {name} has no start trigger.")
            self._check_concurrency(workflow)
            run = self._new_run(workflow, properties)
            self._apply(run, Fire(starts[0]))
            return run.id

    def stop_run(self, name: str, id: str) -> None:
        """Stop what a run has started; nothing more is. Raises IllegalWorkflowStateException."""
        with self._lock:
            run = self.run(name, id)
            if run.status is not RunStatus.RUNNING:
                raise AwsError("IllegalWorkflowStateException", f"Workflow run {id} is {run.status}.")
            self._apply(run, Stop())

    def resume_run(self, name: str, id: str, nodes: list[Node]) -> tuple[WorkflowRun, list[Node]]:
        """A new run that goes on from `nodes` of a completed one, and those of them that it began with.

        Raises IllegalWorkflowStateException, ConcurrentRunsExceededException and InvalidInputException for a
        node that the run never tried.
        """
        with self._lock:
            run = self.run(name, id)
            if run.status is not RunStatus.COMPLETED:
                raise AwsError("IllegalWorkflowStateException", f"Workflow run {id} is {run.status}.")
            for node in nodes:
                if run.latest(node) is None:
                    raise AwsError("InvalidInputException", f"{node.name} was not run in workflow run {id}.")
            self._check_concurrency(self.workflow(name))
            fresh, commands = workflow_model.resumed(
                run, nodes, self._new_id("wr_", 64), self._activity_id, self._clock()
            )
            self._save(fresh)
            self._perform(fresh, commands)
            return fresh, [each.activity.node for each in commands]

    def put_properties(self, name: str, id: str, properties: dict[str, str]) -> None:
        """Add run properties, or give those that are there a new value."""
        with self._lock:
            run = self.run(name, id)
            self._put(replace(run, properties={**run.properties, **properties}))

    def fire(self, trigger: Trigger) -> None:
        """Do what an on-demand or scheduled trigger does: start its workflow, or its own actions."""
        if trigger.workflow is not None:
            self.start_run(trigger.workflow, {})
            return
        with self._lock:
            run = WorkflowRun(self._new_id("chain_", 32), None, self._clock())
            self._apply(run, Fire(trigger))

    def schedules(self) -> list[Entry]:
        """The schedules of triggers and crawlers that are in force."""
        triggers = [
            Entry(f"trigger {each.name}", each.schedule, each.modified, self._on_schedule(each))
            for each in self.triggers()
            if each.type is TriggerType.SCHEDULED and each.state is TriggerState.ACTIVATED
        ]
        crawlers = [
            Entry(f"crawler {each.name}", each.schedule, each.updated, self._crawl_on_schedule(each.name))
            for each in self.crawlers.crawlers()
            if each.scheduled and each.schedule
        ]
        return [*triggers, *crawlers]

    # --- the sandbox's own life

    def start(self) -> None:
        """Go on with the runs that the last sandbox left: what ended meanwhile, and what was not begun."""
        with self._lock:
            for document in self._runs.all():
                run = cattrs.structure(document, WorkflowRun)
                for activity in run.activities if run.active else ():
                    self._recover(run.id, activity)

    def stop(self) -> None:
        """From now on nothing follows from what ends."""
        with self._lock:
            self._stopped = True

    # --- how a run goes on

    def _on_schedule(self, trigger: Trigger) -> Callable[[], None]:
        def fire() -> None:
            try:
                self.fire(trigger)
            except AwsError as error:
                if error.code != "ConcurrentRunsExceededException" or trigger.workflow is None:
                    raise
                # Nobody hears the exception, so the run that could not be is kept as an ERROR, as in Glue.
                run = self._new_run(self.workflow(trigger.workflow), {})
                now = self._clock()
                self._save(replace(run, status=RunStatus.ERROR, error=error.message, completed=now))

        return fire

    def _crawl_on_schedule(self, name: str) -> Callable[[], None]:
        return lambda: self.crawlers.start_crawl(name)

    def _new_run(self, workflow: Workflow, properties: dict[str, str]) -> WorkflowRun:
        return WorkflowRun(
            self._new_id("wr_", 64),
            workflow.name,
            self._clock(),
            {**workflow.properties, **properties},
            self.triggers_of(workflow.name),
        )

    def _check_concurrency(self, workflow: Workflow) -> None:
        active = sum(each.active for each in self.runs(workflow.name))
        if workflow.most_runs is not None and active >= workflow.most_runs:
            raise AwsError(
                "ConcurrentRunsExceededException", f"Concurrent runs exceeded for workflow: {workflow.name}."
            )

    def _apply(self, run: WorkflowRun, event: Event) -> None:
        """Store the run after the event, then do what follows."""
        fresh, commands = workflow_model.advance(
            run, event, self.triggers_of(run.workflow), self._activity_id, self._clock()
        )
        self._save(fresh)
        self._perform(fresh, commands)

    def _perform(self, run: WorkflowRun, commands: Iterable[Command]) -> None:
        for command in commands:
            if isinstance(command, Begin):
                self._begin(run, command.activity)
            else:
                self._halt(command.activity)

    def _begin(self, run: WorkflowRun, activity: Activity) -> None:
        node = activity.node
        try:
            if node.kind is NodeKind.CRAWLER:
                self.crawlers.start_crawl(node.name, activity.id, run.id)
                return
            job = self.jobs.existing(node.name)
            before = [{"JobName": each.node.name, "RunId": each.id} for each in run.activities]
            origin = Origin(
                activity.trigger,
                run.id,
                run.workflow,
                [each for each in before if each["RunId"] in activity.predecessors],
            )
            self.jobs.start_run(
                job, new_run(job, activity.id, activity.arguments, activity.timeout, self._clock(), origin)
            )
        except SandboxError as error:
            why = error.message if isinstance(error, AwsError) else str(error)
            self._ended(run.id, Ended(activity.id, ActivityState.ERROR, why))

    def _halt(self, activity: Activity) -> None:
        if activity.node.kind is NodeKind.JOB:
            latest = self.jobs.last_attempt(activity.id)
            if latest is not None:
                self.jobs.stop_run(latest.id)
            return
        try:
            self.crawlers.stop_crawl(activity.node.name)
        except AwsError:
            # It ended, or was asked to stop, a moment ago: its end is told anyway.
            return

    def _job_ended(self, run: JobRun) -> None:
        if run.origin is not None:
            event = Ended(run.first_attempt, ActivityState(run.state.value), run.error)
            self._ended(run.origin.run, event)

    def _crawl_ended(self, crawl: Crawl) -> None:
        if crawl.chain is not None:
            self._ended(crawl.chain, Ended(crawl.id, ActivityState(crawl.status), crawl.error))

    def _ended(self, id: str, event: Ended) -> None:
        with self._lock:
            run = self._run(id)
            if run is not None and not self._stopped:
                self._apply(run, event)

    def _recover(self, id: str, activity: Activity) -> None:
        if not activity.active:
            return
        if activity.node.kind is NodeKind.JOB:
            attempt = self.jobs.last_attempt(activity.id)
            if attempt is not None and attempt.state not in ACTIVE:
                self._job_ended(attempt)
        else:
            crawl = self.crawlers.crawl(activity.id)
            if crawl is not None and crawl.state is not CrawlState.RUNNING:
                self._crawl_ended(crawl)
        run = self._run(id)
        current = next((each for each in run.activities if each.id == activity.id), None) if run else None
        if run is None or current is None or not current.active:
            return
        if run.status is RunStatus.STOPPING:
            self._ended(id, Ended(activity.id, ActivityState.STOPPED))
        else:
            self._begin(run, current)

    def _activity_id(self, kind: NodeKind) -> str:
        return self._new_id("jr_", 64) if kind is NodeKind.JOB else self._new_id("", 32)

    def _run(self, id: str) -> WorkflowRun | None:
        document = self._runs.get(id)
        return cattrs.structure(document, WorkflowRun) if document else None

    def _put(self, run: WorkflowRun) -> None:
        self._runs.put(run.id, cattrs.unstructure(run))

    def _save(self, run: WorkflowRun) -> None:
        with self._database.transaction():
            self._put(run)
            what = "workflow run" if run.workflow else "triggered run"
            self._journal.append(
                self._clock(), run.id, f"{what} {run.status}", workflow=run.workflow or "", fired=run.fired
            )
