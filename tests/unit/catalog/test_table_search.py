"""SearchTables and the deletion of versions."""

import pytest
from test_glue_catalog_api import TABLE, Glue, fault

from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError


@pytest.fixture
def glue(catalog: DataCatalog, clock) -> Glue:
    for database in ("shop", "lake"):
        catalog.create_database({"Name": database})
    tables = [
        (
            "shop",
            {"Name": "customer_link", "Description": "Who buys", "Parameters": {"classification": "csv"}},
        ),
        ("shop", {"Name": "xxlinkyy", "PartitionKeys": [{"Name": "region", "Comment": "where they live"}]}),
        ("lake", {"Name": "orders", "Owner": "ann", "StorageDescriptor": {"Columns": [{"Name": "amount"}]}}),
        ("lake", {"Name": "link", "Owner": "bob", "Parameters": {"team": "Blue Whale"}}),
    ]
    for database, table in tables:
        clock.now += 100
        catalog.create_table(database, table)
    return Glue(catalog)


def names(glue: Glue, **request: object) -> list[str]:
    return [each["Name"] for each in glue("SearchTables", **request)["TableList"]]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, ["link", "orders", "customer_link", "xxlinkyy"]),
        ({"SearchText": "LINK"}, ["link", "customer_link", "xxlinkyy"]),
        ({"SearchText": '"link"'}, ["link", "customer_link"]),
        ({"SearchText": "whale"}, ["link"]),
        ({"SearchText": "amount"}, ["orders"]),
        ({"SearchText": "they live"}, ["xxlinkyy"]),
        ({"SearchText": "nowhere"}, []),
        ({"Filters": [{"Key": "Name", "Value": "link"}]}, ["link", "customer_link"]),
        ({"Filters": [{"Key": "DatabaseName", "Value": "shop"}]}, ["customer_link", "xxlinkyy"]),
        (
            {"Filters": [{"Key": "name", "Value": "link"}, {"Key": "databaseName", "Value": "lake"}]},
            ["link"],
        ),
        (
            {"Filters": [{"Key": "CreateTime", "Value": "1200", "Comparator": "GREATER_THAN"}]},
            ["link", "orders"],
        ),
        (
            {
                "Filters": [
                    {"Key": "CreateTime", "Value": "1970-01-01T00:20", "Comparator": "LESS_THAN_EQUALS"}
                ]
            },
            ["customer_link", "xxlinkyy"],
        ),
        (
            {"SortCriteria": [{"FieldName": "CreateTime", "Sort": "DESC"}]},
            ["link", "orders", "xxlinkyy", "customer_link"],
        ),
        (
            {"SortCriteria": [{"FieldName": "Owner", "Sort": "DESC"}, {"FieldName": "Name", "Sort": "ASC"}]},
            ["link", "orders", "customer_link", "xxlinkyy"],
        ),
        ({"ResourceShareType": "FOREIGN"}, []),
    ],
)
def test_what_a_search_finds(glue: Glue, request_: dict, expected: list[str]) -> None:
    assert names(glue, **request_) == expected


def test_pages_of_a_search(glue: Glue) -> None:
    first = glue("SearchTables", MaxResults=3)
    rest = glue("SearchTables", MaxResults=3, NextToken=first["NextToken"])
    assert [each["Name"] for each in (*first["TableList"], *rest["TableList"])] == names(glue)
    assert "NextToken" not in rest
    with fault("InvalidInputException", "NextToken"):
        glue("SearchTables", SearchText="other", NextToken=first["NextToken"])


@pytest.mark.parametrize(
    "request_",
    [
        {"Filters": [{"Key": "colour", "Value": "x"}]},
        {"Filters": [{"Key": "UpdateTime", "Value": "yesterday"}]},
        {"SortCriteria": [{"FieldName": "colour"}]},
    ],
)
def test_what_cannot_be_searched(glue: Glue, request_: dict) -> None:
    with pytest.raises(AwsError) as caught:
        glue("SearchTables", **request_)
    assert caught.value.code == "InvalidInputException"


def test_versions_are_deleted(sales: DataCatalog) -> None:
    glue = Glue(sales)
    for _ in range(3):
        sales.update_table("shop", "sales", {"Name": "sales"})

    def left() -> list[str]:
        return [each["VersionId"] for each in glue("GetTableVersions", **TABLE)["TableVersions"]]

    glue("DeleteTableVersion", **TABLE, VersionId="1")
    assert left() == ["3", "2", "0"]
    with fault("EntityNotFoundException", "Version not found"):
        glue("DeleteTableVersion", **TABLE, VersionId="1")
    with fault("InvalidInputException", "current version"):
        glue("DeleteTableVersion", **TABLE, VersionId="3")
    errors = glue("BatchDeleteTableVersion", **TABLE, VersionIds=["0", "x", "3"])["Errors"]
    assert [(each["VersionId"], each["ErrorDetail"]["ErrorCode"]) for each in errors] == [
        ("x", "EntityNotFoundException"),
        ("3", "InvalidInputException"),
    ]
    assert left() == ["3", "2"]
