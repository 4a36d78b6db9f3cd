"""Transforms of DynamicFrames: each calls the method of the same purpose."""
# ruff: noqa: N803, ARG002, PLR0913, PLR0917 - names and signatures are AWS's.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from awsglue.transforms.transform import GlueTransform


class ApplyMapping(GlueTransform):
    def __call__(
        self,
        frame: Any,
        mappings: Sequence[Sequence[str]],
        case_sensitive: bool = False,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """Only the mapped fields, renamed and cast."""
        return frame.apply_mapping(mappings)


class SelectFields(GlueTransform):
    def __call__(
        self,
        frame: Any,
        paths: Sequence[str],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """Only the fields at `paths`."""
        return frame.select_fields(paths)


class DropFields(GlueTransform):
    def __call__(
        self,
        frame: Any,
        paths: Sequence[str],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """All fields but those at `paths`."""
        return frame.drop_fields(paths)


class RenameField(GlueTransform):
    def __call__(
        self,
        frame: Any,
        old_name: str,
        new_name: str,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """The field `old_name` as `new_name`."""
        return frame.rename_field(old_name, new_name)


class DropNullFields(GlueTransform):
    def __call__(
        self,
        frame: Any,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """All fields but those of type null."""
        return frame.drop_nulls()


class ResolveChoice(GlueTransform):
    def __call__(
        self,
        frame: Any,
        specs: Sequence[tuple[str, str]] | None = None,
        choice: str = "",
        database: str | None = None,
        table_name: str | None = None,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
        catalog_id: str | None = None,
    ) -> Any:
        """The records with choices resolved."""
        return frame.resolveChoice(specs, choice, database, table_name, catalog_id=catalog_id)


class Filter(GlueTransform):
    def __call__(
        self,
        frame: Any,
        f: Callable[[dict[str, Any]], Any],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """The records for which `f` is true."""
        return frame.filter(f)


class Map(GlueTransform):
    def __call__(
        self,
        frame: Any,
        f: Callable[[dict[str, Any]], dict[str, Any]],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """What `f` makes of every record."""
        return frame.map(f)


class Join(GlueTransform):
    def __call__(
        self,
        frame1: Any,
        frame2: Any,
        keys1: Sequence[str] | str,
        keys2: Sequence[str] | str,
        transformation_ctx: str = "",
    ) -> Any:
        """The equality join of two frames."""
        return frame1.join(keys1, keys2, frame2)


class Union(GlueTransform):
    def __call__(self, frame1: Any, frame2: Any, transformation_ctx: str = "") -> Any:
        """The records of both frames."""
        return frame1.union(frame2)


class MergeDynamicFrame(GlueTransform):
    def __call__(
        self,
        frame: Any,
        stage_dynamic_frame: Any,
        primary_keys: Sequence[str],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """The frame with the staged records in place of those with the same keys."""
        return frame.mergeDynamicFrame(stage_dynamic_frame, primary_keys)


class Relationalize(GlueTransform):
    def __call__(
        self,
        frame: Any,
        staging_path: str | None = None,
        name: str = "roottable",
        options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """Flat tables: the root, and one for every array."""
        return frame.relationalize(name, staging_path, options)


class UnnestFrame(GlueTransform):
    def __call__(
        self,
        frame: Any,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """Every nested field as a column of its own."""
        return frame.unnest()


class Unbox(GlueTransform):
    def __call__(
        self,
        frame: Any,
        path: str,
        format: str,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
        **options: Any,
    ) -> Any:
        """The text field at `path`, parsed."""
        return frame.unbox(path, format, **options)


class SplitFields(GlueTransform):
    def __call__(
        self,
        frame: Any,
        paths: Sequence[str],
        name1: str = "name1",
        name2: str = "name2",
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """Two frames: the fields at `paths`, and the others."""
        return frame.split_fields(paths, name1, name2)


class SplitRows(GlueTransform):
    def __call__(
        self,
        frame: Any,
        comparison_dict: Mapping[str, Mapping[str, Any]],
        name1: str = "frame1",
        name2: str = "frame2",
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> Any:
        """Two frames: the rows that satisfy the comparisons, and the others."""
        return frame.split_rows(comparison_dict, name1, name2)


class Spigot(GlueTransform):
    def __call__(
        self, frame: Any, path: str, options: Mapping[str, Any] | None = None, transformation_ctx: str = ""
    ) -> Any:
        """The frame; a sample of it is written when it is used."""
        return frame.spigot(path, options)


class ErrorsAsDynamicFrame(GlueTransform):
    def __call__(self, frame: Any) -> Any:
        """The error records."""
        return frame.errorsAsDynamicFrame()
