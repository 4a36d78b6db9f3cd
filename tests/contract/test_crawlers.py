"""Crawlers over boto3 and a socket: real objects in, tables in the Data Catalog out."""

import gzip
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import Sandbox

REPOSITORY = Path(__file__).parents[2]
FILES = REPOSITORY / "tests" / "unit" / "crawler" / "files"
SHARED = Path(os.environ.get("SANDBOX_SHARED", REPOSITORY.parent / "shared"))
NUMBERS = {0, 2, 4, 10, 11, 12}
LIMIT = 30.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(state=tmp_path_factory.mktemp("state"), port=0) as sandbox:
        yield sandbox


class Lake:
    """A bucket, a database and a crawler of one test's own."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.s3, self.glue, self.logs = (sandbox.client(each) for each in ("s3", "glue", "logs"))
        self.name = name
        self.s3.create_bucket(Bucket=name)

    def put(self, key: str, data: str | bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=data)

    def create(self, path: str = "", **definition: Any) -> None:
        targets = {"S3Targets": [{"Path": f"s3://{self.name}/{path}"}]}
        self.glue.create_crawler(
            **{"Name": self.name, "Role": "glue", "DatabaseName": self.name, "Targets": targets} | definition
        )

    def crawl(self) -> dict[str, Any]:
        """Run the crawler to its end; the last crawl."""
        self.glue.start_crawler(Name=self.name)
        return self.ready()

    def ready(self) -> dict[str, Any]:
        deadline = time.monotonic() + LIMIT
        while (crawler := self.glue.get_crawler(Name=self.name)["Crawler"])["State"] != "READY":
            assert time.monotonic() < deadline, crawler
            time.sleep(0.01)
        return crawler["LastCrawl"]

    def succeed(self) -> None:
        last = self.crawl()
        assert last["Status"] == "SUCCEEDED", last

    def tables(self) -> dict[str, Any]:
        return {each["Name"]: each for each in self.glue.get_tables(DatabaseName=self.name)["TableList"]}

    def partitions(self, table: str) -> dict[tuple[str, ...], Any]:
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=self.name, TableName=table)
        return {tuple(each["Values"]): each for page in pages for each in page["Partitions"]}


@pytest.fixture
def lake(running: Sandbox, request: pytest.FixtureRequest) -> Lake:
    return Lake(running, request.node.name.removeprefix("test_").replace("_", "-")[:60])


def columns(table: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Type"] for each in table["StorageDescriptor"]["Columns"]}


def synthetic_census(rows: int) -> str:
    """Lines of the Adult file's shape."""
    pick = random.Random(7)
    return "".join(
        f"{pick.randint(17, 90)}, {pick.choice(['Private', '?'])}, {pick.randint(20000, 900000)}, HS-grad, 9,"
        f" Divorced, Sales, Husband, White, Male, {pick.choice([0, 2174])}, 0, {pick.randint(1, 99)},"
        f" United-States, {pick.choice(['<=50K', '>50K'])}\n"
        for _ in range(rows)
    )


def check_census(lake: Lake, data: bytes, rows: int) -> None:
    lake.put("adult_data/adult.data", data)
    lake.create("adult_data/", DatabaseName="CensusDB", Name=lake.name)
    lake.succeed()
    table = lake.glue.get_table(DatabaseName="censusdb", Name="adult_data")["Table"]
    assert columns(table) == {
        f"col{index}": "bigint" if index in NUMBERS else "string" for index in range(15)
    }
    parameters = table["Parameters"]
    assert (parameters["classification"], parameters["delimiter"]) == ("csv", ",")
    assert (parameters["recordCount"], parameters["sizeKey"]) == (str(rows), str(len(data)))
    assert "skip.header.line.count" not in parameters
    assert table["StorageDescriptor"]["Location"] == f"s3://{lake.name}/adult_data/"
    metrics = lake.glue.get_crawler_metrics(CrawlerNameList=[lake.name])["CrawlerMetricsList"][0]
    assert metrics["TablesCreated"] == 1
    lake.glue.delete_database(Name="censusdb")


