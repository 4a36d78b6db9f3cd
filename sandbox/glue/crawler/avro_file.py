"""The Avro classifier: the schema from the header, the records from the blocks, whatever packs them.

The format: https://avro.apache.org/docs/1.11.1/specification/#object-container-files
The types: https://cwiki.apache.org/confluence/display/Hive/AvroSerDe
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

from sandbox.glue.crawler.profile import Format, Recognised, SerDe, Unreadable
from sandbox.glue.crawler.schema import NULL, Array, Columns, Map, Struct, Type

MAGIC = b"Obj\x01"

_FORMAT = Format("avro", serde=SerDe.AVRO, settings=(("serialization.format", "1"),))
_SYNC = {"type": "fixed", "name": "Sync", "size": 16}
_HEADER = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Header",
        "fields": [
            {"name": "magic", "type": {"type": "fixed", "name": "Magic", "size": 4}},
            {"name": "meta", "type": {"type": "map", "values": "bytes"}},
            {"name": "sync", "type": _SYNC},
        ],
    }
)
_BLOCK = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Block",
        "fields": [
            {"name": "count", "type": "long"},
            {"name": "data", "type": "bytes"},
            {"name": "sync", "type": _SYNC},
        ],
    }
)
_PRIMITIVES = {
    "null": NULL, "boolean": "boolean", "int": "int", "long": "bigint", "float": "float",
    "double": "double", "bytes": "binary", "string": "string", "enum": "string", "fixed": "binary",
}  # fmt: skip
_TIMESTAMPS = ("timestamp-", "local-timestamp-")

Schema = Any
"""A schema in Avro's JSON form: a name, an object, or a list for a union."""


def read(data: bytes, whole: bool) -> Recognised:
    """The answer for the beginning of a file, or all of it. Raises Unreadable."""
    file = io.BytesIO(data)
    try:
        header = _decode(file, _HEADER)
        schema = json.loads(header["meta"]["avro.schema"])
        names: dict[str, Schema] = {}
        # Parsed, names are full.
        parsed = fastavro.parse_schema(schema, named_schemas=names)
    except (EOFError, ValueError, KeyError, IndexError, SchemaParseException, UnknownType) as error:
        raise Unreadable(f"the Avro file has no valid header: {error}") from error
    columns = _columns(parsed, names)
    literal = json.dumps(schema, separators=(",", ":"))
    records = _records(file, header["sync"], whole)
    return Recognised(_FORMAT, columns, records, len(data), complete=whole, schema=literal)


def _decode(file: io.BytesIO, schema: Schema) -> Any:
    return fastavro.schemaless_reader(file, schema, None)


def _records(file: io.BytesIO, sync: bytes, whole: bool) -> int:
    """The records of all blocks; what is cut off at the end of a part is no fault."""
    records, size = 0, len(file.getbuffer())
    while file.tell() < size:
        try:
            block = _decode(file, _BLOCK)
        except (EOFError, ValueError, IndexError, OverflowError, MemoryError) as error:
            if not whole:
                break
            raise Unreadable("the Avro file ends too early") from error
        if block["sync"] != sync:
            raise Unreadable("the Avro file is corrupt: a block does not end with the file's sync marker")
        records += block["count"]
    return records


def _columns(schema: Schema, names: dict[str, Schema]) -> Columns:
    kind = _type(schema, names, ())
    if not isinstance(kind, Struct):
        raise Unreadable("crawling Avro files whose schema is no record is not emulated")
    return kind.fields


def _type(schema: Schema, names: dict[str, Schema], above: tuple[str, ...]) -> Type:
    """The type as Hive's AvroSerDe has it. Raises Unreadable for a type that contains itself."""
    match schema:
        case list():
            members = [each for each in schema if each != "null"]
            if len(members) == 1:
                return _type(members[0], names, above)
            return f"uniontype<{','.join(str(_type(each, names, above)) for each in members)}>"
        case str() if schema in _PRIMITIVES:
            return _PRIMITIVES[schema]
        case str():
            if schema in above:
                raise Unreadable(f"crawling Avro types that contain themselves is not emulated: {schema}")
            return _type(names[schema], names, above)
        case {"logicalType": "decimal", "precision": precision}:
            return f"decimal({precision},{schema.get('scale', 0)})"
        case {"logicalType": "date"}:
            return "date"
        case {"logicalType": str() as logical} if logical.startswith(_TIMESTAMPS):
            return "timestamp"
        case {"type": "record" | "error", "fields": fields, "name": name}:
            inside = (*above, name)
            return Struct(tuple((each["name"], _type(each["type"], names, inside)) for each in fields))
        case {"type": "array", "items": items}:
            return Array(_type(items, names, above))
        case {"type": "map", "values": values}:
            return Map("string", _type(values, names, above))
        case {"type": inner}:
            return _type(inner, names, above)
    raise Unreadable(f"the Avro schema cannot be read at {schema!r}")


def merged(literals: Sequence[str], columns: Columns) -> str:
    """One schema literal for files: theirs when they agree, else one in which every column may be null.

    A column about which the files agree keeps its schema; any other gets that of its type in `columns`.
    """
    different = [json.loads(each) for each in dict.fromkeys(literals)]
    if len(different) == 1:
        return literals[0]
    first = different[0]
    given: dict[str, list[Schema]] = {}
    for each in different:
        for field in each["fields"]:
            given.setdefault(field["name"], []).append(field["type"])
    agreed = {name: each[0] for name, each in given.items() if all(schema == each[0] for schema in each)}
    record = _record(first["name"], columns, agreed)
    try:
        fastavro.parse_schema(record)
    except (SchemaParseException, UnknownType):
        # What the files agree on refers to types of which they have different ideas.
        record = _record(first["name"], columns, {})
    namespace = {"namespace": first["namespace"]} if "namespace" in first else {}
    return json.dumps(record | namespace, separators=(",", ":"))


def _record(name: str, columns: Columns, agreed: Mapping[str, Schema]) -> dict[str, Schema]:
    fields = [
        {"name": field, "type": _nullable(agreed.get(field) or _schema(kind, f"{name}_{field}"))}
        for field, kind in columns
    ]
    return {"type": "record", "name": name, "fields": [field | {"default": None} for field in fields]}


def _nullable(schema: Schema) -> Schema:
    members = schema if isinstance(schema, list) else [schema]
    return ["null", *(each for each in members if each != "null")]


def _schema(kind: Type, name: str) -> Schema:
    """The Avro schema of a type; `name` is for the records in it."""
    match kind:
        case Struct(fields):
            return _record(name, fields, {})
        case Array(element):
            return {"type": "array", "items": ["null", _schema(element, name)]}
        case Map(_, value):
            return {"type": "map", "values": ["null", _schema(value, name)]}
        case "date":
            return {"type": "int", "logicalType": "date"}
        case "timestamp":
            return {"type": "long", "logicalType": "timestamp-millis"}
        case str() if kind.startswith("decimal("):
            precision, scale = map(int, kind[len("decimal(") : -1].split(","))
            return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
    names = {"bigint": "long", "binary": "bytes", NULL: "string"}
    return names.get(kind, kind if kind in _PRIMITIVES else "string")
