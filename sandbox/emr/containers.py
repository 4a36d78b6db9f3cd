"""The nodes of a cluster as containers of its own, made on the Compose project's network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox.emr import sizing
from sandbox.emr.layout import Layout
from sandbox.emr.model import Cluster, Instance, Role
from sandbox.runtime.containers import Containers
from sandbox.runtime.machine import Machine
from sandbox.runtime.spool import Pulse, Spool, SpooledMachine
from sandbox.spark.standalone import MasterAddress, WorkerSize

OVERHEAD = 768
"""MiB that a worker's container has beside its executors: the daemon, the agent, Python workers."""
MASTER_MEMORY = 2560
"""MiB of the master's container, in which the drivers of steps run."""


class ContainerMachines:
    """Makes a container for every node. `cores` and `memory` (MiB) are those of the engine's machine.

    `pages` are the ports of a master that the user's machine shall reach.
    """

    standing_master: MasterAddress | None = None

    def __init__(
        self,
        containers: Containers,
        folder: Path,
        new_id: Callable[[], str],
        cores: int,
        memory: int,
        pages: tuple[int, ...],
    ) -> None:
        self._containers = containers
        self._folder = folder
        self._new_id = new_id
        self._cores = cores
        self._memory = memory
        self._pages = pages
        self._lock = threading.Lock()
        self._pulses: dict[str, Pulse] = {}
        self._addresses: dict[str, str] = {}

    def refusal(self, cluster: Cluster, living: Sequence[Cluster]) -> str | None:
        wanted = sum(self._need(one) for one in (cluster, *living))
        if wanted <= self._memory * 3 // 4:
            return None
        return (
            f"{sizing.worker_count(cluster)} nodes and those of {len(living)} other clusters need "
            f"{wanted} MiB and this machine has {self._memory}: ask for fewer or terminate a cluster"
        )

    def allocate(self, cluster: Cluster, instances: Sequence[Instance]) -> None:
        for instance in instances:
            host = _host(instance)
            is_master = instance.role is Role.MASTER
            size = self.worker_size(cluster, instance).memory + OVERHEAD
            address = self._containers.make(
                host, cluster.id, MASTER_MEMORY if is_master else size, self._pages if is_master else ()
            )
            with self._lock:
                self._addresses[host] = address
                self._pulses[host] = Pulse(Spool(self._folder / host))

    def machine(self, cluster: Cluster, instance: Instance) -> Machine:  # noqa: ARG002
        host = _host(instance)
        return SpooledMachine(self._addresses[host], Spool(self._folder / host), self._new_id)

    def companion(self, cluster: Cluster) -> Machine:
        return self.machine(cluster, cluster.master)

    def worker_size(self, cluster: Cluster, instance: Instance) -> WorkerSize:
        return sizing.worker_size(cluster, instance, self._cores, self._memory // 2)

    def work(self, cluster: Cluster, instance: Instance) -> Path:
        return Layout(self._folder.parent / "clusters", cluster.id).node(instance.ec2_id) / "work"

    def outside(self, cluster: Cluster, port: int) -> int | None:
        return self._containers.published(_host(cluster.master), port)

    def lost(self, cluster: Cluster) -> tuple[Instance, str] | None:
        for instance in cluster.living:
            pulse = self._pulses.get(_host(instance))
            if pulse is not None and pulse.lost and not instance.leaving:
                return instance, f"The container of the node {_host(instance)} is gone"
        return None

    def release(self, cluster: Cluster, instances: Sequence[Instance]) -> None:  # noqa: ARG002
        for instance in instances:
            with self._lock:
                self._pulses.pop(_host(instance), None)
                self._addresses.pop(_host(instance), None)
            self._containers.remove(_host(instance))

    def recover(self) -> None:
        self._containers.remove_all()

    def _need(self, cluster: Cluster) -> int:
        """MiB of the cluster's containers at their least size."""
        return MASTER_MEMORY + sizing.worker_count(cluster) * (sizing.EXECUTOR_MEMORY + OVERHEAD)


def _host(instance: Instance) -> str:
    """The name of a node's container on the network: EC2's id of the instance."""
    return instance.ec2_id
