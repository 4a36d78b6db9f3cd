"""The DynamicFrame API on a real Spark, with the catalog's side of it on moto's Glue and files in `file:`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from crawled_shapes import crawled
from moto.server import ThreadedMotoServer
from pyspark import SparkContext
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).parents[2] / "sandbox" / "glue" / "library"))

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.transforms import (
    ApplyMapping,
    DropFields,
    DropNullFields,
    Filter,
    Join,
    Map,
    Relationalize,
    RenameField,
    ResolveChoice,
    SelectFields,
    SelectFromCollection,
    SplitFields,
    SplitRows,
    Unbox,
    UnnestFrame,
)

# PySpark leaves the sockets through which it collects rows to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning"
)

LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPENX = "org.openx.data.jsonserde.JsonSerDe"


@pytest.fixture(scope="module")
def glue_api() -> Iterator[Any]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        client = boto3.client("glue")
        client.create_database(DatabaseInput={"Name": "lib"})
        yield client
        client.close()
    server.stop()


@pytest.fixture(scope="module")
def glue(glue_api: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlueContext]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
            .getOrCreate()
        )
        assert glue_api.meta.endpoint_url.startswith("http://127.0.0.1")
        yield GlueContext(spark.sparkContext)
        spark.stop()
        gateway = SparkContext._gateway
        assert gateway is not None
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
        SparkContext._gateway = SparkContext._jvm = None


@pytest.fixture
def jobs_run(glue: GlueContext) -> Callable[[], int]:
    """How many Spark jobs have run since the last call."""
    tracker = glue.spark_session.sparkContext.statusTracker()
    group = f"test-{id(tracker)}"
    glue.spark_session.sparkContext.setJobGroup(group, group)
    seen = 0

    def count() -> int:
        nonlocal seen
        now = len(tracker.getJobIdsForGroup(group))
        seen, new = now, now - seen
        return new

    return count


def table(
    glue_api: Any,
    name: str,
    location: Path,
    columns: dict[str, str],
    classification: str = "csv",
    keys: dict[str, str] | None = None,
    serde: dict[str, str] | None = None,
    **parameters: str,
) -> None:
    library = {"csv": LAZY_SIMPLE, "json": OPENX}.get(classification, "")
    glue_api.create_table(
        DatabaseName="lib",
        TableInput={
            "Name": name,
            "Parameters": {"classification": classification, **parameters},
            "PartitionKeys": [{"Name": n, "Type": t} for n, t in (keys or {}).items()],
            "StorageDescriptor": {
                "Location": f"file:{location}",
                "Columns": [{"Name": n, "Type": t} for n, t in columns.items()],
                "SerdeInfo": {"SerializationLibrary": library, "Parameters": serde or {}},
            },
        },
    )


def read(glue: GlueContext, name: str, **options: Any) -> DynamicFrame:
    return glue.create_dynamic_frame.from_catalog(database="lib", table_name=name, **options)


def values(frame: DynamicFrame) -> list[Any]:
    return [row.asDict(recursive=True) for row in frame.toDF().collect()]


@pytest.fixture(scope="module")
def people(glue_api: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("people")
    (folder / "people.csv").write_text('39, State-gov, 1.5\n50,"a, b",2\n\n x1, ?, 3.25\n   \n12.5,,\n')
    table(glue_api, "people", folder, {"col0": "bigint", "col1": "string", "col2": "double"})
    return "people"


@pytest.fixture(scope="module")
def clean(glue_api: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("clean")
    (folder / "a.csv").write_text("id|name\n1|ann\n 2|bob\n")
    (folder / "b.csv").write_text("id|name\n3|cid\n")
    columns = {"id": "int", "name": "string"}
    table(glue_api, "clean", folder, columns, serde={"field.delim": "|"}, **{"skip.header.line.count": "1"})
    return "clean"


def test_a_column_with_a_stray_value_is_a_choice(
    glue: GlueContext, people: str, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = read(glue, people)
    frame.printSchema()
    assert capsys.readouterr().out.splitlines() == [
        "root",
        "|-- col0: choice",
        "|    |-- long",
        "|    |-- string",
        "|-- col1: string",
        "|-- col2: double",
    ]
    rows = values(frame)
    # The blank lines are no rows; text keeps its leading blanks; 12.5 is not silently cut to 12.
    assert [row["col0"] for row in rows] == [
        {"long": 39, "string": None},
        {"long": 50, "string": None},
        {"long": None, "string": " x1"},
        {"long": None, "string": "12.5"},
    ]
    assert [row["col1"] for row in rows] == [" State-gov", "a, b", " ?", None]
    assert [row["col2"] for row in rows] == [1.5, 2.0, 3.25, None]


def test_headers_and_delimiters_come_from_the_table(glue: GlueContext, clean: str) -> None:
    frame = read(glue, clean)
    assert sorted((row["id"], row["name"]) for row in values(frame)) == [(1, "ann"), (2, "bob"), (3, "cid")]
    assert frame.toDF().dtypes == [("id", "int"), ("name", "string")]
    assert frame.count() == 3


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        ([("col0", "cast:long")], {"col0": [39, 50, None, None]}),
        ([("col0", "cast:double")], {"col0": [39.0, 50.0, None, 12.5]}),
        ([("col0", "cast:string")], {"col0": ["39", "50", " x1", "12.5"]}),
        ([("col0", "project:string")], {"col0": [None, None, " x1", "12.5"]}),
        ([("col0", "project:long")], {"col0": [39, 50, None, None]}),
        (
            [("col0", "make_cols")],
            {"col0_long": [39, 50, None, None], "col0_string": [None, None, " x1", "12.5"]},
        ),
    ],
)
def test_choices_are_resolved_as_told(
    glue: GlueContext, people: str, specs: list[tuple[str, str]], expected: dict[str, list[Any]]
) -> None:
    rows = values(ResolveChoice.apply(frame=read(glue, people), specs=specs))
    assert {name: [row[name] for row in rows] for name in expected} == expected


def test_make_struct_keeps_both_and_ends_the_choice(glue: GlueContext, people: str) -> None:
    frame = read(glue, people).resolveChoice(choice="make_struct")
    assert frame.schema().field_map["col0"].dataType.typeName() == "struct"
    assert values(frame)[2]["col0"] == {"long": None, "string": " x1"}


def test_match_catalog_casts_to_the_types_of_a_table(glue: GlueContext, people: str) -> None:
    frame = read(glue, people).resolveChoice(choice="match_catalog", database="lib", table_name=people)
    assert frame.toDF().dtypes == [("col0", "bigint"), ("col1", "string"), ("col2", "double")]
    assert [row["col0"] for row in values(frame)] == [39, 50, None, None]


def test_only_choices_are_flattened(glue: GlueContext, clean: str) -> None:
    frame = read(glue, clean).resolveChoice(choice="make_cols")
    assert frame.toDF().columns == ["id", "name"]


def test_transformations_run_nothing_until_a_result_is_asked_for(
    glue: GlueContext, people: str, jobs_run: Callable[[], int]
) -> None:
    frame = read(glue, people)
    mapped = ApplyMapping.apply(
        frame=frame, mappings=[("col0", "long", "age", "long"), ("col1", "string", "work", "string")]
    )
    SelectFields.apply(frame=ResolveChoice.apply(frame=mapped, specs=[("age", "cast:int")]), paths=["age"])
    frame.resolveChoice(choice="make_cols").map(lambda record: record).filter(lambda _: True).unnest()
    assert jobs_run() == 0
    mapped.toDF()
    assert jobs_run() == 0, "a mapping names its types, so no look at the data is needed"
    frame.toDF()
    frame.schema()
    assert jobs_run() <= 2, "one look at the data is enough for all questions about the schema"


def test_a_mapping_renames_casts_and_nests(glue: GlueContext, people: str) -> None:
    frame = read(glue, people).apply_mapping(
        [
            ("col0", "long", "person.age", "int"),
            ("col2", "double", "score", "string"),
            ("col1", "string", "person.work", "string"),
            ("absent", "string", "absent", "string"),
        ]
    )
    assert frame.toDF().schema.simpleString() == "struct<person:struct<age:int,work:string>,score:string>"
    assert values(frame)[0] == {"person": {"age": 39, "work": " State-gov"}, "score": "1.5"}
    with pytest.raises(AnalysisException):
        read(glue, people).apply_mapping([("col1", "string", "x", "no_such_type")])


@pytest.fixture(scope="module")
def orders(glue: GlueContext) -> DynamicFrame:
    rows = [
        {
            "id": 1,
            "who": {"name": "ann", "city": "Rom"},
            "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}],
        },
        {"id": 2, "who": {"name": "bob", "city": None}, "lines": []},
        {"id": 3, "who": None, "lines": [{"sku": "c", "n": 3}]},
    ]
    schema = "id bigint, who struct<name: string, city: string>, lines array<struct<sku: string, n: int>>"
    return DynamicFrame.fromDF(glue.spark_session.createDataFrame(rows, schema), glue, "orders")


def test_fields_are_selected_dropped_and_renamed_by_path(orders: DynamicFrame) -> None:
    assert SelectFields.apply(
        frame=orders, paths=["id", "who.city", "nothing"]
    ).toDF().schema.simpleString() == ("struct<id:bigint,who:struct<city:string>>")
    dropped = DropFields.apply(frame=orders, paths=["lines", "who.city", "nothing"])
    assert dropped.toDF().schema.simpleString() == "struct<id:bigint,who:struct<name:string>>"
    renamed = RenameField.apply(frame=dropped, old_name="who.name", new_name="name")
    assert renamed.select_fields(["id", "name"]).toDF().collect()[0].asDict() == {"id": 1, "name": "ann"}
    with pytest.raises(ValueError, match=r"no field nothing"):
        orders.rename_field("nothing", "x")


def test_nested_records_become_flat_tables(orders: DynamicFrame) -> None:
    assert UnnestFrame.apply(frame=orders).toDF().columns == ["id", "who.name", "who.city", "lines"]
    tables = Relationalize.apply(frame=orders, staging_path=None, name="root")
    assert sorted(tables.keys()) == ["root", "root_lines"]
    root = SelectFromCollection.apply(dfc=tables, key="root").toDF()
    lines = tables.select("root_lines").toDF()
    assert lines.columns == ["id", "index", "lines.val.sku", "lines.val.n"]
    joined = root.join(lines, root["lines"] == lines["id"]).select(root["id"], "index", "`lines.val.sku`")
    assert sorted(map(tuple, joined.collect())) == [(1, 0, "a"), (1, 1, "b"), (3, 0, "c")]
    with pytest.raises(KeyError, match="root, root_lines"):
        tables.select("other")


def test_python_functions_see_records_and_their_errors_are_kept(glue: GlueContext, people: str) -> None:
    frame = read(glue, people)
    older = Filter.apply(frame=frame, f=lambda record: record["col0"] > 40)
    assert [row["col0"] for row in values(older)] == [50]
    assert (older.errorsCount(), older.stageErrorsCount()) == (2, 2)
    [first, _] = [row["error"] for row in values(older.errorsAsDynamicFrame())]
    assert first["msg"].startswith("TypeError") and json.loads(first["dynamicRecord"])["col0"] == " x1"
    selected = older.select_fields(["col1"])
    assert (selected.errorsCount(), selected.stageErrorsCount()) == (2, 0)
    with pytest.raises(RuntimeError, match=r"2 records"):
        selected.assertErrorThreshold()


def test_a_mapped_record_may_have_any_shape(glue: GlueContext, clean: str) -> None:
    def double(record: dict[str, Any]) -> dict[str, Any]:
        if record["id"] == 2:
            return {"twice": 4, "who": {"name": record["name"]}}
        return {
            "twice": record["id"] * 2,
            "who": {"name": record["name"], "first": record["name"][0]},
            "name": None,
        }

    frame = Map.apply(frame=read(glue, clean), f=double)
    assert sorted(row["twice"] for row in values(frame)) == [2, 4, 6]
    assert {row["twice"]: row["who"] for row in values(frame)}[4] == {"name": "bob", "first": None}
    assert dict(frame.toDF().dtypes)["name"] == "string", "a field that is always null keeps its type"
    assert frame.errorsCount() == 0


def test_rows_and_fields_are_split_and_joined_again(glue: GlueContext, clean: str) -> None:
    frame = read(glue, clean)
    halves = SplitRows.apply(
        frame=frame, comparison_dict={"id": {">": 1, "<=": 3}}, name1="big", name2="small"
    )
    assert [len(values(halves[name])) for name in ("big", "small")] == [2, 1]
    columns = SplitFields.apply(frame=frame, paths=["name"], name1="names", name2="rest")
    assert [columns[name].toDF().columns for name in ("names", "rest")] == [["name"], ["id"]]
    joined = Join.apply(frame1=frame, frame2=frame, keys1=["id"], keys2=["id"])
    assert joined.toDF().columns == ["id", "name", ".id", ".name"]
    assert joined.count() == 3
    merged = frame.mergeDynamicFrame(halves["big"].apply_mapping([("id", "int", "id", "int")]), ["id"])
    assert sorted((row["id"], row["name"]) for row in values(merged)) == [(1, "ann"), (2, None), (3, None)]
    assert frame.union(halves["small"]).count() == 4


def test_text_is_unboxed(glue: GlueContext) -> None:
    frame = DynamicFrame.fromDF(
        glue.spark_session.createDataFrame([('{"a": 1}',), (None,)], "j string"), glue, "boxed"
    )
    assert values(Unbox.apply(frame=frame, path="j", format="json")) == [{"j": {"a": 1}}, {"j": None}]


def test_fields_without_any_value_are_dropped(glue: GlueContext) -> None:
    frame = DynamicFrame.fromDF(
        glue.spark_session.sql("SELECT 1 AS a, null AS b, CAST(null AS int) AS c"), glue
    )
    assert DropNullFields.apply(frame=frame).toDF().columns == ["a", "c"]


def test_show_prints_records(glue: GlueContext, people: str, capsys: pytest.CaptureFixture[str]) -> None:
    read(glue, people).show(3)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["col0"] for line in lines] == [39, 50, " x1"]


def test_spigot_writes_a_sample_when_the_frame_is_used(glue: GlueContext, clean: str, tmp_path: Path) -> None:
    frame = read(glue, clean).spigot((tmp_path / "sample").as_uri(), {"topk": 2})
    assert not (tmp_path / "sample").exists()
    assert frame.count() == 3
    assert glue.spark_session.read.json((tmp_path / "sample").as_uri()).count() == 2


def test_json_is_read_by_the_names_that_the_files_use(
    glue: GlueContext, glue_api: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(
        '{"flightNo": 7, "speed": 1.5, "at": {"x": 1}}\n\n{"flightNo": "AA", "speed": 2}\n'
    )
    columns = {"flightno": "bigint", "speed": "double", "at": "struct<x:int>"}
    table(glue_api, "json", tmp_path, columns, "json", serde={"paths": "flightNo,speed,at"})
    rows = values(read(glue, "json"))
    assert [row["flightNo"] for row in rows] == [{"long": 7, "string": None}, {"long": None, "string": "AA"}]
    assert [row["speed"] for row in rows] == [1.5, 2.0]
    assert rows[0]["at"] == {"x": 1}


def test_a_malformed_json_line_fails_the_read(glue: GlueContext, glue_api: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": "x"}\n{"a": \n')
    table(glue_api, "broken", tmp_path, {"a": "string"}, "json")
    with pytest.raises(Exception, match=r"(?i)malformed"):
        read(glue, "broken").toDF().collect()


def test_partitions_are_chosen_before_files_are_read(
    glue: GlueContext, glue_api: Any, tmp_path: Path
) -> None:
    table(glue_api, "months", tmp_path, {"n": "bigint"}, keys={"year": "string", "month": "int"})
    for month in (1, 2, 11):
        folder = tmp_path / f"year=2013/month={month}"
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(f"{month}0\n{month}1\n")
        glue_api.create_partition(
            DatabaseName="lib",
            TableName="months",
            PartitionInput={
                "Values": ["2013", str(month)],
                "StorageDescriptor": {"Location": f"file:{folder}"},
            },
        )
    rows = values(read(glue, "months"))
    assert len(rows) == 6
    assert {(row["year"], row["month"], row["n"] // 10) for row in rows} == {
        ("2013", m, m) for m in (1, 2, 11)
    }
    # As numbers: 11 is more than 2, which as text it is not.
    later = read(glue, "months", push_down_predicate="year = '2013' and month >= 2")
    assert sorted(row["n"] for row in values(later)) == [20, 21, 110, 111]
    assert len(later.toDF().inputFiles()) == 2
    assert read(glue, "months", push_down_predicate="month > 12").toDF().columns == ["n", "year", "month"]
    with pytest.raises(AnalysisException, match=r"day = 1 can not be resolved.*\[year, month\]"):
        read(glue, "months", push_down_predicate="day = 1")


def test_a_sink_writes_files_and_the_table_that_describes_them(
    glue: GlueContext, glue_api: Any, clean: str, tmp_path: Path
) -> None:
    target = f"file:{tmp_path}/out"

    def write(frame: DynamicFrame, **options: Any) -> None:
        sink = glue.getSink(
            connection_type="s3", path=target, enableUpdateCatalog=True, partitionKeys=["name"], **options
        )
        sink.setFormat("glueparquet", compression="snappy")
        sink.setCatalogInfo(catalogDatabase="lib", catalogTableName="written")
        sink.writeFrame(frame)

    frame = read(glue, clean)
    write(frame)
    written = glue_api.get_table(DatabaseName="lib", Name="written")["Table"]
    assert written["StorageDescriptor"]["Columns"] == [{"Name": "id", "Type": "int"}]
    assert written["PartitionKeys"] == [{"Name": "name", "Type": "string"}]
    partitions = glue_api.get_partitions(DatabaseName="lib", TableName="written")["Partitions"]
    assert sorted(p["Values"] for p in partitions) == [["ann"], ["bob"], ["cid"]]
    assert sorted((row["id"], row["name"]) for row in values(read(glue, "written"))) == [
        (1, "ann"),
        (2, "bob"),
        (3, "cid"),
    ]
    # Once more: files are added, the schema follows, and partitions that are known are no error.
    wider = DynamicFrame.fromDF(glue.spark_session.sql("SELECT 9 AS id, 'x' AS extra, 'ann' AS name"), glue)
    write(wider)
    assert read(glue, "written").count() == 4
    columns = glue_api.get_table(DatabaseName="lib", Name="written")["Table"]["StorageDescriptor"]["Columns"]
    assert columns == [{"Name": "id", "Type": "int"}, {"Name": "extra", "Type": "string"}]
    write(frame, updateBehavior="LOG")
    assert (
        glue_api.get_table(DatabaseName="lib", Name="written")["Table"]["StorageDescriptor"]["Columns"]
        == columns
    )


def test_a_sink_that_cannot_end_well_writes_nothing(glue: GlueContext, clean: str, tmp_path: Path) -> None:
    frame = read(glue, clean)
    sink = glue.getSink(connection_type="s3", path=(tmp_path / "out").as_uri(), enableUpdateCatalog=True)
    sink.setFormat("parquet")
    with pytest.raises(ValueError, match="setCatalogInfo"):
        sink.writeFrame(frame)
    sink.setCatalogInfo(catalogDatabase="nowhere", catalogTableName="t")
    with pytest.raises(AnalysisException, match="Database not found: nowhere"):
        sink.writeFrame(frame)
    sink.setCatalogInfo(catalogDatabase="lib", catalogTableName=clean)
    with pytest.raises(AnalysisException, match=r"lib\.clean lies in"):
        sink.writeFrame(frame)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["csv", "json", "orc", "parquet"])
def test_files_are_written_and_read_again(glue: GlueContext, clean: str, tmp_path: Path, kind: str) -> None:
    path = (tmp_path / kind).as_uri()
    frame = read(glue, clean)
    for _ in range(2):
        glue.write_dynamic_frame.from_options(
            frame=frame, connection_type="s3", connection_options={"path": path}, format=kind
        )
    options = {"withHeader": True} if kind == "csv" else {}
    again = glue.create_dynamic_frame.from_options(
        connection_type="s3", connection_options={"paths": [path]}, format=kind, format_options=options
    )
    assert again.count() == 6, "files are added, as Glue does"
    assert sorted({str(row["id"]) for row in values(again)}) == ["1", "2", "3"]


def test_rows_are_added_to_a_table_in_its_own_format(
    glue: GlueContext, glue_api: Any, tmp_path: Path
) -> None:
    columns = {"id": "int", "name": "string"}
    table(
        glue_api, "log", tmp_path / "log", columns, "csv", **{"skip.header.line.count": "1", "delimiter": ";"}
    )
    frame = DynamicFrame.fromDF(glue.spark_session.sql("SELECT 1 AS id, 'a;b' AS name"), glue)
    glue.write_dynamic_frame.from_catalog(frame=frame, database="lib", table_name="log")
    assert values(read(glue, "log")) == [{"id": 1, "name": "a;b"}]


def test_a_missing_table_is_named(glue: GlueContext) -> None:
    with pytest.raises(AnalysisException, match=r"lib\.nothing.*EntityNotFoundException"):
        read(glue, "nothing")
    with pytest.raises(AnalysisException, match=r"nowhere\.people"):
        glue.create_dynamic_frame.from_catalog(database="nowhere", table_name="people")


def test_what_is_not_emulated_says_so(glue: GlueContext, people: str) -> None:
    with pytest.raises(NotImplementedError, match="connection_type='mysql' is not emulated by EMR Sandbox"):
        glue.create_dynamic_frame.from_options(connection_type="mysql", connection_options={})
    with pytest.raises(NotImplementedError, match="write_dynamic_frame_from_jdbc_conf"):
        glue.write_dynamic_frame.from_jdbc_conf(frame=None, catalog_connection="c")
    with pytest.raises(NotImplementedError, match="purge_table"):
        glue.purge_table("lib", people)
    with pytest.raises(AttributeError, match="forEachBatch is not emulated"):
        glue.forEachBatch()
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1")


def create_crawled(glue_api: Any, shape: str) -> None:
    made, _ = crawled(shape)
    glue_api.create_table(DatabaseName="lib", TableInput=made)


@pytest.mark.parametrize(
    ("shape", "count", "row"),
    [
        ("csv_header", 3, {"id": 1, "city": "Oslo", "latitude": 59.91, "capital": True}),
        ("ctrl_a", 3, {"id": 3, "city": "Tromsø", "latitude": 69.65, "capital": False}),
        ("csv_bzip2", 3, {"id": 2, "city": "Bergen", "latitude": 60.39, "capital": False}),
        ("csv_dialect", 2, {"id": 1, "note": "one~two"}),
        ("json_gzip", 2, {"at": 1764234001, "kind": "start"}),
        ("orc", 2, {"id": 1, "name": "Ada", "home": {"city": "London", "zip": None}}),
        ("parquet", 4, {"id": 2, "name": "Bob", "marks": {}}),
    ],
)
def test_crawled_tables_are_read(
    glue_api: Any, glue: GlueContext, shape: str, count: int, row: dict[str, Any]
) -> None:
    create_crawled(glue_api, shape)
    rows = [each.asDict(recursive=True) for each in read(glue, shape).toDF().collect()]
    assert len(rows) == count
    assert any(row.items() <= each.items() for each in rows)


@pytest.mark.parametrize(
    ("shape", "what"),
    [
        ("json_path", "JSON path"),
        ("csv_zip", "zip archives"),
        ("grok", "GrokSerDe"),
        ("apache_combined", "GrokSerDe"),
        ("xml", "format='xml'"),
    ],
)
def test_crawled_tables_that_cannot_be_read_are_refused(
    glue_api: Any, glue: GlueContext, shape: str, what: str
) -> None:
    create_crawled(glue_api, shape)
    with pytest.raises(NotImplementedError, match=what):
        read(glue, shape)


def test_a_crawled_avro_table_needs_sparks_avro_source(glue_api: Any, glue: GlueContext) -> None:
    create_crawled(glue_api, "avro")
    with pytest.raises(AnalysisException, match=r"Failed to find data source: avro"):
        read(glue, "avro")
