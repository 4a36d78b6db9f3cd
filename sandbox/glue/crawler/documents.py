"""The TableInput and PartitionInput documents that a crawler writes.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.glue.crawler import avro_file
from sandbox.glue.crawler.classification import Profile
from sandbox.glue.crawler.grouping import Group, Part
from sandbox.glue.crawler.profile import UNKNOWN, Format, SerDe
from sandbox.glue.crawler.schema import Columns, described

Document = dict[str, Any]

UPDATED_BY = "UPDATED_BY_CRAWLER"
RUN_ID = "CRAWL_RUN_ID"
DEPRECATED_BY = "DEPRECATED_BY_CRAWLER"
"""A table's property: when a crawler found its data gone, in milliseconds since the epoch."""
COUNTED = ("objectCount", "sizeKey", "recordCount", "averageRecordSize", UPDATED_BY, RUN_ID)
"""Properties that tell of a crawl and not of the data's form."""

_HIVE_IO = "org.apache.hadoop.hive.ql.io."
_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = _HIVE_IO + "HiveIgnoreKeyTextOutputFormat"
_TEXT = (_TEXT_INPUT, _TEXT_OUTPUT)
_CONTAINERS = {
    SerDe.LAZY_SIMPLE: _TEXT,
    SerDe.OPEN_CSV: _TEXT,
    SerDe.JSON: _TEXT,
    SerDe.GROK: _TEXT,
    SerDe.PARQUET: (
        _HIVE_IO + "parquet.MapredParquetInputFormat",
        _HIVE_IO + "parquet.MapredParquetOutputFormat",
    ),
    SerDe.ORC: (_HIVE_IO + "orc.OrcInputFormat", _HIVE_IO + "orc.OrcOutputFormat"),
    SerDe.AVRO: (_HIVE_IO + "avro.AvroContainerInputFormat", _HIVE_IO + "avro.AvroContainerOutputFormat"),
}
"""Input and output format of each SerDe."""
_LONGEST_NAME = 255


@dataclass(frozen=True)
class Found:
    """A table as the crawl found it: `input` is its TableInput, `partitions` its PartitionInputs, which may
    be to have the table's schema whatever theirs is (`inherits`)."""

    input: Document
    partitions: list[Document] = field(default_factory=list)
    inherits: bool = False

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.input["Name"])

    @property
    def location(self) -> str:
        """Where it lies."""
        return str(self.input["StorageDescriptor"]["Location"])


def found(group: Group, crawler: str, crawl_id: str, exclusions: Sequence[str], inherit: bool) -> Found:
    """The documents of a table, still without a name of its own (see `named`).

    With `inherit` partitions have the table's schema and properties (InheritFromTable).
    """
    extra = {
        "CrawlerSchemaSerializerVersion": "1.0",
        "CrawlerSchemaDeserializerVersion": "1.0",
        UPDATED_BY: crawler,
        RUN_ID: crawl_id,
    }
    if exclusions:
        base = group.location
        extra["exclusions"] = json.dumps([f"{base}{pattern}" for pattern in exclusions])
    columns = group.columns
    storage = _storage(group, columns, group.location, group.files, extra)
    table = {
        "Name": base_name(group),
        "Owner": "owner",
        "Retention": 0,
        "StorageDescriptor": storage,
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in group.keys],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": storage["Parameters"],
    }
    partitions = [
        _partition(group, part, columns if inherit else part.columns, extra) for part in group.parts
    ]
    return Found(table, partitions if group.keys else [], inherit)


def base_name(group: Group) -> str:
    """The name that folder, object or bucket gives, as it stands there."""
    return group.path.rpartition("/")[2] if group.path else group.bucket


def named(tables: Sequence[Found], prefix: str, taken: Mapping[str, str]) -> list[Found]:
    """The tables under names that do not collide.

    `taken` has the Location of each table that is in the database, by name. A table that lies where it lay
    keeps its name; a name that belongs to another place gets a hash of the own one at its end.
    """
    used = {name: place(location) for name, location in taken.items()}
    at = {where: name for name, where in used.items()}
    result: list[Found] = []
    for each in tables:
        where = place(each.location)
        name = table_name(prefix + each.name)
        if used.get(name, where) != where:
            digest = hashlib.md5(each.location.encode(), usedforsecurity=False).hexdigest()
            name = f"{name[: _LONGEST_NAME - len(digest) - 1]}_{digest}"
        name = at.get(where, name)
        used[name] = where
        result.append(replace(each, input=each.input | {"Name": name}))
    return result


