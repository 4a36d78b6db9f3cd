from datetime import UTC, datetime

import pytest

from sandbox.catalog import DataCatalog
from sandbox.catalog.partitions import Segment
from sandbox.errors import AwsError
from sandbox.store import Database


def fault(code: str, message: str = "") -> pytest.RaisesExc[AwsError]:
    return pytest.RaisesExc(AwsError, check=lambda error: error.code == code and message in error.message)


def names(documents: list[dict]) -> list[str]:
    return [document["Name"] for document in documents]


def test_names_are_lower_cased_and_times_come_from_the_clock(sales: DataCatalog) -> None:
    assert sales.get_database("SHOP") == {"Name": "shop", "CreateTime": 1000.0}
    table = sales.get_table("Shop", "SALES")
    assert (table["Name"], table["DatabaseName"]) == ("sales", "shop")
    assert (table["CreateTime"], table["UpdateTime"], table["VersionId"]) == (1000.0, 1000.0, "0")


def test_missing_and_existing_entities(sales: DataCatalog) -> None:
    with fault("EntityNotFoundException", "Database nope not found."):
        sales.get_database("nope")
    with fault("EntityNotFoundException", "Database nope not found."):
        sales.get_table("nope", "sales")
    with fault("EntityNotFoundException", "Table nope not found."):
        sales.get_table("shop", "nope")
    with fault("EntityNotFoundException", "Database nope not found."):
        sales.create_table("nope", {"Name": "t"})
    with fault("EntityNotFoundException", "Table nope not found."):
        sales.delete_table("shop", "nope")
    with fault("EntityNotFoundException", "Cannot find partition."):
        sales.get_partition("shop", "sales", ["1", "a"])
    with fault("AlreadyExistsException", "Database already exists."):
        sales.create_database({"Name": "SHOP"})
    with fault("AlreadyExistsException", "Table already exists."):
        sales.create_table("shop", {"Name": "SALES"})


def test_update_database_keeps_its_birth(sales: DataCatalog, clock) -> None:
    clock.now = 2000.0
    sales.update_database("shop", {"Name": "shop", "Description": "d"})
    assert sales.get_database("shop") == {"Name": "shop", "Description": "d", "CreateTime": 1000.0}
    with fault("InvalidInputException"):
        sales.update_database("shop", {"Name": "store"})
    with fault("EntityNotFoundException"):
        sales.update_database("nope", {"Name": "nope"})


def test_deleting_a_database_takes_what_is_in_it(sales: DataCatalog, store: Database) -> None:
    sales.create_partition("shop", "sales", {"Values": ["1", "a"]})
    sales.update_table("shop", "sales", {"Name": "sales"})
    sales.create_function("shop", {"FunctionName": "f"})
    sales.delete_database("shop")
    assert sales.get_databases() == []
    for table in ("table", "table_version", "partition", "function"):
        assert store.query(f"SELECT count(*) FROM catalog_{table}") == [(0,)]


def test_tables_are_listed_by_pattern(sales: DataCatalog) -> None:
    for name in ("b_orders", "a_orders", "orders_2024"):
        sales.create_table("shop", {"Name": name})
    assert names(sales.get_tables("shop")) == ["a_orders", "b_orders", "orders_2024", "sales"]
    assert names(sales.get_tables("shop", "*orders")) == ["a_orders", "b_orders"]
    assert names(sales.get_tables("shop", "orders_[0-9]*")) == ["orders_2024"]
    assert names(sales.get_tables("shop", "ORDERS.*|sales")) == ["orders_2024", "sales"]
    assert names(sales.get_tables("shop", "order")) == []
    with fault("InvalidInputException"):
        sales.get_tables("shop", "(")
    with fault("EntityNotFoundException"):
        sales.get_tables("nope")


