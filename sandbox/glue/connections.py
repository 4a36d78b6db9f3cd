"""Connections as they are stored, and as Glue describes them.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-connections-connections.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cattrs

from sandbox.errors import AwsError
from sandbox.store import Database, Documents

Document = dict[str, Any]

JDBC = "JDBC"
NETWORK = "NETWORK"
URL = "JDBC_CONNECTION_URL"
_SCHEMA_VERSION = 1
_SECRET = "PASSWORD"


@dataclass(frozen=True)
class Connection:
    """A connection: its ConnectionInput without the name, which no repr shows as it may hold a password.

    Times are seconds since the epoch; `validated` is when it was last tested with success.
    """

    name: str
    definition: dict[str, Any] = field(repr=False)
    created: float
    updated: float
    validated: float | None = None

    @property
    def kind(self) -> str:
        """Its ConnectionType."""
        return str(self.definition["ConnectionType"])

    @property
    def properties(self) -> dict[str, str]:
        """Its ConnectionProperties."""
        return dict(self.definition["ConnectionProperties"])

    @property
    def criteria(self) -> list[str]:
        """Its MatchCriteria."""
        return list(self.definition.get("MatchCriteria") or [])

    def matches(self, condition: Document) -> bool:
        """Whether a GetConnectionsFilter chooses it: it has the type and all of the criteria."""
        kind = condition.get("ConnectionType") or self.kind
        version = condition.get("ConnectionSchemaVersion") or _SCHEMA_VERSION
        wanted = set(condition.get("MatchCriteria") or [])
        return kind == self.kind and version == _SCHEMA_VERSION and wanted <= set(self.criteria)


def describe(connection: Connection, hide_password: bool) -> Document:
    """Glue's Connection structure: with the password, as Glue answers, unless it is to be hidden."""
    properties = connection.properties
    if hide_password:
        properties.pop(_SECRET, None)
    validated = connection.validated
    return {
        **connection.definition,
        "Name": connection.name,
        "ConnectionProperties": properties,
        "CreationTime": connection.created,
        "LastUpdatedTime": connection.updated,
        "Status": "READY",
        "ConnectionSchemaVersion": _SCHEMA_VERSION,
        **({"LastConnectionValidationTime": validated} if validated is not None else {}),
    }


class Connections:
    """The connections of the account."""

    def __init__(self, database: Database) -> None:
        self._documents = Documents(database, "connection")

    def get(self, name: str) -> Connection:
        """The connection of this name. Raises EntityNotFoundException."""
        document = self._documents.get(name)
        if document is None:
            raise _not_found(name)
        return cattrs.structure(document, Connection)

    def by_name(self) -> dict[str, Connection]:
        """Every connection, in the order of the names."""
        found = [cattrs.structure(document, Connection) for document in self._documents.all()]
        return {each.name: each for each in sorted(found, key=lambda each: each.name)}

    def add(self, connection: Connection) -> None:
        """Store a new connection. Raises AlreadyExistsException."""
        if not self._documents.add(connection.name, cattrs.unstructure(connection)):
            raise AwsError("AlreadyExistsException", f"Connection {connection.name} already exists.")

    def put(self, connection: Connection) -> None:
        """Store a changed connection."""
        self._documents.put(connection.name, cattrs.unstructure(connection))

    def delete(self, name: str) -> None:
        """Forget a connection. Raises EntityNotFoundException."""
        if not self._documents.delete(name):
            raise _not_found(name)


def _not_found(name: str) -> AwsError:
    return AwsError("EntityNotFoundException", f"Connection {name} not found.")
