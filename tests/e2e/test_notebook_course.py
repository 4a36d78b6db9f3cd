"""The course's notes on a cluster, held against the course's own training step on the same table."""

import json
import re

import pytest
from test_notebook import CATALOG, cluster, notebook, run, said, wait

from sandbox.demo import packaged
from sandbox.demo.synthetic import adult
from sandbox.notebook.builtin import seed

MAKE_TABLE = """%pyspark
names = {0: "age", 1: "workclass", 3: "education", 6: "occupation", 7: "relationship", 14: "income"}
from pyspark.sql import functions as F
options = {"ignoreLeadingWhiteSpace": True, "nullValue": "?", "inferSchema": True}
raw = spark.read.csv("s3://course-e2e/adult.data", **options)
spark.sql("CREATE DATABASE censusdb LOCATION 's3://course-e2e/censusdb.db'")
clean = raw.select(*(F.col(f"_c{n}").alias(name) for n, name in names.items()))
clean.coalesce(1).write.saveAsTable("censusdb.adult_data_clean", path="s3://course-e2e/clean/")
spark.table("censusdb.adult_data_clean").count()"""


@pytest.fixture(scope="module")
def course(sandbox):
    """A cluster with the census table, what the training step measured on it, and the notebook."""
    s3, emr = sandbox.client("s3"), sandbox.client("emr")
    s3.create_bucket(Bucket="course-e2e")
    s3.put_object(Bucket="course-e2e", Key="adult.data", Body=adult(rows=4000))
    s3.upload_file(str(packaged.jobs() / "census_train.py"), "course-e2e", "train.py")
    arguments = ["--database", "censusdb", "--table", "adult_data_clean"]
    arguments += ["--model-path", "s3://course-e2e/model", "--metrics-path", "s3://course-e2e/metrics.json"]
    step = {"Jar": "command-runner.jar", "Args": ["spark-submit", "s3://course-e2e/train.py", *arguments]}
    with cluster(sandbox, configurations=[CATALOG]) as id:
        client = notebook(sandbox, id)
        assert said(run(client, MAKE_TABLE)[0]) == "4000\n"
        config = {"Name": "train", "ActionOnFailure": "CONTINUE", "HadoopJarStep": step}
        (step_id,) = emr.add_job_flow_steps(JobFlowId=id, Steps=[config])["StepIds"]

        def trained():
            state = emr.describe_step(ClusterId=id, StepId=step_id)["Step"]["Status"]["State"]
            return state if state not in ("PENDING", "RUNNING") else None

        assert wait(trained) == "COMPLETED"
        body = s3.get_object(Bucket="course-e2e", Key="metrics.json")["Body"].read()
        yield client, json.loads(body)


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
    assert len(list(tmp_path.rglob("*.zpln"))) == 2
