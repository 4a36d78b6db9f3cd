"""Joining, merging, comparing and sampling rows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias

from awsglue.paths import parse_path, quote
from awsglue.refusal import not_emulated

_COMPARATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
    ">=": operator.ge, "<=": operator.le,
}  # fmt: skip


def comparison(comparisons: Mapping[str, Mapping[str, Any]]) -> Column:
    """The conjunction of {"age": {">": 10, "<": 20}}; ValueError for another comparator or for nothing."""
    terms = []
    for path, tests in comparisons.items():
        for comparator, value in tests.items():
            if comparator not in _COMPARATORS:
                raise ValueError(f"comparator {comparator!r} is not one of {' '.join(_COMPARATORS)}")
            terms.append(_COMPARATORS[comparator](F.col(quote(parse_path(path))), F.lit(value)))
    if not terms:
        raise ValueError("split_rows needs at least one comparison")
    return reduce(operator.and_, terms)


def join(left: DataFrame, right: DataFrame, keys1: Sequence[str], keys2: Sequence[str]) -> DataFrame:
    """The inner join on equal keys. Columns of `right` that `left` has too get a dot in front."""
    if not keys1 or len(keys1) != len(keys2):
        raise ValueError(f"a join needs as many keys on the left {list(keys1)} as on the right {list(keys2)}")
    names = {name: f".{name}" if name in left.columns else name for name in right.columns}
    # Numbered names in between: the two frames may come from one source, and then share column identities.
    numbered = right.toDF(*(f"#{index}" for index in range(len(right.columns))))
    position = {name: f"#{index}" for index, name in enumerate(right.columns)}
    terms = []
    for key1, key2 in zip(map(parse_path, keys1), map(parse_path, keys2), strict=True):
        terms.append(F.col(quote(key1)) == F.col(quote((position[key2[0]], *key2[1:]))))
    joined = left.join(numbered, reduce(operator.and_, terms), "inner")
    return joined.toDF(*left.columns, *(names[name] for name in right.columns))


def merge(source: DataFrame, staged: DataFrame, keys: Sequence[str]) -> DataFrame:
    """The staged rows, and those rows of `source` whose keys are not among the staged ones."""
    if not keys:
        raise ValueError("mergeDynamicFrame needs primary keys")
    present = staged.select(*(F.col(quote(parse_path(key))) for key in keys)).distinct()
    untouched = source.join(present, list(keys), "left_anti").select(*map(_column, source.columns))
    return untouched.unionByName(staged, allowMissingColumns=True)


def sample(frame: DataFrame, options: Mapping[str, Any]) -> DataFrame:
    """A sample: every row with probability `prob`, of these the first `topk`."""
    if unknown := sorted(set(options) - {"topk", "prob"}):
        raise not_emulated(f"Spigot with {', '.join(unknown)}")
    if "prob" in options:
        frame = frame.sample(fraction=float(options["prob"]))
    return frame.limit(int(options["topk"])) if "topk" in options else frame


def _column(name: str) -> Column:
    return F.col(quote((name,)))
