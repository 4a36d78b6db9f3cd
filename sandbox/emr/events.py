"""What can happen to a cluster, and what has to be done about it: the vocabulary of `lifecycle`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.emr.model import Failure, Instance, Ports, Reason, Step
from sandbox.emr.resize import Resize

# --- events: what happened


@dataclass(frozen=True)
class Launched:
    """RunJobFlow was accepted."""


@dataclass(frozen=True)
class NodesPrepared:
    """Every node has its folder."""


@dataclass(frozen=True)
class Bootstrapped:
    """Every bootstrap action ended with 0 on every node."""


@dataclass(frozen=True)
class BootstrapFailed:
    message: str


@dataclass(frozen=True)
class ApplicationsStarted:
    """Master and workers answer."""

    ports: Ports


@dataclass(frozen=True)
class InstanceFailed:
    """A node could not be started, or one of its daemons died."""

    message: str


@dataclass(frozen=True)
class NodeLost:
    """A core or task node died on a cluster that replaces such nodes; EC2's id, and who comes instead."""

    node: str
    message: str
    replacements: tuple[Instance, ...]
    seconds: float = 0.0


@dataclass(frozen=True)
class SpotInterrupted:
    """EC2 takes a spot instance away in `seconds`; EC2's id, why, and the nodes that come in its stead."""

    node: str
    message: str
    replacements: tuple[Instance, ...]
    seconds: float


@dataclass(frozen=True)
class Resized:
    """ModifyInstanceGroups or AddInstanceGroups was accepted."""

    resize: Resize


@dataclass(frozen=True)
class Reconfigured:
    """ModifyInstanceGroups was accepted: other configurations, by group."""

    configurations: Mapping[str, tuple[dict[str, Any], ...]]


@dataclass(frozen=True)
class ReconfigurationEnded:
    """The nodes of the groups have their configurations, or `failure` tells why they keep the old ones."""

    groups: tuple[str, ...]
    failure: str | None = None


@dataclass(frozen=True)
class NodesAdded:
    """Nodes of a resize work; EC2's ids."""

    nodes: tuple[str, ...]


@dataclass(frozen=True)
class NodesNotAdded:
    """Nodes of a resize could not be started; the cluster goes on without them."""

    nodes: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True)
class NodesRemoved:
    """Nothing runs on these nodes any more."""

    nodes: tuple[str, ...]


@dataclass(frozen=True)
class ConcurrencyChanged:
    """ModifyCluster: so many steps run at a time from now on."""

    level: int


@dataclass(frozen=True)
class KeepAliveChanged:
    """SetKeepJobFlowAliveWhenNoSteps."""

    keep_alive: bool


@dataclass(frozen=True)
class IdledOut:
    """The cluster did nothing for as long as its auto-termination policy allows."""

    seconds: int


@dataclass(frozen=True)
class StepsAdded:
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class StepEnded:
    """A step's process ended. `failure` is None when its exit code was 0."""

    step: str
    failure: Failure | None
    applications: tuple[str, ...] = ()


@dataclass(frozen=True)
class CancelRequested:
    steps: tuple[str, ...]
    force: bool = False


@dataclass(frozen=True)
class TerminateRequested:
    """A user asked for the end, by TerminateJobFlows or by stopping the sandbox."""

    message: str = "Terminated by user request"


@dataclass(frozen=True)
class NodesStopped:
    """No process of the cluster is left."""


@dataclass(frozen=True)
class Interrupted:
    """The sandbox itself ended while the cluster lived; what had run was ended at the next start."""


Event = (
    Launched
    | NodesPrepared
    | Bootstrapped
    | BootstrapFailed
    | ApplicationsStarted
    | InstanceFailed
    | NodeLost
    | SpotInterrupted
    | Resized
    | Reconfigured
    | ReconfigurationEnded
    | NodesAdded
    | NodesNotAdded
    | NodesRemoved
    | ConcurrencyChanged
    | KeepAliveChanged
    | IdledOut
    | StepsAdded
    | StepEnded
    | CancelRequested
    | TerminateRequested
    | NodesStopped
    | Interrupted
)


# --- effects: what is to be done


@dataclass(frozen=True)
class PrepareNodes:
    pass


@dataclass(frozen=True)
class RunBootstrapActions:
    pass


@dataclass(frozen=True)
class StartApplications:
    pass


@dataclass(frozen=True)
class AddNodes:
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class RemoveNodes:
    """Executors on the nodes may finish what they do within `seconds`."""

    nodes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class ReconfigureNodes:
    groups: tuple[str, ...]


@dataclass(frozen=True)
class RunStep:
    step: str


@dataclass(frozen=True)
class CancelStep:
    step: str
    force: bool = False


@dataclass(frozen=True)
class StopNodes:
    pass


Effect = (
    PrepareNodes
    | RunBootstrapActions
    | StartApplications
    | AddNodes
    | RemoveNodes
    | ReconfigureNodes
    | RunStep
    | CancelStep
    | StopNodes
)
