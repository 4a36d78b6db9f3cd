"""Filters that pass over whole values of the first key select what a look at every partition selects."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.catalog.expression import compile_filter
from sandbox.catalog.partitions import Partitions, key_of
from sandbox.store import Database

KEYS = [("day", "string"), ("hour", "int")]
TEXT = st.text(alphabet='ab"\\!,] é\U0001f600', min_size=1, max_size=3)
QUOTED = TEXT.map(lambda text: "'" + text.replace("'", "''") + "'")


class Counting:
    """A database that counts the rows of its answers."""

    def __init__(self) -> None:
        self.database = Database(":memory:")
        self.rows = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.database, name)

    def query(self, sql: str, *parameters: object) -> list:
        found = self.database.query(sql, *parameters)
        self.rows += len(found)
        return found


def partitions(values) -> tuple[Counting, Partitions]:
    store = Counting()
    made = Partitions(store)
    for each in values:
        made.insert(1, {"Values": list(each)})
    return store, made


@settings(max_examples=60)
@given(
    values=st.sets(st.tuples(TEXT, st.integers(0, 3).map(str)), max_size=40),
    literal=QUOTED,
    form=st.sampled_from(
        ["day = {0}", "day > {0} AND hour >= 1", "hour = 2 AND day <> {0}", "day = {0} OR hour = 1",
         "NOT (day = {0} AND hour = 1)", "day IN ({0}, 'a') AND (hour = 0 OR hour = 3)",
         "day BETWEEN 'a' AND {0}", "day = {0} OR day = 'a'"]
    ),
)  # fmt: skip
def test_nothing_is_lost_and_nothing_added(values, literal, form):
    store, made = partitions(values)
    wanted = compile_filter(form.format(literal), KEYS)
    expected = sorted(key_of(each) for each in values if wanted(each))
    assert [key_of(each) for each in made.values(1, wanted)] == expected
    seen, after = [], ""
    while True:
        page, after = made.page(1, wanted, after, limit=3)
        seen += [key_of(each["Values"]) for each in page]
        if after is None:
            break
    assert seen == expected
    store.close()


@pytest.mark.parametrize(
    ("expression", "found", "most"),
    [
        ("day = 'd050'", 100, 800),
        ("day >= 'd050' AND day < 'd051'", 100, 800),
        ("day = 'd050' AND hour < 10", 10, 800),
        ("day > 'd'", 10_000, 10_000),
    ],
)
def test_few_rows_are_read_for_few_partitions(expression, found, most):
    store, made = partitions((f"d{day:03}", str(hour)) for day in range(100) for hour in range(100))
    assert len(made.values(1, compile_filter(expression, KEYS))) == found
    assert store.rows <= most
    store.close()


def test_a_first_value_of_every_partition_is_no_reason_to_look_one_by_one():
    store, made = partitions((f"d{day:05}", "1") for day in range(5000))
    calls = []
    query = store.query
    store.query = lambda *arguments: calls.append(1) or query(*arguments)
    assert [json.loads(key_of(each)) for each in made.values(1, compile_filter("day = 'd04000'", KEYS))] == [
        ["d04000", "1"]
    ]
    assert len(calls) < 20
    store.close()


@pytest.mark.parametrize(
    ("expression", "index", "value", "possible"),
    [
        ("day = 'a' AND hour = 1", 0, "a", True),
        ("day = 'a' AND hour = 1", 0, "b", False),
        ("day = 'a' AND hour = 1", 1, "01", True),
        ("day = 'a' OR hour = 1", 0, "b", True),
        ("(day = 'a' OR hour = 1) AND day <> 'c'", 0, "c", False),
        ("(day = 'a' OR hour = 1) AND day <> 'c'", 1, "9", True),
        ("NOT day = 'a'", 0, "a", False),
        ("day = 'a' OR day = 'b'", 0, "c", False),
        ("day IS NULL", 0, "__HIVE_DEFAULT_PARTITION__", True),
        ("hour = 1 AND hour = 2 OR day = 'a'", 1, "3", True),
    ],
)
def test_what_one_key_decides(expression, index, value, possible):
    assert compile_filter(expression, KEYS).possible(index, value) is possible
