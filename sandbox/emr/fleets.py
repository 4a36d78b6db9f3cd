"""Instance fleets: units on demand and of spot, made up of several instance types. Pure.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sandbox.aws.operations import Document
from sandbox.emr import instance_types
from sandbox.emr.model import (
    FleetType,
    Instance,
    InstanceFleet,
    Market,
    NewId,
    Role,
)
from sandbox.emr.refusal import refuse
from sandbox.errors import AwsError

MAX_UNITS = 10_000
"""Units of one market, more than any machine holds."""
MAX_TYPES, MAX_TYPES_WITH_STRATEGY = 5, 30
_MEMBERS = frozenset(
    {
        "Name",
        "InstanceFleetType",
        "TargetOnDemandCapacity",
        "TargetSpotCapacity",
        "InstanceTypeConfigs",
        "LaunchSpecifications",
        "ResizeSpecifications",
        "Context",
    }
)
_RECORDED = frozenset({"LaunchSpecifications", "ResizeSpecifications", "Context"})
_TYPE_RECORDED = frozenset(
    {
        "BidPrice",
        "BidPriceAsPercentageOfOnDemandPrice",
        "EbsConfiguration",
        "CustomAmiId",
        "Priority",
    }
)


def fleets(entries: Iterable[Document], new_id: NewId) -> tuple[InstanceFleet, ...]:
    """The fleets of InstanceFleetConfigs; `ValidationException` for what EMR would not take, 501 by name."""
    return tuple(_fleet(entry, new_id) for entry in entries)


def _fleet(entry: Document, new_id: NewId) -> InstanceFleet:
    refuse("InstanceFleetConfig", entry, _MEMBERS)
    role = Role(entry["InstanceFleetType"])
    fleet = InstanceFleet(
        id=new_id("if-", 13),
        name=entry.get("Name", role.title()),
        role=role,
        types=tuple(_type(config) for config in entry.get("InstanceTypeConfigs", ())),
        on_demand=entry.get("TargetOnDemandCapacity", 0),
        spot=entry.get("TargetSpotCapacity", 0),
        recorded={name: entry[name] for name in sorted(_RECORDED & entry.keys())},
    )
    most = MAX_TYPES_WITH_STRATEGY if "AllocationStrategy" in str(fleet.recorded) else MAX_TYPES
    if not 1 <= len(fleet.types) <= most:
        raise _wrong(fleet, f"has 1 to {most} instance types, not {len(fleet.types)}")
    _check_targets(fleet)
    return fleet


def _type(config: Document) -> FleetType:
    refuse("InstanceTypeConfig", config, _TYPE_RECORDED | {"InstanceType", "WeightedCapacity"})
    weight = config.get("WeightedCapacity", 1)
    if not 1 <= weight <= 999:
        raise AwsError("ValidationException", f"WeightedCapacity must be between 1 and 999, not {weight}.")
    name = instance_types.existing(config["InstanceType"]).name
    return FleetType(name, weight, {name: config[name] for name in sorted(_TYPE_RECORDED & config.keys())})


def _check_targets(fleet: InstanceFleet) -> None:
    targets = fleet.on_demand, fleet.spot
    if min(targets) < 0 or max(targets) > MAX_UNITS:
        raise _wrong(fleet, f"has a target capacity that is not between 0 and {MAX_UNITS}")
    if fleet.role is Role.MASTER and sorted(targets) != [0, 1]:
        raise _wrong(fleet, "must have a target capacity of 1, on demand or spot")
    if fleet.role is Role.CORE and sum(targets) == 0:
        raise _wrong(fleet, "must have a target capacity greater than 0")


def check(fleets: Sequence[InstanceFleet]) -> None:
    """`ValidationException` for fleets that no cluster can have together."""
    by_role = {role: sum(fleet.role is role for fleet in fleets) for role in Role}
    if by_role[Role.MASTER] != 1:
        message = f"A cluster has exactly one MASTER instance fleet, not {by_role[Role.MASTER]}"
        raise AwsError("ValidationException", message)
    for role in (Role.CORE, Role.TASK):
        if by_role[role] > 1:
            raise AwsError("ValidationException", f"You can specify at most one {role} instance fleet")
    if by_role[Role.TASK] and not by_role[Role.CORE]:
        raise AwsError("ValidationException", "A TASK instance fleet needs a CORE instance fleet")


def launch(fleet: InstanceFleet, now: float, new_id: NewId) -> tuple[Instance, ...]:
    """The nodes of a new fleet."""
    return grown(fleet, (), now, new_id)


def grown(
    fleet: InstanceFleet, members: Sequence[Instance], now: float, new_id: NewId
) -> tuple[Instance, ...]:
    """The nodes that `members` lack to the fleet's targets.

    Units are filled with the type that comes first by its Priority, then as listed: prices, by which EMR
    chooses, are none here. The last node may exceed the target, as on EMR.
    """
    chosen = min(fleet.types, key=lambda one: one.recorded.get("Priority", 0.0))
    return tuple(
        _node(fleet, chosen, market, now, new_id)
        for market in Market
        for _ in range(-(-max(0, fleet.target(market) - provisioned(members, market)) // chosen.weight))
    )


def instead_of(fleet: InstanceFleet, node: Instance, now: float, new_id: NewId) -> tuple[Instance, ...]:
    """The nodes that make up for one that is taken away: of the next type that the fleet has."""
    names = [one.name for one in fleet.types]
    following = fleet.types[(names.index(node.instance_type) + 1) % len(fleet.types)]
    count = -(-node.units // following.weight)
    return tuple(_node(fleet, following, node.market, now, new_id) for _ in range(count))


def shrunk(fleet: InstanceFleet, members: Sequence[Instance]) -> tuple[Instance, ...]:
    """The nodes that can go without falling below the targets; who came last goes first."""
    leaving: list[Instance] = []
    for market in Market:
        spare = provisioned(members, market) - fleet.target(market)
        for one in reversed([member for member in members if member.market is market]):
            if one.units <= spare:
                leaving.append(one)
                spare -= one.units
    return tuple(leaving)


def provisioned(members: Iterable[Instance], market: Market) -> int:
    """The units that nodes of one market make up."""
    return sum(one.units for one in members if one.market is market)


def with_targets(fleet: InstanceFleet, on_demand: int | None, spot: int | None) -> InstanceFleet:
    """The fleet with new targets, each as it was when None; `ValidationException` for impossible ones."""
    if fleet.role is Role.MASTER:
        raise AwsError("ValidationException", "The master instance fleet cannot be resized.")
    changed = replace(
        fleet,
        on_demand=fleet.on_demand if on_demand is None else on_demand,
        spot=fleet.spot if spot is None else spot,
    )
    _check_targets(changed)
    return changed


def _node(fleet: InstanceFleet, of: FleetType, market: Market, now: float, new_id: NewId) -> Instance:
    return Instance.provisioning(fleet.id, fleet.role, of.name, market, of.weight, now, new_id)


def _wrong(fleet: InstanceFleet, what: str) -> AwsError:
    return AwsError("ValidationException", f"The {fleet.role} instance fleet {what}.")
