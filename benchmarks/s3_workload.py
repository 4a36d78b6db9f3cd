"""The Spark side of the object store's benchmark: the same four pieces of work on every target, in turn.

Usage: s3_workload.py JSON, with `targets` (name to folder), `rows` and `rounds`. Prints one JSON document:
seconds by target and work, a list with one number a round.
"""

import json
import sys
import time

from pyspark.sql import SparkSession

FILES = 8
PARTITIONS = 10

asked = json.loads(sys.argv[1])
spark = SparkSession.builder.appName("s3-workload").getOrCreate()
people = spark.range(asked["rows"]).selectExpr(
    "id",
    f"id % {PARTITIONS} AS part",
    "hash(id) AS number",
    "concat('name-', cast(hash(id * 7) AS string)) AS name",
    "rand(42) AS value",
)
people = people.repartition(FILES).cache()
people.count()


def write(folder):
    people.write.mode("overwrite").parquet(f"{folder}/plain")


def partitioned_write(folder):
    people.write.mode("overwrite").partitionBy("part").parquet(f"{folder}/partitioned")


def read(folder):
    return (
        spark.read.parquet(f"{folder}/plain").selectExpr("sum(number)", "max(name)", "sum(value)").collect()
    )


def partitioned_read(folder):
    return (
        spark.read.parquet(f"{folder}/partitioned")
        .where("part = 3")
        .selectExpr("count(*)", "max(name)")
        .collect()
    )


works = [write, partitioned_write, read, partitioned_read]
targets = list(asked["targets"].items())
seconds = {name: {work.__name__: [] for work in works} for name, _ in targets}
for turn in range(asked["rounds"] + 1):
    shift = turn % len(targets)
    for work in works:
        for name, folder in targets[shift:] + targets[:shift]:
            begun = time.perf_counter()
            work(folder)
            # The first round warms the JVM and is not counted.
            if turn:
                seconds[name][work.__name__].append(time.perf_counter() - begun)
spark.stop()
sys.stdout.write(json.dumps(seconds) + "\n")
