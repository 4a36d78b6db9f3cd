"""A job that runs again and again over the same bucket, and reads only what is new."""

import json
import time

import pytest

SCRIPT = """
import sys, json
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "MODE"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
table = glue.create_dynamic_frame.from_catalog(
    database="marks", table_name="sales", transformation_ctx="table")
files = glue.create_dynamic_frame.from_options(
    "s3", {"paths": ["s3://marks/files/"]}, "csv", {"withHeader": True}, transformation_ctx="files")
every = glue.create_dynamic_frame.from_options(
    "s3", {"paths": ["s3://marks/files/"]}, "csv", {"withHeader": True})
rows = sorted([row.id, row.day] for row in table.toDF().collect()) if table.count() else []
frame = files.toDF()
print("read", json.dumps({
    "table": rows,
    "files": sorted(row.id for row in frame.collect()),
    "columns": frame.columns,
    "every": every.count(),
}))
if args["MODE"] == "fail":
    raise RuntimeError("before the commit")
job.commit()
"""


@pytest.fixture(scope="module")
def marks(sandbox):
    s3, glue = sandbox.client("s3"), sandbox.client("glue")
    s3.create_bucket(Bucket="marks")
    s3.put_object(Bucket="marks", Key="job.py", Body=SCRIPT.encode())
    for day in (1, 2):
        s3.put_object(Bucket="marks", Key=f"sales/day={day}/a.csv", Body=f"{day}\n".encode())
    s3.put_object(Bucket="marks", Key="files/part=x/a.csv", Body=b"id\nf1\n")
    glue.create_database(DatabaseInput={"Name": "marks"})
    storage = {
        "Columns": [{"Name": "id", "Type": "int"}],
        "Location": "s3://marks/sales/",
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                      "Parameters": {"field.delim": ","}},
    }  # fmt: skip
    keys = [{"Name": "day", "Type": "int"}]
    table = {"Name": "sales", "StorageDescriptor": storage, "PartitionKeys": keys,
             "Parameters": {"classification": "csv"}}  # fmt: skip
    glue.create_table(DatabaseName="marks", TableInput=table)
    for day in ("1", "2"):
        own = storage | {"Location": f"s3://marks/sales/day={day}/"}
        glue.create_partition(
            DatabaseName="marks",
            TableName="sales",
            PartitionInput={"Values": [day], "StorageDescriptor": own},
        )
    glue.create_job(
        Name="marks", Role="glue", Command={"Name": "glueetl", "ScriptLocation": "s3://marks/job.py"},
        DefaultArguments={"--job-bookmark-option": "job-bookmark-enable", "--MODE": "commit"},
    )  # fmt: skip
    return Runs(sandbox)


class Runs:
    """Runs of the one job."""

    def __init__(self, sandbox):
        self.s3, self.glue, self.logs = (sandbox.client(each) for each in ("s3", "glue", "logs"))

    def __call__(self, state="SUCCEEDED", **arguments):
        given = {f"--{name.replace('_', '-')}": value for name, value in arguments.items()}
        id = self.glue.start_job_run(JobName="marks", Arguments=given)["JobRunId"]
        deadline = time.monotonic() + 180
        while (run := self.glue.get_job_run(JobName="marks", RunId=id)["JobRun"])["JobRunState"] in (
            "STARTING", "RUNNING",
        ):  # fmt: skip
            assert time.monotonic() < deadline, run
            time.sleep(0.2)
        assert run["JobRunState"] == state, run.get("ErrorMessage")
        events = self.logs.get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=id)["events"]
        (line,) = [each["message"] for each in events if each["message"].startswith("read ")]
        return id, json.loads(line.removeprefix("read "))


def test_a_job_reads_what_is_new_and_goes_back_when_told(marks):
    first, read = marks()
    assert read == {"table": [[1, 1], [2, 2]], "files": ["f1"], "columns": ["id", "part"], "every": 1}
    _, read = marks()
    assert read == {"table": [], "files": [], "columns": [], "every": 1}, (
        "nothing is new but what has no context"
    )
    marks.s3.put_object(Bucket="marks", Key="sales/day=2/b.csv", Body=b"22\n")
    marks.s3.put_object(Bucket="marks", Key="files/part=y/b.csv", Body=b"id\nf2\n")
    new = {"table": [[22, 2]], "files": ["f2"], "columns": ["id", "part"], "every": 2}
    assert marks("FAILED", MODE="fail")[1] == new
    assert marks(job_bookmark_option="job-bookmark-pause")[1] == new
    second, read = marks()
    assert read == new, "neither the run that failed nor the paused one counts"
    entry = marks.glue.get_job_bookmark(JobName="marks")["JobBookmarkEntry"]
    assert (entry["RunId"], entry["Run"]) == (second, 3)
    between = {"job_bookmark_from": first, "job_bookmark_to": second}
    assert marks(job_bookmark_option="job-bookmark-pause", **between)[1] == new
    marks.glue.reset_job_bookmark(JobName="marks", RunId=first)
    assert marks()[1] == new
    reset = marks.glue.reset_job_bookmark(JobName="marks")["JobBookmarkEntry"]
    assert (reset["Run"], reset["JobBookmark"]) == (0, "{}")
    read = marks()[1]
    assert (read["table"], read["files"]) == ([[1, 1], [2, 2], [22, 2]], ["f1", "f2"])
