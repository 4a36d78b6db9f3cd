import pytest

from sandbox.glue.crawler.classification import Profile
from sandbox.glue.crawler.grouping import Group, Policy, group, partition_keys
from sandbox.glue.crawler.listing import Listing, Object
from sandbox.glue.crawler.profile import Format, Recognised
from sandbox.glue.crawler.schema import Columns

CSV = Format("csv", delimiter=",")
JSON = Format("json")
A: Columns = (("a", "bigint"), ("b", "string"), ("c", "string"))
B: Columns = (("x", "bigint"), ("y", "string"))


def file(key: str, columns: Columns = A, kind: Format = CSV) -> Profile:
    return Profile(Object("lake", key, 10), Recognised(kind, columns, 1, 10, complete=True))


def grouped(root: str, *files: Profile, combine: bool = False, level: int | None = None) -> dict[str, Group]:
    listing = Listing("lake", root, tuple(each.object for each in files))
    groups = group(listing, files, Policy(combine, level))
    assert sum(len(each.files) for each in groups) == len(files)
    return {each.location: each for each in groups}


def parts(found: Group) -> dict[tuple[str, ...], int]:
    return {part.values: len(part.files) for part in found.parts}


def test_a_folder_of_files_is_a_table() -> None:
    [(location, found)] = grouped("t", file("t/1.csv"), file("t/2.csv")).items()
    assert (location, found.keys, parts(found)) == ("s3://lake/t/", (), {(): 2})


def test_hive_partitions() -> None:
    [(location, found)] = grouped(
        "sales",
        *(file(f"sales/Year=2019/month={m}/day={d}/f.csv") for m in ("Jan", "Feb") for d in (1, 2)),
    ).items()
    assert (location, found.keys) == ("s3://lake/sales/", ("year", "month", "day"))
    assert set(parts(found)) == {("2019", m, d) for m in ("Jan", "Feb") for d in ("1", "2")}
    assert found.parts[0].folder == "sales/Year=2019/month=Jan/day=1"


def test_an_escaped_partition_value() -> None:
    [found] = grouped("t", file("t/at=10%3A30/f"), file("t/at=__HIVE_DEFAULT_PARTITION__/f")).values()
    assert set(parts(found)) == {("10:30",), ("__HIVE_DEFAULT_PARTITION__",)}


def folder1(table2: Columns) -> list[Profile]:
    """The structure of Glue's documentation."""
    first = [file(f"folder1/table1/partition{n}/file.txt") for n in (1, 2, 3)]
    return first + [file(f"folder1/table2/partition{n}/file.txt", table2) for n in (4, 5)]


def test_similar_folders_are_partitions_of_one_table() -> None:
    [(location, found)] = grouped("folder1", *folder1(A)).items()
    assert (location, found.keys) == ("s3://lake/folder1/", ("partition_0", "partition_1"))
    assert parts(found) == {
        ("table1", "partition1"): 1,
        ("table1", "partition2"): 1,
        ("table1", "partition3"): 1,
        ("table2", "partition4"): 1,
        ("table2", "partition5"): 1,
    }


def test_different_folders_are_tables() -> None:
    found = grouped("folder1", *folder1(B))
    assert {location: each.keys for location, each in found.items()} == {
        "s3://lake/folder1/table1/": ("partition_0",),
        "s3://lake/folder1/table2/": ("partition_0",),
    }


def test_combine_compatible_schemas() -> None:
    first, second = file("table1/year=2017/d.json", A, JSON), file("table1/year=2018/d.json", B, JSON)
    assert set(grouped("table1", first, second)) == {
        "s3://lake/table1/year=2017/",
        "s3://lake/table1/year=2018/",
    }
    [(location, found)] = grouped("table1", first, second, combine=True).items()
    assert (location, found.keys, found.columns) == ("s3://lake/table1/", ("year",), A + B)
    other = file("table1/year=2018/d.csv", B)
    assert len(grouped("table1", first, other, combine=True)) == 2


def test_formats_are_never_mixed() -> None:
    found = grouped(
        "t",
        file("t/a/f.json", A, JSON),
        file("t/b/f.csv", A),
        file("t/c/f.csv.gz", A, Format("csv", "gzip", ",")),
    )
    assert set(found) == {"s3://lake/t/a/", "s3://lake/t/b/", "s3://lake/t/c/"}
    with_header = Format("csv", delimiter=",", header=True)
    assert len(grouped("t", file("t/a/f"), file("t/b/f", A, with_header))) == 2


