"""Every folder of datasets/shapes, and what a crawler must find in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from crawler_clients import Bucket, Clock
from test_crawler_api import Glue

from sandbox.catalog import DataCatalog
from sandbox.glue.classifier_api import ClassifierOperations
from sandbox.glue.crawler.runner import CrawlerRunner

DATASETS = Path(__file__).parents[3] / "datasets"
SHAPES: dict[str, dict[str, Any]] = json.loads((DATASETS / "shapes" / "shapes.json").read_text())


def test_every_folder_is_described() -> None:
    folders = {each.name for each in (DATASETS / "shapes").iterdir() if each.is_dir()}
    assert {name for name, shape in SHAPES.items() if "folder" not in shape} == folders
    assert len(SHAPES) >= 15


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape(
    name: str, runner: CrawlerRunner, bucket: Bucket, catalog: DataCatalog, clock: Clock
) -> None:
    shape = SHAPES[name]
    folder = DATASETS / shape.get("folder", f"shapes/{name}")
    for file in folder.rglob("*"):
        if file.is_file():
            bucket.put(f"{name}/{file.relative_to(folder)}", file.read_bytes())
    operations = ClassifierOperations(runner.classifiers, clock)
    for each in shape.get("classifiers", []):
        operations.create_classifier(each)
    names = [member["Name"] for each in shape.get("classifiers", []) for member in each.values()]
    glue = Glue(runner, clock)
    glue.create(Targets={"S3Targets": [{"Path": f"s3://lake/{name}/"}]}, Classifiers=names)
    assert glue.run()["Status"] == "SUCCEEDED"
    assert {table: summary(catalog, table) for table in catalog.get_table_names("db")} == shape["tables"]


def summary(catalog: DataCatalog, name: str) -> dict[str, Any]:
    table = catalog.get_table("db", name)
    storage, parameters = table["StorageDescriptor"], table["Parameters"]
    optional = {
        "compression": parameters["compressionType"].removesuffix("none"),
        "delimiter": parameters.get("delimiter"),
        "header": "skip.header.line.count" in parameters,
        "keys": [each["Name"] for each in table["PartitionKeys"]],
        "partitions": catalog.get_partition_values("db", name) if table["PartitionKeys"] else [],
        "input": storage["InputFormat"].rpartition(".")[2],
        "serde": storage["SerdeInfo"].get("SerializationLibrary", "").rpartition(".")[2],
    }
    return {
        "classification": parameters["classification"],
        "records": int(parameters["recordCount"]),
        "columns": {each["Name"]: each["Type"] for each in storage["Columns"]},
        **{member: value for member, value in optional.items() if value},
    }
