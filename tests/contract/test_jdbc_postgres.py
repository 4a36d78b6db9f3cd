"""Connections and crawls of a real PostgreSQL server over boto3."""

import json
import logging
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import postgres_server
import pytest
from postgres_server import PASSWORD, USER, Postgres

from sandbox import Sandbox

LIMIT = 30.0
WRONG = "not-the-password"
TYPES = {
    "id": ("bigint PRIMARY KEY", "bigint"),
    "small": ("smallint", "smallint"),
    "number": ("integer", "int"),
    "price": ("numeric(12,2)", "decimal(12,2)"),
    "any_number": ("numeric", "decimal(38,18)"),
    "ratio": ("real", "float"),
    "exact": ("double precision", "double"),
    "paid": ("boolean", "boolean"),
    "name": ("varchar(20)", "string"),
    "code": ("char(3)", "string"),
    "note": ("text", "string"),
    "day": ("date", "date"),
    "at": ("timestamp", "timestamp"),
    "seen": ("timestamptz", "timestamp"),
    "label": ("bytea", "binary"),
    "mark": ("uuid", "string"),
    "extra": ("jsonb", "string"),
    "tags": ("text[]", "array<string>"),
    "numbers": ("integer[]", "array<int>"),
    "kind": ("mood", "string"),
    "amount": ("positive", "int"),
}


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    binaries = postgres_server.programs()
    if binaries is None:
        pytest.skip("needs PostgreSQL's initdb and postgres: apt-get install postgresql")
    with postgres_server.running(binaries) as server:
        columns = ", ".join(f'"{name}" {kind}' for name, (kind, _) in TYPES.items())
        server.run(
            "CREATE TYPE mood AS ENUM ('fine')",
            "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
            f'CREATE TABLE "Orders" ({columns})',
            "CREATE TABLE items (sku text)",
            "CREATE VIEW cheap AS SELECT sku FROM items",
            "CREATE SCHEMA hr",
            "CREATE TABLE hr.people (name text)",
            "CREATE TABLE hr.items (name text)",
            f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}'",
            "GRANT SELECT ON items TO clerk",
        )
        yield server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(state=tmp_path_factory.mktemp("state"), port=0) as sandbox:
        yield sandbox


class Shop:
    """A connection and a crawler of one test's own."""

    def __init__(self, sandbox: Sandbox, name: str, server: Postgres) -> None:
        self.glue, self.logs, self.name = sandbox.client("glue"), sandbox.client("logs"), name
        self.server = server

    def input(self, **properties: str) -> dict[str, Any]:
        given = {"JDBC_CONNECTION_URL": self.server.url, "USERNAME": USER, "PASSWORD": PASSWORD}
        return {"ConnectionType": "JDBC", "ConnectionProperties": given | properties}

    def connect(self, **properties: str) -> None:
        self.glue.create_connection(ConnectionInput={"Name": self.name, **self.input(**properties)})

    def create(self, path: str, exclusions: tuple[str, ...] = ()) -> None:
        target = {"ConnectionName": self.name, "Path": path, "Exclusions": list(exclusions)}
        self.glue.create_crawler(
            Name=self.name, Role="glue", DatabaseName=self.name, Targets={"JdbcTargets": [target]}
        )

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
def shop(running: Sandbox, request: pytest.FixtureRequest, postgres: Postgres) -> Shop:
    name = request.node.name.partition("[")[0].removeprefix("test_").replace("_", "-")[:60]
    return Shop(running, name, postgres)


def columns(table: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Type"] for each in table["StorageDescriptor"]["Columns"]}


def test_a_connection_that_is_not_stored_is_tested(shop: Shop) -> None:
    shop.glue.test_connection(TestConnectionInput=shop.input())


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"PASSWORD": WRONG}, f'password authentication failed for user "{USER}"'),
        ({"USERNAME": "stranger"}, 'password authentication failed for user "stranger"'),
        ({"JDBC_ENFORCE_SSL": "true"}, "certificate verify failed"),
    ],
)
def test_the_servers_own_words(shop: Shop, properties: dict[str, str], words: str) -> None:
    with pytest.raises(shop.glue.exceptions.InvalidInputException, match=words) as refused:
        shop.glue.test_connection(TestConnectionInput=shop.input(**properties))
    assert PASSWORD not in str(refused.value)
    assert WRONG not in str(refused.value)


