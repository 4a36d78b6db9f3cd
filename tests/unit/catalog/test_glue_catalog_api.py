import pytest
from botocore.validate import ParamValidator
from service_models import service_model

from sandbox.aws.operations import Fidelity, Service
from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError
from sandbox.glue.catalog_api import CatalogOperations
from sandbox.glue.partition_api import PartitionOperations
from sandbox.glue.tags import Tags
from sandbox.store import Database

ACCOUNT = "000000000000"
MODEL = service_model("glue")
TABLE = {"DatabaseName": "shop", "TableName": "sales"}


class Glue:
    """Calls operations by their AWS name and checks request and response against botocore's shapes."""

    def __init__(self, catalog: DataCatalog) -> None:
        tags = Tags(Database(":memory:"))
        self.service = Service(
            MODEL, [CatalogOperations(catalog, tags, ACCOUNT), PartitionOperations(catalog, ACCOUNT)]
        )

    def __call__(self, name: str, **request: object) -> dict:
        model = MODEL.operation_model(name)
        validator = ParamValidator()
        assert not (report := validator.validate(request, model.input_shape)).has_errors(), (
            report.generate_report()
        )
        response = self.service.operations[name].perform(request)
        assert not (report := validator.validate(response, model.output_shape)).has_errors(), (
            report.generate_report()
        )
        assert set(response) <= set(model.output_shape.members)
        return response


@pytest.fixture
def glue(sales: DataCatalog) -> Glue:
    return Glue(sales)


def fault(code: str, message: str = "") -> pytest.RaisesExc[AwsError]:
    return pytest.RaisesExc(AwsError, check=lambda error: error.code == code and message in error.message)


def test_every_operation_is_executed(glue: Glue) -> None:
    assert {name.removesuffix("s") for name in glue.service.operations} == {
        *(f"{verb}Database" for verb in ("Create", "Get", "Update", "Delete")),
        *(f"{verb}Table" for verb in ("Create", "Get", "Update", "Delete", "BatchDelete")),
        *(f"{verb}Partition" for verb in ("Create", "Get", "Update", "Delete")),
        *(f"Batch{verb}Partition" for verb in ("Create", "Get", "Update", "Delete")),
        *(f"{verb}UserDefinedFunction" for verb in ("Create", "Get", "Update", "Delete")),
        *(f"{verb}TableVersion" for verb in ("Get", "Delete", "BatchDelete")),
        "SearchTable",
        "GetPartitionIndexe",
        *(f"{verb}PartitionIndex" for verb in ("Create", "Delete")),
    }
    assert {each.fidelity for each in glue.service.operations.values()} == {Fidelity.EXECUTED}


def test_databases(glue: Glue) -> None:
    assert glue("CreateDatabase", DatabaseInput={"Name": "d", "LocationUri": "s3://b/d"}) == {}
    assert glue("GetDatabase", Name="d", CatalogId=ACCOUNT)["Database"] == {
        "Name": "d",
        "LocationUri": "s3://b/d",
        "CreateTime": 1000.0,
        "CatalogId": ACCOUNT,
    }
    glue("UpdateDatabase", Name="d", DatabaseInput={"Name": "d", "Description": "x"})
    assert glue("GetDatabase", Name="d")["Database"]["Description"] == "x"
    assert [each["Name"] for each in glue("GetDatabases")["DatabaseList"]] == ["d", "shop"]
    assert glue("GetDatabases", ResourceShareType="FOREIGN")["DatabaseList"] == []
    glue("DeleteDatabase", Name="d")
    with fault("EntityNotFoundException", "Database d not found."):
        glue("GetDatabase", Name="d")


def test_another_catalog_is_not_found(glue: Glue) -> None:
    with fault("EntityNotFoundException", "Catalog 111111111111 not found."):
        glue("GetDatabase", Name="shop", CatalogId="111111111111")
    with fault("EntityNotFoundException", "Catalog 111111111111 not found."):
        glue("BatchDeletePartition", **TABLE, PartitionsToDelete=[], CatalogId="111111111111")


