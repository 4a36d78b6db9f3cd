"""Apache Zeppelin as a cluster's application.

The real one is run where ZEPPELIN_HOME names an unpacked distribution (marked `zeppelin`). What the sandbox
does around it is tested everywhere, with a script in the place of bin/zeppelin.sh that answers as recorded.
"""

import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from notebook_servers import RECORDED
from test_notebook import CATALOG, cluster, status, wait

from sandbox.app import Sandbox
from sandbox.errors import UsageError
from sandbox.notebook import note as notes
from sandbox.notebook.builtin import packaged
from sandbox.notebook.client import NotebookClient
from sandbox.notebook.note import Note, Paragraph
from sandbox.runtime import marks, readiness
from sandbox.settings import Settings

STAND_IN = """
import json, os, pathlib, subprocess, sys
sys.path[:0] = [{tests!r}]
from notebook_servers import Recordings
from sandbox.aws.server import Server
log = pathlib.Path(os.environ["ZEPPELIN_LOG_DIR"])
(log / "environment.json").write_text(json.dumps(dict(os.environ)))
# Zeppelin's interpreters outlive a server that is killed.
orphan = subprocess.Popen(["sleep", "1000"], start_new_session=True)
player = Recordings()
server = Server(player, os.environ["ZEPPELIN_ADDR"], int(os.environ["ZEPPELIN_PORT"]))
server.start()
import threading, time
while True:
    (log / "requests.json").write_text(json.dumps(player.requests))
    time.sleep(0.05)
"""


@pytest.mark.parametrize("home", ["/nonexistent", None])
def test_a_wrong_zeppelin_home_is_told_with_the_mend(tmp_path, home):
    named = home or str(tmp_path)
    with pytest.raises(UsageError) as caught:
        Settings.read({"ZEPPELIN_HOME": named}, tmp_path / "state")
    assert f"ZEPPELIN_HOME={named!r} holds no bin/zeppelin.sh" in str(caught.value)
    assert "unset it for the built-in note engine" in str(caught.value)


@pytest.fixture
def stand_in(tmp_path):
    """A folder that looks like Zeppelin's, with a script that answers as the real one was recorded."""
    if not RECORDED.exists():
        pytest.skip("the recordings are not here: ../shared/data/zeppelin")
    home = tmp_path / "zeppelin"
    (home / "bin").mkdir(parents=True)
    (home / "conf").mkdir()
    (home / "conf" / "log4j2.properties").write_text("rootLogger.level = info\n")
    (home / "conf" / "interpreter.json").write_text('{"of": "another server"}')
    program = home / "bin" / "stand_in.py"
    program.write_text(STAND_IN.format(tests=str(Path(__file__).parents[1])))
    script = home / "bin" / "zeppelin.sh"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}"\n')
    script.chmod(0o755)
    return home


def sandbox_with(home, state):
    environment = {**os.environ, "ZEPPELIN_HOME": str(home), "SANDBOX_NOTEBOOK_PORT": "0"}
    return Sandbox(state=state, port=0, environment=environment)


def test_zeppelin_is_started_as_it_needs_to_be_and_nothing_of_it_is_left(stand_in, tmp_path):
    with sandbox_with(stand_in, tmp_path / "state") as sandbox:
        with cluster(sandbox, core=0) as id:
            (application,) = status(sandbox, id)["applications"]
            assert NotebookClient(application["url"]).version()["version"] == "0.12.1"
            (log,) = (sandbox.settings.state / "clusters" / id).rglob("environment.json")
            told = json.loads(log.read_text())
            check_environment(told, application["url"], sandbox.settings.state / "clusters" / id)
            requests = wait(lambda: [r for r in requests_of(log) if r[0] == "PUT"])
            setting = requests[0][2]["properties"]
            master = readiness.fetch_json(f"{status(sandbox, id)['master_ui']}/json/")["url"]
            assert setting["spark.master"]["value"] == master == told["SPARK_MASTER"]
            processes = marks.marked(sandbox.settings.mark, f"{id}-zeppelin")
            assert any(process.name() == "sleep" for process in processes)
            (server,) = [p for p in processes if any("stand_in.py" in part for part in p.cmdline())]
            server.send_signal(signal.SIGKILL)
            wait(lambda: status(sandbox, id)["applications"][0]["state"] == "FAILED", seconds=30)
            assert [p for p in processes if psutil.pid_exists(p.pid) and p.status() != "zombie"] == []
        with cluster(sandbox, core=0) as id:
            processes = marks.marked(sandbox.settings.mark, f"{id}-zeppelin")
            assert any(process.name() == "sleep" for process in processes)
        assert [p for p in processes if psutil.pid_exists(p.pid) and p.status() != "zombie"] == []


