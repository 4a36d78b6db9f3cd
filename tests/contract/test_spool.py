"""A machine that is reached through its spool: an agent in a thread stands for the container."""

import os
import sys
import threading
import time

import psutil
import pytest

from sandbox.errors import WorkFailed
from sandbox.runtime import marks, spool
from sandbox.runtime.agent import Agent, Daemon
from sandbox.runtime.process import Command
from sandbox.runtime.processes import Processes
from sandbox.runtime.readiness import Ready
from sandbox.runtime.spool import LOST, Identity, Pulse, Spool, SpooledCommand, SpooledMachine

MARK = f"agent-{os.getpid()}"
FOREVER = "import time; print('begun', flush=True); time.sleep(600)"


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def command(tmp_path):
    def make(script, name="child", owner="owner"):
        return Command(
            name=name,
            argv=(sys.executable, "-c", script),
            environment={"PATH": os.environ["PATH"]},
            directory=tmp_path / "work",
            stdout=tmp_path / "logs" / f"{name}.out",
            stderr=tmp_path / "logs" / f"{name}.err",
            owner=owner,
        )

    return make


@pytest.fixture
def serve(tmp_path):
    """Starts agents on the one spool; they are ended afterwards."""
    agents = []

    def start(daemon=None, life="1"):
        ended, told = threading.Event(), []
        agent = Agent(
            Spool(tmp_path / "spool"), Identity("worker-1", "worker", life), daemon, MARK, told.append
        )
        thread = threading.Thread(target=agent.serve, args=(ended,))
        thread.start()
        until(lambda: Spool(tmp_path / "spool").heartbeat is not None)
        agents.append((ended, thread))
        return told, ended, thread

    yield start
    for ended, thread in agents:
        ended.set()
        thread.join()


@pytest.fixture
def machine(tmp_path):
    numbers = iter(range(100))
    return SpooledMachine("worker-1", Spool(tmp_path / "spool"), lambda: str(next(numbers)))


def test_a_command_runs_there_and_its_exit_code_comes_back(serve, machine, command, tmp_path):
    told, _, _ = serve()
    running = machine.spawn(
        command("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), MARK
    )
    assert running.wait(20) == 3
    assert (tmp_path / "logs" / "child.out").read_text() == "out\n"
    assert running.tail() == "err\nout"
    assert told[0].startswith("child started")
    assert told[-1] == "child ended with exit code 3"
    assert list(machine.spool.commands.iterdir()) == [], "a command that ended leaves nothing to look at"
    assert running.poll() == 3


def test_a_signal_reaches_the_command(serve, machine, command):
    serve()
    waiting = (
        "import signal, sys\n"
        "signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))\n"
        "print('begun', flush=True)\n"
        "signal.pause()\n"
    )
    running = machine.spawn(command(waiting), MARK)
    until(lambda: "begun" in running.tail())
    running.signal("SIGUSR1")
    assert running.wait(20) == 7
    running.signal("SIGUSR1")
    assert list(machine.spool.commands.iterdir()) == [], "who has ended gets no signal"


def test_a_command_that_cannot_be_started_is_told(serve, machine, tmp_path):
    serve()
    missing = Command("x", ("/nonexistent",), {}, tmp_path, tmp_path / "o", tmp_path / "e", "owner")
    running = machine.spawn(missing, MARK)
    assert running.wait(20) == 127
    assert "x cannot be started" in running.tail()


def test_stop_ends_the_command_and_leftovers_are_reaped(serve, machine, command):
    serve()
    processes = Processes(MARK, machine)
    orphan = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
    )
    processes.start(command(orphan, "parent"))
    until(lambda: processes.dead("owner", frozenset({"parent"})))
    running = processes.start(command(FOREVER, "child"))
    until(lambda: "begun" in running.tail())
    assert len(marks.marked(MARK, "owner")) == 2
    processes.close("owner")
    assert running.poll() not in (None, 0)
    assert marks.marked(MARK, "owner") == []


def test_what_an_agent_left_unfinished_is_lost_when_it_comes_back(serve, machine, command):
    _, ended, thread = serve()
    running = machine.spawn(command(FOREVER), MARK)
    until(lambda: "begun" in running.tail())
    ended.set()
    thread.join()
    assert marks.marked(MARK) == []
    serve(life="2")
    assert running.wait(20) == LOST


def test_a_silent_machine_is_lost(tmp_path, command):
    now = [0.0]
    silent = Spool(tmp_path / "spool")
    silent.announce(Identity("worker-1", "worker", "1"))
    silent.beat(1)
    pulse = Pulse(silent, lambda: now[0])
    now[0] = spool.SILENCE
    assert not pulse.lost
    silent.beat(2)
    now[0] = spool.SILENCE + 1
    assert not pulse.lost
    now[0] = 2 * spool.SILENCE + 2
    assert pulse.lost
    waiting = SpooledCommand(command("pass"), "1", silent)
    assert waiting.poll() is None
    waiting._pulse = pulse
    assert waiting.poll() == LOST


def test_a_machine_that_never_was_takes_no_command(machine, command):
    with pytest.raises(WorkFailed, match="worker-1 is not there"):
        machine.spawn(command("pass"), MARK)


def test_the_daemon_runs_unless_it_shall_rest_and_is_started_again(serve, tmp_path, command):
    box = Spool(tmp_path / "spool")
    (tmp_path / "work").mkdir()
    ready = Ready("marked", lambda: bool(marks.marked(MARK, "daemon")))
    told, _, _ = serve(Daemon(command(FOREVER, "daemon", "daemon"), ready))
    until((box.folder / "healthy").exists)
    (first,) = marks.marked(MARK, "daemon")
    psutil.Process(first.pid).kill()
    until(lambda: any("daemon ended with exit code -9" in line for line in told))
    until(lambda: marks.marked(MARK, "daemon") and marks.marked(MARK, "daemon")[0].pid != first.pid)
    assert not box.rests
    box.set_daemon(wanted=False)
    until(lambda: box.rests)
    assert not marks.marked(MARK, "daemon")
    box.set_daemon(wanted=True)
    until(lambda: marks.marked(MARK, "daemon"))
    assert not box.rests
