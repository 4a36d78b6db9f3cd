"""What Hive's methods do, asked over a socket by a generated client."""

from pathlib import Path

import pytest
from pymetastore.hive_metastore.ttypes import (
    AddPartitionsRequest,
    AlreadyExistsException,
    Database,
    EnvironmentContext,
    FieldSchema,
    Function,
    InvalidObjectException,
    InvalidOperationException,
    MetaException,
    NoSuchObjectException,
    Partition,
    ResourceType,
    ResourceUri,
    SerDeInfo,
    StorageDescriptor,
    Table,
)

CONTEXT = EnvironmentContext({})
OPENX = "org.openx.data.jsonserde.JsonSerDe"
HCATALOG = "org.apache.hive.hcatalog.data.JsonSerDe"


def storage(location: str | None = None) -> StorageDescriptor:
    return StorageDescriptor(
        cols=[FieldSchema("id", "int", None)], location=location, serdeInfo=SerDeInfo("", "some.SerDe", {})
    )


def table(name: str = "t", **members: object) -> Table:
    defaults = {
        "dbName": "d",
        "tableName": name,
        "sd": storage(),
        "partitionKeys": [FieldSchema("k", "string", None)],
        "parameters": {},
        "tableType": "MANAGED_TABLE",
    }
    return Table(**(defaults | members))


def partition(value: str, location: str | None = None, name: str = "t") -> Partition:
    return Partition(values=[value], dbName="d", tableName=name, sd=storage(location), parameters={})


@pytest.fixture
def hms(metastore):
    metastore.client.create_database(Database(name="d"))
    return metastore


@pytest.fixture
def partitioned(hms):
    """The managed table d.t with the partitions k=a and k=b, a file in the first."""
    hms.client.create_table_with_environment_context(table(), CONTEXT)
    request = AddPartitionsRequest("d", "t", [partition("a"), partition("b")], False, True)
    hms.client.add_partitions_req(request)
    (directory(hms) / "k=a" / "file").write_text("x")
    return hms


def directory(hms, name: str = "t") -> Path:
    return hms.warehouse / "d.db" / name


def test_default_database_lies_in_the_warehouse(metastore) -> None:
    default = metastore.client.get_database("default")
    assert default.locationUri == f"file:{metastore.warehouse}"
    with pytest.raises(MetaException, match="Can not drop default database"):
        metastore.client.drop_database("default", True, True)


def test_databases(hms) -> None:
    assert (hms.warehouse / "d.db").is_dir()
    shown = hms.client.get_database("D")
    assert (shown.name, shown.locationUri, shown.description) == ("d", f"file:{hms.warehouse}/d.db", None)
    shown.parameters = {"a": "b"}
    hms.client.alter_database("d", shown)
    assert hms.catalog.get_database("d")["Parameters"] == {"a": "b"}
    assert hms.client.get_databases("d|defa*") == ["d", "default"]
    with pytest.raises(AlreadyExistsException):
        hms.client.create_database(Database(name="d"))
    with pytest.raises(NoSuchObjectException, match=r"Database nope not found\."):
        hms.client.get_database("nope")
    with pytest.raises(MetaException):
        hms.client.get_databases("(")


def test_altering_a_glue_database_leaves_the_rest(hms) -> None:
    hms.catalog.create_database({"Name": "g", "Description": "kept", "CreateTableDefaultPermissions": []})
    shown = hms.client.get_database("g")
    assert shown.locationUri == f"file:{hms.warehouse}/g.db"
    shown.parameters = {"a": "b"}
    hms.client.alter_database("g", shown)
    assert hms.catalog.get_database("g") == {
        "Name": "g",
        "Description": "kept",
        "CreateTableDefaultPermissions": [],
        "Parameters": {"a": "b"},
        "CreateTime": 1000.0,
    }


def test_a_database_with_tables_is_dropped_only_on_cascade(partitioned) -> None:
    with pytest.raises(InvalidOperationException, match="Database d is not empty"):
        partitioned.client.drop_database("d", True, False)
    assert (directory(partitioned) / "k=a" / "file").exists()
    partitioned.client.drop_database("d", True, True)
    assert partitioned.client.get_all_databases() == ["default"]
    assert not (partitioned.warehouse / "d.db").exists()


