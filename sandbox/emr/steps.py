"""A step: what it becomes on this machine (pure), running it, and telling why it failed.

https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-commandrunner.html
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.emr import places, script
from sandbox.emr.layout import Layout
from sandbox.emr.logs import step_log_uri
from sandbox.emr.model import Cluster, Failure, Step
from sandbox.errors import WorkFailed
from sandbox.runtime.machine import Machine
from sandbox.runtime.process import Command, tail
from sandbox.runtime.processes import Processes
from sandbox.s3.transfer import download
from sandbox.spark import hadoop, shim
from sandbox.spark.failure import cause

_APPLICATION = re.compile(r"Connected to Spark cluster with app ID (\S+)")
_TAIL = 64 * 1024
_COMMAND_RUNNER = re.compile(r"(^|/)command-runner\.jar$")
_SCRIPT_RUNNER = re.compile(r"(^|/)script-runner\.jar$")
_DISTCP = re.compile(r"(^|/)(emr-s3distcp[^/]*|s3-dist-cp)\.jar$")
_OF_EMR = re.compile(r"s3://(?:[\w-]+\.)?elasticmapreduce/libs/([\w-]+)/")
_EXAMPLES = (
    "spark-example needs Spark's examples jar, which pyspark's wheel has not: "
    "run a jar or script of your own with spark-submit"
)
_DEBUGGING = (
    "the archive of logs behind the debugging tool is not emulated: logs lie under the cluster's LogUri"
)
_REFUSED = {
    "spark-example": _EXAMPLES,
    "hive-script": "Hive is not emulated: spark-sql runs most of its statements",
    "pig-script": "Pig is not emulated",
    "state-pusher-script": _DEBUGGING,
    "hadoop-lzo": "LZO is not emulated",
}
"""What command-runner.jar runs on EMR and nothing runs here."""
_REFUSED_SCRIPTS = {
    "hive": _REFUSED["hive-script"],
    "pig": _REFUSED["pig-script"],
    "state-pusher": _DEBUGGING,
}
"""What script-runner.jar is given of EMR's own, by the folder that it lies in."""


@dataclass(frozen=True)
class Plan:
    """The command line of a step, what to fetch for it, and remarks.

    `script` and `jar`: the address of what is to be fetched as a file of that name, which `argv` begins with
    or has in it.
    """

    argv: tuple[str, ...]
    script: str | None = None
    jar: str | None = None
    notes: tuple[str, ...] = ()


def plan(step: Step, environment: Mapping[str, str], standing: Mapping[str, str]) -> Plan:
    """What the step becomes here. Pure; `WorkFailed` for what is refused. `standing` are the node's places.

    `command-runner.jar` runs its arguments, `script-runner.jar` a script from S3, and any other jar runs
    in Hadoop's RunJar with its local runner, as this cluster has no YARN.
    """
    arguments, notes = places.rewrite_all(step.arguments, standing)
    if _COMMAND_RUNNER.search(step.jar):
        return _command(arguments, environment, notes)
    if _SCRIPT_RUNNER.search(step.jar):
        if not arguments:
            raise WorkFailed("script-runner.jar was given no script")
        of_emr = _OF_EMR.match(arguments[0])
        if of_emr and of_emr[1] in _REFUSED_SCRIPTS:
            raise WorkFailed(_REFUSED_SCRIPTS[of_emr[1]])
        return Plan(("script", *arguments[1:]), script=arguments[0], notes=notes)
    if _DISTCP.search(step.jar):
        return Plan(("s3-dist-cp", *arguments), notes=notes)
    return _jar(step, arguments, environment, notes)


def _command(arguments: tuple[str, ...], environment: Mapping[str, str], notes: tuple[str, ...]) -> Plan:
    if not arguments:
        raise WorkFailed("command-runner.jar was given no command")
    name, *rest = arguments
    if name in _REFUSED:
        raise WorkFailed(_REFUSED[name])
    if name in shim.COMMANDS:
        real, rewritten = shim.command(name, rest, environment)
        return Plan(tuple(real), notes=(*notes, *rewritten))
    return Plan(arguments, notes=notes)


def _jar(
    step: Step, arguments: tuple[str, ...], environment: Mapping[str, str], notes: tuple[str, ...]
) -> Plan:
    streaming = hadoop.is_streaming(step.jar)
    main = (step.main_class,) if step.main_class else ()
    try:
        argv = hadoop.jar(
            (step.jar if streaming else "step.jar", *main, *arguments), environment, step.properties
        )
    except hadoop.NotHere as reason:
        raise WorkFailed(str(reason)) from reason
    return Plan(tuple(argv), jar=None if streaming else step.jar, notes=(*notes, hadoop.LOCAL_RUNNER))


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
        standing = places.of_node(layout, cluster.master.ec2_id)
        argv = _command_line(step, environment, standing, work, s3, tell)
        tell(f"INFO Working directory {work}")
        tell(f"INFO startExec {shlex.join(argv)}")
        command = Command(
            name=step.id,
            argv=argv,
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


def _command_line(
    step: Step,
    environment: Mapping[str, str],
    standing: Mapping[str, str],
    work: Path,
    s3: Any,
    tell: Callable[[str], None],
) -> tuple[str, ...]:
    """What is to be executed, with what it needs brought to `work`. `WorkFailed` when it cannot be had."""
    main = ("MainClass", step.main_class) if step.main_class else ()
    tell(f"INFO The step asks for {shlex.join((step.jar, *main, *step.arguments))}")
    planned = plan(step, environment, standing)
    for note in planned.notes:
        tell(f"INFO {note}")
    for uri in filter(None, (planned.script, planned.jar)):
        tell(f"INFO Fetching {uri}")
    if planned.jar:
        download(s3, planned.jar, work / "step.jar")
    if not planned.script:
        return planned.argv
    for note in script.fetch(s3, planned.script, work / "script", standing):
        tell(f"INFO {note}")
    return script.invocation(work / "script", planned.argv[1:])


def explain(returncode: int | None, why: str, log_file: str) -> Failure:
    """EMR's FailureDetails from the exit code and the cause that the step's output tells. Pure."""
    message = f"exit code {returncode}" + (f": {why}" if why else "")
    return Failure("Unknown Error.", message, log_file)
