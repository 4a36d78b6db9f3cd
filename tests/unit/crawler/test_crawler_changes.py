from typing import Any

import pytest

from sandbox.glue.crawler.changes import DEPRECATED_BY, DeleteBehavior, Known, Plan, UpdateBehavior, plan
from sandbox.glue.crawler.classification import Profile
from sandbox.glue.crawler.documents import Found, found, named, table_name
from sandbox.glue.crawler.grouping import Group, Part
from sandbox.glue.crawler.listing import Object
from sandbox.glue.crawler.profile import Format, Recognised, SerDe
from sandbox.glue.crawler.schema import Columns

COLUMNS: Columns = (("a", "bigint"), ("B", "string"))
PARQUET = Format("parquet", serde=SerDe.PARQUET)
UPDATE, LOG = UpdateBehavior.UPDATE_IN_DATABASE, UpdateBehavior.LOG
DEPRECATE, DELETE = DeleteBehavior.DEPRECATE_IN_DATABASE, DeleteBehavior.DELETE_FROM_DATABASE


def profile(key: str, kind: Format = PARQUET, columns: Columns = COLUMNS, **seen: Any) -> Profile:
    facts = {"records": 5, "bytes": 100, "complete": True} | seen
    return Profile(Object("lake", key, 100), Recognised(kind, columns, **facts))


def table(path: str, *values: str, columns: Columns = COLUMNS, run: str = "r1") -> Found:
    """A table, partitioned when there are values."""
    parts = tuple(Part((v,), f"{path}/k={v}", (profile(f"{path}/k={v}/f", columns=columns),)) for v in values)
    whole = (Part((), path, (profile(f"{path}/f", columns=columns),)),)
    group = Group("lake", path, ("k",) if values else (), parts or whole)
    return found(group, "crawler", run, (), inherit=False)


def known(each: Found, **parameters: str) -> Known:
    """The table as the catalog has it after a crawl."""
    document = each.input | {
        "Parameters": each.input["Parameters"] | parameters,
        "VersionId": "0",
        "CreateTime": 1.0,
    }
    return Known(document, [{**partition, "CreationTime": 1.0} for partition in each.partitions])


def decide(
    now: list[Found], before: list[Known], update: UpdateBehavior = UPDATE, delete: DeleteBehavior = DEPRECATE
) -> Plan:
    catalog = {each.table["Name"]: each for each in before}
    return plan(now, catalog, "crawler", ["s3://lake/"], update, delete, 1.5)


def test_a_new_table_is_created_with_its_partitions() -> None:
    for update in UpdateBehavior:
        decided = decide([table("t", "1", "2")], [], update)
        assert [each.name for each in decided.created] == ["t"]
        assert [each["Values"] for each in decided.new_partitions["t"]] == [["1"], ["2"]]
        assert not (decided.updated or decided.deleted or decided.deprecated)


UNREAD = ["s3://lake/t/k=2/bad"]


def unsure(now: list[Found], before: list[Known], delete: DeleteBehavior = DELETE) -> Plan:
    """The plan of a crawl that could not read an object of t."""
    catalog = {each.table["Name"]: each for each in before}
    return plan(now, catalog, "crawler", ["s3://lake/"], UPDATE, delete, 1.5, UNREAD)


def test_a_table_with_an_object_that_was_not_read_keeps_what_it_has() -> None:
    before = [known(table("t", "1", "2")), known(table("u"))]
    for now in ([], [table("t", "1", columns=(("a", "double"),))], [table("t", "1", "3")]):
        decided = unsure(now, before)
        assert not (decided.updated or decided.deprecated or decided.created)
        assert not (decided.changed_partitions or decided.gone_partitions)
        assert decided.deleted == ["u"]
        assert "Table t is left as it was: not all of its objects were read" in decided.notes
    assert [each["Values"] for each in decided.new_partitions["t"]] == [["3"]]
    assert not unsure([table("t")], before).new_partitions
    # What seems to be another table may be a part of the table that could not be read in full, or hold it.
    assert not unsure([table("t/k=1")], before).created
    assert not unsure([table("")], before).created
    assert [each.name for each in unsure([table("t", "1")], []).created] == ["t"]


