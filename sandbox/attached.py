"""A sandbox that runs elsewhere, as in the Compose stack, in the place of one in this process."""

from __future__ import annotations

from typing import Any

from sandbox.aws.clients import Clients
from sandbox.errors import WorkFailed
from sandbox.runtime.readiness import fetch_json


class AttachedSandbox:
    """The sandbox at `endpoint`, with what `Sandbox` offers to clients. `WorkFailed` when none answers."""

    def __init__(self, endpoint: str) -> None:
        status = fetch_json(f"{endpoint}/_sandbox/status", timeout=10)
        if not isinstance(status, dict):
            raise WorkFailed(f"No sandbox answers at {endpoint}")
        self.endpoint = endpoint
        self.metastore: str = status["metastore"]
        self._environment: dict[str, str] = status["environment"]
        variables = self._environment
        keys = (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
        self._clients = Clients(endpoint, *keys, variables["AWS_DEFAULT_REGION"])

    def environment(self) -> dict[str, str]:
        """The variables with which any AWS client finds this sandbox."""
        return dict(self._environment)

    def client(self, service: str) -> Any:
        """A boto3 client of `service` on this sandbox."""
        return self._clients(service)

    def close(self) -> None:
        """Close every connection."""
        self._clients.close()
