"""The composition root: builds every part of a sandbox from Settings, and starts and stops them in order."""

from __future__ import annotations

import contextlib
import os
import secrets
import string
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import botocore.session
from botocore.model import ServiceModel

from sandbox.aws.clients import Clients
from sandbox.aws.delegation import WsgiApplication, moto_application
from sandbox.aws.gateway import Gateway
from sandbox.aws.operations import Fidelity, Service, parity
from sandbox.aws.server import Server
from sandbox.catalog import DataCatalog
from sandbox.emr import operations as emr_operations
from sandbox.emr.applications import ApplicationState
from sandbox.emr.describe import Naming
from sandbox.emr.ec2_instances import Ec2Instances
from sandbox.emr.history import HistoryServer
from sandbox.emr.nodes import Site as ClusterSite
from sandbox.emr.notebook_execution import Notebook, NotebookExecutions
from sandbox.emr.notebook_objects import S3Notes
from sandbox.emr.supervisor import Supervisor
from sandbox.errors import AwsError
from sandbox.glue.bookmark_api import BookmarkOperations
from sandbox.glue.catalog_api import CatalogOperations
from sandbox.glue.classifier_api import ClassifierOperations
from sandbox.glue.connection_api import ConnectionOperations
from sandbox.glue.crawler.runner import CrawlerRunner
from sandbox.glue.crawler_api import CrawlerOperations
from sandbox.glue.job_api import JobOperations
from sandbox.glue.jobs import JobRunner
from sandbox.glue.jobs import Site as JobSite
from sandbox.glue.partition_api import PartitionOperations
from sandbox.glue.scheduler import Scheduler
from sandbox.glue.script_api import ScriptOperations
from sandbox.glue.statistics_api import StatisticsOperations
from sandbox.glue.tag_api import TagOperations
from sandbox.glue.tags import Kind, Tags
from sandbox.glue.trigger_api import TriggerOperations
from sandbox.glue.workflow_api import WorkflowOperations
from sandbox.glue.workflows import WorkflowRunner
from sandbox.metastore.server import MetastoreServer
from sandbox.metastore.storage import storage_for
from sandbox.notebook.builtin import BuiltInEngine
from sandbox.notebook.execution import NoteRunner
from sandbox.notebook.zeppelin import Zeppelin
from sandbox.pages import Pages, Parts
from sandbox.placement import Placement, place
from sandbox.runtime import marks, ports
from sandbox.runtime.address import Address
from sandbox.runtime.lock import StateLock
from sandbox.runtime.machine import ThisMachine
from sandbox.runtime.processes import Processes
from sandbox.s3.application import ObjectStore
from sandbox.s3.routing import parity as s3_parity
from sandbox.s3.upstream import UpstreamS3
from sandbox.settings import LOOPBACK, Settings
from sandbox.spark import installation
from sandbox.spark.companion import Companion
from sandbox.spark.configuration import Installation, Services, client_variables
from sandbox.store import Database, Journal

Clock = Callable[[], float]

GROUPS: Mapping[str, tuple[type, ...]] = {
    "emr": emr_operations.GROUPS,
    "glue": (
        CatalogOperations,
        PartitionOperations,
        StatisticsOperations,
        JobOperations,
        BookmarkOperations,
        CrawlerOperations,
        ClassifierOperations,
        ConnectionOperations,
        TriggerOperations,
        WorkflowOperations,
        ScriptOperations,
        TagOperations,
    ),
}
"""The classes whose methods are the operations of each service."""
_AMAZON = string.digits + string.ascii_uppercase
_HEXADECIMAL = "0123456789abcdef"


