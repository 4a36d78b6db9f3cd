"""Spark's history server over the event logs of all clusters, also of those that are gone.

It is started when somebody asks for it, since most sandboxes never need its memory.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from sandbox.emr.nodes import Site
from sandbox.errors import WorkFailed
from sandbox.runtime.machine import Machine
from sandbox.runtime.processes import Processes
from sandbox.runtime.readiness import fetch_json
from sandbox.spark import standalone
from sandbox.spark.configuration import environment, write_conf

OWNER = "spark-history"
PORT = 18080
"""The port that is taken when it is free, as on EMR."""


class HistoryServer:
    """The one history server of a sandbox, on `machine`, which is the sandbox's own; `home` is its folder."""

    def __init__(self, site: Site, processes: Processes, machine: Machine, home: Path) -> None:
        self._site = site
        self._processes = processes
        self._machine = machine
        self._home = home
        self._lock = threading.Lock()
        self._url: str | None = None

    def url(self) -> str:
        """Its address; starts it when it does not run. Raises `WorkFailed` when it cannot be started."""
        with self._lock:
            running = self._processes.get(OWNER, standalone.HISTORY_NAME)
            if self._url is None or running is None or running.poll() is not None:
                self._url = self._start()
            return self._url

    def is_ready(self, application: str | None = None) -> bool:
        """Whether it answers, and knows the application when one is named."""
        page = f"{self.url()}/api/v1/applications"
        return fetch_json(f"{page}/{application}" if application else page) is not None

    def stop(self) -> None:
        """End it."""
        self._processes.close(OWNER)

    def _start(self) -> str:
        site, port = self._site, self._machine.choose_port(PORT)
        conf = write_conf(self._home / "conf", {"spark.history.fs.update.interval": "2s"})
        variables = environment(site.installation, site.services, conf, site.outer)
        command = standalone.history_server(
            site.installation, variables, site.event_log, port, self._home, self._home / "logs"
        )
        process = self._processes.start(replace(command, owner=OWNER), self._machine)
        if (code := process.poll()) is not None:
            raise WorkFailed(f"The history server ended with exit code {code}\n{process.tail()}")
        return f"http://{self._machine.host}:{port}"
