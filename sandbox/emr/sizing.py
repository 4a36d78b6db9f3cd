"""How large a node may be here: EC2's promise cut down to this machine. Pure."""

from __future__ import annotations

from sandbox.emr.model import InstanceGroup, Role
from sandbox.spark.standalone import WorkerSize

EXECUTOR_MEMORY = 1024
"""MiB; Spark's own default for an executor, the least that a worker can offer."""
LARGEST = 4096
"""MiB; more helps no workshop and takes the laptop's browser away."""


def worker_count(groups: tuple[InstanceGroup, ...]) -> int:
    """How many nodes run executors; the master does when it is alone, as on EMR."""
    return sum(group.count for group in groups if group.role is not Role.MASTER) or 1


def worker_size(groups: tuple[InstanceGroup, ...], cores: int, memory: int) -> WorkerSize:
    """The size of each worker on a machine with `cores` and `memory` MiB.

    Every worker may use every core, since executors wait more than they compute; half of the memory is
    shared out evenly, between 1 and 4 GiB each.
    """
    share = memory // 2 // worker_count(groups)
    return WorkerSize(cores=cores, memory=max(EXECUTOR_MEMORY, min(LARGEST, share)))


def fits(groups: tuple[InstanceGroup, ...], memory: int) -> bool:
    """Whether the cluster's executors fit in three quarters of `memory` MiB at their least size."""
    return worker_count(groups) * (EXECUTOR_MEMORY + 256) <= memory * 3 // 4