def test_a_database_that_cannot_have_its_directory_is_not_created(hms) -> None:
    with pytest.raises(MetaException, match="no storage for hdfs"):
        hms.client.create_database(Database(name="far", locationUri="hdfs://n/far"))
    assert hms.client.get_all_databases() == ["d", "default"]


def test_a_managed_table_has_its_directory(hms) -> None:
    hms.client.create_table_with_environment_context(table("New"), CONTEXT)
    assert directory(hms, "new").is_dir()
    stored = hms.catalog.get_table("d", "new")
    assert stored["StorageDescriptor"]["Location"] == f"file:{directory(hms, 'new')}"
    assert stored["StorageDescriptor"]["SerdeInfo"] == {
        "SerializationLibrary": "some.SerDe",
        "Parameters": {},
    }
    assert stored["Parameters"] == {"transient_lastDdlTime": "2000"}
    with pytest.raises(AlreadyExistsException):
        hms.client.create_table_with_environment_context(table("new"), CONTEXT)
    with pytest.raises(NoSuchObjectException):
        hms.client.create_table_with_environment_context(table(dbName="nope"), CONTEXT)
    hms.client.drop_table_with_environment_context("d", "new", True, CONTEXT)
    assert not directory(hms, "new").exists()
    with pytest.raises(NoSuchObjectException, match=r"Table new not found\."):
        hms.client.get_table("d", "new")


def test_a_table_that_cannot_have_its_directory_is_not_created(hms) -> None:
    directory(hms).write_text("a file is in the way")
    with pytest.raises(MetaException, match="FileExistsError"):
        hms.client.create_table_with_environment_context(table(), CONTEXT)
    assert hms.client.get_all_tables("d") == []


def test_an_external_tables_data_stay(hms, tmp_path: Path) -> None:
    external = table(tableType="EXTERNAL_TABLE", sd=storage(f"file:{tmp_path}/data"))
    hms.client.create_table_with_environment_context(external, CONTEXT)
    hms.client.add_partition_with_environment_context(partition("a"), CONTEXT)
    (tmp_path / "data/k=a/file").write_text("x")
    assert hms.client.drop_partition_with_environment_context("d", "t", ["a"], True, CONTEXT) is True
    hms.client.drop_table_with_environment_context("d", "t", True, CONTEXT)
    assert (tmp_path / "data/k=a/file").exists()
    assert hms.client.get_all_tables("d") == []


def test_views_have_no_location(hms) -> None:
    view = table("v", tableType="VIRTUAL_VIEW", viewOriginalText="select 1", viewExpandedText="select 1")
    hms.client.create_table_with_environment_context(view, CONTEXT)
    assert hms.client.get_table("d", "v").sd.location is None
    assert "Location" not in hms.catalog.get_table("d", "v")["StorageDescriptor"]
    hms.client.create_table_with_environment_context(table(), CONTEXT)
    assert hms.client.get_tables_by_type("d", "*", "VIRTUAL_VIEW") == ["v"]
    assert hms.client.get_tables_by_type("d", "*", "MANAGED_TABLE") == ["t"]
    assert hms.client.get_tables("d", "V|nope") == ["v"]
    hms.client.drop_table_with_environment_context("d", "v", True, CONTEXT)
    assert hms.client.get_all_tables("d") == ["t"]


def test_a_rename_moves_a_managed_tables_directory(partitioned) -> None:
    client = partitioned.client
    renamed = client.get_table("d", "t")
    renamed.tableName = "u"
    client.alter_table_with_environment_context("d", "t", renamed, CONTEXT)
    assert client.get_all_tables("d") == ["u"]
    assert (directory(partitioned, "u") / "k=a" / "file").read_text() == "x"
    assert not directory(partitioned).exists()
    found = client.get_partition_with_auth("d", "u", ["a"], "", [])
    assert found.sd.location == f"file:{directory(partitioned, 'u')}/k=a"


