"""Clusters as they live: applies events, stores the outcome, then performs the effects.

An effect that takes time runs in a thread of its own and reports its end as the next event.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.emr import bootstrap, events, hardware, nodes, reconfigure, resize, spot, steps
from sandbox.emr.applications import Application, Applications
from sandbox.emr.changes import changes
from sandbox.emr.cluster_scaling import ClusterScaling
from sandbox.emr.clusters import Clusters
from sandbox.emr.decommission import decommission, restart_workers
from sandbox.emr.events import Effect, Event
from sandbox.emr.idle import IdleClusters
from sandbox.emr.lifecycle import advance
from sandbox.emr.logs import LogShipper
from sandbox.emr.model import (
    ENDED,
    Cluster,
    ClusterState,
    Failure,
    Instance,
    NewId,
    Reason,
    Role,
    Step,
)
from sandbox.emr.nodes import Site
from sandbox.emr.reconfigure import Configurations
from sandbox.emr.resize import Resize
from sandbox.errors import AwsError, SandboxError, UsageError
from sandbox.runtime.processes import Processes
from sandbox.runtime.workers import Workers
from sandbox.spark import standalone
from sandbox.spark.application import application_id, ui_port
from sandbox.spark.standalone import MasterAddress, WorkerSize
from sandbox.store import Database, Journal

_log = logging.getLogger(__name__)

WATCH_INTERVAL = 1.0
"""Seconds between two looks at the daemons."""


class Supervisor:
    """Owns every cluster of a sandbox. `clients` makes a client of a service by its name."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        processes: Processes,
        site: Site,
        clients: Callable[[str], Any],
        clock: Callable[[], float],
        new_id: NewId,
    ) -> None:
        self._journal = journal
        self._clusters = Clusters(database, journal)
        self._processes = processes
        self._site = site
        self._clients = clients
        self._clock = clock
        self._applications = Applications(site, processes, journal, clock)
        self._new_id = new_id
        self._scaling = ClusterScaling(
            site, journal, clock, new_id, lambda: clients("cloudwatch"), self.resize
        )
        self._idle = IdleClusters(clock)
        self._lock = threading.RLock()
        self._workers = Workers()
        self._stopped = threading.Event()
        self._logs = LogShipper(self._s3, site.layout)
        self._watcher = threading.Thread(target=self._watch, name="emr-watch")

    def _s3(self) -> Any:
        return self._clients("s3")

    # --- reading

    def get(self, id: str) -> Cluster | None:
        """The cluster with this id, or None."""
        return self._clusters.get(id)

    def existing(self, id: str) -> Cluster:
        """The cluster with this id; `InvalidRequestException` when there is none."""
        cluster = self.get(id)
        if cluster is None:
            raise AwsError("InvalidRequestException", f"Cluster id '{id}' is not valid.")
        return cluster

    def all(self) -> list[Cluster]:
        """Every cluster, oldest first."""
        return self._clusters.all()

    def refusal(self, cluster: Cluster) -> str | None:
        """Why a cluster cannot be had as it is now, and the remedy; None when it can."""
        living = [one for one in self.all() if one.state not in ENDED and one.id != cluster.id]
        return self._site.machines.refusal(cluster, living)

    def outside(self, cluster: Cluster, port: int) -> int | None:
        """The port of 127.0.0.1 under which the user reaches a port of the cluster's master."""
        return self._site.machines.outside(cluster, port)

    def worker_size(self, cluster: Cluster, instance: Instance) -> WorkerSize | None:
        """What the worker on a node offers; None for a master that has none."""
        return self._site.machines.worker_size(cluster, instance) if instance in cluster.workers else None

    def live_page(self, cluster: Cluster, step: Step, application: str) -> int | None:
        """The port of a running application's page; None when it is not this step's."""
        log = self._site.layout(cluster.id).step_logs(step.id) / "stderr"
        return ui_port(log) if application_id(log) == application else None

    def applications(self, id: str) -> tuple[Application, ...]:
        """What a cluster runs beside Spark, what has died of it too."""
        return self._applications.of(id)

    # --- changing

    def launch(self, cluster: Cluster) -> None:
        """Store a new cluster and begin its life; `WorkFailed` when the sandbox is ending."""
        self._workers.admit()
        with self._lock:
            begun = (cluster.id, f"cluster {cluster.state}", {"name": cluster.name})
            self._clusters.commit(cluster, self._clock(), [begun])
        self.apply(cluster.id, events.Launched())

    def change(self, id: str, change: Callable[[Cluster], Cluster]) -> None:
        """Store a change that has no effect on the cluster's life, as of tags."""
        with self._lock:
            cluster = self.get(id)
            if cluster is not None:
                self._clusters.commit(change(cluster))

    def apply(self, id: str, event: Event, check: Callable[[Cluster], None] = lambda _: None) -> Cluster:
        """Advance one cluster; the new state is committed before any effect of it starts.

        `check` sees the cluster as it is at that moment; when it raises, nothing has changed.
        """
        with self._lock:
            before = self.get(id)
            if before is None:
                raise KeyError(id)
            check(before)
            now = self._clock()
            cluster, effects = advance(before, event, now)
            self._clusters.commit(cluster, now, changes(before, cluster))
            for effect in effects:
                self._begin(id, effect)
        return cluster

    def resize(self, id: str, decide: Callable[[Cluster], Resize]) -> Cluster:
        """Resize a cluster as `decide` says of what it is now; `ValidationException` when it is too large."""
        with self._lock:
            cluster = self.get(id)
            if cluster is None:
                raise KeyError(id)
            asked = decide(cluster)
            refusal = self.refusal(asked.of(cluster))
            if asked.added and refusal is not None:
                raise AwsError("ValidationException", refusal)
            return self.apply(id, events.Resized(asked))

    def reconfigure(self, id: str, decide: Callable[[Cluster], Mapping[str, Configurations]]) -> Cluster:
        """Give instance groups other configurations, as `decide` says of what the cluster is now."""
        with self._lock:
            cluster = self.existing(id)
            resize.check_runs(cluster)
            return self.apply(id, events.Reconfigured(decide(cluster)))

    def interrupt(self, ec2_id: str, message: str = spot.MESSAGE) -> Cluster:
        """Take a running spot instance away, as EC2 does; `UsageError` for any other instance."""
        with self._lock:
            for cluster in self.all():
                for instance in cluster.some([ec2_id]):
                    refusal = spot.refusal(instance)
                    if refusal is not None:
                        raise UsageError(refusal)
                    coming = hardware.replacements(cluster, instance, self._clock(), self._new_id)
                    event = events.SpotInterrupted(ec2_id, message, coming, spot.NOTICE)
                    self._journal.append(self._clock(), ec2_id, "spot interruption", cluster=cluster.id)
                    return self.apply(cluster.id, event)
        raise UsageError(f"There is no instance {ec2_id}: sandbox emr describe lists them")

    # --- the sandbox's own life

    def start(self) -> None:
        """Settle what a crash left behind, and watch the daemons from now on."""
        # Machines first: a cluster is told to have ended when nothing of it is left.
        self._site.machines.recover()
        for cluster in self.all():
            if cluster.state not in ENDED:
                self.apply(cluster.id, events.Interrupted())
        self._watcher.start()
        self._logs.start(lambda: (cluster for cluster in self.all() if cluster.state not in ENDED))

    def stop(self) -> None:
        """Terminate every cluster and wait until no process and no thread of them is left."""
        self._workers.refuse_new()
        for cluster in self.all():
            if cluster.state not in ENDED:
                self.apply(cluster.id, events.TerminateRequested("Terminated by the end of the sandbox"))
        self._stopped.set()
        if self._watcher.is_alive():
            self._watcher.join()
        self._workers.join()
        self._logs.stop()

    # --- effects

    def _begin(self, id: str, effect: Effect) -> None:
        self._workers.start(f"{id}-{type(effect).__name__}", lambda: self._perform(id, effect))

    def _perform(self, id: str, effect: Effect) -> None:
        cluster = self.get(id)
        assert cluster is not None
        event = self._outcome(cluster, effect)
        if event is not None:
            self.apply(id, event)

    def _outcome(self, cluster: Cluster, effect: Effect) -> Event | None:
        """Perform one effect; every fault becomes an event, so that no cluster hangs."""
        try:
            match effect:
                case events.PrepareNodes():
                    self._site.machines.allocate(cluster, cluster.instances)
                    nodes.prepare(self._site, cluster, cluster.instances)
                    return events.NodesPrepared()
                case events.RunBootstrapActions():
                    return self._bootstrap(cluster)
                case events.StartApplications():
                    ports = nodes.start(self._site, cluster, self._processes)
                    self._applications.start(cluster, ports)
                    return events.ApplicationsStarted(ports)
                case events.AddNodes(ids):
                    return self._add_nodes(cluster, ids)
                case events.RemoveNodes(ids, seconds):
                    return self._remove_nodes(cluster, ids, seconds)
                case events.ReconfigureNodes(groups):
                    return self._reconfigure(cluster, groups)
                case events.RunStep(step):
                    return self._run_step(cluster, step)
                case events.CancelStep(step, force):
                    self._processes.stop(cluster.id, step, grace=0 if force else 10)
                    return None
                case events.StopNodes():
                    return self._stop_nodes(cluster)
        except Exception as error:
            _log.exception("%s: %s", cluster.id, type(effect).__name__)
            return _fault(effect, error)

    def _bootstrap(self, cluster: Cluster) -> Event:
        layout = self._site.layout(cluster.id)
        try:
            bootstrap.run_all(self._site, cluster, cluster.instances, self._processes, self._s3())
        except SandboxError as error:
            return events.BootstrapFailed(str(error))
        finally:
            self._logs.ship(cluster, layout.logs / "node")
        return events.Bootstrapped()

    def _add_nodes(self, cluster: Cluster, ids: tuple[str, ...]) -> Event:
        """Machine, bootstrap actions and worker for each new node; all of them or none."""
        new, site = cluster.some(ids), self._site
        layout = site.layout(cluster.id)
        try:
            site.machines.allocate(cluster, new)
            nodes.prepare(site, cluster, new)
            bootstrap.run_all(site, cluster, new, self._processes, self._s3())
            nodes.add(site, cluster, new, self._processes)
        except SandboxError as error:
            nodes.remove(cluster, new, self._processes)
            site.machines.release(cluster, new)
            return events.NodesNotAdded(ids, Reason("INSTANCE_FAILURE", str(error)))
        finally:
            self._logs.ship(cluster, layout.logs / "node")
        return events.NodesAdded(ids)

    def _remove_nodes(self, cluster: Cluster, ids: tuple[str, ...], seconds: float) -> Event:
        leaving, site = cluster.some(ids), self._site
        decommission(site, cluster, leaving, self._processes, seconds)
        nodes.remove(cluster, leaving, self._processes)
        nodes.gather_executor_logs(site, cluster, leaving)
        site.machines.release(cluster, leaving)
        return events.NodesRemoved(ids)

    def _reconfigure(self, cluster: Cluster, groups: tuple[str, ...]) -> Event:
        """Where the new configurations keep a worker from starting, the old ones come back."""
        try:
            restart_workers(self._site, cluster, groups, self._processes)
        except SandboxError as error:
            before = reconfigure.ended(cluster, groups, str(error))
            restart_workers(self._site, before, groups, self._processes)
            return events.ReconfigurationEnded(groups, str(error))
        return events.ReconfigurationEnded(groups)

    def _master(self, cluster: Cluster) -> MasterAddress:
        return nodes.master_address(self._site, cluster, cluster.ports)

    def _run_step(self, cluster: Cluster, id: str) -> Event:
        layout = self._site.layout(cluster.id)
        environment = nodes.step_environment(self._site, cluster)
        machine = self._site.machines.machine(cluster, cluster.master)
        failure, applications = steps.run(
            cluster, cluster.step(id), layout, self._processes, environment, machine, self._s3()
        )
        self._logs.ship(cluster, layout.step_logs(id))
        return events.StepEnded(id, failure, applications)

    def _stop_nodes(self, cluster: Cluster) -> Event:
        for known in (self._scaling, self._idle):
            known.forget(cluster)
        self._applications.stop(cluster)
        self._processes.close(cluster.id)
        nodes.gather_executor_logs(self._site, cluster, cluster.living)
        self._site.machines.release(cluster, cluster.living)
        layout = self._site.layout(cluster.id)
        for folder in ("node", "containers"):
            self._logs.ship(cluster, layout.logs / folder)
        self._logs.forget(cluster.id)
        return events.NodesStopped()

    def _watch(self) -> None:
        while not self._stopped.wait(WATCH_INTERVAL):
            for cluster in self.all():
                if cluster.state in (ClusterState.RUNNING, ClusterState.WAITING):
                    try:
                        self._look_at(cluster)
                    except Exception:
                        # The other clusters, and this one a second later, are still to be looked at.
                        _log.exception("%s: watching", cluster.id)

    def _look_at(self, cluster: Cluster) -> None:
        """Replace a node or end the cluster when a daemon or machine is gone, or when it idled too long."""
        self._applications.look(cluster)
        for process in self._processes.dead(cluster.id, nodes.daemons(cluster)):
            message = f"{process.command.name} ended with exit code {process.poll()}\n{process.tail()}"
            node = nodes.node_of(cluster, process.command.name)
            self.apply(cluster.id, self._loss(cluster, node, message))
        # A machine takes its daemons with it: the nodes of those are about to go already.
        lost = self._site.machines.lost(self.existing(cluster.id))
        if lost is not None:
            self.apply(cluster.id, self._loss(cluster, *lost))
        if cluster.idle_timeout is not None and self._idle.expired(
            cluster, self._has_applications, self._touched
        ):
            self.apply(cluster.id, events.IdledOut(cluster.idle_timeout))
        self._scaling.look(cluster)
        if self._site.spot_seed is not None:
            for instance in spot.outbid(cluster, self._site.spot_seed, self._clock()):
                with contextlib.suppress(UsageError):  # it may have gone by itself meanwhile
                    self.interrupt(instance.ec2_id)

    def _loss(self, cluster: Cluster, node: Instance | None, message: str) -> Event:
        """What the loss of a node means: another one, where the cluster replaces them, else the end."""
        if node is None or node.role is Role.MASTER or not cluster.replace_unhealthy:
            return events.InstanceFailed(message)
        return events.NodeLost(node.ec2_id, message, (hardware.like(node, self._clock(), self._new_id),))

    def _touched(self, cluster: Cluster) -> float:
        """When somebody last said on the master that the cluster is at work; 0 for never."""
        try:
            return self._site.layout(cluster.id).busy_file(cluster.master.ec2_id).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def _has_applications(self, cluster: Cluster) -> bool:
        """Whether the master has a Spark application; so it is taken for when the master does not answer."""
        return standalone.active_applications(self._master(cluster)) != 0


def _fault(effect: Effect, error: Exception) -> Event | None:
    """The event that an effect which raised amounts to."""
    match effect:
        case events.RunStep(step):
            return events.StepEnded(step, Failure("The step could not be run.", str(error)))
        case events.RunBootstrapActions():
            return events.BootstrapFailed(str(error))
        case events.StopNodes():
            return events.NodesStopped()
        case events.CancelStep():
            return None
        case events.AddNodes(nodes):
            return events.NodesNotAdded(nodes, Reason("INTERNAL_ERROR", str(error)))
        case events.RemoveNodes(nodes, _):
            return events.NodesRemoved(nodes)
        case _:
            return events.InstanceFailed(str(error))
