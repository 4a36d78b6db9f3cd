"""The Compose stack's machines: given to one cluster at a time, and only when there are enough."""

import http.server
import json
import threading
import time

import pytest

from sandbox.emr import request
from sandbox.emr.model import Role
from sandbox.emr.stack import StackMachines
from sandbox.errors import WorkFailed
from sandbox.runtime.process import Command
from sandbox.runtime.spool import Identity, Spool
from sandbox.spark.standalone import MasterAddress, WorkerSize

WORKERS = ("worker-a", "worker-b")


@pytest.fixture
def master():
    """A Spark master's page that lists two live workers and a dead one."""
    workers = [{"host": host, "port": 7078, "state": "ALIVE", "cores": 2, "memory": 2048} for host in WORKERS]
    workers[1]["memory"] = 1024
    workers.append({"host": "gone", "port": 7078, "state": "DEAD", "cores": 1, "memory": 512})

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"workers": workers}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield MasterAddress("127.0.0.1", 7077, server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture
def stack(tmp_path, master):
    for host, role in (("127.0.0.1", "master"), *((host, "worker") for host in (*WORKERS, "gone"))):
        spool = Spool(tmp_path / host)
        spool.announce(Identity(host, role, "1"))
        if host != "gone":
            spool.beat(1)
    return StackMachines(tmp_path, master, lambda: "1", {8080: 18080}, time.time)


def cluster(core, name="c"):
    numbers = iter(range(100))
    groups = [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}]
    if core:
        groups.append({"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": core})
    document = {"Name": name, "Instances": {"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True}}
    return request.cluster(document, 1.0, lambda prefix, _length: f"{prefix}{name}{next(numbers)}")


def test_each_node_has_a_machine_and_who_is_not_asked_for_rests(stack, tmp_path):
    one = cluster(1)
    assert stack.refusal(one, []) is None
    stack.allocate(one, one.instances)
    hosts = {instance.role: stack.machine(one, instance).host for instance in one.instances}
    assert hosts == {Role.MASTER: "127.0.0.1", Role.CORE: "worker-a"}
    assert stack.worker_size(one, one.instances[1]) == WorkerSize(2, 1024)
    assert (stack.outside(one, 8080), stack.outside(one, 4041)) == (18080, None)
    assert Spool(tmp_path / "worker-a").wants_daemon
    assert not Spool(tmp_path / "worker-b").wants_daemon
    work = tmp_path / "worker-a" / "work" / "app-1"
    work.mkdir(parents=True)
    assert stack.work(one, one.instances[1]) == work.parent
    stack.release(one, one.instances)
    assert Spool(tmp_path / "worker-b").wants_daemon
    assert not work.exists()


def test_a_second_cluster_is_refused_with_the_remedy(stack):
    first = cluster(1, "one")
    sentence = stack.refusal(cluster(1, "two"), [first])
    assert f"belong to cluster {first.id}" in sentence
    assert "terminate it first" in sentence and "docker-compose.nodes.yml" in sentence


def test_more_nodes_than_workers_are_refused_with_the_remedy(stack):
    sentence = stack.refusal(cluster(3), [])
    assert "asks for 3 nodes" in sentence and "has 2 workers" in sentence
    assert "docker compose up --detach --scale spark-worker=3" in sentence


def test_a_master_alone_has_no_executors_here(stack):
    assert "at least one core node" in stack.refusal(cluster(0), [])


def test_a_worker_that_left_meanwhile_is_told(stack):
    with pytest.raises(WorkFailed, match="no machine left for a core node"):
        large = cluster(3)
        stack.allocate(large, large.instances)


def test_what_a_crash_left_is_ended_and_rests_no_more(stack, tmp_path):
    spool = Spool(tmp_path / "worker-a")
    left = Command("step", ("sleep", "600"), {}, tmp_path, tmp_path / "o", tmp_path / "e", "j-1")
    spool.submit("step-1", left)
    spool.set_daemon(wanted=False)
    stack.recover()
    assert spool.grace("step-1") == 0
    assert spool.to_reap() == ["j-1"]
    assert spool.wants_daemon


def test_a_cluster_grows_on_a_machine_that_rested_and_shrinks_again(stack, tmp_path):
    small, large = cluster(1), cluster(2)
    stack.allocate(small, small.instances)
    new = large.instances[-1:]
    stack.allocate(small, new)
    assert stack.machine(small, new[0]).host == "worker-b"
    assert Spool(tmp_path / "worker-b").wants_daemon
    stack.release(small, new)
    assert not Spool(tmp_path / "worker-b").wants_daemon
    assert Spool(tmp_path / "worker-a").wants_daemon
