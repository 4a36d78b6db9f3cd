"""Containers as machines: made through Docker's socket, on the network of the Compose project.

They bear the sandbox's mark, by which `sandbox down` finds them, and the labels by which
`docker compose down --remove-orphans` removes them with the rest of the project.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound, NotFound

from sandbox.errors import MachineError, WorkFailed
from sandbox.runtime.spool import INTERVAL, Pulse, Spool

MARK = "emr-sandbox.mark"
CLUSTER = "emr-sandbox.cluster"
NETWORK = "cluster"
NODE_COMMAND = ("python", "-m", "sandbox.cli.node", "bare")
READY_TIMEOUT = 60.0
"""Seconds from a container's start until its agent answers."""
_STOP = 3
"""Seconds of grace; an agent that is told to end ends its commands first."""


@dataclass(frozen=True)
class Project:
    """The Compose project that containers join. `volume` is a named volume or a folder of the host.

    `user` is the uid and gid that own the state where it is a folder of the host.
    """

    name: str
    image: str
    volume: str
    state: Path
    user: str | None = None


class Containers:
    """The containers of one sandbox, whose mark is `mark`. `MachineError` when Docker cannot be used."""

    def __init__(self, project: Project, mark: str) -> None:
        self._project = project
        self._mark = mark
        try:
            self._docker = docker.from_env()
            self._docker.ping()
        except DockerException as error:
            raise MachineError(
                f"Docker cannot be used: {error}", "start the engine, and mount its socket where this runs"
            ) from error

    def close(self) -> None:
        """Close the connection to the engine."""
        self._docker.close()

    def gateway(self) -> str:
        """The address of this machine on the project's network; the network is made where there is none."""
        network = self._network() or self._docker.networks.create(
            f"{self._project.name}_{NETWORK}",
            labels={
                MARK: self._mark,
                "com.docker.compose.project": self._project.name,
                "com.docker.compose.network": NETWORK,
            },
        )
        network.reload()
        return str(network.attrs["IPAM"]["Config"][0]["Gateway"])

    def output(self, *arguments: str) -> str:
        """What a command of the image prints."""
        try:
            # Created, waited for and then read: what a short command prints is lost on whoever follows it.
            container = self._docker.containers.create(
                self._project.image, list(arguments), network_mode="none"
            )
            try:
                container.start()
                returncode = container.wait()["StatusCode"]
                answer: bytes = container.logs(stdout=True, stderr=returncode != 0)
            finally:
                container.remove(force=True)
        except ImageNotFound as error:
            raise self._missing_image() from error
        except DockerException as error:
            raise WorkFailed(f"{' '.join(arguments)} failed in {self._project.image}: {error}") from error
        if returncode != 0:
            raise WorkFailed(f"{' '.join(arguments)} failed in {self._project.image}: {answer.decode()}")
        return answer.decode()

    def make(self, host: str, cluster: str, memory: int, publish: tuple[int, ...]) -> str:
        """Start a machine called `host` with `memory` MiB; `publish` are ports for the user's machine.

        Returns its address on the network, which a sandbox on the host reaches too, unlike its name.
        Raises `WorkFailed` when its agent does not answer in time, `MachineError` for a missing image.
        """
        project, network = self._project, self._network()
        if network is None:
            raise WorkFailed(f"The Compose project {project.name} has no network: docker compose up --detach")
        try:
            container = self._docker.containers.run(
                project.image,
                NODE_COMMAND,
                detach=True,
                name=f"{project.name}-{host}",
                hostname=host,
                network=network.name,
                init=True,
                user=project.user,
                labels=self._labels(cluster),
                environment={"SANDBOX_STATE": str(project.state)},
                volumes=self._volumes(),
                mem_limit=f"{memory}m",
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                ports={f"{port}/tcp": ("127.0.0.1", None) for port in publish},
            )
        except ImageNotFound as error:
            raise self._missing_image() from error
        except DockerException as error:
            raise WorkFailed(f"The container {host} cannot be made: {error}") from error
        self._wait(container, host)
        return str(container.attrs["NetworkSettings"]["Networks"][network.name]["IPAddress"])

    def published(self, host: str, port: int) -> int | None:
        """The port of 127.0.0.1 under which a machine's port is reached; None when it is not."""
        try:
            container = self._docker.containers.get(f"{self._project.name}-{host}")
        except NotFound:
            return None
        bindings = container.ports.get(f"{port}/tcp") or []
        return int(bindings[0]["HostPort"]) if bindings else None

    def remove(self, host: str) -> None:
        """Remove a machine, which may be gone already."""
        with contextlib.suppress(NotFound):
            _remove(self._docker.containers.get(f"{self._project.name}-{host}"))

    def remove_all(self) -> int:
        """Remove all of the sandbox's machines; returns how many there were."""
        found = self._docker.containers.list(all=True, filters={"label": f"{MARK}={self._mark}"})
        for container in found:
            _remove(container)
        return len(found)

    def _network(self) -> Any:
        """The project's network, or None."""
        wanted = [
            f"com.docker.compose.project={self._project.name}",
            f"com.docker.compose.network={NETWORK}",
        ]
        return next(iter(self._docker.networks.list(filters={"label": wanted})), None)

    def _volumes(self) -> dict[str, dict[str, str]]:
        state = {self._project.volume: {"bind": str(self._project.state), "mode": "rw"}}
        if self._project.user is None:
            return state
        # Java refuses to run for a user whose name it cannot find.
        return {**state, "/etc/passwd": {"bind": "/etc/passwd", "mode": "ro"}}

    def _missing_image(self) -> MachineError:
        return MachineError(
            f"The image {self._project.image} is missing", "docker compose build spark-master"
        )

    def _labels(self, cluster: str) -> Mapping[str, str]:
        return {
            MARK: self._mark,
            CLUSTER: cluster,
            "com.docker.compose.project": self._project.name,
            "com.docker.compose.service": "emr-node",
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.container-number": "1",
            "com.docker.compose.config-hash": "emr-sandbox",
        }

    def _wait(self, container: Any, host: str) -> None:
        """Until the agent has announced itself; a container that ended says why."""
        spool = Spool(self._project.state / "machines" / host)
        deadline = time.monotonic() + READY_TIMEOUT
        container.reload()
        while spool.identity is None or spool.heartbeat is None or Pulse(spool).lost:
            container.reload()
            if container.status in ("exited", "dead"):
                raise WorkFailed(f"The container {host} ended:\n{container.logs(tail=20).decode()}")
            if time.monotonic() > deadline:
                raise WorkFailed(f"The container {host} was not ready after {READY_TIMEOUT:.0f} s")
            time.sleep(INTERVAL)


def _remove(container: Any) -> None:
    with contextlib.suppress(NotFound):
        container.stop(timeout=_STOP)
        container.remove(v=True, force=True)


def remove_marked(mark: str) -> int:
    """Remove the containers that bear `mark`, and their network, also after a crash.

    Returns how many containers there were; 0 where no engine answers.
    """
    try:
        engine = docker.from_env()
    except DockerException:
        return 0
    try:
        label = {"label": f"{MARK}={mark}"}
        found = engine.containers.list(all=True, filters=label)
        for container in found:
            container.remove(v=True, force=True)
        for network in engine.networks.list(filters=label):
            network.remove()
    except DockerException:
        return 0
    finally:
        engine.close()
    return len(found)
