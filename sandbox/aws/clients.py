"""boto3 clients on the sandbox's own endpoint."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.config import Config


class Clients:
    """Makes one client a service, usable from any thread. `endpoint` is a loopback URL."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, region: str) -> None:
        self._endpoint = endpoint
        self._session = boto3.session.Session(
            aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=region
        )
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        """The client of `service`."""
        with self._lock:
            if service not in self._clients:
                # The environment may name a proxy for everything; the endpoint is on loopback.
                config = Config(proxies={}, s3={"addressing_style": "path"}, max_pool_connections=20)
                make: Any = self._session.client
                self._clients[service] = make(service, endpoint_url=self._endpoint, config=config)
            return self._clients[service]

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