class Sandbox:
    """A sandbox in this process, from `start` to `stop` or as a context manager.

    `state` and `port` are short for the settings of that name; port 0 takes a free one. Raises
    `UsageError` for settings that cannot be and `MachineError` when this machine lacks something.
    """

    def __init__(
        self,
        state: str | os.PathLike[str] | None = None,
        port: int | None = None,
        settings: Settings | None = None,
        environment: Mapping[str, str] = os.environ,
        clock: Clock = time.time,
    ) -> None:
        self.settings = settings or Settings.read(environment, Path(state) if state else None, port)
        self.messages: list[str] = []
        self._environment = environment
        self._clock = clock
        self._parts: Parts | None = None
        self._undo = contextlib.ExitStack()

    @property
    def endpoint(self) -> str:
        """The address for `AWS_ENDPOINT_URL`."""
        return self.parts.services.endpoint.outside

    @property
    def metastore(self) -> str:
        """The address for `hive.metastore.uris`."""
        return self.parts.services.metastore.outside

    @property
    def parts(self) -> Parts:
        """What runs; RuntimeError when nothing does."""
        if self._parts is None:
            raise RuntimeError("the sandbox is not running: call start() or use it in a with statement")
        return self._parts

    def environment(self) -> dict[str, str]:
        """The variables with which any AWS client finds this sandbox."""
        services = self.parts.services
        return client_variables(services, services.endpoint.outside)

    def client(self, service: str) -> Any:
        """A boto3 client of `service` on this sandbox."""
        return self.parts.clients(service)

    def start(self) -> Sandbox:
        """Recover what a crash left behind, then start everything; returns itself."""
        try:
            lock = StateLock(self.settings.state / "lock")
            lock.acquire()
            self._undo.callback(lock.release)
            marks.reap(self.settings.mark)
            self._parts = self._build()
        except BaseException:
            self._undo.close()
            raise
        return self

    def stop(self) -> None:
        """End every cluster and job run, and leave no process, thread or port behind. Idempotent."""
        self._undo.close()
        self._parts = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- building, in the order in which things need each other

    def _build(self) -> Parts:
        settings, undo = self.settings, self._undo
        spark = installation.find(settings, self._environment)
        database = Database(settings.state / "sandbox.db")
        undo.callback(database.close)
        journal = Journal(database)
        processes = Processes(settings.mark, ThisMachine(settings.host))
        placement = place(settings, spark, self._clock, undo)
        services = self._services(placement)
        clients = Clients(services.endpoint.inside, services.access_key, services.secret_key, services.region)
        undo.callback(clients.close)
        catalog = DataCatalog(database, self._clock)
        self._start_metastore(placement, catalog, services, clients)
        site = self._cluster_site(placement, services)
        supervisor = Supervisor(database, journal, processes, site, clients, self._clock, _amazon_id)
        executions = NotebookExecutions(
            database, journal, _notebooks(supervisor), S3Notes(lambda: clients("s3")), self._clock
        )
        jobs = JobRunner(database, journal, processes, self._job_site(spark, services), clients, self._clock)
        crawlers = CrawlerRunner(database, journal, catalog, clients, self._clock, lambda: str(uuid.uuid4()))
        workflows = WorkflowRunner(database, journal, jobs, crawlers, self._clock, _hexadecimal_id)
        scheduler = Scheduler(database, journal, workflows.schedules, self._clock)
        history, naming = self._history(replace(site, installation=spark), processes), self._naming(spark)
        emr = emr_operations.Parts(database, supervisor, executions, history, naming, self._clock, _amazon_id)
        emulated = {
            "ElasticMapReduce": Service(_model("emr"), emr_operations.groups(emr)),
            "AWSGlue": self._glue(catalog, workflows, Tags(database), clients),
        }
        parts = Parts(services, clients, journal, supervisor, jobs, emulated, spark)
        self._start_gateway(placement, parts)
        for part in (supervisor, executions, jobs, crawlers, workflows, scheduler):
            part.start()
            undo.callback(part.stop)
        return parts

    def _history(self, site: ClusterSite, processes: Processes) -> HistoryServer | None:
        """In a container the sandbox can start none that its user's machine would reach."""
        if self.settings.published is not None:
            return None
        here = ThisMachine(self.settings.host)
        history = HistoryServer(site, processes, here, self.settings.state / "history")
        self._undo.callback(history.stop)
        return history

    def _naming(self, spark: Installation) -> Naming:
        return Naming(self.settings.account, self.settings.region, LOOPBACK, spark.version)

    def _glue(self, catalog: DataCatalog, workflows: WorkflowRunner, tags: Tags, clients: Clients) -> Service:
        account = self.settings.account
        groups = [
            CatalogOperations(catalog, tags, account),
            PartitionOperations(catalog, account),
            StatisticsOperations(catalog, account),
            JobOperations(workflows.jobs, tags, self._clock, _hexadecimal_id),
            BookmarkOperations(workflows.jobs),
            CrawlerOperations(workflows.crawlers, tags, self._clock),
            ClassifierOperations(workflows.crawlers.classifiers, self._clock),
            ConnectionOperations(workflows.crawlers.connections, tags, clients, account, self._clock),
            TriggerOperations(workflows, tags, self._clock),
            WorkflowOperations(workflows, tags, self._clock),
            ScriptOperations(catalog),
            TagOperations(tags, _created(catalog, workflows), account),
        ]
        return Service(_model("glue"), groups)

    def _services(self, placement: Placement) -> Services:
        settings, published = self.settings, self.settings.published
        own = self._port("endpoint", settings.port), self._port("metastore", settings.metastore_port)
        seen = (published.endpoint, published.metastore) if published else own
        endpoint = Address(f"http://{LOOPBACK}:{seen[0]}", f"http://{placement.host}:{own[0]}")
        metastore = Address(f"thrift://{LOOPBACK}:{seen[1]}", f"thrift://{placement.host}:{own[1]}")
        return Services(
            endpoint=endpoint,
            s3=Address(endpoint.outside, settings.s3_endpoint or endpoint.inside),
            metastore=metastore,
            region=settings.region,
            host=placement.host,
        )

    def _port(self, what: str, preferred: int) -> int:
        chosen = ports.choose(self.settings.bind, preferred)
        if preferred and chosen != preferred:
            self.messages.append(f"port {preferred} is taken: the {what} listens on {chosen}")
        return chosen

    def _start_metastore(
        self, placement: Placement, catalog: DataCatalog, services: Services, clients: Clients
    ) -> None:
        port = int(services.metastore.inside.rpartition(":")[2])
        for address in placement.addresses:
            metastore = MetastoreServer(
                catalog, address, port, self._warehouse, storage_for(clients("s3")), self._clock
            )
            metastore.start()
            self._undo.callback(metastore.stop)

    def _start_gateway(self, placement: Placement, parts: Parts) -> None:
        pages = Pages(parts, self.settings, self.messages)
        moto = moto_application(self.settings.account)
        nodes = Ec2Instances(parts.supervisor.all, self.settings.account, self.settings.region)
        gateway = Gateway(
            parts.emulated,
            self._s3(parts.services),
            moto,
            pages.by_name(),
            pages.actions(),
            {"ec2": nodes.prepare},
            placement.host,
        )
        port = int(parts.services.endpoint.inside.rpartition(":")[2])
        for address in placement.addresses:
            server = Server(gateway, address, port)
            server.start()
            self._undo.callback(server.stop)

    def _s3(self, services: Services) -> WsgiApplication:
        """The object store of the sandbox, or the S3 that stands in for it when one is set."""
        settings = self.settings
        if settings.s3_endpoint is None:
            known = {services.access_key: services.secret_key} if settings.verify_signatures else None
            store = ObjectStore(
                settings.state / "s3", settings.account, settings.region, self._clock, credentials=known
            )
            self._undo.callback(store.close)
            return store
        upstream = UpstreamS3(settings.s3_endpoint)
        self._undo.callback(upstream.close)
        return upstream

    @property
    def _warehouse(self) -> str:
        return f"file:{self.settings.state / 'warehouse'}"

    @property
    def _event_log(self) -> Path:
        folder = self.settings.state / "event-log"
        folder.mkdir(exist_ok=True)
        return folder

    def _cluster_site(self, placement: Placement, services: Services) -> ClusterSite:
        return ClusterSite(
            installation=placement.spark,
            services=services,
            clusters=self.settings.state / "clusters",
            event_log=self._event_log,
            warehouse=self._warehouse,
            outer=self._environment,
            master_ui=self.settings.master_ui_port,
            application_ui=self.settings.application_ui_port,
            companions=self._companions(placement.spark),
            machines=placement.machines,
            spot_seed=self.settings.spot_seed,
        )

    def _companions(self, spark: Installation) -> Mapping[str, Companion]:
        """What clusters can have beside Spark: on EMR that is called Zeppelin, whichever of the two it is."""
        settings = self.settings
        notes = settings.state / "notebooks"
        if settings.zeppelin_home is not None:
            return {"Zeppelin": Zeppelin(settings.zeppelin_home, notes, settings.notebook_port)}
        return {"Zeppelin": BuiltInEngine(spark.python, notes, settings.notebook_port)}

    def _job_site(self, spark: Installation, services: Services) -> JobSite:
        return JobSite(
            installation=spark,
            # A job runs on this machine, wherever the nodes of clusters are.
            services=replace(services, host=self.settings.host),
            runs=self.settings.state / "job-runs",
            event_log=self._event_log,
            warehouse=self._warehouse,
            outer=self._environment,
            application_ui=self.settings.application_ui_port,
        )


