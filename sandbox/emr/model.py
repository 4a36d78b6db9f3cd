"""What EMR knows of a cluster: frozen values, stored as documents.

States and their meaning: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-overview.html#emr-overview-cluster-lifecycle
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import cattrs

NewId = Callable[[str, int], str]
"""Makes an id of a prefix and a number of letters or digits after it."""


class ClusterState(StrEnum):
    STARTING = "STARTING"
    BOOTSTRAPPING = "BOOTSTRAPPING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    TERMINATED_WITH_ERRORS = "TERMINATED_WITH_ERRORS"


class StepState(StrEnum):
    PENDING = "PENDING"
    CANCEL_PENDING = "CANCEL_PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"


class InstanceState(StrEnum):
    """The state of an instance; an instance group takes the state of its instances."""

    PROVISIONING = "PROVISIONING"
    BOOTSTRAPPING = "BOOTSTRAPPING"
    RUNNING = "RUNNING"
    TERMINATED = "TERMINATED"


class Role(StrEnum):
    MASTER = "MASTER"
    CORE = "CORE"
    TASK = "TASK"


class Market(StrEnum):
    """How an instance is bought. A spot instance can be taken away."""

    ON_DEMAND = "ON_DEMAND"
    SPOT = "SPOT"


class ActionOnFailure(StrEnum):
    TERMINATE_JOB_FLOW = "TERMINATE_JOB_FLOW"
    TERMINATE_CLUSTER = "TERMINATE_CLUSTER"
    CANCEL_AND_WAIT = "CANCEL_AND_WAIT"
    CONTINUE = "CONTINUE"


ENDED = frozenset({ClusterState.TERMINATED, ClusterState.TERMINATED_WITH_ERRORS})
STEP_ACTIVE = frozenset({StepState.RUNNING, StepState.CANCEL_PENDING})
STEP_ENDED = frozenset(set(StepState) - STEP_ACTIVE - {StepState.PENDING})


@dataclass(frozen=True)
class Reason:
    """Why a state was entered, in EMR's codes (`USER_REQUEST`, `STEP_FAILURE`, ...)."""

    code: str
    message: str


@dataclass(frozen=True)
class Timeline:
    """Seconds since the epoch; None for what has not happened. `ready` is a step's start."""

    created: float
    ready: float | None = None
    ended: float | None = None


@dataclass(frozen=True)
class BootstrapAction:
    name: str
    path: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class InstanceGroup:
    """Instances of one type. `recorded` holds members that change nothing, as they were given.

    While it is `reconfiguring`, its `configurations` are on their way and those before are `applied`;
    `failure` tells why the last ones were taken back. `scaling` is its automatic scaling policy.
    """

    id: str
    name: str
    role: Role
    instance_type: str
    count: int
    market: Market = Market.ON_DEMAND
    bid_price: str | None = None
    configurations: tuple[dict[str, Any], ...] = ()
    applied: tuple[dict[str, Any], ...] = ()
    configurations_version: int = 0
    reconfiguring: bool = False
    failure: str | None = None
    scaling: dict[str, Any] | None = None
    recorded: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FleetType:
    """An instance type of a fleet: an instance of it counts for `weight` units of the fleet's capacity."""

    name: str
    weight: int
    recorded: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InstanceFleet:
    """Instances of several types that together have so many units on demand and so many of spot."""

    id: str
    name: str
    role: Role
    types: tuple[FleetType, ...]
    on_demand: int = 0
    spot: int = 0
    recorded: dict[str, Any] = field(default_factory=dict)

    def target(self, market: Market) -> int:
        """The units that the fleet shall have of one market."""
        return self.spot if market is Market.SPOT else self.on_demand


@dataclass(frozen=True)
class Instance:
    """One node. `id` is EMR's (`ci-...`), `ec2_id` EC2's (`i-...`), which names its logs.

    `group` is the id of its group or fleet, `units` what it counts for in its fleet. `leaving`: the cluster
    shrinks, and this node is about to go.
    """

    id: str
    ec2_id: str
    group: str
    role: Role
    state: InstanceState
    timeline: Timeline
    reason: Reason | None = None
    leaving: bool = False
    instance_type: str = "m5.xlarge"
    market: Market = Market.ON_DEMAND
    units: int = 1

    @classmethod
    def provisioning(
        cls, group: str, role: Role, kind: str, market: Market, units: int, now: float, new_id: NewId
    ) -> Instance:
        """A new node of an instance type, `kind`, for a group or fleet."""
        return cls(
            new_id("ci-", 20),
            new_id("i-", 17),
            group,
            role,
            InstanceState.PROVISIONING,
            Timeline(now),
            instance_type=kind,
            market=market,
            units=units,
        )