def test_the_same_again_changes_nothing() -> None:
    decided = decide([table("t", "1", run="r2")], [known(table("t", "1", run="r1"))])
    assert not (
        decided.created or decided.updated or decided.new_partitions["t"] or decided.changed_partitions["t"]
    )


def test_a_changed_schema() -> None:
    wider = table("t", columns=(*COLUMNS, ("c", "date")))
    assert [each.name for each in decide([wider], [known(table("t"))]).updated] == ["t"]
    decided = decide([wider], [known(table("t"))], LOG)
    assert not decided.updated
    assert decided.notes == ["Table t has changed; it is not updated (UpdateBehavior LOG)"]


def test_partitions_come_change_and_go() -> None:
    before = known(table("t", "1", "2"))
    after = table("t", "2", "3", columns=(("a", "bigint"),))
    decided = decide([after], [before], delete=DELETE)
    assert [each["Values"] for each in decided.new_partitions["t"]] == [["3"]]
    assert [each["Values"] for each in decided.changed_partitions["t"]] == [["2"]]
    assert decided.gone_partitions["t"] == [["1"]]
    kept = decide([after], [before], LOG, DEPRECATE)
    assert [each["Values"] for each in kept.new_partitions["t"]] == [["3"]]
    assert not (kept.changed_partitions or kept.gone_partitions)
    assert "The data of 1 partitions of table t is gone (DEPRECATE_IN_DATABASE)" in kept.notes


def test_other_partition_keys_replace_all_partitions() -> None:
    before = known(table("t"))
    decided = decide([table("t", "1")], [before])
    assert [each.name for each in decided.updated] == ["t"]
    assert [each["Values"] for each in decided.new_partitions["t"]] == [["1"]]
    back = decide([table("t")], [known(table("t", "1"))], delete=DeleteBehavior.LOG)
    assert back.gone_partitions["t"] == [["1"]]


@pytest.mark.parametrize("delete", DeleteBehavior)
def test_a_table_whose_data_is_gone(delete: DeleteBehavior) -> None:
    decided = decide([], [known(table("t"))], delete=delete)
    assert decided.deleted == (["t"] if delete is DELETE else [])
    assert [each["Parameters"][DEPRECATED_BY] for each in decided.deprecated] == (
        ["1500"] if delete is DEPRECATE else []
    )
    assert bool(decided.notes) is (delete is DeleteBehavior.LOG)


def test_what_is_deprecated_already_stays_as_it_is_and_comes_back_with_its_data() -> None:
    old = known(table("t"), **{DEPRECATED_BY: "1"})
    assert not decide([], [old]).deprecated
    [back] = decide([table("t")], [old]).updated
    assert DEPRECATED_BY not in back.input["Parameters"]


def test_tables_of_others_and_elsewhere_are_left_alone() -> None:
    foreign = known(table("t"), UPDATED_BY_CRAWLER="another")
    assert not decide([], [foreign], delete=DELETE).deleted
    mine = {"t": known(table("t"))}
    for target, gone in (("s3://lake/u", []), ("s3://lake/", ["t"]), ("s3://lake/t", ["t"])):
        decided = plan([], mine, "crawler", [target], UPDATE, DELETE, 1.5)
        assert decided.deleted == gone


# --- names


@pytest.mark.parametrize(
    ("name", "expected"),
    [("adult.data", "adult_data"), ("Year=2017", "year_2017"), ("a-b c", "a_b_c"), ("ok_1", "ok_1")],
)
def test_table_names(name: str, expected: str) -> None:
    assert table_name(name) == expected


def test_a_name_that_belongs_to_another_place_gets_a_hash() -> None:
    tables = [table("a/data"), table("b/data")]
    first, second = named(tables, "raw_", {})
    assert first.name == "raw_data"
    assert second.name.startswith("raw_data_")
    assert len(second.name) == len("raw_data_") + 32
    taken = {each.name: each.location for each in (first, second)}
    assert [each.name for each in named(tables[::-1], "raw_", taken)] == [second.name, first.name]
    [moved] = named([table("c/data")], "raw_", taken)
    assert moved.name not in taken
    assert [each.name for each in named([table("a/data")], "", {"mine": "s3a://lake/a/data"})] == ["mine"]


