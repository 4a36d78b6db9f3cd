"""The nodes of clusters as EC2 tells of them: moto has an instance for each, with its id, state and tags.

moto's EC2 takes seconds to load, so its instances are brought up to date when somebody asks EC2 and not
when a cluster changes.
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-tags.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.emr.model import Cluster, Instance, InstanceState
from sandbox.errors import AwsError

PREFIX = "aws:elasticmapreduce:"
_STATES = {InstanceState.TERMINATED: (48, "terminated"), InstanceState.RUNNING: (16, "running")}
_PENDING = (0, "pending")
_CHANGING = frozenset({"TerminateInstances", "StopInstances", "StartInstances", "RebootInstances"})


def tags_of(cluster: Cluster, instance: Instance) -> Mapping[str, str]:
    """The user's tags of the cluster, and those that EMR adds."""
    return {
        **cluster.tags,
        f"{PREFIX}job-flow-id": cluster.id,
        f"{PREFIX}instance-group-role": str(instance.role),
    }


class Ec2Instances:
    """Keeps moto's instances like the nodes of `clusters`."""

    def __init__(self, clusters: Callable[[], Sequence[Cluster]], account: str, region: str) -> None:
        self._clusters = clusters
        self._account = account
        self._region = region
        self._lock = threading.Lock()
        self._known: dict[str, Any] = {}

    def prepare(self, request: Mapping[str, Sequence[str]]) -> None:
        """Bring moto up to date before it answers a request of EC2's; `request` holds its parameters.

        501 when the request would end, stop or start nodes: only EMR does that.
        """
        nodes = {one.ec2_id for cluster in self._clusters() for one in cluster.instances}
        if request.get("Action", [""])[0] in _CHANGING:
            named = {value for name, values in request.items() if "InstanceId" in name for value in values}
            if named & nodes:
                what = f"{request['Action'][0]} for {min(named & nodes)}, a cluster's node"
                message = (
                    f"EMR Sandbox does not emulate {what}: resize the cluster, or take a spot instance away "
                    "with sandbox emr interrupt"
                )
                raise AwsError("NotEmulated", message, status=501)
        with self._lock:
            for cluster in self._clusters():
                for instance in cluster.instances:
                    self._show(cluster, instance)

    def _show(self, cluster: Cluster, instance: Instance) -> None:
        known = self._known.get(instance.ec2_id)
        if known is None:
            if instance.state is InstanceState.TERMINATED:
                return
            known = self._known[instance.ec2_id] = self._launch(instance)
        known._state.code, known._state.name = _STATES.get(instance.state, _PENDING)
        wanted, there = tags_of(cluster, instance), {tag["key"]: tag["value"] for tag in known.get_tags()}
        backend = self._backend()
        if wanted != there:
            backend.delete_tags([instance.ec2_id], dict.fromkeys(there.keys() - wanted.keys()))
            backend.create_tags([instance.ec2_id], dict(wanted))

    def _launch(self, instance: Instance) -> Any:
        """An instance of moto's under the id that the node has."""
        backend = self._backend()
        image = next(iter(backend.amis))
        reservation = backend.run_instances(
            image, 1, b"", [], instance_type=instance.instance_type, is_instance_type_default=False
        )
        (made,) = reservation.instances
        made.id = instance.ec2_id
        return made

    def _backend(self) -> Any:
        # Imported here: it takes seconds, which only those pay who ask EC2.
        from moto.ec2.models import ec2_backends

        return ec2_backends[self._account][self._region]