@dataclass(frozen=True)
class Failure:
    """Why a step failed: EMR's FailureDetails."""

    reason: str
    message: str
    log_file: str = ""


@dataclass(frozen=True)
class Step:
    """A step. Its `execution_role` is recorded: there are no roles to take on here."""

    id: str
    name: str
    jar: str
    arguments: tuple[str, ...]
    main_class: str | None
    properties: dict[str, str]
    action_on_failure: ActionOnFailure
    state: StepState
    timeline: Timeline
    reason: Reason | None = None
    failure: Failure | None = None
    applications: tuple[str, ...] = ()
    execution_role: str | None = None


@dataclass(frozen=True)
class Ports:
    """The ports that the master was given on the cluster's host; 0 before it was started."""

    master: int = 0
    master_ui: int = 0
    application_ui: int = 0


@dataclass(frozen=True)
class ScalingLimits:
    """Managed scaling's limits for core and task instances together, those on demand, and core alone."""

    minimum: int
    maximum: int
    on_demand: int
    core: int


@dataclass(frozen=True)
class Security:
    """The security configuration of a cluster: its name, and Spark's properties for it."""

    name: str
    properties: dict[str, str]


@dataclass(frozen=True)
class Cluster:
    """A cluster. `recorded` holds the members of RunJobFlow that change nothing, as they were given.

    `step_concurrency` steps run at a time; after `idle_timeout` seconds without work the cluster ends;
    with `replace_unhealthy` a node that dies is replaced.
    """

    id: str
    name: str
    state: ClusterState
    timeline: Timeline
    release_label: str
    groups: tuple[InstanceGroup, ...]
    instances: tuple[Instance, ...]
    steps: tuple[Step, ...]
    bootstrap_actions: tuple[BootstrapAction, ...]
    applications: tuple[str, ...]
    configurations: tuple[dict[str, Any], ...]
    keep_alive: bool
    termination_protected: bool
    log_uri: str | None
    tags: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, Any] = field(default_factory=dict)
    reason: Reason | None = None
    ports: Ports = Ports()
    step_concurrency: int = 1
    idle_timeout: int | None = None
    replace_unhealthy: bool = False
    scaling: ScalingLimits | None = None
    fleets: tuple[InstanceFleet, ...] = ()
    security: Security | None = None

    @property
    def master(self) -> Instance:
        """The master node."""
        return next(instance for instance in self.instances if instance.role is Role.MASTER)

    @property
    def living(self) -> tuple[Instance, ...]:
        """The nodes that have not been terminated."""
        return tuple(one for one in self.instances if one.state is not InstanceState.TERMINATED)

    @property
    def workers(self) -> tuple[Instance, ...]:
        """The living nodes that run executors: core and task, or the master when it is alone, as on EMR."""
        others = tuple(one for one in self.living if one.role is not Role.MASTER)
        return others or (self.master,)

    @property
    def staying(self) -> tuple[Instance, ...]:
        """Of the nodes that run executors those that are not about to go."""
        return tuple(one for one in self.workers if not one.leaving)

    def some(self, ec2_ids: Collection[str]) -> tuple[Instance, ...]:
        """The nodes with these ids of EC2's."""
        return tuple(one for one in self.instances if one.ec2_id in ec2_ids)

    def step(self, id: str) -> Step:
        """The step with this id; KeyError when there is none."""
        for step in self.steps:
            if step.id == id:
                return step
        raise KeyError(id)

    def group_configurations(self, group: str) -> tuple[dict[str, Any], ...]:
        """What holds for the nodes of a group or fleet: its own configurations come last, and win."""
        own = (one.configurations for one in self.groups if one.id == group)
        return (*self.configurations, *(entry for entries in own for entry in entries))


def to_document(cluster: Cluster) -> dict[str, Any]:
    """The cluster as a JSON document."""
    document: dict[str, Any] = cattrs.unstructure(cluster)
    return document


def from_document(document: dict[str, Any]) -> Cluster:
    """The cluster that `to_document` wrote."""
    return cattrs.structure(document, Cluster)
