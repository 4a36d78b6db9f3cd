import json
import threading
from typing import Any

import pytest
from botocore.validate import ParamValidator
from crawler_clients import FILES, Bucket, Clock, Logs
from service_models import service_model

from sandbox.aws.operations import Fidelity, Service
from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError
from sandbox.glue.crawler.runner import CrawlerRunner
from sandbox.glue.crawler_api import CrawlerOperations
from sandbox.glue.tags import Tags
from sandbox.store import Database, Journal

MODEL = service_model("glue")
TARGETS = {"S3Targets": [{"Path": "s3://lake/t/"}]}
ROWS = "1,x\n2,y\n"


def options(**given: Any) -> str:
    """A crawler's Configuration."""
    return json.dumps({"Version": 1.0, **given})


class Glue:
    """Calls operations by their AWS name and checks request and response against botocore's shapes."""

    def __init__(self, runner: CrawlerRunner, clock: Clock) -> None:
        self.runner = runner
        self.service = Service(MODEL, [CrawlerOperations(runner, Tags(Database(":memory:")), clock)])

    def __call__(self, name: str, **request: Any) -> dict[str, Any]:
        model = MODEL.operation_model(name)
        for document, shape in ((request, model.input_shape),):
            assert not (report := ParamValidator().validate(document, shape)).has_errors(), (
                report.generate_report()
            )
        response = self.service.operations[name].perform(request)
        report = ParamValidator().validate(response, model.output_shape)
        assert not report.has_errors(), report.generate_report()
        known_members(response, model.output_shape)
        return response

    def create(self, name: str = "c", **definition: Any) -> None:
        self(
            "CreateCrawler",
            **{"Name": name, "Role": "r", "DatabaseName": "db", "Targets": TARGETS} | definition,
        )

    def run(self, name: str = "c") -> dict[str, Any]:
        """Crawl to the end; the last crawl."""
        self("StartCrawler", Name=name)
        for thread in threading.enumerate():
            if thread.name == f"crawler {name}":
                thread.join()
        crawler = self("GetCrawler", Name=name)["Crawler"]
        assert crawler["State"] == "READY"
        return crawler["LastCrawl"]


def known_members(value: Any, shape: Any) -> None:
    match shape.type_name:
        case "structure":
            assert set(value) <= set(shape.members)
            for name, each in value.items():
                known_members(each, shape.members[name])
        case "list":
            for each in value:
                known_members(each, shape.member)


@pytest.fixture
def glue(runner: CrawlerRunner, clock: Clock) -> Glue:
    return Glue(runner, clock)


def fault(code: str, message: str = "") -> Any:
    return pytest.RaisesExc(AwsError, check=lambda error: error.code == code and message in error.message)


def test_every_operation_is_executed(glue: Glue) -> None:
    verbs = ("Create", "Get", "Update", "Delete", "Start", "Stop")
    assert set(glue.service.operations) == {
        *(f"{verb}Crawler" for verb in verbs), "GetCrawlers", "ListCrawlers", "BatchGetCrawlers",
        "GetCrawlerMetrics", "ListCrawls",
        "StartCrawlerSchedule", "StopCrawlerSchedule", "UpdateCrawlerSchedule",
    }  # fmt: skip
    assert {each.fidelity for each in glue.service.operations.values()} == {Fidelity.EXECUTED}


def test_a_crawler_as_it_was_created(glue: Glue) -> None:
    glue.create(Description="d", TablePrefix="p_", Tags={"a": "b"})
    crawler = glue("GetCrawler", Name="c")["Crawler"]
    expected = {
        "Role": "r", "DatabaseName": "db", "Description": "d", "TablePrefix": "p_", "Targets": TARGETS,
        "State": "READY",
    }  # fmt: skip
    assert {name: crawler[name] for name in expected} == expected
    assert crawler["SchemaChangePolicy"] == {
        "UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE",
    }  # fmt: skip
    assert "LastCrawl" not in crawler
    with fault("AlreadyExistsException", "c already exists"):
        glue.create()


