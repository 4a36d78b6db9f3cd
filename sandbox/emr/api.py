"""EMR's operations: clusters, steps, instances, tags.

https://docs.aws.amazon.com/emr/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.emr import describe, events, reconfigure, request, resize, scaling
from sandbox.emr.model import ENDED, Cluster, ClusterState, NewId, Security, Step, StepState
from sandbox.emr.supervisor import Supervisor
from sandbox.errors import AwsError

PAGE = 50
"""EMR's page size for every listing."""
_EXCLUSIVE = "Instance fleets and instance groups are mutually exclusive."
_MARKER = re.compile("[0-9]{1,9}")


class EmrOperations:
    """The operations of EMR on clusters.

    `security` gives what a cluster is launched with that names a security configuration.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        clock: Callable[[], float],
        new_id: NewId,
        naming: describe.Naming,
        security: Callable[[str | None, NewId], Security | None],
    ) -> None:
        self._supervisor = supervisor
        self._clock = clock
        self._new_id = new_id
        self._naming = naming
        self._security = security

    # --- clusters

    @operation(Fidelity.EXECUTED)
    def run_job_flow(self, document: Document) -> Document:
        asked = request.cluster(document, self._clock(), self._new_id)
        limits = scaling.limits(document.get("ManagedScalingPolicy"))
        scaling.check_kind(asked, limits)
        security = self._security(document.get("SecurityConfiguration"), self._new_id)
        cluster = replace(asked, scaling=limits, security=security)
        refusal = self._supervisor.refusal(cluster)
        if refusal is not None:
            raise AwsError("ValidationException", refusal)
        self._supervisor.launch(cluster)
        return {"JobFlowId": cluster.id, "ClusterArn": self._naming.cluster_arn(cluster.id)}

    @operation(Fidelity.EXECUTED)
    def describe_cluster(self, document: Document) -> Document:
        return {"Cluster": describe.cluster(self._cluster(document), self._naming)}

    @operation(Fidelity.EXECUTED)
    def list_clusters(self, document: Document) -> Document:
        states = document.get("ClusterStates") or list(ClusterState)
        after, before = document.get("CreatedAfter", 0), document.get("CreatedBefore", float("inf"))
        chosen = [
            cluster
            for cluster in reversed(self._supervisor.all())
            if cluster.state in states and after <= cluster.timeline.created <= before
        ]
        return page("Clusters", chosen, document.get("Marker"), tell=self._summary)

    @operation(Fidelity.EXECUTED)
    def terminate_job_flows(self, document: Document) -> Document:
        clusters = [self._existing(id) for id in document["JobFlowIds"]]
        protected = [c.id for c in clusters if c.termination_protected and c.state not in ENDED]
        for cluster in clusters:
            if cluster.id not in protected:
                self._supervisor.apply(cluster.id, events.TerminateRequested())
        if protected:
            raise AwsError(
                "ValidationException",
                "Could not shut down one or more job flows since they are termination protected.",
            )
        return {}

    @operation(Fidelity.EXECUTED)
    def set_termination_protection(self, document: Document) -> Document:
        protected = document["TerminationProtected"]
        for cluster in [self._existing(id) for id in document["JobFlowIds"]]:
            self._supervisor.change(cluster.id, lambda now: replace(now, termination_protected=protected))
        return {}

    # --- steps

    @operation(Fidelity.EXECUTED)
    def add_job_flow_steps(self, document: Document) -> Document:
        cluster = self._existing(document["JobFlowId"])
        role = document.get("ExecutionRoleArn")
        asked = request.steps(document["Steps"], self._clock(), self._new_id)
        steps = tuple(replace(step, execution_role=role) for step in asked)

        def check(now: Cluster) -> None:
            request.check_room(now, len(steps))
            request.check_actions(now.step_concurrency, steps)

        self._supervisor.apply(cluster.id, events.StepsAdded(steps), check)
        return {"StepIds": [step.id for step in steps]}

    @operation(Fidelity.EXECUTED)
    def describe_step(self, document: Document) -> Document:
        cluster = self._cluster(document)
        return {"Step": describe.step(self._step(cluster, document.get("StepId", "")), cluster)}

    @operation(Fidelity.EXECUTED)
    def list_steps(self, document: Document) -> Document:
        cluster = self._cluster(document)
        states = document.get("StepStates") or list(StepState)
        ids = document.get("StepIds")
        if ids and document.get("StepStates"):
            raise AwsError("InvalidRequestException", "Only one of StepIds and StepStates can be given.")
        chosen = [
            step for step in reversed(cluster.steps) if step.state in states and (not ids or step.id in ids)
        ]
        return page("Steps", chosen, document.get("Marker"), tell=lambda step: describe.step(step, cluster))

    @operation(Fidelity.EXECUTED)
    def cancel_steps(self, document: Document) -> Document:
        cluster = self._cluster(document)
        answers: list[Document] = []
        wanted: list[str] = []
        for id in document["StepIds"]:
            step = self._step(cluster, id)
            if step.state in (StepState.PENDING, StepState.RUNNING):
                wanted.append(id)
                answers.append({"StepId": id, "Status": "SUBMITTED"})
            else:
                reason = f"The step is {step.state} and cannot be cancelled."
                answers.append({"StepId": id, "Status": "FAILED", "Reason": reason})
        force = document.get("StepCancellationOption") == "TERMINATE_PROCESS"
        self._supervisor.apply(cluster.id, events.CancelRequested(tuple(wanted), force))
        return {"CancelStepsInfoList": answers}

    # --- what a cluster consists of

    @operation(Fidelity.EXECUTED)
    def list_instances(self, document: Document) -> Document:
        cluster = self._cluster(document)
        self._check_kind(cluster, document)
        states = document.get("InstanceStates")
        fleet_role = document.get("InstanceFleetType")
        roles = [fleet_role] if fleet_role else document.get("InstanceGroupTypes")
        group = document.get("InstanceGroupId") or document.get("InstanceFleetId")
        chosen = [
            describe.instance(instance, cluster, self._naming)
            for instance in cluster.instances
            if (not roles or instance.role in roles)
            and (not states or instance.state in states)
            and (not group or instance.group == group)
        ]
        return page("Instances", chosen, document.get("Marker"))

    @operation(Fidelity.EXECUTED)
    def list_instance_groups(self, document: Document) -> Document:
        cluster = self._cluster(document)
        if cluster.fleets:
            raise AwsError("InvalidRequestException", _EXCLUSIVE)
        groups = [describe.instance_group(group, cluster) for group in cluster.groups]
        return page("InstanceGroups", groups, document.get("Marker"))

    @operation(Fidelity.EXECUTED)
    def modify_instance_groups(self, document: Document) -> Document:
        changes = document.get("InstanceGroups", [])
        if not changes:
            raise AwsError("InvalidRequestException", "InstanceGroups is missing: nothing to modify.")
        id = document.get("ClusterId") or self._owner([change["InstanceGroupId"] for change in changes])
        counts = [change for change in changes if "Configurations" not in change]
        others = [change for change in changes if "Configurations" in change]
        if others:
            self._supervisor.reconfigure(id, lambda cluster: reconfigure.asked(cluster, others))
        if counts or not others:
            now = self._clock()
            self._resize(id, lambda cluster: resize.modify(cluster, counts, now, self._new_id))
        return {}

    @operation(Fidelity.EXECUTED)
    def add_instance_groups(self, document: Document) -> Document:
        id, entries, now = document["JobFlowId"], document["InstanceGroups"], self._clock()
        before = {group.id for group in self._existing(id).groups}
        after = self._resize(id, lambda cluster: resize.add_groups(cluster, entries, now, self._new_id))
        added = [group.id for group in after.groups if group.id not in before]
        return {"JobFlowId": id, "InstanceGroupIds": added, "ClusterArn": self._naming.cluster_arn(id)}

    @operation(Fidelity.EXECUTED)
    def list_instance_fleets(self, document: Document) -> Document:
        cluster = self._cluster(document)
        if not cluster.fleets:
            raise AwsError("InvalidRequestException", _EXCLUSIVE)
        fleets = [describe.instance_fleet(fleet, cluster) for fleet in cluster.fleets]
        return page("InstanceFleets", fleets, document.get("Marker"))

    @operation(Fidelity.EXECUTED)
    def modify_instance_fleet(self, document: Document) -> Document:
        change, now = document["InstanceFleet"], self._clock()
        self._resize(
            document["ClusterId"], lambda cluster: resize.modify_fleet(cluster, change, now, self._new_id)
        )
        return {}

    @operation(Fidelity.EXECUTED)
    def add_instance_fleet(self, document: Document) -> Document:
        id, entry, now = document["ClusterId"], document["InstanceFleet"], self._clock()
        after = self._resize(id, lambda cluster: resize.add_fleet(cluster, entry, now, self._new_id))
        return {
            "ClusterId": id,
            "InstanceFleetId": after.fleets[-1].id,
            "ClusterArn": self._naming.cluster_arn(id),
        }

    @operation(Fidelity.EXECUTED)
    def list_bootstrap_actions(self, document: Document) -> Document:
        cluster = self._cluster(document)
        actions: list[Document] = [
            {"Name": action.name, "ScriptPath": action.path, "Args": list(action.arguments)}
            for action in cluster.bootstrap_actions
        ]
        return page("BootstrapActions", actions, document.get("Marker"))

    @operation(Fidelity.EXECUTED)
    def add_tags(self, document: Document) -> Document:
        cluster = self._existing(document["ResourceId"])
        added = request.tags(document["Tags"])
        self._supervisor.change(cluster.id, lambda now: replace(now, tags={**now.tags, **added}))
        return {}

    @operation(Fidelity.EXECUTED)
    def remove_tags(self, document: Document) -> Document:
        cluster = self._existing(document["ResourceId"])
        gone = frozenset(document["TagKeys"])
        self._supervisor.change(
            cluster.id,
            lambda now: replace(now, tags={key: value for key, value in now.tags.items() if key not in gone}),
        )
        return {}

    def _resize(self, id: str, decide: Callable[[Cluster], resize.Resize]) -> Cluster:
        self._existing(id)
        return self._supervisor.resize(id, decide)

    def _check_kind(self, cluster: Cluster, document: Document) -> None:
        """`InvalidRequestException` for a question about fleets where there are groups, or the reverse."""
        asks_group = document.keys() & {"InstanceGroupId", "InstanceGroupTypes"}
        asks_fleet = document.keys() & {"InstanceFleetId", "InstanceFleetType"}
        if (asks_group and cluster.fleets) or (asks_fleet and not cluster.fleets):
            raise AwsError("InvalidRequestException", _EXCLUSIVE)

    # --- looking up

    def _summary(self, cluster: Cluster) -> Document:
        return describe.summary(cluster, self._naming)

    def _owner(self, groups: Sequence[str]) -> str:
        """The cluster of instance groups that were named without it."""
        for cluster in self._supervisor.all():
            if any(group.id in groups for group in cluster.groups):
                return cluster.id
        raise AwsError("InvalidRequestException", f"Instance group id '{groups[0]}' is not valid.")

    def _cluster(self, document: Document) -> Cluster:
        return self._existing(document["ClusterId"])

    def _existing(self, id: str) -> Cluster:
        return self._supervisor.existing(id)

    def _step(self, cluster: Cluster, id: str) -> Step:
        try:
            return cluster.step(id)
        except KeyError:
            raise AwsError("InvalidRequestException", f"Step id '{id}' is not valid.") from None


def page(
    name: str,
    items: Sequence[Any],
    token: str | None,
    size: int = PAGE,
    member: str = "Marker",
    tell: Callable[[Any], Any] = lambda item: item,
) -> Document:
    """One page; the token, in the member of that name, is the number of items that came before.

    `tell` makes of an item what is answered, of those on the page alone.
    """
    if token is not None and not _MARKER.fullmatch(token):
        raise AwsError("InvalidRequestException", f"{member} '{token}' is not valid.")
    start = int(token or 0)
    page: Document = {name: list(map(tell, items[start : start + size]))}
    if start + size < len(items):
        page[member] = str(start + size)
    return page