def requests_of(log):
    try:
        return json.loads((log.parent / "requests.json").read_text())
    except (OSError, ValueError):
        return []


def check_environment(told, url, cluster_folder):
    port = url.rpartition(":")[2]
    assert told["ZEPPELIN_ADDR"] == "127.0.0.1"
    assert told["ZEPPELIN_ALLOWED_ORIGINS"] == f"http://127.0.0.1:{port},http://localhost:{port}"
    assert told["USE_HADOOP"] == "false"
    assert told["SPARK_LOCAL_IP"] == "127.0.0.1"
    conf = Path(told["SPARK_CONF_DIR"], "spark-defaults.conf").read_text()
    assert "spark.hadoop.fs.s3a.endpoint http://127.0.0.1" in conf
    assert "spark.cores.max 1" in conf
    zeppelin_conf = Path(told["ZEPPELIN_CONF_DIR"])
    assert zeppelin_conf.is_relative_to(cluster_folder)
    assert [file.name for file in zeppelin_conf.iterdir()] == ["log4j2.properties"]
    assert list(Path(told["ZEPPELIN_NOTEBOOK_DIR"]).rglob("census-pyspark_*.zpln"))


@pytest.mark.zeppelin
@pytest.mark.skipif(not os.environ.get("ZEPPELIN_HOME"), reason="ZEPPELIN_HOME names no unpacked Zeppelin")
def test_the_real_zeppelin_runs_notes_on_the_cluster(tmp_path):
    with sandbox_with(os.environ["ZEPPELIN_HOME"], tmp_path / "state") as sandbox:
        with cluster(sandbox, configurations=[CATALOG]) as id:
            client = NotebookClient(status(sandbox, id)["applications"][0]["url"])
            assert not client.version()["version"].startswith("builtin")
            make_census_table(client)
            course = run_the_course(client)
            assert course["accuracy"] > 0.75
            master = readiness.fetch_json(f"{status(sandbox, id)['master_ui']}/json/")
            assert course["application"] in [app["id"] for app in master["activeapps"]]
            processes = marks.marked(sandbox.settings.mark, f"{id}-zeppelin")
            assert processes
        assert [p for p in processes if psutil.pid_exists(p.pid) and p.status() != "zombie"] == []


def make_census_table(client):
    text = """%spark.pyspark
import random
draw = random.Random(1)
people = []
for _ in range(3000):
    age, school = draw.randint(18, 80), draw.choice(["HS-grad", "Bachelors", "Masters"])
    rich = age > 35 and school != "HS-grad" and draw.random() < 0.9
    income = ">50K" if rich else "<=50K"
    people.append((age, "Private", school, "Sales", "Husband" if rich else "Wife", income))
columns = ["age", "workclass", "education", "occupation", "relationship", "income"]
spark.sql("CREATE DATABASE IF NOT EXISTS censusdb")
spark.createDataFrame(people, columns).write.mode("overwrite").saveAsTable("censusdb.adult_data_clean")
print(sc.applicationId)"""
    finished(client, client.import_note(Note("", "/e2e/table", (Paragraph("p0", text),))))


def run_the_course(client):
    """The course's note imported anew, run to its end; its accuracy and its application."""
    (file,) = packaged().rglob("census-pyspark_*.zpln")
    note = notes.read(file.read_text(), file.name)
    imported = client.import_note(notes.from_document({**notes.to_document(note), "path": "/e2e/course"}))
    paragraphs = finished(client, imported)
    evaluated = next(p for p in paragraphs if p.title == "Evaluate").results.messages[0].data
    text = "%spark.pyspark\nprint(sc.applicationId)"
    told = finished(client, client.import_note(Note("", "/e2e/app", (Paragraph("p0", text),))))
    return {
        "accuracy": float(evaluated.split("accuracy: ")[1].split()[0]),
        "application": told[0].results.messages[0].data.strip(),
    }


def finished(client, id):
    list(client.follow(id, client.start(id), 500))
    paragraphs = client.get(id).paragraphs
    for paragraph in paragraphs:
        assert paragraph.status == "FINISHED", (paragraph.title, paragraph.text_of_error)
    return paragraphs
