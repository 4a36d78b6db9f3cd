"""How large a node may be here: EC2's promise cut down to this machine. Pure.

Every worker may use as many cores as its instance type has vCPUs, but no more than the machine has, since
executors wait more than they compute. Half of the machine's memory is shared out among the workers in
proportion to what EC2 promises of their types, between 1 and 4 GiB each.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.emr import instance_types
from sandbox.emr.model import Cluster, Instance
from sandbox.spark.standalone import WorkerSize

EXECUTOR_MEMORY = 1024
"""MiB; Spark's own default for an executor, the least that a worker can offer."""
LARGEST = 4096
"""MiB; more helps no workshop and takes the laptop's browser away."""


def worker_count(cluster: Cluster) -> int:
    """How many nodes run executors; the master does when it is alone, as on EMR."""
    return len(cluster.staying) or 1


def worker_size(cluster: Cluster, instance: Instance, cores: int, memory: int) -> WorkerSize:
    """The size of a node's worker on a machine with `cores` and `memory` MiB."""
    table = instance_types.supported()
    promised = table[instance.instance_type]
    together = sum(table[one.instance_type].memory for one in cluster.staying) or promised.memory
    share = memory // 2 * promised.memory // together
    return WorkerSize(
        cores=min(promised.vcpus, cores), memory=max(EXECUTOR_MEMORY, min(LARGEST, promised.memory, share))
    )


def smallest(sizes: Iterable[WorkerSize]) -> WorkerSize:
    """The size that every one of the workers has; an executor that asks for no more fits anywhere."""
    found = tuple(sizes)
    return WorkerSize(min(one.cores for one in found), min(one.memory for one in found))


def fits(clusters: Iterable[Cluster], memory: int) -> bool:
    """Whether the clusters' executors fit in three quarters of `memory` MiB at their least size."""
    return sum(map(worker_count, clusters)) * (EXECUTOR_MEMORY + 256) <= memory * 3 // 4
