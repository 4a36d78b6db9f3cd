"""Clusters that scale themselves: what a policy decides is done, and told in the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.emr import resize
from sandbox.emr.autoscaler import Autoscaler
from sandbox.emr.model import Cluster, NewId
from sandbox.emr.nodes import Site
from sandbox.emr.resize import Resize
from sandbox.emr.rule_scaler import RuleScaler
from sandbox.errors import AwsError
from sandbox.store import Journal


class ClusterScaling:
    """Managed scaling and custom policies. `resize` does as a function of the cluster says."""

    def __init__(
        self,
        site: Site,
        journal: Journal,
        clock: Callable[[], float],
        new_id: NewId,
        cloudwatch: Callable[[], Any],
        resize: Callable[[str, Callable[[Cluster], Resize]], Cluster],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._new_id = new_id
        self._resize = resize
        self._managed = Autoscaler(site, clock)
        self._rules = RuleScaler(site, clock, cloudwatch)

    def look(self, cluster: Cluster) -> None:
        """Resize the cluster when one of its policies asks for it now."""
        managed = self._managed.look(cluster)
        if managed is not None:
            counts, load = managed
            told = {"counts": counts, "running_tasks": load.running, "waiting_tasks": load.waiting}
            if not self._apply(cluster, "managed scaling", counts, told):
                self._managed.refused(cluster, counts)
        ruled = self._rules.look(cluster)
        if ruled is not None:
            decision, metrics = ruled
            counts = {decision.group: decision.count}
            self._apply(
                cluster, "automatic scaling", counts, {"rule": decision.rule, "counts": counts, **metrics}
            )

    def forget(self, cluster: Cluster) -> None:
        """The cluster has ended."""
        self._managed.forget(cluster)
        self._rules.forget(cluster)

    def _apply(self, cluster: Cluster, what: str, counts: Mapping[str, int], told: dict[str, Any]) -> bool:
        """Resize, and tell; False when this machine cannot have so many nodes."""
        changes = [{"InstanceGroupId": id, "InstanceCount": count} for id, count in counts.items()]
        refused = None
        try:
            self._resize(cluster.id, lambda now: resize.modify(now, changes, self._clock(), self._new_id))
        except AwsError as error:
            refused = error.message
        detail = told if refused is None else {**told, "refused": refused}
        self._journal.append(self._clock(), cluster.id, what, **detail)
        return refused is None
