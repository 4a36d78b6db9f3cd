import re

import pytest
from crawler_clients import Bucket

from sandbox.glue.crawler.listing import Target, exclusion, list_target

KEYS = [
    "departments/finance.json", "departments/market-us.json", "departments/market-ap.json",
    "employees/hr.json", "employees/john.csv", "employees/jane.csv", "employees/juan.txt",
]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "excluded"),
    [
        ("departments/**", {0, 1, 2}),
        ("departments/market*", {1, 2}),
        ("**.csv", {4, 5}),
        ("employees/*.csv", {4, 5}),
        ("*.csv", set()),
        ("**/{hr,juan}.*", {3, 6}),
        ("employees/j[!o]*", {5, 6}),
        ("employees/j[a-n]*", {5}),
        ("employees/hr.jso?", {3}),
        ("employees?hr.json", set()),
        ("employees[/]hr.json", set()),
        (r"employees/\*", set()),
        ("departments", set()),
    ],
)
def test_exclude_patterns_as_glue_documents_them(pattern: str, excluded: set[int]) -> None:
    found = exclusion(pattern)
    assert {index for index, key in enumerate(KEYS) if found.fullmatch(key)} == excluded


def test_the_documented_pattern_for_a_week_of_days() -> None:
    found = exclusion("2015/01/{[!0],0[8-9]}**")
    days = [day for day in range(1, 32) if not found.fullmatch(f"2015/01/{day:02}/x.json")]
    assert days == [1, 2, 3, 4, 5, 6, 7]


def test_an_open_bracket_is_an_error() -> None:
    with pytest.raises(re.error, match=r"no \] ends"):
        exclusion("a[b")


def listed(bucket: Bucket, path: str, *exclusions: str) -> list[str]:
    return [each.key for each in list_target(bucket, Target(path, exclusions)).objects]


def test_only_data_is_listed(bucket: Bucket) -> None:
    for key in (
        "t/a.csv",
        "t/_SUCCESS",
        "t/.a.crc",
        "t/_temporary/0/a.csv",
        "t/sub/",
        "t/sub_$folder$",
        "u/b",
    ):
        bucket.put(key, "x")
    bucket.put("t/empty.csv", "")
    bucket.put("t/sub/b.csv", "x")
    bucket.put("tt/c.csv", "x")
    assert listed(bucket, "s3://lake/t/") == listed(bucket, "lake/t") == ["t/a.csv", "t/sub/b.csv"]
    assert listed(bucket, "s3://lake/t", "sub/**") == ["t/a.csv"]
    assert listed(bucket, "s3://lake") == ["t/a.csv", "t/sub/b.csv", "tt/c.csv", "u/b"]
    assert listed(bucket, "s3://lake/none/") == []


def test_an_include_path_may_be_one_object(bucket: Bucket) -> None:
    bucket.put("t/a.csv", "x")
    bucket.put("t/a.csv.old", "x")
    found = list_target(bucket, Target("s3://lake/t/a.csv"))
    assert found.single
    assert [each.uri for each in found.objects] == ["s3://lake/t/a.csv"]
