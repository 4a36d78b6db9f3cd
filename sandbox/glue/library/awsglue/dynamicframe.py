"""DynamicFrame: records that describe themselves, over a Spark DataFrame.

Everything is lazy: a transformation builds expressions, and data is read when a result is asked for. The few
transformations that must see data to know their own shape (`map`, `unbox` without a schema, `make_cols`) wait
until then, too.
Source: AWS Glue developer guide, "DynamicFrame class" and "DynamicFrameCollection class".
"""
# ruff: noqa: N802, N803, ARG002, PLR0913, PLR0917 - names and signatures are AWS's; transformation_ctx serves bookmarks only.

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pyspark import RDD
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - Spark's own alias
from pyspark.sql import types as T  # noqa: N812 - Spark's own alias

from awsglue import fields, functions, relational, resolution, rows
from awsglue.choices import Records, observe
from awsglue.connections import DynamicFrameReader, DynamicFrameWriter
from awsglue.gluetypes import StructType, glue_schema, tree_string
from awsglue.mapping import apply_mappings, parse_mappings
from awsglue.refusal import not_emulated

__all__ = ["DynamicFrame", "DynamicFrameCollection", "DynamicFrameReader", "DynamicFrameWriter"]

Step = Callable[[Records], Records]


class DynamicFrame:
    """A distributed collection of self-describing records."""

    def __init__(self, jdf: DataFrame, glue_ctx: Any, name: str = "") -> None:
        """Wrap the DataFrame `jdf`; scripts call `fromDF`."""
        self.glue_ctx = glue_ctx
        self.name = name
        self._records: Records | None = Records(jdf, {})
        self._build: Callable[[], Records] | None = None
        self._failures: list[RDD] = []
        self._stage_failures: list[RDD] = []

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: Any, name: str = "") -> DynamicFrame:
        """The rows of a DataFrame as a DynamicFrame."""
        return cls(dataframe, glue_ctx, name)

    @classmethod
    def of_records(cls, records: Records, glue_ctx: Any, name: str) -> DynamicFrame:
        """For this package's readers: records whose choices are known, or open."""
        frame = cls(records.dataframe, glue_ctx, name)
        frame._records = records
        return frame

    def _derive(self, step: Step, *, reads: bool = False) -> DynamicFrame:
        """The frame after `step`. A step that `reads` data is put off, others fail at once."""
        if self._records is not None and not reads:
            frame = DynamicFrame.of_records(step(self._records), self.glue_ctx, self.name)
        else:
            frame = DynamicFrame.__new__(DynamicFrame)
            frame.glue_ctx, frame.name, frame._records = self.glue_ctx, self.name, None
            frame._build = lambda: frame._after(self, step)
        frame._failures, frame._stage_failures = self._failures, []
        return frame

    def _after(self, parent: DynamicFrame, step: Step) -> Records:
        before = parent._now()
        # Only now are the parent's error records known.
        self._failures = parent._failures
        return step(before)

    def _now(self) -> Records:
        if self._records is None:
            assert self._build is not None
            self._records = self._build()
        return self._records

    def _observed(self) -> Records:
        self._records = observe(self._now())
        return self._records

    # Information

    def toDF(self, options: Sequence[Any] | None = None) -> DataFrame:
        """The records as a DataFrame; a choice is a struct with one field for each of its types."""
        if options:
            raise not_emulated("toDF(options)", "call resolveChoice first")
        return self._observed().dataframe

    def count(self) -> int:
        """The number of records."""
        return int(self._now().dataframe.count())

    def schema(self) -> StructType:
        """The schema in Glue's types."""
        records = self._observed()
        return glue_schema(records.dataframe.schema, records.choices)

    def printSchema(self) -> None:
        """Print the schema as a tree to standard output."""
        print(tree_string(self.schema()))  # noqa: T201 - printing is what it is for

    def show(self, num_rows: int = 20) -> None:
        """Print the first records to standard output, one JSON object a line."""
        records = self._now()
        for row in records.dataframe.take(num_rows):
            record = functions.as_record(row, records.choices)
            print(json.dumps(record, default=str))  # noqa: T201 - printing is what it is for

    def getNumPartitions(self) -> int:
        """The number of Spark partitions."""
        return int(self._now().dataframe.rdd.getNumPartitions())

    # Fields

    def apply_mapping(
        self, mappings: Sequence[Sequence[str]], case_sensitive: bool = False, transformation_ctx: str = "",
        info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """Only the mapped fields, renamed and cast: (source, source type, target, target type)."""
        parsed = parse_mappings(mappings)
        return self._derive(lambda records: apply_mappings(records, parsed))

    def select_fields(
        self, paths: Sequence[str], transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """Only the fields at `paths`."""
        return self._derive(lambda records: fields.select_fields(records, _listed(paths)))

    def drop_fields(
        self, paths: Sequence[str], transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """All fields but those at `paths`."""
        return self._derive(lambda records: fields.drop_fields(records, _listed(paths)))

    def rename_field(
        self, oldName: str, newName: str, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """The field at path `oldName` under the path `newName`."""
        return self._derive(lambda records: fields.rename_field(records, oldName, newName))

    def drop_nulls(self, transformation_ctx: str = "") -> DynamicFrame:
        """All fields but those of type null, which have no value in any record."""

        def step(records: Records) -> Records:
            void = [f.name for f in records.dataframe.schema.fields if isinstance(f.dataType, T.NullType)]
            return Records(records.dataframe.drop(*void), records.choices)

        return self._derive(step)

    def resolveChoice(
        self, specs: Sequence[tuple[str, str]] | None = None, choice: str = "", database: str | None = None,
        table_name: str | None = None, transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0, catalog_id: str | None = None, option: str = "",
    ) -> DynamicFrame:  # fmt: skip
        """The records with choices resolved: by `specs` [(path, action)], or all of them by `choice`.

        `choice="match_catalog"` casts every column to its type in the table `database`.`table_name`.
        """
        wanted = choice or option
        # Glue's generated scripts have this one choice in capitals.
        if wanted in ("match_catalog", "MATCH_CATALOG"):
            return self._derive(resolution.match_catalog(database, table_name, catalog_id))
        resolve = resolution.step(specs, wanted)
        # Where the answer depends on which columns really are choices, the data must be looked at first.
        if resolution.depends_on_data(specs, wanted):
            return self._derive(lambda records: resolve(observe(records)), reads=True)
        return self._derive(resolve)

    def unnest(
        self, transformation_ctx: str = "", info: str = "", stageThreshold: int = 0, totalThreshold: int = 0
    ) -> DynamicFrame:
        """Every nested field as a column of its own, named by its path."""
        return self._on_dataframe(relational.unnest)

    def unbox(
        self, path: str, format: str, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0, **options: Any,
    ) -> DynamicFrame:  # fmt: skip
        """The text field at `path` parsed as json or csv."""
        return self._on_dataframe(lambda frame: relational.unbox(frame, path, format, options))

    def relationalize(
        self, root_table_name: str, staging_path: str | None = None, options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrameCollection:  # fmt: skip
        """Flat tables: the root, and one for every array. `staging_path` is not needed and not written to."""
        tables = relational.relationalize(self.toDF(), root_table_name)
        frames = {name: DynamicFrame.fromDF(table, self.glue_ctx, name) for name, table in tables.items()}
        return DynamicFrameCollection(frames, self.glue_ctx)

    def split_fields(
        self, paths: Sequence[str], name1: str, name2: str, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrameCollection:  # fmt: skip
        """Two frames: the fields at `paths`, and all the others."""
        return self._pair(name1, self.select_fields(paths), name2, self.drop_fields(paths))

    # Rows

    def filter(
        self, f: Callable[[dict[str, Any]], Any], transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """The records (as dicts) for which the Python function `f` is true."""
        return self._with_errors(lambda records: functions.filter_records(records, f))

    def map(
        self, f: Callable[[dict[str, Any]], dict[str, Any]], preservesPartitioning: bool = False,
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """What the Python function `f` makes of every record (a dict)."""
        return self._with_errors(lambda records: functions.map_records(observe(records).dataframe, f))

    def split_rows(
        self, comparison_dict: Mapping[str, Mapping[str, Any]], name1: str, name2: str,
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrameCollection:  # fmt: skip
        """Two frames: the rows that satisfy all comparisons ({"age": {">": 10, "<": 20}}), and the others."""
        condition = rows.comparison(comparison_dict)
        matching = self._on_dataframe(lambda frame: frame.where(condition))
        others = self._on_dataframe(lambda frame: frame.where(~F.coalesce(condition, F.lit(False))))
        return self._pair(name1, matching, name2, others)

    def join(
        self, paths1: Sequence[str] | str, paths2: Sequence[str] | str, frame2: DynamicFrame,
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """The equality join. A column of the second frame that the first has too gets a dot in front."""
        return self._on_dataframe(
            lambda left: rows.join(left, frame2.toDF(), _listed(paths1), _listed(paths2))
        )

    def union(self, other_frame: DynamicFrame, transformation_ctx: str = "") -> DynamicFrame:
        """The records of both frames."""
        return self._on_dataframe(
            lambda frame: frame.unionByName(other_frame.toDF(), allowMissingColumns=True)
        )

    def mergeDynamicFrame(
        self, stage_dynamic_frame: DynamicFrame, primary_keys: Sequence[str], transformation_ctx: str = "",
        options: Mapping[str, Any] | None = None, info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """The staged records, and those of this frame whose primary keys are not among the staged ones."""
        return self._on_dataframe(
            lambda frame: rows.merge(frame, stage_dynamic_frame.toDF(), list(primary_keys))
        )

    def repartition(self, num_partitions: int, transformation_ctx: str = "") -> DynamicFrame:
        """The same records in so many partitions."""
        return self._derive(lambda r: Records(r.dataframe.repartition(num_partitions), r.choices))

    def coalesce(
        self, num_partitions: int, shuffle: bool = False, transformation_ctx: str = ""
    ) -> DynamicFrame:
        """The same records in at most so many partitions."""
        if shuffle:
            return self.repartition(num_partitions)
        return self._derive(lambda r: Records(r.dataframe.coalesce(num_partitions), r.choices))

    def spigot(
        self, path: str, options: Mapping[str, Any] | None = None, transformation_ctx: str = ""
    ) -> DynamicFrame:
        """This frame; a sample (`topk` records, picked with `prob`) is written when it is used."""

        def step(records: Records) -> Records:
            rows.sample(observe(records).dataframe, options or {}).write.mode("append").json(path)
            return records

        return self._derive(step, reads=True)

    def write(
        self, connection_type: str, connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None, accumulator_size: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """Write the records as GlueContext.write_dynamic_frame_from_options does."""
        written: DynamicFrame = self.glue_ctx.write_dynamic_frame_from_options(
            self, connection_type, connection_options, format, format_options
        )
        return written

    # Errors

    def errorsCount(self) -> int:
        """How many records became errors on the way to this frame."""
        self._now()
        return sum(failures.count() for failures in self._failures)

    def stageErrorsCount(self) -> int:
        """How many records became errors in the transformation that made this frame."""
        self._now()
        return sum(failures.count() for failures in self._stage_failures)

    def errorsAsDynamicFrame(self) -> DynamicFrame:
        """The error records: `error` with `msg`, `stackTrace` and `dynamicRecord` (the record as JSON)."""
        self._now()
        spark = self.glue_ctx.spark_session
        failures = spark.sparkContext.union(self._failures) if self._failures else []
        schema = "error struct<msg: string, stackTrace: string, dynamicRecord: string>"
        return DynamicFrame.fromDF(spark.createDataFrame(failures, schema), self.glue_ctx, "errors")

    def assertErrorThreshold(self) -> None:
        """Raise RuntimeError when any record became an error on the way to this frame."""
        if count := self.errorsCount():
            raise RuntimeError(f"{count} records of {self.name or 'the frame'} became errors")

    def _with_errors(self, step: Callable[[Records], tuple[Records, RDD]]) -> DynamicFrame:
        def run(records: Records) -> Records:
            result, failures = step(records)
            frame._failures, frame._stage_failures = [*self._failures, failures], [failures]
            return result

        frame = self._derive(run, reads=True)
        return frame

    def _on_dataframe(self, change: Callable[[DataFrame], DataFrame]) -> DynamicFrame:
        # With open choices in the frame the change must wait, since the look at the data would be a job.
        known = self._records is not None and all(c.observed for c in self._records.choices.values())

        def step(records: Records) -> Records:
            settled = observe(records)
            after = change(settled.dataframe)
            return Records(after, {n: c for n, c in settled.choices.items() if n in after.columns})

        return self._derive(step, reads=not known)

    def _pair(
        self, name1: str, first: DynamicFrame, name2: str, second: DynamicFrame
    ) -> DynamicFrameCollection:
        first.name, second.name = name1, name2
        return DynamicFrameCollection({name1: first, name2: second}, self.glue_ctx)


class DynamicFrameCollection:
    """DynamicFrames by name."""

    def __init__(self, dynamic_frames: Mapping[str, DynamicFrame], glue_ctx: Any) -> None:
        self._frames = dict(dynamic_frames)
        self.glue_ctx = glue_ctx

    def keys(self) -> list[str]:
        """The names."""
        return list(self._frames)

    def values(self) -> list[DynamicFrame]:
        """The frames, in the order of `keys`."""
        return list(self._frames.values())

    def select(self, key: str, transformation_ctx: str = "") -> DynamicFrame:
        """The frame of that name; KeyError with the names that there are."""
        if key not in self._frames:
            raise KeyError(f"no DynamicFrame {key!r} in the collection; there are {', '.join(self._frames)}")
        return self._frames[key]

    def map(
        self, callable: Callable[..., DynamicFrame], transformation_ctx: str = ""
    ) -> DynamicFrameCollection:
        """The collection of `callable(frame, transformation_ctx)` for every frame."""
        return DynamicFrameCollection(
            {key: callable(frame, transformation_ctx) for key, frame in self._frames.items()}, self.glue_ctx
        )

    def flatmap(self, f: Callable[..., Any], transformation_ctx: str = "") -> DynamicFrameCollection:
        """Not emulated."""
        raise not_emulated("DynamicFrameCollection.flatmap")

    def __getitem__(self, key: str) -> DynamicFrame:
        return self.select(key)

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)


def _listed(paths: Sequence[str] | str) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)
