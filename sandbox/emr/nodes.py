"""The nodes of a cluster: a folder each, and the Spark daemons on them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sandbox.emr import commands, configurations, node_info, node_python, sizing
from sandbox.emr.commands import aws
from sandbox.emr.configurations import Classification
from sandbox.emr.layout import Layout
from sandbox.emr.machines import Machines
from sandbox.emr.model import Cluster, Instance, Ports, Role
from sandbox.errors import ProcessDied, WorkFailed
from sandbox.runtime import readiness
from sandbox.runtime.machine import Machine, Running
from sandbox.runtime.process import Command
from sandbox.runtime.processes import Processes
from sandbox.runtime.readiness import Ready
from sandbox.spark import hadoop, shim, standalone
from sandbox.spark.companion import Companion
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

LEAST_EXECUTOR = 512
"""MiB; Spark refuses executors below 450."""
PORT_TAKEN = "java.net.BindException"
CATALOG_FACTORY = "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory"
"""The value of `hive.metastore.client.factory.class` that puts Spark on the Data Catalog.
https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-glue.html"""


@dataclass(frozen=True)
class Site:
    """What all clusters of a sandbox share. `master_ui` and `application_ui` are the preferred ports.

    `companions` are the applications beside Spark that a cluster can ask for, by EMR's names. With
    `spot_seed` the prices of spot instances change, and outbid ones are taken away.
    """

    installation: Installation
    services: Services
    clusters: Path
    event_log: Path
    warehouse: str
    outer: Mapping[str, str]
    master_ui: int
    application_ui: int
    machines: Machines
    companions: Mapping[str, Companion]
    spot_seed: int | None = None

    def layout(self, cluster: str) -> Layout:
        """The folders of a cluster."""
        return Layout(self.clusters, cluster)


def prepare(site: Site, cluster: Cluster, instances: Sequence[Instance]) -> None:
    """Make the nodes' folders, what they know of themselves, and the commands on their PATH."""
    layout = site.layout(cluster.id)
    master = site.machines.machine(cluster, cluster.master).host
    for instance in instances:
        busy = layout.busy_file(instance.ec2_id).parent
        for folder in (layout.node_info(instance.ec2_id), layout.node_logs(instance.ec2_id), busy):
            folder.mkdir(parents=True, exist_ok=True)
        node_python.make(layout.node_python(instance.ec2_id))
        documents = node_info.documents(cluster, instance, master, site.services.region)
        for name, document in documents.items():
            (layout.node_info(instance.ec2_id) / name).write_text(json.dumps(document, indent=2) + "\n")
        if site.machines.standing_master is not None:
            # Its worker was there before the cluster, and finds by its host's name which node it is.
            host = site.machines.machine(cluster, instance).host
            node_python.link(layout.node_python(instance.ec2_id), layout.bin / commands.HOSTS / host)
    commands.write(layout.bin, site.installation.python)
    shim.write(layout.bin, site.installation.python)
    hadoop.write(layout.bin, site.installation.python)


def node_environment(site: Site, cluster: Cluster, instance: Instance) -> dict[str, str]:
    """The environment of whatever runs on one of the cluster's nodes.

    The sandbox's own programs are not on its PATH, lest a `pip3 install` changes the sandbox.
    """
    layout = site.layout(cluster.id)
    python = layout.node_python(instance.ec2_id)
    services = replace(site.services, host=site.machines.machine(cluster, instance).host)
    base = environment(site.installation, services, layout.conf(instance.group), site.outer)
    path = base["PATH"].removeprefix(f"{site.installation.python.parent}:")
    own_cli = shutil.which("aws", path=site.outer.get("PATH", ""))
    return {
        **base,
        **({aws.USERS_OWN: own_cli} if own_cli else {}),
        "HOME": str(layout.node(instance.ec2_id)),
        "PATH": f"{layout.bin}:{python / 'bin'}:{path}",
        **dict.fromkeys(("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"), str(layout.bin / "python3")),
        commands.NODE_PYTHON: str(python),
        "SANDBOX_CLUSTER": cluster.id,
        "SANDBOX_NODE_ROLE": str(instance.role),
    }


def executor_room(site: Site, cluster: Cluster) -> WorkerSize:
    """What every worker of the cluster offers: an executor of this size finds room on any of them."""
    return sizing.smallest(_worker_sizes(site, cluster))


def _worker_sizes(site: Site, cluster: Cluster) -> list[WorkerSize]:
    return [site.machines.worker_size(cluster, one) for one in cluster.workers]


