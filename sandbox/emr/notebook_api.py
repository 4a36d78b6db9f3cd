"""EMR's operations for notebook executions.

https://docs.aws.amazon.com/emr/latest/APIReference/API_StartNotebookExecution.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.emr.api import page
from sandbox.emr.describe import Naming
from sandbox.emr.model import ClusterState, NewId
from sandbox.emr.notebook_execution import Execution, NotebookExecutions, Status
from sandbox.emr.supervisor import Supervisor
from sandbox.errors import AwsError

_RECORDED = ("EditorId", "NotebookExecutionName", "NotebookInstanceSecurityGroupId", "ServiceRole", "Tags")
_NOT_EMULATED = ("NotebookParams", "OutputNotebookFormat", "EnvironmentVariables")
_LOCATIONS = ("NotebookS3Location", "OutputNotebookS3Location")
SUFFIXES = (".zpln", ".ipynb")


class NotebookOperations:
    """A note is named by RelativePath, such as `course/census-pyspark.zpln`, by EditorId, or lies on S3."""

    def __init__(
        self,
        supervisor: Supervisor,
        executions: NotebookExecutions,
        clock: Callable[[], float],
        new_id: NewId,
        naming: Naming,
    ) -> None:
        self._supervisor = supervisor
        self._executions = executions
        self._clock = clock
        self._new_id = new_id
        self._naming = naming

    @operation(Fidelity.EXECUTED)
    def start_notebook_execution(self, document: Document) -> Document:
        engine = document["ExecutionEngine"]
        for name in _NOT_EMULATED:
            if document.get(name):
                raise _not_emulated(f"StartNotebookExecution with {name}")
        if "ExecutionRoleArn" in engine:
            raise _not_emulated("runtime roles for notebook executions")
        self._check_cluster(engine["Id"])
        source, output = (_uri(document.get(name)) for name in _LOCATIONS)
        note = _note_name(document)
        if not note and source is None:
            raise AwsError(
                "InvalidRequestException", "RelativePath, EditorId or NotebookS3Location is needed."
            )
        recorded = {name: document[name] for name in (*_RECORDED, *_LOCATIONS) if name in document}
        recorded |= {"ExecutionEngine": engine, "RelativePath": document.get("RelativePath", "")}
        execution = Execution(
            id=self._new_id("ex-", 26),
            cluster=engine["Id"],
            note=note or str(source),
            status=Status.START_PENDING,
            created=self._clock(),
            source=source,
            output=output,
            recorded=recorded,
        )
        self._executions.launch(execution)
        return {"NotebookExecutionId": execution.id}

    @operation(Fidelity.EXECUTED)
    def describe_notebook_execution(self, document: Document) -> Document:
        return {"NotebookExecution": _described(self._existing(document), self._naming)}

    @operation(Fidelity.EXECUTED)
    def list_notebook_executions(self, document: Document) -> Document:
        status, editor = document.get("Status"), document.get("EditorId")
        engine = document.get("ExecutionEngineId")
        after, before = document.get("From", 0), document.get("To", float("inf"))
        chosen = [
            _summary(execution)
            for execution in reversed(self._executions.all())
            if status in (None, execution.status)
            and editor in (None, execution.recorded.get("EditorId"))
            and engine in (None, execution.cluster)
            and after <= execution.created <= before
        ]
        return page("NotebookExecutions", chosen, document.get("Marker"))

    @operation(Fidelity.EXECUTED)
    def stop_notebook_execution(self, document: Document) -> Document:
        self._executions.ask_to_stop(self._existing(document).id)
        return {}

    def _existing(self, document: Document) -> Execution:
        id = document["NotebookExecutionId"]
        execution = self._executions.get(id)
        if execution is None:
            raise AwsError("InvalidRequestException", f"Notebook execution id '{id}' is not valid.")
        return execution

    def _check_cluster(self, id: str) -> None:
        cluster = self._supervisor.get(id)
        if cluster is None:
            raise AwsError("InvalidRequestException", f"Cluster id '{id}' is not valid.")
        if cluster.state not in (ClusterState.RUNNING, ClusterState.WAITING):
            raise AwsError(
                "InvalidRequestException", f"Cluster {id} is {cluster.state} and runs no notebook."
            )


def _note_name(document: Document) -> str:
    name = str(document.get("RelativePath") or document.get("EditorId") or "")
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _uri(location: dict[str, Any] | None) -> str | None:
    if not location:
        return None
    if not location.get("Bucket") or not location.get("Key"):
        raise AwsError("InvalidRequestException", "A location on S3 needs a Bucket and a Key.")
    return f"s3://{location['Bucket']}/{location['Key']}"


def _described(execution: Execution, naming: Naming) -> Document:
    recorded = execution.recorded
    arn = f"arn:aws:elasticmapreduce:{naming.region}:{naming.account}:notebook-execution/{execution.id}"
    described = {
        **_summary(execution),
        "ExecutionEngine": {"Type": "EMR", **recorded["ExecutionEngine"]},
        "Arn": arn,
        "LastStateChangeReason": execution.reason,
        "Tags": recorded.get("Tags", []),
        "NotebookInstanceSecurityGroupId": recorded.get("NotebookInstanceSecurityGroupId"),
        "OutputNotebookS3Location": recorded.get("OutputNotebookS3Location"),
        "OutputNotebookURI": execution.written,
    }
    del described["ExecutionEngineId"]
    return {name: value for name, value in described.items() if value is not None}


def _summary(execution: Execution) -> Document:
    summary = {
        "NotebookExecutionId": execution.id,
        "EditorId": execution.recorded.get("EditorId"),
        "NotebookExecutionName": execution.recorded.get("NotebookExecutionName"),
        "Status": str(execution.status),
        "StartTime": execution.started,
        "EndTime": execution.ended,
        "NotebookS3Location": execution.recorded.get("NotebookS3Location"),
        "ExecutionEngineId": execution.cluster,
    }
    return {name: value for name, value in summary.items() if value is not None}


def _not_emulated(what: str) -> AwsError:
    return AwsError("NotEmulated", f"EMR Sandbox does not emulate {what}", status=501)
