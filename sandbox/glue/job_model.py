"""Glue jobs and their runs: frozen values, stored as documents, and the rules between them. Pure.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sandbox.aws.operations import Document
from sandbox.errors import AwsError

ETL, PYTHON_SHELL = "glueetl", "pythonshell"
DEFAULT_TIMEOUT = 480
"""Minutes, as for Glue 5; Python shell jobs have 2,880."""

REFUSED_ARGUMENTS = {
    "--additional-python-modules": "installing modules for a run",
    "--extra-jars": "further jars for a run",
    "--python-modules-installer-option": "installing modules for a run",
}
"""Arguments that change what runs and are not emulated."""


class RunState(StrEnum):
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"


ACTIVE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.STOPPING})


@dataclass(frozen=True)
class Job:
    """A job as it was defined. `definition` is what CreateJob was given, without its name and tags."""

    name: str
    definition: dict[str, Any]
    created: float
    modified: float

    @property
    def command(self) -> str:
        """`glueetl` or `pythonshell`."""
        return str(self.definition["Command"].get("Name", ETL))

    @property
    def script(self) -> str:
        """Where the script lies."""
        return str(self.definition["Command"].get("ScriptLocation", ""))

    @property
    def max_retries(self) -> int:
        """How often a failed run is tried again."""
        return int(self.definition.get("MaxRetries", 0))

    @property
    def max_concurrent(self) -> int:
        """How many runs may be active at once."""
        return int(self.definition.get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1))

    @property
    def timeout(self) -> int:
        """Minutes after which a run ends as TIMEOUT."""
        default = 2880 if self.command == PYTHON_SHELL else DEFAULT_TIMEOUT
        return int(self.definition.get("Timeout") or default)


@dataclass(frozen=True)
class Origin:
    """What started a run: a trigger, in a workflow run or in a chain of triggers outside of workflows.

    `predecessors` are the job runs whose end made the trigger fire.
    """

    trigger: str
    run: str
    workflow: str | None = None
    predecessors: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class JobRun:
    """One run. Times are in seconds since the epoch, `timeout` in minutes."""

    id: str
    job: str
    state: RunState
    arguments: dict[str, str]
    started: float
    timeout: int
    attempt: int = 0
    previous: str | None = None
    modified: float = 0.0
    completed: float | None = None
    error: str | None = None
    message: str | None = None
    origin: Origin | None = None

    @property
    def first_attempt(self) -> str:
        """The id of the run of which this is an attempt, perhaps its own."""
        return self.id.partition(_ATTEMPT)[0]


def check_definition(definition: Document) -> None:
    """Raise Glue's error for a definition that cannot run here."""
    command = definition.get("Command", {})
    name = command.get("Name", ETL)
    if name not in (ETL, PYTHON_SHELL):
        raise AwsError("NotEmulated", f"EMR Sandbox does not emulate jobs of type {name!r}", status=501)
    if not command.get("ScriptLocation"):
        raise AwsError("InvalidInputException", "Script location cannot be empty. (Command.ScriptLocation)")
    if definition.get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1) < 1:
        raise AwsError("InvalidInputException", "MaxConcurrentRuns must be at least 1")
    if definition.get("Connections", {}).get("Connections"):
        raise AwsError("NotEmulated", "EMR Sandbox does not emulate connections of a job", status=501)
    check_arguments(definition.get("DefaultArguments", {}))


def check_arguments(arguments: dict[str, str]) -> None:
    """Refuse by name an argument that would change the run and is not emulated."""
    for name, what in REFUSED_ARGUMENTS.items():
        if name in arguments:
            raise AwsError("NotEmulated", f"EMR Sandbox does not emulate {name} ({what})", status=501)


def check_concurrency(job: Job, active: int) -> None:
    """Raise when one more run would be too many."""
    if active >= job.max_concurrent:
        raise AwsError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {job.name}")


def effective_arguments(job: Job, run: JobRun) -> dict[str, str]:
    """The job's default arguments with the run's on top."""
    return {**job.definition.get("DefaultArguments", {}), **run.arguments}


def script_arguments(job: Job, run: JobRun) -> list[str]:
    """What the script finds in `sys.argv`: Glue's own names, then every argument."""
    given = {"--JOB_NAME": job.name, "--JOB_RUN_ID": run.id, **_workflow_arguments(run)}
    given |= effective_arguments(job, run)
    return [part for name, value in given.items() for part in ((name, value) if value != "" else (name,))]


def _workflow_arguments(run: JobRun) -> dict[str, str]:
    """The names by which a script reaches the properties of its workflow run."""
    if run.origin is None or run.origin.workflow is None:
        return {}
    return {"--WORKFLOW_NAME": run.origin.workflow, "--WORKFLOW_RUN_ID": run.origin.run}


def retry(run: JobRun, job: Job, now: float) -> JobRun | None:
    """The run that follows a failed one, or None when the retries are used up."""
    if run.state is not RunState.FAILED or run.attempt >= job.max_retries:
        return None
    attempt = run.attempt + 1
    return JobRun(
        id=attempt_id(run.first_attempt, attempt),
        job=run.job,
        state=RunState.STARTING,
        arguments=run.arguments,
        started=now,
        timeout=run.timeout,
        attempt=attempt,
        previous=run.id,
        modified=now,
        origin=run.origin,
    )


def attempt_id(first: str, attempt: int) -> str:
    """The id of a further attempt of a run."""
    return f"{first}{_ATTEMPT}{attempt}" if attempt else first


def ended(run: JobRun, state: RunState, now: float, error: str | None = None) -> JobRun:
    """The run at its end."""
    return replace(run, state=state, modified=now, completed=now, error=error)


def describe_job(job: Job) -> Document:
    """GetJob's Job."""
    return {
        "GlueVersion": "5.0",
        "MaxRetries": 0,
        "ExecutionProperty": {"MaxConcurrentRuns": job.max_concurrent},
        **job.definition,
        "Timeout": job.timeout,
        "Name": job.name,
        "CreatedOn": job.created,
        "LastModifiedOn": job.modified,
    }


def describe_run(run: JobRun, job: Job | None, now: float) -> Document:
    """GetJobRun's JobRun. `ExecutionTime` is in seconds."""
    definition = job.definition if job else {}
    recorded = {name: definition[name] for name in _RECORDED if name in definition}
    return {
        "GlueVersion": "5.0",
        **recorded,
        "Id": run.id,
        "JobName": run.job,
        "Attempt": run.attempt,
        "PreviousRunId": run.previous,
        "StartedOn": run.started,
        "LastModifiedOn": run.modified or run.started,
        "CompletedOn": run.completed,
        "JobRunState": run.state,
        "Arguments": run.arguments,
        "ErrorMessage": run.error,
        "TriggerName": run.origin.trigger if run.origin else None,
        "PredecessorRuns": run.origin.predecessors if run.origin else [],
        "ExecutionTime": int((run.completed or now) - run.started),
        "Timeout": run.timeout,
        "LogGroupName": LOG_GROUP,
    }


LOG_GROUP = "/aws-glue/jobs"
_ATTEMPT = "_attempt_"
_RECORDED = ("GlueVersion", "WorkerType", "NumberOfWorkers", "MaxCapacity", "SecurityConfiguration")
