"""Nodes that leave: their executors finish what they do, and hand over what they keep for others.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-scaledown-behavior.html
"""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Sequence

from sandbox.emr import nodes
from sandbox.emr.model import Cluster, Instance, Role
from sandbox.emr.nodes import Site
from sandbox.emr.resize import DECOMMISSION_TIMEOUT
from sandbox.runtime.processes import Processes
from sandbox.spark import standalone

INTERVAL = 0.25
"""Seconds between two looks whether a worker's executors have ended."""


def decommission(
    site: Site, cluster: Cluster, instances: Sequence[Instance], processes: Processes, seconds: float
) -> None:
    """Have workers take no more tasks, and wait at most so many seconds until their executors have ended.

    A worker that runs by itself, as in the Compose stack, and one of a system without the signal are left
    as they are.
    """
    address = nodes.master_address(site, cluster, cluster.ports)
    waiting = {}
    for instance in instances:
        worker = processes.get(cluster.id, standalone.worker_name(instance.ec2_id))
        if worker is not None and worker.poll() is None and hasattr(signal, standalone.DECOMMISSION_SIGNAL):
            worker.signal(standalone.DECOMMISSION_SIGNAL)
            waiting[site.machines.machine(cluster, instance).host, standalone.worker_port(worker.command)] = (
                worker
            )
    deadline = time.monotonic() + seconds
    while waiting and time.monotonic() < deadline:
        # The executors are told by their drivers, so the first look may see none that has begun to end.
        time.sleep(INTERVAL)
        waiting = {
            (host, port): worker
            for (host, port), worker in waiting.items()
            if worker.poll() is None and standalone.executors(address, host, port) != 0
        }


def restart_workers(site: Site, cluster: Cluster, groups: Collection[str], processes: Processes) -> None:
    """Write the configurations anew, and start the workers of the groups again, one after the other.

    The master goes on, and so do applications that run: those that are submitted from now on are told.
    Raises as `nodes.add` does.
    """
    nodes.write_confs(site, cluster, nodes.master_address(site, cluster, cluster.ports), cluster.ports)
    for instance in cluster.staying:
        if instance.group in groups and instance.role is not Role.MASTER:
            decommission(site, cluster, [instance], processes, DECOMMISSION_TIMEOUT)
            nodes.remove(cluster, [instance], processes)
            nodes.add(site, cluster, [instance], processes)
