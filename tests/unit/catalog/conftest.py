from collections.abc import Iterator

import pytest

from sandbox.catalog import DataCatalog
from sandbox.store import Database


class Clock:
    """Seconds that a test sets itself."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> Iterator[Database]:
    database = Database(":memory:")
    yield database
    database.close()


@pytest.fixture
def catalog(store: Database, clock: Clock) -> DataCatalog:
    return DataCatalog(store, clock)


@pytest.fixture
def sales(catalog: DataCatalog) -> DataCatalog:
    """A catalog with the table shop.sales, partitioned by (year int, region string)."""
    catalog.create_database({"Name": "Shop"})
    keys = [{"Name": "year", "Type": "int"}, {"Name": "region", "Type": "string"}]
    catalog.create_table("shop", {"Name": "Sales", "PartitionKeys": keys, "Parameters": {"a": "1"}})
    return catalog
