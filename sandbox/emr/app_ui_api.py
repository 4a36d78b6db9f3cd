"""EMR's operations that lead to the web pages of applications: those that run, and those that have ended.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/app-history-spark-UI.html
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.emr.history import HistoryServer
from sandbox.emr.model import STEP_ACTIVE, Cluster, ClusterState, NewId
from sandbox.emr.refusal import not_emulated
from sandbox.emr.supervisor import Supervisor
from sandbox.errors import AwsError
from sandbox.store import Database, Documents


class AppUiOperations:
    """Addresses are those of this machine, not signed: everybody on it may look.

    `history` is None where the sandbox cannot start a history server, as in a container.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        database: Database,
        history: HistoryServer | None,
        clock: Callable[[], float],
        new_id: NewId,
    ) -> None:
        self._supervisor = supervisor
        self._documents = Documents(database, "persistent-app-ui")
        self._history = history
        self._clock = clock
        self._new_id = new_id

    @operation(Fidelity.EXECUTED)
    def create_persistent_app_ui(self, document: Document) -> Document:
        arn = document["TargetResourceArn"]
        if "EMRContainersConfig" in document:
            raise not_emulated("EMR on EKS")
        _check_persistent(document.get("ProfilerType", "SHS"))
        cluster = self._supervisor.existing(arn.rpartition("/")[2])
        self._server()
        id = self._new_id("p-", 13)
        kept = {"id": id, "cluster": cluster.id, "created": self._clock(), "tags": document.get("Tags", [])}
        self._documents.put(id, kept)
        return {"PersistentAppUIId": id, "RuntimeRoleEnabledCluster": False}

    @operation(Fidelity.EXECUTED)
    def describe_persistent_app_ui(self, document: Document) -> Document:
        kept = self._existing(document["PersistentAppUIId"])
        told = {
            "PersistentAppUIId": kept["id"],
            "PersistentAppUITypeList": ["SHS"],
            "PersistentAppUIStatus": "ATTACHED",
            "CreationTime": kept["created"],
            "LastModifiedTime": kept["created"],
            "Tags": kept["tags"],
        }
        return {"PersistentAppUI": told}

    @operation(Fidelity.EXECUTED)
    def get_persistent_app_ui_presigned_url(self, document: Document) -> Document:
        self._existing(document["PersistentAppUIId"])
        _check_persistent(document.get("PersistentAppUIType", "SHS"))
        return self._past(document.get("ApplicationId"))

    @operation(Fidelity.EXECUTED)
    def get_on_cluster_app_ui_presigned_url(self, document: Document) -> Document:
        cluster = self._supervisor.existing(document["ClusterId"])
        if cluster.state not in (ClusterState.RUNNING, ClusterState.WAITING):
            raise _invalid(f"Cluster '{cluster.id}' is {cluster.state}: it has no application UI.")
        application = document.get("ApplicationId")
        match document.get("OnClusterAppUIType", "SparkHistoryServer"):
            case "SparkHistoryServer":
                return self._past(application)
            case "ResourceManager":
                return self._present(cluster, cluster.ports.master_ui)
            case "ApplicationMaster":
                if application is None:
                    raise _invalid("ApplicationId is missing: the application master of which application?")
                return self._present(cluster, self._live_port(cluster, application))
            case kind:
                raise not_emulated(f"the application UI {kind}")

    def _past(self, application: str | None) -> Document:
        server = self._server()
        url = f"{server.url()}/history/{application}/" if application else f"{server.url()}/"
        return {"PresignedURLReady": server.is_ready(application), "PresignedURL": url}

    def _present(self, cluster: Cluster, port: int) -> Document:
        outside = self._supervisor.outside(cluster, port)
        if outside is None:
            raise not_emulated(f"a way from outside to port {port} of this cluster's master")
        return {"PresignedURLReady": True, "PresignedURL": f"http://127.0.0.1:{outside}/"}

    def _live_port(self, cluster: Cluster, application: str) -> int:
        for step in cluster.steps:
            if step.state in STEP_ACTIVE:
                port = self._supervisor.live_page(cluster, step, application)
                if port is not None:
                    return port
        raise _invalid(f"Application '{application}' does not run on cluster '{cluster.id}'.")

    def _server(self) -> HistoryServer:
        if self._history is None:
            raise not_emulated(
                "a history server that it starts itself in containers: "
                "docker compose --profile history up --detach"
            )
        return self._history

    def _existing(self, id: str) -> Document:
        kept = self._documents.get(id)
        if kept is None:
            raise _invalid(f"Persistent application UI id '{id}' is not valid.")
        return kept


def _check_persistent(kind: str) -> None:
    if kind != "SHS":
        raise not_emulated(f"the persistent application UI {kind}")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)