def test_census_of_generated_rows(lake: Lake) -> None:
    check_census(lake, synthetic_census(5000).encode() + b"\n", 5000)


def test_census_file(lake: Lake) -> None:
    file = SHARED / "data" / "adult.data.gz"
    if not file.exists():
        pytest.skip(f"{file} is not there")
    check_census(lake, gzip.decompress(file.read_bytes()), 32561)


def test_partitions_of_csv(lake: Lake) -> None:
    for month in range(1, 4):
        lake.put(f"flights/month={month:02}/f.csv", f"id,delay,carrier\n{month},2.5,UA\n7,3,AA\n")
    lake.put("flights/_SUCCESS", "")
    lake.create("flights/", TablePrefix="raw_")
    lake.succeed()
    table = lake.tables()["raw_flights"]
    assert columns(table) == {"id": "bigint", "delay": "double", "carrier": "string"}
    assert table["PartitionKeys"] == [{"Name": "month", "Type": "string"}]
    assert (table["Parameters"]["skip.header.line.count"], table["Parameters"]["recordCount"]) == ("1", "6")
    partitions = lake.partitions("raw_flights")
    assert set(partitions) == {("01",), ("02",), ("03",)}
    assert partitions["02",]["StorageDescriptor"]["Location"] == f"s3://{lake.name}/flights/month=02/"
    chosen = lake.glue.get_partitions(
        DatabaseName=lake.name, TableName="raw_flights", Expression="month > '01'"
    )
    assert len(chosen["Partitions"]) == 2


