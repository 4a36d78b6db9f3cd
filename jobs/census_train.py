"""EMR step: learn from the clean census table who earns more than 50,000 dollars a year.

Four text columns become numbers (StringIndexer), join the age in one vector (VectorAssembler), and a decision
tree with its default settings learns from four fifths of the rows. The last fifth tells how good it is. The
fitted pipeline is saved for `tree_predict.py`; everything that was measured goes into one JSON object.

    spark-submit census_train.py --database censusdb --table adult_data_clean \
        --model-path s3://.../model --metrics-path s3://.../metrics.json
"""
# ruff: noqa: T201 - a step tells its story on standard output.

import argparse
import json

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import DecisionTreeClassifier
from pyspark.ml.feature import IndexToString, StringIndexer, VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias

CATEGORIES = ["workclass", "education", "relationship", "occupation"]
NUMBERS = ["age"]
LABELS = ["<=50K", ">50K"]
SEED = 42


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--model-path", required=True)
    parser.add_argument("--metrics-path", required=True)
    parser.add_argument("--max-depth", type=int, default=5)
    args = parser.parse_args()

    spark = SparkSession.builder.appName("census-train").enableHiveSupport().getOrCreate()
    rows = spark.sql(
        f"""SELECT age, workclass, education, relationship, occupation,
                   CAST(income = '{LABELS[1]}' AS DOUBLE) AS label
            FROM `{args.database}`.`{args.table}`
            WHERE age IS NOT NULL AND income IS NOT NULL"""
    )
    # One partition: randomSplit draws within partitions, so the split is the same however the table's files
    # are cut; and for a table of this size one task is the fastest, too.
    train, test = rows.coalesce(1).cache().randomSplit([0.8, 0.2], seed=SEED)
    model = tree_pipeline(NUMBERS, CATEGORIES, LABELS, args.max_depth).fit(train.cache())

    metrics = evaluate(model, train, test, LABELS)
    metrics["tree"] = describe_tree(model)
    metrics["source"] = f"{args.database}.{args.table}"
    metrics["spark"] = describe_application(spark)
    model.write().overwrite().save(args.model_path)
    write_text(spark, args.metrics_path, json.dumps(metrics, indent=2))
    report(metrics)
    spark.stop()


def tree_pipeline(numbers: list[str], categories: list[str], labels: list[str], max_depth: int) -> Pipeline:
    """Index the categories, assemble the features, learn, and name the prediction."""
    # keep: a null or a value never seen is a category of its own. One indexer for all columns is one job.
    indexer = StringIndexer(
        inputCols=categories, outputCols=[f"{name}_index" for name in categories], handleInvalid="keep"
    )
    features = [*numbers, *indexer.getOutputCols()]
    assembler = VectorAssembler(inputCols=features, outputCol="features")
    # The default of 32 bins is enough while no column has more categories: education has the most, 17.
    tree = DecisionTreeClassifier(labelCol="label", featuresCol="features", maxDepth=max_depth)
    name_it = IndexToString(inputCol="prediction", outputCol="predicted", labels=labels)
    return Pipeline(stages=[indexer, assembler, tree, name_it])


def evaluate(model: PipelineModel, train: DataFrame, test: DataFrame, labels: list[str]) -> dict:
    """All figures of merit from one grouped aggregation: a tree has few leaves, so there are few groups."""
    both = train.withColumn("held_out", F.lit(False)).unionByName(test.withColumn("held_out", F.lit(True)))
    # Not rawPrediction: in a tree that holds the leaf's class counts, which do not rank rows across leaves.
    scored = model.transform(both).withColumn("score", vector_to_array("probability")[1])
    groups = scored.groupBy("held_out", "label", "prediction", "score").count().collect()
    held_out = [g for g in groups if g["held_out"]]
    seen = [g for g in groups if not g["held_out"]]
    confusion = [
        [
            sum(g["count"] for g in held_out if g["label"] == actual and g["prediction"] == predicted)
            for predicted in (0, 1)
        ]
        for actual in (0, 1)
    ]
    return {
        "rows": sum(g["count"] for g in groups),
        "train_rows": sum(g["count"] for g in seen),
        "test_rows": sum(g["count"] for g in held_out),
        "accuracy": accuracy(held_out),
        "train_accuracy": accuracy(seen),
        "auc": area_under_roc([(g["score"], g["label"], g["count"]) for g in held_out]),
        "train_auc": area_under_roc([(g["score"], g["label"], g["count"]) for g in seen]),
        "majority": max(map(sum, confusion)) / sum(map(sum, confusion)),
        "labels": labels,
        "confusion": confusion,
    }


