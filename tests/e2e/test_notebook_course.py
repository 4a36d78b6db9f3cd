"""The course's notes on a cluster, held against the course's own training step on the same table."""

import json
import re

import pytest
from test_notebook import CATALOG, cluster, notebook, said, wait

from sandbox.demo import packaged
from sandbox.demo.synthetic import adult
from sandbox.notebook.builtin import seed

MAKE_TABLE = """
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.builder.getOrCreate()
names = {0: "age", 1: "workclass", 3: "education", 6: "occupation", 7: "relationship", 14: "income"}
options = {"ignoreLeadingWhiteSpace": True, "nullValue": "?", "inferSchema": True}
raw = spark.read.csv("s3://course-e2e/adult.data", **options)
spark.sql("CREATE DATABASE censusdb LOCATION 's3://course-e2e/censusdb.db'")
clean = raw.select(*(F.col(f"_c{n}").alias(name) for n, name in names.items()))
clean.coalesce(1).write.saveAsTable("censusdb.adult_data_clean", path="s3://course-e2e/clean/")
assert spark.table("censusdb.adult_data_clean").count() == 4000
"""


def run_step(sandbox, cluster, *arguments):
    emr = sandbox.client("emr")
    step = {"Jar": "command-runner.jar", "Args": ["spark-submit", *arguments]}
    config = {"Name": arguments[0], "ActionOnFailure": "CONTINUE", "HadoopJarStep": step}
    (id,) = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[config])["StepIds"]

    def ended():
        status = emr.describe_step(ClusterId=cluster, StepId=id)["Step"]["Status"]
        return status if status["State"] not in ("PENDING", "RUNNING") else None

    status = wait(ended)
    assert status["State"] == "COMPLETED", status


def make_table(sandbox, cluster):
    """The census table as the course's job leaves it, of made-up people."""
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="course-e2e")
    s3.put_object(Bucket="course-e2e", Key="adult.data", Body=adult(rows=4000))
    s3.put_object(Bucket="course-e2e", Key="table.py", Body=MAKE_TABLE.encode())
    run_step(sandbox, cluster, "s3://course-e2e/table.py")


@pytest.fixture(scope="module")
def course(sandbox):
    """A cluster's notebook, and what the training step measured on the census table there."""
    s3 = sandbox.client("s3")
    arguments = ["--database", "censusdb", "--table", "adult_data_clean"]
    arguments += ["--model-path", "s3://course-e2e/model", "--metrics-path", "s3://course-e2e/metrics.json"]
    with cluster(sandbox, configurations=[CATALOG]) as id:
        make_table(sandbox, id)
        s3.upload_file(str(packaged.jobs() / "census_train.py"), "course-e2e", "train.py")
        run_step(sandbox, id, "s3://course-e2e/train.py", *arguments)
        body = s3.get_object(Bucket="course-e2e", Key="metrics.json")["Body"].read()
        yield notebook(sandbox, id), json.loads(body)


@pytest.mark.parametrize("name", ["census-pyspark", "census-scala"])
def test_the_courses_note_runs_and_measures_what_the_training_step_measured(course, name):
    client, metrics = course
    id = client.find(name)
    assert id is not None, "the course's notes are there from the start"
    list(client.follow(id, client.start(id), 400))
    note = client.get(id)
    for paragraph in note.paragraphs:
        assert paragraph.status == "FINISHED", (paragraph.title, paragraph.text_of_error)
    by_title = {paragraph.title: paragraph for paragraph in note.paragraphs}
    evaluated = said(by_title["Evaluate"])
    figures = dict(re.findall(r"^(accuracy|area under ROC): ([\d.]+)$", evaluated, re.MULTILINE))
    assert float(figures["accuracy"]) == pytest.approx(metrics["accuracy"], abs=1e-6)
    assert float(figures["area under ROC"]) == pytest.approx(metrics["auc"], abs=1e-6)
    assert metrics["accuracy"] > metrics["majority"]
    tree = said(by_title["The tree"]).replace("_index", "").splitlines()
    assert "\n".join(tree[1:]).rstrip() == "\n".join(metrics["tree"]["rules"].splitlines()[1:])
    assert len(tree) > 10
    tables_and_pictures(name, by_title, metrics)


def tables_and_pictures(name, by_title, metrics):
    education = by_title["Education"].results.messages[0]
    assert education.type == "TABLE"
    assert education.data.startswith("education\tpeople\tpercent_above_50k\n")
    assert by_title["Education"].config["results"]["0"]["graph"]["mode"] == "multiBarChart"
    assert by_title["Age"].config["results"]["0"]["graph"]["mode"] == "lineChart"
    confusion = by_title["Confusion matrix"].results.messages[0].data.splitlines()
    assert [[int(cell) for cell in line.split("\t")[1:]] for line in confusion[1:]] == metrics["confusion"]
    if name == "census-pyspark":
        assert by_title["A picture of the ranking"].results.messages[0].type == "IMG"
        assert set(by_title["Choose the database"].forms) == {"database"}
        assert by_title["Which columns matter"].results.messages[0].data.startswith("column\timportance\n")


def test_a_note_of_the_course_that_the_user_changed_is_left_alone(tmp_path):
    seed(tmp_path)
    (file,) = tmp_path.rglob("census-scala_*.zpln")
    file.write_text(file.read_text().replace("Who earns", "Changed"))
    seed(tmp_path)
    assert "Changed" in file.read_text()
    assert len(list(tmp_path.rglob("*.zpln"))) == 4
