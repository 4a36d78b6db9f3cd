"""Where clusters run: chosen by the settings, with what their nodes must know of it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import psutil
from cattrs.preconf.json import make_converter

from sandbox.emr.machines import Machines, OneMachine
from sandbox.emr.stack import StackMachines
from sandbox.settings import LOOPBACK, Nodes, Settings
from sandbox.spark.configuration import Installation
from sandbox.spark.standalone import STACK_MASTER


@dataclass(frozen=True)
class Placement:
    """The nodes' machines, the Spark on them, and the name under which they reach this machine.

    `addresses` are those that the sandbox's servers listen on.
    """

    machines: Machines
    spark: Installation
    host: str
    addresses: tuple[str, ...]


def place(settings: Settings, spark: Installation, clock: Callable[[], float], undo: ExitStack) -> Placement:
    """The placement that the settings ask for; what it opened is closed by `undo`.

    Raises `MachineError` when nodes are to be containers and Docker cannot be used.
    """
    match settings.nodes:
        case Nodes.HERE:
            machines: Machines = OneMachine(settings.host, settings.state / "clusters", *_machine())
            return Placement(machines, spark, settings.host, (settings.bind,))
        case Nodes.STACK:
            machines = _stack(settings, clock)
            return Placement(machines, spark, settings.host, (settings.bind,))
        case Nodes.CONTAINERS:
            return _containers(settings, spark, undo)


def _stack(settings: Settings, clock: Callable[[], float]) -> Machines:
    published = settings.published
    seen = (
        {
            STACK_MASTER.ui_port: published.master_ui,
            settings.application_ui_port: published.application_ui,
            settings.notebook_port: published.notebook,
        }
        if published
        else {}
    )
    return StackMachines(settings.state / "machines", STACK_MASTER, _command_id, seen, clock)


def _containers(settings: Settings, spark: Installation, undo: ExitStack) -> Placement:
    # Imported here: Docker's client is slow to import, and only this kind of node needs it.
    from sandbox.emr.containers import ContainerMachines
    from sandbox.runtime.containers import Containers, Project

    # Nodes share the state as a volume, or as a folder where the sandbox is on the host itself.
    inside = settings.published is not None
    project = Project(
        name=settings.project,
        image=settings.node_image,
        volume=f"{settings.project}_state" if inside else str(settings.state),
        state=settings.state,
        user=None if inside else f"{os.getuid()}:{os.getgid()}",
    )
    containers = Containers(project, settings.mark)
    undo.callback(containers.close)
    pages = (settings.master_ui_port, settings.application_ui_port, settings.notebook_port)
    machines = ContainerMachines(containers, settings.state / "machines", _command_id, *_machine(), pages)
    if inside:
        return Placement(machines, spark, settings.host, (settings.bind,))
    there = containers.output("python", "-m", "sandbox.cli.node", "installation")
    gateway = containers.gateway()
    return Placement(machines, make_converter().loads(there, Installation), gateway, (LOOPBACK, gateway))


def _machine() -> tuple[int, int]:
    """Cores and MiB of memory."""
    return os.cpu_count() or 1, psutil.virtual_memory().total // 2**20


def _command_id() -> str:
    return uuid.uuid4().hex
