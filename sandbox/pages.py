"""What a sandbox tells of itself: the documents below `/_sandbox/`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.aws.clients import Clients
from sandbox.aws.operations import Service
from sandbox.emr.layout import Layout
from sandbox.emr.model import STEP_ACTIVE, Cluster
from sandbox.emr.supervisor import Supervisor
from sandbox.glue.jobs import JobRunner
from sandbox.settings import LOOPBACK, Settings
from sandbox.spark.application import ui_port
from sandbox.spark.configuration import Installation, Services, client_variables
from sandbox.store import Journal

LOST_ON_RESTART = (
    "What moto answers for (STS, IAM, Logs, EC2, DynamoDB and others) is kept in memory and lost when the "
    "sandbox ends; objects, the catalog and the clusters' history are kept."
)


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
        return {"status": self.status, "applications": self.applications}

    def status(self) -> dict[str, Any]:
        """What runs, as one document."""
        parts = self._parts
        clusters = [
            {"id": c.id, "name": c.name, "state": c.state, "master_ui": self._master_ui(c)}
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
            "lost_on_restart": LOST_ON_RESTART,
        }

    def applications(self) -> dict[str, Any]:
        """The web pages of the Spark applications that run now, by step and job run."""
        settings, published = self._settings, self._settings.published
        found: dict[str, str | None] = {}
        for cluster in self._parts.supervisor.all():
            layout = Layout(settings.state / "clusters", cluster.id)
            for step in cluster.steps:
                if step.state in STEP_ACTIVE:
                    log = layout.step_logs(step.id) / "stderr"
                    found[step.id] = self._application_ui(log, published.application_ui if published else 0)
        for run in self._parts.jobs.active():
            log = settings.state / "job-runs" / run.id / "stderr"
            found[run.id] = self._application_ui(log, published.job_ui if published else 0)
        return {"applications": found}

    def _master_ui(self, cluster: Cluster) -> str | None:
        """The Spark master's page; None while it does not run."""
        if not cluster.ports.master_ui:
            return None
        published = self._settings.published
        return f"http://{LOOPBACK}:{published.master_ui if published else cluster.ports.master_ui}"

    def _application_ui(self, log: Path, published: int) -> str | None:
        """The page of the application that writes `log`; None where none is known, or none published."""
        port = ui_port(log)
        if port is None:
            return None
        if self._settings.published is None:
            return f"http://{LOOPBACK}:{port}"
        return f"http://{LOOPBACK}:{published}" if port == self._settings.application_ui_port else None
