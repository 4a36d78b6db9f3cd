"""Notebook executions against a notebook in memory."""

import threading

import pytest

from sandbox.emr.notebook_execution import Execution, NotebookExecutions, Status
from sandbox.errors import AwsError, WorkFailed
from sandbox.store import Database, Journal


class Notebook:
    """Has one note, whose run waits for `free` and then gives `failure`."""

    def __init__(self, failure=""):
        self.failure = failure
        self.free = threading.Event()
        self.added = {}

    def find(self, name):
        return "2NOTE" if name == "course/note" else None

    def add(self, text, path):
        self.added[path] = text
        return path

    def run(self, _id, stop):
        while not stop.wait(0.01):
            if self.free.is_set():
                return self.failure
        return "stopped"

    def text(self, id):
        return f"results of {id}"


class Objects:
    def __init__(self):
        self.written = {}

    def read(self, uri):
        if "missing" in uri:
            raise WorkFailed(f"{uri} cannot be read: no such object")
        return f"note at {uri}"

    def write(self, uri, text):
        self.written[uri] = text


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "db")
    yield database
    database.close()


@pytest.fixture
def world(database):
    notebook, objects = Notebook(), Objects()
    executions = NotebookExecutions(database, Journal(database), lambda _: notebook, objects, lambda: 7.0)
    yield notebook, objects, executions
    executions.stop()


def execution(id="ex-1", note="course/note", **changes):
    return Execution(id, "j-1", note, Status.START_PENDING, created=1.0, **changes)


def ended(executions, id):
    executions._workers.join()
    return executions.get(id)


def test_a_note_that_ends_well_is_finished(world, database):
    notebook, _, executions = world
    executions.launch(execution())
    notebook.free.set()
    done = ended(executions, "ex-1")
    assert (done.status, done.started, done.ended) == (Status.FINISHED, 7.0, 7.0)
    events = [event.event for event in Journal(database).since(0, "ex-1")]
    assert events == [f"notebook execution {s}" for s in ("START_PENDING", "RUNNING", "FINISHED")]


def test_a_note_that_fails_is_failed_with_its_reason_and_its_results_are_kept(world):
    notebook, objects, executions = world
    notebook.failure = "Fit: ValueError: boom"
    notebook.free.set()
    executions.launch(execution(output="s3://b/out.zpln"))
    done = ended(executions, "ex-1")
    assert (done.status, done.reason) == (Status.FAILED, "Fit: ValueError: boom")
    assert objects.written == {"s3://b/out.zpln": "results of 2NOTE"}
    assert done.written == "s3://b/out.zpln"


def test_a_note_on_s3_is_brought_along(world):
    notebook, _, executions = world
    notebook.free.set()
    executions.launch(execution(note="s3://b/n.zpln", source="s3://b/n.zpln"))
    assert ended(executions, "ex-1").status is Status.FINISHED
    assert notebook.added == {"/executions/ex-1": "note at s3://b/n.zpln"}
    executions.launch(execution("ex-2", source="s3://b/missing"))
    failed = ended(executions, "ex-2")
    assert (failed.status, failed.reason) == (
        Status.FAILED,
        "s3://b/missing cannot be read: no such object",
    )


def test_an_execution_is_stopped(world):
    _, _, executions = world
    executions.launch(execution())
    executions.ask_to_stop("ex-1")
    assert ended(executions, "ex-1").status is Status.STOPPED
    executions.ask_to_stop("ex-1")
    assert executions.get("ex-1").status is Status.STOPPED


def test_what_is_not_there_is_refused_and_nothing_is_kept(world):
    _, _, executions = world
    with pytest.raises(AwsError, match="There is no notebook 'nope'"):
        executions.launch(execution(note="nope"))
    assert executions.all() == []


def test_the_end_of_the_sandbox_stops_what_runs_and_a_crash_is_told_at_the_next_start(world, database):
    notebook, objects, executions = world
    executions.launch(execution())
    executions.stop()
    assert executions.get("ex-1").status is Status.STOPPED
    with pytest.raises(WorkFailed, match="ending"):
        executions.launch(execution("ex-2"))
    executions._put(execution("ex-3"))
    later = NotebookExecutions(database, Journal(database), lambda _: notebook, objects, lambda: 9.0)
    later.start()
    left = later.get("ex-3")
    assert (left.status, left.ended) == (Status.FAILED, 9.0)
    assert "sandbox ended" in left.reason
