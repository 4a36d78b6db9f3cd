from typing import Any

import pytest
from crawler_clients import Bucket, Clock, Logs
from test_crawler_api import Glue

from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError
from sandbox.glue.classifier_api import ClassifierOperations
from sandbox.glue.crawler.runner import CrawlerRunner

LOG = "INFO 200 started\nWARN 500 late\n"
BOOKS = "<all><book><title>A</title></book><book><title>B</title></book></all>"
TEXT = "org.apache.hadoop.mapred.TextInputFormat"


@pytest.fixture
def classifiers(runner: CrawlerRunner, clock: Clock) -> ClassifierOperations:
    made = ClassifierOperations(runner.classifiers, clock)
    made.create_classifier(
        {
            "GrokClassifier": {
                "Name": "log",
                "Classification": "app-log",
                "GrokPattern": "%{LEVEL:level} %{NUMBER:code:int} %{GREEDYDATA:message}",
                "CustomPatterns": "LEVEL INFO|WARN",
            }
        }
    )
    made.create_classifier({"XMLClassifier": {"Name": "xml", "Classification": "xml", "RowTag": "book"}})
    made.create_classifier({"JsonClassifier": {"Name": "json", "JsonPath": "$.rows[*]"}})
    made.create_classifier(
        {"CsvClassifier": {"Name": "csv", "Delimiter": "~", "QuoteSymbol": "'", "ContainsHeader": "PRESENT"}}
    )
    return made


@pytest.fixture
def glue(runner: CrawlerRunner, clock: Clock) -> Glue:
    return Glue(runner, clock)


def crawled(glue: Glue, bucket: Bucket, catalog: DataCatalog, text: str, *names: str) -> dict[str, Any]:
    bucket.put("t/data", text)
    glue.create(Classifiers=list(names))
    assert glue.run()["Status"] == "SUCCEEDED"
    assert glue("GetCrawler", Name="c")["Crawler"]["Classifiers"] == list(names)
    return catalog.get_table("db", "t")


def columns(table: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Type"] for each in table["StorageDescriptor"]["Columns"]}


@pytest.mark.usefixtures("classifiers")
def test_a_grok_table(glue: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    table = crawled(glue, bucket, catalog, LOG, "xml", "log")
    storage, parameters = table["StorageDescriptor"], table["Parameters"]
    assert columns(table) == {"level": "string", "code": "int", "message": "string"}
    assert storage["SerdeInfo"] == {
        "SerializationLibrary": "com.amazonaws.glue.serde.GrokSerDe",
        "Parameters": {
            "input.format": "%{LEVEL:level} %{NUMBER:code:int} %{GREEDYDATA:message}",
            "input.grokCustomPatterns": "LEVEL INFO|WARN",
        },
    }
    assert (storage["InputFormat"], storage["Compressed"]) == (TEXT, False)
    assert (parameters["classification"], parameters["recordCount"]) == ("app-log", "2")
    assert (parameters["compressionType"], parameters["typeOfData"]) == ("none", "file")
    assert "delimiter" not in parameters


@pytest.mark.usefixtures("classifiers")
def test_an_xml_table(glue: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    table = crawled(glue, bucket, catalog, BOOKS, "xml")
    assert columns(table) == {"title": "string"}
    assert table["StorageDescriptor"]["SerdeInfo"] == {"Parameters": {"rowTag": "book"}}
    assert (table["Parameters"]["classification"], table["Parameters"]["rowTag"]) == ("xml", "book")


@pytest.mark.usefixtures("classifiers")
def test_a_json_table_of_the_rows_that_a_path_finds(glue: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    table = crawled(glue, bucket, catalog, '{"rows": [{"a": 1}, {"a": 2, "b": "x"}]}', "json")
    assert columns(table) == {"a": "int", "b": "string"}
    assert (table["Parameters"]["jsonPath"], table["Parameters"]["recordCount"]) == ("$.rows[*]", "2")


@pytest.mark.usefixtures("classifiers")
def test_a_csv_table_with_a_quote_symbol(glue: Glue, bucket: Bucket, catalog: DataCatalog) -> None:
    table = crawled(glue, bucket, catalog, "id~text\n1~'a~b'\n", "csv")
    assert columns(table) == {"id": "bigint", "text": "string"}
    serde = table["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "org.apache.hadoop.hive.serde2.OpenCSVSerde"
    assert serde["Parameters"] == {"separatorChar": "~", "quoteChar": "'", "escapeChar": "\\"}
    wanted = {"delimiter": "~", "skip.header.line.count": "1", "areColumnsQuoted": "true"}
    assert wanted.items() <= table["Parameters"].items()


def test_a_classifier_that_is_gone_fails_the_crawl(
    glue: Glue, bucket: Bucket, catalog: DataCatalog, logs: Logs, classifiers: ClassifierOperations
) -> None:
    crawled(glue, bucket, catalog, LOG, "log")
    before = catalog.get_table("db", "t")
    classifiers.delete_classifier({"Name": "log"})
    last = glue.run()
    message = "Classifier with name log does not exist"
    assert last["Status"] == "FAILED"
    assert message in last["ErrorMessage"]
    assert any(message in line for line in logs.lines["/aws-glue/crawlers", "c"])
    assert catalog.get_table("db", "t") == before


@pytest.mark.usefixtures("classifiers")
def test_update_names_known_classifiers(glue: Glue) -> None:
    glue.create()
    glue("UpdateCrawler", Name="c", Classifiers=["csv"])
    with pytest.raises(AwsError, match="Classifier with name nope does not exist") as caught:
        glue("UpdateCrawler", Name="c", Classifiers=["csv", "nope"])
    assert caught.value.code == "InvalidInputException"
    assert glue("GetCrawler", Name="c")["Crawler"]["Classifiers"] == ["csv"]
