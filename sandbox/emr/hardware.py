"""From the instances that a request asks for to groups, fleets and nodes. Pure.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-group-configuration.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.aws.operations import Document
from sandbox.emr import auto_scaling, configurations, fleets, instance_types
from sandbox.emr.model import (
    Cluster,
    Instance,
    InstanceFleet,
    InstanceGroup,
    Market,
    NewId,
    Role,
)
from sandbox.emr.refusal import not_emulated, refuse
from sandbox.errors import AwsError

MAX_INSTANCES = 10_000
"""Instances of one group, more than any machine holds: a bound before each of them is made."""
_GROUP_RECORDED = frozenset({"EbsConfiguration", "CustomAmiId"})
_GROUP_USED = frozenset(
    {
        "Name",
        "InstanceRole",
        "InstanceType",
        "InstanceCount",
        "Market",
        "BidPrice",
        "Configurations",
        "AutoScalingPolicy",
    }
)
_UNIFORM = frozenset({"MasterInstanceType", "SlaveInstanceType", "InstanceCount"})
_PRICE = re.compile(r"\d+(\.\d{1,5})?")


@dataclass(frozen=True)
class Hardware:
    """Groups or fleets, never both, and the nodes that a cluster begins with."""

    groups: tuple[InstanceGroup, ...]
    fleets: tuple[InstanceFleet, ...]
    instances: tuple[Instance, ...]


def hardware(asked: Document, now: float, new_id: NewId) -> Hardware:
    """What JobFlowInstancesConfig asks for; `ValidationException` when no cluster can have it."""
    given = asked.get("InstanceGroups"), asked.get("InstanceFleets"), _UNIFORM & asked.keys()
    if sum(map(bool, given)) > 1:
        raise AwsError(
            "ValidationException",
            "Please configure instances using one and only one of the following: instance groups; "
            "instance fleets; instance count, master and slave instance type.",
        )
    if asked.get("InstanceFleets"):
        found = fleets.fleets(asked["InstanceFleets"], new_id)
        fleets.check(found)
        return Hardware((), found, tuple(one for fleet in found for one in fleets.launch(fleet, now, new_id)))
    wanted = groups(asked.get("InstanceGroups") or _uniform(asked), new_id)
    check_groups(wanted)
    nodes = (one for group in wanted for one in instances(group, group.count, now, new_id))
    return Hardware(wanted, (), tuple(nodes))


def groups(entries: Iterable[Document], new_id: NewId) -> tuple[InstanceGroup, ...]:
    """The groups of InstanceGroupConfigs; 501 for a member that is not emulated."""
    return tuple(_group(entry, new_id) for entry in entries)


def _group(entry: Document, new_id: NewId) -> InstanceGroup:
    refuse("InstanceGroupConfig", entry, _GROUP_USED | _GROUP_RECORDED)
    market = Market(entry.get("Market", Market.ON_DEMAND))
    group = InstanceGroup(
        id=new_id("ig-", 13),
        name=entry.get("Name", entry["InstanceRole"].title()),
        role=Role(entry["InstanceRole"]),
        instance_type=instance_types.existing(entry["InstanceType"]).name,
        count=entry["InstanceCount"],
        market=market,
        bid_price=_bid(entry.get("BidPrice"), market),
        configurations=configurations.checked(entry.get("Configurations", [])),
        scaling=entry.get("AutoScalingPolicy"),
        recorded={name: entry[name] for name in sorted(_GROUP_RECORDED & entry.keys())},
    )
    if group.scaling is not None:
        auto_scaling.check(group, group.scaling)
    return group


def _bid(price: str | None, market: Market) -> str | None:
    """The bid in USD; `ValidationException` for a price that is none, or where nothing is bid for."""
    if price is None:
        return None
    if not _PRICE.fullmatch(price) or float(price) == 0:
        message = f"The bid price '{price}' is invalid: give USD per hour, such as 0.10."
        raise AwsError("ValidationException", message)
    if market is not Market.SPOT:
        raise AwsError("ValidationException", "A bid price needs the market SPOT, not ON_DEMAND.")
    return price


def instances(group: InstanceGroup, count: int, now: float, new_id: NewId) -> tuple[Instance, ...]:
    """`count` new instances of a group."""
    return tuple(
        Instance.provisioning(group.id, group.role, group.instance_type, group.market, 1, now, new_id)
        for _ in range(count)
    )


def like(node: Instance, now: float, new_id: NewId) -> Instance:
    """A new node in the place of one that is gone."""
    return Instance.provisioning(
        node.group, node.role, node.instance_type, node.market, node.units, now, new_id
    )


def replacements(cluster: Cluster, node: Instance, now: float, new_id: NewId) -> tuple[Instance, ...]:
    """The nodes in the place of a spot instance that is taken away: a fleet tries another type.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html
    """
    for fleet in cluster.fleets:
        if fleet.id == node.group:
            return fleets.instead_of(fleet, node, now, new_id)
    return (like(node, now, new_id),)


def _uniform(asked: Document) -> Sequence[Document]:
    master = asked.get("MasterInstanceType")
    if master is None:
        raise AwsError(
            "ValidationException",
            "The master instance type is missing: give Instances.InstanceGroups, "
            "Instances.InstanceFleets or Instances.MasterInstanceType",
        )
    count = asked.get("InstanceCount", 1)
    if count < 1:
        raise AwsError("ValidationException", f"InstanceCount must be at least 1, not {count}")
    found: list[Document] = [{"InstanceRole": "MASTER", "InstanceType": master, "InstanceCount": 1}]
    if count > 1:
        core = asked.get("SlaveInstanceType", master)
        found.append({"InstanceRole": "CORE", "InstanceType": core, "InstanceCount": count - 1})
    return found


def check_groups(groups: Sequence[InstanceGroup]) -> None:
    """`ValidationException` for groups that no cluster can have together."""
    by_role = {role: [group for group in groups if group.role is role] for role in Role}
    masters = sum(group.count for group in by_role[Role.MASTER])
    if masters != 1:
        if masters == 3:
            raise not_emulated("three master nodes (high availability)")
        raise AwsError("ValidationException", f"A cluster has exactly one master instance, not {masters}")
    if len(by_role[Role.CORE]) > 1:
        raise AwsError("ValidationException", "You can specify at most one CORE instance group")
    if by_role[Role.TASK] and not by_role[Role.CORE]:
        raise AwsError("ValidationException", "A TASK instance group needs a CORE instance group")
    for group in groups:
        # A task group may wait empty until it is needed; a master or core group may not.
        if group.count < (0 if group.role is Role.TASK else 1):
            raise AwsError("ValidationException", f"Instance group {group.name} has no instance")
        if group.count > MAX_INSTANCES:
            message = f"Instance group {group.name} has more than {MAX_INSTANCES} instances"
            raise AwsError("ValidationException", message)