def test_update_replaces_what_is_given(glue: Glue) -> None:
    glue.create(TablePrefix="p_")
    glue("UpdateCrawler", Name="c", Description="new")
    crawler = glue("GetCrawler", Name="c")["Crawler"]
    assert (crawler["Description"], crawler["TablePrefix"], crawler["Version"]) == ("new", "p_", 2)
    assert crawler["LastUpdated"] > crawler["CreationTime"]
    with fault("NotEmulated", "UpdateCrawler with LakeFormationConfiguration"):
        glue("UpdateCrawler", Name="c", LakeFormationConfiguration={"UseLakeFormationCredentials": True})


def test_the_schedule_of_a_crawler(glue: Glue) -> None:
    daily = "cron(0 1 * * ? *)"
    glue.create()
    with fault("NoScheduleException"):
        glue("StartCrawlerSchedule", CrawlerName="c")
    with fault("InvalidInputException", "Invalid schedule expression"):
        glue("UpdateCrawlerSchedule", CrawlerName="c", Schedule="hourly")
    glue("UpdateCrawlerSchedule", CrawlerName="c", Schedule=daily)
    scheduled = {"ScheduleExpression": daily, "State": "SCHEDULED"}
    assert glue("GetCrawler", Name="c")["Crawler"]["Schedule"] == scheduled
    with fault("SchedulerRunningException"):
        glue("StartCrawlerSchedule", CrawlerName="c")
    glue("StopCrawlerSchedule", CrawlerName="c")
    with fault("SchedulerNotRunningException"):
        glue("StopCrawlerSchedule", CrawlerName="c")
    glue("UpdateCrawler", Name="c", Description="other members leave it")
    assert glue("GetCrawler", Name="c")["Crawler"]["Schedule"] == scheduled | {"State": "NOT_SCHEDULED"}
    glue("StartCrawlerSchedule", CrawlerName="c")
    assert glue("GetCrawler", Name="c")["Crawler"]["Schedule"] == scheduled
    glue("UpdateCrawler", Name="c", Schedule="")
    assert "Schedule" not in glue("GetCrawler", Name="c")["Crawler"]
    glue.create("d", Schedule=daily)
    assert glue("GetCrawler", Name="d")["Crawler"]["Schedule"] == scheduled
    for name in ("Start", "Stop", "Update"):
        with fault("EntityNotFoundException"):
            glue(f"{name}CrawlerSchedule", CrawlerName="x")


