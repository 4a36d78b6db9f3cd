"""Mappings and plans: which columns go where, and the steps of the script."""

import ast

import pytest

from sandbox.errors import AwsError
from sandbox.glue.script_annotations import read_script
from sandbox.glue.script_graph import Argument
from sandbox.glue.script_plan import mapping_of, plan
from sandbox.glue.script_python import write_script

SOURCE = {"DatabaseName": "db", "TableName": "raw"}
SINK = {"DatabaseName": "out", "TableName": "clean"}
MAPPING = [
    {"SourceTable": "raw", "SourcePath": "id", "SourceType": "string", "TargetTable": "clean",
     "TargetPath": "id", "TargetType": "long"},
    {"SourceTable": "raw", "SourcePath": "it's", "SourceType": "string", "TargetTable": "other",
     "TargetPath": 'a "b"', "TargetType": "string"},
]  # fmt: skip


def table(name, *columns, keys=()):
    of = lambda pairs: [{"Name": column, "Type": type} for column, type in pairs]  # noqa: E731
    return {"Name": name, "StorageDescriptor": {"Columns": of(columns)}, "PartitionKeys": of(keys)}


def s3(**values):
    return [Argument(name, value) for name, value in values.items()]


def rows(mapping):
    members = "SourceTable", "SourcePath", "SourceType", "TargetTable", "TargetPath", "TargetType"
    return [tuple(entry[name] for name in members) for entry in mapping]


def steps(graph):
    """The nodes in order with what they take, and the script's arguments of each, evaluated."""
    read = read_script(write_script(graph))
    taken = {edge.target: edge.source for edge in read.edges}
    return [
        (node.id, taken.get(node.id), {each.name: ast.literal_eval(each.value) for each in node.arguments})
        for node in read.nodes
    ]


@pytest.mark.parametrize(
    ("type", "name"),
    [
        ("bigint", "long"), ("int", "int"), ("smallint", "short"), ("tinyint", "byte"), ("double", "double"),
        ("STRING", "string"), ("decimal(10,2)", "decimal(10,2)"), ("date", "date"), ("boolean", "boolean"),
        ("array<bigint>", "array"), ("struct<a:int,b:array<int>>", "struct"), ("map<string,int>", "map"),
    ],
)  # fmt: skip
def test_types_have_the_names_that_glue_gives_them(type, name):
    raw = table("raw", ("a", type))
    assert rows(mapping_of(raw, [])) == [("raw", "a", name, "raw", "a", name)]


def test_without_sinks_every_column_stays_and_keys_are_columns():
    raw = table("raw", ("id", "bigint"), ("a.b", "string"), keys=[("day", "string")])
    assert rows(mapping_of(raw, [])) == [
        ("raw", "id", "long", "raw", "id", "long"),
        ("raw", "`a.b`", "string", "raw", "`a.b`", "string"),
        ("raw", "day", "string", "raw", "day", "string"),
    ]


def test_with_sinks_columns_go_by_name_to_the_types_there():
    raw = table("raw", ("Id", "string"), ("only_here", "int"), keys=[("day", "string")])
    first = table("first", ("id", "bigint"), ("only_there", "int"), ("day", "date"))
    second = table("second", ("day", "string"))
    assert rows(mapping_of(raw, [first, second])) == [
        ("raw", "Id", "string", "first", "id", "long"),
        ("raw", "day", "string", "first", "day", "date"),
        ("raw", "day", "string", "second", "day", "string"),
    ]


def test_a_plan_to_a_table_is_the_one_of_the_cli_example():
    tuples = [("id", "string", "id", "long"), ("it's", "string", 'a "b"', "string")]
    there = {"database": "out", "table_name": "clean"}
    assert steps(plan(MAPPING, SOURCE, [SINK], [])) == [
        ("datasource0", None, {"database": "db", "table_name": "raw", "transformation_ctx": "datasource0"}),
        ("applymapping1", "datasource0", {"mapping": tuples, "transformation_ctx": "applymapping1"}),
        ("selectfields2", "applymapping1", {"paths": ["id", 'a "b"'], "transformation_ctx": "selectfields2"}),
        (
            "resolvechoice3",
            "selectfields2",
            {"choice": "MATCH_CATALOG", **there, "transformation_ctx": "resolvechoice3"},
        ),
        ("datasink4", "resolvechoice3", {**there, "transformation_ctx": "datasink4"}),
    ]


