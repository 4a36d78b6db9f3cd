"""Docker Compose as a program: what it says of a project's services, and what its errors mean.

https://docs.docker.com/reference/cli/docker/compose/
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import MachineError, UsageError, WorkFailed

FILE = "docker-compose.yml"
OLDEST = (2, 17)
"""The oldest Compose whose `ps --format json` and `up --wait` are understood here."""
_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_BLAMED = re.compile(r"container (?:for service )?\"?([\w.-]+)\"? (?:is unhealthy|exited)")
_QUICK = 60
"""Seconds that a question to the engine may take."""


@dataclass(frozen=True)
class Service:
    """A container of the project. `health` is empty where the service has no health check."""

    name: str
    container: str
    state: str
    health: str

    @property
    def ready(self) -> bool:
        """Whether it runs and is healthy."""
        return self.state == "running" and self.health in ("", "healthy")

    @property
    def failed(self) -> bool:
        """Whether it will not become ready by waiting."""
        return self.state in ("exited", "dead") or self.health == "unhealthy"


@dataclass(frozen=True)
class Fault:
    """What an error of Docker's means to whoever typed the command."""

    pattern: str
    message: str
    mend: str


FAULTS = (
    Fault(
        r"permission denied.*docker.*sock|permission denied while trying to connect",
        "Docker's socket does not let this user in",
        "sudo usermod -aG docker $USER, then log in again; or run rootless Docker",
    ),
    Fault(
        r"Cannot connect to the Docker daemon|error during connect|docker daemon running|"
        r"no such file.*docker.*sock",
        "The Docker engine is not running",
        "sudo systemctl start docker, or start Docker Desktop",
    ),
    Fault(
        r"port is already allocated|address already in use|ports are not available",
        "A port that the stack wants is taken: {detail}",
        "stop what listens there, or choose others: SANDBOX_PORT, LOCALSTACK_PORT, SPARK_MASTER_UI_PORT, "
        "SPARK_UI_PORT, GLUE_UI_PORT, SANDBOX_METASTORE_PORT, ZEPPELIN_PORT",
    ),
    Fault(
        r"pull access denied|manifest unknown|failed to resolve|no such host|no such image|"
        r"failed to do request|network is unreachable|TLS handshake timeout|connection refused.*registry",
        "An image is missing and cannot be fetched: {detail}",
        "with a network, try again; without one, docker load --input IMAGES.tar, or name images that are "
        "here: LOCALSTACK_IMAGE, BASE_IMAGE, ZEPPELIN_IMAGE",
    ),
    Fault(
        r"no space left on device",
        "Docker's disk is full",
        "docker system df, then docker system prune",
    ),
)


def diagnose(output: str) -> MachineError | None:
    """The fault of this machine that Docker's output tells of; None when it tells of none. Pure."""
    for fault in FAULTS:
        found = re.search(fault.pattern, output, re.IGNORECASE)
        if found:
            line = next(line for line in output.splitlines() if found.group(0)[:20] in line)
            return MachineError(fault.message.format(detail=line.strip()), fault.mend)
    return None


def parse_services(output: str) -> list[Service]:
    """The services in what `ps --format json` prints: an array, or since 2.21 a document a line. Pure."""
    text = output.strip()
    documents = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    services = [
        Service(one["Service"], one["Name"], one["State"].lower(), one.get("Health", "").lower())
        for one in documents
    ]
    return sorted(services, key=lambda service: service.container)


def find_broken(services: Sequence[Service], output: str) -> Service | None:
    """The service that kept `up` from ending well; None when all of them run. Pure.

    `output` is what Compose said: it names the container that others waited for in vain. Where it names none,
    it is the one that ended, then one that is started again and again, then one that is still starting.
    """
    blamed = _BLAMED.search(output)
    signs: tuple[Callable[[Service], bool], ...] = (
        lambda one: blamed is not None and one.container == blamed.group(1),
        lambda one: one.failed,
        lambda one: one.state == "restarting",
        lambda one: not one.ready and one.state != "created",
    )
    for sign in signs:
        for service in services:
            if sign(service):
                return service
    return None


