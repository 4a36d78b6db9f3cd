import json
from typing import Any

import pytest
from crawler_clients import Bucket, Clock, Logs
from test_crawler_api import Glue, options

from sandbox.catalog import DataCatalog
from sandbox.glue.crawler.changes import DEPRECATED_BY
from sandbox.glue.crawler.hive_types import extended, parse
from sandbox.glue.crawler.runner import CrawlerRunner

MERGE = {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}
COMBINE = {"TableGroupingPolicy": "CombineCompatibleSchemas"}
INHERIT = {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}


@pytest.mark.parametrize(
    "text",
    [
        "int",
        "decimal(10,2)",
        "varchar(20)",
        "array<map<string,bigint>>",
        "struct<a:int,b:array<struct<c:decimal(10,2),d:map<string,array<date>>>>,e:string>",
    ],
)
def test_types_are_read_back(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "array<", "array<>", "struct<", "struct<a>", "struct<a:", "int int", "map<a>", "map<a,b"]
)
def test_what_is_no_type(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize(
    ("old", "new", "together"),
    [
        ("int", "string", "int"),
        ("struct<a:int>", "struct<A:string,b:date>", "struct<a:int,b:date>"),
        ("array<struct<a:int>>", "array<struct<b:int>>", "array<struct<a:int,b:int>>"),
        ("map<string,struct<a:int>>", "map<int,struct<b:int>>", "map<string,struct<a:int,b:int>>"),
        ("struct<a:int>", "int", "struct<a:int>"),
        ("struct< a : int >", "struct<a:string>", "struct< a : int >"),
        ("no type<", "struct<a:int>", "no type<"),
    ],
)
def test_types_are_extended(old: str, new: str, together: str) -> None:
    assert extended(old, new) == together


@pytest.fixture
def glue(runner: CrawlerRunner, clock: Clock) -> Glue:
    return Glue(runner, clock)


def columns(document: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Type"] for each in document["StorageDescriptor"]["Columns"]}


def lines(*values: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in values)


def edited(catalog: DataCatalog) -> None:
    """What a person has changed in the table of the test."""
    table = catalog.get_table("db", "t")
    kept = {
        name: table[name] for name in ("Name", "Owner", "StorageDescriptor", "PartitionKeys", "TableType")
    }
    for each in kept["StorageDescriptor"]["Columns"]:
        if each["Name"] == "n":
            each |= {"Type": "decimal(10,2)", "Comment": "money"}
    catalog.update_table("db", "t", kept | {"Parameters": table["Parameters"] | {"owner": "ada"}})


def test_only_new_columns_are_added(glue: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    bucket.put("t/day=1/f.json", lines({"n": 1, "gone": "x", "place": {"lat": 1.5}}))
    glue.create(Configuration=options(CrawlerOutput=MERGE, Grouping=COMBINE))
    glue.run()
    edited(catalog)
    bucket.put(
        "t/day=1/f.json", lines({"n": "text", "place": {"lat": 2, "lon": 3.5}, "added": 1}, {"n": "b"})
    )
    bucket.put("t/day=2/f.json", lines({"n": 7}))
    assert glue.run()["Status"] == "SUCCEEDED"
    table = catalog.get_table("db", "t")
    wanted = {
        "n": "decimal(10,2)",
        "gone": "string",
        "place": "struct<lat:double,lon:double>",
        "added": "int",
    }
    assert columns(table) == wanted
    assert table["StorageDescriptor"]["Columns"][0]["Comment"] == "money"
    assert (table["Parameters"]["owner"], table["Parameters"]["recordCount"]) == ("ada", "3")
    first, second = catalog.get_partitions("db", "t")
    assert columns(first) == {**wanted, "n": "int"}
    assert columns(second) == {"n": "int"}
    version = table["VersionId"]
    glue.run()
    assert catalog.get_table("db", "t")["VersionId"] == version


def test_partitions_inherit_the_merged_columns(glue: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    bucket.put("t/day=1/f.json", lines({"n": 1}))
    glue.create(Configuration=options(CrawlerOutput=MERGE | INHERIT, Grouping=COMBINE))
    glue.run()
    edited(catalog)
    bucket.put("t/day=2/f.json", lines({"n": 7, "added": True}))
    glue.run()
    wanted = {"n": "decimal(10,2)", "added": "boolean"}
    assert columns(catalog.get_table("db", "t")) == wanted
    partitions = catalog.get_partitions("db", "t")
    assert [columns(each) for each in partitions] == [wanted, wanted]
    places = [each["StorageDescriptor"]["Location"] for each in partitions]
    assert places == ["s3://lake/t/day=1/", "s3://lake/t/day=2/"]


def test_a_table_that_does_not_go_with_the_data_is_deprecated(
    glue: Glue, bucket: Bucket, catalog: DataCatalog, logs: Logs
) -> None:
    bucket.put("t/f", lines({"n": 1}))
    glue.create(Configuration=options(CrawlerOutput=MERGE))
    glue.run()
    before = columns(catalog.get_table("db", "t"))
    bucket.put("t/f", "1,x\n2,y\n")
    assert glue.run()["Status"] == "SUCCEEDED"
    table = catalog.get_table("db", "t")
    assert columns(table) == before
    assert DEPRECATED_BY in table["Parameters"]
    told = logs.lines["/aws-glue/crawlers", "c"]
    assert any("Table t does not go with the data that was found; it is deprecated" in line for line in told)
    bucket.put("t/f", lines({"n": 1, "m": 2}))
    glue.run()
    table = catalog.get_table("db", "t")
    assert columns(table) == {"n": "int", "m": "int"}
    assert DEPRECATED_BY not in table["Parameters"]


def test_the_policy_is_told_as_it_was_given(glue: Glue) -> None:
    glue.create(Configuration=options(CrawlerOutput=MERGE), SchemaChangePolicy={"UpdateBehavior": "LOG"})
    assert glue("GetCrawler", Name="c")["Crawler"]["SchemaChangePolicy"]["UpdateBehavior"] == "LOG"