# --- documents


def document(group: Group, exclusions: tuple[str, ...] = (), inherit: bool = False) -> Found:
    return found(group, "crawler", "run", exclusions, inherit)


def single(*files: Profile) -> Group:
    return Group("lake", "t", (), (Part((), "t", files),))


def test_a_csv_table() -> None:
    settings = (("field.delim", "|"),)
    kind = Format("csv", "gzip", "|", header=True, serde=SerDe.LAZY_SIMPLE, settings=settings)
    made = document(
        single(profile("t/1", kind, records=8), profile("t/2", kind, quoted=True)), ("*.tmp",)
    ).input
    storage = made["StorageDescriptor"]
    assert (made["TableType"], made["PartitionKeys"], storage["Location"]) == (
        "EXTERNAL_TABLE",
        [],
        "s3://lake/t/",
    )
    assert storage["Columns"] == [{"Name": "a", "Type": "bigint"}, {"Name": "b", "Type": "string"}]
    assert storage["SerdeInfo"] == {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {"field.delim": "|"},
    }
    assert storage["Compressed"]
    assert (
        made["Parameters"]
        == storage["Parameters"]
        == {
            "classification": "csv",
            "compressionType": "gzip",
            "typeOfData": "file",
            "delimiter": "|",
            "columnsOrdered": "true",
            "areColumnsQuoted": "true",
            "skip.header.line.count": "1",
            "objectCount": "2",
            "sizeKey": "200",
            "recordCount": "13",
            "averageRecordSize": "15",
            "exclusions": '["s3://lake/t/*.tmp"]',
            "CrawlerSchemaSerializerVersion": "1.0",
            "CrawlerSchemaDeserializerVersion": "1.0",
            "UPDATED_BY_CRAWLER": "crawler",
            "CRAWL_RUN_ID": "run",
        }
    )


def test_a_json_table_keeps_the_spelling_of_the_files_in_paths() -> None:
    made = document(
        single(profile("t/1", Format("json", serde=SerDe.JSON), (("userId", "int"), ("Age", "int"))))
    ).input
    serde = made["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert serde["Parameters"] == {"paths": "Age,userId"}
    assert [each["Name"] for each in made["StorageDescriptor"]["Columns"]] == ["userid", "age"]


def test_a_parquet_table() -> None:
    storage = document(single(profile("t/1"))).input["StorageDescriptor"]
    assert storage["InputFormat"].endswith("MapredParquetInputFormat")
    assert storage["OutputFormat"].endswith("MapredParquetOutputFormat")
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")


def test_partitions_have_their_own_schema_unless_they_inherit_it() -> None:
    parts = (
        Part(("1",), "t/k=1", (profile("t/k=1/f"),)),
        Part(("2",), "t/k=2", (profile("t/k=2/f", columns=(("a", "double"),)),)),
    )
    group = Group("lake", "t", ("k",), parts)
    own, same = document(group), document(group, inherit=True)
    assert own.input["PartitionKeys"] == [{"Name": "k", "Type": "string"}]
    assert own.input["StorageDescriptor"]["Columns"][0]["Type"] == "double"

    def kinds(of: Found) -> list[list[str]]:
        return [[c["Type"] for c in each["StorageDescriptor"]["Columns"]] for each in of.partitions]

    assert kinds(own) == [["bigint", "string"], ["double"]]
    assert kinds(same) == [["double", "string"]] * 2
    assert [each["StorageDescriptor"]["Location"] for each in own.partitions] == [
        "s3://lake/t/k=1/",
        "s3://lake/t/k=2/",
    ]
    assert own.partitions[0]["Parameters"]["objectCount"] == "1"
    assert own.input["Parameters"]["objectCount"] == "2"


def test_records_are_estimated_by_size_where_they_were_not_counted() -> None:
    head = profile("t/1", records=10, bytes=20, complete=False)  # 100 bytes long
    assert document(single(head)).input["Parameters"]["recordCount"] == "50"
    left_out = Profile(Object("lake", "t/2", 300), None)
    made = document(single(profile("t/1", records=10), left_out)).input["Parameters"]
    assert (made["recordCount"], made["objectCount"], made["sizeKey"]) == ("40", "2", "400")