def test_updates_archive_versions(sales: DataCatalog, clock) -> None:
    clock.now = 2000.0
    sales.update_table("shop", "sales", {"Name": "sales", "Parameters": {"a": "2"}})
    sales.update_table("shop", "sales", {"Name": "sales", "Parameters": {"a": "3"}}, skip_archive=True)
    versions = sales.get_table_versions("shop", "sales")
    assert [(each["VersionId"], each["Table"]["Parameters"]["a"]) for each in versions] == [
        ("2", "3"),
        ("0", "1"),
    ]
    assert versions[0]["Table"]["CreateTime"] == 1000.0
    assert versions[0]["Table"]["UpdateTime"] == 2000.0


def test_a_stale_version_changes_nothing(sales: DataCatalog) -> None:
    sales.update_table("shop", "sales", {"Name": "sales", "Owner": "me"}, version_id="0")
    with fault("ConcurrentModificationException", "Update table failed due to concurrent modifications."):
        sales.update_table("shop", "sales", {"Name": "sales", "Owner": "you"}, version_id="0")
    assert sales.get_table("shop", "sales")["Owner"] == "me"
    with fault("EntityNotFoundException", "Table other not found."):
        sales.update_table("shop", "sales", {"Name": "other"})


def test_a_rename_takes_partitions_and_versions_along(sales: DataCatalog) -> None:
    sales.create_database({"Name": "archive"})
    sales.create_partition("shop", "sales", {"Values": ["1", "a"]})
    sales.rename_table("shop", "sales", "Archive", sales.get_table("shop", "sales") | {"Name": "Old"})
    assert sales.get_table_names("shop") == []
    partition = sales.get_partition("archive", "old", ["1", "a"])
    assert (partition["DatabaseName"], partition["TableName"]) == ("archive", "old")
    assert [each["VersionId"] for each in sales.get_table_versions("archive", "old")] == ["1", "0"]


def test_a_rename_onto_a_table_changes_nothing(sales: DataCatalog) -> None:
    sales.create_table("shop", {"Name": "taken", "Owner": "me"})
    with fault("AlreadyExistsException"):
        sales.rename_table("shop", "sales", "shop", {"Name": "taken"})
    assert sales.get_table("shop", "taken")["Owner"] == "me"
    assert [each["VersionId"] for each in sales.get_table_versions("shop", "sales")] == ["0"]


def test_partitions_are_typed_and_filtered(sales: DataCatalog) -> None:
    for year in ("9", "10", "2024"):
        for region in ("north", "south"):
            sales.create_partition("shop", "sales", {"Values": [year, region]})
    found = sales.get_partitions("shop", "sales", "year > 9 AND region LIKE 's%'")
    assert [each["Values"] for each in found] == [["10", "south"], ["2024", "south"]]
    assert len(sales.get_partitions("shop", "sales")) == len(sales.get_partitions("shop", "sales", "  ")) == 6
    assert sales.get_partition_values("shop", "sales", "year = 9") == [["9", "north"], ["9", "south"]]
    with fault("InvalidInputException"):
        sales.get_partitions("shop", "sales", "price > 1")


def test_a_batch_is_all_or_nothing(sales: DataCatalog) -> None:
    sales.create_partition("shop", "sales", {"Values": ["2", "a"]})
    with fault("AlreadyExistsException", "Partition already exists."):
        sales.create_partitions("shop", "sales", [{"Values": ["1", "a"]}, {"Values": ["2", "a"]}])
    with fault("InvalidInputException", "The number of partition keys do not match"):
        sales.create_partitions("shop", "sales", [{"Values": ["1", "a"]}, {"Values": ["3"]}])
    assert sales.get_partition_values("shop", "sales") == [["2", "a"]]
    with fault("EntityNotFoundException"):
        sales.delete_partitions("shop", "sales", [["2", "a"], ["3", "a"]])
    assert sales.get_partition_values("shop", "sales") == [["2", "a"]]


