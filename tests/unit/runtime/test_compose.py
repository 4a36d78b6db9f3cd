"""What Docker Compose says, and what its errors mean."""

import json

import pytest

from sandbox.errors import MachineError, UsageError
from sandbox.runtime.compose import Compose, Service, diagnose, find_broken, find_file, parse_services

ONE = {"Service": "sandbox", "Name": "p-sandbox-1", "State": "running", "Health": "healthy"}
TWO = {"Service": "localstack", "Name": "p-localstack-1", "State": "Exited", "Health": ""}


@pytest.mark.parametrize("text", [json.dumps([ONE, TWO]), f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n"])
def test_services_are_read_from_both_forms(text):
    localstack, sandbox = parse_services(text)
    assert sandbox == Service("sandbox", "p-sandbox-1", "running", "healthy")
    assert sandbox.ready and not sandbox.failed
    assert localstack.failed and not localstack.ready


def test_no_service_is_an_empty_list():
    assert parse_services("") == parse_services("[]") == []


@pytest.mark.parametrize(
    ("output", "message", "mend"),
    [
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "does not let this user in",
            "usermod",
        ),
        (
            "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?",
            "not running",
            "systemctl start docker",
        ),
        (
            "Error response from daemon: Bind for 127.0.0.1:8080 failed: port is already allocated",
            "127.0.0.1:8080",
            "SPARK_MASTER_UI_PORT",
        ),
        (
            "Error response from daemon: pull access denied for emr-sandbox/none, repository does not exist",
            "emr-sandbox/none",
            "docker load",
        ),
        ("write /x: no space left on device", "disk is full", "prune"),
    ],
)
def test_an_error_of_docker_names_what_is_wrong_and_the_mend(output, message, mend):
    fault = diagnose(f"Container x Starting\n{output}\n")
    assert isinstance(fault, MachineError)
    assert fault.exit_code == 3
    assert message in str(fault) and mend in fault.mend


def test_another_error_is_not_taken_for_the_machine():
    assert diagnose("service sandbox has neither an image nor a build context specified") is None


def program(folder, script):
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Compose([folder / "docker-compose.yml"], {"PATH": f"{folder}:/usr/bin:/bin"})


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'unknown command: compose' >&2; exit 1", "no Compose plugin"),
        ("echo 2.3.4", "Compose 2.3.4 is too old"),
        (
            'test "$1" = compose && exec echo 2.26.1; echo "Cannot connect to the Docker daemon" >&2; exit 1',
            "engine is not running",
        ),
    ],
)
def test_a_docker_that_does_not_serve_is_told_before_anything_starts(tmp_path, script, message):
    with pytest.raises(MachineError, match=message):
        program(tmp_path, script).check()


def test_a_missing_docker_is_told(tmp_path):
    with pytest.raises(MachineError, match="Docker is missing"):
        Compose([tmp_path / "docker-compose.yml"], {"PATH": str(tmp_path)}).check()


def test_a_good_docker_passes(tmp_path):
    program(tmp_path, 'case "$1" in compose) echo v2.26.1-4;; *) echo 20.10.24;; esac').check()


def test_the_stack_needs_a_clone(tmp_path):
    with pytest.raises(UsageError, match="clone of the project"):
        find_file([tmp_path])
    (tmp_path / "compose").mkdir()
    (tmp_path / "docker-compose.yml").touch()
    assert find_file([tmp_path / "elsewhere", tmp_path]) == tmp_path / "docker-compose.yml"


def _service(name, state, health=""):
    return Service(name, f"p-{name}-1", state, health)


WORKER = _service("spark-worker", "running", "starting")
LOCALSTACK = _service("localstack", "restarting")


@pytest.mark.parametrize(
    ("services", "output", "name"),
    [
        (
            [WORKER, LOCALSTACK],
            "dependency failed to start: container p-localstack-1 is unhealthy",
            "localstack",
        ),
        (
            [WORKER, LOCALSTACK],
            "dependency failed to start: container p-localstack-1 exited (0)",
            "localstack",
        ),
        ([WORKER, LOCALSTACK], "", "localstack"),
        ([WORKER, _service("history", "exited")], "", "history"),
        ([_service("sandbox", "created"), WORKER], "", "spark-worker"),
        ([_service("sandbox", "created"), _service("spark-master", "running", "healthy")], "", None),
    ],
)
def test_the_service_at_fault_is_found_among_those_that_wait(services, output, name):
    found = find_broken(services, output)
    assert (found and found.name) == name
