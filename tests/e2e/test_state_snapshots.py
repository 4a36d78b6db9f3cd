"""The whole state saved, changed and loaded again, as a person types it."""

import json
import os
import subprocess
import sys

import boto3
import pytest

from sandbox.runtime import marks
from sandbox.settings import Settings


@pytest.fixture
def folders(tmp_path):
    """Two state folders; whatever runs on them is ended afterwards."""
    paths = (tmp_path / "one", tmp_path / "two")
    yield paths
    for path in paths:
        run("down", "--state", str(path))
        assert marks.marked(Settings.read({}, path).mark) == []


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=dict(os.environ),
    )


def done(*arguments):
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def up(state):
    record = done("up", "--state", str(state), "--port", "0", "--json")

    def client(service):
        return boto3.client(
            service,
            endpoint_url=record["endpoint"],
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="y",
        )

    return client("s3"), client("glue")


def down(state):
    done("down", "--state", str(state), "--json")


def seen(s3, glue):
    """The objects with their bytes, and the tables."""
    objects = {
        each["Key"]: s3.get_object(Bucket="course", Key=each["Key"])["Body"].read()
        for each in s3.list_objects_v2(Bucket="course").get("Contents", [])
    }
    tables = glue.get_tables(DatabaseName="school")["TableList"]
    return objects, {each["Name"]: each["StorageDescriptor"]["Location"] for each in tables}


def test_a_saved_state_comes_back_here_and_elsewhere(folders, tmp_path):
    state, other = folders
    s3, glue = up(state)
    s3.create_bucket(Bucket="course")
    s3.put_object(Bucket="course", Key="data.csv", Body=b"a,b\n1,2\n")
    glue.create_database(DatabaseInput={"Name": "school"})
    for name, location in (("far", "s3://course/"), ("near", f"file:{state}/warehouse/near")):
        table = {"Name": name, "StorageDescriptor": {"Location": location}}
        glue.create_table(DatabaseName="school", TableInput=table)
    before = seen(s3, glue)

    refused = run("state", "save", "start", "--state", str(state))
    assert refused.returncode == 2
    assert f"sandbox down --state {state}" in refused.stderr
    down(state)
    assert done("state", "save", "start", "--state", str(state), "--json")["files"] >= 3
    file = tmp_path / "course.tar.gz"
    done("state", "export", str(file), "--state", str(state), "--json")

    s3, glue = up(state)
    s3.put_object(Bucket="course", Key="data.csv", Body=b"changed")
    s3.put_object(Bucket="course", Key="more.csv", Body=b"more")
    glue.delete_table(DatabaseName="school", Name="far")
    changed = seen(s3, glue)
    down(state)
    refused = run("state", "load", "start", "--state", str(state))
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    assert seen(*up(state)) == changed
    down(state)

    done("state", "load", "start", "--yes", "--state", str(state), "--json")
    s3, glue = up(state)
    assert seen(s3, glue) == before
    # A new object gets a number that the snapshot's blobs do not have.
    s3.put_object(Bucket="course", Key="data.csv", Body=b"again")
    down(state)
    done("state", "load", "start", "--yes", "--state", str(state), "--json")
    assert seen(*up(state)) == before

    done("state", "import", str(file), "--state", str(other), "--json")
    objects, tables = seen(*up(other))
    assert objects == before[0]
    assert tables == {"far": "s3://course/", "near": f"file:{other}/warehouse/near"}
    listed = done("state", "list", "--state", str(state), "--json")["snapshots"]
    assert [each["name"] for each in listed] == ["start"]
