"""Glue's operations on connections. No error repeats a property of a connection.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-connections-connections.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.errors import AwsError, WorkFailed
from sandbox.glue.connections import JDBC, NETWORK, URL, Connection, Connections, describe
from sandbox.glue.jdbc import address
from sandbox.glue.jdbc.source import opened
from sandbox.glue.requests import check_catalog, page, refuse_members
from sandbox.glue.tags import Kind, Tags

_PAGE = 100
_NOT_EMULATED = (
    "SparkProperties", "AthenaProperties", "PythonProperties", "AuthenticationConfiguration",
    "ValidateForComputeEnvironments",
)  # fmt: skip
_USER = ("USERNAME", "PASSWORD")
_FLAGS = ("JDBC_ENFORCE_SSL", "SKIP_CUSTOM_JDBC_CERT_VALIDATION")
_JDBC_PROPERTIES = {URL, *_USER, "SECRET_ID", *_FLAGS}
_MOST_CRITERIA = 10


class ConnectionOperations:
    """Connections. `client` makes boto3 clients on the sandbox's own endpoint, `clock` gives the time in
    seconds since the epoch."""

    def __init__(
        self,
        connections: Connections,
        tags: Tags,
        client: Callable[[str], Any],
        account: str,
        clock: Callable[[], float],
    ) -> None:
        self._connections = connections
        self._tags = tags
        self._client = client
        self._account = account
        self._clock = clock

    @operation(Fidelity.EXECUTED)
    def create_connection(self, request: Document) -> Document:
        """CreateConnection of type JDBC or NETWORK. Nothing connects before TestConnection or a crawl."""
        check_catalog(request, self._account)
        name, definition = _defined("CreateConnection", request["ConnectionInput"])
        now = self._clock()
        with self._tags.together():
            self._connections.add(Connection(name, definition, now, now))
            self._tags.add(Kind.CONNECTION, name, now, request.get("Tags", {}))
        return {"CreateConnectionStatus": "READY"}

    @operation(Fidelity.EXECUTED)
    def get_connection(self, request: Document) -> Document:
        """GetConnection: with the password unless HidePassword is set."""
        check_catalog(request, self._account)
        refuse_members("GetConnection", request, "ApplyOverrideForComputeEnvironment")
        found = self._connections.get(request["Name"])
        return {"Connection": describe(found, bool(request.get("HidePassword")))}

    @operation(Fidelity.EXECUTED)
    def get_connections(self, request: Document) -> Document:
        """GetConnections, by name: with the passwords unless HidePassword is set."""
        check_catalog(request, self._account)
        condition = request.get("Filter") or {}
        known = {name: each for name, each in self._connections.by_name().items() if each.matches(condition)}
        chosen, following = page(known, request, _PAGE, "GetConnections")
        hide = bool(request.get("HidePassword"))
        return {"ConnectionList": [describe(each, hide) for each in chosen], **following}

    @operation(Fidelity.EXECUTED)
    def update_connection(self, request: Document) -> Document:
        """UpdateConnection: the new definition replaces the old one. A connection keeps its name."""
        check_catalog(request, self._account)
        old = self._connections.get(request["Name"])
        name, definition = _defined("UpdateConnection", request["ConnectionInput"])
        if name != old.name:
            raise _invalid(f"Connection {old.name} cannot be renamed to {name}")
        self._connections.put(Connection(name, definition, old.created, self._clock()))
        return {}

    @operation(Fidelity.EXECUTED)
    def delete_connection(self, request: Document) -> Document:
        """DeleteConnection. A crawler that names it fails at its next run."""
        check_catalog(request, self._account)
        self._connections.delete(request["ConnectionName"])
        return {}

    @operation(Fidelity.EXECUTED)
    def batch_delete_connection(self, request: Document) -> Document:
        """BatchDeleteConnection: what cannot be deleted is told by name."""
        check_catalog(request, self._account)
        succeeded: list[str] = []
        errors: Document = {}
        for name in request["ConnectionNameList"]:
            try:
                self._connections.delete(name)
                succeeded.append(name)
            except AwsError as error:
                errors[name] = {"ErrorCode": error.code, "ErrorMessage": error.message}
        return {"Succeeded": succeeded, "Errors": errors}

    @operation(Fidelity.EXECUTED)
    def test_connection(self, request: Document) -> Document:
        """TestConnection: connects to PostgreSQL as the user, or opens an SQLite file and reads from it.

        InvalidInputException has the database's own words for a connection that fails.
        """
        check_catalog(request, self._account)
        name, given = request.get("ConnectionName"), request.get("TestConnectionInput")
        if (name is None) == (given is None):
            raise _invalid("Exactly one of ConnectionName and TestConnectionInput must be given")
        if name is not None:
            tested = self._connections.get(name)
            self._connect(tested)
            if self._connections.get(name) == tested:
                self._connections.put(replace(tested, validated=self._clock()))
        elif given is not None:
            _, definition = _defined("TestConnection", given)
            self._connect(Connection("", definition, 0.0, 0.0))
        return {}

    def _connect(self, connection: Connection) -> None:
        if connection.kind != JDBC:
            raise _refusal(f"TestConnection of a {connection.kind} connection")
        try:
            with opened(connection.properties, self._client):
                pass
        except WorkFailed as fault:
            name = f"connection {connection.name}" if connection.name else "connection"
            raise _invalid(f"The {name} failed: {fault}") from None


def _defined(operation_name: str, given: Document) -> tuple[str, Document]:
    """Name and definition of the connection that a request holds.

    Raises NotEmulated (501) for what is not emulated by name, InvalidInputException for what Glue would not
    take either.
    """
    refuse_members(operation_name, given, *_NOT_EMULATED)
    if given.get("ValidateCredentials"):
        raise _refusal(f"{operation_name} with ValidateCredentials")
    name = str(given.get("Name", ""))
    if name != name.strip():
        raise _invalid("The name of a connection neither begins nor ends with a space")
    if len(given.get("MatchCriteria") or []) > _MOST_CRITERIA:
        raise _invalid(f"A connection has at most {_MOST_CRITERIA} MatchCriteria")
    match given["ConnectionType"]:
        case "JDBC":
            _check_jdbc(given["ConnectionProperties"])
        case "NETWORK":
            _check_network(given)
        case other:
            raise _refusal(f"a connection of type {other}")
    definition = {key: value for key, value in given.items() if key not in ("Name", "ValidateCredentials")}
    return name, definition


def _check_jdbc(properties: Mapping[str, str]) -> None:
    if unknown := sorted(set(properties) - _JDBC_PROPERTIES):
        raise _refusal(f"the connection property {', '.join(unknown)}")
    if URL not in properties:
        raise _invalid(f"The connection property {URL} is missing")
    for flag in _FLAGS:
        if properties.get(flag, "false") not in ("true", "false"):
            raise _invalid(f"The connection property {flag} must be true or false")
    if properties.get("SKIP_CUSTOM_JDBC_CERT_VALIDATION") == "true":
        raise _refusal("the connection property SKIP_CUSTOM_JDBC_CERT_VALIDATION")
    engine = address.engine_name(properties[URL])
    if engine in set(address.Engine):
        address.parse(properties[URL])
    _check_user(engine, properties)


def _check_user(engine: str, properties: Mapping[str, str]) -> None:
    if "SECRET_ID" in properties and any(each in properties for each in _USER):
        raise _invalid("A connection has either SECRET_ID or USERNAME and PASSWORD")
    if engine == address.Engine.SQLITE:
        if properties.get("JDBC_ENFORCE_SSL") == "true":
            raise _invalid("JDBC_ENFORCE_SSL does not go with an SQLite file")
        return
    missing = [each for each in _USER if not properties.get(each)]
    if missing and "SECRET_ID" not in properties:
        raise _invalid(f"The connection property {' and '.join(missing)} is missing, or SECRET_ID")


def _check_network(given: Document) -> None:
    if given["ConnectionProperties"]:
        raise _invalid(f"A {NETWORK} connection has no ConnectionProperties")
    if not given.get("PhysicalConnectionRequirements"):
        raise _invalid(f"A {NETWORK} connection needs PhysicalConnectionRequirements")


def _refusal(what: str) -> AwsError:
    return AwsError("NotEmulated", f"{what} is not emulated", 501)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)
