"""A database that is open: what tables it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.glue.jdbc import postgres, sqlite
from sandbox.glue.jdbc.address import Address, Engine, parse
from sandbox.glue.jdbc.credentials import credentials
from sandbox.glue.jdbc.table import Table


class Connected(Protocol):
    """A connection to a database. Its methods raise WorkFailed with the database's own words."""

    def tables(self) -> Sequence[Table]:
        """The tables and views that the user may see, in the order of their names."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


@dataclass(frozen=True)
class Source:
    """A database with the connection to it."""

    address: Address
    connected: Connected


@contextmanager
def opened(properties: Mapping[str, str], client: Callable[[str], Any]) -> Iterator[Source]:
    """Connect as a JDBC connection's properties say; the connection ends with the block.

    Raises WorkFailed with the database's own words, without the password, AwsError for a URL that is wrong
    or not emulated.
    """
    address = parse(properties["JDBC_CONNECTION_URL"])
    match address.engine:
        case Engine.POSTGRESQL:
            encrypted = properties.get("JDBC_ENFORCE_SSL") == "true"
            connected: Connected = postgres.connect(address, credentials(properties, client), encrypted)
        case Engine.SQLITE:
            connected = sqlite.connect(address.path)
    try:
        yield Source(address, connected)
    finally:
        connected.close()
