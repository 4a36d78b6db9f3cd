"""Mappings from a catalog table to targets, and the graph of the script that performs one. Pure.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-etl-script-generation.html; which steps a plan has
for which target is told by the AWS CLI's example of get-plan and by scripts that AWS Glue has generated.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.aws.operations import Document
from sandbox.glue.script_graph import Argument, Edge, Graph, Node, invalid
from sandbox.glue.script_python import quoted

# Glue's names of Hive's types; what is nested keeps its shape in a mapping and is named without it.
_TYPES = {"bigint": "long", "smallint": "short", "tinyint": "byte", "integer": "int"}
_NESTED = re.compile(r"(array|map|struct)<.*>", re.DOTALL)
_COLUMNAR = {"parquet", "glueparquet", "orc"}
_LOCATION = {"connection_type", "connection_options", "path", "format", "format_options"}


def mapping_of(source: Document, sinks: Sequence[Document]) -> list[Document]:
    """GetMapping's Mapping: every column of the table `source` to the column of its name in each sink.

    A column that a sink has not is not mapped to that sink. Without sinks the columns stay as they are.
    """
    if not sinks:
        return [_entry(source, column, source, column) for column in columns_of(source)]
    entries = []
    for sink in sinks:
        there = {column["Name"].lower(): column for column in columns_of(sink)}
        for column in columns_of(source):
            if target := there.get(column["Name"].lower()):
                entries.append(_entry(source, column, sink, target))
    return entries


def columns_of(table: Document) -> list[Document]:
    """The columns of a table, its partition keys last."""
    storage = table.get("StorageDescriptor") or {}
    return [*(storage.get("Columns") or []), *(table.get("PartitionKeys") or [])]


def plan(
    mapping: Sequence[Document], source: Document, sinks: Sequence[Document], location: Sequence[Argument]
) -> Graph:
    """GetPlan's script as a graph: read the table, map it, and write it to every sink or to the location.

    Several sinks each get the entries whose TargetTable they are; one sink gets all. Raises
    InvalidInputException for a mapping, sinks or a location that make no plan.
    """
    if sinks and location:
        raise invalid("A plan writes to Sinks or to a Location, not to both")
    steps = _Steps()
    read = steps.add("DataSource", None, _table(source))
    if not sinks:
        mapped = steps.add("ApplyMapping", read, {"mapping": _tuples(mapping)})
        if location:
            _to_location(steps, mapped, _location(location))
    for sink, entries in _shares(mapping, sinks):
        mapped = steps.add("ApplyMapping", read, {"mapping": _tuples(entries)})
        paths = ", ".join(quoted(_member(entry, "TargetPath")) for entry in entries)
        selected = steps.add("SelectFields", mapped, {"paths": f"[{paths}]"})
        choice = {"choice": '"MATCH_CATALOG"', **_table(sink)}
        steps.add("DataSink", steps.add("ResolveChoice", selected, choice), _table(sink))
    return Graph(tuple(steps.nodes), tuple(steps.edges))


class _Steps:
    """A graph as it grows, one step after another, numbered as Glue numbers them."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []

    def add(self, type: str, after: str | None, arguments: Mapping[str, str]) -> str:
        """Add a step that takes the result of the step `after`; returns its id."""
        id = f"{type.lower()}{len(self.nodes)}"
        given = {**arguments, "transformation_ctx": quoted(id)}
        self.nodes.append(Node(id, type, tuple(Argument(name, value) for name, value in given.items())))
        if after is not None:
            self.edges.append(Edge(after, id, "frame"))
        return id


def _to_location(steps: _Steps, mapped: str, sink: Mapping[str, str]) -> None:
    if ast.literal_eval(sink["format"]) in _COLUMNAR:
        resolved = steps.add("ResolveChoice", mapped, {"choice": '"make_struct"'})
        mapped = steps.add("DropNullFields", resolved, {})
    steps.add("DataSink", mapped, sink)


def _shares(
    mapping: Sequence[Document], sinks: Sequence[Document]
) -> Iterable[tuple[Document, Sequence[Document]]]:
    if len(sinks) < 2:
        return [(sink, mapping) for sink in sinks]
    names = [sink["TableName"].lower() for sink in sinks]
    for entry in mapping:
        if _member(entry, "TargetTable").lower() not in names:
            raise invalid(f"No sink is the TargetTable {entry['TargetTable']} of the mapping")
    return [
        (sink, [entry for entry in mapping if entry["TargetTable"].lower() == name])
        for sink, name in zip(sinks, names, strict=True)
    ]


def _location(given: Sequence[Argument]) -> dict[str, str]:
    """The arguments of a sink in Amazon S3, from the names and values of a Location.

    A value is a Python literal, as in a node, or plain text: `s3://bucket/path`.
    """
    values = {each.name: _value(each.value) for each in given}
    for name in values:
        if name not in _LOCATION:
            raise invalid(f"Location.S3 has no argument {name}; it has {', '.join(sorted(_LOCATION))}")
    options = values.get("connection_options", {})
    if not isinstance(options, dict):
        raise invalid(f"The argument connection_options of Location.S3 is no map: {options!r}")
    if "path" in values:
        options = {**options, "path": values["path"]}
    for name, value in (("path", options.get("path")), ("format", values.get("format"))):
        if not isinstance(value, str) or not value:
            raise invalid(f"Location.S3 needs the argument {name}, for instance {_EXAMPLES[name]}")
    sink = {
        "connection_type": quoted(str(values.get("connection_type", "s3"))),
        "connection_options": _literal(options),
        "format": quoted(values["format"]),
    }
    return sink | (
        {"format_options": _literal(values["format_options"])} if "format_options" in values else {}
    )


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _literal(value: Any) -> str:
    """A literal with its strings in double quotes."""
    match value:
        case str():
            return quoted(value)
        case dict():
            return (
                "{" + ", ".join(f"{_literal(name)}: {_literal(each)}" for name, each in value.items()) + "}"
            )
        case list():
            return "[" + ", ".join(map(_literal, value)) + "]"
    return repr(value)


def _entry(source: Document, column: Document, sink: Document, target: Document) -> Document:
    return {
        "SourceTable": source["Name"],
        "SourcePath": _path(column["Name"]),
        "SourceType": _type(column),
        "TargetTable": sink["Name"],
        "TargetPath": _path(target["Name"]),
        "TargetType": _type(target),
    }


def _path(name: str) -> str:
    """A column as a path: a dot in its name is no step into a struct."""
    return f"`{name}`" if "." in name else name


def _type(column: Document) -> str:
    name = (column.get("Type") or "string").strip().lower()
    nested = _NESTED.fullmatch(name)
    return nested[1] if nested else _TYPES.get(name, name)


def _table(entry: Document) -> dict[str, str]:
    return {"database": quoted(entry["DatabaseName"]), "table_name": quoted(entry["TableName"])}


def _tuples(mapping: Sequence[Document]) -> str:
    if not mapping:
        raise invalid("Mapping has no entry for a target: what should the script write?")
    members = "SourcePath", "SourceType", "TargetPath", "TargetType"
    rows = (", ".join(quoted(_member(entry, name)) for name in members) for entry in mapping)
    return "[" + ", ".join(f"({row})" for row in rows) + "]"


def _member(entry: Document, name: str) -> str:
    if not entry.get(name):
        raise invalid(f"An entry of Mapping has no {name}: {entry}")
    return str(entry[name])


_EXAMPLES = {"path": "s3://bucket/folder/", "format": "parquet"}