def step_environment(site: Site, cluster: Cluster) -> dict[str, str]:
    """The environment of a step: that of the master node, and where the master listens."""
    master = master_address(site, cluster, cluster.ports)
    sizes = _worker_sizes(site, cluster)
    size = sizing.smallest(sizes)
    share = cores_share(cluster.step_concurrency, sum(one.cores for one in sizes))
    return {
        **node_environment(site, cluster, cluster.master),
        **shim.variables(
            master.url, Capacity(size.cores, memory_share(cluster.step_concurrency, size.memory), share)
        ),
        "MASTER": master.url,
    }


def memory_share(concurrency: int, memory: int) -> int:
    """MiB that an executor may have on a worker with so much memory, which so many steps share."""
    return max(LEAST_EXECUTOR, memory // concurrency)


def cores_share(concurrency: int, cores: int) -> int | None:
    """How many of a cluster's cores each of so many steps takes; None for all, when there is only one."""
    return max(1, cores // concurrency) if concurrency > 1 else None


def master_address(site: Site, cluster: Cluster, ports: Ports) -> MasterAddress:
    """Where the cluster's master listens."""
    host = site.machines.machine(cluster, cluster.master).host
    return MasterAddress(host, ports.master, ports.master_ui)


def start(site: Site, cluster: Cluster, processes: Processes) -> Ports:
    """Have master and workers running and every worker registered; returns the master's ports.

    Raises `ProcessDied` or `WorkFailed` with the end of the daemon's log.
    """
    standing = site.machines.standing_master
    if standing is not None:
        chosen = Ports(standing.port, standing.ui_port, site.application_ui)
        write_confs(site, cluster, standing, chosen)
        _find_standing(site, cluster, cluster.workers, standing)
        return chosen
    chosen = _start_master(site, cluster, processes)
    _start_workers(site, cluster, cluster.workers, master_address(site, cluster, chosen), processes)
    return chosen


def _start_master(site: Site, cluster: Cluster, processes: Processes) -> Ports:
    """The master on the usual ports, or on any others when somebody takes them in this very moment."""
    machine = site.machines.machine(cluster, cluster.master)
    for preferred in ((7077, site.master_ui), (0, 0)):
        port, ui_port = map(machine.choose_port, preferred)
        chosen = Ports(port, ui_port, site.application_ui)
        address = master_address(site, cluster, chosen)
        write_confs(site, cluster, address, chosen)
        master = processes.start(_master(site, cluster, address), machine)
        try:
            # Another sandbox's master may have taken the port meanwhile, and would answer as well.
            own = Ready("its own port", partial(master.listens, port))
            ready = standalone.master_ready(address) & own
            readiness.wait(ready, master, "the Spark master", standalone.READY_TIMEOUT)
        except ProcessDied as error:
            processes.forget(cluster.id, standalone.MASTER_NAME)
            if PORT_TAKEN not in str(error):
                raise
        else:
            return chosen
    raise WorkFailed("The Spark master found no port: other programs took every one that was tried")


def add(site: Site, cluster: Cluster, instances: Sequence[Instance], processes: Processes) -> None:
    """Have workers running on nodes of a cluster that is up; raises as `start` does."""
    address = master_address(site, cluster, cluster.ports)
    # Of a group that is new, and of all for whom the smallest worker is another now.
    write_confs(site, cluster, address, cluster.ports)
    if site.machines.standing_master is not None:
        _find_standing(site, cluster, instances, address)
    else:
        _start_workers(site, cluster, instances, address, processes)


def remove(cluster: Cluster, instances: Sequence[Instance], processes: Processes) -> None:
    """End the workers of nodes; Spark does the tasks that ran there again elsewhere."""
    for instance in instances:
        name = standalone.worker_name(instance.ec2_id)
        if processes.stop(cluster.id, name):
            processes.forget(cluster.id, name)


def _start_workers(
    site: Site,
    cluster: Cluster,
    instances: Sequence[Instance],
    address: MasterAddress,
    processes: Processes,
) -> None:
    starting = [
        (instance, *_start_worker(site, cluster, instance, address, processes)) for instance in instances
    ]
    for instance, host, number, worker in starting:
        ready = standalone.worker_ready(address, host, number)
        readiness.wait(ready, worker, f"the Spark worker of {instance.ec2_id}", standalone.READY_TIMEOUT)


def _find_standing(
    site: Site, cluster: Cluster, instances: Sequence[Instance], address: MasterAddress
) -> None:
    """`WorkFailed` when a worker that runs by itself is not registered in time."""
    for instance in instances:
        host = site.machines.machine(cluster, instance).host
        ready = standalone.worker_ready(address, host)
        watched = _Machine(site.machines.machine(cluster, instance))
        readiness.wait(ready, watched, f"the Spark worker on {host}", standalone.READY_TIMEOUT)


@dataclass(frozen=True)
class _Machine:
    """A machine in the place of a process, for a wait: its daemon is not ours to watch."""

    machine: Machine

    def poll(self) -> int | None:
        return None

    def tail(self) -> str:
        return f"look at the log of {self.machine.host}"


def _master(site: Site, cluster: Cluster, address: MasterAddress) -> Command:
    node = cluster.master
    layout = site.layout(cluster.id)
    logs = layout.node_logs(node.ec2_id) / "applications" / "spark"
    variables = node_environment(site, cluster, node)
    return standalone.master(
        site.installation, variables, address, layout.node(node.ec2_id), logs, cluster.id
    )


def _start_worker(
    site: Site,
    cluster: Cluster,
    instance: Instance,
    address: MasterAddress,
    processes: Processes,
) -> tuple[str, int, Running]:
    """The host, port and process of the worker on a node."""
    machine, layout = site.machines.machine(cluster, instance), site.layout(cluster.id)
    number = machine.choose_port(0)
    command = standalone.worker(
        site.installation,
        node_environment(site, cluster, instance),
        address,
        site.machines.worker_size(cluster, instance),
        standalone.Seat(machine.host, number, layout.node(instance.ec2_id), instance.ec2_id),
        layout.node_logs(instance.ec2_id) / "applications" / "spark",
        cluster.id,
    )
    return machine.host, number, processes.start(command, machine)


def gather_executor_logs(site: Site, cluster: Cluster, instances: Sequence[Instance]) -> None:
    """Copy what executors wrote to where EMR has it: `containers/<application>/<executor>/`."""
    layout = site.layout(cluster.id)
    for instance in instances:
        work = site.machines.work(cluster, instance)
        for source in sorted(work.glob("app-*/*/std*")):
            application, executor = source.parent.parent.name, source.parent.name
            target = layout.logs / "containers" / application / f"{instance.ec2_id}_{executor}" / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def write_confs(site: Site, cluster: Cluster, address: MasterAddress, chosen: Ports) -> None:
    """Write the configuration folder of every group, as its configurations ask for it now."""
    for group in {instance.group for instance in cluster.living}:
        entries = cluster.group_configurations(group)
        write_conf(
            site.layout(cluster.id).conf(group),
            properties(site, cluster, address, chosen, group),
            configurations.properties(entries, Classification.SPARK_LOG4J2),
            configurations.exports(entries),
        )


def properties(
    site: Site, cluster: Cluster, address: MasterAddress, chosen: Ports, group: str
) -> dict[str, str]:
    """A group's `spark-defaults.conf`: the sandbox's, then what its configurations ask for."""
    entries = cluster.group_configurations(group)
    hive = configurations.properties(entries, Classification.SPARK_HIVE_SITE)
    catalog: dict[str, str] = {"spark.sql.catalogImplementation": "in-memory"}
    if hive.pop("hive.metastore.client.factory.class", None) == CATALOG_FACTORY:
        catalog = catalog_properties(site.services, site.warehouse)
    room = executor_room(site, cluster)
    return {
        **base_properties(site.installation, replace(site.services, host=address.host), site.event_log),
        **catalog,
        **{f"spark.hadoop.{name}": value for name, value in hive.items()},
        "spark.master": address.url,
        "spark.ui.port": str(chosen.application_ui),
        **standalone.DECOMMISSION,
        **(cluster.security.properties if cluster.security else {}),
        **configurations.spark_properties(entries, room.cores, room.memory),
    }


def node_of(cluster: Cluster, daemon: str) -> Instance | None:
    """The core or task node whose worker has this name; None for what the cluster cannot do without."""
    for instance in cluster.workers:
        if standalone.worker_name(instance.ec2_id) == daemon and instance.role is not Role.MASTER:
            return instance
    return None


def daemons(cluster: Cluster) -> frozenset[str]:
    """The names that the cluster's daemons have in the table of processes, but those of nodes that leave."""
    restarting = {group.id for group in cluster.groups if group.reconfiguring}
    staying = (instance.ec2_id for instance in cluster.staying if instance.group not in restarting)
    return frozenset({standalone.MASTER_NAME, *map(standalone.worker_name, staying)})
