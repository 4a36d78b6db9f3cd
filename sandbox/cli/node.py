"""The first program of a container that is a node of the Compose stack.

Usage: python -m sandbox.cli.node master|worker|zeppelin|history|bare
       python -m sandbox.cli.node installation
All run the commands that the sandbox leaves for them; all but a bare node also run a daemon of their own.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path

from cattrs.preconf.json import make_converter

from sandbox.errors import SandboxError, UsageError
from sandbox.notebook.builtin import BuiltInEngine
from sandbox.notebook.zeppelin import Zeppelin
from sandbox.runtime import readiness
from sandbox.runtime.address import Address
from sandbox.runtime.agent import Agent, Daemon
from sandbox.runtime.spool import Identity, Spool
from sandbox.settings import Settings
from sandbox.spark import companion, installation, standalone
from sandbox.spark.companion import Place
from sandbox.spark.configuration import (
    Installation,
    Services,
    base_properties,
    catalog_properties,
    local_environment,
    write_conf,
)
from sandbox.spark.configuration import environment as service_environment
from sandbox.spark.standalone import STACK_MASTER, Seat, WorkerSize

ROLES = ("master", "worker", "zeppelin", "history", "bare")
HISTORY_PORT = 18080


def daemon(
    role: str, spark: Installation, host: str, home: Path, environment: Mapping[str, str]
) -> Daemon | None:
    """The Spark daemon of a node; None for a node that gets its daemons from a cluster."""
    variables = {**local_environment(spark, environment), "SPARK_LOCAL_IP": host}
    logs = home / "logs"
    match role:
        case "master":
            command = standalone.master(spark, variables, STACK_MASTER, home, logs, "")
            return Daemon(command, standalone.master_ready(STACK_MASTER))
        case "worker":
            size = WorkerSize(
                _positive(environment, "SPARK_WORKER_CORES", 1),
                _positive(environment, "SPARK_WORKER_MEMORY_MB", 1024),
            )
            seat = Seat(host, 7078, home, host)
            command = standalone.worker(spark, variables, STACK_MASTER, size, seat, logs, "")
            return Daemon(command, standalone.worker_ready(STACK_MASTER, host))
        case "history":
            events = home.parent.parent / "event-log"
            events.mkdir(exist_ok=True)
            command = standalone.history_server(spark, variables, events, HISTORY_PORT, home, logs)
            return Daemon(command, readiness.http_json(f"http://{host}:{HISTORY_PORT}/api/v1/applications"))
        case "zeppelin":
            return notebook(spark, host, home, environment)
        case "bare":
            return None
        case _:
            raise UsageError(f"{role!r} is no kind of node: {', '.join(ROLES)}")


def notebook(spark: Installation, host: str, home: Path, environment: Mapping[str, str]) -> Daemon:
    """The notebook server of the stack: Zeppelin where the image has it, else the built-in engine."""
    settings = Settings.read(environment)
    state, sandbox = settings.state, "http://sandbox:4566"
    services = Services(
        endpoint=Address.local(sandbox),
        s3=Address.local(settings.s3_endpoint or sandbox),
        metastore=Address.local("thrift://sandbox:9083"),
        region=settings.region,
        host=host,
    )
    events = state / "event-log"
    events.mkdir(exist_ok=True)
    properties = {
        **base_properties(spark, services, events),
        **catalog_properties(services, f"file:{state / 'warehouse'}"),
        **companion.limits(WorkerSize(2, 1024), 1),
        "spark.master": STACK_MASTER.url,
    }
    conf = write_conf(home / "spark-conf", properties)
    place = Place(
        cluster="stack",
        owner="",
        home=home / "server",
        logs=home / "logs",
        host=host,
        port=settings.notebook_port,
        public=settings.published.notebook if settings.published else settings.notebook_port,
        master=STACK_MASTER.url,
        environment=service_environment(spark, services, conf, environment),
        properties=properties,
    )
    notes = state / "notebooks"
    program = (
        Zeppelin(settings.zeppelin_home, notes)
        if settings.zeppelin_home is not None
        else BuiltInEngine(spark.python, notes)
    )
    return Daemon(program.command(place), program.ready(place))


def tell_installation() -> None:
    """Print the Spark of this container as JSON, for a sandbox outside whose nodes are such containers."""
    spark = installation.find(Settings.read(os.environ), os.environ)
    sys.stdout.write(make_converter().dumps(spark))


def serve(role: str) -> None:
    """Be a node until a signal comes."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    settings = Settings.read(os.environ)
    spark = installation.find(settings, os.environ)
    host = STACK_MASTER.host if role == "master" else socket.gethostname()
    home = settings.state / "machines" / host
    command = daemon(role, spark, host, home, os.environ)
    identity = Identity(host, role, uuid.uuid4().hex)
    Agent(Spool(home), identity, command, settings.mark, _tell).serve(ended)


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdigit() or int(text) == 0:
        raise UsageError(f"{name}={text!r} is not a positive number")
    return int(text)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Serve; an error is one sentence on standard error and its exit code."""
    try:
        if len(arguments) != 1:
            raise UsageError(f"usage: python -m sandbox.cli.node {'|'.join(ROLES)}")
        if arguments[0] == "installation":
            tell_installation()
        else:
            serve(arguments[0])
    except SandboxError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
