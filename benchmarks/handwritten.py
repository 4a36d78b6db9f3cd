"""What a person would write for the same work: one PySpark script in one JVM, on S3 and the catalog.

Reads the raw census file, cleans it, writes Parquet as a table of the catalog, reads it back, trains and
evaluates the tree, saves the model, loads it and scores one person. Usage: handwritten.py RAW FOLDER
"""

import json
import sys

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import DecisionTreeClassifier
from pyspark.ml.evaluation import BinaryClassificationEvaluator, MulticlassClassificationEvaluator
from pyspark.ml.feature import StringIndexer, VectorAssembler
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias

raw, folder = sys.argv[1], sys.argv[2]
spark = SparkSession.builder.appName("handwritten").enableHiveSupport().getOrCreate()
names = {
    0: "age",
    1: "workclass",
    3: "education",
    6: "occupation",
    7: "relationship",
    12: "hours",
    14: "income",
}
lines = spark.read.csv(raw, inferSchema=True)
trimmed = lines.select(*(F.trim(F.col(f"_c{index}")).alias(name) for index, name in names.items()))
clean = trimmed.select(*(F.when(F.col(name) != "?", F.col(name)).alias(name) for name in trimmed.columns))
typed = clean.withColumn("age", F.col("age").cast("long")).withColumn("hours", F.col("hours").cast("long"))
spark.sql("CREATE DATABASE IF NOT EXISTS handwritten")
typed.write.mode("overwrite").option("path", f"{folder}/clean").saveAsTable("handwritten.clean")

people = spark.table("handwritten.clean").withColumn("label", (F.col("income") == ">50K").cast("double"))
train, test = people.randomSplit([0.8, 0.2], seed=42)
train, test = train.cache(), test.cache()
texts = ["workclass", "education", "relationship", "occupation"]
indexers = [StringIndexer(inputCol=name, outputCol=f"{name}_index", handleInvalid="keep") for name in texts]
assembler = VectorAssembler(inputCols=["age", *(f"{name}_index" for name in texts)], outputCol="features")
model = Pipeline(stages=[*indexers, assembler, DecisionTreeClassifier()]).fit(train)
scored = model.transform(test).cache()
metrics = {
    "rows": people.count(),
    "accuracy": MulticlassClassificationEvaluator(metricName="accuracy").evaluate(scored),
    "auc": BinaryClassificationEvaluator(rawPredictionCol="probability").evaluate(scored),
    "confusion": [row.asDict() for row in scored.groupBy("label", "prediction").count().collect()],
    "majority": people.groupBy("label").count().agg(F.max("count")).first()[0] / people.count(),
}
model.write().overwrite().save(f"{folder}/model")
person = spark.createDataFrame(
    [(39, "State-gov", "Bachelors", "Not-in-family", "Adm-clerical")],
    "age long, workclass string, education string, relationship string, occupation string",
)
answer = PipelineModel.load(f"{folder}/model").transform(person).select("prediction", "probability").first()
metrics["prediction"] = answer["prediction"]
path = spark._jvm.org.apache.hadoop.fs.Path(f"{folder}/metrics.json")
stream = path.getFileSystem(spark._jsc.hadoopConfiguration()).create(path, True)
stream.write(bytearray(json.dumps(metrics), "utf-8"))
stream.close()
spark.stop()
