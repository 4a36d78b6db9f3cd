"""What a stage of the course is, how it ends, and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from enum import StrEnum
from typing import Any, Protocol

from sandbox.errors import WorkFailed

Record = Mapping[str, Any]


class StageState(StrEnum):
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class StageFailed(WorkFailed):
    """A stage's work failed. `reason` is the service's own, `log` says where more of it lies."""

    def __init__(self, reason: str, log: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log


@dataclass(frozen=True)
class Uploaded:
    """What lies on S3 now; `location` is the raw data's."""

    bytes: int
    objects: int
    location: str
    scripts: tuple[str, ...]


@dataclass(frozen=True)
class CrawledTable:
    """A table as the crawler described it. `columns` and `partition_keys` are name -> type."""

    name: str
    rows: int | None
    columns: Mapping[str, str]
    partition_keys: Mapping[str, str]
    classification: str
    location: str


@dataclass(frozen=True)
class Crawled:
    """`rows` and `columns` are those of the track's main table."""

    crawler: str
    database: str
    rows: int | None
    columns: Mapping[str, str]
    tables: tuple[CrawledTable, ...]


@dataclass(frozen=True)
class Transformed:
    """What the ETL job made. Rows are as the job itself told them in its log."""

    job: str
    run_id: str
    rows_read: int | None
    rows: int | None
    columns: Mapping[str, str]
    table: str
    location: str


@dataclass(frozen=True)
class Launched:
    """A cluster that is ready, `ready_seconds` after RunJobFlow, which was called `during` that stage."""

    cluster_id: str
    nodes: Mapping[str, int]
    applications: Mapping[str, str]
    bootstrap_actions: tuple[str, ...]
    master: str
    master_ui: str | None
    logs: str
    ready_seconds: float | None
    during: str


@dataclass(frozen=True)
class Trained:
    """A model, and the metrics that the training step itself wrote to `metrics_location`."""

    step_id: str
    model: str
    metrics_location: str
    metrics: Record


@dataclass(frozen=True)
class Explored:
    """A note that ran on the cluster's notebook: how many paragraphs, the tables that it saw in the catalog,
    and the last table that it made, as columns and rows. `output` is the note with its results."""

    execution_id: str
    note: str
    output: str
    paragraphs: int
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    found: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Predicted:
    """The predictions, in the order of the input's records."""

    step_id: str
    input: str
    output: str
    predictions: tuple[Record, ...]


@dataclass(frozen=True)
class Terminated:
    """`kept`: the cluster was left running because the caller asked for it."""

    cluster_id: str | None
    state: str
    kept: bool = False


Results = Uploaded | Crawled | Transformed | Launched | Trained | Explored | Predicted | Terminated


@dataclass(frozen=True)
class Stage:
    """A stage that ended. `results` is None unless it completed or was kept from running on purpose."""

    name: str
    state: StageState
    seconds: float
    results: Results | None = None
    error: str = ""
    log: str = ""

    def document(self) -> dict[str, Any]:
        """The stage for JSON; a training step's metrics stand beside its other results."""
        results = asdict(self.results) if is_dataclass(self.results) else {}
        results |= results.pop("metrics", {})
        document = {
            "name": self.name,
            "state": str(self.state),
            "seconds": round(self.seconds, 3),
            "results": results,
        }
        if self.state is StageState.FAILED:
            document |= {"error": self.error, "log": self.log}
        return document


@dataclass(frozen=True)
class Progress:
    """How far a stage is. `work` is the id of the step or job run that is waited for."""

    text: str
    done: int | None = None
    total: int | None = None
    work: str | None = None


class Narrator(Protocol):
    """Is told what happens while it happens; calls may come from several threads."""

    def begun(self, stage: str) -> None: ...

    def progress(self, stage: str, progress: Progress) -> None: ...

    def ended(self, stage: Stage) -> None: ...


class Silence:
    """The narrator that says nothing."""

    def begun(self, stage: str) -> None: ...

    def progress(self, stage: str, progress: Progress) -> None: ...

    def ended(self, stage: Stage) -> None: ...