def test_tables(glue: Glue) -> None:
    columns = [{"Name": "c", "Type": "int"}]
    glue(
        "CreateTable",
        DatabaseName="shop",
        TableInput={"Name": "T", "StorageDescriptor": {"Columns": columns}},
    )
    table = glue("GetTable", DatabaseName="shop", Name="t")["Table"]
    assert table["StorageDescriptor"] == {"Columns": columns}
    assert table["CatalogId"] == ACCOUNT
    glue("UpdateTable", DatabaseName="shop", TableInput={"Name": "t", "Owner": "me"}, VersionId="0")
    assert glue("GetTable", DatabaseName="shop", Name="t")["Table"]["Owner"] == "me"
    listed = glue("GetTables", DatabaseName="shop", Expression="t.*")["TableList"]
    assert [each["Name"] for each in listed] == ["t"]
    with fault("EntityNotFoundException", "Table nope not found."):
        glue("UpdateTable", DatabaseName="shop", TableInput={"Name": "nope"})
    with fault("InvalidInputException"):
        glue("CreateTable", DatabaseName="shop")
    glue("DeleteTable", DatabaseName="shop", Name="t")
    errors = glue("BatchDeleteTable", DatabaseName="shop", TablesToDelete=["t", "sales"])["Errors"]
    assert [(each["TableName"], each["ErrorDetail"]["ErrorCode"]) for each in errors] == [
        ("t", "EntityNotFoundException")
    ]
    assert glue("GetTables", DatabaseName="shop") == {"TableList": []}


def test_versions_are_paged_newest_first(glue: Glue) -> None:
    for owner in range(11):
        glue("UpdateTable", DatabaseName="shop", TableInput={"Name": "sales", "Owner": str(owner)})
    seen: list[str] = []
    request: dict = {"MaxResults": 4}
    while True:
        response = glue("GetTableVersions", **TABLE, **request)
        seen += [each["VersionId"] for each in response["TableVersions"]]
        if "NextToken" not in response:
            break
        request["NextToken"] = response["NextToken"]
    assert seen == [str(version) for version in range(11, -1, -1)]
    assert glue("GetTableVersion", **TABLE)["TableVersion"]["VersionId"] == "11"
    assert glue("GetTableVersion", **TABLE, VersionId="1")["TableVersion"]["Table"]["Owner"] == "0"
    with fault("EntityNotFoundException", "Version not found."):
        glue("GetTableVersion", **TABLE, VersionId="99")


def test_what_is_not_done_is_refused_by_name(glue: Glue) -> None:
    link = {"Name": "d", "TargetDatabase": {"CatalogId": ACCOUNT, "DatabaseName": "shop"}}
    with fault("NotEmulated", "CreateDatabase with TargetDatabase"):
        glue("CreateDatabase", DatabaseInput=link)
    with fault("NotEmulated", "CreateTable with OpenTableFormatInput"):
        glue("CreateTable", DatabaseName="shop", TableInput={"Name": "t"}, OpenTableFormatInput={})
    with fault("NotEmulated", "GetTable with QueryAsOfTime"):
        glue("GetTable", DatabaseName="shop", Name="sales", QueryAsOfTime=1)
    with fault("NotEmulated", "UpdateTable with TargetTable"):
        glue("UpdateTable", DatabaseName="shop", TableInput={"Name": "sales", "TargetTable": {}})


def test_listing_is_paged_and_a_bad_token_is_refused(glue: Glue) -> None:
    for number in range(5):
        glue("CreateTable", DatabaseName="shop", TableInput={"Name": f"t{number}"})
    first = glue("GetTables", DatabaseName="shop", MaxResults=4)
    assert [each["Name"] for each in first["TableList"]] == ["sales", "t0", "t1", "t2"]
    glue("DeleteTable", DatabaseName="shop", Name="t2")
    rest = glue("GetTables", DatabaseName="shop", MaxResults=4, NextToken=first["NextToken"])
    assert [each["Name"] for each in rest["TableList"]] == ["t3", "t4"]
    assert "NextToken" not in rest
    for token in ("rubbish", "e30=", "é"):
        with fault("InvalidInputException", "Invalid NextToken"):
            glue("GetTables", DatabaseName="shop", NextToken=token)
    with fault("InvalidInputException", "Invalid NextToken"):
        glue("GetDatabases", NextToken=first["NextToken"])


def test_partitions_one_by_one(glue: Glue) -> None:
    storage = {"Columns": [{"Name": "c", "Type": "int"}], "Location": "s3://b/x"}
    entry = {"Values": ["2024", "north"], "StorageDescriptor": storage}
    glue("CreatePartition", **TABLE, PartitionInput=entry)
    partition = glue("GetPartition", **TABLE, PartitionValues=["2024", "north"])["Partition"]
    assert partition["StorageDescriptor"] == storage
    assert (partition["CreationTime"], partition["CatalogId"]) == (1000.0, ACCOUNT)
    bare = glue("GetPartitions", **TABLE, ExcludeColumnSchema=True)["Partitions"]
    assert bare[0]["StorageDescriptor"] == {"Location": "s3://b/x"}
    change = {"PartitionValueList": ["2024", "north"], "PartitionInput": {"Parameters": {"k": "v"}}}
    glue("UpdatePartition", **TABLE, **change)
    assert glue("GetPartition", **TABLE, PartitionValues=["2024", "north"])["Partition"]["Parameters"] == {
        "k": "v"
    }
    with fault("InvalidInputException"):
        glue(
            "UpdatePartition",
            **TABLE,
            PartitionValueList=["2024", "north"],
            PartitionInput={"Values": ["1", "2"]},
        )
    glue("DeletePartition", **TABLE, PartitionValues=["2024", "north"])
    with fault("EntityNotFoundException", "Cannot find partition."):
        glue("GetPartition", **TABLE, PartitionValues=["2024", "north"])


