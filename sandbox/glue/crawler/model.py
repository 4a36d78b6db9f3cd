"""Crawlers and crawls as they are stored, and as Glue describes them. Pure.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.glue.crawler.changes import DeleteBehavior, UpdateBehavior
from sandbox.glue.crawler.grouping import Policy
from sandbox.glue.crawler.listing import Target
from sandbox.glue.jdbc import include_path
from sandbox.glue.jdbc.include_path import IncludePath

Document = dict[str, Any]

LOG_GROUP = "/aws-glue/crawlers"
CRAWL_EVERYTHING = "CRAWL_EVERYTHING"
CRAWL_NEW_FOLDERS_ONLY = "CRAWL_NEW_FOLDERS_ONLY"
LONGEST_MESSAGE = 2048
"""Characters of an ErrorMessage."""


class CrawlerState(StrEnum):
    """Whether a crawler runs."""

    READY = "READY"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"


class CrawlState(StrEnum):
    """How far a crawl is."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"


_STATUS = {
    CrawlState.COMPLETED: "SUCCEEDED",
    CrawlState.FAILED: "FAILED",
    CrawlState.STOPPED: "CANCELLED",
}


@dataclass(frozen=True)
class JdbcTarget:
    """Tables of a database: by which connection, which of them, and what to leave out."""

    connection: str
    path: str
    exclusions: tuple[str, ...] = ()

    @property
    def include(self) -> IncludePath:
        """The include path. Raises UsageError for one that is wrong."""
        return include_path.parse(self.path)


@dataclass(frozen=True)
class Crawler:
    """A crawler: its definition as CreateCrawler names the members, without the name."""

    name: str
    definition: dict[str, Any]
    created: float
    updated: float
    version: int = 1
    state: CrawlerState = CrawlerState.READY
    scheduled: bool = False

    @property
    def schedule(self) -> str:
        """Its cron expression, or ""; it counts while `scheduled`."""
        return str(self.definition.get("Schedule") or "")

    @property
    def database(self) -> str:
        """Where its tables are written."""
        return str(self.definition["DatabaseName"]).lower()

    @property
    def prefix(self) -> str:
        """What the names of its tables begin with."""
        return str(self.definition.get("TablePrefix") or "")

    @property
    def targets(self) -> list[Target]:
        """The include paths in S3."""
        return [
            Target(each["Path"], tuple(each.get("Exclusions") or ()), each.get("SampleSize"))
            for each in self.definition["Targets"].get("S3Targets") or []
        ]

    @property
    def jdbc_targets(self) -> list[JdbcTarget]:
        """The include paths in databases."""
        return [
            JdbcTarget(each["ConnectionName"], each["Path"], tuple(each.get("Exclusions") or ()))
            for each in self.definition["Targets"].get("JdbcTargets") or []
        ]

    @property
    def classifiers(self) -> list[str]:
        """The names of its custom classifiers, in their order."""
        return list(self.definition.get("Classifiers") or [])

    @property
    def recrawl_behavior(self) -> str:
        """CRAWL_EVERYTHING unless told otherwise."""
        return str((self.definition.get("RecrawlPolicy") or {}).get("RecrawlBehavior") or CRAWL_EVERYTHING)

    @property
    def new_folders_only(self) -> bool:
        """Whether its crawls are incremental."""
        return self.recrawl_behavior == CRAWL_NEW_FOLDERS_ONLY

    @property
    def update_behavior(self) -> UpdateBehavior:
        """UPDATE_IN_DATABASE unless told otherwise; LOG for incremental crawls."""
        usual = UpdateBehavior.LOG if self.new_folders_only else UpdateBehavior.UPDATE_IN_DATABASE
        return UpdateBehavior(self._policy.get("UpdateBehavior") or usual)

    @property
    def table_update(self) -> UpdateBehavior:
        """What happens to tables: MergeNewColumns overrides the policy, but not in incremental crawls."""
        merge = (
            not self.new_folders_only
            and self._table_output.get("AddOrUpdateBehavior") == UpdateBehavior.MERGE_NEW_COLUMNS
        )
        return UpdateBehavior.MERGE_NEW_COLUMNS if merge else self.update_behavior

    @property
    def delete_behavior(self) -> DeleteBehavior:
        """DEPRECATE_IN_DATABASE unless told otherwise; LOG for incremental crawls."""
        usual = DeleteBehavior.LOG if self.new_folders_only else DeleteBehavior.DEPRECATE_IN_DATABASE
        return DeleteBehavior(self._policy.get("DeleteBehavior") or usual)

    @property
    def grouping(self) -> Policy:
        """How its tables are found."""
        options = self._configuration.get("Grouping", {})
        return Policy("TableGroupingPolicy" in options, options.get("TableLevelConfiguration"))

    @property
    def most_tables(self) -> int | None:
        """TableThreshold: a crawl that finds more tables than this fails."""
        threshold: int | None = self._table_output.get("TableThreshold")
        return threshold

    @property
    def indexes_partitions(self) -> bool:
        """CreatePartitionIndex: partitioned tables get an index unless told otherwise."""
        return bool(self._configuration.get("CreatePartitionIndex", True))

    @property
    def _table_output(self) -> Document:
        options: Document = self._configuration.get("CrawlerOutput", {}).get("Tables", {})
        return options

    @property
    def inherit(self) -> bool:
        """InheritFromTable: partitions have the schema of their table."""
        return "Partitions" in self._configuration.get("CrawlerOutput", {})

    @property
    def _policy(self) -> Document:
        return self.definition.get("SchemaChangePolicy") or {}

    @property
    def _configuration(self) -> Document:
        configuration: Document = json.loads(self.definition.get("Configuration") or "{}")
        return configuration


