"""EMR's metrics of a cluster, from what its Spark master and drivers report. Pure.

YARN's words are used for what Spark standalone has in its place: a container is an executor.
https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.emr.model import Cluster, InstanceState, Role
from sandbox.emr.scaling import Load

NAMES = (
    "AppsPending",
    "AppsRunning",
    "ContainerAllocated",
    "ContainerPending",
    "ContainerPendingRatio",
    "CoreNodesRunning",
    "IsIdle",
    "MemoryAllocatedMB",
    "MemoryAvailableMB",
    "MemoryTotalMB",
    "TaskNodesRunning",
    "YARNMemoryAvailablePercentage",
)


def metrics(cluster: Cluster, master: Mapping[str, Any], load: Load) -> Mapping[str, float]:
    """Every metric of `NAMES`. `master` is the state that the Spark master tells as JSON.

    Containers are pending when tasks wait: as many as workers would be needed for those tasks.
    """
    workers = [worker for worker in master["workers"] if worker["state"] == "ALIVE"]
    total = sum(worker["memory"] for worker in workers)
    used = sum(worker["memoryused"] for worker in workers)
    states = [application["state"] for application in master["activeapps"]]
    allocated = sum(worker["coresused"] > 0 for worker in workers)
    pending = -(-load.waiting // load.cores)
    running = [one.role for one in cluster.living if one.state is InstanceState.RUNNING]
    return {
        "AppsPending": states.count("WAITING"),
        "AppsRunning": states.count("RUNNING"),
        "ContainerAllocated": allocated,
        "ContainerPending": pending,
        # As EMR defines it: what waits, when nothing is allocated.
        "ContainerPendingRatio": pending / allocated if allocated else pending,
        "CoreNodesRunning": running.count(Role.CORE),
        "IsIdle": float(not states),
        "MemoryAllocatedMB": used,
        "MemoryAvailableMB": total - used,
        "MemoryTotalMB": total,
        "TaskNodesRunning": running.count(Role.TASK),
        "YARNMemoryAvailablePercentage": 100 * (total - used) / total if total else 0.0,
    }
