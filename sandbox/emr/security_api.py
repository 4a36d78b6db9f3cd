"""EMR's operations on security configurations.

https://docs.aws.amazon.com/emr/latest/APIReference/API_CreateSecurityConfiguration.html
"""

from __future__ import annotations

import json
from collections.abc import Callable

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.emr import security
from sandbox.emr.api import page
from sandbox.emr.model import NewId, Security
from sandbox.errors import AwsError
from sandbox.store import Database, Documents

_SECRET_LENGTH = 40


class SecurityConfigurations:
    """The security configurations of a sandbox, by name."""

    def __init__(self, database: Database) -> None:
        self._documents = Documents(database, "security-configuration")

    def add(self, name: str, text: str, created: float) -> None:
        """Keep a configuration; `InvalidRequestException` when the name is taken."""
        if not self._documents.add(name, {"Name": name, "Text": text, "CreationDateTime": created}):
            raise _invalid(f"Security configuration with name '{name}' already exists.")

    def get(self, name: str) -> Document:
        """Name, Text and CreationDateTime; `InvalidRequestException` when there is none."""
        found = self._documents.get(name)
        if found is None:
            raise _invalid(f"Security configuration with name '{name}' does not exist.")
        return found

    def all(self) -> list[Document]:
        """Every configuration, oldest first."""
        return self._documents.all()

    def delete(self, name: str) -> None:
        """Forget a configuration; clusters that were launched with it keep what they have."""
        self.get(name)
        self._documents.delete(name)

    def for_launch(self, name: str | None, new_id: NewId) -> Security | None:
        """What a cluster that names this configuration is launched with; None without a name."""
        if name is None:
            return None
        return security.launched(name, json.loads(self.get(name)["Text"]), new_id("", _SECRET_LENGTH))


class SecurityOperations:
    """What clusters can be launched with."""

    def __init__(self, configurations: SecurityConfigurations, clock: Callable[[], float]) -> None:
        self._configurations = configurations
        self._clock = clock

    @operation(Fidelity.EXECUTED)
    def create_security_configuration(self, document: Document) -> Document:
        name, now = document["Name"], self._clock()
        if not name:
            raise _invalid("The name of a security configuration must not be empty.")
        security.checked(document["SecurityConfiguration"])
        self._configurations.add(name, document["SecurityConfiguration"], now)
        return {"Name": name, "CreationDateTime": now}

    @operation(Fidelity.EXECUTED)
    def describe_security_configuration(self, document: Document) -> Document:
        found = self._configurations.get(document["Name"])
        return {**_summary(found), "SecurityConfiguration": found["Text"]}

    @operation(Fidelity.EXECUTED)
    def list_security_configurations(self, document: Document) -> Document:
        found = [_summary(one) for one in self._configurations.all()]
        return page("SecurityConfigurations", found, document.get("Marker"))

    @operation(Fidelity.EXECUTED)
    def delete_security_configuration(self, document: Document) -> Document:
        self._configurations.delete(document["Name"])
        return {}


def _summary(found: Document) -> Document:
    return {"Name": found["Name"], "CreationDateTime": found["CreationDateTime"]}


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)
