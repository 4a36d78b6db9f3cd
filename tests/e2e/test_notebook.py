"""Notebooks on clusters: what their Spark sees, what they leave to steps, and what is left of them."""

import contextlib
import json
import signal
import time

import psutil
import pytest

from sandbox.emr.nodes import CATALOG_FACTORY
from sandbox.notebook.client import NotebookClient
from sandbox.notebook.note import Note, Paragraph
from sandbox.runtime import marks, readiness

CATALOG = {
    "Classification": "spark-hive-site",
    "Properties": {"hive.metastore.client.factory.class": CATALOG_FACTORY},
}
ENDED = ("TERMINATED", "TERMINATED_WITH_ERRORS")
PEOPLE = "name,age\n" + "".join(f"p{number},{number}\n" for number in range(20, 60))
STEP = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
assert spark.range(1000, numPartitions=4).selectExpr("sum(id)").first()[0] == 499500
"""
LOOK = """%spark.pyspark
import json, sys
print(json.dumps({
    "python": sys.prefix,
    "tables": sorted(f"{t.namespace[0]}.{t.name}" for t in spark.catalog.listTables("nb")),
    "rows": spark.table("nb.people").count(),
    "application": sc.applicationId, "name": sc.appName, "master": sc.master,
    "cores": sc.getConf().get("spark.cores.max"),
}))"""


def status(sandbox, id):
    document = readiness.fetch_json(f"{sandbox.endpoint}/_sandbox/status", timeout=10)
    return next(cluster for cluster in document["clusters"] if cluster["id"] == id)


@contextlib.contextmanager
def cluster(sandbox, *, applications=("Spark", "Zeppelin"), configurations=(), core=1):
    emr = sandbox.client("emr")
    group = {"InstanceType": "m5.xlarge", "InstanceCount": 1}
    groups = [{"InstanceRole": "MASTER", **group}]
    groups += [{"InstanceRole": "CORE", **group, "InstanceCount": core}] if core else []
    id = emr.run_job_flow(
        Name="notebook",
        ReleaseLabel="emr-7.1.0",
        Applications=[{"Name": name} for name in applications],
        Configurations=list(configurations),
        Instances={"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True},
    )["JobFlowId"]
    try:
        wait(lambda: state(sandbox, id) in ("WAITING", *ENDED))
        assert state(sandbox, id) == "WAITING", emr.describe_cluster(ClusterId=id)["Cluster"]["Status"]
        yield id
    finally:
        emr.terminate_job_flows(JobFlowIds=[id])
        wait(lambda: state(sandbox, id) in ENDED)


def state(sandbox, id):
    return sandbox.client("emr").describe_cluster(ClusterId=id)["Cluster"]["Status"]["State"]


def wait(probe, seconds=240):
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
    return found


def notebook(sandbox, id):
    (application,) = status(sandbox, id)["applications"]
    assert (application["name"], application["state"]) == ("Zeppelin", "RUNNING")
    return NotebookClient(application["url"])


def run(client, *texts, path="/e2e/note"):
    """The paragraphs of a note that ran."""
    if client.find(path):
        client.delete(client.find(path))
    id = client.import_note(Note("", path, tuple(Paragraph(f"p{n}", text) for n, text in enumerate(texts))))
    list(client.follow(id, client.start(id), 240))
    return client.get(id).paragraphs


def said(paragraph):
    assert paragraph.status == "FINISHED", paragraph.results
    return paragraph.results.messages[0].data


@pytest.fixture(scope="module")
def people(sandbox):
    """A table that the crawler found."""
    s3, glue = sandbox.client("s3"), sandbox.client("glue")
    s3.create_bucket(Bucket="notebook-e2e")
    s3.put_object(Bucket="notebook-e2e", Key="people/people.csv", Body=PEOPLE.encode())
    s3.put_object(Bucket="notebook-e2e", Key="step.py", Body=STEP.encode())
    glue.create_database(DatabaseInput={"Name": "nb"})
    target = {"S3Targets": [{"Path": "s3://notebook-e2e/people/"}]}
    glue.create_crawler(Name="nb", Role="r", DatabaseName="nb", Targets=target)
    glue.start_crawler(Name="nb")
    wait(lambda: glue.get_crawler(Name="nb")["Crawler"]["State"] == "READY")
    return "nb.people"


@pytest.mark.usefixtures("people")
def test_a_paragraph_sees_the_crawlers_tables_and_its_application_is_in_the_masters_list(sandbox):
    with cluster(sandbox, configurations=[CATALOG]) as id:
        client = notebook(sandbox, id)
        assert client.version()["version"].startswith("builtin")
        scala = '%spark\nval people = spark.table("nb.people")\nprintln(people.filter($"age" < 30).count())'
        sql = "%sql\nSELECT max(CAST(age AS INT)) AS oldest FROM nb.people"
        looked, in_scala, in_sql = run(client, LOOK, scala, sql)
        seen = json.loads(said(looked))
        assert f"/clusters/{id}/nodes/" in seen["python"]
        assert seen["tables"] == ["nb.people"]
        # Spark ignores skip.header.line.count, as on EMR: the header is a row.
        assert seen["rows"] == 41
        assert said(in_scala).startswith("10\n")
        assert said(in_sql) == "oldest\n59\n"
        master = readiness.fetch_json(f"{status(sandbox, id)['master_ui']}/json/")
        (application,) = [app for app in master["activeapps"] if app["id"] == seen["application"]]
        assert application["name"] == seen["name"] == f"notebook-{id}"
        assert seen["master"] == master["url"]
        a_step_runs_while_the_notebook_is_open(sandbox, id)
        assert said(run(client, "%pyspark\nspark.table('nb.people').count()")[0]) == "41\n"
        kill_the_server(sandbox, id)
    assert marks.marked(sandbox.settings.mark, f"{id}-zeppelin") == []


def a_step_runs_while_the_notebook_is_open(sandbox, id):
    emr = sandbox.client("emr")
    step = {"Jar": "command-runner.jar", "Args": ["spark-submit", "s3://notebook-e2e/step.py"]}
    config = {"Name": "pi", "ActionOnFailure": "CONTINUE", "HadoopJarStep": step}
    step_id = emr.add_job_flow_steps(JobFlowId=id, Steps=[config])["StepIds"][0]

    def ended():
        told = emr.describe_step(ClusterId=id, StepId=step_id)["Step"]["Status"]
        return told if told["State"] not in ("PENDING", "RUNNING") else None

    assert wait(ended)["State"] == "COMPLETED"


def kill_the_server(sandbox, id):
    owner = f"{id}-zeppelin"
    processes = marks.marked(sandbox.settings.mark, owner)
    (server,) = [p for p in processes if "sandbox.notebook.server" in p.cmdline()]
    assert any("sandbox.notebook.interpreter" in p.cmdline() for p in processes)
    assert any("org.apache.spark.deploy.SparkSubmit" in p.cmdline() for p in processes)
    server.send_signal(signal.SIGKILL)
    (application,) = wait(
        lambda: [a for a in status(sandbox, id)["applications"] if a["state"] == "FAILED"], seconds=30
    )
    assert application["url"] is None
    assert "exit code -9" in application["message"]
    assert [p for p in processes if psutil.pid_exists(p.pid) and p.status() != "zombie"] == []
    events = sandbox.parts.journal.since(0, id)
    assert [e.event for e in events if e.event.startswith("application")] == [
        "application RUNNING",
        "application FAILED",
    ]
    assert state(sandbox, id) == "WAITING"
    a_step_runs_while_the_notebook_is_open(sandbox, id)


@pytest.mark.usefixtures("people")
def test_a_notebook_that_took_every_core_gives_them_back_to_a_step_and_sees_no_table_without_the_catalog(
    sandbox,
):
    """The user's own spark.cores.max wins; idle executors end, so the step waits for seconds only."""
    greedy = {
        "Classification": "spark-defaults",
        "Properties": {"spark.cores.max": "64", "spark.dynamicAllocation.executorIdleTimeout": "3s"},
    }
    with cluster(sandbox, configurations=[greedy]) as id:
        client = notebook(sandbox, id)
        text = "%pyspark\nprint(spark.catalog.listTables(), [d.name for d in spark.catalog.listDatabases()])"
        look, work = run(client, text, "%pyspark\nsc.parallelize(range(8), 8).map(lambda x: x * x).sum()")
        assert said(look) == "[] ['default']\n"
        assert said(work) == "140\n"
        a_step_runs_while_the_notebook_is_open(sandbox, id)
        assert said(run(client, "%pyspark\nspark.range(10).count()")[0]) == "10\n"


def test_a_cluster_without_the_application_has_no_notebook(sandbox):
    with cluster(sandbox, applications=("Spark",)) as id:
        assert status(sandbox, id)["applications"] == []
