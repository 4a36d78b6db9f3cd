"""Glue's operations on jobs and job runs.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs.html
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.errors import AwsError
from sandbox.glue import job_model
from sandbox.glue.job_model import ACTIVE, Job, JobRun
from sandbox.glue.jobs import JobRunner, new_run
from sandbox.glue.requests import page, refuse_members
from sandbox.glue.tags import Kind, Tags

_PAGE = 100
_NOT_EMULATED = ("CodeGenConfigurationNodes", "SourceControlDetails", "NonOverridableArguments")


class JobOperations:
    """Jobs and their runs. `new_id` makes hexadecimal digits of a given length after a prefix."""

    def __init__(
        self, runner: JobRunner, tags: Tags, clock: Callable[[], float], new_id: Callable[[str, int], str]
    ) -> None:
        self._runner = runner
        self._tags = tags
        self._clock = clock
        self._new_id = new_id

    @operation(Fidelity.EXECUTED)
    def create_job(self, request: Document) -> Document:
        """CreateJob."""
        refuse_members("CreateJob", request, *_NOT_EMULATED)
        definition = {name: value for name, value in request.items() if name not in ("Name", "Tags")}
        job_model.check_definition(definition)
        now = self._clock()
        with self._tags.together():
            if not self._runner.add(Job(request["Name"], definition, now, now)):
                raise AwsError("AlreadyExistsException", f"Job with name: {request['Name']} already exists")
            self._tags.add(Kind.JOB, request["Name"], now, request.get("Tags", {}))
        return {"Name": request["Name"]}

    @operation(Fidelity.EXECUTED)
    def update_job(self, request: Document) -> Document:
        """UpdateJob: the definition is replaced whole, as Glue does."""
        job = self._runner.existing(request["JobName"])
        refuse_members("UpdateJob", request["JobUpdate"], *_NOT_EMULATED)
        job_model.check_definition(request["JobUpdate"])
        self._runner.replace(Job(job.name, request["JobUpdate"], job.created, self._clock()))
        return {"JobName": job.name}

    @operation(Fidelity.EXECUTED)
    def delete_job(self, request: Document) -> Document:
        """DeleteJob; a job that does not exist is no error, as in Glue."""
        self._runner.delete(request["JobName"])
        return {"JobName": request["JobName"]}

    @operation(Fidelity.EXECUTED)
    def get_job(self, request: Document) -> Document:
        """GetJob."""
        return {"Job": job_model.describe_job(self._runner.existing(request["JobName"]))}

    @operation(Fidelity.EXECUTED)
    def get_jobs(self, request: Document) -> Document:
        """GetJobs, by name."""
        jobs = {job.name: job_model.describe_job(job) for job in self._runner.jobs()}
        chosen, following = page(dict(sorted(jobs.items())), request, _PAGE, "GetJobs")
        return {"Jobs": chosen, **following}

    @operation(Fidelity.EXECUTED)
    def list_jobs(self, request: Document) -> Document:
        """ListJobs: the names. Filtering by tags is refused."""
        refuse_members("ListJobs", request, "Tags")
        names = {job.name: job.name for job in self._runner.jobs()}
        chosen, following = page(dict(sorted(names.items())), request, _PAGE, "ListJobs")
        return {"JobNames": chosen, **following}

    @operation(Fidelity.EXECUTED)
    def batch_get_jobs(self, request: Document) -> Document:
        """BatchGetJobs."""
        found = {name: self._runner.job(name) for name in request["JobNames"]}
        return {
            "Jobs": [job_model.describe_job(job) for job in found.values() if job],
            "JobsNotFound": [name for name, job in found.items() if job is None],
        }

    @operation(Fidelity.EXECUTED)
    def start_job_run(self, request: Document) -> Document:
        """StartJobRun. Running again by JobRunId is refused, as nothing is kept to resume from."""
        refuse_members("StartJobRun", request, "JobRunId", "NotificationProperty", "ExecutionClass")
        job = self._runner.existing(request["JobName"])
        id = self._new_id("jr_", 64)
        arguments = request.get("Arguments", {})
        run = new_run(job, id, arguments, request.get("Timeout"), self._clock())
        self._runner.start_run(job, run)
        return {"JobRunId": id}

    @operation(Fidelity.EXECUTED)
    def get_job_run(self, request: Document) -> Document:
        """GetJobRun."""
        run = self._run(request["JobName"], request["RunId"])
        return {"JobRun": self._describe(run)}

    @operation(Fidelity.EXECUTED)
    def get_job_runs(self, request: Document) -> Document:
        """GetJobRuns, newest first."""
        self._runner.existing(request["JobName"])
        # A page's keys are in ascending order; the newest run comes first.
        runs = {
            f"{1e11 - run.started:018.6f} {run.id}": self._describe(run)
            for run in self._runner.runs(request["JobName"])
        }
        chosen, following = page(dict(sorted(runs.items())), request, _PAGE, "GetJobRuns")
        return {"JobRuns": chosen, **following}

    @operation(Fidelity.EXECUTED)
    def batch_stop_job_run(self, request: Document) -> Document:
        """BatchStopJobRun: STOPPING at once, STOPPED when the script has ended."""
        name = request["JobName"]
        stopped: list[Document] = []
        errors: list[Document] = []
        for id in request["JobRunIds"]:
            run = self._runner.run(id)
            if run is None or run.job != name:
                detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": f"Job run {id} not found."}
            elif run.state not in ACTIVE:
                message = f"Job run {id} is {run.state} and cannot be stopped."
                detail = {"ErrorCode": "InvalidInputException", "ErrorMessage": message}
            else:
                self._runner.stop_run(id)
                stopped.append({"JobName": name, "JobRunId": id})
                continue
            errors.append({"JobName": name, "JobRunId": id, "ErrorDetail": detail})
        return {"SuccessfulSubmissions": stopped, "Errors": errors}

    def _describe(self, run: JobRun) -> Document:
        return job_model.describe_run(run, self._runner.job(run.job), self._clock())

    def _run(self, job: str, id: str) -> JobRun:
        run = self._runner.run(id)
        if run is None or run.job != job:
            raise AwsError(
                "EntityNotFoundException", f"Entity not found (Service: AWSGlue): JobRun {id} of {job}"
            )
        return run
