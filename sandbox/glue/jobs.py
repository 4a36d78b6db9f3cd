"""Job runs as they happen: the script is fetched and run, its exit decides the state.

A script runs in plain Python. When it asks for a SparkContext it gets one of its own with `local[*]`, as
Glue's workers belong to no cluster of the user's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cattrs

from sandbox.errors import AwsError, WorkFailed
from sandbox.glue import job_model
from sandbox.glue.bookmarks import Bookmarks
from sandbox.glue.job_model import ACTIVE, LOG_GROUP, Job, JobRun, RunState
from sandbox.glue.log_stream import LogStream, ShipError
from sandbox.runtime.machine import Running
from sandbox.runtime.process import Command, tail
from sandbox.runtime.processes import Processes
from sandbox.runtime.workers import Workers
from sandbox.s3.transfer import download
from sandbox.spark.configuration import (
    Installation,
    Services,
    base_properties,
    catalog_properties,
    environment,
    write_conf,
)
from sandbox.spark.failure import cause
from sandbox.store import Database, Documents, Journal

_log = logging.getLogger(__name__)

POLL = 0.5
"""Seconds between two looks at a running script."""
LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True)
class Site:
    """What all job runs of a sandbox share. `minute` is the length of a minute of Timeout in seconds."""

    installation: Installation
    services: Services
    runs: Path
    event_log: Path
    warehouse: str
    outer: Mapping[str, str]
    application_ui: int
    minute: float = 60.0


class JobRunner:
    """Owns jobs and runs. `client` makes boto3 clients on the sandbox's own endpoint."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        processes: Processes,
        site: Site,
        client: Callable[[str], Any],
        clock: Callable[[], float],
    ) -> None:
        self._jobs = Documents(database, "job")
        self._runs = Documents(database, "job_run")
        self._journal = journal
        self._processes = processes
        self._site = site
        self._client = client
        self._clock = clock
        self._lock = threading.RLock()
        self.bookmarks = Bookmarks(database, self.run)
        self._workers = Workers()
        self._told: list[Callable[[JobRun], None]] = []

    def on_end(self, tell: Callable[[JobRun], None]) -> None:
        """Have `tell` called with each run that ended and is not tried again."""
        self._told.append(tell)

    # --- jobs

    def job(self, name: str) -> Job | None:
        """The job of this name, or None."""
        document = self._jobs.get(name)
        return cattrs.structure(document, Job) if document else None

    def existing(self, name: str) -> Job:
        """The job of this name. Raises EntityNotFoundException."""
        job = self.job(name)
        if job is None:
            raise AwsError("EntityNotFoundException", f"Failed to find Job with name: {name}")
        return job

    def jobs(self) -> list[Job]:
        """Every job, oldest first."""
        return [cattrs.structure(document, Job) for document in self._jobs.all()]

    def add(self, job: Job) -> bool:
        """Store a new job; False when the name is taken."""
        return self._jobs.add(job.name, cattrs.unstructure(job))

    def replace(self, job: Job) -> None:
        """Store a changed job."""
        self._jobs.put(job.name, cattrs.unstructure(job))

    def delete(self, name: str) -> None:
        """Forget a job; its runs stay readable by nobody, as in Glue."""
        self._jobs.delete(name)
        self.bookmarks.delete(name)

    # --- runs

    def run(self, id: str) -> JobRun | None:
        """The run with this id, or None."""
        document = self._runs.get(id)
        return cattrs.structure(document, JobRun) if document else None

    def runs(self, job: str) -> list[JobRun]:
        """The runs of a job, newest first."""
        runs = [cattrs.structure(document, JobRun) for document in reversed(self._runs.all())]
        return [run for run in runs if run.job == job]

    def last_attempt(self, first: str) -> JobRun | None:
        """The latest attempt of the run with this id, or None when there is no such run."""
        latest = self.run(first)
        while latest and (following := self.run(job_model.attempt_id(first, latest.attempt + 1))):
            latest = following
        return latest

    def active(self) -> list[JobRun]:
        """The runs that have not ended."""
        runs = [cattrs.structure(document, JobRun) for document in self._runs.all()]
        return [run for run in runs if run.state in ACTIVE]

    def start_run(self, job: Job, run: JobRun) -> None:
        """Begin a run; `ConcurrentRunsExceededException` when too many are active."""
        self._workers.admit()
        with self._lock:
            active = sum(other.state in ACTIVE for other in self.runs(job.name))
            job_model.check_concurrency(job, active)
            self._begin(job, run)

    def stop_run(self, id: str) -> None:
        """Ask a run to stop; it ends as STOPPED. `JobRunNotInTerminalStateException` is the caller's."""
        with self._lock:
            run = self.run(id)
            if run is None or run.state not in (RunState.STARTING, RunState.RUNNING):
                return
            self._save(replace(run, state=RunState.STOPPING, modified=self._clock()))
        self._processes.stop(id, id)

    # --- the sandbox's own life

    def start(self) -> None:
        """Settle the runs that a crash left behind."""
        for run in self.active():
            why = "The sandbox ended while the job ran, and so did the job."
            self._keep_bookmark(run)
            self._save(job_model.ended(run, RunState.FAILED, self._clock(), why))

    def stop(self) -> None:
        """Stop every run and wait for its thread."""
        self._workers.refuse_new()
        for run in self.active():
            self.stop_run(run.id)
        self._workers.join()

    # --- a run

    def _begin(self, job: Job, run: JobRun) -> None:
        self._save(run)
        self._workers.start(run.id, lambda: self._perform(job, run))

    def _perform(self, job: Job, run: JobRun) -> None:
        try:
            state, error = self._execute(job, run)
        except WorkFailed as fault:
            state, error = RunState.FAILED, str(fault)
        except Exception as fault:
            _log.exception("%s", run.id)
            state, error = RunState.FAILED, f"{type(fault).__name__}: {fault}"
        with self._lock:
            current = self.run(run.id) or run
            if current.state is RunState.STOPPING:
                state, error = RunState.STOPPED, None
            self._keep_bookmark(run)
            last = job_model.ended(current, state, self._clock(), error)
            self._save(last)
            following = job_model.retry(last, job, self._clock())
            if following is not None and not self._workers.ending:
                self._begin(job, following)
                return
        # Outside of the lock: what is told may start further runs.
        for tell in self._told:
            tell(last)

    def _execute(self, job: Job, run: JobRun) -> tuple[RunState, str | None]:
        folder = self._site.runs / run.id
        folder.mkdir(parents=True, exist_ok=True)
        logs = self._client("logs")
        streams = [
            LogStream(logs, f"{LOG_GROUP}/{name}", run.id, folder / file, self._clock)
            for name, file in (("output", "stdout"), ("error", "stderr"))
        ]
        for stream in streams:
            stream.create()
        try:
            process = self._processes.start(self._command(job, run, folder))
            self._running(run)
            return self._follow(process, run, streams)
        finally:
            self._processes.close(run.id)
            _ship(streams, final=True)

    def _running(self, run: JobRun) -> None:
        with self._lock:
            current = self.run(run.id) or run
            if current.state is RunState.STARTING:
                self._save(replace(current, state=RunState.RUNNING, modified=self._clock()))
            else:
                # Asked to stop between the thread's start and the process's.
                self._processes.stop(run.id, run.id)

    def _follow(self, process: Running, run: JobRun, streams: list[LogStream]) -> tuple[RunState, str | None]:
        deadline = time.monotonic() + run.timeout * self._site.minute
        while (returncode := process.wait(POLL)) is None:
            _ship(streams)
            if time.monotonic() > deadline:
                process.stop()
                return RunState.TIMEOUT, f"Job run timed out after {run.timeout} minutes"
        if returncode == 0:
            return RunState.SUCCEEDED, None
        why = cause(tail(process.command.stderr, 64 * 1024))
        return RunState.FAILED, why or f"The script ended with exit code {returncode}"

    def _command(self, job: Job, run: JobRun, folder: Path) -> Command:
        site, s3 = self._site, self._client("s3")
        script = download(s3, job.script, folder / Path(job.script).name)
        arguments = job_model.effective_arguments(job, run)
        for uri in filter(None, arguments.get("--extra-py-files", "").split(",")):
            download(s3, uri.strip(), folder / "python" / Path(uri).name)
        extra = [folder / "python", *sorted((folder / "python").glob("*.zip"))]
        conf = write_conf(folder / "conf", self._properties(arguments))
        variables = environment(site.installation, site.services, conf, site.outer, [LIBRARY, *extra])
        python = str(site.installation.python)
        return Command(
            name=run.id,
            argv=(python, str(script), *job_model.script_arguments(job, run)),
            # Python starts the JVM: spark-submit would join standard error to standard output.
            environment={
                **variables,
                "PYSPARK_SUBMIT_ARGS": "--master local[*] pyspark-shell",
                "SANDBOX_JOB_BOOKMARK": str(self._committed(run)),
            },
            directory=folder,
            stdout=folder / "stdout",
            stderr=folder / "stderr",
            owner=run.id,
        )

    def _properties(self, arguments: Mapping[str, str]) -> dict[str, str]:
        site = self._site
        catalog = {"spark.sql.catalogImplementation": "in-memory"}
        if arguments.get("--enable-glue-datacatalog", "false") in ("", "true"):
            catalog = catalog_properties(site.services, site.warehouse)
        return {
            **base_properties(site.installation, site.services, site.event_log),
            **catalog,
            "spark.ui.port": str(site.application_ui),
            **_conf_argument(arguments.get("--conf", "")),
        }

    def _committed(self, run: JobRun) -> Path:
        """Where the script leaves its bookmark at `job.commit()`."""
        return self._site.runs / run.id / "bookmark.json"

    def _keep_bookmark(self, run: JobRun) -> None:
        """Take over what the script committed, however it ended afterwards."""
        with suppress(FileNotFoundError):
            self.bookmarks.commit(run, self._committed(run).read_text())

    def _save(self, run: JobRun) -> None:
        self._runs.put(run.id, cattrs.unstructure(run))
        self._journal.append(
            self._clock(), run.id, f"job run {run.state}", job=run.job, error=run.error or ""
        )


def new_run(
    job: Job,
    id: str,
    arguments: dict[str, str],
    timeout: int | None,
    now: float,
    origin: job_model.Origin | None = None,
) -> JobRun:
    """A run that is about to start. Raises for arguments that are not emulated."""
    job_model.check_arguments(arguments)
    return JobRun(
        id=id,
        job=job.name,
        state=RunState.STARTING,
        arguments=arguments,
        started=now,
        timeout=timeout or job.timeout,
        modified=now,
        origin=origin,
    )


def _conf_argument(text: str) -> dict[str, str]:
    """`--conf a=1 --conf b=2`, which Glue takes as the value of one argument. Pure."""
    pairs = [part.strip().partition("=") for part in text.split("--conf") if part.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}


def _ship(streams: list[LogStream], final: bool = False) -> None:
    """Send what is new; a log that cannot be sent does not change what the script did."""
    for stream in streams:
        try:
            stream.ship(final)
        except ShipError as error:
            _log.warning("CloudWatch Logs: %s", error)
