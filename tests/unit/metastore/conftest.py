from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pymetastore.hive_metastore import ThriftHiveMetastore
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport

from sandbox.catalog import DataCatalog
from sandbox.metastore import FileStorage, MetastoreServer, StorageByScheme
from sandbox.store import Database


@dataclass
class Metastore:
    """A running server, a generated client that knows nothing of it, and what lies behind."""

    client: ThriftHiveMetastore.Client
    catalog: DataCatalog
    server: MetastoreServer
    warehouse: Path


@pytest.fixture
def metastore(tmp_path: Path) -> Iterator[Metastore]:
    store = Database(":memory:")
    catalog = DataCatalog(store, lambda: 1000.0)
    warehouse = tmp_path / "warehouse"
    storage = StorageByScheme({"file": FileStorage()})
    server = MetastoreServer(catalog, "127.0.0.1", 0, f"file:{warehouse}", storage, lambda: 2000.0)
    server.start()
    transport = TBufferedTransport(TSocket("127.0.0.1", server.port))
    transport.open()
    client = ThriftHiveMetastore.Client(TBinaryProtocol(transport))
    yield Metastore(client, catalog, server, warehouse)
    transport.close()
    server.stop()
    store.close()
