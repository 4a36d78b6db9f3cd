"""A workflow run that a sandbox left in the middle, settled by the next one."""

from collections.abc import Callable

import cattrs
import pytest

from sandbox.errors import AwsError
from sandbox.glue.job_model import Job, JobRun, Origin, RunState
from sandbox.glue.trigger_model import Node, NodeKind, Trigger, TriggerState
from sandbox.glue.workflow_model import Activity, RunStatus, Workflow, WorkflowRun
from sandbox.glue.workflows import WorkflowRunner
from sandbox.store import Documents, Journal


class Jobs:
    """Keeps what was started, and the runs that an earlier sandbox left."""

    def __init__(self) -> None:
        self.left: dict[str, JobRun] = {}
        self.started: list[JobRun] = []

    def on_end(self, tell: Callable[[JobRun], None]) -> None:
        self.tell = tell

    def existing(self, name: str) -> Job:
        if name == "gone":
            raise AwsError("EntityNotFoundException", f"Failed to find Job with name: {name}")
        return Job(name, {"Command": {}}, 0.0, 0.0)

    def start_run(self, job: Job, run: JobRun) -> None:
        assert job.name == run.job
        self.started.append(run)

    def last_attempt(self, first: str) -> JobRun | None:
        return self.left.get(first)


class Crawlers:
    def on_end(self, tell: object) -> None:
        """No crawler takes part."""


def trigger(name: str, action: str, watched: str = "", state: str = "SUCCEEDED") -> Trigger:
    definition = {"Type": "ON_DEMAND", "WorkflowName": "w", "Actions": [{"JobName": action}]}
    if watched:
        conditions = [{"JobName": watched, "State": state}]
        definition |= {"Type": "CONDITIONAL", "Predicate": {"Conditions": conditions}}
    return Trigger(name, definition, TriggerState.ACTIVATED, 0.0, 0.0)


def job_run(id: str, job: str, state: RunState) -> JobRun:
    origin = Origin("t1", "wr", "w")
    return JobRun(id, job, state, {}, 0.0, 1, completed=1.0, error="gone with the sandbox", origin=origin)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def recover(database, jobs):
    """Starts a runner over a run that had begun `a`, as `status`; its run as it is then."""

    def start(status=RunStatus.RUNNING, job="a"):
        runner = WorkflowRunner(
            database,
            Journal(database),
            jobs,
            Crawlers(),
            lambda: 5.0,
            lambda prefix, length: f"{prefix}{length}",
        )
        runner.add_workflow(Workflow("w", {}, 0.0, 0.0))
        for each in (trigger("t1", "a"), trigger("t2", "b", "a", "FAILED"), trigger("t3", "c", "a")):
            runner.add_trigger(each)
        activity = Activity("jr_1", Node(NodeKind.JOB, job), "t1", {"--x": "1"}, 9)
        run = WorkflowRun("wr", "w", 0.0, activities=[activity], fired=["t1"], status=status)
        Documents(database, "workflow_run").put("wr", cattrs.unstructure(run))
        runner.start()
        return runner.run("w", "wr")

    return start


def test_a_job_that_was_decided_and_not_begun_is_begun_under_its_id(recover, jobs):
    run = recover()
    (started,) = jobs.started
    assert (started.id, started.job, started.arguments, started.timeout) == ("jr_1", "a", {"--x": "1"}, 9)
    assert (started.origin.trigger, started.origin.run, started.origin.workflow) == ("t1", "wr", "w")
    assert run.status is RunStatus.RUNNING


def test_a_job_that_died_with_the_sandbox_has_failed_and_the_run_goes_on_from_that(recover, jobs):
    jobs.left["jr_1"] = job_run("jr_1", "a", RunState.FAILED)
    run = recover()
    assert [each.job for each in jobs.started] == ["b"]
    assert run.activities[0].error == "gone with the sandbox"
    assert [each.state for each in run.activities] == ["FAILED", "RUNNING"]


def test_the_last_attempt_of_a_job_counts(recover, jobs):
    jobs.left["jr_1"] = job_run("jr_1_attempt_2", "a", RunState.SUCCEEDED)
    run = recover()
    assert [each.job for each in jobs.started] == ["c"]
    assert run.fired == ["t1", "t3"]


def test_what_was_stopping_begins_nothing(recover, jobs):
    run = recover(status=RunStatus.STOPPING)
    assert (jobs.started, run.status, run.completed) == ([], RunStatus.STOPPED, 5.0)


def test_a_job_that_is_no_more_is_an_error(recover):
    run = recover(job="gone")
    assert (run.status, run.activities[0].state) == (RunStatus.COMPLETED, "ERROR")
    assert run.activities[0].error == "Failed to find Job with name: gone"


def test_a_run_that_ended_stays_as_it_is(recover, jobs):
    assert recover(status=RunStatus.COMPLETED).status is RunStatus.COMPLETED
    assert jobs.started == []
