"""Glue's operations on crawlers.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.errors import AwsError, UsageError
from sandbox.glue import schedule
from sandbox.glue.crawler import listing, model
from sandbox.glue.crawler.model import Crawl, Crawler
from sandbox.glue.crawler.runner import CrawlerRunner
from sandbox.glue.jdbc import include_path
from sandbox.glue.requests import page, refuse_members
from sandbox.glue.tags import Kind, Tags

_PAGE = 1000
_NOT_EMULATED = (
    "LakeFormationConfiguration", "CrawlerSecurityConfiguration", "CatalogId",
)  # fmt: skip
_KINDS = ("S3Targets", "JdbcTargets")
_TARGET_MEMBERS = ("ConnectionName", "EventQueueArn", "DlqEventQueueArn")
_MILLISECONDS = re.compile("[0-9]{1,18}")
_SAMPLE_SIZES = range(1, 250)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le, "EQ": operator.eq,
    "NE": operator.ne,
}  # fmt: skip


class CrawlerOperations:
    """Crawlers and crawls. `clock` gives the time in seconds since the epoch."""

    def __init__(self, runner: CrawlerRunner, tags: Tags, clock: Callable[[], float]) -> None:
        self._runner = runner
        self._tags = tags
        self._clock = clock

    @operation(Fidelity.EXECUTED)
    def create_crawler(self, request: Document) -> Document:
        """CreateCrawler. The role is recorded; everything is read as the sandbox itself."""
        definition = {name: value for name, value in request.items() if name not in ("Name", "Tags")}
        _check("CreateCrawler", definition)
        now = self._clock()
        with self._tags.together():
            self._runner.add(Crawler(request["Name"], definition, now, now, scheduled=_scheduled(definition)))
            self._tags.add(Kind.CRAWLER, request["Name"], now, request.get("Tags", {}))
        return {}

    @operation(Fidelity.EXECUTED)
    def update_crawler(self, request: Document) -> Document:
        """UpdateCrawler: the members that are given replace the old ones."""
        old = self._runner.crawler(request["Name"])
        changed = {name: value for name, value in request.items() if name != "Name"}
        definition = old.definition | changed
        _check("UpdateCrawler", definition)
        updated = Crawler(old.name, definition, old.created, old.updated)
        if old.new_folders_only and updated.new_folders_only and updated.targets != old.targets:
            raise _invalid("The targets of a crawler of new folders only cannot be changed")
        scheduled = _scheduled(definition) if "Schedule" in changed else old.scheduled
        self._runner.replace(
            Crawler(old.name, definition, old.created, self._clock(), old.version + 1, scheduled=scheduled)
        )
        return {}

    @operation(Fidelity.EXECUTED)
    def start_crawler_schedule(self, request: Document) -> Document:
        """StartCrawlerSchedule: the crawler runs at the times of its schedule."""
        crawler = self._runner.crawler(request["CrawlerName"])
        if not crawler.schedule:
            raise AwsError("NoScheduleException", f"There is no applicable schedule for {crawler.name}.")
        if crawler.scheduled:
            raise AwsError("SchedulerRunningException", f"The schedule of {crawler.name} is running.")
        self._runner.schedule(crawler.name, crawler.schedule, True)
        return {}

    @operation(Fidelity.EXECUTED)
    def stop_crawler_schedule(self, request: Document) -> Document:
        """StopCrawlerSchedule: a crawl that runs goes on."""
        crawler = self._runner.crawler(request["CrawlerName"])
        if not crawler.scheduled:
            raise AwsError("SchedulerNotRunningException", f"The schedule of {crawler.name} is not running.")
        self._runner.schedule(crawler.name, crawler.schedule, False)
        return {}

    @operation(Fidelity.EXECUTED)
    def update_crawler_schedule(self, request: Document) -> Document:
        """UpdateCrawlerSchedule; without a Schedule the crawler has none any more."""
        crawler = self._runner.crawler(request["CrawlerName"])
        expression = request.get("Schedule") or ""
        if expression:
            schedule.parse(expression)
        self._runner.schedule(crawler.name, expression, bool(expression))
        return {}

    @operation(Fidelity.EXECUTED)
    def delete_crawler(self, request: Document) -> Document:
        """DeleteCrawler."""
        self._runner.delete(request["Name"])
        return {}

    @operation(Fidelity.EXECUTED)
    def get_crawler(self, request: Document) -> Document:
        """GetCrawler."""
        return {"Crawler": self._describe(self._runner.crawler(request["Name"]))}

    @operation(Fidelity.EXECUTED)
    def get_crawlers(self, request: Document) -> Document:
        """GetCrawlers, by name."""
        chosen, following = page(self._by_name(), request, _PAGE, "GetCrawlers")
        return {"Crawlers": [self._describe(each) for each in chosen], **following}

    @operation(Fidelity.EXECUTED)
    def list_crawlers(self, request: Document) -> Document:
        """ListCrawlers: the names. Filtering by tags is refused."""
        refuse_members("ListCrawlers", request, "Tags")
        chosen, following = page(self._by_name(), request, _PAGE, "ListCrawlers")
        return {"CrawlerNames": [each.name for each in chosen], **following}

    @operation(Fidelity.EXECUTED)
    def batch_get_crawlers(self, request: Document) -> Document:
        """BatchGetCrawlers."""
        known = self._by_name()
        names = request["CrawlerNames"]
        return {
            "Crawlers": [self._describe(known[name]) for name in names if name in known],
            "CrawlersNotFound": [name for name in names if name not in known],
        }

    @operation(Fidelity.EXECUTED)
    def start_crawler(self, request: Document) -> Document:
        """StartCrawler."""
        self._runner.start_crawl(request["Name"])
        return {}

    @operation(Fidelity.EXECUTED)
    def stop_crawler(self, request: Document) -> Document:
        """StopCrawler: STOPPING at once, READY when the object that is being read is done."""
        self._runner.stop_crawl(request["Name"])
        return {}

    @operation(Fidelity.EXECUTED)
    def get_crawler_metrics(self, request: Document) -> Document:
        """GetCrawlerMetrics of the crawlers that are named, or of all."""
        wanted = request.get("CrawlerNameList")
        known = {name: each for name, each in self._by_name().items() if not wanted or name in wanted}
        chosen, following = page(known, request, _PAGE, "GetCrawlerMetrics")
        now = self._clock()
        metrics = [model.describe_metrics(each, self._runner.crawls(each.name), now) for each in chosen]
        return {"CrawlerMetricsList": metrics, **following}

    @operation(Fidelity.EXECUTED)
    def list_crawls(self, request: Document) -> Document:
        """ListCrawls, newest first."""
        crawler = self._runner.crawler(request["CrawlerName"])
        wanted = [_filter(each) for each in request.get("Filters") or []]
        crawls = [
            each for each in self._runner.crawls(crawler.name) if all(matches(each) for matches in wanted)
        ]
        # A page's keys are in ascending order; the newest crawl comes first.
        keyed = {f"{1e11 - each.started:018.6f} {each.id}": each for each in crawls}
        chosen, following = page(dict(sorted(keyed.items())), request, _PAGE, "ListCrawls", crawler.name)
        return {"Crawls": [model.describe_crawl(each) for each in chosen], **following}

    def _by_name(self) -> dict[str, Crawler]:
        return {each.name: each for each in sorted(self._runner.crawlers(), key=lambda each: each.name)}

    def _describe(self, crawler: Crawler) -> Document:
        return model.describe_crawler(crawler, self._runner.crawls(crawler.name), self._clock())


def _scheduled(definition: Document) -> bool:
    return bool(definition.get("Schedule"))


def _check(operation_name: str, definition: Document) -> None:
    """Refuse what is not emulated by name (501), and what Glue would not accept (InvalidInputException)."""
    refuse_members(
        operation_name, {name: value or None for name, value in definition.items()}, *_NOT_EMULATED
    )
    if definition.get("Schedule"):
        schedule.parse(definition["Schedule"])
    _check_recrawl(definition)
    lineage = (definition.get("LineageConfiguration") or {}).get("CrawlerLineageSettings", "DISABLE")
    if lineage != "DISABLE":
        raise _refusal(f"CrawlerLineageSettings {lineage}")
    if not definition.get("DatabaseName"):
        raise _invalid("DatabaseName must be given for a crawler of S3 or JDBC targets")
    _check_targets(definition["Targets"])
    _check_configuration(definition.get("Configuration"))


def _check_recrawl(definition: Document) -> None:
    crawler = Crawler("", definition, 0.0, 0.0)
    if crawler.recrawl_behavior not in (model.CRAWL_EVERYTHING, model.CRAWL_NEW_FOLDERS_ONLY):
        raise _refusal(f"RecrawlBehavior {crawler.recrawl_behavior}")
    if crawler.new_folders_only and crawler.jdbc_targets:
        raise _invalid("Only the folders of Amazon S3 targets can be crawled incrementally")
    behaviors = (crawler.update_behavior, crawler.delete_behavior)
    if crawler.new_folders_only and behaviors != ("LOG", "LOG"):
        raise _invalid(
            'The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have only LOG'
            " DeleteBehavior value and LOG UpdateBehavior value."
        )


def _check_targets(targets: Document) -> None:
    for kind, entries in targets.items():
        if kind not in _KINDS and entries:
            raise _refusal(f"a crawler with {kind}")
    if not any(targets.get(kind) for kind in _KINDS):
        raise _invalid("The crawler must have at least one target")
    for each in targets.get("JdbcTargets") or []:
        _check_jdbc_target(each)
    for each in targets.get("S3Targets") or []:
        refuse_members("S3Targets", each, *_TARGET_MEMBERS)
        target = listing.Target(each.get("Path") or "", tuple(each.get("Exclusions") or ()))
        try:
            _ = target.location
            for pattern in target.exclusions:
                listing.exclusion(pattern)
        except UsageError:
            raise _invalid(f"{target.path!r} is not a valid S3 include path") from None
        except re.error as error:
            raise _invalid(f"Invalid exclude pattern: {error}") from error
        if "SampleSize" in each and each["SampleSize"] not in _SAMPLE_SIZES:
            raise _invalid(f"SampleSize must lie between {_SAMPLE_SIZES[0]} and {_SAMPLE_SIZES[-1]}")


def _check_jdbc_target(entry: Document) -> None:
    refuse_members(
        "JdbcTargets",
        {"EnableAdditionalMetadata": entry.get("EnableAdditionalMetadata") or None},
        "EnableAdditionalMetadata",
    )
    if not entry.get("ConnectionName"):
        raise _invalid("A JDBC target must have a ConnectionName")
    path = entry.get("Path") or ""
    try:
        include_path.parse(path)
        for pattern in entry.get("Exclusions") or ():
            listing.exclusion(pattern)
    except UsageError as error:
        raise _invalid(f"{path!r} is not a valid JDBC include path: {error}") from None
    except re.error as error:
        raise _invalid(f"Invalid exclude pattern: {error}") from error


def _check_configuration(text: str | None) -> None:
    """The options that are emulated are CombineCompatibleSchemas, TableLevelConfiguration, TableThreshold,
    MergeNewColumns, InheritFromTable and CreatePartitionIndex.

    https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html
    """
    if not text:
        return
    try:
        options = json.loads(text)
    except json.JSONDecodeError as error:
        raise _invalid(f"The crawler configuration is not valid JSON: {error}") from error
    if not isinstance(options, dict) or options.get("Version") != 1.0:
        raise _invalid("The crawler configuration must be a JSON object with Version 1.0")
    for path, value in _leaves({name: each for name, each in options.items() if name != "Version"}):
        match path, value:
            case "Grouping.TableGroupingPolicy", "CombineCompatibleSchemas":
                continue
            case "CrawlerOutput.Partitions.AddOrUpdateBehavior", "InheritFromTable":
                continue
            case "CrawlerOutput.Tables.AddOrUpdateBehavior", "MergeNewColumns":
                continue
            case "CreatePartitionIndex", bool():
                continue
            case "Grouping.TableLevelConfiguration" | "CrawlerOutput.Tables.TableThreshold", number:
                if type(number) is not int or number < 1:
                    raise _invalid(f"{path} must be a positive integer, not {number!r}")
                continue
        raise _refusal(f"crawler configuration {path}={value}")


def _leaves(options: Document, above: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in options.items():
        found += _leaves(value, f"{above}{name}.") if isinstance(value, dict) else [(f"{above}{name}", value)]
    return found


def _filter(condition: Document) -> Callable[[Crawl], bool]:
    """A condition of ListCrawls; times are milliseconds since the epoch."""
    field, value = condition.get("FieldName"), condition.get("FieldValue") or ""
    compare = _COMPARE[condition.get("FilterOperator") or "EQ"]
    match field:
        case "CRAWL_ID":
            return lambda crawl: compare(crawl.id, value)
        case "STATE":
            return lambda crawl: compare(crawl.state.value, value)
        case "START_TIME" | "END_TIME":
            if not _MILLISECONDS.fullmatch(value):
                raise _invalid(f"{field} is compared with milliseconds since the epoch, not {value!r}")
            bound = int(value)
            if field == "START_TIME":
                return lambda crawl: compare(int(crawl.started * 1000), bound)
            return lambda crawl: crawl.ended is not None and compare(int(crawl.ended * 1000), bound)
    raise _refusal(f"ListCrawls with a filter on {field}")


def _refusal(what: str) -> AwsError:
    return AwsError("NotEmulated", f"{what} is not emulated", 501)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)