def parity_table() -> dict[str, dict[str, Fidelity]]:
    """Every operation of our services with its fidelity; nothing is started for it."""
    services = {name: parity(_model(name), groups) for name, groups in GROUPS.items()}
    return {**services, "s3": s3_parity(_model("s3"))}


def _created(catalog: DataCatalog, workflows: WorkflowRunner) -> Mapping[Kind, Callable[[str], float]]:
    """When each kind of Glue's resources was created, by name."""
    return {
        Kind.DATABASE: lambda name: float(catalog.get_database(name)["CreateTime"]),
        Kind.JOB: lambda name: workflows.jobs.existing(name).created,
        Kind.CRAWLER: lambda name: workflows.crawlers.crawler(name).created,
        Kind.TRIGGER: lambda name: workflows.trigger(name).created,
        Kind.WORKFLOW: lambda name: workflows.workflow(name).created,
        Kind.CONNECTION: lambda name: workflows.crawlers.connections.get(name).created,
    }


def _notebooks(supervisor: Supervisor) -> Callable[[str], Notebook]:
    """Finds the notebook of a cluster; `InvalidRequestException` when none runs there."""

    def notebook(cluster: str) -> Notebook:
        for application in supervisor.applications(cluster):
            if application.state is ApplicationState.RUNNING:
                return NoteRunner(application.url)
        message = f"Cluster {cluster} runs no notebook: launch it with the application Zeppelin"
        raise AwsError("InvalidRequestException", message)

    return notebook


def _model(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def _amazon_id(prefix: str, length: int) -> str:
    """An id such as `j-3KBQ7T0A1B2C3`; EC2's are hexadecimal."""
    alphabet = _HEXADECIMAL if prefix == "i-" else _AMAZON
    return prefix + "".join(secrets.choice(alphabet) for _ in range(length))


def _hexadecimal_id(prefix: str, length: int) -> str:
    return prefix + secrets.token_hex(length // 2)
