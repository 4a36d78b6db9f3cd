"""Partition indexes: they follow the partitions and change no answer, only what is read for it."""

import pytest
from test_glue_catalog_api import TABLE, Glue, fault

from sandbox.catalog import DataCatalog
from sandbox.catalog.partition_indexes import key_of

EXPRESSIONS = [
    "region = 'r3'",
    "region > 'r7' AND year = 2001",
    "region = 'r1' OR region = 'r2'",
    "region = 'zz'",
]


@pytest.fixture
def glue(sales: DataCatalog) -> Glue:
    made = [{"Values": [str(2000 + year), f"r{region}"]} for year in range(20) for region in range(10)]
    sales.create_partitions("shop", "sales", made)
    return Glue(sales)


def index(glue: Glue, name: str = "by_region", *keys: str) -> None:
    glue(
        "CreatePartitionIndex", **TABLE, PartitionIndex={"IndexName": name, "Keys": list(keys or ("Region",))}
    )


def values(glue: Glue, expression: str) -> list[list[str]]:
    """Over pages, so that the tokens of an index's answers are tried too."""
    found, token = [], {}
    while True:
        page = glue("GetPartitions", **TABLE, Expression=expression, MaxResults=7, **token)
        found += [each["Values"] for each in page["Partitions"]]
        if "NextToken" not in page:
            return found
        token = {"NextToken": page["NextToken"]}


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("keys", [("region",), ("region", "year")])
def test_an_index_changes_no_answer(glue: Glue, expression: str, keys: tuple[str, ...]) -> None:
    before = values(glue, expression)
    index(glue, "i", *keys)
    assert values(glue, expression) == before


def test_an_index_follows_the_partitions(glue: Glue, sales: DataCatalog) -> None:
    index(glue)
    sales.create_partition("shop", "sales", {"Values": ["1999", "r3"]})
    sales.delete_partition("shop", "sales", ["2005", "r3"])
    sales.update_partition("shop", "sales", ["2006", "r3"], {"Values": ["2006", "moved"]})
    expected = {key_of([str(year), "r3"]) for year in (1999, *range(2000, 2020)) if year not in (2005, 2006)}
    assert {key_of(each) for each in values(glue, "region = 'r3'")} == expected
    assert values(glue, "region = 'moved'") == [["2006", "moved"]]


def test_a_filter_that_an_index_serves_reads_few_rows(
    glue: Glue, store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, query = [], store.query
    monkeypatch.setattr(store, "query", lambda *given: (found := query(*given), rows.extend(found))[0])
    values(glue, "region = 'r3'")
    whole = len(rows)
    index(glue)
    rows.clear()
    glue("GetPartitions", **TABLE, Expression="region = 'r3'")
    assert len(rows) < whole / 2


def test_indexes_are_described_and_deleted(glue: Glue) -> None:
    index(glue, "b", "region", "year")
    index(glue, "a", "year")
    found = glue("GetPartitionIndexes", **TABLE)["PartitionIndexDescriptorList"]
    assert found[0] == {
        "IndexName": "b",
        "Keys": [{"Name": "region", "Type": "string"}, {"Name": "year", "Type": "int"}],
        "IndexStatus": "ACTIVE",
    }
    glue("DeletePartitionIndex", **TABLE, IndexName="b")
    found = glue("GetPartitionIndexes", **TABLE)["PartitionIndexDescriptorList"]
    assert [each["IndexName"] for each in found] == ["a"]
    with fault("EntityNotFoundException", "b"):
        glue("DeletePartitionIndex", **TABLE, IndexName="b")


def test_what_cannot_be_an_index(glue: Glue) -> None:
    for keys in (("colour",), ("region", "region")):
        with fault("InvalidInputException", "partition keys"):
            index(glue, "i", *keys)
    index(glue)
    for name, key in (("by_region", "year"), ("again", "region")):
        with fault("AlreadyExistsException"):
            index(glue, name, key)
    index(glue, "2", "year")
    index(glue, "3", "year", "region")
    with fault("ResourceNumberLimitExceededException"):
        index(glue, "4", "region", "year")


def test_an_index_goes_with_its_table(glue: Glue, sales: DataCatalog) -> None:
    index(glue)
    keys = sales.get_table("shop", "sales")["PartitionKeys"]
    sales.delete_table("shop", "sales")
    sales.create_table("shop", {"Name": "sales", "PartitionKeys": keys})
    assert glue("GetPartitionIndexes", **TABLE)["PartitionIndexDescriptorList"] == []
    assert values(glue, "region = 'r3'") == []