@pytest.mark.parametrize(
    "name", ["GetCrawler", "UpdateCrawler", "DeleteCrawler", "StartCrawler", "StopCrawler"]
)
def test_a_crawler_that_does_not_exist(glue: Glue, name: str) -> None:
    with fault("EntityNotFoundException", "Crawler entry with name x does not exist"):
        glue(name, Name="x")
    with fault("EntityNotFoundException"):
        glue("ListCrawls", CrawlerName="x")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"Targets": {"MongoDBTargets": [{"ConnectionName": "c"}]}}, "MongoDBTargets"),
        ({"Targets": {"DynamoDBTargets": [{"Path": "t"}], **TARGETS}}, "DynamoDBTargets"),
        ({"Targets": {"S3Targets": [{"Path": "s3://b/", "EventQueueArn": "arn"}]}}, "EventQueueArn"),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVENT_MODE"}}, "RecrawlBehavior CRAWL_EVENT_MODE"),
        ({"LineageConfiguration": {"CrawlerLineageSettings": "ENABLE"}}, "CrawlerLineageSettings"),
        ({"LakeFormationConfiguration": {"UseLakeFormationCredentials": True}}, "LakeFormationConfiguration"),
        (
            {"Configuration": options(CrawlerOutput={"Tables": {"AddOrUpdateBehavior": "Replace"}})},
            "CrawlerOutput.Tables.AddOrUpdateBehavior=Replace",
        ),
        ({"Configuration": options(CreatePartitionIndex="yes")}, "CreatePartitionIndex=yes"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(glue: Glue, changes: dict[str, Any], what: str) -> None:
    with fault("NotEmulated", what) as caught:
        glue.create(**changes)
    assert caught.value.status == 501
    assert glue("ListCrawlers") == {"CrawlerNames": []}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Targets": {}}, "at least one target"),
        ({"Targets": {"S3Targets": []}}, "at least one target"),
        ({"Targets": {"S3Targets": [{"Path": "http://x/y"}]}}, "'http://x/y' is not a valid S3 include path"),
        ({"Targets": {"S3Targets": [{}]}}, "is not a valid S3 include path"),
        ({"Targets": {"S3Targets": [{"Path": "s3://b", "Exclusions": ["[a"]}]}}, "Invalid exclude pattern"),
        ({"Targets": {"S3Targets": [{"Path": "s3://b", "SampleSize": 250}]}}, "SampleSize"),
        ({"DatabaseName": ""}, "DatabaseName"),
        ({"Classifiers": ["mine"]}, "Classifier with name mine does not exist"),
        ({"Configuration": "{"}, "not valid JSON"),
        ({"Configuration": "[]"}, "Version 1.0"),
        ({"Configuration": "{}"}, "Version 1.0"),
        ({"Configuration": options(Grouping={"TableLevelConfiguration": 0})}, "must be a positive integer"),
        (
            {"Configuration": options(Grouping={"TableLevelConfiguration": True})},
            "must be a positive integer",
        ),
    ],
)
def test_invalid_input(glue: Glue, changes: dict[str, Any], message: str) -> None:
    with fault("InvalidInputException", message):
        glue.create(**changes)


def test_a_crawl(glue: Glue, bucket: Bucket, catalog: DataCatalog, logs: Logs) -> None:
    bucket.put("t/month=01/a.csv", ROWS)
    bucket.put("t/month=02/b.csv", ROWS)
    glue.create(DatabaseName="DB")
    last = glue.run()
    assert last == {
        "Status": "SUCCEEDED", "LogGroup": "/aws-glue/crawlers", "LogStream": "c", "MessagePrefix": "crawl-0",
        "StartTime": last["StartTime"],
    }  # fmt: skip
    table = catalog.get_table("db", "t")
    assert [(each["Name"], each["Type"]) for each in table["StorageDescriptor"]["Columns"]] == [
        ("col0", "bigint"),
        ("col1", "string"),
    ]
    assert table["Parameters"]["recordCount"] == "4"
    assert catalog.get_partition_values("db", "t") == [["01"], ["02"]]
    lines = logs.lines["/aws-glue/crawlers", "c"]
    assert all(line.startswith("[crawl-0] ") for line in lines)
    assert [line.removeprefix("[crawl-0] ") for line in lines] == [
        "BENCHMARK : Running Start Crawl for Crawler c",
        "INFO : s3://lake/t/ is classified as csv",
        "INFO : Created table t in database db",
        "BENCHMARK : Crawler has finished running and is in state READY",
    ]