def find_file(folders: Sequence[Path]) -> Path:
    """The stack's compose file in the first of `folders` that has one."""
    for folder in folders:
        if (folder / FILE).is_file() and (folder / "compose").is_dir():
            return folder / FILE
    raise UsageError(f"{FILE} and compose/ are not here: run this in a clone of the project")


class Compose:
    """One project. `files` are its compose files, the first of which gives it its name.

    `environment` is the caller's, which may hold DOCKER_HOST and the variables of the file.
    """

    def __init__(self, files: Sequence[Path], environment: Mapping[str, str] = os.environ) -> None:
        self._files = files
        self._environment = dict(environment)

    def check(self) -> None:
        """`MachineError` when Docker or Compose is missing, too old, not running or not ours to use."""
        if shutil.which("docker", path=self._environment.get("PATH")) is None:
            raise MachineError("Docker is missing", "install Docker Engine with its Compose plugin")
        answer = self._run(["docker", "compose", "version", "--short"])
        found = _VERSION.search(answer.stdout) if answer.returncode == 0 else None
        if found is None:
            raise MachineError(
                "Docker has no Compose plugin",
                "install docker-compose-plugin (Compose v2), not docker-compose v1",
            )
        if (int(found.group(1)), int(found.group(2))) < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            raise MachineError(
                f"Compose {answer.stdout.strip()} is too old", f"install Compose {wanted} or later"
            )
        engine = self._run(["docker", "info", "--format", "{{.ServerVersion}}"])
        if engine.returncode != 0 or not engine.stdout.strip():
            raise diagnose(engine.stderr) or MachineError(
                f"The Docker engine does not answer: {engine.stderr.strip()}", "docker info"
            )

    def services(self) -> list[Service]:
        """The project's containers, also those that have ended."""
        return parse_services(self._answer(["ps", "--all", "--format", "json"]))

    def up(self) -> Iterator[str]:
        """Build what is missing and start everything; yields Compose's own lines, raises what they mean."""
        process = subprocess.Popen(
            [*self._command, "--progress", "plain", "up", "--detach"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        told: list[str] = []
        try:
            for line in process.stdout:
                told.append(line)
                yield line.rstrip()
        finally:
            process.stdout.close()
            returncode = process.wait()
        if returncode != 0:
            output = "".join(told[-60:])
            fault = diagnose(output)
            if fault is not None and (missing := self._missing_images()):
                raise MachineError(f"{fault.message}; missing here: {', '.join(missing)}", fault.mend)
            raise fault or _failure(output)

    def port(self, service: str, number: int) -> int:
        """The port of this machine under which a service's port is published."""
        return int(self._answer(["port", service, str(number)]).strip().rpartition(":")[2])

    def logs(self, service: str, lines: int = 20) -> str:
        """The end of what a service wrote."""
        return self._answer(["logs", "--no-color", "--tail", str(lines), service])

    def _missing_images(self) -> list[str]:
        """The images that the project needs and this machine has not."""
        wanted = self._run([*self._command, "config", "--images"]).stdout.split()
        found = (self._run(["docker", "image", "inspect", name]).returncode == 0 for name in wanted)
        return sorted({name for name, here in zip(wanted, found, strict=True) if not here})

    @property
    def _command(self) -> list[str]:
        return ["docker", "compose", *(part for file in self._files for part in ("--file", str(file)))]

    def _answer(self, arguments: Sequence[str], timeout: float = _QUICK) -> str:
        done = self._run([*self._command, *arguments], timeout)
        if done.returncode != 0:
            output = done.stderr or done.stdout
            raise diagnose(output) or _failure(output)
        return done.stdout

    def _run(self, argv: Sequence[str], timeout: float = _QUICK) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def _failure(output: str) -> WorkFailed:
    return WorkFailed(f"docker compose failed:\n{output.strip()}")
