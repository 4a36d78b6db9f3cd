"""Applications on the master node beside Spark: started with the cluster, watched, and ended with it.

One that dies does not end the cluster: it is told, and the rest goes on.
https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-components.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from sandbox.emr import configurations, nodes
from sandbox.emr.configurations import Classification
from sandbox.emr.model import Cluster, Ports
from sandbox.emr.nodes import Site
from sandbox.runtime import readiness
from sandbox.runtime.processes import Processes
from sandbox.spark.companion import Companion, Place, limits
from sandbox.spark.configuration import driver_properties, write_conf
from sandbox.store import Journal


class ApplicationState(StrEnum):
    RUNNING = "RUNNING"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Application:
    """An application of a cluster as it is now; `url` is its address on the cluster's network."""

    name: str
    state: ApplicationState
    port: int
    url: str
    message: str = ""


class Applications:
    """Runs the applications that clusters asked for, of those that the site offers."""

    def __init__(
        self, site: Site, processes: Processes, journal: Journal, clock: Callable[[], float]
    ) -> None:
        self._site = site
        self._processes = processes
        self._journal = journal
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Application, ...]] = {}

    def of(self, cluster: str) -> tuple[Application, ...]:
        """The applications of a cluster that were started, dead ones too."""
        with self._lock:
            return self._known.get(cluster, ())

    def start(self, cluster: Cluster, ports: Ports) -> None:
        """Start what the cluster asked for and wait until it is ready.

        `ProcessDied` or `WorkFailed` with the end of its log; `MachineError` when this machine lacks it.
        """
        for name, companion in self._wanted(cluster):
            place = self._place(cluster, ports, name, companion)
            machine = self._site.machines.companion(cluster)
            process = self._processes.start(companion.command(place), machine)
            readiness.wait(companion.ready(place), process, name, companion.timeout)
            companion.settle(place)
            self._tell(cluster.id, Application(name, ApplicationState.RUNNING, place.port, place.url))

    def look(self, cluster: Cluster) -> None:
        """Notice what has died, and end what it left behind."""
        for application in self.of(cluster.id):
            owner = _owner(cluster.id, application.name)
            for process in self._processes.dead(owner, frozenset({application.name})):
                message = f"{application.name} ended with exit code {process.poll()}"
                if application.state is ApplicationState.RUNNING:
                    self._processes.close(owner)
                    failed = replace(application, state=ApplicationState.FAILED, port=0, message=message)
                    self._tell(cluster.id, failed)

    def stop(self, cluster: Cluster) -> None:
        """End all applications of the cluster, and whatever they started."""
        for name, _ in self._wanted(cluster):
            self._processes.close(_owner(cluster.id, name))
        with self._lock:
            self._known.pop(cluster.id, None)

    def _wanted(self, cluster: Cluster) -> list[tuple[str, Companion]]:
        offered = self._site.companions
        return [(name, offered[name]) for name in cluster.applications if name in offered]

    def _place(self, cluster: Cluster, ports: Ports, name: str, companion: Companion) -> Place:
        site, layout = self._site, self._site.layout(cluster.id)
        node, folder = cluster.master.ec2_id, name.lower()
        machine = site.machines.companion(cluster)
        port = machine.choose_port(companion.port)
        master = nodes.master_address(site, cluster, ports)
        size = nodes.executor_room(site, cluster)
        configured = cluster.group_configurations(cluster.master.group)
        properties = {
            **nodes.properties(site, cluster, master, ports, cluster.master.group),
            **driver_properties(machine.host),
            **limits(size, len(cluster.workers)),
            **configurations.properties(configured, Classification.SPARK_DEFAULTS),
        }
        conf = write_conf(layout.node(node) / folder / "spark-conf", properties)
        environment = {
            **nodes.step_environment(site, replace(cluster, ports=ports)),
            "SPARK_LOCAL_IP": machine.host,
        }
        return Place(
            cluster=cluster.id,
            owner=_owner(cluster.id, name),
            home=layout.node(node) / folder,
            logs=layout.node_logs(node) / "applications" / folder,
            host=machine.host,
            port=port,
            public=site.machines.outside(cluster, port) or port,
            master=master.url,
            environment={**environment, "SPARK_CONF_DIR": str(conf)},
            properties=properties,
        )

    def _tell(self, cluster: str, application: Application) -> None:
        with self._lock:
            others = tuple(a for a in self._known.get(cluster, ()) if a.name != application.name)
            self._known[cluster] = (*others, application)
        detail = {"application": application.name, "reason": application.message}
        self._journal.append(self._clock(), cluster, f"application {application.state}", **detail)


def _owner(cluster: str, name: str) -> str:
    """The mark of an application's processes, which can be ended without the cluster's."""
    return f"{cluster}-{name.lower()}"
