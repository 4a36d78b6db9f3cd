"""Glue documents as Hive's structures, and back.

Glue documents come with members missing, Hive's client wants most of them; Hive's client sends everything
back in an ALTER, a Glue document must not be damaged by it. So a document is shown completed, and
`overlay` writes back only what differs from what was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.catalog.rows import Document
from sandbox.metastore import hive
from sandbox.metastore.partition_names import partition_name

EXTERNAL_TABLE = "EXTERNAL_TABLE"
MANAGED_TABLE = "MANAGED_TABLE"
VIRTUAL_VIEW = "VIRTUAL_VIEW"
_TABLE_TYPES = (MANAGED_TABLE, EXTERNAL_TABLE, VIRTUAL_VIEW, "INDEX_TABLE")
_OWNER = "hadoop"

# Glue's crawler names a JSON SerDe that no registry has; Hive's own reads the same rows.
_SERDES_SHOWN = {"org.openx.data.jsonserde.JsonSerDe": "org.apache.hive.hcatalog.data.JsonSerDe"}


def to_database(database: Document, location: str) -> hive.Database:
    """A Database document; `location` is for one that has no LocationUri."""
    return hive.Database(
        name=database["Name"],
        description=database.get("Description"),
        locationUri=database.get("LocationUri") or location,
        parameters=dict(database.get("Parameters") or {}),
        ownerName=_OWNER,
        ownerType=hive.PrincipalType.USER,
    )


def from_database(database: hive.Database) -> Document:
    """The DatabaseInput of Hive's structure."""
    return _present(
        {
            "Name": database.name,
            "Description": database.description or None,
            "LocationUri": database.locationUri or None,
            "Parameters": database.parameters or {},
        }
    )


def table_type(table: Document) -> str:
    """Hive's type of a Table document; what Hive does not know is external, so its data are never deleted."""
    kind = table.get("TableType")
    return kind if kind in _TABLE_TYPES else EXTERNAL_TABLE


def to_table(table: Document) -> hive.Table:
    """A Table document."""
    kind = table_type(table)
    parameters = dict(table.get("Parameters") or {})
    if kind == EXTERNAL_TABLE:
        parameters.setdefault("EXTERNAL", "TRUE")
    return hive.Table(
        tableName=table["Name"],
        dbName=table["DatabaseName"],
        owner=table.get("Owner") or _OWNER,
        createTime=int(table.get("CreateTime") or 0),
        lastAccessTime=int(table.get("LastAccessTime") or 0),
        retention=table.get("Retention") or 0,
        sd=to_storage(table.get("StorageDescriptor") or {}),
        partitionKeys=_to_columns(table.get("PartitionKeys")),
        parameters=parameters,
        viewOriginalText=table.get("ViewOriginalText"),
        viewExpandedText=table.get("ViewExpandedText"),
        tableType=kind,
        temporary=False,
        rewriteEnabled=False,
    )


def from_table(table: hive.Table) -> Document:
    """The TableInput of Hive's structure."""
    return _present(
        {
            "Name": table.tableName,
            "Owner": table.owner or None,
            "Retention": table.retention,
            "LastAccessTime": _time(table.lastAccessTime),
            "StorageDescriptor": from_storage(table.sd or hive.StorageDescriptor()),
            "PartitionKeys": _from_columns(table.partitionKeys),
            "ViewOriginalText": table.viewOriginalText or None,
            "ViewExpandedText": table.viewExpandedText or None,
            "TableType": table.tableType or EXTERNAL_TABLE,
            "Parameters": table.parameters or {},
        }
    )


def to_partition(partition: Document, table: Document) -> hive.Partition:
    """A Partition document of this table, which lends a partition the storage that it does not describe."""
    own = partition.get("StorageDescriptor")
    shared = table.get("StorageDescriptor") or {}
    storage = dict(own or shared)
    if own is None or not own.get("Location"):
        keys = [key["Name"] for key in table.get("PartitionKeys") or []]
        parent = (shared.get("Location") or "").rstrip("/")
        storage["Location"] = f"{parent}/{partition_name(keys, partition['Values'])}" if parent else None
    return hive.Partition(
        values=partition["Values"],
        dbName=table["DatabaseName"],
        tableName=table["Name"],
        createTime=int(partition.get("CreationTime") or 0),
        lastAccessTime=int(partition.get("LastAccessTime") or 0),
        sd=to_storage(storage),
        parameters=dict(partition.get("Parameters") or {}),
    )


def from_partition(partition: hive.Partition) -> Document:
    """The PartitionInput of Hive's structure."""
    return _present(
        {
            "Values": list(partition.values),
            "LastAccessTime": _time(partition.lastAccessTime),
            "StorageDescriptor": from_storage(partition.sd or hive.StorageDescriptor()),
            "Parameters": partition.parameters or {},
        }
    )