def test_partitions_in_batches(glue: Glue) -> None:
    entries = [{"Values": ["1", "a"]}, {"Values": ["1"]}, {"Values": ["1", "a"]}, {"Values": ["2", "b"]}]
    errors = glue("BatchCreatePartition", **TABLE, PartitionInputList=entries)["Errors"]
    assert [(each["PartitionValues"], each["ErrorDetail"]["ErrorCode"]) for each in errors] == [
        (["1"], "InvalidInputException"),
        (["1", "a"], "AlreadyExistsException"),
    ]
    keys = [{"Values": ["2", "b"]}, {"Values": ["9", "z"]}]
    found = glue("BatchGetPartition", **TABLE, PartitionsToGet=keys)
    assert [each["Values"] for each in found["Partitions"]] == [["2", "b"]]
    changes = [
        {"PartitionValueList": ["2", "b"], "PartitionInput": {"Parameters": {"k": "v"}}},
        {"PartitionValueList": ["9", "z"], "PartitionInput": {}},
    ]
    errors = glue("BatchUpdatePartition", **TABLE, Entries=changes)["Errors"]
    assert [each["PartitionValueList"] for each in errors] == [["9", "z"]]
    errors = glue("BatchDeletePartition", **TABLE, PartitionsToDelete=keys)["Errors"]
    assert [each["PartitionValues"] for each in errors] == [["9", "z"]]
    assert [each["Values"] for each in glue("GetPartitions", **TABLE)["Partitions"]] == [["1", "a"]]
    with fault("EntityNotFoundException", "Table nope not found."):
        glue("BatchCreatePartition", DatabaseName="shop", TableName="nope", PartitionInputList=[])


def test_partitions_are_selected_and_paged(glue: Glue) -> None:
    entries = [{"Values": [str(year), "a"]} for year in range(30)]
    glue("BatchCreatePartition", **TABLE, PartitionInputList=entries)
    seen: list[int] = []
    for number in range(2):
        request: dict = {"Segment": {"SegmentNumber": number, "TotalSegments": 2}, "MaxResults": 3}
        while True:
            response = glue("GetPartitions", **TABLE, Expression="year >= 10", **request)
            seen += [int(each["Values"][0]) for each in response["Partitions"]]
            if "NextToken" not in response:
                break
            request["NextToken"] = response["NextToken"]
    assert sorted(seen) == list(range(10, 30))
    with fault("InvalidInputException", "Invalid NextToken"):
        glue("GetPartitions", **TABLE, Expression="year >= 11", NextToken=request["NextToken"])
    with fault("InvalidInputException", "SegmentNumber"):
        glue("GetPartitions", **TABLE, Segment={"SegmentNumber": 2, "TotalSegments": 2})
    with fault("InvalidInputException", "position 0"):
        glue("GetPartitions", **TABLE, Expression="price > 1")


def test_functions(glue: Glue) -> None:
    function = {"FunctionName": "up", "ClassName": "a.B", "OwnerType": "USER", "OwnerName": "me"}
    glue("CreateUserDefinedFunction", DatabaseName="shop", FunctionInput=function)
    got = glue("GetUserDefinedFunction", DatabaseName="shop", FunctionName="up")["UserDefinedFunction"]
    assert got == function | {"DatabaseName": "shop", "CreateTime": 1000.0, "CatalogId": ACCOUNT}
    glue(
        "UpdateUserDefinedFunction",
        DatabaseName="shop",
        FunctionName="up",
        FunctionInput=function | {"ClassName": "C"},
    )
    listed = glue("GetUserDefinedFunctions", Pattern="*", DatabaseName="shop")["UserDefinedFunctions"]
    assert [each["ClassName"] for each in listed] == ["C"]
    glue("DeleteUserDefinedFunction", DatabaseName="shop", FunctionName="up")
    assert glue("GetUserDefinedFunctions", Pattern=".*") == {"UserDefinedFunctions": []}