def test_metrics_and_history(glue: Glue, bucket: Bucket) -> None:
    glue.create()
    fresh = glue("GetCrawlerMetrics")["CrawlerMetricsList"][0]
    assert (fresh["TablesCreated"], fresh["LastRuntimeSeconds"], fresh["StillEstimating"]) == (0, 0.0, False)
    bucket.put("t/a.csv", ROWS)
    glue.run()
    first = glue("GetCrawlerMetrics", CrawlerNameList=["c"])["CrawlerMetricsList"][0]
    assert (first["TablesCreated"], first["TablesUpdated"], first["TablesDeleted"]) == (1, 0, 0)
    assert first["LastRuntimeSeconds"] == first["MedianRuntimeSeconds"] > 0
    bucket.put("t/a.csv", "1,x,2.5\n2,y,3\n")
    glue.run()
    second = glue("GetCrawlerMetrics", CrawlerNameList=["c", "x"])["CrawlerMetricsList"][0]
    assert (second["TablesCreated"], second["TablesUpdated"]) == (0, 1)
    crawls = glue("ListCrawls", CrawlerName="c")["Crawls"]
    assert [each["CrawlId"] for each in crawls] == ["crawl-1", "crawl-0"]
    assert {each["State"] for each in crawls} == {"COMPLETED"}
    assert '"TABLE": {"ADD": 1, "UPDATE": 0, "DELETE": 0}' in crawls[1]["Summary"]
    page = glue("ListCrawls", CrawlerName="c", MaxResults=1)
    assert [each["CrawlId"] for each in page["Crawls"]] == ["crawl-1"]
    rest = glue("ListCrawls", CrawlerName="c", NextToken=page["NextToken"])
    assert [each["CrawlId"] for each in rest["Crawls"]] == ["crawl-0"]


@pytest.mark.parametrize(
    ("field", "operator", "value", "found"),
    [
        ("CRAWL_ID", "EQ", "crawl-0", 1),
        ("CRAWL_ID", "NE", "crawl-0", 0),
        ("STATE", "EQ", "COMPLETED", 1),
        ("STATE", "EQ", "FAILED", 0),
        ("START_TIME", "GT", "1", 1),
        ("END_TIME", "LE", "1", 0),
    ],
)
def test_crawls_are_filtered(glue: Glue, field: str, operator: str, value: str, found: int) -> None:
    glue.create()
    glue.run()
    condition = {"FieldName": field, "FilterOperator": operator, "FieldValue": value}
    assert len(glue("ListCrawls", CrawlerName="c", Filters=[condition])["Crawls"]) == found
    with fault("NotEmulated", "DPU_HOUR"):
        glue("ListCrawls", CrawlerName="c", Filters=[condition | {"FieldName": "DPU_HOUR"}])
    for wrong in ("now", "²", "9" * 5000):
        with fault("InvalidInputException", wrong):
            glue(
                "ListCrawls",
                CrawlerName="c",
                Filters=[condition | {"FieldName": "END_TIME", "FieldValue": wrong}],
            )


def test_lists_and_pages(glue: Glue) -> None:
    for name in ("b", "c", "a"):
        glue.create(name)
    assert glue("ListCrawlers")["CrawlerNames"] == ["a", "b", "c"]
    first = glue("GetCrawlers", MaxResults=2)
    assert [each["Name"] for each in first["Crawlers"]] == ["a", "b"]
    assert [each["Name"] for each in glue("GetCrawlers", NextToken=first["NextToken"])["Crawlers"]] == ["c"]
    some = glue("BatchGetCrawlers", CrawlerNames=["c", "x"])
    assert ([each["Name"] for each in some["Crawlers"]], some["CrawlersNotFound"]) == (["c"], ["x"])
    glue("DeleteCrawler", Name="b")
    assert glue("ListCrawlers")["CrawlerNames"] == ["a", "c"]