def to_storage(storage: Document) -> hive.StorageDescriptor:
    """A StorageDescriptor document. An absent location is null: Hadoop makes no path of ""."""
    serde = storage.get("SerdeInfo") or {}
    library = serde.get("SerializationLibrary") or None
    return hive.StorageDescriptor(
        cols=_to_columns(storage.get("Columns")),
        location=storage.get("Location") or None,
        inputFormat=storage.get("InputFormat") or None,
        outputFormat=storage.get("OutputFormat") or None,
        compressed=bool(storage.get("Compressed")),
        numBuckets=storage.get("NumberOfBuckets", -1),
        serdeInfo=hive.SerDeInfo(
            name=serde.get("Name") or None,
            serializationLib=_SERDES_SHOWN.get(library, library) if library else None,
            parameters=dict(serde.get("Parameters") or {}),
        ),
        bucketCols=list(storage.get("BucketColumns") or []),
        sortCols=[hive.Order(each["Column"], each["SortOrder"]) for each in storage.get("SortColumns") or []],
        parameters=dict(storage.get("Parameters") or {}),
        skewedInfo=hive.SkewedInfo([], []),
        storedAsSubDirectories=bool(storage.get("StoredAsSubDirectories")),
    )


def from_storage(storage: hive.StorageDescriptor) -> Document:
    """The StorageDescriptor document of Hive's structure. A view has no location, formats or SerDe name."""
    serde = storage.serdeInfo or hive.SerDeInfo()
    return _present(
        {
            "Columns": _from_columns(storage.cols),
            "Location": storage.location or None,
            "InputFormat": storage.inputFormat or None,
            "OutputFormat": storage.outputFormat or None,
            "Compressed": bool(storage.compressed),
            "NumberOfBuckets": -1 if storage.numBuckets is None else storage.numBuckets,
            "SerdeInfo": _present(
                {
                    "Name": serde.name or None,
                    "SerializationLibrary": serde.serializationLib or None,
                    "Parameters": serde.parameters or {},
                }
            ),
            "BucketColumns": storage.bucketCols or [],
            "SortColumns": [{"Column": each.col, "SortOrder": each.order} for each in storage.sortCols or []],
            "Parameters": storage.parameters or {},
            "StoredAsSubDirectories": bool(storage.storedAsSubDirectories),
        }
    )


def to_function(function: Document) -> hive.Function:
    """A UserDefinedFunction document."""
    owner_type = function.get("OwnerType") or "USER"
    return hive.Function(
        functionName=function["FunctionName"],
        dbName=function["DatabaseName"],
        className=function.get("ClassName"),
        ownerName=function.get("OwnerName") or _OWNER,
        ownerType=hive.PrincipalType[owner_type],
        createTime=int(function.get("CreateTime") or 0),
        functionType=hive.JAVA_FUNCTION,
        resourceUris=[
            hive.ResourceUri(hive.ResourceType[each["ResourceType"]], each["Uri"])
            for each in function.get("ResourceUris") or []
        ],
    )


def from_function(function: hive.Function) -> Document:
    """The UserDefinedFunctionInput of Hive's structure."""
    return _present(
        {
            "FunctionName": function.functionName,
            "ClassName": function.className or None,
            "OwnerName": function.ownerName or None,
            "OwnerType": hive.PrincipalType(function.ownerType or hive.PrincipalType.USER).name,
            "ResourceUris": [
                {"ResourceType": hive.ResourceType(each.resourceType).name, "Uri": each.uri}
                for each in function.resourceUris or []
                if each.resourceType is not None
            ],
        }
    )


def overlay(old: Document, shown: Document, new: Document) -> Document:
    """`old`, with every member that differs between what was `shown` and what came back as `new`.

    So what is sent back as it was shown stays as it was stored: a mapped SerDe, a member that Hive does
    not know, a member that was filled in. A column that stays keeps what Hive does not know of it.
    """
    result = {key: value for key, value in old.items() if key in new or key not in shown}
    for key, value in new.items():
        before = shown.get(key)
        if value == before or (key == "Location" and _same_place(value, before)):
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            result[key] = overlay(old.get(key) or {}, before, value)
        elif key in ("Columns", "PartitionKeys"):
            result[key] = _columns(old.get(key) or [], before or [], value)
        else:
            result[key] = value
    return result


def _same_place(one: str, other: str | None) -> bool:
    """Hadoop drops a location's last slash."""
    return other is not None and one.rstrip("/") == other.rstrip("/")


def _columns(old: Sequence[Document], shown: Sequence[Document], new: Sequence[Document]) -> list[Document]:
    stored = {column["Name"].lower(): column for column in old}
    seen = {column["Name"].lower(): column for column in shown}
    return [
        overlay(stored.get(name, {}), seen.get(name, {}), column)
        for column in new
        for name in (column["Name"].lower(),)
    ]


def _to_columns(columns: Sequence[Document] | None) -> list[hive.FieldSchema]:
    return [
        hive.FieldSchema(each["Name"], each.get("Type") or "string", each.get("Comment"))
        for each in columns or []
    ]


def _from_columns(columns: Sequence[hive.FieldSchema] | None) -> list[Document]:
    return [
        _present({"Name": each.name, "Type": each.type, "Comment": each.comment}) for each in columns or []
    ]


def _time(seconds: int | None) -> float | None:
    """Hive writes 0 for a time that is not known."""
    return float(seconds) if seconds and seconds > 0 else None


def _present(document: dict[str, Any]) -> Document:
    """Null is not the empty string: a member without a value is left out."""
    return {key: value for key, value in document.items() if value is not None}