def test_a_rename_that_cannot_move_changes_nothing(partitioned) -> None:
    client = partitioned.client
    directory(partitioned, "u").mkdir()
    renamed = client.get_table("d", "t")
    renamed.tableName = "u"
    with pytest.raises(MetaException, match="exists already"):
        client.alter_table_with_environment_context("d", "t", renamed, CONTEXT)
    assert client.get_all_tables("d") == ["t"]
    assert client.get_table("d", "t").sd.location == f"file:{directory(partitioned)}"
    found = client.get_partition_with_auth("d", "t", ["a"], "", [])
    assert found.sd.location == f"file:{directory(partitioned)}/k=a"
    client.create_table_with_environment_context(table("w"), CONTEXT)
    renamed.tableName = "w"
    with pytest.raises(InvalidOperationException, match=r"Table already exists\."):
        client.alter_table_with_environment_context("d", "t", renamed, CONTEXT)
    assert (directory(partitioned) / "k=a" / "file").exists()


def test_a_glue_document_survives_an_alter(hms) -> None:
    document = {
        "Name": "g",
        "Description": "from the crawler",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "json"},
        "StorageDescriptor": {
            "Columns": [{"Name": "id", "Type": "int", "Parameters": {"p": "1"}}],
            "Location": "s3://b/g/",
            "SerdeInfo": {"SerializationLibrary": OPENX},
            "AdditionalLocations": ["s3://b/h/"],
        },
    }
    hms.catalog.create_table("d", document)
    shown = hms.client.get_table("d", "g")
    assert shown.sd.serdeInfo.serializationLib == HCATALOG
    assert shown.parameters == {"classification": "json", "EXTERNAL": "TRUE"}
    hms.client.alter_table_with_environment_context("d", "g", shown, CONTEXT)
    stored = hms.catalog.get_table("d", "g")
    assert {key: stored[key] for key in document} == document
    shown.parameters["new"] = "1"
    shown.sd.cols.append(FieldSchema("more", "string", None))
    hms.client.alter_table_with_environment_context("d", "g", shown, CONTEXT)
    stored = hms.catalog.get_table("d", "g")
    assert stored["Parameters"] == {"classification": "json", "new": "1"}
    assert stored["StorageDescriptor"] == document["StorageDescriptor"] | {
        "Columns": [
            {"Name": "id", "Type": "int", "Parameters": {"p": "1"}},
            {"Name": "more", "Type": "string"},
        ]
    }
    assert stored["Description"] == "from the crawler"
    assert "Owner" not in stored


def test_another_serde_is_taken_over(hms) -> None:
    serde = {"SerializationLibrary": OPENX, "Parameters": {"paths": "id"}}
    hms.catalog.create_table("d", {"Name": "g", "StorageDescriptor": {"SerdeInfo": serde}})
    shown = hms.client.get_table("d", "g")
    shown.sd.serdeInfo.serializationLib = "other.SerDe"
    shown.sd.serdeInfo.parameters = {}
    hms.client.alter_table_with_environment_context("d", "g", shown, CONTEXT)
    stored = hms.catalog.get_table("d", "g")["StorageDescriptor"]["SerdeInfo"]
    assert stored == {"SerializationLibrary": "other.SerDe", "Parameters": {}}


def test_a_partition_of_a_glue_table_keeps_glues_serde(hms, tmp_path: Path) -> None:
    sd = {"SerdeInfo": {"SerializationLibrary": OPENX}, "Location": f"file:{tmp_path}/g"}
    keys = [{"Name": "k", "Type": "string"}]
    hms.catalog.create_table("d", {"Name": "g", "PartitionKeys": keys, "StorageDescriptor": sd})
    new = partition("a", name="g")
    new.sd = hms.client.get_table("d", "g").sd
    new.sd.location = None
    added = hms.client.add_partition_with_environment_context(new, CONTEXT)
    assert added.sd.serdeInfo.serializationLib == HCATALOG
    assert added.createTime == 1000
    stored = hms.catalog.get_partition("d", "g", ["a"])["StorageDescriptor"]
    assert stored == sd | {"Location": f"file:{tmp_path}/g/k=a"}


