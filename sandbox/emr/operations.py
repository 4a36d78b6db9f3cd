"""All of EMR's operations, in the groups that perform them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.emr.account_api import AccountOperations
from sandbox.emr.api import EmrOperations
from sandbox.emr.app_ui_api import AppUiOperations
from sandbox.emr.describe import Naming
from sandbox.emr.history import HistoryServer
from sandbox.emr.job_flows import JobFlowOperations
from sandbox.emr.model import NewId
from sandbox.emr.notebook_api import NotebookOperations
from sandbox.emr.notebook_execution import NotebookExecutions
from sandbox.emr.policy_api import PolicyOperations
from sandbox.emr.releases import ReleaseOperations
from sandbox.emr.security_api import SecurityConfigurations, SecurityOperations
from sandbox.emr.supervisor import Supervisor
from sandbox.store import Database

GROUPS: tuple[type, ...] = (
    EmrOperations,
    PolicyOperations,
    SecurityOperations,
    AppUiOperations,
    ReleaseOperations,
    NotebookOperations,
    JobFlowOperations,
    AccountOperations,
)
"""The classes whose methods are the operations."""


@dataclass(frozen=True)
class Parts:
    """What the operations work with. `history` is None where no history server can be started."""

    database: Database
    supervisor: Supervisor
    executions: NotebookExecutions
    history: HistoryServer | None
    naming: Naming
    clock: Callable[[], float]
    new_id: NewId


def groups(parts: Parts) -> list[object]:
    """An object for each of `GROUPS`."""
    supervisor, clock, new_id, naming = parts.supervisor, parts.clock, parts.new_id, parts.naming
    security = SecurityConfigurations(parts.database)
    return [
        EmrOperations(supervisor, clock, new_id, naming, security.for_launch),
        PolicyOperations(supervisor, naming),
        SecurityOperations(security, clock),
        AppUiOperations(supervisor, parts.database, parts.history, clock, new_id),
        ReleaseOperations(naming.spark_version),
        NotebookOperations(supervisor, parts.executions, clock, new_id, naming),
        JobFlowOperations(supervisor, clock, naming),
        AccountOperations(parts.database, naming.account, clock),
    ]
