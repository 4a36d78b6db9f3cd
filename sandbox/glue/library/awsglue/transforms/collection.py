"""Transforms of DynamicFrameCollections."""
# ruff: noqa: N803, ARG002 - names and signatures are AWS's.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from awsglue.transforms.transform import GlueTransform


class SelectFromCollection(GlueTransform):
    def __call__(self, dfc: Any, key: str, transformation_ctx: str = "") -> Any:
        """The frame `key` of the collection."""
        return dfc.select(key)


class MapToCollection(GlueTransform):
    def __call__(
        self, dfc: Any, BaseFrames: Any = None, callable: Callable[..., Any] | None = None,
        transformation_ctx: str = "", **base_frames: Any,
    ) -> Any:  # fmt: skip
        """The collection of what `callable(frame, transformation_ctx)` makes of every frame."""
        if callable is None:
            raise ValueError("MapToCollection needs a callable")
        return dfc.map(callable, transformation_ctx)
