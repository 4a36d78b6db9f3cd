"""Bootstrap actions: each runs on every node, before applications start, in order.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.emr import node_info, places, run_if, script
from sandbox.emr.model import BootstrapAction, Cluster, Instance, Role
from sandbox.emr.nodes import Site, node_environment
from sandbox.errors import WorkFailed
from sandbox.runtime.process import Command
from sandbox.runtime.processes import Processes

_PACKAGES = re.compile(
    r"PIP_(?!USER|TARGET|PREFIX|ROOT)\w+|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|https?_proxy|HTTPS?_PROXY"
)
"""The user's variables that tell where packages come from, and not where they go: that is the node."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """One action on one node: its number among the actions, from 1, and the site it runs at."""

    number: int
    action: BootstrapAction
    instance: Instance
    site: Site
    cluster: Cluster

    @property
    def logs(self) -> Path:
        """The folder of the action's controller, stdout and stderr."""
        layout = self.site.layout(self.cluster.id)
        return layout.node_logs(self.instance.ec2_id) / "bootstrap-actions" / str(self.number)

    @property
    def home(self) -> Path:
        """The node's folder."""
        return self.site.layout(self.cluster.id).node(self.instance.ec2_id)

    @property
    def places(self) -> dict[str, str]:
        """What stands for EMR's absolute paths."""
        return places.of_node(self.site.layout(self.cluster.id), self.instance.ec2_id)


def run_all(
    site: Site, cluster: Cluster, instances: Sequence[Instance], processes: Processes, s3: Any
) -> None:
    """Run every action on every one of the nodes; `WorkFailed` in EMR's words at the first that fails."""
    for number, action in enumerate(cluster.bootstrap_actions, start=1):
        for instance in instances:
            _run(Run(number, action, instance, site, cluster), processes, s3)


def _run(run: Run, processes: Processes, s3: Any) -> None:
    role = "master" if run.instance.role is Role.MASTER else run.instance.role.lower()
    what = f"On the {role} instance ({run.instance.ec2_id}), bootstrap action {run.number}"
    run.logs.mkdir(parents=True, exist_ok=True)

    def tell(line: str) -> None:
        with (run.logs / "controller").open("a") as file:
            file.write(f"{line}\n")

    tell(f"{run.action.name}: {shlex.join((run.action.path, *run.action.arguments))}")
    try:
        argv = _command_line(run, s3, tell)
    except WorkFailed as error:
        tell(str(error))
        raise WorkFailed(f"{what} failed: {error}") from error
    if argv is None:
        return
    tell(f"startExec {shlex.join(argv)}")
    command = Command(
        name=f"bootstrap-{run.instance.ec2_id}-{run.number}",
        argv=argv,
        environment={
            **packages(run.site.outer),
            **node_environment(run.site, run.cluster, run.instance),
        },
        directory=run.home,
        stdout=run.logs / "stdout",
        stderr=run.logs / "stderr",
        owner=run.cluster.id,
    )
    process = processes.start(command, run.site.machines.machine(run.cluster, run.instance))
    returncode = process.wait()
    processes.forget(run.cluster.id, command.name)
    tell(f"exit code {returncode}")
    if returncode != 0:
        raise WorkFailed(f"{what} returned a non-zero return code")


def _command_line(run: Run, s3: Any, tell: Tell) -> tuple[str, ...] | None:
    """What the action becomes on the node, its script fetched; None when run-if has nothing to run here."""
    path, arguments = run.action.path, run.action.arguments
    if run_if.is_run_if(path):
        chosen = run_if.conditional(arguments, node_info.instance_document(run.instance))
        if chosen is None:
            tell(f"run-if: {arguments[0]} does not hold on this node, so nothing is run")
            return None
        if chosen.script is None:
            line = places.rewrite(chosen.line, run.places)
            for note in line.notes:
                tell(note)
            return ("bash", "-c", line.text)
        path, arguments = chosen.script, chosen.arguments
    target = run.home / "bootstrap-actions" / str(run.number) / "script"
    in_script = script.fetch(s3, path, target, run.places)
    arguments, in_arguments = places.rewrite_all(arguments, run.places)
    for note in (*in_script, *in_arguments):
        tell(note)
    return script.invocation(target, arguments)


def packages(outer: Mapping[str, str]) -> dict[str, str]:
    """Of the user's environment what an installation of packages needs to be told. Pure."""
    return {name: text for name, text in outer.items() if _PACKAGES.fullmatch(name)}