def place(location: str) -> str:
    """A Location in the form in which two can be compared: Spark may have written it as s3a://."""
    return re.sub(r"^s3[an]://", "s3://", location.rstrip("/"))


def table_name(name: str) -> str:
    """Lower case, and `_` for everything that is neither letter nor digit."""
    return re.sub(r"[^a-z0-9_]", "_", name.lower())[:_LONGEST_NAME]


def _partition(group: Group, part: Part, columns: Columns, extra: Mapping[str, str]) -> Document:
    location = f"s3://{group.bucket}/{part.folder}/"
    storage = _storage(group, columns, location, part.files, extra)
    return {"Values": list(part.values), "StorageDescriptor": storage, "Parameters": storage["Parameters"]}


def _storage(
    group: Group, columns: Columns, location: str, files: Sequence[Profile], extra: Mapping[str, str]
) -> Document:
    kind = group.format
    schema = _schema(kind, columns, files)
    inputs, outputs = _CONTAINERS.get(kind.serde, ("", ""))
    return {
        "Columns": described(columns),
        "Location": location,
        "InputFormat": inputs,
        "OutputFormat": outputs,
        "Compressed": kind.compression != "none",
        "NumberOfBuckets": -1,
        "SerdeInfo": _serde(group, columns, schema),
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": {**_statistics(files), **_properties(group), **schema, **extra},
        "StoredAsSubDirectories": False,
    }


def _schema(kind: Format, columns: Columns, files: Sequence[Profile]) -> dict[str, str]:
    """What describes the files' schema in the file format's own form."""
    if kind.serde is not SerDe.AVRO:
        return {}
    literals = [each.recognised.schema for each in files if each.recognised]
    return {"avro.schema.literal": avro_file.merged(literals, columns)} if literals else {}


def _serde(group: Group, columns: Columns, schema: Mapping[str, str]) -> Document:
    kind = group.format
    parameters = {**dict(kind.settings), **schema}
    if kind.serde is SerDe.JSON:
        parameters["paths"] = ",".join(sorted(name for name, _ in columns))
    library = {"SerializationLibrary": kind.serde.value} if kind.serde else {}
    return {**library, **({"Parameters": parameters} if parameters or library else {})}


def _properties(group: Group) -> dict[str, str]:
    kind = group.format
    common = {
        "classification": kind.classification,
        "compressionType": kind.compression,
        "typeOfData": "file",
        **dict(kind.properties),
    }
    if not kind.delimiter:
        return common
    quoted = any(each.recognised.quoted for each in group.files if each.recognised)
    header = {"skip.header.line.count": "1"} if kind.header else {}
    return {
        **common,
        **header,
        "delimiter": kind.delimiter,
        "columnsOrdered": "true",
        "areColumnsQuoted": str(quoted).lower(),
    }


def _statistics(files: Sequence[Profile]) -> dict[str, str]:
    """Counts and sizes in bytes. Records are exact when every file was read whole, else estimated by size."""
    size = sum(each.object.size for each in files)
    records = round(sum(_records(files)))
    return {
        "objectCount": str(len(files)),
        "sizeKey": str(size),
        "recordCount": str(records),
        "averageRecordSize": str(size // records if records else 0),
    }


def _records(files: Sequence[Profile]) -> list[float]:
    counted = [each for each in files if each.recognised]
    seen = sum(each.object.size for each in counted)
    known = [_estimate(each) for each in counted]
    rate = sum(known) / seen if seen else 0.0
    return [*known, *(rate * each.object.size for each in files if each.recognised is None)]


def _estimate(each: Profile) -> float:
    seen = each.seen
    if seen.complete or seen.format.classification == UNKNOWN or not seen.bytes:
        return seen.records
    # What was read of a compressed object is more than its size; then what was seen is all there is to say.
    return seen.records * max(each.object.size / seen.bytes, 1.0)
