"""Resizing a cluster that runs: which nodes come and which go. Pure.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-resize.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.aws.operations import Document
from sandbox.emr import fleets, hardware
from sandbox.emr.model import Cluster, ClusterState, Instance, InstanceFleet, InstanceGroup, NewId, Role
from sandbox.emr.refusal import refuse
from sandbox.errors import AwsError

DECOMMISSION_TIMEOUT = 3600.0
"""Seconds that a node may take to finish its tasks, as YARN gives it on EMR."""
_MODIFIED = frozenset({"InstanceGroupId", "InstanceCount", "EC2InstanceIdsToTerminate", "ShrinkPolicy"})
_MODIFIED_FLEET = frozenset({"InstanceFleetId", "TargetOnDemandCapacity", "TargetSpotCapacity"})


@dataclass(frozen=True)
class Resize:
    """Groups or fleets as they shall be, the nodes that are added, and EC2's ids of those that go.

    Those that go may take `seconds` to finish what they do.
    """

    groups: tuple[InstanceGroup, ...]
    added: tuple[Instance, ...] = ()
    removed: tuple[str, ...] = ()
    fleets: tuple[InstanceFleet, ...] = ()
    seconds: float = DECOMMISSION_TIMEOUT

    def of(self, cluster: Cluster) -> Cluster:
        """The cluster with those who leave marked, and those who come among its instances."""
        staying = (
            replace(one, leaving=one.leaving or one.ec2_id in self.removed) for one in cluster.instances
        )
        instances = (*staying, *self.added)
        return replace(cluster, groups=self.groups, fleets=self.fleets, instances=instances)


def modify(cluster: Cluster, changes: list[Document], now: float, new_id: NewId) -> Resize:
    """What ModifyInstanceGroups asks for; `ValidationException` when the cluster cannot have it."""
    check_runs(cluster)
    groups = {group.id: group for group in cluster.groups}
    added: list[Instance] = []
    removed: list[str] = []
    for change in changes:
        refuse("ModifyInstanceGroups", change, _MODIFIED)
        group = groups.get(change["InstanceGroupId"])
        if group is None:
            message = f"Instance group id '{change['InstanceGroupId']}' is not valid."
            raise AwsError("InvalidRequestException", message)
        members = [one for one in cluster.living if one.group == group.id and not one.leaving]
        named = _named(change.get("EC2InstanceIdsToTerminate", []), members)
        count = change.get("InstanceCount", len(members) - len(named))
        _check_count(group, count)
        # Who came last goes first, after those that were named.
        stay = [one for one in members if one.ec2_id not in named][:count]
        removed += [one.ec2_id for one in members if one not in stay]
        changed = replace(group, count=count)
        groups[group.id] = changed
        added += hardware.instances(changed, count - len(stay), now, new_id)
    seconds = min((_timeout(change) for change in changes), default=DECOMMISSION_TIMEOUT)
    return Resize(tuple(groups.values()), tuple(added), tuple(removed), seconds=seconds)


def add_groups(cluster: Cluster, entries: list[Document], now: float, new_id: NewId) -> Resize:
    """What AddInstanceGroups asks for; `ValidationException` when the cluster cannot have it."""
    check_runs(cluster)
    if cluster.fleets:
        raise AwsError("ValidationException", "Instance fleets and instance groups are mutually exclusive.")
    new = hardware.groups(entries, new_id)
    groups = (*cluster.groups, *new)
    hardware.check_groups(groups)
    added = [instance for group in new for instance in hardware.instances(group, group.count, now, new_id)]
    return Resize(groups, tuple(added))


def modify_fleet(cluster: Cluster, change: Document, now: float, new_id: NewId) -> Resize:
    """What ModifyInstanceFleet asks for; `ValidationException` when the cluster cannot have it."""
    check_runs(cluster)
    refuse("ModifyInstanceFleet", change, _MODIFIED_FLEET)
    id = change["InstanceFleetId"]
    fleet = next((one for one in cluster.fleets if one.id == id), None)
    if fleet is None:
        raise AwsError("InvalidRequestException", f"Instance fleet id '{id}' is not valid.")
    wanted = fleets.with_targets(
        fleet, change.get("TargetOnDemandCapacity"), change.get("TargetSpotCapacity")
    )
    members = [one for one in cluster.living if one.group == id and not one.leaving]
    gone = tuple(one.ec2_id for one in fleets.shrunk(wanted, members))
    return Resize(
        cluster.groups,
        fleets.grown(wanted, members, now, new_id),
        gone,
        tuple(wanted if one.id == id else one for one in cluster.fleets),
    )


def add_fleet(cluster: Cluster, entry: Document, now: float, new_id: NewId) -> Resize:
    """What AddInstanceFleet asks for; `ValidationException` when the cluster cannot have it."""
    check_runs(cluster)
    if not cluster.fleets:
        raise AwsError("ValidationException", "Instance fleets and instance groups are mutually exclusive.")
    (new,) = fleets.fleets([entry], new_id)
    together = (*cluster.fleets, new)
    fleets.check(together)
    return Resize(cluster.groups, fleets.launch(new, now, new_id), (), together)


def check_runs(cluster: Cluster) -> None:
    """`ValidationException` unless the cluster is up and stays so."""
    if cluster.state not in (ClusterState.RUNNING, ClusterState.WAITING):
        raise AwsError(
            "ValidationException",
            f"Cluster {cluster.id} is {cluster.state}: it is resized only while RUNNING or WAITING.",
        )


def _timeout(change: Document) -> float:
    policy = change.get("ShrinkPolicy", {})
    refuse("ShrinkPolicy", policy, frozenset({"DecommissionTimeout"}))
    seconds = policy.get("DecommissionTimeout", DECOMMISSION_TIMEOUT)
    if seconds < 0:
        raise AwsError("ValidationException", f"DecommissionTimeout must not be negative: {seconds}.")
    return float(seconds)


def _check_count(group: InstanceGroup, count: int) -> None:
    if group.role is Role.MASTER:
        raise AwsError("ValidationException", "The master instance group cannot be resized.")
    least = 1 if group.role is Role.CORE else 0
    if not least <= count <= hardware.MAX_INSTANCES:
        raise AwsError(
            "ValidationException",
            f"Instance group {group.id} ({group.role}) has {least} to {hardware.MAX_INSTANCES} instances, "
            f"not {count}.",
        )


def _named(ids: list[str], members: list[Instance]) -> frozenset[str]:
    unknown = set(ids) - {member.ec2_id for member in members}
    if unknown:
        raise AwsError("ValidationException", f"Not an instance of the group: {', '.join(sorted(unknown))}")
    return frozenset(ids)
