"""A companion: a program beside a cluster's master that has a Spark driver of its own, such as a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.runtime.process import Command
from sandbox.runtime.readiness import Ready
from sandbox.spark.standalone import WorkerSize

IDLE = "10s"
IDLE_WITH_DATA = "60s"
"""How long an executor of a companion stays without work: the shorter time when it holds no data."""


@dataclass(frozen=True)
class Place:
    """Where a companion runs: the cluster's id, its folders and address, and what it is told.

    `environment` is a step's, with a SPARK_CONF_DIR of its own that holds `properties`; `owner` marks its
    processes. `public` is the port of 127.0.0.1 under which the user's browser reaches it.
    """

    cluster: str
    owner: str
    home: Path
    logs: Path
    host: str
    port: int
    public: int
    master: str
    environment: Mapping[str, str]
    properties: Mapping[str, str]

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"http://{self.host}:{self.port}"


class Companion(Protocol):
    """What a cluster has to know to run a companion."""

    @property
    def port(self) -> int:
        """The port that it prefers."""

    @property
    def timeout(self) -> float:
        """Seconds in which it must be ready."""

    def command(self, place: Place) -> Command:
        """What to start; `MachineError` when this machine lacks something."""

    def ready(self, place: Place) -> Ready:
        """When it can be used."""

    def settle(self, place: Place) -> None:
        """What is to be done once it is ready."""


def limits(size: WorkerSize, workers: int) -> dict[str, str]:
    """Properties that keep a companion from starving the cluster's steps. Pure.

    It gets half of the cores, and what it does not use for a while it gives back, so that on a cluster whose
    only core it uses, a step waits for its paragraph to end and not for the notebook to be closed.
    """
    return {
        "spark.cores.max": str(max(1, size.cores * workers // 2)),
        "spark.executor.cores": "1",
        "spark.executor.memory": f"{min(1024, size.memory // 2)}m",
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.timeout": IDLE_WITH_DATA,
        "spark.dynamicAllocation.executorIdleTimeout": IDLE,
        "spark.dynamicAllocation.cachedExecutorIdleTimeout": IDLE_WITH_DATA,
    }
