"""Other configurations for instance groups of a cluster that runs. Pure.

https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps-running-cluster.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sandbox.aws.operations import Document
from sandbox.emr import configurations
from sandbox.emr.model import Cluster, InstanceGroup
from sandbox.emr.refusal import refuse
from sandbox.errors import AwsError

Configurations = tuple[dict[str, Any], ...]
_MEMBERS = frozenset({"InstanceGroupId", "Configurations", "ReconfigurationType"})


def asked(cluster: Cluster, changes: Sequence[Document]) -> Mapping[str, Configurations]:
    """The configurations by group that ModifyInstanceGroups asks for; `ValidationException` when it cannot.

    OVERWRITE, the default, takes the place of what there is; MERGE adds to it, property by property.
    """
    groups = {group.id: group for group in cluster.groups}
    wanted = {}
    for change in changes:
        refuse("ModifyInstanceGroups with Configurations and", change, _MEMBERS)
        group = groups.get(change["InstanceGroupId"])
        if group is None:
            message = f"Instance group id '{change['InstanceGroupId']}' is not valid."
            raise AwsError("InvalidRequestException", message)
        if group.reconfiguring:
            raise AwsError("ValidationException", f"Instance group {group.id} is being reconfigured already.")
        given = configurations.checked(change["Configurations"])
        merges = change.get("ReconfigurationType") == "MERGE"
        wanted[group.id] = configurations.merged(group.configurations, given) if merges else given
    return wanted


def begun(cluster: Cluster, wanted: Mapping[str, Configurations]) -> Cluster:
    """The cluster while the nodes of the groups take the new configurations."""
    return replace(
        cluster,
        groups=tuple(
            replace(
                group,
                configurations=wanted[group.id],
                applied=group.configurations,
                configurations_version=group.configurations_version + 1,
                reconfiguring=True,
            )
            if group.id in wanted
            else group
            for group in cluster.groups
        ),
    )


def ended(cluster: Cluster, groups: Sequence[str], failure: str | None) -> Cluster:
    """The cluster afterwards: what could not be applied is taken back, and `failure` tells why."""

    def settled(group: InstanceGroup) -> InstanceGroup:
        if group.id not in groups:
            return group
        current = group.configurations if failure is None else group.applied
        return replace(group, configurations=current, applied=current, reconfiguring=False, failure=failure)

    return replace(cluster, groups=tuple(map(settled, cluster.groups)))
