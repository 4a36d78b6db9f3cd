"""ApplyMapping: from tuples to columns.

Source: AWS Glue developer guide, "ApplyMapping class".
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias

from awsglue.choices import Records, cast_choice, spark_type, try_cast
from awsglue.fields import has_field
from awsglue.paths import parse_path, quote

_log = logging.getLogger("awsglue")
_NESTED = {"array", "map", "struct"}
"""What Glue's generated scripts name without the types inside: a field of such a type stays as it is."""


@dataclass(frozen=True)
class Mapping:
    """One line of a mapping: where a value comes from, where it goes, and as which types."""

    source: tuple[str, ...]
    source_type: str
    target: tuple[str, ...]
    target_type: str


@dataclass
class Target:
    """A node of the resulting record: a mapped value, or a struct of further nodes."""

    mapping: Mapping | None = None
    children: dict[str, Target] = field(default_factory=dict)


def parse_mappings(mappings: Sequence[Sequence[str]]) -> list[Mapping]:
    """The tuples (source column, source type, target column, target type); ValueError for other shapes."""
    parsed = []
    for entry in mappings:
        if isinstance(entry, str) or len(entry) != 4:
            raise ValueError(
                f"a mapping is (source column, source type, target column, target type), not {entry!r}"
            )
        source, source_type, target, target_type = entry
        parsed.append(
            Mapping(parse_path(source), source_type.lower(), parse_path(target), target_type.lower())
        )
    return parsed


def target_tree(mappings: Sequence[Mapping]) -> Target:
    """The mappings ordered by target; dots in targets make structs. ValueError when two share a target."""
    root = Target()
    for mapping in mappings:
        node = root
        for name in mapping.target:
            if node.mapping is not None:
                raise ValueError(f"{'.'.join(mapping.target)} is mapped both as a value and as a struct")
            node = node.children.setdefault(name, Target())
        if node.mapping is not None or node.children:
            raise ValueError(f"{'.'.join(mapping.target)} is mapped twice")
        node.mapping = mapping
    return root


def apply_mappings(records: Records, mappings: Sequence[Mapping]) -> Records:
    """The mapped records. A source field that the records do not have gives no target field, as in Glue."""
    present, absent = [], []
    for mapping in mappings:
        (present if has_field(records.dataframe.schema, mapping.source) else absent).append(mapping)
    for mapping in absent:
        _log.warning("ApplyMapping: the records have no field %s", ".".join(mapping.source))
    root = target_tree(present)
    columns = [_column(records, child).alias(name) for name, child in root.children.items()]
    return Records(records.dataframe.select(*columns), {})


def _column(records: Records, target: Target) -> Column:
    if target.mapping is None:
        return F.struct(*(_column(records, child).alias(name) for name, child in target.children.items()))
    mapping = target.mapping
    choice = records.choices.get(mapping.source[0])
    if choice is None:
        if mapping.target_type in _NESTED:
            return F.col(quote(mapping.source))
        return try_cast(quote(mapping.source), mapping.target_type)
    # The mapping names one source type: values of the other type are not mapped. So no look at the data is
    # needed to know whether there are any.
    for member in choice.types:
        if spark_type(member) == spark_type(mapping.source_type):
            return try_cast(quote((mapping.source[0], member)), mapping.target_type)
    return cast_choice(mapping.source[0], choice, mapping.target_type)
