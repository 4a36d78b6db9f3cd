"""The HTTP server: cheroot, with threads and keep-alive, on loopback."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from cheroot.wsgi import Gateway_10
from cheroot.wsgi import Server as CherootServer

from sandbox.aws.delegation import HEADERS, WsgiApplication
from sandbox.errors import MachineError

THREADS = 96
"""Requests in progress at once; an idle keep-alive connection occupies none."""
IDLE_CONNECTIONS = 256
"""Connections that are kept open; beyond cheroot's own 10, a few boto3 pools would connect anew each time."""


class _Headers(Gateway_10):
    """cheroot's gateway, which also tells the headers under the names with which they were sent."""

    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]
        environ: dict[str, Any] = super().get_environ()  # type: ignore[no-untyped-call]
        environ[HEADERS] = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in self.req.inheaders.items()
        }
        return environ


class Server:
    """Serves one WSGI application at `host`:`port` between `start` and `stop`; port 0 takes a free one."""

    def __init__(self, application: WsgiApplication, host: str, port: int) -> None:
        self._cheroot = CherootServer(
            (host, port), application, numthreads=THREADS, max=THREADS, request_queue_size=256, timeout=60
        )
        self._cheroot.shutdown_timeout = 1
        # How often an idle server looks whether it shall stop.
        self._cheroot.expiration_interval = 0.05
        self._cheroot.keep_alive_conn_limit = IDLE_CONNECTIONS
        self._cheroot.gateway = _Headers
        self._host = host
        self._port = port
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Bind and serve; `MachineError` when the port is taken."""
        try:
            self._cheroot.prepare()
        except OSError as error:
            raise MachineError(
                f"Port {self._port} on {self._host} cannot be bound: {error}",
                "choose another with --port, or --port 0",
            ) from error
        self._thread = threading.Thread(target=self._cheroot.serve, name="gateway")
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is bound."""
        return int(self._cheroot.bind_addr[1])

    @property
    def url(self) -> str:
        """The address that clients on this machine use."""
        return f"http://{self._host}:{self.port}"

    def stop(self) -> None:
        """Stop serving and join every thread."""
        self._cheroot.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
