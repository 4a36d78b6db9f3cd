"""Selecting, dropping and renaming fields by path."""

from __future__ import annotations

import logging
from collections.abc import Container, Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias
from pyspark.sql import types as T  # noqa: N812 - Spark's own alias

from awsglue.choices import Choice, Records
from awsglue.paths import parse_path, quote
from awsglue.refusal import not_emulated

_log = logging.getLogger("awsglue")


def select_fields(records: Records, paths: Sequence[str]) -> Records:
    """Only the fields at `paths`, in that order; a path that no record has selects nothing, as in Glue."""
    wanted: dict[str, list[tuple[str, ...]]] = {}
    for path in map(parse_path, paths):
        if has_field(records.dataframe.schema, path):
            wanted.setdefault(path[0], []).append(path)
        else:
            _log.warning("SelectFields: the records have no field %s", ".".join(path))
    columns = [_pruned((name,), found).alias(name) for name, found in wanted.items()]
    return Records(records.dataframe.select(*columns), _kept(records, wanted))


def drop_fields(records: Records, paths: Sequence[str]) -> Records:
    """The records without the fields at `paths`; a path that no record has drops nothing, as in Glue."""
    frame = records.dataframe
    for dropped in paths:
        path = parse_path(dropped)
        if not has_field(frame.schema, path):
            continue
        # A struct cannot be empty: it goes with its last field.
        while len(path) > 1 and len(_type_at(frame.schema, path[:-1]).names) == 1:
            path = path[:-1]
        if len(path) == 1:
            frame = frame.drop(path[0])
        else:
            frame = frame.withColumn(path[0], F.col(quote(path[:1])).dropFields(quote(path[1:])))
    return Records(frame, _kept(records, frame.columns))


def rename_field(records: Records, old: str, new: str) -> Records:
    """The field at path `old` as `new`. Raises ValueError when there is no such field, or `new` is there."""
    source, target = parse_path(old), parse_path(new)
    frame = records.dataframe
    if not has_field(frame.schema, source):
        raise ValueError(f"rename_field: the records have no field {old}; they have {frame.columns}")
    if source == target:
        return records
    if has_field(frame.schema, target):
        raise ValueError(f"rename_field: the records have a field {new} already")
    if len(target) == 1 and len(source) == 1:
        choices = {target[0] if name == source[0] else name: c for name, c in records.choices.items()}
        return Records(frame.withColumnRenamed(source[0], target[0]), choices)
    if len(target) > 1 and target[0] not in frame.columns:
        raise not_emulated(f"rename_field into a struct that is not there ({new})")
    if source[0] in records.choices:
        raise not_emulated(f"rename_field of a choice into a struct ({old})", "resolve the choice first")
    value = F.col(quote(source))
    if len(target) == 1:
        moved = frame.withColumn(target[0], value)
    else:
        moved = frame.withColumn(target[0], F.col(quote(target[:1])).withField(quote(target[1:]), value))
    return drop_fields(Records(moved, records.choices), [old])


def has_field(schema: T.DataType, path: Sequence[str]) -> bool:
    """Whether a schema has a field at `path`."""
    for name in path:
        if not isinstance(schema, T.StructType) or name not in schema.names:
            return False
        schema = schema[name].dataType
    return True


def _type_at(schema: T.StructType, path: Sequence[str]) -> Any:
    data_type: Any = schema
    for name in path:
        data_type = data_type[name].dataType
    return data_type


def _pruned(prefix: tuple[str, ...], paths: Sequence[tuple[str, ...]]) -> Column:
    if prefix in paths:
        return F.col(quote(prefix))
    children = dict.fromkeys(path[len(prefix)] for path in paths)
    return F.struct(
        *(
            _pruned((*prefix, child), [p for p in paths if p[len(prefix)] == child]).alias(child)
            for child in children
        )
    )


def _kept(records: Records, columns: Container[str]) -> dict[str, Choice]:
    return {name: choice for name, choice in records.choices.items() if name in columns}
