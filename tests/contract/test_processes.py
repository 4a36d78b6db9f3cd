"""Processes are marked, found, waited for and ended."""

import os
import socket
import sys
import time

import psutil
import pytest

from sandbox.errors import MachineError, ProcessDied, WorkFailed
from sandbox.runtime import marks, ports, readiness
from sandbox.runtime.lock import StateLock
from sandbox.runtime.machine import ThisMachine
from sandbox.runtime.process import Command, Process, tail
from sandbox.runtime.processes import Processes

MARK = f"test-{os.getpid()}"


@pytest.fixture
def command(tmp_path):
    def make(script, name="child", owner="owner"):
        return Command(
            name=name,
            argv=(sys.executable, "-c", script),
            environment={},
            directory=tmp_path,
            stdout=tmp_path / f"{name}.out",
            stderr=tmp_path / f"{name}.err",
            owner=owner,
        )

    return make


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_exit_code_and_output_are_kept(command, tmp_path):
    process = Process(command("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), MARK)
    assert process.wait() == 3
    assert (tmp_path / "child.out").read_text() == "out\n"
    assert process.tail() == "err\nout"


def test_a_program_that_is_not_there_is_told(tmp_path):
    missing = Command("x", ("/nonexistent",), {}, tmp_path, tmp_path / "o", tmp_path / "e")
    with pytest.raises(WorkFailed, match="x cannot be started"):
        Process(missing, MARK)


def test_stop_ends_the_whole_family(command, tmp_path):
    pid_file = tmp_path / "pid"
    script = (
        "import subprocess, sys, pathlib, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    process = Process(command(script), MARK)
    until(lambda: pid_file.exists() and pid_file.read_text())
    grandchild = int(pid_file.read_text())
    process.stop()
    assert not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE


def test_a_process_that_ignores_sigterm_is_killed(command, tmp_path):
    ready = tmp_path / "ready"
    script = (
        "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(600)"
    )
    process = Process(command(script), MARK)
    until(ready.exists)
    assert process.stop(grace=0.2) == -9


def test_a_reparented_process_is_found_by_its_mark_and_owner(command, tmp_path):
    pid_file = tmp_path / "pid"
    script = (
        "import subprocess, sys, pathlib\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "child = subprocess.Popen(sleep, start_new_session=True)\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))\n"
    )
    assert Process(command(script, owner="gone"), MARK).wait() == 0
    orphan = int(pid_file.read_text())
    assert [process.pid for process in marks.marked(MARK, "gone")] == [orphan]
    assert marks.marked(MARK, "another") == []
    assert marks.reap(MARK, "gone") == 1
    assert marks.marked(MARK) == []


def test_a_closed_owner_starts_nothing_more(command):
    processes = Processes(MARK, ThisMachine("127.0.0.1"))
    processes.start(command("import time; time.sleep(600)"))
    processes.close("owner")
    assert marks.marked(MARK) == []
    with pytest.raises(WorkFailed, match="owner is ending"):
        processes.start(command("pass"))


def test_the_dead_are_told_from_the_living(command):
    processes = Processes(MARK, ThisMachine("127.0.0.1"))
    died = processes.start(command("pass", name="dies"))
    processes.start(command("import time; time.sleep(600)", name="lives"))
    died.wait()
    names = frozenset({"dies", "lives", "never started"})
    assert [process.command.name for process in processes.dead("owner", names)] == ["dies"]
    assert processes.stop("owner", "nobody") is False
    processes.close("owner")


def test_a_wait_notices_death_at_once(command):
    process = Process(command("import sys; sys.exit('no room')"), MARK)
    started = time.monotonic()
    with pytest.raises(ProcessDied) as caught:
        readiness.wait(readiness.port("127.0.0.1", 1), process, "the daemon", timeout=60)
    assert caught.value.returncode == 1
    assert "no room" in str(caught.value)
    assert time.monotonic() - started < 30


def test_a_process_is_told_from_another_that_listens(command):
    listening = (
        "import socket, time\n"
        "one = socket.create_server(('127.0.0.1', 0))\n"
        "print(one.getsockname()[1], flush=True)\n"
        "time.sleep(600)\n"
    )
    process = Process(command(listening), MARK)
    until(lambda: process.tail().endswith("\n") or process.tail().isdigit())
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert process.listens(int(process.tail()))
        assert not process.listens(other.getsockname()[1])
    process.stop()
    assert not process.listens(int(process.tail()))


def test_a_wait_gives_up(command):
    process = Process(command("import time; time.sleep(600)"), MARK)
    now = iter(range(1000))
    never = readiness.Ready("never", lambda: False)
    with pytest.raises(WorkFailed, match="not ready after 5 s: never"):
        readiness.wait(never, process, "it", 5, clock=lambda: float(next(now)), sleep=lambda _: None)
    process.stop()


def test_readiness_is_a_value_that_can_be_joined():
    yes, no = readiness.Ready("a", lambda: True), readiness.Ready("b", lambda: False)
    assert (yes & yes).probe() is True
    assert (yes & no).probe() is False
    assert (yes & no).what == "a and b"


def test_a_taken_port_is_left_alone():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert ports.is_free("127.0.0.1", number) is False
        assert ports.choose("127.0.0.1", number) != number
    assert ports.choose("127.0.0.1", number) == number


def test_the_tail_of_a_log(tmp_path):
    log = tmp_path / "log"
    assert tail(log) == ""
    log.write_text("x" * 100 + "end")
    assert tail(log, 5) == "xxend"


def test_two_processes_never_open_one_state(tmp_path):
    first, second = StateLock(tmp_path / "lock"), StateLock(tmp_path / "lock")
    first.acquire()
    with pytest.raises(MachineError, match="Another sandbox"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()
