"""Spark standalone daemons: one master, and workers that register with it.

pyspark's wheel has no `sbin/start-master.sh`; `bin/spark-class` starts the same classes.
https://spark.apache.org/docs/3.5.6/spark-standalone.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.runtime import readiness
from sandbox.runtime.process import Command
from sandbox.spark.configuration import QUICK, Installation, archive_options

MASTER_CLASS = "org.apache.spark.deploy.master.Master"
WORKER_CLASS = "org.apache.spark.deploy.worker.Worker"
HISTORY_CLASS = "org.apache.spark.deploy.history.HistoryServer"
MASTER_NAME = "spark-master"
HISTORY_NAME = "spark-history"
DECOMMISSION_SIGNAL = "SIGPWR"
"""A worker that gets it starts no more tasks; macOS has none, and workers are ended at once there."""
DECOMMISSION = {
    "spark.decommission.enabled": "true",
    "spark.storage.decommission.enabled": "true",
    "spark.storage.decommission.rddBlocks.enabled": "true",
    "spark.storage.decommission.shuffleBlocks.enabled": "true",
    "spark.storage.decommission.replicationReattemptInterval": "1s",
}
"""What executors keep for others moves to other workers before theirs ends.
https://spark.apache.org/docs/3.5.6/configuration.html"""
READY_TIMEOUT = 90.0
"""Seconds that a daemon may take; a loaded machine needs up to 20."""


@dataclass(frozen=True)
class MasterAddress:
    """Where a master listens: the port of `spark://` and that of its web pages."""

    host: str
    port: int
    ui_port: int

    @property
    def url(self) -> str:
        """What `--master` takes."""
        return f"spark://{self.host}:{self.port}"

    @property
    def ui(self) -> str:
        """The master's web page."""
        return f"http://{self.host}:{self.ui_port}"


STACK_MASTER = MasterAddress("spark-master", 7077, 8080)
"""Where the master of the Compose stack listens: the name is that of its service."""


@dataclass(frozen=True)
class Seat:
    """Where a worker sits: its machine's name, its port, its home folder and the name of its node."""

    host: str
    port: int
    home: Path
    node: str


@dataclass(frozen=True)
class WorkerSize:
    """What a worker offers to executors: cores, and memory in MiB."""

    cores: int
    memory: int


def worker_name(node: str) -> str:
    """The name of the worker on `node` in the table of processes."""
    return f"spark-worker-{node}"


def master(
    installation: Installation,
    environment: Mapping[str, str],
    address: MasterAddress,
    home: Path,
    logs: Path,
    owner: str,
) -> Command:
    """The command of a master."""
    argv = (
        MASTER_CLASS,
        "--host",
        address.host,
        "--port",
        str(address.port),
        "--webui-port",
        str(address.ui_port),
    )
    return _daemon(MASTER_NAME, argv, installation, environment, home, logs, owner)


def worker(
    installation: Installation,
    environment: Mapping[str, str],
    address: MasterAddress,
    size: WorkerSize,
    seat: Seat,
    logs: Path,
    owner: str,
) -> Command:
    """The command of a worker that keeps its executors' work below its home."""
    argv = (WORKER_CLASS, "--host", seat.host, "--port", str(seat.port), "--webui-port", "0")
    capacity = (
        *("--cores", str(size.cores), "--memory", f"{size.memory}m"),
        *("--work-dir", str(seat.home / "work")),
    )
    return _daemon(
        worker_name(seat.node),
        (*argv, *capacity, address.url),
        installation,
        environment,
        seat.home,
        logs,
        owner,
    )


def history_server(
    installation: Installation,
    environment: Mapping[str, str],
    events: Path,
    port: int,
    home: Path,
    logs: Path,
) -> Command:
    """The command of a history server over the event logs in `events`."""
    options = (f"-Dspark.history.fs.logDirectory={events.as_uri()}", f"-Dspark.history.ui.port={port}")
    variables = {**environment, "SPARK_HISTORY_OPTS": " ".join(options)}
    return _daemon(HISTORY_NAME, (HISTORY_CLASS,), installation, variables, home, logs, "")


def master_ready(address: MasterAddress) -> readiness.Ready:
    """The master accepts workers and serves its state."""
    return readiness.port(address.host, address.port) & readiness.http_json(f"{address.ui}/json/")


def worker_ready(address: MasterAddress, host: str, port: int | None = None) -> readiness.Ready:
    """The worker on `host`, at `port` when given, is registered with the master and alive."""
    return readiness.http_json(f"{address.ui}/json/", lambda state: has_worker(state, host, port))


def has_worker(state: Any, host: str, port: int | None = None) -> bool:
    """Whether the master's state lists a live worker on `host`, at `port` when given."""
    return any(worker["host"] == host and port in (None, worker["port"]) for worker in live_workers(state))


def executors(address: MasterAddress, host: str, port: int) -> int | None:
    """How many executors run on the worker at `port` of `host`; None when nobody tells."""
    state = readiness.fetch_json(f"{address.ui}/json/", timeout=5)
    if not isinstance(state, dict):
        return None
    for worker in state["workers"]:
        if (worker["host"], worker["port"]) == (host, port):
            told = readiness.fetch_json(f"{worker['webuiaddress']}/json/", timeout=5)
            return len(told["executors"]) if isinstance(told, dict) else None
    return 0


def worker_port(command: Command) -> int:
    """The port that a worker's command gives it."""
    return int(command.argv[command.argv.index("--port") + 1])


def active_applications(address: MasterAddress) -> int | None:
    """How many applications the master has that have not ended; None when it does not answer."""
    state = readiness.fetch_json(f"{address.ui}/json/", timeout=5)
    return len(state["activeapps"]) if isinstance(state, dict) else None


def live_workers(state: Any) -> list[Any]:
    """The workers of a master's state that are alive."""
    return [worker for worker in state.get("workers", ()) if worker["state"] == "ALIVE"]


def _daemon(
    name: str,
    argv: tuple[str, ...],
    installation: Installation,
    environment: Mapping[str, str],
    home: Path,
    logs: Path,
    owner: str,
) -> Command:
    home.mkdir(parents=True, exist_ok=True)
    variables = {
        **environment,
        "SPARK_DAEMON_MEMORY": "256m",
        # The classpath must begin with the one that the class archive was made for.
        "SPARK_DAEMON_CLASSPATH": installation.class_path,
        # A port that somebody took in between ends the daemon: on another port nobody would find it.
        "SPARK_DAEMON_JAVA_OPTS": " ".join(
            (*archive_options(installation), QUICK, "-Dspark.port.maxRetries=0")
        ),
        "SPARK_LOCAL_DIRS": str(home / "local"),
    }
    return Command(
        name=name,
        argv=(str(installation.home / "bin" / "spark-class"), *argv),
        environment=variables,
        directory=home,
        stdout=logs / f"{name}.out",
        stderr=logs / f"{name}.log",
        owner=owner,
    )
