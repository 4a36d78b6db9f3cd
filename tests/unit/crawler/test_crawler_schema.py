import pytest

from sandbox.glue.crawler.schema import (
    NULL,
    Array,
    Columns,
    Struct,
    Type,
    are_one,
    described,
    merge,
    merge_columns,
    similarity,
    spell,
)

AB: Columns = (("a", "bigint"), ("b", "string"))


@pytest.mark.parametrize(
    ("left", "right", "merged"),
    [
        ("int", "bigint", "bigint"),
        ("bigint", "double", "double"),
        ("float", "double", "double"),
        ("bigint", "string", "string"),
        ("boolean", "bigint", "string"),
        (NULL, "double", "double"),
        (NULL, NULL, NULL),
        ("decimal(10,2)", "decimal(8,4)", "decimal(12,4)"),
        ("decimal(10,2)", "int", "decimal(12,2)"),
        ("decimal(38,0)", "decimal(38,10)", "decimal(38,10)"),
        ("date", "timestamp", "string"),
        (Array("int"), Array("double"), Array("double")),
        (Array(NULL), Array(Struct((("x", "int"),))), Array(Struct((("x", "int"),)))),
        (
            Struct((("x", "int"),)),
            Struct((("y", "string"), ("x", "bigint"))),
            Struct((("x", "bigint"), ("y", "string"))),
        ),
        (Struct((("x", "int"),)), "int", "string"),
        (Array("int"), Struct(()), "string"),
    ],
)
def test_types_merge_both_ways(left: Type, right: Type, merged: Type) -> None:
    assert merge(left, right) == merged
    other = merge(right, left)
    assert (sorted(other.fields) if isinstance(other, Struct) else other) == (
        sorted(merged.fields) if isinstance(merged, Struct) else merged
    )


def test_a_type_is_spelled_as_hive_does() -> None:
    kind = Array(Struct((("userId", "int"), ("tags", Array(NULL)))))
    assert spell(kind) == "array<struct<userId:int,tags:array<string>>>"


def test_columns_keep_the_order_of_their_appearance() -> None:
    assert merge_columns([AB, (("c", "int"), ("a", "double"))]) == (
        ("a", "double"),
        ("b", "string"),
        ("c", "int"),
    )


def test_described_columns_are_lower_case_and_merged() -> None:
    assert described((("Id", "int"), ("Name", NULL), ("id", "bigint"))) == [
        {"Name": "id", "Type": "bigint"},
        {"Name": "name", "Type": "string"},
    ]


def columns(count: int, kind: str = "bigint") -> Columns:
    return tuple((f"col{index}", kind) for index in range(count))


@pytest.mark.parametrize(
    ("left", "right", "share"),
    [
        (AB, AB, 1.0),
        (AB, (("a", "double"), ("b", "string")), 1.0),
        (AB, (("a", "string"), ("b", "string")), 0.5),
        (columns(3), columns(5), 0.6),
        (AB, (("c", "int"),), 0.0),
        ((), (), 1.0),
        ((("x", Struct(())),), (("x", Struct((("y", "int"),))),), 1.0),
        ((("x", NULL),), (("x", Array("int")),), 1.0),
    ],
)
def test_similarity(left: Columns, right: Columns, share: float) -> None:
    assert similarity(left, right) == similarity(right, left) == share


@pytest.mark.parametrize(
    ("schemas", "one"),
    [
        ([AB], True),
        ([AB, AB], True),
        ([AB, columns(2)], False),
        ([AB, AB, AB, columns(2)], True),  # 75 % are similar
        ([AB, AB, columns(2)], False),
        ([columns(3), columns(5)], False),
        ([], False),
    ],
)
def test_when_schemas_are_one_table(schemas: list[Columns], one: bool) -> None:
    assert are_one(schemas) is one


def test_more_than_five_kinds_of_schema_are_never_one_table() -> None:
    odd = [((f"only{index}", "int"),) for index in range(5)]
    assert are_one([AB] * 30 + odd[:4])
    assert not are_one([AB] * 30 + odd)
