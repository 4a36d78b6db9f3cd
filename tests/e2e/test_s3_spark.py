"""Spark on the object store: what its committer leaves is exactly what was written."""

import json
import os
import subprocess

import boto3
import pytest
from botocore.config import Config

from sandbox.aws.server import Server
from sandbox.runtime.address import Address
from sandbox.s3.application import ObjectStore
from sandbox.settings import Settings
from sandbox.spark import installation
from sandbox.spark.configuration import Services, base_properties, local_environment, write_conf

SCRIPT = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
home = "s3://spark/ü b"
counts = {}
people = spark.range(1000).selectExpr("id", "id % 4 AS part")
people.repartition(3).write.parquet(f"{home}/plain")
people.limit(10).write.mode("append").parquet(f"{home}/plain")
counts["appended"] = spark.read.parquet(f"{home}/plain").count()
people.write.partitionBy("part").parquet(f"{home}/partitioned")
spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
people.where("part = 2").limit(5).write.mode("overwrite").partitionBy("part").parquet(f"{home}/partitioned")
rows = spark.read.parquet(f"{home}/partitioned").groupBy("part").count().orderBy("part").collect()
counts["dynamic"] = [row["count"] for row in rows]
spark.conf.set("spark.sql.sources.partitionOverwriteMode", "static")
people.limit(7).write.mode("overwrite").partitionBy("part").parquet(f"{home}/partitioned")
counts["static"] = spark.read.parquet(f"{home}/partitioned").count()
spark.sparkContext.parallelize(["a", "b"], 2).saveAsTextFile("s3a://spark/text")
counts["text"] = sorted(spark.sparkContext.textFile("s3n://spark/text").collect())
try:
    spark.range(10).selectExpr("raise_error('wanted')").write.parquet(f"{home}/failed")
except Exception as error:
    counts["failed"] = "wanted" in str(error)
spark.stop()
print("COUNTS" + json.dumps(counts))
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What the script counted, and the keys that it left."""
    folder = tmp_path_factory.mktemp("s3-spark")
    spark = installation.find(Settings.read(os.environ), os.environ)
    # Every request of Spark's is signed right, the chunks of its uploads too.
    known = {"sandbox": "sandbox"}
    store = ObjectStore(folder / "s3", "000000000000", "us-east-1", credentials=known)
    with Server(store, "127.0.0.1", 0) as server:
        address = Address.local(server.url)
        services = Services(address, address, address, "us-east-1", "127.0.0.1")
        s3 = boto3.client(
            "s3",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
            config=Config(proxies={}),
        )
        s3.create_bucket(Bucket="spark")
        conf = write_conf(folder / "conf", base_properties(spark, services, folder))
        script = folder / "script.py"
        script.write_text(SCRIPT)
        done = subprocess.run(
            [str(spark.home / "bin" / "spark-submit"), "--master", "local[2]", str(script)],
            capture_output=True,
            text=True,
            check=False,
            env={**local_environment(spark, os.environ), "SPARK_CONF_DIR": str(conf)},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="spark")
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        uploads = s3.list_multipart_uploads(Bucket="spark").get("Uploads", [])
        s3.close()
    store.close()
    line = next(line for line in done.stdout.splitlines() if line.startswith("COUNTS"))
    return json.loads(line.removeprefix("COUNTS")), keys, uploads


def test_every_row_is_there_once(written):
    counts, _, _ = written
    assert counts["appended"] == 1010
    assert counts["dynamic"] == [250, 250, 5, 250]
    assert counts["static"] == 7
    assert counts["text"] == ["a", "b"]


def test_no_temporary_file_and_no_upload_is_left(written):
    _, keys, uploads = written
    assert [
        key for key in keys if not key.endswith("/") and ("_temporary" in key or ".spark-staging" in key)
    ] == []
    assert uploads == []
    assert "ü b/plain/_SUCCESS" in keys


def test_a_job_that_fails_says_so_and_leaves_no_success_behind(written):
    counts, keys, _ = written
    assert counts["failed"] is True
    assert "ü b/failed/_SUCCESS" not in keys
    assert [key for key in keys if key.startswith("ü b/failed/") and key.endswith(".parquet")] == []
