from typing import Any

import pytest
from crawler_clients import Bucket, Clock, Logs
from test_crawler_api import ROWS, Glue, fault, options

from sandbox.catalog import DataCatalog
from sandbox.glue.crawler.runner import CrawlerRunner

NEW_FOLDERS = {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}}
LOG = {"SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}}


@pytest.fixture
def glue(runner: CrawlerRunner, clock: Clock) -> Glue:
    return Glue(runner, clock)


@pytest.fixture
def crawled(glue: Glue, bucket: Bucket) -> Glue:
    """A crawler of new folders that has seen two of them."""
    for month in ("Jan", "Feb"):
        bucket.put(f"t/month={month}/day=1/f.csv", ROWS)
    glue.create(**NEW_FOLDERS, **LOG)
    assert glue.run()["Status"] == "SUCCEEDED"
    bucket.read.clear()
    return glue


def partitions(catalog: DataCatalog) -> list[list[str]]:
    return catalog.get_partition_values("db", "t")


def told(logs: Logs) -> str:
    return "\n".join(logs.lines["/aws-glue/crawlers", "c"])


def test_only_new_folders_are_read(crawled: Glue, bucket: Bucket, catalog: DataCatalog, logs: Logs) -> None:
    before = catalog.get_table("db", "t")
    bucket.put("t/month=Jan/day=1/more.csv", ROWS)
    bucket.put("t/month=Mar/day=1/f.csv", ROWS)
    assert crawled.run()["Status"] == "SUCCEEDED"
    assert {key for key, _ in bucket.read} == {"t/month=Mar/day=1/f.csv"}
    assert partitions(catalog) == [["Feb", "1"], ["Jan", "1"], ["Mar", "1"]]
    assert catalog.get_table("db", "t") == before
    assert "is gone" not in told(logs)
    assert "has changed" not in told(logs)
    [crawl, _] = crawled("ListCrawls", CrawlerName="c")["Crawls"]
    assert '"PARTITION": {"ADD": 1, "UPDATE": 0, "DELETE": 0}' in crawl["Summary"]
    bucket.read.clear()
    crawled.run()
    assert not bucket.read
    assert "s3://lake/t/ holds no new folders" in told(logs)


def test_what_is_gone_is_not_looked_for(crawled: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    bucket.objects.clear()
    assert crawled.run()["Status"] == "SUCCEEDED"
    assert partitions(catalog) == [["Feb", "1"], ["Jan", "1"]]


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("t/month=Mar/day=1/f.csv", "a,b,c,d\n1,2,3,4\n"),  # not alike
        ("t/month=Mar/day=1/f.json", '{"col0": 1, "col1": "x"}\n'),  # of another format
        ("t/month=Mar/f.csv", ROWS),  # not as deep
        ("t/month=Mar/day=1/hour=2/f.csv", ROWS),  # deeper
    ],
)
def test_a_folder_that_does_not_go_with_the_table(
    crawled: Glue, bucket: Bucket, catalog: DataCatalog, logs: Logs, key: str, data: str
) -> None:
    bucket.put(key, data)
    assert crawled.run()["Status"] == "SUCCEEDED"
    assert partitions(catalog) == [["Feb", "1"], ["Jan", "1"]]
    assert catalog.get_table_names("db") == ["t"]
    folder = key.rpartition("/")[0]
    assert f"s3://lake/{folder}/ is left out: it does not go with table t" in told(logs)


def test_a_new_folder_beside_the_tables_is_a_table(glue: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    bucket.put("t/a/f.csv", ROWS)
    bucket.put("t/b/f.csv", "x,y,z\n1,2,3\n4,5,6\n")
    glue.create(**NEW_FOLDERS)
    glue.run()
    assert catalog.get_table_names("db") == ["a", "b"]
    bucket.put("t/c/f.csv", ROWS)
    glue.run()
    assert catalog.get_table_names("db") == ["a", "b", "c"]


def test_an_object_that_could_not_be_read_is_tried_again(
    crawled: Glue, bucket: Bucket, catalog: DataCatalog
) -> None:
    bucket.put("t/month=Mar/day=1/f.csv", b"\x1f\x8b broken")
    assert crawled.run()["Status"] == "FAILED"
    bucket.put("t/month=Mar/day=1/f.csv", ROWS)
    assert crawled.run()["Status"] == "SUCCEEDED"
    assert ["Mar", "1"] in partitions(catalog)


def test_a_whole_crawl_counts_for_the_incremental_ones(glue: Glue, bucket: Bucket) -> None:
    bucket.put("t/a.csv", ROWS)
    glue.create()
    glue.run()
    glue("UpdateCrawler", Name="c", **NEW_FOLDERS)
    bucket.read.clear()
    glue.run()
    assert not bucket.read
    glue("DeleteCrawler", Name="c")
    glue.create(**NEW_FOLDERS)
    glue.run()
    assert bucket.read


def test_the_policy_of_incremental_crawls(glue: Glue) -> None:
    with fault(
        "InvalidInputException", "can have only LOG DeleteBehavior value and LOG UpdateBehavior value"
    ):
        glue.create(**NEW_FOLDERS, SchemaChangePolicy={"UpdateBehavior": "UPDATE_IN_DATABASE"})
    glue.create(**NEW_FOLDERS)
    crawler: dict[str, Any] = glue("GetCrawler", Name="c")["Crawler"]
    assert crawler["RecrawlPolicy"] == NEW_FOLDERS["RecrawlPolicy"]
    assert crawler["SchemaChangePolicy"] == LOG["SchemaChangePolicy"]
    with fault("InvalidInputException", "targets of a crawler of new folders only cannot be changed"):
        glue("UpdateCrawler", Name="c", Targets={"S3Targets": [{"Path": "s3://lake/elsewhere/"}]})
    glue("UpdateCrawler", Name="c", Configuration=options(Grouping={"TableLevelConfiguration": 2}))
