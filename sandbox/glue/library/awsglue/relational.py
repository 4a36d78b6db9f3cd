"""From nested records to flat tables: unnest, relationalize, unbox.

Source: AWS Glue developer guide, "Relationalize class", "UnnestFrame class", "Unbox class".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias
from pyspark.sql import types as T  # noqa: N812 - Spark's own alias

from awsglue.choices import replace_columns
from awsglue.paths import parse_path, quote
from awsglue.refusal import not_emulated


def unnest(dataframe: DataFrame) -> DataFrame:
    """Every field of every struct as a column of its own, named by its path (`a.b`); arrays stay."""
    return dataframe.select(*(F.col(quote(path)).alias(".".join(path)) for path in _leaves(dataframe.schema)))


def relationalize(dataframe: DataFrame, root: str) -> dict[str, DataFrame]:
    """The flat root table and one table for every array, under the names root, root_array, root_array_inner.

    In the table that holds it an array is replaced by a number; the array's own table has it as `id`, the
    position as `index`, and the elements as `<array>.val` or `<array>.val.<field>`.
    """
    tables: dict[str, DataFrame] = {}
    _pivot(unnest(dataframe), root, tables)
    return tables


def unbox(dataframe: DataFrame, path: str, format_name: str, options: Mapping[str, Any]) -> DataFrame:
    """A text column parsed as json (types from `withSchema`, else found in a pass over it) or csv.

    The columns of csv text are called col0, col1, ... and need `withSchema`, too.
    """
    names = parse_path(path)
    if len(names) != 1:
        raise not_emulated(f"Unbox of a nested field ({path})")
    if unknown := sorted(set(options) - {"withSchema", "separator"}):
        raise not_emulated(f"Unbox with {', '.join(unknown)}")
    text = F.col(quote(names))
    schema = _schema_of(options)
    if format_name == "json":
        if schema is None:
            rows = dataframe.select(text).rdd.map(lambda row: row[0]).filter(lambda value: value is not None)
            schema = dataframe.sparkSession.read.option("mode", "FAILFAST").json(rows).schema
        # FAILFAST: text that is not json must not become a null.
        return replace_columns(dataframe, {names[0]: F.from_json(text, schema, {"mode": "FAILFAST"})})
    if format_name == "csv" and schema is not None:
        csv_options = {"sep": str(options.get("separator", ",")), "mode": "FAILFAST"}
        return replace_columns(
            dataframe, {names[0]: F.from_csv(text, schema.simpleString()[7:-1], csv_options)}
        )
    raise not_emulated(
        f"Unbox with format={format_name!r}" + (" without withSchema" if format_name == "csv" else "")
    )


def _schema_of(options: Mapping[str, Any]) -> T.StructType | None:
    if "withSchema" not in options:
        return None
    return T.StructType.fromJson(json.loads(options["withSchema"]))


def _leaves(schema: T.StructType, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    paths = []
    for field in schema.fields:
        path = (*prefix, field.name)
        paths += _leaves(field.dataType, path) if isinstance(field.dataType, T.StructType) else [path]
    return paths


def _pivot(flat: DataFrame, name: str, tables: dict[str, DataFrame]) -> None:
    arrays = [field.name for field in flat.schema.fields if isinstance(field.dataType, T.ArrayType)]
    for field in flat.schema.fields:
        if isinstance(field.dataType, T.MapType):
            raise not_emulated(f"Relationalize of a map ({field.name})")
    if not arrays:
        tables[name] = flat
        return
    # The numbers that join the tables must be the same wherever they are read, so they are computed once.
    numbered = flat.withColumn("#", F.monotonically_increasing_id()).persist()
    keys: dict[str, Column] = {
        array: F.when(F.col(quote((array,))).isNotNull(), F.col("`#`")) for array in arrays
    }
    tables[name] = replace_columns(numbered, keys).drop("#")
    for array in arrays:
        exploded = numbered.select(
            F.col("`#`").alias("id"), F.posexplode(F.col(quote((array,)))).alias("index", "val")
        )
        elements = unnest(exploded.select("id", F.col("index"), F.struct("val").alias(array)))
        _pivot(elements, f"{name}_{array}", tables)
