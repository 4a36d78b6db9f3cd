"""Managed scaling: how many core and task nodes a cluster shall have for what it has to do. Pure.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.aws.operations import Document
from sandbox.emr.model import Cluster, Role, ScalingLimits
from sandbox.emr.refusal import not_emulated, refuse
from sandbox.errors import AwsError

COOL_DOWN = 30.0
"""Seconds that the load has to stay low before nodes go; they come as soon as they are needed."""
_LIMITS = frozenset(
    {
        "UnitType",
        "MinimumCapacityUnits",
        "MaximumCapacityUnits",
        "MaximumOnDemandCapacityUnits",
        "MaximumCoreCapacityUnits",
    }
)


@dataclass(frozen=True)
class Load:
    """What the cluster's applications do: tasks that run and tasks that wait, and one worker's cores."""

    running: int
    waiting: int
    cores: int


def limits(policy: Document | None) -> ScalingLimits | None:
    """The limits of a ManagedScalingPolicy; `ValidationException` when they contradict each other.

    Counted are instances; 501 for the other units and for utilization indexes, which need more than
    Spark tells.
    """
    if policy is None:
        return None
    refuse("ManagedScalingPolicy", policy, frozenset({"ComputeLimits"}))
    given = policy.get("ComputeLimits")
    if given is None:
        raise AwsError("ValidationException", "The managed scaling policy has no ComputeLimits.")
    refuse("ComputeLimits", given, _LIMITS)
    if given["UnitType"] != "Instances":
        raise not_emulated(f"managed scaling by {given['UnitType']}")
    least, most = given["MinimumCapacityUnits"], given["MaximumCapacityUnits"]
    found = ScalingLimits(
        least,
        most,
        given.get("MaximumOnDemandCapacityUnits", most),
        given.get("MaximumCoreCapacityUnits", most),
    )
    if not 1 <= least <= most:
        raise AwsError(
            "ValidationException",
            f"MinimumCapacityUnits ({least}) must be at least 1 and at most MaximumCapacityUnits ({most}).",
        )
    for name, value in (("OnDemand", found.on_demand), ("Core", found.core)):
        if not 0 <= value <= most:
            message = f"Maximum{name}CapacityUnits must be between 0 and MaximumCapacityUnits ({most})."
            raise AwsError("ValidationException", message)
    return found


def check_kind(cluster: Cluster, limits: ScalingLimits | None) -> None:
    """501 for managed scaling of a cluster of instance fleets."""
    if limits is not None and cluster.fleets:
        raise not_emulated("managed scaling of instance fleets")


def policy(value: ScalingLimits) -> Document:
    """The ManagedScalingPolicy of limits."""
    return {
        "ComputeLimits": {
            "UnitType": "Instances",
            "MinimumCapacityUnits": value.minimum,
            "MaximumCapacityUnits": value.maximum,
            "MaximumOnDemandCapacityUnits": value.on_demand,
            "MaximumCoreCapacityUnits": value.core,
        }
    }


def wanted_nodes(load: Load, limits: ScalingLimits) -> int:
    """How many core and task nodes have a core for every task, within the limits."""
    needed = -(-(load.running + load.waiting) // load.cores)
    return max(limits.minimum, min(limits.maximum, needed))


def counts(cluster: Cluster, wanted: int) -> Mapping[str, int]:
    """The new count of every group that changes: core nodes come first and go last, one always stays."""
    limits = cluster.scaling
    assert limits is not None
    left, result = wanted, {}
    on_demand = limits.on_demand
    groups = sorted(
        (one for one in cluster.groups if one.role is not Role.MASTER), key=lambda one: one.role is Role.TASK
    )
    for group in groups:
        most = left if group.role is Role.TASK else min(left, max(limits.core, 1))
        if group.market == "ON_DEMAND":
            most = min(most, max(on_demand, 1 if group.role is Role.CORE else 0))
            on_demand -= most
        left -= most
        if most != group.count:
            result[group.id] = most
    return result