def test_a_bare_glue_table_is_shown_complete(hms) -> None:
    hms.catalog.create_table("d", {"Name": "bare"})
    hms.catalog.create_table(
        "d", {"Name": "odd", "TableType": "GOVERNED", "StorageDescriptor": {"Location": ""}}
    )
    bare, odd = hms.client.get_table("d", "bare"), hms.client.get_table("d", "odd")
    assert (bare.tableType, bare.partitionKeys, bare.sd.cols) == ("EXTERNAL_TABLE", [], [])
    assert (bare.sd.location, bare.sd.serdeInfo.name, bare.sd.serdeInfo.parameters) == (None, None, {})
    assert (odd.tableType, odd.sd.location) == ("EXTERNAL_TABLE", None)


def test_a_glue_partition_borrows_from_its_table(hms) -> None:
    sd = {"Columns": [{"Name": "id", "Type": "int"}], "Location": "s3://b/g/"}
    hms.catalog.create_table("d", {"Name": "g", "PartitionKeys": [{"Name": "k"}], "StorageDescriptor": sd})
    hms.catalog.create_partition("d", "g", {"Values": ["a b:c"]})
    shown = hms.client.get_partition_with_auth("d", "g", ["a b:c"], "", [])
    assert shown.sd.location == "s3://b/g/k=a b%3Ac"
    assert [column.name for column in shown.sd.cols] == ["id"]


def test_partitions_are_listed_and_selected(partitioned) -> None:
    client = partitioned.client
    assert client.get_partition_names("d", "t", -1) == ["k=a", "k=b"]
    assert client.get_partition_names("d", "t", 1) == ["k=a"]
    assert client.get_partition_names_ps("d", "t", ["b"], -1) == ["k=b"]
    assert [each.values for each in client.get_partitions("d", "t", -1)] == [["a"], ["b"]]
    assert [each.values for each in client.get_partitions("d", "t", 1)] == [["a"]]
    assert [each.values for each in client.get_partitions_by_filter("d", "t", 'k = "b"', -1)] == [["b"]]
    assert client.get_partitions_by_filter("d", "t", 'k like "c.*"', -1) == []
    assert [each.values for each in client.get_partitions_ps_with_auth("d", "t", [""], -1, "", [])] == [
        ["a"],
        ["b"],
    ]
    assert [each.values for each in client.get_partitions_ps_with_auth("d", "t", ["b"], -1, "", [])] == [
        ["b"]
    ]
    with pytest.raises(MetaException, match="Not a partition key of the table at position 0, near 'id'"):
        client.get_partitions_by_filter("d", "t", "id = 1", -1)
    with pytest.raises(NoSuchObjectException):
        client.get_partitions("d", "nope", -1)
    with pytest.raises(NoSuchObjectException, match=r"Cannot find partition\."):
        client.get_partition_with_auth("d", "t", ["z"], "", [])


def test_adding_partitions_is_all_or_nothing(partitioned) -> None:
    client = partitioned.client
    request = AddPartitionsRequest("d", "t", [partition("c"), partition("a")], False, True)
    with pytest.raises(AlreadyExistsException):
        client.add_partitions_req(request)
    assert client.get_partition_names("d", "t", -1) == ["k=a", "k=b"]
    request.ifNotExists = True
    added = client.add_partitions_req(request).partitions
    assert [each.values for each in added] == [["c"]]
    assert (directory(partitioned) / "k=c").is_dir()
    far = AddPartitionsRequest("d", "t", [partition("e"), partition("f", "hdfs://n/f")], False, True)
    with pytest.raises(MetaException, match="no storage for hdfs"):
        client.add_partitions_req(far)
    with pytest.raises(InvalidObjectException):
        client.add_partition_with_environment_context(Partition(["x", "y"], "d", "t", sd=storage()), CONTEXT)
    assert client.get_partition_names("d", "t", -1) == ["k=a", "k=b", "k=c"]


