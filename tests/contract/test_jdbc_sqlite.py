"""Connections and crawls of SQLite files over boto3: they really connect, and really read the catalog."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import Sandbox

LIMIT = 30.0
SCHEMA = """
CREATE TABLE Orders (Id INTEGER PRIMARY KEY, customer BIGINT, price DECIMAL(10,2), paid BOOLEAN, day DATE);
CREATE TABLE items (sku VARCHAR(20), weight REAL, label BLOB, at TIMESTAMP, note);
CREATE TABLE hr_people (name TEXT);
CREATE VIEW cheap AS SELECT sku, weight FROM items;
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(state=tmp_path_factory.mktemp("state"), port=0) as sandbox:
        yield sandbox


class Shop:
    """A file, a connection and a crawler of one test's own."""

    def __init__(self, sandbox: Sandbox, name: str, folder: Path) -> None:
        self.glue, self.logs, self.name = sandbox.client("glue"), sandbox.client("logs"), name
        self.file = folder / "shop.db"
        self.url = f"jdbc:sqlite:{self.file}"

    def run(self, script: str) -> None:
        with closing(sqlite3.connect(self.file)) as database:
            database.executescript(script)

    def connect(self, **properties: str) -> None:
        given = {"JDBC_CONNECTION_URL": self.url} | properties
        self.glue.create_connection(
            ConnectionInput={"Name": self.name, "ConnectionType": "JDBC", "ConnectionProperties": given}
        )

    def create(self, path: str = "shop/%", exclusions: tuple[str, ...] = (), **definition: Any) -> None:
        target = {"ConnectionName": self.name, "Path": path, "Exclusions": list(exclusions)}
        given = {"Role": "glue", "DatabaseName": self.name, "Targets": {"JdbcTargets": [target]}}
        self.glue.create_crawler(Name=self.name, **given | definition)

    def crawl(self) -> dict[str, Any]:
        self.glue.start_crawler(Name=self.name)
        deadline = time.monotonic() + LIMIT
        while (crawler := self.glue.get_crawler(Name=self.name)["Crawler"])["State"] != "READY":
            assert time.monotonic() < deadline, crawler
            time.sleep(0.01)
        return crawler["LastCrawl"]

    def tables(self) -> dict[str, Any]:
        return {each["Name"]: each for each in self.glue.get_tables(DatabaseName=self.name)["TableList"]}

    def log(self, crawl: dict[str, Any]) -> str:
        events = self.logs.filter_log_events(
            logGroupName=crawl["LogGroup"], logStreamNames=[crawl["LogStream"]]
        )["events"]
        return "\n".join(each["message"] for each in events)


