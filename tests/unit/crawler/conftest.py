import threading
from collections.abc import Iterator

import pytest
from crawler_clients import Bucket, Clock, Logs

from sandbox.catalog import DataCatalog
from sandbox.glue.crawler.runner import CrawlerRunner
from sandbox.store import Database, Journal


@pytest.fixture
def store() -> Iterator[Database]:
    database = Database(":memory:")
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(store: Database, clock: Clock) -> DataCatalog:
    return DataCatalog(store, clock)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def logs() -> Logs:
    return Logs()


@pytest.fixture
def runner(
    store: Database, catalog: DataCatalog, bucket: Bucket, logs: Logs, clock: Clock
) -> Iterator[CrawlerRunner]:
    ids = iter(range(1000))
    clients = {"s3": bucket, "logs": logs}
    made = CrawlerRunner(
        store, Journal(store), catalog, clients.__getitem__, clock, lambda: f"crawl-{next(ids)}"
    )
    made.start()
    yield made
    made.stop()
    assert not [each for each in threading.enumerate() if each.name.startswith("crawler ")]
