"""EMR step: score new records with a saved tree pipeline, whichever training script saved it.

The input is one object of JSON lines, a record a line; a category that a record lacks counts as unknown.
The output is one object of JSON lines, in the order of the input, and is printed as well.

    spark-submit tree_predict.py --model s3://.../model --input s3://.../new.json --output s3://.../scored.json
"""
# ruff: noqa: T201 - a step tells its story on standard output.

import argparse
import json

from pyspark.ml import PipelineModel
from pyspark.ml.feature import StringIndexerModel
from pyspark.ml.functions import vector_to_array
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias
from pyspark.sql.types import DoubleType, StringType, StructField, StructType


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", required=True)
    args = parser.parse_args()

    spark = SparkSession.builder.appName("tree-predict").getOrCreate()
    model = PipelineModel.load(args.model)
    # One partition keeps the order of the lines. FAILFAST: a malformed line must not be scored as unknown.
    lines = spark.read.text(args.input).coalesce(1).where(F.trim("value") != "")
    record = F.from_json("value", input_schema(model), {"mode": "FAILFAST"})
    scored = model.transform(lines.withColumn("record", record).select("value", "record.*"))
    rows = scored.select("value", "predicted", vector_to_array("probability").alias("probability")).collect()
    text = "".join(json.dumps(answer(model, row)) + "\n" for row in rows)
    write_text(spark, args.output, text)
    print(text, end="")
    spark.stop()


def input_schema(model: PipelineModel) -> StructType:
    """The columns that the pipeline reads and no stage of it makes: text to be indexed, and numbers."""
    made, needed = set(), {}
    for stage in model.stages[:-2]:
        kind = StringType() if isinstance(stage, StringIndexerModel) else DoubleType()
        needed.update({name: kind for name in stage.getInputCols() if name not in made})
        made.update(stage.getOutputCols() if stage.hasParam("outputCols") else [stage.getOutputCol()])
    return StructType([StructField(name, kind) for name, kind in needed.items()])


def answer(model: PipelineModel, row) -> dict:
    """A scored record: itself, the predicted label, and the probability of each label."""
    probabilities = dict(zip(model.stages[-1].getLabels(), row["probability"], strict=True))
    return {
        "input": json.loads(row["value"]),
        "prediction": row["predicted"],
        "probability": probabilities[row["predicted"]],
        "probabilities": probabilities,
    }


def write_text(spark: SparkSession, uri: str, text: str) -> None:
    """Write `text` as one object, through Hadoop so that s3://, hdfs:// and file: are all the same."""
    path = spark._jvm.org.apache.hadoop.fs.Path(uri)
    stream = path.getFileSystem(spark._jsc.hadoopConfiguration()).create(path, True)
    try:
        stream.write(bytearray(text, "utf-8"))
    finally:
        stream.close()


if __name__ == "__main__":
    main()
