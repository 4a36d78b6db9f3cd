"""`create_dynamic_frame` and `write_dynamic_frame` of GlueContext.

Source: AWS Glue developer guide, "DynamicFrameReader class" and "DynamicFrameWriter class".
"""

from __future__ import annotations

from typing import Any


class DynamicFrameReader:
    """`glueContext.create_dynamic_frame`."""

    def __init__(self, glue_context: Any) -> None:
        self._glue_context = glue_context

    def from_catalog(self, *args: Any, **kwargs: Any) -> Any:
        """GlueContext.create_dynamic_frame_from_catalog."""
        return self._glue_context.create_dynamic_frame_from_catalog(*args, **kwargs)

    def from_options(self, *args: Any, **kwargs: Any) -> Any:
        """GlueContext.create_dynamic_frame_from_options."""
        return self._glue_context.create_dynamic_frame_from_options(*args, **kwargs)

    def from_rdd(self, *args: Any, **kwargs: Any) -> Any:
        """GlueContext.create_dynamic_frame_from_rdd."""
        return self._glue_context.create_dynamic_frame_from_rdd(*args, **kwargs)


class DynamicFrameWriter:
    """`glueContext.write_dynamic_frame`."""

    def __init__(self, glue_context: Any) -> None:
        self._glue_context = glue_context

    def from_options(self, *args: Any, **kwargs: Any) -> Any:
        """GlueContext.write_dynamic_frame_from_options."""
        return self._glue_context.write_dynamic_frame_from_options(*args, **kwargs)

    def from_catalog(self, *args: Any, **kwargs: Any) -> Any:
        """GlueContext.write_dynamic_frame_from_catalog."""
        return self._glue_context.write_dynamic_frame_from_catalog(*args, **kwargs)

    def from_jdbc_conf(self, *args: Any, **kwargs: Any) -> Any:
        """GlueContext.write_dynamic_frame_from_jdbc_conf."""
        return self._glue_context.write_dynamic_frame_from_jdbc_conf(*args, **kwargs)


class DataFrameReader:
    """`glueContext.create_data_frame`."""

    def __init__(self, glue_context: Any) -> None:
        self._glue_context = glue_context

    def from_catalog(self, *args: Any, **kwargs: Any) -> Any:
        """GlueContext.create_data_frame_from_catalog."""
        return self._glue_context.create_data_frame_from_catalog(*args, **kwargs)

    def from_options(self, *args: Any, **kwargs: Any) -> Any:
        """GlueContext.create_data_frame_from_options."""
        return self._glue_context.create_data_frame_from_options(*args, **kwargs)
