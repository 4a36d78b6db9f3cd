"""Column statistics of tables and partitions; they go with what they describe."""

import pytest
from botocore.validate import ParamValidator
from service_models import service_model
from test_glue_catalog_api import ACCOUNT, MODEL, TABLE, fault

from sandbox.aws.operations import Service
from sandbox.catalog import DataCatalog
from sandbox.glue.statistics_api import StatisticsOperations

PARTITION = {"PartitionValues": ["2001", "eu"]}


def statistics(name: str = "amount", distinct: int = 3) -> dict:
    data = {"MinimumValue": 1, "MaximumValue": 9, "NumberOfNulls": 0, "NumberOfDistinctValues": distinct}
    return {
        "ColumnName": name,
        "ColumnType": "bigint",
        "AnalyzedTime": 5.0,
        "StatisticsData": {"Type": "LONG", "LongColumnStatisticsData": data},
    }


class Glue:
    """Calls operations by their AWS name and checks the answer against botocore's shape."""

    def __init__(self, catalog: DataCatalog) -> None:
        self.service = Service(service_model("glue"), [StatisticsOperations(catalog, ACCOUNT)])

    def __call__(self, name: str, **request: object) -> dict:
        response = self.service.operations[name].perform(TABLE | request)
        shape = MODEL.operation_model(name).output_shape
        assert not (report := ParamValidator().validate(response, shape)).has_errors(), (
            report.generate_report()
        )
        return response


@pytest.fixture
def catalog_with_columns(sales: DataCatalog) -> DataCatalog:
    keys = sales.get_table("shop", "sales")["PartitionKeys"]
    columns = [{"Name": "Amount", "Type": "bigint"}, {"Name": "item", "Type": "string"}]
    sales.update_table(
        "shop", "sales", {"Name": "sales", "PartitionKeys": keys, "StorageDescriptor": {"Columns": columns}}
    )
    sales.create_partition("shop", "sales", {"Values": ["2001", "eu"]})
    return sales


@pytest.fixture
def glue(catalog_with_columns: DataCatalog) -> Glue:
    return Glue(catalog_with_columns)


@pytest.mark.parametrize(("of", "scope"), [("Table", {}), ("Partition", PARTITION)])
def test_statistics_are_kept_replaced_and_deleted(glue: Glue, of: str, scope: dict) -> None:
    update, get = f"UpdateColumnStatisticsFor{of}", f"GetColumnStatisticsFor{of}"
    assert glue(update, ColumnStatisticsList=[statistics(), statistics("none")], **scope)["Errors"] == [
        {
            "ColumnStatistics": statistics("none"),
            "Error": {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Column none not found."},
        }
    ]
    glue(update, ColumnStatisticsList=[statistics("AMOUNT", 4)], **scope)
    found = glue(get, ColumnNames=["amount", "item"], **scope)
    assert found["ColumnStatisticsList"] == [statistics("AMOUNT", 4)]
    assert [each["ColumnName"] for each in found["Errors"]] == ["item"]
    glue(f"DeleteColumnStatisticsFor{of}", ColumnName="amount", **scope)
    with fault("EntityNotFoundException", "amount"):
        glue(f"DeleteColumnStatisticsFor{of}", ColumnName="amount", **scope)
    assert glue(get, ColumnNames=["amount"], **scope)["ColumnStatisticsList"] == []


def test_a_table_and_its_partition_have_their_own(glue: Glue) -> None:
    glue("UpdateColumnStatisticsForTable", ColumnStatisticsList=[statistics()])
    found = glue("GetColumnStatisticsForPartition", ColumnNames=["amount"], **PARTITION)
    assert found["ColumnStatisticsList"] == []


def test_statistics_go_with_the_partition(glue: Glue, catalog_with_columns: DataCatalog) -> None:
    glue("UpdateColumnStatisticsForPartition", ColumnStatisticsList=[statistics()], **PARTITION)
    catalog_with_columns.delete_partition("shop", "sales", ["2001", "eu"])
    with fault("EntityNotFoundException", "Cannot find partition"):
        glue("GetColumnStatisticsForPartition", ColumnNames=["amount"], **PARTITION)
    catalog_with_columns.create_partition("shop", "sales", {"Values": ["2001", "eu"]})
    found = glue("GetColumnStatisticsForPartition", ColumnNames=["amount"], **PARTITION)
    assert found["ColumnStatisticsList"] == []


def test_statistics_of_what_is_not_there(glue: Glue) -> None:
    for name in ("GetColumnStatisticsForTable", "UpdateColumnStatisticsForTable"):
        with fault("EntityNotFoundException", "nowhere"):
            glue(name, DatabaseName="nowhere", ColumnNames=["amount"], ColumnStatisticsList=[statistics()])
