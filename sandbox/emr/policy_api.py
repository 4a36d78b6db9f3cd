"""EMR's operations that change how a cluster lives: concurrency, scaling, replacement, its end.

https://docs.aws.amazon.com/emr/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.emr import auto_scaling, events, request, scaling
from sandbox.emr.describe import Naming
from sandbox.emr.model import ENDED, Cluster, InstanceGroup, ScalingLimits
from sandbox.emr.supervisor import Supervisor
from sandbox.errors import AwsError


class PolicyOperations:
    """What holds for a cluster from now on."""

    def __init__(self, supervisor: Supervisor, naming: Naming) -> None:
        self._supervisor = supervisor
        self._naming = naming

    @operation(Fidelity.EXECUTED)
    def modify_cluster(self, document: Document) -> Document:
        cluster = self._changeable(document["ClusterId"])
        if document.get("ExtendedSupport"):
            raise AwsError("NotEmulated", "EMR Sandbox does not emulate ExtendedSupport", status=501)
        level = document.get("StepConcurrencyLevel")
        if level is None:
            raise AwsError("InvalidRequestException", "StepConcurrencyLevel is missing: nothing to modify.")
        self._supervisor.apply(cluster.id, events.ConcurrencyChanged(request.step_concurrency(level)))
        return {"StepConcurrencyLevel": level}

    @operation(Fidelity.EXECUTED)
    def set_keep_job_flow_alive_when_no_steps(self, document: Document) -> Document:
        keep = document["KeepJobFlowAliveWhenNoSteps"]
        for cluster in [self._supervisor.existing(id) for id in document["JobFlowIds"]]:
            self._supervisor.apply(cluster.id, events.KeepAliveChanged(keep))
        return {}

    @operation(Fidelity.EXECUTED)
    def set_unhealthy_node_replacement(self, document: Document) -> Document:
        wanted = document["UnhealthyNodeReplacement"]
        for cluster in [self._supervisor.existing(id) for id in document["JobFlowIds"]]:
            self._supervisor.change(cluster.id, lambda now: replace(now, replace_unhealthy=wanted))
        return {}

    @operation(Fidelity.RECORDED)
    def set_visible_to_all_users(self, document: Document) -> Document:
        visible = {"VisibleToAllUsers": document["VisibleToAllUsers"]}
        for cluster in [self._supervisor.existing(id) for id in document["JobFlowIds"]]:
            self._supervisor.change(
                cluster.id, lambda now: replace(now, recorded={**now.recorded, **visible})
            )
        return {}

    @operation(Fidelity.EXECUTED)
    def put_auto_termination_policy(self, document: Document) -> Document:
        seconds = request.idle_timeout(document.get("AutoTerminationPolicy", {}))
        self._set_idle_timeout(self._changeable(document["ClusterId"]), seconds)
        return {}

    @operation(Fidelity.EXECUTED)
    def get_auto_termination_policy(self, document: Document) -> Document:
        seconds = self._supervisor.existing(document["ClusterId"]).idle_timeout
        return {} if seconds is None else {"AutoTerminationPolicy": {"IdleTimeout": seconds}}

    @operation(Fidelity.EXECUTED)
    def remove_auto_termination_policy(self, document: Document) -> Document:
        self._set_idle_timeout(self._changeable(document["ClusterId"]), None)
        return {}

    @operation(Fidelity.EXECUTED)
    def put_managed_scaling_policy(self, document: Document) -> Document:
        limits = scaling.limits(document["ManagedScalingPolicy"])
        cluster = self._changeable(document["ClusterId"])
        scaling.check_kind(cluster, limits)
        self._set_scaling(cluster, limits)
        return {}

    @operation(Fidelity.EXECUTED)
    def get_managed_scaling_policy(self, document: Document) -> Document:
        limits = self._supervisor.existing(document["ClusterId"]).scaling
        return {} if limits is None else {"ManagedScalingPolicy": scaling.policy(limits)}

    @operation(Fidelity.EXECUTED)
    def remove_managed_scaling_policy(self, document: Document) -> Document:
        self._set_scaling(self._changeable(document["ClusterId"]), None)
        return {}

    @operation(Fidelity.EXECUTED)
    def put_auto_scaling_policy(self, document: Document) -> Document:
        cluster, group = self._changeable(document["ClusterId"]), document["InstanceGroupId"]
        policy = document["AutoScalingPolicy"]
        auto_scaling.check(_group(cluster, group), policy)
        self._set_group_scaling(cluster, group, policy)
        return {
            "ClusterId": cluster.id,
            "InstanceGroupId": group,
            "AutoScalingPolicy": auto_scaling.described(policy),
            "ClusterArn": self._naming.cluster_arn(cluster.id),
        }

    @operation(Fidelity.EXECUTED)
    def remove_auto_scaling_policy(self, document: Document) -> Document:
        cluster, group = self._changeable(document["ClusterId"]), document["InstanceGroupId"]
        _group(cluster, group)
        self._set_group_scaling(cluster, group, None)
        return {}

    def _set_group_scaling(self, cluster: Cluster, id: str, policy: Document | None) -> None:
        def change(now: Cluster) -> Cluster:
            groups = (replace(one, scaling=policy) if one.id == id else one for one in now.groups)
            return replace(now, groups=tuple(groups))

        self._supervisor.change(cluster.id, change)

    def _set_scaling(self, cluster: Cluster, limits: ScalingLimits | None) -> None:
        self._supervisor.change(cluster.id, lambda now: replace(now, scaling=limits))

    def _set_idle_timeout(self, cluster: Cluster, seconds: int | None) -> None:
        self._supervisor.change(cluster.id, lambda now: replace(now, idle_timeout=seconds))

    def _changeable(self, id: str) -> Cluster:
        cluster = self._supervisor.existing(id)
        if cluster.state in ENDED:
            raise AwsError("InvalidRequestException", f"Cluster '{id}' is {cluster.state}.")
        return cluster


def _group(cluster: Cluster, id: str) -> InstanceGroup:
    if cluster.fleets:
        message = "Automatic scaling with a custom policy is for instance groups, not for instance fleets."
        raise AwsError("ValidationException", message)
    for group in cluster.groups:
        if group.id == id:
            return group
    raise AwsError("InvalidRequestException", f"Instance group id '{id}' is not valid.")
