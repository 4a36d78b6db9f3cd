"""Touches the parts of Spark that scripts use, so that their classes are in the archive."""

import sys

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import DecisionTreeClassifier
from pyspark.ml.feature import StringIndexer, VectorAssembler
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias

folder = sys.argv[1]
spark = SparkSession.builder.getOrCreate()
loader = spark._jvm.java.lang.Thread.currentThread().getContextClassLoader()
for name in (
    "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "com.amazonaws.services.s3.AmazonS3Client",
    "com.amazonaws.services.s3.transfer.TransferManager",
    "org.apache.spark.sql.hive.HiveSessionStateBuilder",
    "org.apache.spark.sql.hive.HiveExternalCatalog",
    "org.apache.hadoop.hive.metastore.HiveMetaStoreClient",
    "org.apache.spark.executor.CoarseGrainedExecutorBackend",
    "org.apache.spark.scheduler.cluster.StandaloneSchedulerBackend",
):
    spark._jvm.java.lang.Class.forName(name, True, loader)

rows = spark.range(200).select(
    F.col("id").alias("number"),
    F.when(F.col("id") % 3 == 0, "a").otherwise("b").alias("text"),
    (F.col("id") % 2).cast("double").alias("label"),
)
rows.write.mode("overwrite").csv(f"{folder}/csv")
spark.read.csv(f"{folder}/csv", inferSchema=True).count()
rows.write.mode("overwrite").partitionBy("text").parquet(f"{folder}/parquet")
rows.write.mode("overwrite").json(f"{folder}/json")
people = spark.read.parquet(f"{folder}/parquet").cache()
people.createOrReplaceTempView("people")
spark.sql("SELECT text, count(*), avg(number) FROM people GROUP BY text ORDER BY text").collect()
numbers = spark.read.json(f"{folder}/json").select("number")
people.join(numbers, "number").groupBy("label").count().toPandas()
stages = [
    StringIndexer(inputCol="text", outputCol="index"),
    VectorAssembler(inputCols=["number", "index"], outputCol="features"),
    DecisionTreeClassifier(),
]
train, test = people.randomSplit([0.8, 0.2], seed=1)
Pipeline(stages=stages).fit(train).write().overwrite().save(f"{folder}/model")
PipelineModel.load(f"{folder}/model").transform(test).select("prediction", "probability").collect()
spark.stop()
