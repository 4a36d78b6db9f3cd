"""`sandbox notebook` as a person types it."""

import json
import os
import subprocess
import sys

import pytest
from test_notebook import cluster, status

from sandbox.notebook import note as notes
from sandbox.notebook.note import Note, Paragraph


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A sandbox in the background with one cluster that has a notebook."""
    folder = tmp_path_factory.mktemp("notebook-program") / "state"
    done = run("up", "--state", str(folder), "--port", "0", "--json")
    assert done.returncode == 0, done.stderr
    yield folder, json.loads(done.stdout)["endpoint"]
    run("down", "--state", str(folder))


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "SANDBOX_NOTEBOOK_PORT": "0", "SANDBOX_METASTORE_PORT": "0"},
    )


class Attached:
    """What `cluster` needs of a sandbox."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def client(self, service):
        import boto3

        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "us-east-1"}
        return boto3.client(service, endpoint_url=self.endpoint, **keys)


def write(folder, name, *texts):
    paragraphs = tuple(Paragraph(f"p{n}", text, f"number {n}") for n, text in enumerate(texts))
    file = folder / f"{name}.zpln"
    file.write_text(notes.write(Note("", f"/mine/{name}", paragraphs)))
    return str(file)


def test_notes_are_imported_listed_run_and_exported(state, tmp_path):
    folder, endpoint = state
    here = ("--state", str(folder))
    without = run("notebook", "list", *here)
    assert without.returncode == 3
    assert "No cluster with a notebook runs" in without.stderr
    assert "mend: start a cluster with Applications=" in without.stderr
    with cluster(Attached(endpoint), core=0) as id:
        good = write(tmp_path, "good", "%md\n# Hello", "%pyspark\nprint(spark.range(7).count())")
        assert "/mine/good was imported" in run("notebook", "import", good, *here).stderr
        again = run("notebook", "import", good, *here)
        assert (again.returncode, "Note '/mine/good' existed" in again.stderr) == (1, True)
        listed = json.loads(run("notebook", "list", "--json", *here).stdout)
        paths = [entry["path"] for entry in listed["notes"]]
        assert paths == [
            "/course/census-explore",
            "/course/census-pyspark",
            "/course/census-scala",
            "/course/flights-explore",
            "/mine/good",
        ]
        assert "built-in note engine (not Apache Zeppelin)" in run("notebook", "list", *here).stderr
        a_run(here, id)
        a_run_that_fails(here, tmp_path)
        url = status(Attached(endpoint), id)["applications"][0]["url"]
        assert run("notebook", "open", *here, "--cluster", id).stdout == f"{url}\n"
        wrong = run("notebook", "run", "nope", *here)
        assert (wrong.returncode, "There is no note 'nope'; there are: course/census" in wrong.stderr) == (
            2,
            True,
        )
        assert run("notebook", "list", *here, "--cluster", "j-NONE").returncode == 3
        bad = tmp_path / "bad.zpln"
        bad.write_text("{")
        told = run("notebook", "import", str(bad), *here)
        assert told.returncode == 1
        assert f"{bad} is not a Zeppelin note: it is not JSON" in told.stderr
        assert run("notebook", "import", str(tmp_path / "none.zpln"), *here).returncode == 2


def a_run(here, cluster_id):
    done = run("notebook", "run", "good", *here)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stderr.splitlines()]
    assert [(line[0], line[-2:]) for line in lines] == [
        ("FINISHED", ["number", "0"]),
        ("FINISHED", ["number", "1"]),
    ]
    document = json.loads(run("notebook", "run", "mine/good", *here, "--json").stdout)
    assert document["ok"] is True
    assert document["paragraphs"][1]["results"]["msg"] == [{"type": "TEXT", "data": "7\n"}]
    exported = run("notebook", "export", "good", *here, "--cluster", cluster_id)
    assert notes.read(exported.stdout, "export").paragraphs[1].results.messages[0].data == "7\n"


def a_run_that_fails(here, tmp_path):
    file = write(tmp_path, "bad-run", "%sh\necho out; exit 4", "%md never")
    assert run("notebook", "import", file, *here).returncode == 0
    done = run("notebook", "run", "bad-run", *here)
    assert done.returncode == 1
    assert "error: number 0: ExitValue: 4" in done.stderr.replace("out\n", "")
    document = json.loads(run("notebook", "run", "bad-run", *here, "--json").stdout)
    assert document["ok"] is False
    assert [p["status"] for p in document["paragraphs"]] == ["ERROR", "READY"]
    target = tmp_path / "out.zpln"
    assert run("notebook", "export", "bad-run", *here, "--to", str(target)).returncode == 0
    assert json.loads(target.read_text())["paragraphs"][0]["results"]["code"] == "ERROR"