def accuracy(groups: list) -> float:
    """The share of rows whose prediction is their label."""
    return sum(g["count"] for g in groups if g["label"] == g["prediction"]) / sum(g["count"] for g in groups)


def area_under_roc(scores: list[tuple[float, float, int]]) -> float:
    """The chance that a positive row is scored above a negative one, ties counting half."""
    positives = sum(count for _, label, count in scores if label == 1)
    negatives = sum(count for _, label, count in scores if label == 0)
    if not positives or not negatives:
        raise ValueError("the rows are all of one label: there is no area under ROC")
    # One walk up the scores: a deep tree has thousands of them.
    by_score: dict[float, list[int]] = {}
    for score, label, count in scores:
        by_score.setdefault(score, [0, 0])[int(label)] += count
    wins, below = 0.0, 0
    for score in sorted(by_score):
        negatives_here, positives_here = by_score[score]
        wins += positives_here * (below + negatives_here / 2)
        below += negatives_here
    return wins / (positives * negatives)


def describe_tree(model: PipelineModel) -> dict:
    """The learned tree: its size, which features matter, its rules as text and as a nested structure."""
    stages = {type(stage).__name__: stage for stage in model.stages}
    tree = stages["DecisionTreeClassificationModel"]
    names = [
        name.removesuffix("_index").removesuffix("_filled")
        for name in stages["VectorAssembler"].getInputCols()
    ]
    categories = dict(
        zip(
            [name.removesuffix("_index") for name in stages["StringIndexerModel"].getOutputCols()],
            [[*values, "(none)"] for values in stages["StringIndexerModel"].labelsArray],
            strict=True,
        )
    )
    labels = stages["IndexToString"].getLabels()
    rules = tree.toDebugString
    for index, name in reversed(list(enumerate(names))):
        rules = rules.replace(f"feature {index} ", f"{name} ")
    return {
        "nodes": tree.numNodes,
        "depth": tree.depth,
        "feature_importances": dict(zip(names, map(float, tree.featureImportances.toArray()), strict=True)),
        "rules": rules,
        "root": describe_node(tree._call_java("rootNode"), names, categories, labels),
    }


def describe_node(node, names: list[str], categories: dict[str, list[str]], labels: list[str]) -> dict:
    """A node and all below it: how many training rows of each class it saw, and how it divides them."""
    described = {
        "prediction": labels[int(node.prediction())],
        "counts": [int(count) for count in node.impurityStats().stats()],
    }
    if node.getClass().getSimpleName() == "LeafNode":
        return described
    split = node.split()
    feature = names[split.featureIndex()]
    described["feature"] = feature
    if split.getClass().getSimpleName() == "CategoricalSplit":
        known = categories[feature]
        described["categories"] = [known[int(index)] for index in split.leftCategories()]
        described["other_categories"] = [known[int(index)] for index in split.rightCategories()]
    else:
        described["threshold"] = float(split.threshold())
    described["left"] = describe_node(node.leftChild(), names, categories, labels)
    described["right"] = describe_node(node.rightChild(), names, categories, labels)
    return described


def describe_application(spark: SparkSession) -> dict:
    """Where this ran, so that the figures can be traced to an application in the cluster's list."""
    context = spark.sparkContext
    return {"application_id": context.applicationId, "master": context.master, "version": spark.version}


def write_text(spark: SparkSession, uri: str, text: str) -> None:
    """Write `text` as one object, through Hadoop so that s3://, hdfs:// and file: are all the same."""
    path = spark._jvm.org.apache.hadoop.fs.Path(uri)
    stream = path.getFileSystem(spark._jsc.hadoopConfiguration()).create(path, True)
    try:
        stream.write(bytearray(text, "utf-8"))
    finally:
        stream.close()


def report(metrics: dict) -> None:
    """Print what a person wants to know first."""
    tree = metrics["tree"]
    print(f"rows used: {metrics['rows']}, of which held out: {metrics['test_rows']}")
    print(f"accuracy: {metrics['accuracy']:.4f} (always guessing the majority: {metrics['majority']:.4f})")
    print(f"area under ROC: {metrics['auc']:.4f}")
    print(f"confusion (rows: actual, columns: predicted {metrics['labels']}): {metrics['confusion']}")
    print(f"tree: {tree['nodes']} nodes, depth {tree['depth']}")
    for name, weight in sorted(tree["feature_importances"].items(), key=lambda item: -item[1]):
        print(f"  {name:<16} {weight:.4f}")
    print(tree["rules"])


if __name__ == "__main__":
    main()
