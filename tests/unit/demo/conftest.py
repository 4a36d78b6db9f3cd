"""A world of scripted services behind real boto3 clients: botocore validates what the course asks for."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sandbox.demo.dataset import DataFile, Dataset, Kind
from sandbox.demo.stages import Progress, Stage
from sandbox.demo.track import CENSUS
from sandbox.demo.waiting import Wait
from sandbox.demo.workflow import Account, Course
from sandbox.notebook import note as notes
from sandbox.notebook.note import Code, Message, Note, Paragraph, Result

CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
RAW = b"39, State-gov, <=50K\n\n"


class Refusal(Exception):
    """What a scripted operation raises to answer with an error of AWS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


class World:
    """Glue and EMR as scripted, S3 and CloudWatch Logs as moto has them.

    A test changes what happens by replacing an entry of `answers`: operation -> function of the request.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.client = client
        self.now = 0.0
        self.crawls = 0
        self.cluster_state = "WAITING"
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "CreateDatabase": lambda _: {},
            "CreateCrawler": lambda _: {},
            "StartCrawler": self._crawl,
            "GetCrawler": lambda _: {"Crawler": self._crawler()},
            "GetTables": lambda _: {
                "TableList": [self.table("adult_data", {f"col{i}": "string" for i in range(3)}, 1)]
            },
            "GetTable": lambda request: {
                "Table": self.table(request["Name"], {"age": "bigint", "income": "string"})
            },
            "CreateJob": lambda request: {"Name": request["Name"]},
            "StartJobRun": lambda _: {"JobRunId": "jr_1"},
            "GetJobRun": lambda _: self.job_run("SUCCEEDED"),
            "BatchStopJobRun": lambda _: {"SuccessfulSubmissions": [], "Errors": []},
            "RunJobFlow": lambda _: {"JobFlowId": "j-1"},
            "DescribeCluster": lambda _: {"Cluster": self.cluster()},
            "ListInstanceGroups": lambda _: {
                "InstanceGroups": [
                    {"InstanceGroupType": "MASTER", "RunningInstanceCount": 1},
                    {"InstanceGroupType": "CORE", "RunningInstanceCount": 1},
                ]
            },
            "ListBootstrapActions": lambda _: {"BootstrapActions": [{"Name": "check-node"}]},
            "AddJobFlowSteps": self._add_step,
            "DescribeStep": lambda request: self.step(request["StepId"], "COMPLETED"),
            "StartNotebookExecution": self._explore,
            "DescribeNotebookExecution": lambda _: self.execution("FINISHED"),
            "TerminateJobFlows": self._terminate,
        }

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """The requests of an operation."""
        return [request for name, request in self.calls if name == operation]

    def refuse(self, operation: str, code: str, message: str) -> None:
        """From now on the operation answers with this error."""

        def answer(_: dict[str, Any]) -> dict[str, Any]:
            raise Refusal(code, message)

        self.answers[operation] = answer

    def answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        request = json.loads(params["body"])
        self.calls.append((model.name, request))
        try:
            parsed = self.answers[model.name](request)
        except Refusal as refusal:
            error = {"Code": refusal.code, "Message": refusal.message}
            return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": {}}
        return SimpleNamespace(status_code=200), {**parsed, "ResponseMetadata": {}}

    # --- what the services say

    def _crawl(self, _: dict[str, Any]) -> dict[str, Any]:
        self.crawls += 1
        return {}

    def _crawler(self) -> dict[str, Any]:
        last = {"Status": "SUCCEEDED", "StartTime": self.crawls}
        return {"State": "READY", **({"LastCrawl": last} if self.crawls else {})}

    def table(self, name: str, columns: dict[str, str], rows: int | None = None) -> dict[str, Any]:
        count = {"recordCount": str(rows)} if rows is not None else {}
        return {
            "Name": name,
            "Parameters": {"classification": "csv", **count},
            "PartitionKeys": [],
            "StorageDescriptor": {
                "Columns": [{"Name": column, "Type": kind} for column, kind in columns.items()],
                "Location": f"s3://census-test-raw/{name}/",
            },
        }

    def job_run(self, state: str, **more: str) -> dict[str, Any]:
        return {"JobRun": {"JobRunState": state, "LogGroupName": "/aws-glue/jobs", **more}}

    def cluster(self, reason: str = "") -> dict[str, Any]:
        return {
            "Id": "j-1",
            "LogUri": "s3://census-test-logs/",
            "MasterPublicDnsName": "master",
            "Applications": [{"Name": "Spark", "Version": "3.5.9"}],
            "Status": {"State": self.cluster_state, "StateChangeReason": {"Message": reason}, "Timeline": {}},
        }

    def step(self, id: str, state: str, **details: str) -> dict[str, Any]:
        return {"Step": {"Id": id, "Status": {"State": state, "FailureDetails": details}}}

    def _add_step(self, request: dict[str, Any]) -> dict[str, Any]:
        """The step's effect: the object that its script would have written."""
        name = request["Steps"][0]["Name"]
        metrics = {"accuracy": 0.8, "auc": 0.7, "majority": 0.6, "rows": 10, "test_rows": 2}
        scored = "".join(
            json.dumps({"input": record, "prediction": ">50K"}) + "\n" for record in CENSUS.records
        )
        written = {"train": ("metrics.json", json.dumps(metrics)), "predict": ("scored.json", scored)}
        key, text = written[name]
        self.client("s3").put_object(Bucket="census-test-model", Key=key, Body=text.encode())
        return {"StepIds": [f"s-{name}"]}

    def _explore(self, request: dict[str, Any]) -> dict[str, Any]:
        """The execution's effect: the note with its results."""
        tables = ("table\nadult_data\nadult_data_clean\n", "income\tpeople\n<=50K\t7\n>50K\t3\n")
        paragraphs = tuple(
            Paragraph(f"p{n}", results=Result(Code.SUCCESS, (Message("TABLE", table),)))
            for n, table in enumerate(tables)
        )
        target = request["OutputNotebookS3Location"]
        text = notes.write(Note("2X", "/x", paragraphs))
        self.client("s3").put_object(Bucket=target["Bucket"], Key=target["Key"], Body=text.encode())
        return {"NotebookExecutionId": "ex-1"}

    def execution(self, status: str, reason: str = "") -> dict[str, Any]:
        return {"NotebookExecution": {"Status": status, "LastStateChangeReason": reason}}

    def _terminate(self, _: dict[str, Any]) -> dict[str, Any]:
        self.cluster_state = "TERMINATED"
        return {}


