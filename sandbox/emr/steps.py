"""A step: what it becomes on this machine (pure), running it, and telling why it failed.

https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-commandrunner.html
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.emr.layout import Layout
from sandbox.emr.logs import step_log_uri
from sandbox.emr.model import Cluster, Failure, Step
from sandbox.errors import WorkFailed
from sandbox.runtime.machine import Machine
from sandbox.runtime.process import Command, tail
from sandbox.runtime.processes import Processes
from sandbox.s3.transfer import download
from sandbox.spark import shim
from sandbox.spark.failure import cause

_APPLICATION = re.compile(r"Connected to Spark cluster with app ID (\S+)")
_TAIL = 64 * 1024
_COMMAND_RUNNER = re.compile(r"(^|/)command-runner\.jar$")
_SCRIPT_RUNNER = re.compile(r"(^|/)script-runner\.jar$")


@dataclass(frozen=True)
class Plan:
    """The command line of a step, the objects to fetch for it (address -> file name), and remarks."""

    argv: tuple[str, ...]
    fetch: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def plan(step: Step, environment: Mapping[str, str]) -> Plan:
    """What the step becomes here. Pure.

    `command-runner.jar` runs its arguments, `script-runner.jar` a script from S3, and any other jar runs
    in Hadoop's RunJar with its local runner, as this cluster has no YARN.
    """
    arguments = list(step.arguments)
    if _COMMAND_RUNNER.search(step.jar):
        if not arguments:
            raise WorkFailed("command-runner.jar was given no command")
        if arguments[0] in shim.COMMANDS:
            real, notes = shim.command(arguments[0], arguments[1:], environment)
            return Plan(tuple(real), notes=notes)
        if arguments[0] == "spark-example":
            return Plan((f"{environment['SPARK_HOME']}/bin/run-example", *arguments[1:]))
        return Plan(tuple(arguments))
    if _SCRIPT_RUNNER.search(step.jar):
        if not arguments:
            raise WorkFailed("script-runner.jar was given no script")
        return Plan(("bash", "script", *arguments[1:]), fetch=((arguments[0], "script"),))
    main = (step.main_class,) if step.main_class else ()
    classpath = f"{environment['SPARK_CONF_DIR']}:{environment['SPARK_HOME']}/jars/*"
    properties = tuple(f"-D{name}={value}" for name, value in step.properties.items())
    argv = (
        "java",
        "-cp",
        classpath,
        *properties,
        "org.apache.hadoop.util.RunJar",
        "step.jar",
        *main,
        *arguments,
    )
    note = "a custom jar runs in Hadoop's local runner: this cluster has no YARN"
    return Plan(argv, fetch=((step.jar, "step.jar"),), notes=(note,))


def run(
    cluster: Cluster,
    step: Step,
    layout: Layout,
    processes: Processes,
    environment: Mapping[str, str],
    machine: Machine,
    s3: Any,
) -> tuple[Failure | None, tuple[str, ...]]:
    """Run the step on `machine`; its failure (None for exit code 0) and the ids of its applications."""
    logs, work = layout.step_logs(step.id), layout.step_work(step.id)
    for folder in (logs, work):
        folder.mkdir(parents=True, exist_ok=True)
    for name in ("controller", "stdout", "stderr", "syslog"):
        (logs / name).touch()

    def tell(line: str) -> None:
        with (logs / "controller").open("a") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ} {line}\n")

    try:
        planned = plan(step, environment)
        for note in planned.notes:
            tell(f"INFO {note}")
        for uri, name in planned.fetch:
            tell(f"INFO Fetching {uri}")
            download(s3, uri, work / name)
        tell(f"INFO startExec '{shlex.join(planned.argv)}'")
        command = Command(
            name=step.id,
            argv=planned.argv,
            environment={**environment, "SANDBOX_SYSLOG": str(logs / "syslog")},
            directory=work,
            stdout=logs / "stdout",
            stderr=logs / "stderr",
            owner=cluster.id,
        )
        process = processes.start(command, machine)
    except WorkFailed as error:
        tell(f"ERROR {error}")
        return Failure(
            "The step could not be started.", str(error), step_log_uri(cluster, step.id, "controller")
        ), ()
    returncode = process.wait()
    processes.forget(cluster.id, step.id)
    tell(f"INFO Step ended with exit code {returncode}")
    errors = (logs / "stderr").read_text(errors="replace")
    applications = tuple(dict.fromkeys(_APPLICATION.findall(errors)))
    if returncode == 0:
        return None, applications
    log_file = step_log_uri(cluster, step.id, "stderr")
    why = cause(tail(logs / "stderr", _TAIL), tail(logs / "stdout", _TAIL))
    return explain(returncode, why, log_file), applications


def explain(returncode: int | None, why: str, log_file: str) -> Failure:
    """EMR's FailureDetails from the exit code and the cause that the step's output tells. Pure."""
    message = f"exit code {returncode}" + (f": {why}" if why else "")
    return Failure("Unknown Error.", message, log_file)
