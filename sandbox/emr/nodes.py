"""The nodes of a cluster: a folder each, and the Spark daemons on them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.emr.layout import Layout
from sandbox.emr.model import Cluster, Instance, Ports, Role
from sandbox.runtime import ports, readiness
from sandbox.runtime.process import Command
from sandbox.runtime.processes import Processes
from sandbox.spark import shim, standalone
from sandbox.spark.configuration import (
    Installation,
    Services,
    base_properties,
    catalog_properties,
    environment,
    write_conf,
)
from sandbox.spark.standalone import MasterAddress, WorkerSize
from sandbox.spark.submit import Capacity

CATALOG_FACTORY = "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory"
"""The value of `hive.metastore.client.factory.class` that puts Spark on the Data Catalog.
https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-glue.html"""


@dataclass(frozen=True)
class Site:
    """What all clusters of a sandbox share. `master_ui` and `application_ui` are the preferred ports."""

    installation: Installation
    services: Services
    clusters: Path
    event_log: Path
    warehouse: str
    outer: Mapping[str, str]
    master_ui: int
    application_ui: int

    def layout(self, cluster: str) -> Layout:
        """The folders of a cluster."""
        return Layout(self.clusters, cluster)


def prepare(site: Site, cluster: Cluster) -> None:
    """Make every node's folders and the commands on its PATH."""
    layout = site.layout(cluster.id)
    for instance in cluster.instances:
        layout.node(instance.ec2_id).mkdir(parents=True, exist_ok=True)
        layout.node_logs(instance.ec2_id).mkdir(parents=True, exist_ok=True)
    shim.write(layout.bin, site.installation.python)


def node_environment(site: Site, cluster: Cluster) -> dict[str, str]:
    """The environment of whatever runs on the cluster's nodes."""
    layout = site.layout(cluster.id)
    base = environment(site.installation, site.services, layout.conf, site.outer)
    return {**base, "PATH": f"{layout.bin}:{base['PATH']}", "SANDBOX_CLUSTER": cluster.id}


def step_environment(site: Site, cluster: Cluster, size: WorkerSize) -> dict[str, str]:
    """The environment of a step: that of the nodes, and where the master listens."""
    master = MasterAddress(site.services.host, cluster.ports.master, cluster.ports.master_ui)
    return {
        **node_environment(site, cluster),
        **shim.variables(master.url, Capacity(size.cores, size.memory)),
        "MASTER": master.url,
    }


def start(site: Site, cluster: Cluster, processes: Processes, size: WorkerSize) -> Ports:
    """Start master and workers and wait until every worker is registered; returns the master's ports.

    Raises `ProcessDied` or `WorkFailed` with the end of the daemon's log.
    """
    host = site.services.host
    chosen = Ports(ports.choose(host, 7077), ports.choose(host, site.master_ui), site.application_ui)
    address = MasterAddress(host, chosen.master, chosen.master_ui)
    layout = site.layout(cluster.id)
    write_conf(layout.conf, properties(site, cluster, address, chosen))
    variables = node_environment(site, cluster)

    def spawn(command: Command) -> readiness.Supervised:
        return processes.start(command)

    home = layout.node(cluster.master.ec2_id)
    logs = layout.node_logs(cluster.master.ec2_id) / "applications" / "spark"
    master = spawn(standalone.master(site.installation, variables, address, home, logs, cluster.id))
    readiness.wait(standalone.master_ready(address), master, "the Spark master", standalone.READY_TIMEOUT)
    starting = []
    for instance in workers(cluster):
        number = ports.choose(host, 0)
        logs = layout.node_logs(instance.ec2_id) / "applications" / "spark"
        work = layout.node(instance.ec2_id)
        command = standalone.worker(
            site.installation, variables, address, size, number, work, logs, cluster.id, instance.ec2_id
        )
        starting.append((instance, number, spawn(command)))
    for instance, number, worker in starting:
        ready = standalone.worker_ready(address, number)
        readiness.wait(ready, worker, f"the Spark worker of {instance.ec2_id}", standalone.READY_TIMEOUT)
    return chosen


def gather_executor_logs(site: Site, cluster: Cluster) -> None:
    """Copy what executors wrote to where EMR has it: `containers/<application>/<executor>/`."""
    layout = site.layout(cluster.id)
    for instance in cluster.instances:
        work = layout.node(instance.ec2_id) / "work"
        for source in sorted(work.glob("app-*/*/std*")):
            application, executor = source.parent.parent.name, source.parent.name
            target = layout.logs / "containers" / application / f"{instance.ec2_id}_{executor}" / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def properties(site: Site, cluster: Cluster, address: MasterAddress, chosen: Ports) -> dict[str, str]:
    """The cluster's `spark-defaults.conf`: the sandbox's, then what its configurations ask for. Pure."""
    catalog: dict[str, str] = {"spark.sql.catalogImplementation": "in-memory"}
    if cluster.properties("spark-hive-site").get("hive.metastore.client.factory.class") == CATALOG_FACTORY:
        catalog = catalog_properties(site.services, site.warehouse)
    return {
        **base_properties(site.installation, site.services, site.event_log),
        **catalog,
        "spark.master": address.url,
        "spark.ui.port": str(chosen.application_ui),
        **cluster.properties("spark-defaults"),
    }


def workers(cluster: Cluster) -> tuple[Instance, ...]:
    """The nodes that run executors: core and task, or the master when it is alone."""
    others = tuple(instance for instance in cluster.instances if instance.role is not Role.MASTER)
    return others or (cluster.master,)


def daemons(cluster: Cluster) -> frozenset[str]:
    """The names of the cluster's daemons in the table of processes."""
    return frozenset({standalone.MASTER_NAME, *(standalone.worker_name(i.ec2_id) for i in workers(cluster))})
