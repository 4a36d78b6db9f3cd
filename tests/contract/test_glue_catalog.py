"""The Data Catalog over boto3: what is asked for in one call and answered over a socket."""

import pytest


@pytest.fixture(scope="module")
def glue(sandbox):
    client = sandbox.client("glue")
    client.create_database(DatabaseInput={"Name": "pruned"})
    keys = [{"Name": "day", "Type": "date"}, {"Name": "region", "Type": "string"}]
    columns = [{"Name": "amount", "Type": "bigint"}]
    client.create_table(
        DatabaseName="pruned",
        TableInput={"Name": "orders", "PartitionKeys": keys, "StorageDescriptor": {"Columns": columns}},
    )
    for day in range(1, 11):
        values = [[f"2026-01-{day:02}", f"r{region}"] for region in range(10)]
        answer = client.batch_create_partition(
            DatabaseName="pruned",
            TableName="orders",
            PartitionInputList=[{"Values": each} for each in values],
        )
        assert answer["Errors"] == []
    yield client
    client.delete_database(Name="pruned")


SCOPE = {"DatabaseName": "pruned", "TableName": "orders"}


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("day = '2026-01-04'", 10),
        ("day >= '2026-01-09' AND region IN ('r1', 'r2')", 4),
        ("region = 'r7'", 10),
        ("region = 'r7' OR day = '2026-01-01'", 19),
    ],
)
def test_a_partition_index_changes_no_answer(glue, expression, count):
    def selected():
        pages = glue.get_paginator("get_partitions").paginate(**SCOPE, Expression=expression, MaxResults=3)
        return [each["Values"] for page in pages for each in page["Partitions"]]

    before = selected()
    assert len(before) == count
    glue.create_partition_index(**SCOPE, PartitionIndex={"IndexName": "by_region", "Keys": ["region"]})
    (found,) = glue.get_partition_indexes(**SCOPE)["PartitionIndexDescriptorList"]
    assert (found["IndexStatus"], found["Keys"]) == ("ACTIVE", [{"Name": "region", "Type": "string"}])
    assert selected() == before
    glue.delete_partition_index(**SCOPE, IndexName="by_region")
    assert selected() == before


def test_a_table_is_created_with_its_indexes_or_not_at_all(glue):
    keys = [{"Name": "day", "Type": "date"}]
    table = {"Name": "indexed", "PartitionKeys": keys}
    wrong = [{"IndexName": "i", "Keys": ["day"]}, {"IndexName": "j", "Keys": ["colour"]}]
    with pytest.raises(glue.exceptions.InvalidInputException, match="partition keys"):
        glue.create_table(DatabaseName="pruned", TableInput=table, PartitionIndexes=wrong)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_partition_indexes(DatabaseName="pruned", TableName="indexed")
    glue.create_table(DatabaseName="pruned", TableInput=table, PartitionIndexes=wrong[:1])
    (found,) = glue.get_partition_indexes(DatabaseName="pruned", TableName="indexed")[
        "PartitionIndexDescriptorList"
    ]
    assert found == {"IndexName": "i", "Keys": keys, "IndexStatus": "ACTIVE"}
    glue.delete_table(DatabaseName="pruned", Name="indexed")


def test_column_statistics_are_kept(glue):
    data = {
        "MinimumValue": {"UnscaledValue": b"\x01\xff", "Scale": 2},
        "NumberOfNulls": 0,
        "NumberOfDistinctValues": 3,
    }
    given = {
        "ColumnName": "amount", "ColumnType": "decimal(10,2)", "AnalyzedTime": 1_700_000_000,
        "StatisticsData": {"Type": "DECIMAL", "DecimalColumnStatisticsData": data},
    }  # fmt: skip
    assert glue.update_column_statistics_for_table(**SCOPE, ColumnStatisticsList=[given])["Errors"] == []
    found = glue.get_column_statistics_for_table(**SCOPE, ColumnNames=["amount", "none"])
    (kept,) = found["ColumnStatisticsList"]
    assert kept["StatisticsData"] == given["StatisticsData"]
    assert kept["AnalyzedTime"].timestamp() == given["AnalyzedTime"]
    assert [each["ColumnName"] for each in found["Errors"]] == ["none"]
    glue.delete_column_statistics_for_table(**SCOPE, ColumnName="amount")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.delete_column_statistics_for_table(**SCOPE, ColumnName="amount")


def test_tables_are_searched_and_versions_deleted(glue):
    found = glue.search_tables(
        Filters=[{"Key": "DatabaseName", "Value": "pruned"}],
        SearchText="amount",
        SortCriteria=[{"FieldName": "Name", "Sort": "ASC"}],
    )
    assert [each["Name"] for each in found["TableList"]] == ["orders"]
    table = found["TableList"][0]
    update = {name: table[name] for name in ("Name", "PartitionKeys", "StorageDescriptor")}
    glue.update_table(DatabaseName="pruned", TableInput=update, VersionId="0")
    with pytest.raises(glue.exceptions.ConcurrentModificationException):
        glue.update_table(DatabaseName="pruned", TableInput=update, VersionId="0")
    errors = glue.batch_delete_table_version(**SCOPE, VersionIds=["0", "7"])["Errors"]
    assert [(each["VersionId"], each["ErrorDetail"]["ErrorCode"]) for each in errors] == [
        ("7", "EntityNotFoundException")
    ]
    assert [each["VersionId"] for each in glue.get_table_versions(**SCOPE)["TableVersions"]] == ["1"]
