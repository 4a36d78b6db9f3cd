"""The types of nodes that scripts are generated from: what each calls, its inputs and its arguments. Pure.

Sources: AWS Glue developer guide, "AWS Glue PySpark transforms reference" and "GlueContext class".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.errors import AwsError
from sandbox.glue.script_graph import Edge, Node, invalid

_COMMON = ("transformation_ctx", "info", "stageThreshold", "totalThreshold")


@dataclass(frozen=True)
class Kind:
    """What a node of a type becomes: a call of `call` with frames as `inputs` and with arguments."""

    call: str
    inputs: tuple[str, ...] = ("frame",)
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = _COMMON


def _transform(
    name: str, *required: str, inputs: tuple[str, ...] = ("frame",), optional: tuple[str, ...] = _COMMON
) -> tuple[str, Kind]:
    return name, Kind(f"{name}.apply", inputs, required, optional)


TRANSFORMS = dict(
    [
        _transform("ApplyMapping", "mappings", optional=("case_sensitive", *_COMMON)),
        _transform("SelectFields", "paths"),
        _transform("DropFields", "paths"),
        _transform("RenameField", "old_name", "new_name"),
        _transform("DropNullFields"),
        _transform(
            "ResolveChoice",
            optional=("specs", "choice", "database", "table_name", "catalog_id", *_COMMON),
        ),
        _transform("Filter", "f"),
        _transform("Map", "f"),
        _transform("Join", "keys1", "keys2", inputs=("frame1", "frame2"), optional=("transformation_ctx",)),
        _transform("Union", inputs=("frame1", "frame2"), optional=("transformation_ctx",)),
        _transform("MergeDynamicFrame", "primary_keys", inputs=("frame", "stage_dynamic_frame")),
        _transform("Relationalize", optional=("staging_path", "name", "options", *_COMMON)),
        _transform("UnnestFrame"),
        _transform("Unbox", "path", "format"),
        _transform("SplitFields", "paths", optional=("name1", "name2", *_COMMON)),
        _transform("SplitRows", "comparison_dict", optional=("name1", "name2", *_COMMON)),
        _transform("Spigot", "path", optional=("options", "transformation_ctx")),
        _transform("SelectFromCollection", "key", inputs=("dfc",), optional=("transformation_ctx",)),
        _transform("ErrorsAsDynamicFrame", optional=()),
    ]
)
"""The transforms by their names."""

FUNCTIONS = {("Filter", "f"), ("Map", "f")}
"""The arguments that are a function, written as a lambda, and not a literal."""

_REFUSED = {"FillMissingValues", "FindIncrementalMatches", "FindMatches", "FlatMap"}
_OF_CATALOG = ("redshift_tmp_dir", "transformation_ctx", "additional_options", "catalog_id")
_OF_OPTIONS = ("connection_options", "format", "format_options", "transformation_ctx")
FROM_CATALOG = Kind(
    "glueContext.create_dynamic_frame.from_catalog",
    (),
    ("database", "table_name"),
    ("push_down_predicate", *_OF_CATALOG),
)
FROM_OPTIONS = Kind("glueContext.create_dynamic_frame.from_options", (), ("connection_type",), _OF_OPTIONS)
TO_CATALOG = Kind(
    "glueContext.write_dynamic_frame.from_catalog", ("frame",), ("database", "table_name"), _OF_CATALOG
)
TO_OPTIONS = Kind(
    "glueContext.write_dynamic_frame.from_options", ("frame",), ("connection_type",), _OF_OPTIONS
)

# Glue's own scripts annotate ApplyMapping's argument as `mapping` and call it with `mappings`.
_WRITTEN_AS = {("ApplyMapping", "mapping"): "mappings"}


def keyword(type: str, name: str) -> str:
    """The keyword by which the call of a node of `type` takes the argument `name`."""
    return _WRITTEN_AS.get((type, name), name)


def kind_of(node: Node) -> Kind:
    """What the node becomes.

    Raises InvalidInputException for an unknown type and for missing, unknown or repeated arguments,
    NotEmulated (501) for what AWS Glue has and this sandbox has not.
    """
    given = Counter(keyword(node.type, each.name) for each in node.arguments)
    kind = _kind(node, set(given))
    for name in kind.required:
        if name not in given:
            raise invalid(f"The node {node.id} ({node.type}) needs the argument {name}")
    known = ", ".join((*kind.required, *kind.optional)) or "none"
    for name in sorted(set(given).difference(kind.required, kind.optional)):
        raise invalid(f"The node {node.id} ({node.type}) takes no argument {name}; it takes {known}")
    for name, count in given.items():
        if count > 1:
            raise invalid(f"The node {node.id} has {count} arguments with the name {name}")
    return kind


def _kind(node: Node, given: set[str]) -> Kind:
    if "catalog_connection" in given:
        raise _not_emulated(f"catalog_connection (the node {node.id})")
    match node.type:
        case "DataSource":
            return FROM_OPTIONS if "connection_type" in given else FROM_CATALOG
        case "DataSink":
            return TO_OPTIONS if "connection_type" in given else TO_CATALOG
        case type if type in TRANSFORMS:
            return TRANSFORMS[type]
        case type if type in _REFUSED:
            raise _not_emulated(f"the transform {type} (the node {node.id})")
    known = ", ".join(("DataSource", *TRANSFORMS, "DataSink"))
    raise invalid(f"The node {node.id} has the unknown NodeType {node.type}; known are {known}")


def inputs_of(node: Node, kind: Kind, edges: Iterable[Edge]) -> dict[str, str]:
    """Which node's result each input of `node` is.

    Raises InvalidInputException for an input without an edge, with two, and for one that the type has not.
    """
    arriving = [edge for edge in edges if edge.target == node.id]
    found: dict[str, str] = {}
    # Edges that name their input come first: those without a name take what is left.
    for edge in sorted(arriving, key=lambda edge: edge.parameter is None):
        free = [name for name in kind.inputs if name not in found]
        name = edge.parameter or next(iter(free), None)
        if name not in kind.inputs:
            known = ", ".join(kind.inputs) or "none"
            raise invalid(
                f"The edge from {edge.source} to {node.id} has no input to go to: {node.type} has {known}"
            )
        if name in found:
            raise invalid(f"Two edges go to the input {name} of the node {node.id}")
        found[name] = edge.source
    for name in kind.inputs:
        if name not in found:
            raise invalid(f"The node {node.id} ({node.type}) needs an edge to its input {name}")
    return {name: found[name] for name in kind.inputs}


def _not_emulated(what: str) -> AwsError:
    return AwsError("NotEmulated", f"EMR Sandbox does not emulate {what}", 501)
