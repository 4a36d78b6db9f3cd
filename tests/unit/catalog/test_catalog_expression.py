import pytest

from sandbox.catalog.expression import Dialect, compile_filter
from sandbox.errors import AwsError

NULL = "__HIVE_DEFAULT_PARTITION__"
KEYS = [
    ("year", "int"),
    ("region", "string"),
    ("day", "date"),
    ("price", "decimal(10,2)"),
    ("at", "timestamp"),
    ("date", "varchar(20)"),
    ("ok", "boolean"),
]
ROW = ["2024", "north", "2024-03-09", "9.50", "2024-03-09 10:00:00", "x", "true"]
NULLS = [NULL] * len(KEYS)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("year = 2024", True),
        ("year='2024'", True),
        ("year = 02024", True),
        ("YEAR <> 2024", False),
        ("year != 2023", True),
        ("year > 999", True),
        ("year >= 2024 AND year <= 2024", True),
        ("year < 10000", True),
        ("year < 2024", False),
        ("2023 < year", True),
        ("2024 >= year", True),
        ("2025 <= year", False),
        ("year = -2024", False),
        ("region = 'north'", True),
        ("region > 'n' and region < 'o'", True),
        ("region = 'North'", False),
        ("region IN ('south', 'north')", True),
        ("region NOT IN ('south', 'north')", False),
        ("year in (1, 2024)", True),
        ("year not in (1, 2)", True),
        ("year BETWEEN 2020 AND 2024 AND region = 'north'", True),
        ("year NOT BETWEEN 2020 AND 2024", False),
        ("year BETWEEN 2025 AND 2030", False),
        ("region LIKE 'no%'", True),
        ("region LIKE 'n_rth'", True),
        ("region LIKE 'n_th'", False),
        ("region LIKE 'no'", False),
        ("region LIKE 'no.*'", False),
        ("region NOT LIKE 's%'", True),
        ("year LIKE '20%'", True),
        ("region IS NULL", False),
        ("region IS NOT NULL", True),
        ("day = '2024-03-09'", True),
        ("day > DATE '2024-03-08'", True),
        ("DATE '2024-03-10' > day", True),
        ("day BETWEEN '2024-01-01' AND '2024-12-31'", True),
        ("day < '2024-03-09'", False),
        ("price = 9.5", True),
        ("price > 10", False),
        ("price < 10", True),
        ("price IN (9.500)", True),
        ("at >= TIMESTAMP '2024-03-09 10:00:00'", True),
        ("at > '2024-03-09T10:00:00.001'", False),
        ("date = 'x'", True),
        ("ok = 'TRUE'", True),
        ("NOT year = 2024", False),
        ("NOT (year = 2024 AND region = 'south')", True),
        ("year = 1 OR region = 'north' AND ok = 'true'", True),
        ("(year = 2024 OR region = 'south') AND ok = 'false'", False),
        ("year = 1 AND region = 'x' OR year = 2024", True),
        ("((((year = 2024))))", True),
        ('"year" = 2024', True),
        ("`region` = 'north'", True),
        ("region <> 'it''s'", True),
        ("  year\n=\t2024  ", True),
    ],
)
def test_glue_expressions(expression: str, expected: bool) -> None:
    assert compile_filter(expression, KEYS)(ROW) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "year = 2024",
        "year <> 2024",
        "NOT year = 2024",
        "year IN (2024)",
        "year NOT IN (2024)",
        "region LIKE '%'",
        "region NOT LIKE 'a%'",
        "region = '__HIVE_DEFAULT_PARTITION__'",
        "region IS NOT NULL",
        "year = 1 OR region <> 'x'",
        "NOT (year = 1 OR region IS NOT NULL)",
    ],
)
def test_the_null_partition_satisfies_no_comparison(expression: str) -> None:
    assert compile_filter(expression, KEYS)(NULLS) is False