def test_altering_partitions(partitioned) -> None:
    client = partitioned.client
    both = client.get_partitions("d", "t", -1)
    for each in both:
        each.parameters["numRows"] = "7"
    client.alter_partitions_with_environment_context("d", "t", both, CONTEXT)
    stored = partitioned.catalog.get_partitions("d", "t")
    assert [each["Parameters"]["numRows"] for each in stored] == ["7", "7"]
    both[0].parameters["numRows"] = "8"
    both[1].values = ["gone"]
    with pytest.raises(InvalidOperationException):
        client.alter_partitions_with_environment_context("d", "t", both, CONTEXT)
    assert partitioned.catalog.get_partition("d", "t", ["a"])["Parameters"]["numRows"] == "7"
    client.alter_partition_with_environment_context("d", "t", both[0], CONTEXT)
    assert partitioned.catalog.get_partition("d", "t", ["a"])["Parameters"]["numRows"] == "8"


def test_renaming_a_partition_moves_its_directory(partitioned) -> None:
    client = partitioned.client
    renamed = client.get_partition_with_auth("d", "t", ["a"], "", [])
    renamed.values = ["z"]
    client.rename_partition("d", "t", ["a"], renamed)
    assert client.get_partition_names("d", "t", -1) == ["k=b", "k=z"]
    assert (directory(partitioned) / "k=z" / "file").exists()
    assert not (directory(partitioned) / "k=a").exists()
    renamed.values = ["b"]
    with pytest.raises(InvalidOperationException):
        client.rename_partition("d", "t", ["z"], renamed)
    (directory(partitioned) / "k=y").mkdir()
    renamed.values = ["y"]
    with pytest.raises(MetaException, match="exists already"):
        client.rename_partition("d", "t", ["z"], renamed)
    assert client.get_partition_names("d", "t", -1) == ["k=b", "k=z"]


def test_dropping_a_partition_deletes_its_directory(partitioned) -> None:
    partitioned.client.drop_partition_with_environment_context("d", "t", ["a"], True, CONTEXT)
    partitioned.client.drop_partition_with_environment_context("d", "t", ["b"], False, CONTEXT)
    assert [each.name for each in directory(partitioned).iterdir()] == ["k=b"]
    assert partitioned.client.get_partition_names("d", "t", -1) == []
    with pytest.raises(NoSuchObjectException):
        partitioned.client.drop_partition_with_environment_context("d", "t", ["a"], True, CONTEXT)


def test_dropping_a_table_deletes_partitions_that_lie_elsewhere(partitioned, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    partitioned.client.add_partition_with_environment_context(partition("c", f"file:{elsewhere}"), CONTEXT)
    assert elsewhere.is_dir()
    partitioned.client.drop_table_with_environment_context("d", "t", True, CONTEXT)
    assert not elsewhere.exists()
    assert not directory(partitioned).exists()


def test_functions(hms) -> None:
    client = hms.client
    uris = [ResourceUri(ResourceType.JAR, "s3://b/x.jar")]
    client.create_function(Function("Up", "d", "a.B", "me", 1, 0, 1, uris))
    shown = client.get_function("d", "up")
    assert (shown.className, shown.ownerName, shown.resourceUris) == ("a.B", "me", uris)
    assert hms.catalog.get_function("d", "up")["ResourceUris"] == [
        {"ResourceType": "JAR", "Uri": "s3://b/x.jar"}
    ]
    shown.className = "a.C"
    client.alter_function("d", "up", shown)
    assert hms.catalog.get_function("d", "up")["ClassName"] == "a.C"
    assert client.get_functions("d", "u*") == ["up"]
    with pytest.raises(AlreadyExistsException):
        client.create_function(Function("up", "d", "a.B"))
    client.drop_function("d", "up")
    with pytest.raises(NoSuchObjectException, match=r"Function d\.up does not exist"):
        client.get_function("d", "up")


def test_a_fault_of_ours_is_told_and_the_connection_goes_on(hms, monkeypatch, caplog) -> None:
    def broken(name: str) -> None:
        raise RuntimeError(f"no cheese in {name}")

    monkeypatch.setattr(hms.catalog, "get_database", broken)
    with pytest.raises(MetaException, match="RuntimeError: no cheese in d"):
        hms.client.get_database("d")
    assert "get_database failed" in caplog.text
    assert hms.client.get_all_databases() == ["d", "default"]