def test_formats_side_by_side(lake: Lake) -> None:
    lines = [{"userId": 1, "place": {"lat": 1.5}}, {"userId": 2, "tags": ["x"]}]
    lake.put("users/1.json.gz", gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    lake.put("people/1.parquet", (FILES / "people.parquet").read_bytes())
    lake.put("cities/1.csv", "1|Oslo\n2|Bergen\n")
    lake.put("notes/readme.txt", "only words\n")
    lake.create()
    lake.succeed()
    tables = lake.tables()
    assert {name: each["Parameters"]["classification"] for name, each in tables.items()} == {
        "users": "json",
        "people": "parquet",
        "cities": "csv",
        "notes": "UNKNOWN",
    }
    assert columns(tables["users"]) == {
        "userid": "int",
        "place": "struct<lat:double>",
        "tags": "array<string>",
    }
    assert tables["users"]["Parameters"]["compressionType"] == "gzip"
    assert columns(tables["people"]) == {"id": "bigint", "name": "string"}
    assert tables["people"]["Parameters"]["recordCount"] == "5"
    assert columns(tables["cities"]) == {"col0": "bigint", "col1": "string"}
    assert columns(tables["notes"]) == {}


def test_exclusions(lake: Lake) -> None:
    lake.put("t/a.csv", "1,x\n2,y\n")
    lake.put("t/b.tmp", "{not a table}")
    lake.create(Targets={"S3Targets": [{"Path": f"s3://{lake.name}/t/", "Exclusions": ["**.tmp"]}]})
    lake.succeed()
    assert lake.tables()["t"]["Parameters"]["exclusions"] == f'["s3://{lake.name}/t/**.tmp"]'


def test_a_second_crawl_sees_what_changed(lake: Lake) -> None:
    lake.put("t/day=1/a.csv", "id,v\n1,2\n")
    lake.put("u/b.csv", "1,x\n2,y\n")
    lake.create(SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"})
    lake.succeed()
    assert set(lake.tables()) == {"t", "u"}
    lake.succeed()
    assert lake.tables()["t"]["VersionId"] == "0"
    lake.put("t/day=1/a.csv", "id,v\n1,2.5\n")
    lake.put("t/day=2/a.csv", "id,v\n1,2.5\n")
    lake.s3.delete_object(Bucket=lake.name, Key="u/b.csv")
    lake.succeed()
    tables = lake.tables()
    assert set(tables) == {"t"}
    assert (columns(tables["t"]), tables["t"]["VersionId"]) == ({"id": "bigint", "v": "double"}, "1")
    assert set(lake.partitions("t")) == {("1",), ("2",)}
    metrics = lake.glue.get_crawler_metrics(CrawlerNameList=[lake.name])["CrawlerMetricsList"][0]
    assert (metrics["TablesCreated"], metrics["TablesUpdated"], metrics["TablesDeleted"]) == (0, 1, 1)
    assert len(lake.glue.list_crawls(CrawlerName=lake.name)["Crawls"]) == 3


def test_deleted_objects_deprecate_a_table(lake: Lake) -> None:
    lake.put("t/a.csv", "1,x\n2,y\n")
    lake.create("t/")
    lake.succeed()
    lake.s3.delete_object(Bucket=lake.name, Key="t/a.csv")
    lake.succeed()
    assert int(lake.tables()["t"]["Parameters"]["DEPRECATED_BY_CRAWLER"]) > 1e12


def test_a_bucket_that_does_not_exist(lake: Lake) -> None:
    lake.create(Targets={"S3Targets": [{"Path": "s3://no-such-bucket/x/"}]})
    last = lake.crawl()
    assert (last["Status"], last["ErrorMessage"]) == (
        "FAILED",
        "s3://no-such-bucket/x/ cannot be listed: bucket no-such-bucket: The specified bucket does not exist",
    )


def test_an_empty_prefix(lake: Lake) -> None:
    lake.create("nothing/")
    lake.succeed()
    metrics = lake.glue.get_crawler_metrics(CrawlerNameList=[lake.name])["CrawlerMetricsList"][0]
    assert metrics["TablesCreated"] == 0


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda: gzip.compress(synthetic_census(100).encode())[:-20], id="gzip"),
        pytest.param(lambda: (FILES / "people.parquet").read_bytes()[:-2], id="parquet"),
        pytest.param(lambda: b"ORC" + bytes(100), id="orc"),
        pytest.param(lambda: b"Obj\x01" + bytes(100), id="avro"),
        pytest.param(lambda: b"PK\x03\x04" + bytes(100), id="zip"),
    ],
)
def test_a_corrupt_object(
    running: Sandbox, damage: Callable[[], bytes], request: pytest.FixtureRequest
) -> None:
    lake = Lake(running, f"corrupt-{request.node.callspec.id}")
    lake.put("t/good.csv", "1,x\n2,y\n")
    lake.create("t/")
    lake.succeed()
    before = lake.tables()
    lake.put("t/bad", damage())
    last = lake.crawl()
    assert last["Status"] == "FAILED"
    assert f"s3://{lake.name}/t/bad cannot be read: the " in last["ErrorMessage"]
    assert lake.tables() == before
    events = lake.logs.get_log_events(logGroupName=last["LogGroup"], logStreamName=last["LogStream"])[
        "events"
    ]
    assert f"[{last['MessagePrefix']}] ERROR : {last['ErrorMessage']}" in [each["message"] for each in events]


def test_stop(lake: Lake) -> None:
    for number in range(150):
        lake.put(f"t/{number:03}.csv", "1,x\n2,y\n")
    lake.create("t/")
    lake.glue.start_crawler(Name=lake.name)
    with pytest.raises(lake.glue.exceptions.CrawlerRunningException):
        lake.glue.start_crawler(Name=lake.name)
    lake.glue.stop_crawler(Name=lake.name)
    assert lake.ready()["Status"] == "CANCELLED"
    with pytest.raises(lake.glue.exceptions.CrawlerNotRunningException):
        lake.glue.stop_crawler(Name=lake.name)
    with pytest.raises(lake.glue.exceptions.EntityNotFoundException):
        lake.tables()
    lake.succeed()
    assert lake.tables()["t"]["Parameters"]["recordCount"] == "300"