@pytest.mark.parametrize(
    "expression", ["region IS NULL", "NOT region IS NOT NULL", "year = 1 OR region is null"]
)
def test_the_null_partition_is_null(expression: str) -> None:
    assert compile_filter(expression, KEYS)(NULLS) is True


def test_a_value_that_is_not_of_the_type_is_unknown() -> None:
    odd = ["twenty", *ROW[1:]]
    assert compile_filter("year = 2024", KEYS)(odd) is False
    assert compile_filter("year <> 2024", KEYS)(odd) is False
    assert compile_filter("price < 1", KEYS)(["1", "n", "2024-01-01", "NaN", "x", "x", "x"]) is False


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ("y = 2024", ["2024", "01"], True),
        ('m = "01" and y >= 2023', ["2024", "01"], True),
        ('(m = "01" or m = "03")', ["2024", "02"], False),
        ('m like "0.*"', ["2024", "01"], True),
        ('m like "1.*"', ["2024", "01"], False),
        ('m like ".*1"', ["2024", "01"], True),
        ('m like ".*a+b(.*"', ["2024", "xa+b(y"], True),
        ('m like "a.c.*"', ["2024", "abc"], False),
        ('m != "01"', ["2024", "02"], True),
        ("m = 'say \"hi\"'", ["2024", 'say "hi"'], True),
        ('m = "a\\b"', ["2024", "a\\b"], True),
        ('"01" = m', ["2024", "01"], True),
        ("2023 < y", ["2024", "01"], True),
        ('(y = 1 and (m = "a" or m = "b")) or y = 2', ["1", "b"], True),
    ],
)
def test_hive_filters(expression: str, values: list[str], expected: bool) -> None:
    keys = [("y", "int"), ("m", "string")]
    assert compile_filter(expression, keys, Dialect.HIVE)(values) is expected


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("year", "position 4, near the end"),
        ("year =", "position 6, near the end"),
        ("year = 2024 region", "position 12, near 'region'"),
        ("year == 2024", "position 6, near '='"),
        ("colour = 'red'", "Not a partition key of the table at position 0, near 'colour'"),
        ("year = 'abc'", "Not a value of type int at position 7, near 'abc'"),
        ("day = '2024-13-01'", "Not a value of type date at position 6"),
        ("(year = 2024", "Expected ) at position 12"),
        ("year = 2024)", "position 11, near ')'"),
        ("year IN ()", "Expected a literal at position 9"),
        ("year IN (1, 2", "Expected ) at position 13"),
        ("year BETWEEN 1 OR 2", "Expected AND at position 15"),
        ("region LIKE north", "Expected a quoted pattern at position 12"),
        ("region LIKE 5", "Expected a quoted pattern at position 12"),
        ("year = region", "Expected a literal at position 7"),
        ("year = 2024 AND", "position 15, near the end"),
        ("year = 2024; DROP TABLE x", "position 11, near '; DROP TABLE x'"),
        ("region = 'open", "position 9"),
        ("NOT", "position 3"),
        ("1 = 1", "Expected a partition key at position 4"),
        ("year NOT 2024", "Expected an operator at position 9"),
        ('region = "north"', "Expected a literal at position 9"),
        ("upper(region) = 'N'", "Not a partition key of the table at position 0"),
        ("(" * 500 + "year = 1" + ")" * 500, "Nested deeper than 150"),
        ("NOT " * 500 + "year = 1", "Nested deeper than 150"),
    ],
)
def test_a_bad_expression_names_the_place(expression: str, place: str) -> None:
    with pytest.raises(AwsError) as caught:
        compile_filter(expression, KEYS)
    assert caught.value.code == "InvalidInputException"
    assert place in caught.value.message


def test_a_long_chain_of_or_is_no_depth() -> None:
    expression = " OR ".join(f"year = {year}" for year in range(5000))
    wanted = compile_filter(expression, KEYS)
    assert wanted(["4999", *ROW[1:]])
    assert not wanted(["5000", *ROW[1:]])
