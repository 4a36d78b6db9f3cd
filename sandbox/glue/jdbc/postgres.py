"""PostgreSQL, over its own protocol."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any

import pg8000.native

from sandbox.errors import WorkFailed
from sandbox.glue.jdbc.address import Address
from sandbox.glue.jdbc.credentials import Credentials
from sandbox.glue.jdbc.table import Table, decimal

_SECONDS = 15
"""How long the server may keep silent."""
_TABLES = """
SELECT t.table_schema, t.table_name, t.table_type = 'VIEW', c.column_name, c.udt_name,
       c.numeric_precision, c.numeric_scale, c.character_maximum_length
FROM information_schema.tables t
LEFT JOIN information_schema.columns c USING (table_catalog, table_schema, table_name)
WHERE t.table_schema <> 'information_schema' AND t.table_schema NOT LIKE 'pg\\_%'
ORDER BY t.table_schema, t.table_name, c.ordinal_position
"""
_TYPES = {
    "bool": "boolean",
    "int2": "smallint",
    "int4": "int",
    "int8": "bigint",
    "oid": "bigint",
    "float4": "float",
    "float8": "double",
    "money": "double",
    "bytea": "binary",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
}


class _Server:
    """A session on a server."""

    def __init__(self, session: pg8000.native.Connection, who: Credentials) -> None:
        self._session = session
        self._who = who

    def tables(self) -> Sequence[Table]:
        """The tables and views on which the user has a privilege; those of the system are left out."""
        with _own_words(self._who):
            rows = self._session.run(_TABLES)
        return [
            Table(*key, tuple((row[3], hive_type(*row[4:])) for row in columns if row[3] is not None))
            for key, columns in groupby(rows, lambda row: (row[0], row[1], row[2]))
        ]

    def close(self) -> None:
        """End the session; one that is lost needs no end."""
        with suppress(Exception):
            self._session.close()


def connect(address: Address, who: Credentials, encrypted: bool) -> _Server:
    """Open a session. `encrypted` demands TLS, with a certificate of the host that this machine trusts; else
    TLS is used where the server offers it.

    Raises WorkFailed with the server's own words, without the password.
    """
    with _own_words(who):
        line = socket.create_connection((address.host, address.port), _SECONDS)
        try:
            session = pg8000.native.Connection(
                who.username,
                host=address.host,
                sock=line,
                database=address.database,
                password=who.password,
                ssl_context=ssl.create_default_context() if encrypted else None,
            )
        except BaseException:
            # The library closes it only when a session was begun.
            line.close()
            raise
    return _Server(session, who)


def hive_type(name: str, precision: int | None, scale: int | None, length: int | None) -> str:
    """The type of a column, by PostgreSQL's internal name of it; what Hive has no type for is a string."""
    if name.startswith("_"):
        return f"array<{hive_type(name[1:], None, None, None)}>"
    if name == "numeric":
        return decimal(precision, scale)
    if name == "bit":
        return "boolean" if length == 1 else "string"
    return _TYPES.get(name, "string")


@contextmanager
def _own_words(who: Credentials) -> Iterator[None]:
    """Whatever goes wrong is told in the words of the server or of this machine.

    What answers may be no PostgreSQL at all, and then any error can come of it. Its cause is not chained,
    so that nothing that quotes the password comes into a log.
    """
    try:
        yield
    except Exception as fault:
        raise WorkFailed(who.redacted(_words(fault))) from None


def _words(fault: Exception) -> str:
    told: Any = fault.args[0] if fault.args else None
    if isinstance(told, dict) and "M" in told:
        severity = told.get("S", "ERROR")
        return f"{severity}: {told['M']}"
    cause = f": {fault.__cause__}" if fault.__cause__ else ""
    return f"{type(fault).__name__}: {fault}{cause}"