@dataclass(frozen=True)
class Counts:
    """What a crawl wrote."""

    tables_created: int = 0
    tables_updated: int = 0
    tables_deleted: int = 0
    partitions_created: int = 0
    partitions_updated: int = 0
    partitions_deleted: int = 0


@dataclass(frozen=True)
class Crawl:
    """One run of a crawler. Times are seconds since the epoch; `logged` tells that its log was written,
    `chain` names the workflow run in which a trigger started it."""

    id: str
    crawler: str
    state: CrawlState
    started: float
    ended: float | None = None
    error: str | None = None
    counts: Counts = Counts()
    logged: bool = False
    chain: str | None = None

    @property
    def status(self) -> str:
        """Its state as LastCrawl and the conditions of triggers name it."""
        return _STATUS.get(self.state, self.state.value)

    def seconds(self, now: float) -> float:
        """How long it took, or takes until now."""
        return max((self.ended if self.ended is not None else now) - self.started, 0.0)


def describe_crawler(crawler: Crawler, crawls: Sequence[Crawl], now: float) -> Document:
    """Glue's Crawler structure. `crawls` are the crawler's own, newest first."""
    definition = {name: value for name, value in crawler.definition.items() if value not in (None, "")}
    last = next((each for each in crawls if each.state in _STATUS), None)
    running = next((each for each in crawls if each.state is CrawlState.RUNNING), None)
    state = "SCHEDULED" if crawler.scheduled else "NOT_SCHEDULED"
    schedule = (
        {"ScheduleExpression": definition.pop("Schedule"), "State": state} if crawler.schedule else None
    )
    return {
        **definition,
        "Name": crawler.name,
        **({"Schedule": schedule} if schedule else {}),
        "Classifiers": crawler.classifiers,
        "RecrawlPolicy": {"RecrawlBehavior": crawler.recrawl_behavior},
        "SchemaChangePolicy": {
            "UpdateBehavior": crawler.update_behavior.value,
            "DeleteBehavior": crawler.delete_behavior.value,
        },
        "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
        "State": crawler.state.value,
        "CrawlElapsedTime": int(running.seconds(now) * 1000) if running else 0,
        "CreationTime": crawler.created,
        "LastUpdated": crawler.updated,
        "Version": crawler.version,
        **({"LastCrawl": _last_crawl(last)} if last else {}),
    }


def describe_crawl(crawl: Crawl) -> Document:
    """Glue's CrawlerHistory structure. There is no DPUHour, as nothing is billed."""
    counts = crawl.counts
    kinds = {
        "TABLE": (counts.tables_created, counts.tables_updated, counts.tables_deleted),
        "PARTITION": (counts.partitions_created, counts.partitions_updated, counts.partitions_deleted),
    }
    summary = {
        kind: dict(zip(("ADD", "UPDATE", "DELETE"), numbers, strict=True)) for kind, numbers in kinds.items()
    }
    return {
        "CrawlId": crawl.id,
        "State": crawl.state.value,
        "StartTime": crawl.started,
        **({"EndTime": crawl.ended} if crawl.ended is not None else {}),
        "Summary": json.dumps(summary),
        **_outcome(crawl),
    }


def describe_workflow_crawl(crawl: Crawl) -> Document:
    """Glue's Crawl structure, as it stands in the graph of a workflow run."""
    outcome = {name: value for name, value in _outcome(crawl).items() if name != "MessagePrefix"}
    ended = {"CompletedOn": crawl.ended} if crawl.ended is not None else {}
    return {"State": crawl.status, "StartedOn": crawl.started, **ended, **outcome}


def describe_metrics(crawler: Crawler, crawls: Sequence[Crawl], now: float) -> Document:
    """Glue's CrawlerMetrics structure: the counts are those of the latest run that ended."""
    ended = [each for each in crawls if each.state in _STATUS]
    running = next((each for each in crawls if each.state is CrawlState.RUNNING), None)
    median = statistics.median([each.seconds(now) for each in ended]) if ended else 0.0
    counts = ended[0].counts if ended else Counts()
    return {
        "CrawlerName": crawler.name,
        "TimeLeftSeconds": max(median - running.seconds(now), 0.0) if running else 0.0,
        "StillEstimating": bool(running and not ended),
        "LastRuntimeSeconds": ended[0].seconds(now) if ended else 0.0,
        "MedianRuntimeSeconds": median,
        "TablesCreated": counts.tables_created,
        "TablesUpdated": counts.tables_updated,
        "TablesDeleted": counts.tables_deleted,
    }


def _last_crawl(crawl: Crawl) -> Document:
    return {"Status": crawl.status, "StartTime": crawl.started, **_outcome(crawl)}


def _outcome(crawl: Crawl) -> Document:
    error = {"ErrorMessage": crawl.error[:LONGEST_MESSAGE]} if crawl.error else {}
    if not crawl.logged:
        return error
    return {**error, "LogGroup": LOG_GROUP, "LogStream": crawl.crawler, "MessagePrefix": crawl.id}