def test_a_certificate_that_this_machine_trusts(
    shop: Shop, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(postgres.certificate))
    shop.glue.test_connection(TestConnectionInput=shop.input(JDBC_ENFORCE_SSL="true"))
    other = postgres.url.replace("127.0.0.1", "localhost")
    given = shop.input(JDBC_ENFORCE_SSL="true", JDBC_CONNECTION_URL=other)
    with pytest.raises(shop.glue.exceptions.InvalidInputException, match="Hostname mismatch"):
        shop.glue.test_connection(TestConnectionInput=given)


def test_a_database_that_is_not_there(shop: Shop) -> None:
    other = shop.server.url.replace("/shop", "/nowhere")
    with pytest.raises(shop.glue.exceptions.InvalidInputException, match='database "nowhere" does not exist'):
        shop.glue.test_connection(TestConnectionInput=shop.input(JDBC_CONNECTION_URL=other))


def test_a_secret_has_the_password(shop: Shop, running: Sandbox) -> None:
    text = json.dumps({"username": USER, "password": PASSWORD})
    running.client("secretsmanager").create_secret(Name="shop", SecretString=text)
    properties = {"JDBC_CONNECTION_URL": shop.server.url, "SECRET_ID": "shop"}
    given = {"ConnectionType": "JDBC", "ConnectionProperties": properties}
    shop.glue.test_connection(TestConnectionInput=given)
    properties["SECRET_ID"] = "none"
    with pytest.raises(shop.glue.exceptions.InvalidInputException, match="Secret none"):
        shop.glue.test_connection(TestConnectionInput=given)


def test_every_type(shop: Shop) -> None:
    shop.connect()
    shop.create("shop/public/Orders")
    crawl = shop.crawl()
    assert crawl["Status"] == "SUCCEEDED", crawl
    [table] = shop.tables().values()
    assert columns(table) == {name: kind for name, (_, kind) in TYPES.items()}
    assert (table["Name"], table["StorageDescriptor"]["Location"]) == (
        "shop_public_orders",
        "shop.public.Orders",
    )
    told = table["Parameters"]
    assert (told["classification"], told["typeOfData"], told["connectionName"]) == (
        "postgresql",
        "table",
        shop.name,
    )
    assert "shop.public.Orders is classified as postgresql" in shop.log(crawl)


@pytest.mark.parametrize(
    ("path", "exclusions", "names"),
    [
        ("shop/%", (), {"public_orders", "public_items", "public_cheap", "hr_people", "hr_items"}),
        ("shop/%/items", (), {"public_items", "hr_items"}),
        ("shop/hr/%", (), {"hr_people", "hr_items"}),
        ("shop/hr/%", ("peo*",), {"hr_items"}),
        ("shop/%/%", ("hr/**", "*/Orders"), {"public_items", "public_cheap"}),
        ("shop/pg_catalog/%", (), set()),
    ],
)
def test_include_paths(shop: Shop, path: str, exclusions: tuple[str, ...], names: set[str]) -> None:
    shop.name = f"paths-{len(path)}-{len(exclusions)}-{len(names)}"
    shop.glue.create_database(DatabaseInput={"Name": shop.name})
    shop.connect()
    shop.create(path, exclusions)
    crawl = shop.crawl()
    assert crawl["Status"] == "SUCCEEDED", crawl
    assert set(shop.tables()) == {f"shop_{name}" for name in names}


def test_only_what_the_user_may_see(shop: Shop) -> None:
    shop.connect(USERNAME="clerk")
    shop.create("shop/%")
    assert shop.crawl()["Status"] == "SUCCEEDED"
    assert set(shop.tables()) == {"shop_public_items"}


def test_the_password_is_nowhere(
    shop: Shop, running: Sandbox, caplog: pytest.LogCaptureFixture, postgres: Postgres
) -> None:
    caplog.set_level(logging.DEBUG, logger="sandbox")
    shop.connect(PASSWORD=WRONG)
    shop.create("shop/%")
    crawl = shop.crawl()
    assert crawl["Status"] == "FAILED"
    assert f'password authentication failed for user "{USER}"' in crawl["ErrorMessage"]
    hidden = shop.glue.get_connection(Name=shop.name, HidePassword=True)["Connection"]
    assert hidden["ConnectionProperties"] == {"JDBC_CONNECTION_URL": postgres.url, "USERNAME": USER}
    events = running.parts.journal.since()
    assert any(each.subject == shop.name for each in events)
    with urllib.request.urlopen(f"{running.endpoint}/_sandbox/status") as page:
        status = page.read().decode()
    assert running.endpoint in status
    told = [shop.log(crawl), str(crawl), str(events), caplog.text, str(hidden), status]
    assert not [each for each in told if WRONG in each or PASSWORD in each]
