"""Paths, mappings, resolutions and format options: decisions that need no Spark."""

from __future__ import annotations

import pytest
from awsglue.catalog import Table
from awsglue.choices import Action, Resolution, parse_resolution, plan_resolutions
from awsglue.formats import csv_read_options, csv_table_options, require_readable, require_writable
from awsglue.mapping import parse_mappings, target_tree
from awsglue.paths import parse_path, quote
from awsglue.resolution import depends_on_data, match_catalog, step
from awsglue.rows import comparison
from awsglue.sink import DataSink
from awsglue.source import require_whole
from awsglue.transforms import FillMissingValues, FindMatches


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ("`a.b`", ("a.b",)),
        ("`a.b`.c", ("a.b", "c")),
        ("a b", ("a b",)),
    ],
)
def test_paths(path: str, names: tuple[str, ...]) -> None:
    assert parse_path(path) == names


@pytest.mark.parametrize("path", ["", ".a", "a.", "a..b", "`a", "`a`b"])
def test_malformed_paths_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse_path(path)


def test_a_path_into_array_elements_is_refused_by_name() -> None:
    with pytest.raises(NotImplementedError, match=r"myList\[\].price.*not emulated by EMR Sandbox"):
        parse_path("myList[].price")


def test_names_are_quoted_for_spark() -> None:
    assert quote(("a.b", "c`d")) == "`a.b`.`c``d`"


@pytest.mark.parametrize(
    ("text", "resolution"),
    [
        ("cast:long", Resolution(Action.CAST, "long")),
        ("cast:decimal(10,2)", Resolution(Action.CAST, "decimal(10,2)")),
        ("project:string", Resolution(Action.PROJECT, "string")),
        ("make_cols", Resolution(Action.MAKE_COLS)),
        ("make_struct", Resolution(Action.MAKE_STRUCT)),
    ],
)
def test_resolutions(text: str, resolution: Resolution) -> None:
    assert parse_resolution(text) == resolution


@pytest.mark.parametrize("text", ["cast", "cast:", "project", "make_cols:long", "drop", ""])
def test_resolutions_that_make_no_sense(text: str) -> None:
    with pytest.raises(ValueError, match="resolution"):
        parse_resolution(text)


def test_specs_name_columns_and_choice_means_all_of_them() -> None:
    cast = Resolution(Action.CAST, "long")
    assert plan_resolutions([("a", "cast:long")], "", ["a", "b"]) == {"a": cast}
    assert plan_resolutions(None, "cast:long", ["a", "b.c"]) == {"`a`": cast, "`b.c`": cast}


def test_specs_and_choice_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="specs or choice, not both"):
        step([("a", "cast:long")], "make_cols")
    with pytest.raises(NotImplementedError, match="without specs and choice"):
        step(None, "")
    with pytest.raises(ValueError, match="needs database and table_name"):
        match_catalog("db", None, None)


def test_only_a_cast_can_be_planned_without_a_look_at_the_data() -> None:
    assert not depends_on_data([("a", "cast:long"), ("b", "cast:int")], "")
    assert depends_on_data([("a", "cast:long"), ("b", "make_cols")], "")
    assert depends_on_data(None, "cast:long")


def test_mappings_make_a_tree_of_targets() -> None:
    mappings = parse_mappings([("id", "long", "provider.id", "string"), ("n", "string", "n", "string")])
    tree = target_tree(mappings)
    assert list(tree.children) == ["provider", "n"]
    assert tree.children["provider"].children["id"].mapping == mappings[0]


@pytest.mark.parametrize("targets", [["a", "a"], ["a", "a.b"], ["a.b", "a"], ["a.b", "a.b"]], ids="+".join)
def test_mappings_to_the_same_target_are_refused(targets: list[str]) -> None:
    with pytest.raises(ValueError, match="mapped"):
        target_tree(parse_mappings([("x", "string", target, "string") for target in targets]))


