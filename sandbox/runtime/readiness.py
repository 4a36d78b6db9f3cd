"""Readiness as a value: `port(host, 7077) & http(url)`, waited for beside its process."""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.errors import ProcessDied, WorkFailed

INTERVAL = 0.05
"""Seconds between two probes."""


class Supervised(Protocol):
    """What a wait needs to know of a process."""

    def poll(self) -> int | None: ...
    def tail(self) -> str: ...


@dataclass(frozen=True)
class Ready:
    """A probe that tells whether something is ready, and the words for it."""

    what: str
    probe: Callable[[], bool]

    def __and__(self, other: Ready) -> Ready:
        return Ready(f"{self.what} and {other.what}", lambda: self.probe() and other.probe())


def port(host: str, number: int) -> Ready:
    """Something accepts connections at `host`:`number`."""

    def probe() -> bool:
        try:
            with socket.create_connection((host, number), timeout=1):
                return True
        except OSError:
            return False

    return Ready(f"port {host}:{number}", probe)


def http_json(url: str, accept: Callable[[Any], bool] = lambda _: True) -> Ready:
    """`url` answers 200 with JSON that `accept` takes."""

    def probe() -> bool:
        document = fetch_json(url)
        return document is not None and accept(document)

    return Ready(url, probe)


def fetch_json(url: str, timeout: float = 2.0) -> Any:
    """The JSON document at a loopback `url`, or None when it cannot be had now."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout) as response:
            return json.load(response)
    except (OSError, ValueError, http.client.HTTPException, urllib.error.URLError):
        return None


def wait(
    ready: Ready,
    process: Supervised,
    name: str,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Return when ready; `ProcessDied` as soon as the process ended, `WorkFailed` after `timeout` seconds."""
    deadline = clock() + timeout
    while not ready.probe():
        returncode = process.poll()
        if returncode is not None:
            raise ProcessDied(name, returncode, process.tail())
        if clock() > deadline:
            raise WorkFailed(f"{name} was not ready after {timeout:.0f} s: {ready.what}\n{process.tail()}")
        sleep(INTERVAL)
