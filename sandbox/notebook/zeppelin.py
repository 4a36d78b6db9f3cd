"""The real Apache Zeppelin, from an unpacked distribution, as a companion of a cluster's master.

What it needs beyond its stock scripts was seen with 0.12.1: the origins of its own page, USE_HADOOP=false,
and `spark.master` in the interpreter setting, where it does not heed spark-defaults.conf.
https://zeppelin.apache.org/docs/0.12.0/setup/operation/configuration.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.notebook.builtin import NAME, PORT, seed
from sandbox.notebook.client import NotebookClient
from sandbox.runtime import readiness
from sandbox.runtime.process import Command
from sandbox.spark.companion import Place

START = Path(__file__).with_name("start_zeppelin.sh")
"""Runs where Zeppelin is, which need not be where the sandbox is."""
_OWN_FOLDERS = {
    "ZEPPELIN_CONF_DIR": "conf",
    "ZEPPELIN_LOG_DIR": "log",
    "ZEPPELIN_PID_DIR": "run",
    "ZEPPELIN_WAR_TEMPDIR": "webapps",
    "ZEPPELIN_SEARCH_INDEX_PATH": "index",
    "ZEPPELIN_RECOVERY_DIR": "recovery",
}


@dataclass(frozen=True)
class Zeppelin:
    """Started by `home`/bin/zeppelin.sh; keeps its notes in `notes`, all else in the node's folder."""

    home: Path
    notes: Path
    port: int = PORT
    timeout: float = 180.0

    def command(self, place: Place) -> Command:
        seed(self.notes)
        folders = {variable: place.home / name for variable, name in _OWN_FOLDERS.items()}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        return Command(
            name=NAME,
            argv=("/bin/sh", str(START)),
            environment={
                **place.environment,
                **{variable: str(folder) for variable, folder in folders.items()},
                **self._variables(place),
            },
            directory=place.home,
            stdout=place.logs / "zeppelin.out",
            stderr=place.logs / "zeppelin.err",
            owner=place.owner,
        )

    def ready(self, place: Place) -> readiness.Ready:
        return readiness.http_json(f"{place.url}/api/version")

    def settle(self, place: Place) -> None:
        """Point the Spark interpreter at the cluster; from the second start on, only this does it."""
        memory = place.properties.get("spark.executor.memory", "1g")
        NotebookClient(place.url).set_properties(
            "spark", {"spark.master": place.master, "spark.executor.memory": memory}
        )

    def _variables(self, place: Place) -> dict[str, str]:
        """What Zeppelin's scripts and server read. Its page hangs unless its own origins are named."""
        return {
            "ZEPPELIN_HOME": str(self.home),
            "ZEPPELIN_ADDR": place.host,
            "ZEPPELIN_PORT": str(place.port),
            "ZEPPELIN_LOCAL_IP": place.host,
            "ZEPPELIN_ALLOWED_ORIGINS": f"http://127.0.0.1:{place.public},http://localhost:{place.public}",
            "ZEPPELIN_NOTEBOOK_DIR": str(self.notes),
            "USE_HADOOP": "false",
            "SPARK_MASTER": place.master,
        }
