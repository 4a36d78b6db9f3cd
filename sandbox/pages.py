"""What a sandbox tells of itself: the documents below `/_sandbox/`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.aws.clients import Clients
from sandbox.aws.operations import Service
from sandbox.emr import spot
from sandbox.emr.instance_types import supported
from sandbox.emr.layout import Layout
from sandbox.emr.model import ENDED, STEP_ACTIVE, Cluster, Instance
from sandbox.emr.supervisor import Supervisor
from sandbox.glue.jobs import JobRunner
from sandbox.settings import LOOPBACK, Settings
from sandbox.spark.application import ui_port
from sandbox.spark.configuration import Installation, Services, client_variables
from sandbox.store import Journal

LOST_ON_RESTART = (
    "What moto answers for (STS, IAM, Logs, EC2, DynamoDB and others) is kept in memory and lost when the "
    "sandbox ends; the catalog and the clusters' history are kept"
)
OBJECTS_KEPT = ", and so are objects."
OBJECTS_ELSEWHERE = "; whether objects are is up to the S3 at "


@dataclass(frozen=True)
class Parts:
    """The parts of a sandbox that runs."""

    services: Services
    clients: Clients
    journal: Journal
    supervisor: Supervisor
    jobs: JobRunner
    emulated: Mapping[str, Service]
    spark: Installation


class Pages:
    """The pages of a running sandbox. Addresses are those that its user's machine reaches."""

    def __init__(self, parts: Parts, settings: Settings, messages: Sequence[str]) -> None:
        self._parts = parts
        self._settings = settings
        self._messages = messages

    def by_name(self) -> Mapping[str, Callable[[], dict[str, Any]]]:
        """Every page under its name."""
        return {"status": self.status, "applications": self.applications, "nodes": self.nodes}

    def actions(self) -> Mapping[str, Callable[[str], dict[str, Any]]]:
        """Every action under its name; it takes one argument."""
        return {"interrupt": self.interrupt}

    def interrupt(self, instance: str) -> dict[str, Any]:
        """Take a spot instance away; `UsageError` for an instance that cannot be."""
        cluster = self._parts.supervisor.interrupt(instance)
        return {"instance": instance, "cluster": cluster.id, "notice": spot.NOTICE}

    def nodes(self) -> dict[str, Any]:
        """The nodes of the clusters that live: what EC2 promises of each, and what it is here."""
        supervisor = self._parts.supervisor
        return {
            "clusters": [
                {
                    "id": cluster.id,
                    "name": cluster.name,
                    "state": cluster.state,
                    "nodes": [self._node(cluster, one) for one in cluster.living],
                }
                for cluster in supervisor.all()
                if cluster.state not in ENDED
            ]
        }

    def status(self) -> dict[str, Any]:
        """What runs, as one document."""
        parts = self._parts
        clusters = [
            {
                "id": c.id,
                "name": c.name,
                "state": c.state,
                "master_ui": self._master_ui(c),
                "applications": self._beside_spark(c),
            }
            for c in parts.supervisor.all()
        ]
        return {
            "endpoint": parts.services.endpoint.outside,
            "metastore": parts.services.metastore.outside,
            "environment": client_variables(parts.services, parts.services.endpoint.outside),
            "state": str(self._settings.state),
            "pid": os.getpid(),
            "spark": parts.spark.version,
            "java": {"version": parts.spark.java.version, "origin": parts.spark.java.origin},
            "messages": list(self._messages),
            "clusters": clusters,
            "lost_on_restart": self._lost_on_restart(),
        }

    def _lost_on_restart(self) -> str:
        other = self._settings.s3_endpoint
        return LOST_ON_RESTART + (f"{OBJECTS_ELSEWHERE}{other}." if other else OBJECTS_KEPT)

    def applications(self) -> dict[str, Any]:
        """The web pages of the Spark applications that run now, by step and job run."""
        found: dict[str, str | None] = {}
        for cluster in self._parts.supervisor.all():
            layout = Layout(self._settings.state / "clusters", cluster.id)
            for step in cluster.steps:
                if step.state in STEP_ACTIVE:
                    port = ui_port(layout.step_logs(step.id) / "stderr")
                    found[step.id] = _page(self._parts.supervisor.outside(cluster, port) if port else None)
        for run in self._parts.jobs.active():
            port = ui_port(self._settings.state / "job-runs" / run.id / "stderr")
            found[run.id] = _page(self._job_ui(port) if port else None)
        return {"applications": found}

    def _node(self, cluster: Cluster, instance: Instance) -> dict[str, Any]:
        promised = supported()[instance.instance_type]
        size = self._parts.supervisor.worker_size(cluster, instance)
        return {
            "instance": instance.ec2_id,
            "role": instance.role,
            "state": instance.state,
            "type": promised.name,
            "market": instance.market,
            "promised": {"vcpus": promised.vcpus, "memory": promised.memory},
            "worker": {"cores": size.cores, "memory": size.memory} if size else None,
        }

    def _master_ui(self, cluster: Cluster) -> str | None:
        """The Spark master's page; None while it does not run."""
        port = cluster.ports.master_ui
        return _page(self._parts.supervisor.outside(cluster, port) if port else None)

    def _beside_spark(self, cluster: Cluster) -> list[dict[str, Any]]:
        """The cluster's applications with their pages; no page for one that has died."""
        supervisor = self._parts.supervisor
        return [
            {
                "name": application.name,
                "state": application.state,
                "url": _page(supervisor.outside(cluster, application.port) if application.port else None),
                "message": application.message,
            }
            for application in supervisor.applications(cluster.id)
        ]

    def _job_ui(self, port: int) -> int | None:
        """The user's port for a job's page: a container publishes the preferred one alone."""
        published = self._settings.published
        if published is None:
            return port
        return published.job_ui if port == self._settings.application_ui_port else None


def _page(port: int | None) -> str | None:
    return f"http://{LOOPBACK}:{port}" if port else None