def test_update_partition_replaces_and_moves(sales: DataCatalog, clock) -> None:
    sales.create_partitions("shop", "sales", [{"Values": ["1", "a"]}, {"Values": ["1", "b"]}])
    clock.now = 2000.0
    sales.update_partition("shop", "sales", ["1", "a"], {"Parameters": {"k": "v"}})
    assert sales.get_partition("shop", "sales", ["1", "a"])["Parameters"] == {"k": "v"}
    sales.update_partition("shop", "sales", ["1", "a"], {"Values": ["7", "z"]})
    assert sales.get_partition_values("shop", "sales") == [["1", "b"], ["7", "z"]]
    assert sales.get_partition("shop", "sales", ["7", "z"])["CreationTime"] == 1000.0
    with fault("AlreadyExistsException"):
        sales.update_partition("shop", "sales", ["7", "z"], {"Values": ["1", "b"]})
    with fault("EntityNotFoundException"):
        sales.update_partition("shop", "sales", ["8", "z"], {})


def test_pages_and_segments_cover_every_partition_once(sales: DataCatalog) -> None:
    count = 4500
    inputs = [{"Values": [str(number), "r"]} for number in range(count)]
    sales.create_partitions("shop", "sales", inputs)
    seen: list[str] = []
    for number in range(3):
        after = ""
        while True:
            part, last = sales.get_partitions_page(
                "shop", "sales", "year >= 100", after=after, limit=700, segment=Segment(number, 3)
            )
            assert len(part) <= 700
            seen += [each["Values"][0] for each in part]
            if last is None:
                break
            after = last
    assert sorted(seen, key=int) == [str(number) for number in range(100, count)]


@pytest.mark.parametrize("value", ["", "a b/c=d:é%", '"], ["', "__HIVE_DEFAULT_PARTITION__", "\x00", "日本"])
def test_any_text_is_a_partition_value(sales: DataCatalog, value: str) -> None:
    sales.create_partition("shop", "sales", {"Values": ["1", value]})
    assert sales.get_partition("shop", "sales", ["1", value])["Values"] == ["1", value]
    assert sales.get_partition_values("shop", "sales") == [["1", value]]


def test_datetimes_are_stored_as_seconds(sales: DataCatalog) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    sales.create_table("shop", {"Name": "t", "LastAccessTime": moment})
    assert sales.get_table("shop", "t")["LastAccessTime"] == moment.timestamp()


def test_functions(sales: DataCatalog, clock) -> None:
    sales.create_function("shop", {"FunctionName": "Up", "ClassName": "a.B"})
    with fault("AlreadyExistsException", "Function already exists."):
        sales.create_function("shop", {"FunctionName": "up"})
    with fault("EntityNotFoundException"):
        sales.create_function("nope", {"FunctionName": "up"})
    clock.now = 2000.0
    sales.update_function("shop", "UP", {"FunctionName": "upper", "ClassName": "a.C"})
    assert sales.get_function("shop", "upper") == {
        "FunctionName": "upper",
        "DatabaseName": "shop",
        "ClassName": "a.C",
        "CreateTime": 1000.0,
    }
    assert [each["FunctionName"] for each in sales.get_functions(pattern="u*")] == ["upper"]
    assert sales.get_functions("shop", "x.*") == []
    sales.delete_function("shop", "upper")
    with fault("EntityNotFoundException", "Function upper not found."):
        sales.get_function("shop", "upper")
    with fault("EntityNotFoundException"):
        sales.delete_function("shop", "upper")


def test_the_catalog_survives_a_restart(tmp_path, clock) -> None:
    first = Database(tmp_path / "state.db")
    catalog = DataCatalog(first, clock)
    catalog.create_database({"Name": "d"})
    catalog.create_table("d", {"Name": "t", "PartitionKeys": [{"Name": "k"}]})
    catalog.create_partition("d", "t", {"Values": ["v"]})
    first.close()
    second = Database(tmp_path / "state.db")
    assert DataCatalog(second, clock).get_partition_values("d", "t", "k = 'v'") == [["v"]]
    second.close()
