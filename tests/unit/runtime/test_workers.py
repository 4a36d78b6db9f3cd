"""Threads are waited for all together, and new work is refused at the end."""

import threading

import pytest

from sandbox.errors import WorkFailed
from sandbox.runtime.workers import Workers


def test_join_waits_for_work_that_other_work_started():
    workers, done, gate = Workers(), [], threading.Event()

    def first():
        gate.wait(10)
        workers.start("second", lambda: done.append("second"))
        done.append("first")

    workers.start("first", first)
    gate.set()
    workers.join()
    assert sorted(done) == ["first", "second"]


def test_new_work_is_refused_at_the_end_but_what_goes_on_is_let_in():
    workers, done = Workers(), []
    workers.admit()
    workers.refuse_new()
    with pytest.raises(WorkFailed, match="is ending"):
        workers.admit()
    workers.start("last", lambda: done.append(1))
    workers.join()
    assert done == [1]


def test_work_that_raises_leaves_no_thread(monkeypatch):
    workers, seen = Workers(), []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: seen.append(arguments.exc_type))
    workers.start("fails", lambda: 1 / 0)
    workers.join()
    assert seen == [ZeroDivisionError]