@pytest.fixture
def shop(running: Sandbox, request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    name = request.node.name.partition("[")[0].removeprefix("test_").replace("_", "-")[:60]
    made = Shop(running, name, tmp_path)
    made.run(SCHEMA)
    return made


def columns(table: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Type"] for each in table["StorageDescriptor"]["Columns"]}


def test_a_file_is_really_read(shop: Shop) -> None:
    shop.connect()
    shop.glue.test_connection(ConnectionName=shop.name)
    shop.file.write_bytes(b"no database at all" * 100)
    with pytest.raises(shop.glue.exceptions.InvalidInputException, match="file is not a database"):
        shop.glue.test_connection(ConnectionName=shop.name)
    shop.file.unlink()
    with pytest.raises(shop.glue.exceptions.InvalidInputException, match="unable to open database file"):
        shop.glue.test_connection(ConnectionName=shop.name)
    assert not shop.file.exists()


def test_the_last_test_with_success_is_told(shop: Shop) -> None:
    shop.connect()
    assert "LastConnectionValidationTime" not in shop.glue.get_connection(Name=shop.name)["Connection"]
    shop.glue.test_connection(ConnectionName=shop.name)
    found = shop.glue.get_connection(Name=shop.name)["Connection"]
    assert found["LastConnectionValidationTime"] >= found["CreationTime"]


def test_tables_as_the_catalog_has_them(shop: Shop) -> None:
    shop.connect()
    shop.create(TablePrefix="raw_", exclusions=("hr_*",))
    crawl = shop.crawl()
    assert crawl["Status"] == "SUCCEEDED", crawl
    tables = shop.tables()
    assert set(tables) == {"raw_shop_orders", "raw_shop_items", "raw_shop_cheap"}
    orders = tables["raw_shop_orders"]
    assert columns(orders) == {
        "id": "int", "customer": "bigint", "price": "decimal(10,2)", "paid": "boolean", "day": "date",
    }  # fmt: skip
    assert columns(tables["raw_shop_items"]) == {
        "sku": "string", "weight": "double", "label": "binary", "at": "timestamp", "note": "string",
    }  # fmt: skip
    assert orders["StorageDescriptor"]["Location"] == "shop.Orders"
    told = orders["Parameters"]
    assert json.loads(told.pop("exclusions")) == ["shop/hr_*"]
    assert told.pop("CRAWL_RUN_ID")
    assert told == {
        "classification": "sqlite", "compressionType": "none", "typeOfData": "table",
        "connectionName": shop.name, "UPDATED_BY_CRAWLER": shop.name,
        "CrawlerSchemaSerializerVersion": "1.0", "CrawlerSchemaDeserializerVersion": "1.0",
    }  # fmt: skip
    assert tables["raw_shop_cheap"]["Parameters"]["typeOfData"] == "view"
    assert "shop.Orders is classified as sqlite" in shop.log(crawl)


def test_what_changed_is_changed_and_what_is_gone_is_dropped(shop: Shop) -> None:
    shop.connect()
    shop.create(SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"})
    assert shop.crawl()["Status"] == "SUCCEEDED"
    shop.run("ALTER TABLE hr_people ADD COLUMN age SMALLINT; DROP TABLE Orders;")
    assert shop.crawl()["Status"] == "SUCCEEDED"
    tables = shop.tables()
    assert set(tables) == {"shop_items", "shop_cheap", "shop_hr_people"}
    assert columns(tables["shop_hr_people"]) == {"name": "string", "age": "smallint"}


def test_one_table_of_a_path(shop: Shop) -> None:
    shop.connect()
    shop.create("shop/items")
    assert shop.crawl()["Status"] == "SUCCEEDED"
    assert set(shop.tables()) == {"shop_items"}


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("other/%", "The include path names the database other, the connection shop"),
        ("shop/main/%", "An include path of sqlite is database/table or database/%"),
    ],
)
def test_a_path_that_does_not_fit(shop: Shop, path: str, why: str) -> None:
    shop.name += path.replace("/", "-").replace("%", "")
    shop.connect()
    shop.create(path)
    crawl = shop.crawl()
    assert (crawl["Status"], crawl["ErrorMessage"]) == ("FAILED", why)


def test_a_crawl_that_cannot_connect_leaves_the_tables(shop: Shop) -> None:
    shop.connect()
    shop.create()
    assert shop.crawl()["Status"] == "SUCCEEDED"
    before = shop.tables()
    shop.file.unlink()
    crawl = shop.crawl()
    assert crawl["Status"] == "FAILED"
    assert "unable to open database file" in crawl["ErrorMessage"]
    assert crawl["ErrorMessage"] in shop.log(crawl)
    shop.glue.delete_connection(ConnectionName=shop.name)
    assert f"Connection {shop.name} not found" in shop.crawl()["ErrorMessage"]
    assert shop.tables() == before


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"Path": "shop/%"}, "InvalidInputException"),
        ({"ConnectionName": "c", "Path": "shop"}, "InvalidInputException"),
        ({"ConnectionName": "c", "Path": "%/public/%"}, "InvalidInputException"),
        ({"ConnectionName": "c", "Path": "shop/or%"}, "InvalidInputException"),
        ({"ConnectionName": "c", "Path": "shop/%", "Exclusions": ["[a"]}, "InvalidInputException"),
        ({"ConnectionName": "c", "Path": "shop/%", "EnableAdditionalMetadata": ["COMMENTS"]}, "NotEmulated"),
    ],
)
def test_targets_that_are_refused(running: Sandbox, target: dict[str, Any], code: str) -> None:
    glue = running.client("glue")
    with pytest.raises(ClientError) as refused:
        glue.create_crawler(Name="no", Role="r", DatabaseName="d", Targets={"JdbcTargets": [target]})
    assert refused.value.response["Error"]["Code"] == code


def test_s3_and_a_database_in_one_crawl(shop: Shop, running: Sandbox) -> None:
    s3 = running.client("s3")
    s3.create_bucket(Bucket=shop.name)
    s3.put_object(Bucket=shop.name, Key="people/a.json", Body=b'{"name": "Ada"}\n')
    shop.connect()
    jdbc = [{"ConnectionName": shop.name, "Path": "shop/items"}]
    shop.create(Targets={"S3Targets": [{"Path": f"s3://{shop.name}/people/"}], "JdbcTargets": jdbc})
    assert shop.crawl()["Status"] == "SUCCEEDED"
    assert set(shop.tables()) == {"people", "shop_items"}
