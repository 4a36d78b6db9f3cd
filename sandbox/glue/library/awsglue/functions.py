"""Python functions over records: Map and Filter.

A record whose function raises becomes an error record and leaves the frame, as in Glue;
`errorsAsDynamicFrame` shows it.
Source: AWS Glue developer guide, "Map class", "Filter class" and "DynamicFrame class", section "Errors".
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from pyspark import RDD, cloudpickle
from pyspark.sql import DataFrame, Row
from pyspark.sql import types as T  # noqa: N812 - Spark's own alias

from awsglue.choices import Records

Record = dict[str, Any]

# Executors need not have this package: what runs there travels with the functions.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def as_record(row: Row, choices: Collection[str]) -> Record:
    """A row as the function sees it: nested rows are dicts, and a choice is simply its value."""
    record: Record = row.asDict(recursive=True)
    for name in choices:
        members = record[name] or {}
        record[name] = next((value for value in members.values() if value is not None), None)
    return record


def filter_records(records: Records, predicate: Callable[[Record], Any]) -> tuple[Records, RDD]:
    """The rows for which `predicate` is true, and the error records of those for which it raised."""
    choices = frozenset(records.choices)

    def judge(rows: Iterable[Row]) -> Iterator[tuple[Any, Any]]:
        for row in rows:
            record = as_record(row, choices)
            try:
                if predicate(record):
                    yield row, None
            except Exception as error:
                yield None, _error_record(record, error)

    judged = records.dataframe.rdd.mapPartitions(judge)
    kept = judged.filter(lambda pair: pair[1] is None).map(lambda pair: pair[0])
    frame = records.dataframe.sparkSession.createDataFrame(kept, records.dataframe.schema, verifySchema=False)
    return Records(frame, records.choices), _errors(judged)


def map_records(dataframe: DataFrame, function: Callable[[Record], Record]) -> tuple[Records, RDD]:
    """What `function` makes of every record, and the error records.

    Nothing but running the function tells which fields it returns, so this costs one pass more to learn them.
    A field that is always null keeps the type that it had before.
    """

    def apply(rows: Iterable[Row]) -> Iterator[tuple[Any, Any]]:
        for row in rows:
            record = as_record(row, ())
            try:
                yield function(record), None
            except Exception as error:
                yield None, _error_record(record, error)

    mapped = dataframe.rdd.mapPartitions(apply)
    results = mapped.filter(lambda pair: pair[1] is None).map(lambda pair: pair[0])
    spark = dataframe.sparkSession
    if results.isEmpty():
        return Records(spark.createDataFrame([], dataframe.schema), {}), _errors(mapped)
    inferred = spark.createDataFrame(results.map(_as_row), samplingRatio=1.0).schema
    schema = _with_known_types(inferred, dataframe.schema)
    return Records(spark.createDataFrame(results, schema), {}), _errors(mapped)


def _errors(pairs: RDD) -> RDD:
    return pairs.filter(lambda pair: pair[1] is not None).map(lambda pair: pair[1])


def _error_record(record: Record, error: Exception) -> Row:
    return Row(
        error=Row(
            msg=f"{type(error).__name__}: {error}",
            stackTrace=traceback.format_exc(),
            dynamicRecord=json.dumps(record, default=str),
        )
    )


def _as_row(value: Any) -> Any:
    """`value` with dicts as rows, which Spark takes for structs; it takes dicts for maps."""
    if isinstance(value, Mapping):
        return Row(**{str(key): _as_row(member) for key, member in value.items()})
    if isinstance(value, list | tuple) and not isinstance(value, Row):
        return [_as_row(member) for member in value]
    return value


def _with_known_types(inferred: T.StructType, before: T.StructType) -> T.StructType:
    known = {field.name: field.dataType for field in before.fields}
    return T.StructType(
        [
            T.StructField(
                f.name,
                known.get(f.name, T.StringType()) if isinstance(f.dataType, T.NullType) else f.dataType,
            )
            for f in inferred.fields
        ]
    )