def test_files_of_one_folder_that_do_not_go_together_are_a_table_each() -> None:
    found = grouped("hr", file("hr/hr.json", A, JSON), file("hr/john.csv"))
    assert {location: each.single for location, each in found.items()} == {
        "s3://lake/hr/hr.json": True,
        "s3://lake/hr/john.csv": True,
    }


def test_files_at_different_depths_are_different_tables() -> None:
    found = grouped("t", file("t/a.csv"), file("t/sub/b.csv"))
    assert {location: each.keys for location, each in found.items()} == {
        "s3://lake/t/": (),
        "s3://lake/t/sub/": (),
    }
    [own] = [each for each in found.values() if each.path == "t"]
    assert [each.object.key for each in own.files] == ["t/a.csv"]


def test_one_folder_below_the_include_path_is_a_partition() -> None:
    [(location, found)] = grouped("logs", file("logs/2024/01/f.csv")).items()
    assert (location, found.keys) == ("s3://lake/logs/", ("partition_0", "partition_1"))


def test_a_bucket() -> None:
    assert set(grouped("", file("t/f.csv"))) == {"s3://lake/t/"}
    assert set(grouped("", file("f.csv"), file("g.csv"))) == {"s3://lake/f.csv", "s3://lake/g.csv"}
    [(location, found)] = grouped("", file("t/f.csv"), file("u/f.csv")).items()
    assert (location, found.keys) == ("s3://lake/", ("partition_0",))
    [(location, found)] = grouped("", file("day=1/f.csv")).items()
    assert (location, found.keys) == ("s3://lake/", ("day",))


def test_files_that_were_left_out_of_the_sample_belong_to_their_folder() -> None:
    left_out = Profile(Object("lake", "t/2.csv", 10), None)
    [found] = grouped("t", file("t/1.csv"), left_out).values()
    assert (len(found.files), found.columns) == (2, A)


def test_nothing() -> None:
    assert grouped("t") == {}


@pytest.mark.parametrize(
    ("folders", "columns", "keys"),
    [
        ([("a=1", "x"), ("a=2", "y")], set(), ("a", "partition_1")),
        ([("a=1",), ("b=2",)], set(), ("partition_0",)),
        ([("a=1",), ("2",)], set(), ("partition_0",)),
        ([("a=1", "A=2")], set(), ("a", "partition_1")),
        ([("a=1",)], {"a"}, ("partition_0",)),
        ([()], set(), ()),
    ],
)
def test_partition_keys(folders: list[tuple[str, ...]], columns: set[str], keys: tuple[str, ...]) -> None:
    assert partition_keys(folders, columns) == keys


def test_the_value_of_a_key_that_was_renamed_is_the_whole_folder_name() -> None:
    [found] = grouped("t", file("t/a=1/f.csv"), file("t/a=2/f.csv")).values()
    assert (found.keys, set(parts(found))) == (("partition_0",), {("a=1",), ("a=2",)})


DEEP = [file(f"lake/{year}/{month}/{day}/f") for year in ("2025", "2026") for month in "ab" for day in "12"]


@pytest.mark.parametrize(
    ("level", "locations", "keys"),
    [
        (None, ["lake/"], 3),
        (1, [""], 4),
        (2, ["lake/"], 3),
        (3, ["lake/2025/", "lake/2026/"], 2),
        (4, ["lake/2025/a/", "lake/2025/b/", "lake/2026/a/", "lake/2026/b/"], 1),
        (5, [each.object.key.removesuffix("f") for each in DEEP], 0),
    ],
)
def test_tables_at_a_level(level: int | None, locations: list[str], keys: int) -> None:
    found = grouped("", *DEEP, level=level)
    assert [*found] == [f"s3://lake/{each}" for each in locations]
    assert {len(each.keys) for each in found.values()} == {keys}


def test_a_table_at_a_level_has_any_schema_but_one_format_and_depth() -> None:
    assert [*grouped("t", file("t/a/1"), file("t/b/1", B), level=2)] == ["s3://lake/t/"]
    other = [file("t/a/1"), file("t/b/1", kind=JSON)]
    assert [*grouped("t", *other, level=2)] == ["s3://lake/t/a/", "s3://lake/t/b/"]
    assert [*grouped("t", file("t/a/1"), file("t/b/c/1"), level=2)] == ["s3://lake/t/a/", "s3://lake/t/b/"]


def test_data_that_does_not_reach_the_level_is_a_table_where_it_lies() -> None:
    assert [*grouped("t", file("t/a/1"), file("t/b/1"), level=9)] == ["s3://lake/t/a/", "s3://lake/t/b/"]