def test_a_crawl_that_is_stopped_writes_nothing(glue: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    for number in range(5):
        bucket.put(f"t/{number}.csv", ROWS)
    reading, go_on = threading.Event(), threading.Event()
    seen: list[str] = []

    def block(key: str) -> None:
        seen.append(key)
        reading.set()
        assert go_on.wait(10)

    bucket.before_read = block
    glue.create()
    glue("StartCrawler", Name="c")
    assert reading.wait(10)
    with fault("CrawlerRunningException", "c has already started"):
        glue("StartCrawler", Name="c")
    for name in ("UpdateCrawler", "DeleteCrawler"):
        with fault("CrawlerRunningException", "while it's running"):
            glue(name, Name="c")
    running = glue("GetCrawler", Name="c")["Crawler"]
    assert (running["State"], running["CrawlElapsedTime"] > 0) == ("RUNNING", True)
    assert glue("GetCrawlerMetrics")["CrawlerMetricsList"][0]["StillEstimating"]
    [crawl] = glue("ListCrawls", CrawlerName="c")["Crawls"]
    assert crawl["State"] == "RUNNING"
    assert "EndTime" not in crawl
    glue("StopCrawler", Name="c")
    assert glue("GetCrawler", Name="c")["Crawler"]["State"] == "STOPPING"
    with fault("CrawlerStoppingException"):
        glue("StopCrawler", Name="c")
    go_on.set()
    glue.runner.stop()
    stopped = glue("GetCrawler", Name="c")["Crawler"]
    assert (stopped["State"], stopped["LastCrawl"]["Status"]) == ("READY", "CANCELLED")
    assert seen == ["t/0.csv"]
    assert catalog.get_databases() == []
    with fault("CrawlerNotRunningException"):
        glue("StopCrawler", Name="c")


def test_a_failed_crawl_leaves_the_catalog_as_it_was(
    glue: Glue, bucket: Bucket, catalog: DataCatalog, logs: Logs
) -> None:
    bucket.put("t/a.csv", ROWS)
    glue.create(SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"})
    glue.run()
    before = catalog.get_table("db", "t")
    bucket.put("t/a.csv", b"\x1f\x8b broken")
    last = glue.run()
    assert last["Status"] == "FAILED"
    assert last["ErrorMessage"].startswith("s3://lake/t/a.csv cannot be read: the gzip data is corrupt")
    assert f"[crawl-1] ERROR : {last['ErrorMessage']}" in logs.lines["/aws-glue/crawlers", "c"]
    bucket.put("t/a.csv", (FILES / "people.parquet").read_bytes()[:-3])
    assert "s3://lake/t/a.csv" in glue.run()["ErrorMessage"]
    bucket.name = "elsewhere"
    last = glue.run()
    assert last["ErrorMessage"] == (
        "s3://lake/t/ cannot be listed: bucket lake: The specified bucket does not exist"
    )
    assert catalog.get_table("db", "t") == before
    assert glue("GetCrawlerMetrics")["CrawlerMetricsList"][0]["TablesCreated"] == 0


def test_an_empty_prefix_succeeds_without_tables(glue: Glue, catalog: DataCatalog) -> None:
    glue.create()
    assert glue.run()["Status"] == "SUCCEEDED"
    assert catalog.get_databases() == []


def test_a_sample_of_each_folder(glue: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    for folder in ("k=1", "k=2"):
        for number in range(3):
            bucket.put(f"t/{folder}/{number}.csv", ROWS)
    glue.create(Targets={"S3Targets": [{"Path": "s3://lake/t/", "SampleSize": 1}]})
    glue.run()
    assert {key for key, _ in bucket.read} == {"t/k=1/0.csv", "t/k=2/0.csv"}
    parameters = catalog.get_table("db", "t")["Parameters"]
    assert (parameters["objectCount"], parameters["recordCount"]) == ("6", "12")


def test_tables_at_a_level_and_no_more_than_a_threshold(
    glue: Glue, bucket: Bucket, catalog: DataCatalog
) -> None:
    for folder in ("t/a", "t/b"):
        bucket.put(f"{folder}/1.csv", ROWS)
    grouping = {"TableLevelConfiguration": 3}
    glue.create(Configuration=options(Grouping=grouping, CrawlerOutput={"Tables": {"TableThreshold": 1}}))
    last = glue.run()
    assert last["Status"] == "FAILED"
    assert last["ErrorMessage"] == (
        "The number of tables detected by crawler: 2 is greater than the table threshold value provided: 1"
    )
    assert catalog.get_databases() == []
    glue("UpdateCrawler", Name="c", Configuration=options(Grouping=grouping))
    assert glue.run()["Status"] == "SUCCEEDED"
    assert catalog.get_table_names("db") == ["a", "b"]


def test_partitioned_tables_get_an_index_unless_told_otherwise(
    glue: Glue, bucket: Bucket, catalog: DataCatalog
) -> None:
    def indexed() -> list[list[str]]:
        indexes = catalog.get_partition_indexes("db", "t")
        assert {each["IndexName"] for each in indexes} <= {"crawler_partition_index"}
        return [[key["Name"] for key in each["Keys"]] for each in indexes]

    bucket.put("t/year=2026/month=01/a.csv", ROWS)
    glue.create(Configuration=options(CreatePartitionIndex=False))
    glue.run()
    assert indexed() == []
    catalog.delete_table("db", "t")
    glue("UpdateCrawler", Name="c", Configuration=options(CreatePartitionIndex=True))
    glue.run()
    assert indexed() == [["year", "month"]]
    bucket.put("t/year=2026/month=02/a.csv", ROWS)
    glue.run()
    assert indexed() == [["year", "month"]]
    assert catalog.get_partition_values("db", "t", "year = '2026' and month = '02'") == [["2026", "02"]]
    bucket.objects = {"t/day=1/a.csv": ROWS.encode()}
    glue("UpdateCrawler", Name="c", Configuration="")
    glue.run()
    assert indexed() == [["day"]]
    bucket.objects = {"t/a.csv": ROWS.encode()}
    glue.run()
    assert indexed() == []


def test_the_log_is_named_only_when_it_was_written(glue: Glue, bucket: Bucket, logs: Logs) -> None:
    logs.broken = True
    bucket.put("t/a.csv", ROWS)
    glue.create()
    assert set(glue.run()) == {"Status", "StartTime"}


def crash(store: Database) -> Database:
    """The state as a crash at this moment leaves it."""
    copy = Database(":memory:")
    store._connection.backup(copy._connection)
    return copy


def recovered(copy: Database, clock: Clock) -> dict[str, Any]:
    """The crawler as the next sandbox sees it."""
    runner = CrawlerRunner(copy, Journal(copy), DataCatalog(copy, clock), {}.__getitem__, clock, str)
    runner.start()
    crawler = Glue(runner, clock)("GetCrawler", Name="c")["Crawler"]
    assert crawler["State"] == "READY"
    return crawler["LastCrawl"]


def test_a_crawl_that_a_crash_interrupted_has_failed(
    glue: Glue, store: Database, bucket: Bucket, clock: Clock
) -> None:
    glue.create()
    copies: list[Database] = []
    bucket.put("t/a.csv", ROWS)
    bucket.before_read = lambda _: copies.append(crash(store))
    glue.run()
    [copy] = copies
    last = recovered(copy, clock)
    assert last["Status"] == "FAILED"
    assert "The sandbox ended while the crawler ran" in last["ErrorMessage"]
    assert DataCatalog(copy, clock).get_databases() == []
    assert [each.event for each in Journal(copy).since()] == ["crawl RUNNING", "crawl FAILED"]
    copy.close()


def test_a_crash_after_the_catalog_was_written_does_not_undo_the_crawl(
    glue: Glue, store: Database, bucket: Bucket, clock: Clock, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    glue.create()
    bucket.put("t/a.csv", ROWS)
    copies: list[Database] = []
    put = logs.put_log_events

    def ship(**request: Any) -> None:
        copies.append(crash(store))
        put(**request)

    monkeypatch.setattr(logs, "put_log_events", ship)
    glue.run()
    before, after = copies
    assert recovered(before, clock)["Status"] == "FAILED"
    assert recovered(after, clock) == {"Status": "SUCCEEDED", "StartTime": pytest.approx(1003, abs=2)}
    assert DataCatalog(after, clock).get_table_names("db") == ["t"]
    for copy in copies:
        copy.close()