def test_what_is_not_emulated(lake: Lake) -> None:
    with pytest.raises(ClientError) as caught:
        lake.create(Targets={"MongoDBTargets": [{"ConnectionName": "c", "Path": "db/%"}]})
    assert caught.value.response["Error"]["Code"] == "NotEmulated"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "MongoDBTargets" in caught.value.response["Error"]["Message"]
    with pytest.raises(lake.glue.exceptions.EntityNotFoundException):
        lake.glue.get_crawler(Name=lake.name)


def test_custom_classifiers(lake: Lake) -> None:
    glue, mine = lake.glue, {"Name": "requests", "Classification": "requests"}
    pattern = "%{IP:client} %{WORD:verb} %{NUMBER:bytes:long}"
    glue.create_classifier(GrokClassifier=mine | {"GrokPattern": "%{GREEDYDATA:all}"})
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_classifier(JsonClassifier={"Name": "requests", "JsonPath": "$"})
    with pytest.raises(glue.exceptions.InvalidInputException, match="NOPE"):
        glue.update_classifier(GrokClassifier={"Name": "requests", "GrokPattern": "%{NOPE:x}"})
    glue.update_classifier(GrokClassifier={"Name": "requests", "GrokPattern": pattern})
    known = glue.get_classifier(Name="requests")["Classifier"]["GrokClassifier"]
    assert (known["GrokPattern"], known["Version"]) == (pattern, 2)
    assert known["LastUpdated"] >= known["CreationTime"]
    lake.put("t/a.log", "10.0.0.1 GET 512\n10.0.0.2 PUT 17\n")
    with pytest.raises(glue.exceptions.InvalidInputException, match="nobody does not exist"):
        lake.create("t/", Classifiers=["nobody"])
    lake.create("t/", Classifiers=["requests"])
    lake.succeed()
    table = lake.tables()["t"]
    assert columns(table) == {"client": "string", "verb": "string", "bytes": "bigint"}
    assert table["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {"input.format": pattern}
    pages = glue.get_paginator("get_classifiers").paginate(PaginationConfig={"PageSize": 1})
    assert {"GrokClassifier": known} in [each for page in pages for each in page["Classifiers"]]
    glue.delete_classifier(Name="requests")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_classifier(Name="requests")


def test_every_shape_in_one_bucket(lake: Lake) -> None:
    folder = REPOSITORY / "datasets" / "shapes"
    shapes = {name: each for name, each in json.loads((folder / "shapes.json").read_text()).items()
              if "folder" not in each}  # fmt: skip
    for file in folder.rglob("*"):
        if file.is_file() and file.parent != folder:
            lake.put(str(file.relative_to(folder)), file.read_bytes())
    own = [each for shape in shapes.values() for each in shape.get("classifiers", [])]
    for each in own:
        lake.glue.create_classifier(**each)
    level = {"Version": 1.0, "Grouping": {"TableLevelConfiguration": 2}}
    names = [member["Name"] for each in own for member in each.values()]
    lake.create(Classifiers=names, Configuration=json.dumps(level))
    lake.succeed()
    expected = {name: table for shape in shapes.values() for name, table in shape["tables"].items()}
    found = lake.tables()
    assert set(found) == set(expected)
    for name, table in found.items():
        told = table["Parameters"]["classification"], int(table["Parameters"]["recordCount"]), columns(table)
        wanted = expected[name]
        assert told == (wanted["classification"], wanted["records"], wanted["columns"]), name
        partitions = sorted(lake.partitions(name)) if table["PartitionKeys"] else []
        assert partitions == [tuple(values) for values in wanted.get("partitions", [])]
    for name in names:
        lake.glue.delete_classifier(Name=name)


def test_new_folders_only(lake: Lake) -> None:
    lake.put("t/day=1/f.csv", "1,x\n2,y\n")
    lake.create("t/", RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"})
    lake.succeed()
    lake.put("t/day=2/f.csv", "3,z\n4,w\n")
    lake.s3.delete_object(Bucket=lake.name, Key="t/day=1/f.csv")
    lake.succeed()
    assert set(lake.partitions("t")) == {("1",), ("2",)}
    assert lake.glue.list_crawls(CrawlerName=lake.name)["Crawls"][0]["State"] == "COMPLETED"
