"""Servers for the tests of notebooks: the built-in engine in this process, and one that plays recordings."""

import contextlib
import json
import os
import secrets
import sys
import time
from pathlib import Path

import pytest

from sandbox.aws.server import Server
from sandbox.notebook.api import Api
from sandbox.notebook.child import Child, Launch
from sandbox.notebook.engine import Engine
from sandbox.notebook.folder import NoteFolder
from sandbox.notebook.library import Library
from sandbox.notebook.server import new_id
from sandbox.notebook.web import Site
from sandbox.runtime import ports

SHARED = Path(os.environ.get("SANDBOX_SHARED", Path(__file__).parents[2] / "shared"))
RECORDED = SHARED / "data" / "zeppelin"


def recording(name: str):
    path = RECORDED / name
    if not path.exists():
        pytest.skip("the recordings are not here: ../shared/data/zeppelin")
    return json.loads(path.read_text())


def environment(folder: Path) -> dict[str, str]:
    """The environment of an interpreter whose Spark runs in the driver alone."""
    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    properties = {
        "spark.master": "local[2]",
        "spark.ui.port": "0",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.defaultJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    }
    (conf / "spark-defaults.conf").write_text("".join(f"{k} {v}\n" for k, v in properties.items()))
    return {
        **os.environ,
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


@contextlib.contextmanager
def builtin(folder: Path):
    """The built-in engine's address, and the engine itself."""
    launch = Launch("notebook-test", environment(folder), folder / "work", folder / "interpreter.log")
    library = Library(NoteFolder(folder / "notes"), time.time, new_id)
    engine = Engine(library, lambda: Child(launch), time.time)
    port = ports.choose("127.0.0.1", 0)
    site = Site(Api(engine, {"version": "builtin-test"}), port)
    with Server(site, "127.0.0.1", port) as server:
        engine.start()
        try:
            yield server.url, engine
        finally:
            engine.stop()


class Recordings:
    """A WSGI application that answers as the recorded Zeppelin did; `requests` is what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, object]] = []
        self.polls = 0
        self._imported: set[str] = set()
        self._answers = {e["request"]: (e["status"], e["response"]) for e in recording("exchanges.json")}

    def __call__(self, environ, start_response):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = json.loads(environ["wsgi.input"].read(length)) if length else None
        self.requests.append((method, path, body))
        status, document = self._answer(method, path, body)
        start_response(f"{status} x", [("Content-Type", "application/json")])
        return [json.dumps(document).encode()]

    def _answer(self, method, path, body):
        note = recording("note_six_paragraphs_after_run.json")
        id = note["body"]["id"]
        match method, path:
            case "GET", "/api/version":
                return self._answers["GET /api/version"]
            case "GET", "/api/notebook":
                return 200, {
                    "status": "OK",
                    "message": "",
                    "body": [{"id": id, "path": note["body"]["path"]}],
                }
            case "POST", "/api/notebook/import":
                return self._import(body)
            case "GET", "/api/interpreter/setting":
                return 200, recording("interpreter_setting.json")
            case "PUT", "/api/interpreter/setting/spark":
                return 200, {"status": "OK", "message": "", "body": body}
            case _ if path == f"/api/notebook/job/{id}":
                return self._job(method, body)
            case "GET", _ if path == f"/api/notebook/{id}":
                return 200, note
            case "POST", _ if path.startswith(f"/api/notebook/run/{id}/"):
                return self._answers["POST /api/notebook/run/ID/PARAGRAPH (synchronous)"]
            case _:
                return self._answers["GET /api/notebook/NOPE"]

    def _import(self, body):
        if "paragraphs" not in body:
            return self._answers['POST /api/notebook/import {"not":"a note"}']
        if body["name"] in self._imported:
            return self._answers["the same import again"]
        self._imported.add(body["name"])
        return self._answers["POST /api/notebook/import (a note as JSON; its name is its path)"]

    def _job(self, method, body):
        if method == "POST":
            wanted = '{"params":{}}' if body == {"params": {}} else "{}"
            return self._answers[f"POST /api/notebook/job/ID?blocking=true {wanted}"]
        self.polls += 1
        status = recording("job_status_six_paragraphs.json")
        # Not recorded: the run before, and the moment between the request and the run's end.
        if self.polls == 1:
            status["body"]["paragraphs"][0]["started"] = "Tue Nov 24 22:20:00 UTC 2026"
        if self.polls == 2:
            status["body"]["isRunning"] = True
            status["body"]["paragraphs"][4] |= {"status": "RUNNING", "progress": "50"}
            del status["body"]["paragraphs"][4]["errorMessage"]
        return 200, status


@contextlib.contextmanager
def recorded():
    """The address of a server that plays the recordings, and the player."""
    player = Recordings()
    with Server(player, "127.0.0.1", 0) as server:
        yield server.url, player


def wait_for(probe, seconds: float = 30.0):
    """What `probe` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
    return found


def fresh_name() -> str:
    return f"/test/{secrets.token_hex(4)}"
