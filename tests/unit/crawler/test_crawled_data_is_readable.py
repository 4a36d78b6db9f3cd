"""What the catalog says of packed formats is what their own libraries read at the table's location."""

import io
import json
from typing import Any

import fastavro
import pyarrow
import pyarrow.orc
import pyarrow.parquet
import pytest
from crawler_clients import Bucket, Clock
from test_binary_formats import TABLE
from test_crawler_api import Glue
from test_shapes import DATASETS

from sandbox.catalog import DataCatalog
from sandbox.glue.crawler.runner import CrawlerRunner


def crawled(
    name: str, runner: CrawlerRunner, bucket: Bucket, catalog: DataCatalog, clock: Clock
) -> tuple[dict[str, Any], list[bytes]]:
    """The table of the objects under a name, and those at the location that it tells."""
    glue = Glue(runner, clock)
    glue.create(Targets={"S3Targets": [{"Path": f"s3://lake/{name}/"}]})
    assert glue.run()["Status"] == "SUCCEEDED"
    table = catalog.get_table("db", name)
    prefix = table["StorageDescriptor"]["Location"].removeprefix("s3://lake/")
    return table, [data for key, data in sorted(bucket.objects.items()) if key.startswith(prefix)]


@pytest.mark.parametrize("kind", ["orc", "parquet"])
def test_columnar_files(
    kind: str, runner: CrawlerRunner, bucket: Bucket, catalog: DataCatalog, clock: Clock
) -> None:
    library = getattr(pyarrow, kind)
    for number in range(2):
        out = io.BytesIO()
        library.write_table(TABLE, out)
        bucket.put(f"t/{number}", out.getvalue())
    table, objects = crawled("t", runner, bucket, catalog, clock)
    read = [library.read_table(io.BytesIO(data)) for data in objects]
    assert str(sum(each.num_rows for each in read)) == table["Parameters"]["recordCount"] == "4"
    assert {each["Name"] for each in table["StorageDescriptor"]["Columns"]} == set(read[0].column_names)
    assert read[0].to_pylist()[0]["text"] == "a"


def test_avro_by_the_schema_that_the_table_has(
    runner: CrawlerRunner, bucket: Bucket, catalog: DataCatalog, clock: Clock
) -> None:
    folder = DATASETS / "shapes" / "avro_evolved"
    for file in sorted(folder.rglob("*.avro")):
        bucket.put(f"t/{file.relative_to(folder)}", file.read_bytes())
    table, objects = crawled("t", runner, bucket, catalog, clock)
    literal = table["Parameters"]["avro.schema.literal"]
    assert literal == table["StorageDescriptor"]["SerdeInfo"]["Parameters"]["avro.schema.literal"]
    schema = fastavro.schema.parse_schema(json.loads(literal))
    rows = [row for data in objects for row in fastavro.reader(io.BytesIO(data), reader_schema=schema)]
    assert [row["email"] for row in rows] == [None, "ada@example.com"]
    assert [*rows[0]] == [each["Name"] for each in table["StorageDescriptor"]["Columns"]]
    # A partition has the schema of its own files.
    first, second = catalog.get_partitions("db", "t")
    assert "email" not in first["Parameters"]["avro.schema.literal"]
    assert "email" in second["Parameters"]["avro.schema.literal"]
