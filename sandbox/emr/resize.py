"""Resizing a cluster that runs: which nodes come and which go. Pure.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-resize.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.aws.operations import Document
from sandbox.emr import request
from sandbox.emr.model import Cluster, ClusterState, Instance, InstanceGroup, Role
from sandbox.errors import AwsError

_MODIFIED = frozenset({"InstanceGroupId", "InstanceCount", "EC2InstanceIdsToTerminate"})


@dataclass(frozen=True)
class Resize:
    """The groups with their new counts, the nodes that are added, and EC2's ids of those that go."""

    groups: tuple[InstanceGroup, ...]
    added: tuple[Instance, ...] = ()
    removed: tuple[str, ...] = ()


def modify(cluster: Cluster, changes: list[Document], now: float, new_id: request.NewId) -> Resize:
    """What ModifyInstanceGroups asks for; `ValidationException` when the cluster cannot have it."""
    _check_runs(cluster)
    groups = {group.id: group for group in cluster.groups}
    added: list[Instance] = []
    removed: list[str] = []
    for change in changes:
        request.refuse("ModifyInstanceGroups", change, _MODIFIED)
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
        added += request.instances(changed, count - len(stay), now, new_id)
    return Resize(tuple(groups.values()), tuple(added), tuple(removed))


def add_groups(cluster: Cluster, entries: list[Document], now: float, new_id: request.NewId) -> Resize:
    """What AddInstanceGroups asks for; `ValidationException` when the cluster cannot have it."""
    _check_runs(cluster)
    new = request.groups(entries, new_id)
    groups = (*cluster.groups, *new)
    request.check_groups(groups)
    added = [instance for group in new for instance in request.instances(group, group.count, now, new_id)]
    return Resize(groups, tuple(added))


def _check_runs(cluster: Cluster) -> None:
    if cluster.state not in (ClusterState.RUNNING, ClusterState.WAITING):
        raise AwsError(
            "ValidationException",
            f"Cluster {cluster.id} is {cluster.state}: it is resized only while RUNNING or WAITING.",
        )


def _check_count(group: InstanceGroup, count: int) -> None:
    if group.role is Role.MASTER:
        raise AwsError("ValidationException", "The master instance group cannot be resized.")
    least = 1 if group.role is Role.CORE else 0
    if not least <= count <= request.MAX_INSTANCES:
        raise AwsError(
            "ValidationException",
            f"Instance group {group.id} ({group.role}) has {least} to {request.MAX_INSTANCES} instances, "
            f"not {count}.",
        )


def _named(ids: list[str], members: list[Instance]) -> frozenset[str]:
    unknown = set(ids) - {member.ec2_id for member in members}
    if unknown:
        raise AwsError("ValidationException", f"Not an instance of the group: {', '.join(sorted(unknown))}")
    return frozenset(ids)