class Heard:
    """A narrator that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.progressed: list[tuple[str, Progress]] = []

    def begun(self, stage: str) -> None:
        self.events.append(("begun", stage))

    def progress(self, stage: str, progress: Progress) -> None:
        self.progressed.append((stage, progress))

    def ended(self, stage: Stage) -> None:
        self.events.append((str(stage.state), stage.name))


@pytest.fixture(scope="session")
def clients() -> Iterator[dict[str, Any]]:
    """Made once: a client takes longer to make than a test to run."""
    made = {service: boto3.client(service, **CREDENTIALS) for service in ("s3", "logs", "glue", "emr")}
    yield made
    for client in made.values():
        client.close()


@pytest.fixture
def world(clients: dict[str, Any]) -> Iterator[World]:
    world = World(clients.__getitem__)
    scripted = [clients["glue"].meta.events, clients["emr"].meta.events]
    for events in scripted:
        events.register("before-call", world.answer)
    with mock_aws():
        logs = clients["logs"]
        logs.create_log_group(logGroupName="/aws-glue/jobs/output")
        logs.create_log_stream(logGroupName="/aws-glue/jobs/output", logStreamName="jr_1")
        now = int(time.time() * 1000)
        lines = ["rows read: 3", "something else", "rows written: 2"]
        logs.put_log_events(
            logGroupName="/aws-glue/jobs/output",
            logStreamName="jr_1",
            logEvents=[{"timestamp": now + n, "message": line} for n, line in enumerate(lines)],
        )
        yield world
    for events in scripted:
        events.unregister("before-call", world.answer)


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    for script in CENSUS.scripts:
        (tmp_path / script).write_text(f"# {script}\n")
    note = tmp_path / "notebooks" / CENSUS.note
    note.parent.mkdir(parents=True)
    note.write_text('{"name": "explore", "paragraphs": []}')
    return tmp_path


@pytest.fixture
def course(world: World, jobs: Path) -> Callable[..., Course]:
    def make(sleep: Callable[[float], None] | None = None, **options: Any) -> Course:
        def rest(seconds: float) -> None:
            # A test's clock runs a thousand times as fast: a limit is reached after a few looks.
            world.now += 1000 * seconds

        file = DataFile("adult_data/adult.data", len(RAW), lambda: io.BytesIO(RAW))
        dataset = Dataset("test", Kind.GIVEN, "nowhere", "none", "here", (file,))
        account = Account(world.client, "test")
        wait = Wait(lambda: world.now, sleep or rest)
        return Course(CENSUS, dataset, account, jobs, wait, Heard(), **options)

    return make
