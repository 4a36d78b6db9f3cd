"""Crawls of databases, with a database in memory: names, places, and what is gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.errors import AwsError, WorkFailed
from sandbox.glue.crawler import relational
from sandbox.glue.crawler.changes import Known
from sandbox.glue.crawler.model import Crawler, JdbcTarget
from sandbox.glue.jdbc.address import Address, Engine
from sandbox.glue.jdbc.source import Source
from sandbox.glue.jdbc.table import Table

ADDRESS = Address(Engine.POSTGRESQL, "shop", "db", 5432)


class Connected:
    """A database of two tables."""

    def tables(self) -> list[Table]:
        columns = (("Id", "int"), ("id", "bigint"), ("Name", "string"))
        return [Table("public", "Orders", False, columns), Table("public", "recent", True, ())]

    def close(self) -> None: ...


@contextmanager
def connect(name: str) -> Iterator[Source]:
    if name == "broken":
        raise WorkFailed("FATAL: no")
    if name == "missing":
        raise AwsError("EntityNotFoundException", "Connection missing not found.")
    yield Source(ADDRESS, Connected())


def crawler(*targets: tuple[str, str]) -> Crawler:
    jdbc = [{"ConnectionName": name, "Path": path} for name, path in targets]
    return Crawler("c", {"Targets": {"JdbcTargets": jdbc}}, 0.0, 0.0)


def read(*targets: tuple[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    told: list[str] = []
    found = relational.read(crawler(*targets), "id", connect, told.append)
    return [each.input for each in found], told


def test_tables_and_views() -> None:
    (orders, recent), told = read(("a", "shop/public/%"))
    assert (orders["Name"], orders["StorageDescriptor"]["Location"]) == (
        "shop_public_Orders",
        "shop.public.Orders",
    )
    # Hive has one case only: columns that it cannot tell apart become one.
    assert orders["StorageDescriptor"]["Columns"] == [
        {"Name": "id", "Type": "bigint"},
        {"Name": "name", "Type": "string"},
    ]
    assert [each["Parameters"]["typeOfData"] for each in (orders, recent)] == ["table", "view"]
    assert told == [f"shop.public.{name} is classified as postgresql" for name in ("Orders", "recent")]


def test_targets_that_overlap_find_a_table_once() -> None:
    found, _ = read(("a", "shop/public/Orders"), ("a", "shop/%"))
    assert [each["Name"] for each in found] == ["shop_public_Orders", "shop_public_recent"]


def test_two_connections_to_a_database_of_one_name() -> None:
    with pytest.raises(WorkFailed, match=r"shop\.public\.Orders is a table of both a and b"):
        read(("a", "shop/public/Orders"), ("b", "shop/%"))


def test_nothing_found_is_told() -> None:
    assert read(("a", "shop/hr/%")) == ([], ["shop/hr/% holds no tables"])


def test_what_cannot_be_reached() -> None:
    with pytest.raises(WorkFailed, match=r"^The connection broken failed: FATAL: no$"):
        read(("a", "shop/%"), ("broken", "shop/%"))
    with pytest.raises(AwsError, match="Connection missing not found"):
        read(("missing", "shop/%"))


@pytest.mark.parametrize(
    ("path", "locations"),
    [
        ("shop/%", ["shop.hr.people", "shop.public.orders", "shop.public.people", "shop.items"]),
        ("shop/%/%", ["shop.hr.people", "shop.public.orders", "shop.public.people"]),
        ("shop/public/%", ["shop.public.orders", "shop.public.people"]),
        ("shop/%/people", ["shop.hr.people", "shop.public.people"]),
        ("shop/public/orders", ["shop.public.orders"]),
        ("shop/items", ["shop.items"]),
        ("other/%", []),
        ("s.op/%", []),
    ],
)
def test_tables_of_the_catalog_that_a_target_means(path: str, locations: list[str]) -> None:
    def known(location: str, connection: str) -> Known:
        return Known(
            {"StorageDescriptor": {"Location": location}, "Parameters": {"connectionName": connection}}
        )

    places = ["shop.hr.people", "shop.public.orders", "shop.public.people", "shop.items", "shopping.public.a"]
    tables = {place: known(place, "a") for place in places}
    tables |= {f"of another {place}": known(place, "b") for place in places}
    tables["in S3"] = Known({"StorageDescriptor": {"Location": "s3://shop/public/"}})
    assert relational.covered([JdbcTarget("a", path)], tables) == locations