@pytest.mark.parametrize("mapping", [("a", "long", "b"), "abcd", ("a", "b")])
def test_a_mapping_has_four_parts(mapping: object) -> None:
    with pytest.raises(ValueError, match="source column, source type, target column, target type"):
        parse_mappings([mapping])  # type: ignore[list-item]


def test_csv_options_of_a_table() -> None:
    lazy = csv_table_options({"classification": "csv", "skip.header.line.count": "1"}, {"field.delim": "|"})
    assert lazy == {"sep": "|", "quote": '"', "escape": '"', "header": "true"}
    opencsv = csv_table_options({}, {"separatorChar": ";", "quoteChar": "'", "escapeChar": "\\"})
    assert opencsv == {"sep": ";", "quote": "'", "escape": "\\", "header": "false"}
    with pytest.raises(NotImplementedError, match=r"skip.header.line.count=3"):
        csv_table_options({"skip.header.line.count": "3"}, {})


def test_csv_options_of_a_script() -> None:
    assert csv_read_options({"withHeader": True, "separator": "\t"})["header"] == "true"
    assert csv_read_options({"withHeader": "false"})["header"] == "false"
    assert csv_read_options({"quoteChar": "-1"})["quote"] == ""


@pytest.mark.parametrize(
    ("parameters", "library", "what"),
    [
        ({"exclusions": '["s3://b/**.tmp"]'}, "x.LazySimpleSerDe", "exclusions"),
        ({"classification": "json", "jsonPath": "$.rows[*]"}, "x.JsonSerDe", r"JSON path \$.rows"),
        ({"classification": "csv", "compressionType": "zip"}, "x.LazySimpleSerDe", "zip archives"),
        ({"classification": "csv"}, "com.amazonaws.glue.serde.GrokSerDe", "GrokSerDe"),
    ],
)
def test_tables_whose_rows_spark_would_not_find_are_refused(
    parameters: dict[str, str], library: str, what: str
) -> None:
    storage = {"SerdeInfo": {"SerializationLibrary": library}}
    table = Table("db", "t", {"StorageDescriptor": storage, "Parameters": parameters})
    with pytest.raises(NotImplementedError, match=f"reading db.t: .*{what}"):
        require_whole(table)
    require_whole(Table("db", "t", {"StorageDescriptor": {}, "Parameters": {"compressionType": "gzip"}}))


def test_formats_and_options_that_are_not_emulated_are_named() -> None:
    with pytest.raises(NotImplementedError, match="reading format='ion' is not emulated"):
        require_readable("ion", {})
    with pytest.raises(NotImplementedError, match="reading format='json' with format_options jsonPath"):
        require_readable("json", {"jsonPath": "$.id"})
    with pytest.raises(NotImplementedError, match="reading format='glueparquet'"):
        require_readable("glueparquet", {})
    assert require_writable("glueparquet", {"compression": "gzip"}) == "glueparquet"
    with pytest.raises(ValueError, match="a format is required"):
        require_writable(None, {})


def test_sinks_and_transforms_that_are_not_emulated_are_named() -> None:
    with pytest.raises(NotImplementedError, match="connection_type='redshift'"):
        DataSink("redshift", {})
    with pytest.raises(NotImplementedError, match="connection_options dbtable"):
        DataSink("s3", {"path": "s3://b/", "dbtable": "t"})
    with pytest.raises(ValueError, match="updateBehavior"):
        DataSink("s3", {"path": "s3://b/", "updateBehavior": "REPLACE"})
    with pytest.raises(NotImplementedError, match="FindMatches is not emulated by EMR Sandbox"):
        FindMatches.apply(frame=None, transformId="t")
    with pytest.raises(NotImplementedError, match="FillMissingValues is not emulated"):
        FillMissingValues.apply(frame=None, missing_values_column="a")


def test_comparisons_need_known_comparators() -> None:
    with pytest.raises(ValueError, match="comparator '~'"):
        comparison({"age": {"~": 1}})
    with pytest.raises(ValueError, match="at least one"):
        comparison({})
