"""GlueContext: where a job script begins.

Source: AWS Glue developer guide, "GlueContext class".
"""
# ruff: noqa: N802, ARG002 - names and signatures are AWS's; transformation_ctx serves bookmarks only.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark import SparkContext
from pyspark.sql import DataFrame, SparkSession

from awsglue.bookmarks import Bookmark
from awsglue.catalog import Catalog
from awsglue.connections import DataFrameReader
from awsglue.dynamicframe import (
    DynamicFrame,
    DynamicFrameCollection,
    DynamicFrameReader,
    DynamicFrameWriter,
)
from awsglue.formats import require_writable
from awsglue.refusal import not_emulated
from awsglue.sink import DataSink
from awsglue.source import NewObjects, read_paths, read_table

Options = Mapping[str, Any] | None


class GlueContext:
    """Reads and writes DynamicFrames on a SparkContext."""

    def __init__(self, sparkContext: SparkContext, **options: Any) -> None:  # noqa: N803 - AWS's name
        self.spark_session = SparkSession.builder.getOrCreate()
        self.bookmark: Bookmark | None = None
        """What earlier runs have read, once `Job.init` was called in a run with bookmarks."""
        self._spark_context = sparkContext
        self.create_dynamic_frame = DynamicFrameReader(self)
        self.create_data_frame = DataFrameReader(self)
        self.write_dynamic_frame = DynamicFrameWriter(self)

    def get_logger(self) -> Any:
        """The Log4j logger of the job: `info`, `warn`, `error` write to the driver's log."""
        return self._spark_context._jvm.org.apache.log4j.LogManager.getLogger("GlueLogger")

    def setTempDir(self, path: str) -> None:
        """Accepted: nothing here stages data in a temporary folder."""

    # Reading

    def create_dynamic_frame_from_catalog(
        self, database: str, table_name: str, redshift_tmp_dir: str = "", transformation_ctx: str = "",
        push_down_predicate: str = "", additional_options: Options = None, catalog_id: str | None = None,
        **kwargs: Any,
    ) -> DynamicFrame:  # fmt: skip
        """The rows of a catalog table, of the partitions that satisfy `push_down_predicate` only.

        Raises AnalysisException naming database and table when the catalog does not have it.
        """
        if kwargs:
            raise not_emulated(f"from_catalog with {', '.join(sorted(kwargs))}")
        with Catalog(catalog_id) as catalog:
            table = catalog.table(database, table_name)
            records = read_table(
                self.spark_session,
                catalog,
                table,
                push_down_predicate or "",
                additional_options or {},
                self._new_objects(transformation_ctx),
            )
        return DynamicFrame.of_records(records, self, table_name)

    def create_dynamic_frame_from_options(
        self, connection_type: str, connection_options: Options = None, format: str | None = None,
        format_options: Options = None, transformation_ctx: str = "", push_down_predicate: str = "",
    ) -> DynamicFrame:  # fmt: skip
        """The rows of the files in `connection_options["paths"]`."""
        if connection_type not in ("s3", "file"):
            raise not_emulated(f"reading from connection_type={connection_type!r}")
        if push_down_predicate:
            raise not_emulated("from_options with push_down_predicate", "from_catalog takes it")
        options = dict(connection_options or {})
        paths = options.get("paths") or ([options.pop("path")] if "path" in options else [])
        if not paths:
            raise ValueError("connection_options has no paths to read")
        paths = [paths] if isinstance(paths, str) else list(paths)
        new_objects = self._new_objects(transformation_ctx)
        return DynamicFrame.of_records(
            read_paths(self.spark_session, paths, format, format_options or {}, options, new_objects),
            self,
            "",
        )

    def _new_objects(self, context: str) -> NewObjects | None:
        """What chooses the objects that are still to be read; a source without a context reads all."""
        bookmark = self.bookmark
        if bookmark is None or not context:
            return None
        return lambda paths, recurse: bookmark.new_objects(context, paths, recurse)

    def create_dynamic_frame_from_rdd(
        self, data: Any, name: str, schema: Any = None, sample_ratio: float | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:  # fmt: skip
        """The rows of an RDD, with the types that Spark infers when no schema is given."""
        frame = self.spark_session.createDataFrame(data, schema, samplingRatio=sample_ratio)
        return DynamicFrame.fromDF(frame, self, name)

    def create_data_frame_from_catalog(
        self, database: str, table_name: str, transformation_ctx: str = "",
        additional_options: Options = None, push_down_predicate: str = "", catalog_id: str | None = None,
    ) -> DataFrame:  # fmt: skip
        """The rows of a catalog table as a DataFrame."""
        options = dict(additional_options or {})
        # The switch to Spark's own readers changes how AWS reads, not what; here they are always used.
        options.pop("useSparkDataSource", None)
        return self.create_dynamic_frame_from_catalog(
            database, table_name, "", transformation_ctx, push_down_predicate, options, catalog_id
        ).toDF()

    def create_data_frame_from_options(
        self, connection_type: str, connection_options: Options = None, format: str | None = None,
        format_options: Options = None, transformation_ctx: str = "",
    ) -> DataFrame:  # fmt: skip
        """The rows of files as a DataFrame."""
        return self.create_dynamic_frame_from_options(
            connection_type, connection_options, format, format_options, transformation_ctx
        ).toDF()

    def getSource(self, connection_type: str, transformation_ctx: str = "", **options: Any) -> Any:
        """Not emulated."""
        raise not_emulated("GlueContext.getSource", "use create_dynamic_frame.from_options")

    # Writing

    def getSink(
        self, connection_type: str, format: str | None = None, transformation_ctx: str = "", **options: Any
    ) -> DataSink:
        """A sink for frames: `setFormat`, `setCatalogInfo`, `writeFrame`."""
        sink = DataSink(connection_type, options)
        if format is not None:
            sink.setFormat(format)
        return sink

    def write_dynamic_frame_from_options(
        self, frame: DynamicFrame, connection_type: str, connection_options: Options = None,
        format: str | None = None, format_options: Options = None, transformation_ctx: str = "",
    ) -> DynamicFrame:  # fmt: skip
        """Add the frame's records as files to `connection_options["path"]`, and return the frame."""
        if isinstance(frame, DynamicFrameCollection):
            raise not_emulated("writing a DynamicFrameCollection", "select its frames and write each")
        sink = DataSink(connection_type, connection_options or {})
        options = dict(format_options or {})
        sink.setFormat(require_writable(format, options), **options)
        return sink.writeFrame(frame)

    write_from_options = write_dynamic_frame_from_options

    def write_dynamic_frame_from_catalog(
        self, frame: DynamicFrame, database: str, table_name: str, redshift_tmp_dir: str = "",
        transformation_ctx: str = "", additional_options: Options = None, catalog_id: str | None = None,
    ) -> DynamicFrame:  # fmt: skip
        """Add the frame's records to a catalog table, in its location and format."""
        with Catalog(catalog_id) as catalog:
            table = catalog.table(database, table_name)
        options = dict(additional_options or {})
        keys = [name for name, _ in table.partition_keys]
        sink = DataSink("s3", {"path": table.location, "partitionKeys": keys, **options})
        format_options: dict[str, Any] = {}
        if table.format == "csv":
            skip = table.parameters.get("skip.header.line.count", "0")
            format_options = {"writeHeader": skip == "1", "separator": table.parameters.get("delimiter", ",")}
        sink.setFormat(table.format, **format_options)
        sink.setCatalogInfo(database, table_name, catalog_id)
        return sink.writeFrame(frame)

    def write_dynamic_frame_from_jdbc_conf(self, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Not emulated."""
        raise not_emulated("GlueContext.write_dynamic_frame_from_jdbc_conf")

    write_from_jdbc_conf = write_dynamic_frame_from_jdbc_conf

    # Files

    def purge_table(self, *args: Any, **kwargs: Any) -> None:
        """Not emulated."""
        raise not_emulated("GlueContext.purge_table")

    def purge_s3_path(self, *args: Any, **kwargs: Any) -> None:
        """Not emulated."""
        raise not_emulated("GlueContext.purge_s3_path")

    def transition_table(self, *args: Any, **kwargs: Any) -> None:
        """Not emulated."""
        raise not_emulated("GlueContext.transition_table")

    def transition_s3_path(self, *args: Any, **kwargs: Any) -> None:
        """Not emulated."""
        raise not_emulated("GlueContext.transition_s3_path")

    def __getattr__(self, name: str) -> Any:
        # For documented methods that are not here, such as forEachBatch.
        raise AttributeError(f"GlueContext.{name} is not emulated by EMR Sandbox")
