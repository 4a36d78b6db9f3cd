"""Scripts that GetPlan has written, run as Glue jobs."""

import io
import time

import pyarrow.parquet
import pytest

HIVE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
JSON = "org.openx.data.jsonserde.JsonSerDe"
TABLES = {
    "raw": ("csv", HIVE, {"id": "bigint", "name": "string", "price": "string"}),
    "clean": ("csv", HIVE, {"id": "int", "price": "double"}),
    "visits": ("json", JSON, {"id": "int", "tags": "array<string>", "place": "struct<city:string>"}),
}
OBJECTS = {
    "raw/a.csv": b"1,apple,1.50\n2,pear,dear\n",
    "raw/b.csv": b"3,fig,3\n",
    "visits/a.json": b'{"id": 7, "tags": ["x", "y"], "place": {"city": "Paris"}}\n',
}


@pytest.fixture(scope="module")
def clients(sandbox):
    s3, glue = sandbox.client("s3"), sandbox.client("glue")
    s3.create_bucket(Bucket="plans")
    for key, body in OBJECTS.items():
        s3.put_object(Bucket="plans", Key=key, Body=body)
    glue.create_database(DatabaseInput={"Name": "plans"})
    for name, (format, serde, columns) in TABLES.items():
        storage = {
            "Columns": [{"Name": column, "Type": type} for column, type in columns.items()],
            "Location": f"s3://plans/{name}/",
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": {"field.delim": ","}},
        }
        table = {"Name": name, "StorageDescriptor": storage, "Parameters": {"classification": format}}
        glue.create_table(DatabaseName="plans", TableInput=table)
    return s3, glue


def start(clients, name, script):
    """The script as the job `name`, running."""
    s3, glue = clients
    s3.put_object(Bucket="plans", Key=f"{name}.py", Body=script.encode())
    command = {"Name": "glueetl", "ScriptLocation": f"s3://plans/{name}.py"}
    glue.create_job(Name=name, Role="glue", Command=command)
    return name, glue.start_job_run(JobName=name)["JobRunId"]


def succeed(clients, name, id):
    deadline = time.monotonic() + 180
    while (run := clients[1].get_job_run(JobName=name, RunId=id)["JobRun"])["JobRunState"] in (
        "STARTING", "RUNNING",
    ):  # fmt: skip
        assert time.monotonic() < deadline, run
        time.sleep(0.2)
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")


def written(s3, prefix):
    objects = s3.list_objects_v2(Bucket="plans", Prefix=prefix).get("Contents", [])
    keys = [each["Key"] for each in objects if not each["Key"].endswith("_SUCCESS")]
    bodies = [s3.get_object(Bucket="plans", Key=key)["Body"].read() for key in keys]
    return [body for body in bodies if body]


def test_a_plan_does_what_its_mapping_says(clients):
    s3, glue = clients
    source, sinks = (
        {"DatabaseName": "plans", "TableName": "raw"},
        [{"DatabaseName": "plans", "TableName": "clean"}],
    )
    mapping = glue.get_mapping(Source=source, Sinks=sinks)["Mapping"]
    to_table = glue.get_plan(Mapping=mapping, Source=source, Sinks=sinks)["PythonScript"]
    source = {"DatabaseName": "plans", "TableName": "visits"}
    mapping = glue.get_mapping(Source=source)["Mapping"]
    mapping[0] |= {"TargetPath": "visit", "TargetType": "string"}
    place = [{"Name": "path", "Value": "s3://plans/out/"}, {"Name": "format", "Value": "parquet"}]
    to_files = glue.get_plan(Mapping=mapping, Source=source, Location={"S3": place})["PythonScript"]
    for run in [start(clients, "to_table", to_table), start(clients, "to_files", to_files)]:
        succeed(clients, *run)
    lines = b"".join(written(s3, "clean/")).decode().splitlines()
    # The name has no column there, and what is no number is a missing price.
    assert sorted(lines) == ["1,1.5", "2,", "3,3.0"]
    (file,) = written(s3, "out/")
    assert pyarrow.parquet.read_table(io.BytesIO(file)).to_pylist() == [
        {"visit": "7", "tags": ["x", "y"], "place": {"city": "Paris"}}
    ]
