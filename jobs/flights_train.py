"""EMR step: learn which flights will arrive more than 15 minutes late, and measure it honestly.

The model is to predict the future, so it learns from the first months and is measured on the last ones. For
comparison the same trees are also measured on a random fifth of all months: there every test flight has
neighbours of its own hour, with the same weather and the same congestion, among the training flights. A
random split flatters deep trees, which remember hours.

The pipeline and the figures are those of `census_train.py`, which must travel with this script:

    spark-submit --py-files s3://.../census_train.py flights_train.py \
        --database flightsdb --table flights_clean \
        --model-path s3://.../model --metrics-path s3://.../metrics.json
"""
# ruff: noqa: T201 - a step tells its story on standard output.

import argparse
import json

from census_train import (
    SEED,
    describe_application,
    describe_tree,
    evaluate,
    report,
    tree_pipeline,
    write_text,
)
from pyspark.ml import Pipeline
from pyspark.ml.feature import Imputer
from pyspark.sql import DataFrame, SparkSession

CATEGORIES = ["carrier", "origin"]
# Always known; and known only when there was a weather report, or when the plane is in the register.
SCHEDULE = ["hour", "weekday", "sched_arr_time", "distance"]
CIRCUMSTANCES = ["temp", "humid", "wind_speed", "precip", "visib", "plane_age", "seats"]
LABELS = ["on time", "late"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--model-path", required=True)
    parser.add_argument("--metrics-path", required=True)
    parser.add_argument("--max-depth", type=int, default=5)
    parser.add_argument("--deep", type=int, default=12, help="depth of the tree that shows what splits hide")
    parser.add_argument("--train-months", default="1-9")
    parser.add_argument("--test-months", default="10-12")
    args = parser.parse_args()

    spark = SparkSession.builder.appName("flights-train").enableHiveSupport().getOrCreate()
    columns = ", ".join([*SCHEDULE, *CIRCUMSTANCES])
    rows = spark.sql(
        f"""SELECT month, carrier, origin, {columns}, CAST(late AS DOUBLE) AS label
            FROM `{args.database}`.`{args.table}`"""
    ).cache()
    by_time = months(rows, args.train_months), months(rows, args.test_months)
    at_random = rows.randomSplit([0.8, 0.2], seed=SEED)

    model = pipeline(args.max_depth).fit(by_time[0])
    metrics = evaluate(model, *by_time, LABELS)
    metrics["split"] = {"train_months": args.train_months, "test_months": args.test_months}
    metrics["comparison"] = [
        summary("by time", args.max_depth, metrics),
        measure("by time", *by_time, args.deep),
        measure("at random", *at_random, args.max_depth),
        measure("at random", *at_random, args.deep),
    ]
    metrics["tree"] = describe_tree(model)
    metrics["source"] = f"{args.database}.{args.table}"
    metrics["spark"] = describe_application(spark)
    model.write().overwrite().save(args.model_path)
    write_text(spark, args.metrics_path, json.dumps(metrics, indent=2))
    report(metrics)
    print("split       depth  area under ROC, training and held out")
    for line in metrics["comparison"]:
        print(f"{line['split']:<11} {line['depth']:>5}  {line['train_auc']:.4f}  {line['auc']:.4f}")
    print("a random split flatters deep trees: only the split by time asks for the future")
    spark.stop()


def months(rows: DataFrame, span: str) -> DataFrame:
    """The rows of the months `first-last`."""
    first, _, last = span.partition("-")
    return rows.where(rows["month"].between(int(first), int(last or first)))


def pipeline(max_depth: int) -> Pipeline:
    """The census pipeline, after missing circumstances have been filled with their medians."""
    filled = [f"{name}_filled" for name in CIRCUMSTANCES]
    imputer = Imputer(inputCols=CIRCUMSTANCES, outputCols=filled, strategy="median")
    tree = tree_pipeline([*SCHEDULE, *filled], CATEGORIES, LABELS, max_depth)
    return Pipeline(stages=[imputer, *tree.getStages()])


def measure(name: str, train: DataFrame, test: DataFrame, depth: int) -> dict:
    """One line of the comparison: a tree of this depth, learned and measured on this split."""
    return summary(name, depth, evaluate(pipeline(depth).fit(train), train, test, LABELS))


def summary(split: str, depth: int, figures: dict) -> dict:
    """What the comparison tells of a tree."""
    return {"split": split, "depth": depth, **{key: figures[key] for key in ("train_auc", "auc", "accuracy")}}


if __name__ == "__main__":
    main()
