"""JDBC URLs: which database they name. Pure; no error repeats a URL, which may hold a password.

https://docs.aws.amazon.com/glue/latest/dg/connection-properties.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from sandbox.errors import AwsError

_ENGINE = re.compile(r"jdbc:([a-z][a-z0-9]*):.")
_PASSWORD = re.compile(r"[?&;,(](?:password|pwd)=|//[^/?@]*@|:[^:/@]+/[^@]*@", re.IGNORECASE)
_PORT = 5432


class Engine(StrEnum):
    """A database that can be connected to, as JDBC URLs and classifications name it."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


@dataclass(frozen=True)
class Address:
    """Where a database is: host and port of a server, or the path of a file. `database` is the name by which
    include paths call it; that of a file is its name without the suffix."""

    engine: Engine
    database: str
    host: str = ""
    port: int = 0
    path: str = ""


def engine_name(url: str) -> str:
    """What stands behind `jdbc:`. Raises InvalidInputException, and NotEmulated (501) for a URL with a
    password in it, for it would be shown wherever the URL is."""
    found = _ENGINE.match(url)
    if found is None:
        raise _invalid("it must begin as in jdbc:postgresql://host:port/database")
    if _PASSWORD.search(url):
        message = "a password inside JDBC_CONNECTION_URL is not emulated: give USERNAME and PASSWORD"
        raise AwsError("NotEmulated", message, 501)
    return found[1]


def parse(url: str) -> Address:
    """The database that a URL names. Raises InvalidInputException for a URL that is wrong, NotEmulated (501)
    for another kind of database and for parameters."""
    name = engine_name(url)
    if name not in set(Engine):
        known = " and ".join(Engine)
        raise AwsError("NotEmulated", f"connecting to {name} is not emulated, only to {known}", 501)
    if "?" in url:
        raise AwsError("NotEmulated", "parameters in JDBC_CONNECTION_URL are not emulated", 501)
    match Engine(name):
        case Engine.POSTGRESQL:
            return _server(url)
        case Engine.SQLITE:
            return _file(url)


def _server(url: str) -> Address:
    try:
        parts = urlsplit(url.removeprefix("jdbc:"))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _invalid("its host or port is wrong") from None
    database = unquote(parts.path.removeprefix("/"))
    if not host or "," in host or not database or "/" in database or parts.fragment:
        raise _invalid("it must be jdbc:postgresql://host:port/database")
    return Address(Engine.POSTGRESQL, database, host, port or _PORT)


def _file(url: str) -> Address:
    path = PurePosixPath(url.removeprefix("jdbc:sqlite:"))
    if not path.is_absolute() or not path.stem:
        raise _invalid("it must be jdbc:sqlite: with the absolute path of a file")
    return Address(Engine.SQLITE, path.stem, path=str(path))


def _invalid(why: str) -> AwsError:
    return AwsError("InvalidInputException", f"JDBC_CONNECTION_URL is not valid: {why}")
