"""The Hive metastore's Thrift server: what Spark's `hive.metastore.uris` points at."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable

from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TTransportException

from sandbox.catalog import DataCatalog
from sandbox.metastore.databases import DEFAULT, DatabaseMethods
from sandbox.metastore.faults import as_hive
from sandbox.metastore.partitions import PartitionMethods
from sandbox.metastore.storage import Storage
from sandbox.metastore.tables import TableMethods
from sandbox.metastore.wire import Processor

_BUFFER = 64 * 1024
_log = logging.getLogger(__name__)


class MetastoreServer:
    """Serves the catalog over Thrift on `host`:`port`; port 0 takes a free one.

    `warehouse` is the location of the database `default` and the parent of databases that name none.
    `port` is the port that is listened on, once `start` has returned.
    """

    def __init__(
        self,
        catalog: DataCatalog,
        host: str,
        port: int,
        warehouse: str,
        storage: Storage,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.port = port
        self._host = host
        self._catalog = catalog
        self._warehouse = warehouse
        databases = DatabaseMethods(catalog, storage, warehouse)
        groups = [
            databases,
            TableMethods(catalog, storage, databases, clock),
            PartitionMethods(catalog, storage, clock),
        ]
        self._processor = Processor(groups, as_hive)
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._acceptor: threading.Thread | None = None

    def start(self) -> None:
        """Listen and answer. Creates the database `default` when there is none, as EMR does.

        Raises OSError when the port is taken.
        """
        if DEFAULT not in [database["Name"] for database in self._catalog.get_databases()]:
            self._catalog.create_database(
                {"Name": DEFAULT, "Description": "Default Hive database", "LocationUri": self._warehouse}
            )
        self._listener = socket.create_server((self._host, self.port))
        self.port = self._listener.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept, name=f"metastore-{self.port}")
        self._acceptor.start()

    def stop(self) -> None:
        """Close the listening socket and every connection, and wait for their threads. Idempotent."""
        if self._acceptor is None:
            return
        self._wake.close()
        self._acceptor.join()
        self._acceptor = None
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _accept(self) -> None:
        """Take connections until `stop` closes the other end of the wake-up pair."""
        with self._listener, self._woken, selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while self._woken not in [key.fileobj for key, _ in selector.select()]:
                try:
                    connection, _ = self._listener.accept()
                except OSError as error:
                    _log.warning("a connection was lost before it was accepted: %s", error)
                    continue
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                thread = threading.Thread(
                    target=self._serve, args=(connection,), name=f"metastore-{self.port}-client"
                )
                with self._lock:
                    self._connections.add(connection)
                self._threads = [*(each for each in self._threads if each.is_alive()), thread]
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        """Answer one client until it leaves, breaks the protocol, or the server stops."""
        try:
            end = TSocket()
            end.setHandle(connection)
            self._processor.serve(TBufferedTransport(end, _BUFFER))
        except TTransportException:
            _log.debug("a client has left")
        except Exception as error:
            _log.warning("a client broke the protocol: %s", error)
        finally:
            with self._lock:
                self._connections.remove(connection)
                connection.close()
