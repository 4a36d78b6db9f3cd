"""Watches clusters whose groups have a custom scaling policy, and says which rules apply."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.emr import auto_scaling, nodes
from sandbox.emr.auto_scaling import NAMESPACE, Decision, Sample
from sandbox.emr.autoscaler import LOOK, load_of, moves
from sandbox.emr.metrics import metrics
from sandbox.emr.model import Cluster
from sandbox.emr.nodes import Site
from sandbox.runtime.readiness import fetch_json

_log = logging.getLogger(__name__)


class RuleScaler:
    """Remembers each cluster's metrics, and when its groups were scaled. `cloudwatch` makes a client."""

    def __init__(self, site: Site, clock: Callable[[], float], cloudwatch: Callable[[], Any]) -> None:
        self._site = site
        self._clock = clock
        self._cloudwatch = cloudwatch
        self._samples: dict[str, list[Sample]] = {}
        self._scaled: dict[str, float] = {}

    def look(self, cluster: Cluster) -> tuple[Decision, Mapping[str, float]] | None:
        """A rule that applies now, with the metrics; None when none does, or it is not time to look.

        While nodes come or go nothing is decided: the cool-down begins when they have.
        """
        groups = [group for group in cluster.groups if group.scaling is not None]
        now, known = self._clock(), self._samples.setdefault(cluster.id, [])
        if not groups or (known and now - known[-1].at < LOOK):
            return None
        master = fetch_json(f"{nodes.master_address(self._site, cluster, cluster.ports).ui}/json/", timeout=5)
        if not isinstance(master, dict):
            return None
        sample = Sample(now, metrics(cluster, master, load_of(self._site, cluster)))
        keep = auto_scaling.memory(group.scaling for group in groups if group.scaling is not None)
        self._samples[cluster.id] = [*(one for one in known if now - one.at < keep), sample]
        self._publish(cluster, sample)
        if moves(cluster):
            self._scaled |= {group.id: now for group in groups if group.id in self._scaled}
            return None
        for group in groups:
            decision = auto_scaling.decide(group, self._samples[cluster.id], now, self._scaled.get(group.id))
            if decision is not None:
                self._scaled[group.id] = now
                return decision, sample.values
        return None

    def forget(self, cluster: Cluster) -> None:
        """The cluster has ended."""
        self._samples.pop(cluster.id, None)
        for group in cluster.groups:
            self._scaled.pop(group.id, None)

    def _publish(self, cluster: Cluster, sample: Sample) -> None:
        """Give CloudWatch the metrics; the cluster is scaled whether it takes them or not."""
        dimensions = [{"Name": "JobFlowId", "Value": cluster.id}]
        data = [
            {"MetricName": name, "Dimensions": dimensions, "Value": float(value)}
            for name, value in sample.values.items()
        ]
        try:
            self._cloudwatch().put_metric_data(Namespace=NAMESPACE, MetricData=data)
        except Exception:
            _log.exception("%s: CloudWatch", cluster.id)
