"""The structures and exceptions of the Hive 2.3 metastore's Thrift interface that Spark's client uses.

Member names and their order are the interface's own: the order is what gives them their Thrift ids.
Source: https://github.com/apache/hive/blob/rel/release-2.3.9/metastore/if/hive_metastore.thrift
"""

# ruff: noqa: N815 - the names are the interface's
from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from sandbox.metastore.wire import Struct


class PrincipalType(IntEnum):
    """Who owns something."""

    USER = 1
    ROLE = 2
    GROUP = 3


class ResourceType(IntEnum):
    """What a function needs on its class path or in its folder."""

    JAR = 1
    FILE = 2
    ARCHIVE = 3


JAVA_FUNCTION = 1
"""The only FunctionType that Hive has."""


@dataclass
class FieldSchema(Struct):
    """A column or a partition key."""

    name: str | None = None
    type: str | None = None
    comment: str | None = None


@dataclass
class SerDeInfo(Struct):
    """How rows are read and written."""

    name: str | None = None
    serializationLib: str | None = None
    parameters: dict[str, str] | None = None


@dataclass
class Order(Struct):
    """A column of a bucketed table's sort order: 1 ascending, 0 descending."""

    col: str | None = None
    order: int | None = None


@dataclass
class SkewedInfo(Struct):
    """Skewed columns; Spark knows none, but asks for the structure."""

    skewedColNames: list[str] | None = None
    skewedColValues: list[list[str]] | None = None


@dataclass
class StorageDescriptor(Struct):
    """Where the data of a table or partition lie, and how."""

    cols: list[FieldSchema] | None = None
    location: str | None = None
    inputFormat: str | None = None
    outputFormat: str | None = None
    compressed: bool | None = None
    numBuckets: int | None = None
    serdeInfo: SerDeInfo | None = None
    bucketCols: list[str] | None = None
    sortCols: list[Order] | None = None
    parameters: dict[str, str] | None = None
    skewedInfo: SkewedInfo | None = None
    storedAsSubDirectories: bool | None = None


@dataclass
class PrivilegeGrantInfo(Struct):
    """A privilege; kept for the places of the members after it."""

    privilege: str | None = None


@dataclass
class PrincipalPrivilegeSet(Struct):
    """Privileges of users, groups and roles."""

    userPrivileges: dict[str, list[PrivilegeGrantInfo]] | None = None
    groupPrivileges: dict[str, list[PrivilegeGrantInfo]] | None = None
    rolePrivileges: dict[str, list[PrivilegeGrantInfo]] | None = None


@dataclass
class Database(Struct):
    """A database."""

    name: str | None = None
    description: str | None = None
    locationUri: str | None = None
    parameters: dict[str, str] | None = None
    privileges: PrincipalPrivilegeSet | None = None
    ownerName: str | None = None
    ownerType: int | None = None


@dataclass
class Table(Struct):
    """A table or view. Times are in seconds since the epoch."""

    tableName: str | None = None
    dbName: str | None = None
    owner: str | None = None
    createTime: int | None = None
    lastAccessTime: int | None = None
    retention: int | None = None
    sd: StorageDescriptor | None = None
    partitionKeys: list[FieldSchema] | None = None
    parameters: dict[str, str] | None = None
    viewOriginalText: str | None = None
    viewExpandedText: str | None = None
    tableType: str | None = None
    privileges: PrincipalPrivilegeSet | None = None
    temporary: bool | None = None
    rewriteEnabled: bool | None = None


@dataclass
class Partition(Struct):
    """A partition. Times are in seconds since the epoch."""

    values: list[str] = field(default_factory=list)
    dbName: str | None = None
    tableName: str | None = None
    createTime: int | None = None
    lastAccessTime: int | None = None
    sd: StorageDescriptor | None = None
    parameters: dict[str, str] | None = None


@dataclass
class AddPartitionsRequest(Struct):
    """What `add_partitions_req` asks for."""

    dbName: str = ""
    tblName: str = ""
    parts: list[Partition] = field(default_factory=list)
    ifNotExists: bool = False
    needResult: bool = True


@dataclass
class AddPartitionsResult(Struct):
    """What `add_partitions_req` added."""

    partitions: list[Partition] | None = None


@dataclass
class ResourceUri(Struct):
    """A file that a function needs."""

    resourceType: int | None = None
    uri: str | None = None


@dataclass
class Function(Struct):
    """A user-defined function."""

    functionName: str | None = None
    dbName: str | None = None
    className: str | None = None
    ownerName: str | None = None
    ownerType: int | None = None
    createTime: int | None = None
    functionType: int | None = None
    resourceUris: list[ResourceUri] | None = None


@dataclass
class EnvironmentContext(Struct):
    """Hints of the client; none of them changes what is done here."""

    properties: dict[str, str] | None = None


@dataclass(eq=False)
class MetaException(Struct, Exception):
    """The metastore could not do it."""

    message: str = ""


@dataclass(eq=False)
class NoSuchObjectException(Struct, Exception):
    """There is no such database, table, partition or function."""

    message: str = ""


@dataclass(eq=False)
class AlreadyExistsException(Struct, Exception):
    """There is such an object already."""

    message: str = ""


@dataclass(eq=False)
class InvalidObjectException(Struct, Exception):
    """The object cannot be stored."""

    message: str = ""


@dataclass(eq=False)
class InvalidOperationException(Struct, Exception):
    """The object's state forbids the operation."""

    message: str = ""
