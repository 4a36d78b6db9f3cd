"""The course, stage by stage: upload, crawl, etl, cluster, train, explore, predict, terminate.

A stage that fails ends the work: those after it are skipped, but a cluster that was launched is always
terminated, unless the caller wants to keep it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.demo import cluster, crawl, etl, explore
from sandbox.demo.dataset import Dataset
from sandbox.demo.stages import (
    Crawled,
    Explored,
    Launched,
    Narrator,
    Predicted,
    Progress,
    Results,
    Stage,
    StageFailed,
    StageState,
    Terminated,
    Trained,
    Transformed,
    Uploaded,
)
from sandbox.demo.storage import Buckets, Storage
from sandbox.demo.track import Track
from sandbox.demo.waiting import Wait
from sandbox.errors import SandboxError

BOOTSTRAP = "check_node.sh"
_FAULTS = (ClientError, BotoCoreError, Boto3Error, SandboxError, OSError, ValueError)


@dataclass(frozen=True)
class Account:
    """Where the course runs. `client` makes boto3 clients; `suffix` makes bucket names unique.

    `master_ui` tells the address of a cluster's Spark master page, where that can be known.
    """

    client: Callable[[str], Any]
    suffix: str
    glue_role: str = "AWSGlueServiceRole-course"
    service_role: str = "EMR_DefaultRole"
    instance_role: str = "EMR_EC2_DefaultRole"
    master_ui: Callable[[str], str | None] = lambda _: None


@dataclass
class Course:
    """One run of the course. `jobs` is the folder of job scripts."""

    track: Track
    dataset: Dataset
    account: Account
    jobs: Path
    wait: Wait
    narrator: Narrator
    keep: bool = False
    cluster_id: str | None = field(default=None, init=False)
    _run_id: str | None = field(default=None, init=False)
    _launch_fault: Exception | None = field(default=None, init=False)

    def run(self) -> list[Stage]:
        """Every stage's outcome. When interrupted, what was started is ended before the interrupt goes on."""
        stages: list[Stage] = []
        work: dict[str, Callable[[], Results]] = {
            "upload": self._upload,
            "crawl": self._crawl,
            "etl": self._etl,
            "cluster": self._cluster,
            "train": self._train,
            "explore": self._explore,
            "predict": self._predict,
        }
        try:
            for name, perform in work.items():
                failed = any(stage.state is StageState.FAILED for stage in stages)
                stages.append(self._skip(name) if failed else self._perform(name, perform))
            stages.append(self._end())
        except BaseException:
            self._abandon()
            raise
        return stages

    # --- stages

    def _upload(self) -> Uploaded:
        for bucket in self.buckets.all():
            self.storage.make(bucket)
        # What an earlier run left would be crawled, and read, as well.
        for role in ("raw", "clean", "model"):
            self.storage.empty(self.buckets.name(role))
        total, sent = self.dataset.size, 0

        def count(part: int) -> None:
            nonlocal sent
            sent += part
            self.narrator.progress("upload", Progress("uploading", sent, total))

        for file in self.dataset.files:
            with file.open() as source:
                self.storage.upload(source, self.buckets.name("raw"), file.key, count)
        scripts = self.buckets.name("scripts")
        for script in self.track.scripts:
            self.storage.write(scripts, script, (self.jobs / script).read_text())
        self.storage.write(scripts, BOOTSTRAP, (Path(__file__).parent / BOOTSTRAP).read_text())
        note = (self.jobs / "notebooks" / self.track.note).read_text()
        self.storage.write(scripts, self.track.note, note)
        records = "".join(json.dumps(record) + "\n" for record in self.track.records)
        self.storage.write(self.buckets.name("model"), "input/new.json", records)
        uris = tuple(self._script(name) for name in (*self.track.scripts, BOOTSTRAP))
        return Uploaded(total, len(self.dataset.files), self.buckets.uri("raw"), uris)

    def _crawl(self) -> Crawled:
        glue = self.account.client("glue")
        crawl.define(glue, self.track, self.account.glue_role, self.buckets.uri("raw"))
        self.narrator.progress("crawl", Progress(f"crawler {self.track.crawler}"))
        return crawl.crawl(glue, self.track, self.wait)

    def _etl(self) -> Transformed:
        glue, logs = self.account.client("glue"), self.account.client("logs")
        target = self.buckets.uri("clean", f"{self.track.clean_table}/")
        etl.define(glue, self.track, self.account.glue_role, self._script(self.track.etl_script), target)
        run_id = self._run_id = etl.start(glue, self.track)
        # The cluster starts while the job runs: neither waits for the other.
        self._launch()
        beside = f"; cluster {self.cluster_id} starts meanwhile" if self.cluster_id else ""

        def tell(state: str) -> None:
            text = f"job {self.track.job} {state}{beside}"
            self.narrator.progress("etl", Progress(text, work=run_id))

        transformed = etl.finish(glue, logs, self.track, run_id, target, self.wait, tell)
        self._run_id = None
        return transformed

    def _launch(self) -> None:
        """Ask for the cluster; a fault is the cluster stage's to tell."""
        request = cluster.request(
            f"{self.track.name}-course",
            self.buckets.uri("logs"),
            self._script(BOOTSTRAP),
            self.account.service_role,
            self.account.instance_role,
            self.track.name,
        )
        try:
            self.cluster_id = str(self.account.client("emr").run_job_flow(**request)["JobFlowId"])
        except (ClientError, BotoCoreError) as error:
            self._launch_fault = error

    def _cluster(self) -> Launched:
        if self._launch_fault is not None:
            raise self._launch_fault
        emr, id = self.account.client("emr"), self._launched()

        def tell(state: str) -> None:
            self.narrator.progress("cluster", Progress(f"{id} {state}"))

        found = cluster.ready(emr, id, self.wait, tell)
        actions = emr.list_bootstrap_actions(ClusterId=id)["BootstrapActions"]
        timeline = found["Status"]["Timeline"]
        return Launched(
            cluster_id=id,
            nodes=cluster.nodes(emr, id),
            applications={entry["Name"]: entry.get("Version", "") for entry in found["Applications"]},
            bootstrap_actions=tuple(action["Name"] for action in actions),
            master=found.get("MasterPublicDnsName", ""),
            master_ui=self.account.master_ui(id),
            logs=f"{self.buckets.uri('logs')}{id}/",
            ready_seconds=_seconds(timeline.get("CreationDateTime"), timeline.get("ReadyDateTime")),
            during="etl",
        )

    def _train(self) -> Trained:
        model, metrics = self.buckets.uri("model", "tree"), self.buckets.uri("model", "metrics.json")
        arguments = ["--database", self.track.database, "--table", self.track.clean_table]
        arguments += ["--model-path", model, "--metrics-path", metrics]
        step = cluster.spark_submit(
            "train",
            self._script(self.track.train_script),
            arguments,
            [self._script(module) for module in self.track.modules],
        )
        id = self._step("train", step)
        return Trained(id, model, metrics, json.loads(self.storage.read(metrics)))

    def _explore(self) -> Explored:
        source, target = self._script(self.track.note), self.buckets.uri("model", "explored.zpln")

        def tell(id: str, state: str) -> None:
            self.narrator.progress("explore", Progress(f"notebook execution {id} {state}"))

        role = self.account.service_role
        emr, cluster_id = self.account.client("emr"), self._launched()
        id = explore.run(emr, cluster_id, source, target, role, self.wait, tell)
        return explore.read(id, source, target, self.storage.read(target))

    def _predict(self) -> Predicted:
        model = self.buckets.uri("model", "tree")
        source, target = self.buckets.uri("model", "input/new.json"), self.buckets.uri("model", "scored.json")
        arguments = ["--model", model, "--input", source, "--output", target]
        id = self._step(
            "predict",
            cluster.spark_submit("predict", self._script(self.track.predict_script), arguments),
        )
        lines = self.storage.read(target).splitlines()
        predictions = tuple(json.loads(line) for line in lines)
        if len(predictions) != len(self.track.records):
            raise StageFailed(
                f"{len(self.track.records)} records gave {len(predictions)} predictions", target
            )
        return Predicted(id, source, target, predictions)

    def _step(self, stage: str, step: dict[str, Any]) -> str:
        def tell(id: str, state: str) -> None:
            self.narrator.progress(stage, Progress(f"step {id} {state}", work=id))

        return cluster.run_step(self.account.client("emr"), self._launched(), step, self.wait, tell)

    def _terminate(self) -> Terminated:
        emr, id = self.account.client("emr"), self._launched()

        def tell(state: str) -> None:
            self.narrator.progress("terminate", Progress(f"{id} {state}"))

        return Terminated(id, cluster.terminate(emr, id, self.wait, tell))

    # --- how stages begin and end

    def _perform(self, name: str, work: Callable[[], Results]) -> Stage:
        self.narrator.begun(name)
        began = self.wait.clock()
        try:
            results = work()
        except _FAULTS as error:
            log = error.log if isinstance(error, StageFailed) else ""
            stage = Stage(name, StageState.FAILED, self.wait.clock() - began, None, _reason(error), log)
        else:
            stage = Stage(name, StageState.COMPLETED, self.wait.clock() - began, results)
        self.narrator.ended(stage)
        return stage

    def _skip(self, name: str, results: Results | None = None) -> Stage:
        stage = Stage(name, StageState.SKIPPED, 0.0, results)
        self.narrator.ended(stage)
        return stage

    def _end(self) -> Stage:
        if self.cluster_id is None:
            return self._skip("terminate")
        if self.keep:
            described = self.account.client("emr").describe_cluster(ClusterId=self.cluster_id)
            state = described["Cluster"]["Status"]["State"]
            return self._skip("terminate", Terminated(self.cluster_id, state, kept=True))
        return self._perform("terminate", self._terminate)

    def _abandon(self) -> None:
        """End what runs, without waiting; what cannot be ended must not hide why we are here."""
        if self._run_id:
            with _quiet():
                etl.stop(self.account.client("glue"), self.track, self._run_id)
        if self.cluster_id and not self.keep:
            with _quiet():
                self.account.client("emr").terminate_job_flows(JobFlowIds=[self.cluster_id])

    # --- names

    @property
    def buckets(self) -> Buckets:
        """The course's buckets."""
        return Buckets(self.track.name, self.account.suffix)

    @property
    def storage(self) -> Storage:
        """The account's S3."""
        return Storage(self.account.client("s3"))

    def _script(self, name: str) -> str:
        return self.buckets.uri("scripts", name)

    def _launched(self) -> str:
        if self.cluster_id is None:
            raise StageFailed("No cluster was launched")
        return self.cluster_id


def _reason(error: Exception) -> str:
    """What went wrong, in the service's own words where it has some."""
    if isinstance(error, ClientError):
        told = error.response["Error"]
        return f"{told['Code']}: {told.get('Message', '')}"
    return str(error) or type(error).__name__


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return round((end - start).total_seconds(), 3) if start and end else None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.suppress(ClientError, BotoCoreError):
        yield
