"""Which machines a cluster's nodes are: all of them this one, or containers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from sandbox.emr import sizing
from sandbox.emr.layout import Layout
from sandbox.emr.model import Cluster, Instance
from sandbox.runtime.machine import Machine, ThisMachine
from sandbox.spark.standalone import MasterAddress, WorkerSize


class Machines(Protocol):
    """Gives the nodes of clusters their machines."""

    standing_master: MasterAddress | None
    """A Spark master that runs whether there is a cluster or not, with workers that know it."""

    def refusal(self, cluster: Cluster, living: Sequence[Cluster]) -> str | None:
        """Why the cluster cannot be had beside those that live, and the remedy; None when it can."""

    def allocate(self, cluster: Cluster, instances: Sequence[Instance]) -> None:
        """Get a machine for each of the nodes; `WorkFailed` when that fails."""

    def machine(self, cluster: Cluster, instance: Instance) -> Machine:
        """The machine of an allocated cluster's node."""

    def companion(self, cluster: Cluster) -> Machine:
        """Where the cluster's applications with a driver of their own run: beside its master, or with it."""

    def worker_size(self, cluster: Cluster, instance: Instance) -> WorkerSize:
        """What the worker on a node of the cluster offers."""

    def work(self, cluster: Cluster, instance: Instance) -> Path:
        """The folder below which the node's executors write their logs."""

    def outside(self, cluster: Cluster, port: int) -> int | None:
        """The port of 127.0.0.1 under which the user reaches a port of the master; None when not at all."""

    def lost(self, cluster: Cluster) -> tuple[Instance, str] | None:
        """A node of the cluster, not about to go, whose machine is no longer there, and a sentence for it."""

    def release(self, cluster: Cluster, instances: Sequence[Instance]) -> None:
        """Give the nodes' machines back. Nothing of the cluster runs on them any more."""

    def recover(self) -> None:
        """Free what an earlier life of the sandbox left allocated."""


class OneMachine:
    """Every node is a folder and processes of this machine, which has `cores` and `memory` MiB."""

    standing_master: MasterAddress | None = None

    def __init__(self, host: str, clusters: Path, cores: int, memory: int) -> None:
        self._machine = ThisMachine(host)
        self._clusters = clusters
        self._cores = cores
        self._memory = memory

    def refusal(self, cluster: Cluster, living: Sequence[Cluster]) -> str | None:
        if sizing.fits((cluster, *living), self._memory):
            return None
        others = sum(map(sizing.worker_count, living))
        beside = f" beside the {others} of other clusters" if others else ""
        return (
            f"{sizing.worker_count(cluster)} nodes{beside} need more than this machine has: {self._cores} "
            f"cores and {self._memory} MiB of memory; ask for fewer instances or terminate a cluster"
        )

    def allocate(self, cluster: Cluster, instances: Sequence[Instance]) -> None: ...

    def machine(self, cluster: Cluster, instance: Instance) -> Machine:  # noqa: ARG002
        return self._machine

    def companion(self, cluster: Cluster) -> Machine:  # noqa: ARG002
        return self._machine

    def worker_size(self, cluster: Cluster, instance: Instance) -> WorkerSize:
        return sizing.worker_size(cluster, instance, self._cores, self._memory)

    def work(self, cluster: Cluster, instance: Instance) -> Path:
        return Layout(self._clusters, cluster.id).node(instance.ec2_id) / "work"

    def outside(self, cluster: Cluster, port: int) -> int | None:  # noqa: ARG002
        return port

    def lost(self, cluster: Cluster) -> tuple[Instance, str] | None:  # noqa: ARG002
        return None

    def release(self, cluster: Cluster, instances: Sequence[Instance]) -> None: ...

    def recover(self) -> None: ...
