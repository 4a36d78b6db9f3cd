"""Bootstrap actions: each runs on every node, before applications start, in order.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sandbox.emr.model import BootstrapAction, Cluster, Instance, Role
from sandbox.emr.nodes import Site, node_environment
from sandbox.errors import WorkFailed
from sandbox.runtime.process import Command
from sandbox.runtime.processes import Processes
from sandbox.s3.transfer import download

_PACKAGES = re.compile(r"PIP_\w+|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|https?_proxy|HTTPS?_PROXY")
"""The user's variables that tell where packages come from: a bootstrap action installs some."""


def run_all(
    site: Site, cluster: Cluster, instances: Sequence[Instance], processes: Processes, s3: Any
) -> None:
    """Run every action on every one of the nodes; `WorkFailed` in EMR's words at the first that fails."""
    for number, action in enumerate(cluster.bootstrap_actions, start=1):
        for instance in instances:
            _run(number, action, instance, site, cluster, processes, s3)


def _run(
    number: int,
    action: BootstrapAction,
    instance: Instance,
    site: Site,
    cluster: Cluster,
    processes: Processes,
    s3: Any,
) -> None:
    layout = site.layout(cluster.id)
    where = f"On the {'master' if instance.role is Role.MASTER else instance.role.lower()} instance"
    logs = layout.node_logs(instance.ec2_id) / "bootstrap-actions" / str(number)
    home = layout.node(instance.ec2_id)
    logs.mkdir(parents=True, exist_ok=True)
    controller = logs / "controller"
    try:
        script = download(s3, action.path, home / "bootstrap-actions" / str(number) / "script")
    except WorkFailed as error:
        controller.write_text(f"{error}\n")
        raise WorkFailed(f"{where} ({instance.ec2_id}), bootstrap action {number} failed: {error}") from error
    command = Command(
        name=f"bootstrap-{instance.ec2_id}-{number}",
        argv=_interpreted(script.read_bytes()[:2], str(script), action.arguments),
        environment={
            **{name: text for name, text in site.outer.items() if _PACKAGES.fullmatch(name)},
            **node_environment(site, cluster, instance),
            "HOME": str(home),
        },
        directory=home,
        stdout=logs / "stdout",
        stderr=logs / "stderr",
        owner=cluster.id,
    )
    controller.write_text(f"{action.name}: {action.path} {' '.join(action.arguments)}\n")
    process = processes.start(command, site.machines.machine(cluster, instance))
    returncode = process.wait()
    processes.forget(cluster.id, command.name)
    with controller.open("a") as file:
        file.write(f"exit code {returncode}\n")
    if returncode != 0:
        raise WorkFailed(
            f"{where} ({instance.ec2_id}), bootstrap action {number} returned a non-zero return code"
        )


def _interpreted(start: bytes, script: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """A script with a `#!` line runs as it says, any other with bash, as on EMR."""
    if start == b"#!":
        return ("/bin/sh", "-c", 'chmod +x "$0" && exec "$0" "$@"', script, *arguments)
    return ("bash", script, *arguments)
