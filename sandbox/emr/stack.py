"""The nodes of a cluster in the Compose stack: its own Spark master and workers, which run anyway.

Nothing here needs Docker's socket, which would be root on the host: commands reach a node through its spool.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sandbox.emr import sizing
from sandbox.emr.model import Cluster, Instance, Role
from sandbox.errors import WorkFailed
from sandbox.runtime import readiness
from sandbox.runtime.machine import Machine
from sandbox.runtime.spool import INTERVAL, Pulse, Spool, SpooledMachine
from sandbox.spark.standalone import MasterAddress, WorkerSize, live_workers

NOTEBOOK_HOST = "zeppelin"
"""The name of the service on which notebooks run."""
OTHER_WAY = "or let every cluster have containers of its own: see docker-compose.nodes.yml"


class StackMachines:
    """The machines that announced themselves below `folder`. There is one cluster at a time.

    `new_id` makes the ids of the commands that are left in their spools, `published` tells the ports of
    the master's container that the user's machine reaches.
    """

    def __init__(
        self,
        folder: Path,
        master: MasterAddress,
        new_id: Callable[[], str],
        published: Mapping[int, int],
        clock: Callable[[], float],
    ) -> None:
        self.standing_master: MasterAddress | None = master
        self._folder = folder
        self._master = master
        self._new_id = new_id
        self._published = published
        self._clock = clock
        self._lock = threading.Lock()
        self._allocated: dict[str, SpooledMachine] = {}
        self._pulses: dict[str, Pulse] = {}

    def refusal(self, cluster: Cluster, living: Sequence[Cluster]) -> str | None:
        if living:
            return (
                f"The stack's master and workers belong to cluster {living[0].id}, which is "
                f"{living[0].state}: terminate it first, {OTHER_WAY}"
            )
        if all(instance.role is Role.MASTER for instance in cluster.instances):
            return "The stack's master runs no executors: ask for at least one core node"
        wanted, there = sizing.worker_count(cluster), len(self._workers())
        if wanted > there:
            return (
                f"The cluster asks for {wanted} nodes beside the master and the stack has {there} workers: "
                f"docker compose up --detach --scale spark-worker={wanted}, {OTHER_WAY}"
            )
        return None

    def allocate(self, cluster: Cluster, instances: Sequence[Instance]) -> None:  # noqa: ARG002
        workers = self._workers()
        with self._lock:
            taken = {machine.host for machine in self._allocated.values()}
            free = iter(sorted(workers.keys() - taken))
            for instance in instances:
                host = self._master.host if instance.role is Role.MASTER else next(free, None)
                if host is None:
                    raise WorkFailed(f"The stack has no machine left for a {instance.role.lower()} node")
                spool = Spool(self._folder / host)
                self._allocated[instance.ec2_id] = SpooledMachine(host, spool, self._new_id)
                self._pulses[instance.ec2_id] = Pulse(spool)
                taken.add(host)
        for host, spool in workers.items():
            # What the cluster did not ask for must not work for it.
            spool.set_daemon(wanted=host in taken)

    def machine(self, cluster: Cluster, instance: Instance) -> Machine:  # noqa: ARG002
        return self._allocated[instance.ec2_id]

    def companion(self, cluster: Cluster) -> Machine:
        spool = Spool(self._folder / NOTEBOOK_HOST)
        if not spool.is_alive(self._clock()):
            return self.machine(cluster, cluster.master)
        # Its own notebook server, which serves whoever has no cluster, makes way for the cluster's: the
        # port must be free, and nobody may take the one server for the other.
        spool.set_daemon(wanted=False)
        pulse = Pulse(spool)
        while not spool.rests:
            if pulse.lost:
                raise WorkFailed(f"The machine {NOTEBOOK_HOST} is gone: docker compose up --detach")
            time.sleep(INTERVAL)
        return SpooledMachine(NOTEBOOK_HOST, spool, self._new_id)

    def worker_size(self, cluster: Cluster, instance: Instance) -> WorkerSize:  # noqa: ARG002
        workers = live_workers(self._state())
        if not workers:
            raise WorkFailed("No worker of the stack is alive: docker compose up --detach")
        cores, memory = (min(worker[name] for worker in workers) for name in ("cores", "memory"))
        return WorkerSize(cores, memory)

    def work(self, cluster: Cluster, instance: Instance) -> Path:  # noqa: ARG002
        return self._allocated[instance.ec2_id].spool.folder / "work"

    def outside(self, cluster: Cluster, port: int) -> int | None:  # noqa: ARG002
        return self._published.get(port)

    def lost(self, cluster: Cluster) -> tuple[Instance, str] | None:
        for instance in cluster.living:
            pulse = self._pulses.get(instance.ec2_id)
            if pulse is not None and pulse.lost and not instance.leaving:
                host = self._allocated[instance.ec2_id].host
                return instance, f"The machine {host} is gone: docker compose up --detach brings it back"
        return None

    def release(self, cluster: Cluster, instances: Sequence[Instance]) -> None:  # noqa: ARG002
        with self._lock:
            released = [self._allocated.pop(one.ec2_id, None) for one in instances]
            for instance in instances:
                self._pulses.pop(instance.ec2_id, None)
            taken = {machine.host for machine in self._allocated.values()}
        for machine in filter(None, released):
            for work in (machine.spool.folder / "work").glob("app-*"):
                shutil.rmtree(work, ignore_errors=True)
        for spool in self._spools():
            # While the cluster lives, only its own workers work; without one, all of them do.
            idle = spool.identity is not None and spool.identity.role != "worker"
            spool.set_daemon(wanted=not taken or spool.folder.name in taken or (idle and spool.wants_daemon))

    def recover(self) -> None:
        for spool in self._spools():
            for id in spool.unfinished():
                command = spool.command(id)
                if command is not None:
                    spool.ask_to_stop(id, 0)
                    spool.ask_to_reap(command.owner)
            spool.set_daemon(wanted=True)

    def _spools(self) -> list[Spool]:
        return [Spool(path.parent) for path in sorted(self._folder.glob("*/machine.json"))]

    def _workers(self) -> dict[str, Spool]:
        """The spools of the workers that are there, whether they work or rest, by host."""
        found = ((spool, spool.identity) for spool in self._spools())
        return {
            identity.host: spool
            for spool, identity in found
            if identity is not None and identity.role == "worker" and spool.is_alive(self._clock())
        }

    def _state(self) -> dict[str, object]:
        return readiness.fetch_json(f"{self._master.ui}/json/") or {}
