"""The HTTP server: threads, keep-alive, files sent by the kernel.

A thread stays with a connection while requests come, which saves handing it over for each. One that is
silent, or that sends the head of a request slowly, is parked in a selector and holds no thread.
"""

from __future__ import annotations

import logging
import queue
import selectors
import socket
import threading
import time
from collections import deque
from types import TracebackType

from sandbox.aws.connection import Connection
from sandbox.aws.delegation import WsgiApplication
from sandbox.errors import MachineError

THREADS = 256
"""Requests in progress at once."""
CONNECTIONS = 2048
"""Connections that are kept; beyond that, the one that was silent longest is closed."""
STAY = 0.05
"""Seconds that a thread waits for the next request of a connection, if nothing else waits for a thread."""
IDLE = 300.0
"""Seconds after which a silent connection is closed."""
BACKLOG = 1024
GRACE = 1.0
"""Seconds that requests in progress have to end when the server stops."""
_log = logging.getLogger(__name__)


class Server:
    """Serves one WSGI application at `host`:`port` between `start` and `stop`; port 0 takes a free one."""

    def __init__(self, application: WsgiApplication, host: str, port: int) -> None:
        self._application = application
        self._host = host
        self._port = port
        self._listener: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._waker, self._wakened = socket.socketpair()
        self._returned: deque[Connection] = deque()
        self._ready: queue.SimpleQueue[Connection | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._free = 0
        self._busy: set[Connection] = set()
        self._parked: dict[Connection, None] = {}
        self._stopping = False

    def start(self) -> None:
        """Bind and serve; `MachineError` when the port is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen(BACKLOG)
        except OSError as error:
            self._release(listener)
            raise MachineError(
                f"Port {self._port} on {self._host} cannot be bound: {error}",
                "choose another with --port, or --port 0",
            ) from error
        listener.setblocking(False)
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(self._wakened, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="gateway")
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is bound."""
        return int(self._listener.getsockname()[1]) if self._listener else self._port

    @property
    def url(self) -> str:
        """The address that clients on this machine use."""
        return f"http://{self._host}:{self.port}"

    def stop(self) -> None:
        """Stop serving and join every thread; requests in progress have a second to end."""
        if self._listener is None or self._stopping:
            return
        self._stopping = True
        self._wake()
        self._thread.join()
        deadline = time.monotonic() + GRACE
        while self._busy and time.monotonic() < deadline:
            time.sleep(0.01)
        with self._lock:
            for connection in self._busy:
                _shut(connection.socket)
        for _ in self._threads:
            self._ready.put(None)
        for thread in self._threads:
            thread.join()
        self._release(self._listener)

    def _release(self, listener: socket.socket) -> None:
        self._selector.close()
        for each in (listener, self._waker, self._wakened):
            each.close()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- the thread that waits for connections

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(IDLE / 10):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wakened:
                    self._wakened.recv(4096)
                elif isinstance(key.fileobj, Connection):
                    self._take(key.fileobj)
            while self._returned:
                self._park(self._returned.popleft())
            self._close_silent()
        for connection in list(self._parked):
            self._drop(connection)

    def _accept(self) -> None:
        assert self._listener
        try:
            accepted, address = self._listener.accept()
        except BlockingIOError:
            return
        except OSError:
            # No descriptor is left, so the one that was silent longest gives up its own.
            if self._parked:
                self._drop(next(iter(self._parked)))
            return
        try:
            accepted.setblocking(True)
            connection = Connection(accepted, str(address[0]), (self._host, self.port))
        except OSError:
            # The client is gone again.
            accepted.close()
            return
        self._park(connection)

    def _park(self, connection: Connection) -> None:
        try:
            self._selector.register(connection, selectors.EVENT_READ)
        except OSError:
            connection.close()
            return
        self._parked[connection] = None
        if len(self._parked) > CONNECTIONS:
            self._drop(next(iter(self._parked)))

    def _take(self, connection: Connection) -> None:
        """Give a connection on which something came to a thread."""
        self._selector.unregister(connection)
        del self._parked[connection]
        with self._lock:
            self._busy.add(connection)
            if self._free <= self._ready.qsize() and len(self._threads) < THREADS:
                thread = threading.Thread(
                    target=self._work, name=f"gateway-{len(self._threads)}", daemon=True
                )
                self._threads.append(thread)
                thread.start()
        self._ready.put(connection)

    def _close_silent(self) -> None:
        """Connections are parked in the order in which they were last heard of."""
        limit = time.monotonic() - IDLE
        while self._parked and (oldest := next(iter(self._parked))).since < limit:
            self._drop(oldest)

    def _drop(self, connection: Connection) -> None:
        self._selector.unregister(connection)
        del self._parked[connection]
        connection.close()

    def _wake(self) -> None:
        self._waker.send(b"x")

    # --- the threads that answer

    def _work(self) -> None:
        while True:
            with self._lock:
                self._free += 1
            connection = self._ready.get()
            with self._lock:
                self._free -= 1
            if connection is None:
                return
            kept = self._serve(connection)
            with self._lock:
                self._busy.discard(connection)
            if kept and not self._stopping:
                connection.since = time.monotonic()
                self._returned.append(connection)
                self._wake()
            else:
                connection.close()

    def _serve(self, connection: Connection) -> bool:
        """Answer while requests come; whether the connection is still good."""
        while not self._stopping:
            stay = STAY if self._ready.empty() else 0.0
            more = connection.serve(self._application, stay)
            if more is None:
                return True
            if not more:
                return False
        return False


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