def test_several_sinks_get_the_entries_of_their_name():
    other = {"DatabaseName": "out", "TableName": "Other"}
    found = steps(plan(MAPPING, SOURCE, [SINK, other], []))
    assert [(id, before) for id, before, _ in found if id.startswith(("apply", "datasink"))] == [
        ("applymapping1", "datasource0"),
        ("datasink4", "resolvechoice3"),
        ("applymapping5", "datasource0"),
        ("datasink8", "resolvechoice7"),
    ]
    mappings = {id: given["mapping"] for id, _, given in found if "mapping" in given}
    assert mappings == {
        "applymapping1": [("id", "string", "id", "long")],
        "applymapping5": [("it's", "string", 'a "b"', "string")],
    }


@pytest.mark.parametrize(
    ("location", "options", "others"),
    [
        (s3(path="s3://b/k", format="json"), {"path": "s3://b/k"}, {"format": "json"}),
        (
            s3(path='"s3://b/k"', format='"csv"', format_options='{"separator": "|"}'),
            {"path": "s3://b/k"},
            {"format": "csv", "format_options": {"separator": "|"}},
        ),
        (
            s3(
                connection_type='"s3"',
                connection_options='{"path": "s3://b", "partitionKeys": ["a"]}',
                format="csv",
            ),
            {"path": "s3://b", "partitionKeys": ["a"]},
            {"format": "csv"},
        ),
    ],
)
def test_a_plan_to_a_location_writes_there(location, options, others):
    *_, mapped, sink = steps(plan(MAPPING, SOURCE, [], location))
    assert mapped[0] == "applymapping1"
    assert sink == (
        "datasink2",
        "applymapping1",
        {"connection_type": "s3", "connection_options": options, **others, "transformation_ctx": "datasink2"},
    )


@pytest.mark.parametrize("format", ["parquet", "orc"])
def test_columnar_files_get_no_choice_and_no_null_column(format):
    found = steps(plan(MAPPING, SOURCE, [], s3(path="s3://b/k", format=format)))
    assert [(id, before) for id, before, _ in found[2:]] == [
        ("resolvechoice2", "applymapping1"),
        ("dropnullfields3", "resolvechoice2"),
        ("datasink4", "dropnullfields3"),
    ]
    assert found[2][2]["choice"] == "make_struct"


def test_without_a_target_nothing_is_written():
    script = write_script(plan(MAPPING, SOURCE, [], []))
    assert "write_dynamic_frame" not in script
    assert [id for id, _, _ in steps(plan(MAPPING, SOURCE, [], []))] == ["datasource0", "applymapping1"]


@pytest.mark.parametrize(
    ("mapping", "sinks", "location", "message"),
    [
        ([], [SINK], [], "Mapping has no entry"),
        ([{"SourcePath": "a", "SourceType": "int", "TargetPath": "a"}], [SINK], [], "has no TargetType"),
        (MAPPING, [SINK, {**SINK, "TableName": "third"}], [], "No sink is the TargetTable other"),
        (MAPPING[:1], [SINK, {**SINK, "TableName": "third"}], [], "Mapping has no entry for a target"),
        (MAPPING, [SINK], s3(path="s3://b", format="csv"), "not to both"),
        (MAPPING, [], s3(path="s3://b"), "needs the argument format"),
        (MAPPING, [], s3(format="csv"), "needs the argument path"),
        (MAPPING, [], s3(path="s3://b", format="csv", speed="1"), "no argument speed"),
        (MAPPING, [], s3(connection_options="[1]", format="csv"), "is no map"),
    ],
)
def test_what_makes_no_plan_is_refused_and_told_why(mapping, sinks, location, message):
    with pytest.raises(AwsError, match=message) as caught:
        plan(mapping, SOURCE, sinks, location)
    assert caught.value.code == "InvalidInputException"


def test_names_become_no_code():
    evil = '"); import os; os.system("x") #\n'
    entry = dict.fromkeys(MAPPING[0], evil)
    script = write_script(plan([entry], {"DatabaseName": evil, "TableName": evil}, [], []))
    assert [each.id for each in read_script(script).nodes] == ["datasource0", "applymapping1"]
    assert steps(plan([entry], SOURCE, [], []))[1][2]["mapping"] == [(evil,) * 4]
    assert len(ast.parse(script).body) == 15
