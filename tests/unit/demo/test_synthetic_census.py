"""The made-up census: the real file's exact shape, the same on every machine, and calibrated."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter

import pytest

from sandbox.demo import synthetic

NUMBERS = (0, 2, 4, 10, 11, 12)


@pytest.fixture(scope="module")
def content() -> bytes:
    return synthetic.adult()


@pytest.fixture(scope="module")
def rows(content) -> list[list[str]]:
    return [line.split(", ") for line in content.decode().splitlines() if line]


def share(rows, column, value) -> float:
    return sum(row[column] == value for row in rows) / len(rows)


def test_shape_of_the_file(content, rows):
    assert len(rows) == 32_561
    assert {len(row) for row in rows} == {15}
    assert content.endswith(b"K\n\n") and not content.endswith(b"\n\n\n")
    assert content[:3].strip(b", ").isdigit()


def test_numbers_and_text_are_where_the_file_has_them(rows):
    for row in rows[:500]:
        assert [index for index, value in enumerate(row) if value.isdigit()] == list(NUMBERS)


def test_a_csv_reader_finds_the_blanks_before_the_values(content):
    first = next(csv.reader(io.StringIO(content.decode())))
    assert first[1].startswith(" ")


def test_the_same_bytes_on_every_machine(content):
    assert (
        hashlib.sha256(content).hexdigest()
        == "a8c97daf205e0de7dc59fb304000ffc4f771e3ce35308d2e362d14fb94444d22"
    )


def test_another_seed_makes_other_people():
    assert synthetic.adult(rows=100, seed=2) != synthetic.adult(rows=100, seed=3)
    assert synthetic.adult(rows=100).count(b"\n") == 101


def test_share_of_the_positive(rows):
    assert 0.22 <= share(rows, 14, ">50K") <= 0.26
    assert {row[14] for row in rows} == {">50K", "<=50K"}


@pytest.mark.parametrize(("column", "real"), [(1, 0.0564), (6, 0.0566), (13, 0.0179)])
def test_missing_values_at_about_the_real_rates(rows, column, real):
    assert share(rows, column, "?") == pytest.approx(real, abs=0.006)


def test_nothing_else_is_missing(rows):
    missing = {index for row in rows for index, value in enumerate(row) if value == "?"}
    assert missing == {1, 6, 13}


def test_what_belongs_together(rows):
    for row in rows:
        assert (row[1] not in ("?", "Never-worked")) or row[6] == "?"
        assert row[7] != "Husband" or (row[9] == "Male" and row[5] == "Married-civ-spouse")
    years = {(row[3], row[4]) for row in rows}
    assert len(years) == len({education for education, _ in years}) == 16


def test_what_drives_the_income(rows):
    def rich(chosen) -> float:
        return share([row for row in rows if chosen(row)], 14, ">50K")

    assert rich(lambda row: row[7] == "Husband") > 3 * rich(lambda row: row[7] == "Not-in-family")
    assert rich(lambda row: row[3] == "Doctorate") > 2 * rich(lambda row: row[3] == "HS-grad")
    assert rich(lambda row: int(row[0]) < 25) < 0.05


def test_categories_are_those_of_the_real_file(rows, adult):
    real = [line.split(", ") for line in adult.read_text().splitlines() if line]
    for column in (1, 3, 6, 7, 8, 9, 14):
        assert {row[column] for row in rows} <= {row[column] for row in real}
    for column in (1, 3, 6, 7):
        made, found = (Counter(row[column] for row in of) for of in (rows, real))
        for value, count in found.items():
            assert made[value] / len(rows) == pytest.approx(count / len(real), abs=0.02), value
