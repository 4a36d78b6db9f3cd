"""When a cluster is idle: the timer of its auto-termination policy.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.emr.model import Cluster, ClusterState


class IdleClusters:
    """Since when each cluster has been seen idle. Not stored: clusters end with the sandbox."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}

    def expired(
        self,
        cluster: Cluster,
        has_applications: Callable[[Cluster], bool],
        touched: Callable[[Cluster], float],
    ) -> bool:
        """Whether the cluster has been idle for its timeout: WAITING, and without a Spark application.

        A notebook that holds a Spark session is at work, and so is a cluster at the time at which somebody
        `touched` its file for that, in seconds since the epoch. A protected cluster is left alone.
        """
        now = self._clock()
        busy = cluster.state is not ClusterState.WAITING or has_applications(cluster)
        if busy or cluster.idle_timeout is None or cluster.termination_protected:
            self._since.pop(cluster.id, None)
            return False
        since = max(self._since.setdefault(cluster.id, now), touched(cluster))
        return now - since >= cluster.idle_timeout

    def forget(self, cluster: Cluster) -> None:
        """The cluster has ended."""
        self._since.pop(cluster.id, None)
