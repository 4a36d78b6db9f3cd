"""Documented transforms that are not emulated."""
# ruff: noqa: ARG002 - they take whatever the documented ones take.

from __future__ import annotations

from typing import Any

from awsglue.refusal import not_emulated
from awsglue.transforms.transform import GlueTransform


class FillMissingValues(GlueTransform):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise not_emulated(
            "FillMissingValues", "Spark's own pyspark.ml.feature.Imputer fills missing numbers"
        )


class FindMatches(GlueTransform):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise not_emulated("FindMatches")


class FindIncrementalMatches(GlueTransform):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise not_emulated("FindIncrementalMatches")


class FlatMap(GlueTransform):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise not_emulated("FlatMap")
