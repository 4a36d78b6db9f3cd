"""One object that cannot be read: the crawl says so, and the others are in the catalog."""

import bz2
import contextlib
import gzip
import random
from collections.abc import Callable
from typing import Any

import pytest
from crawler_clients import FILES, Bucket, Clock, Logs
from test_binary_formats import avro, orc
from test_crawler_api import Glue
from test_logs_and_archives import archive
from test_shapes import DATASETS, SHAPES

from sandbox.catalog import DataCatalog
from sandbox.glue.classifier_api import ClassifierOperations
from sandbox.glue.crawler.classification import profile
from sandbox.glue.crawler.classifiers import Classifier, Kind
from sandbox.glue.crawler.custom import prepared
from sandbox.glue.crawler.listing import Object
from sandbox.glue.crawler.profile import Unreadable
from sandbox.glue.crawler.runner import CrawlerRunner

ROWS = "".join(f"{n},{n * n:x}\n" for n in range(200))
XML = "<all>" + "<row><a>1</a></row>" * 50 + "</all>"


@pytest.fixture
def glue(runner: CrawlerRunner, clock: Clock) -> Glue:
    ClassifierOperations(runner.classifiers, clock).create_classifier(
        {"XMLClassifier": {"Name": "xml", "Classification": "xml", "RowTag": "row"}}
    )
    made = Glue(runner, clock)
    made.create(Classifiers=["xml"], SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"})
    return made


def damaged(data: bytes, pick: random.Random) -> bytes:
    """Some bytes changed, taken out or put in, or the end cut off."""
    made = bytearray(data)
    for _ in range(pick.choice((1, 1, 2, 5, 20))):
        at = pick.randrange(len(made) + 1)
        match pick.randrange(4):
            case 0:
                made[at : at + 1] = pick.randbytes(1)
            case 1:
                del made[at : at + pick.randrange(1, 30)]
            case 2:
                made[at:at] = pick.randbytes(pick.randrange(1, 10))
            case 3 if len(made) > 1:
                del made[at:]
    return bytes(made)


@pytest.mark.parametrize("name", SHAPES)
def test_damage_is_read_or_refused_and_nothing_else(name: str, bucket: Bucket) -> None:
    shape, pick = SHAPES[name], random.Random(name)
    folder = DATASETS / shape.get("folder", f"shapes/{name}")
    data = next(each for each in sorted(folder.rglob("*.*")) if each.is_file()).read_bytes()[:20_000]
    own = [prepared(Classifier(Kind(kind), "own", each[kind], 0.0, 0.0))
           for each in shape.get("classifiers", []) for kind in each]  # fmt: skip
    for _ in range(500):
        bucket.put("f", damaged(data, pick))
        with contextlib.suppress(Unreadable):
            assert profile(bucket, Object("lake", "f", len(bucket.objects["f"])), own).recognised


def parquet() -> bytes:
    return (FILES / "people.parquet").read_bytes()


FORMATS: list[Any] = [
    pytest.param(lambda: gzip.compress(ROWS.encode()), "csv", "the gzip data", id="gzip"),
    pytest.param(lambda: bz2.compress(ROWS.encode()), "csv", "the bzip2 data", id="bzip2"),
    pytest.param(lambda: archive(a=ROWS), "csv", "the zip data", id="zip"),
    pytest.param(parquet, "parquet", "the Parquet file", id="parquet"),
    pytest.param(orc, "orc", "the ORC file", id="orc"),
    pytest.param(avro, "avro", "the Avro file", id="avro"),
    pytest.param(XML.encode, "xml", "the XML is not well-formed", id="xml"),
]


@pytest.mark.parametrize(("make", "classification", "why"), FORMATS)
def test_the_other_objects_make_a_table(
    glue: Glue, bucket: Bucket, catalog: DataCatalog, logs: Logs, make: Callable[[], bytes],
    classification: str, why: str,
) -> None:  # fmt: skip
    good = make()
    bucket.put("t/k=1/good", good)
    bucket.put("t/k=2/good", good)
    bucket.put("t/k=2/bad", good[: len(good) * 2 // 3])
    last = glue.run()
    assert last["Status"] == "FAILED"
    reason = f"s3://lake/t/k=2/bad cannot be read: {why}"
    assert last["ErrorMessage"].startswith(reason)
    assert last["ErrorMessage"].endswith("; the tables of the other objects are in the catalog")
    lines = logs.lines["/aws-glue/crawlers", "c"]
    assert any(line.startswith(f"[crawl-0] ERROR : {reason}") for line in lines)
    table = catalog.get_table("db", "t")
    assert (table["Parameters"]["classification"], table["Parameters"]["objectCount"]) == (
        classification,
        "2",
    )
    assert catalog.get_partition_values("db", "t") == [["1"], ["2"]]
    [crawl] = glue("ListCrawls", CrawlerName="c")["Crawls"]
    assert crawl["State"] == "FAILED"
    assert '"TABLE": {"ADD": 1' in crawl["Summary"]

    bucket.objects["t/k=2/bad"] = good
    assert glue.run()["Status"] == "SUCCEEDED"
    assert catalog.get_table("db", "t")["Parameters"]["objectCount"] == "3"


def test_data_that_cannot_be_read_any_more_is_not_gone(
    glue: Glue, bucket: Bucket, catalog: DataCatalog
) -> None:
    for folder in ("t/t/k=1", "t/t/k=2", "t/u/k=1"):
        bucket.put(f"{folder}/f", parquet() if "/t/" in folder[1:] else ROWS)
    glue.run()
    before = {name: catalog.get_table("db", name) for name in catalog.get_table_names("db")}
    partitions = {name: catalog.get_partition_values("db", name) for name in before}
    bucket.put("t/t/k=2/f", parquet()[:-1])
    bucket.put("t/u/k=1/f", b"\xe0\x01\x00\xea ion")
    last = glue.run()
    assert last["Status"] == "FAILED"
    assert "(and 1 more objects: see the log)" in last["ErrorMessage"]
    assert {name: catalog.get_table("db", name) for name in catalog.get_table_names("db")} == before
    assert {name: catalog.get_partition_values("db", name) for name in before} == partitions


@pytest.mark.parametrize(
    "text", ['{"a": 1}\n{"a": \n', "1,2\n3\n4,5,6\n7\n", "\x00\x01\x02"], ids=["json", "csv", "noise"]
)
def test_text_that_is_broken_is_unknown_and_has_a_table_of_its_own(
    glue: Glue, bucket: Bucket, catalog: DataCatalog, logs: Logs, text: str
) -> None:
    bucket.put("t/good.csv", ROWS)
    bucket.put("t/bad", text)
    assert glue.run()["Status"] == "SUCCEEDED"
    kinds = {
        name: catalog.get_table("db", name)["Parameters"]["classification"]
        for name in catalog.get_table_names("db")
    }
    assert kinds == {"good_csv": "csv", "bad": "UNKNOWN"}
    assert any(
        "s3://lake/t/bad is classified as UNKNOWN" in line for line in logs.lines["/aws-glue/crawlers", "c"]
    )
