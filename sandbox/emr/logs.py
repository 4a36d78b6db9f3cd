"""Logs go where EMR puts them: `LogUri/<cluster>/steps/<step>/*.gz` and `.../node/<instance>/...`.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-view-web-log-files.html
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.emr.layout import Layout
from sandbox.emr.model import Cluster
from sandbox.errors import SandboxError
from sandbox.s3.location import Location
from sandbox.s3.transfer import upload_compressed

INTERVAL = 5.0
"""Seconds between two looks at what has grown, where EMR takes minutes."""
SMALL = 1024 * 1024
"""Bytes up to which a log is sent whenever it grew; a larger one when it grew by a tenth."""

_log = logging.getLogger(__name__)


@dataclass
class _Sent:
    """Of one cluster: the size and time of change that each file had when it was sent, and what was told."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    files: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faults: set[str] = field(default_factory=set)


class LogShipper:
    """Sends the logs of clusters to their LogUri while they grow. `s3` makes a client for the object store.

    A log that cannot be sent does not change what the cluster did, so it is told, once, and tried again.
    """

    def __init__(self, s3: Callable[[], Any], layout: Callable[[str], Layout]) -> None:
        self._s3 = s3
        self._layout = layout
        self._lock = threading.Lock()
        self._sent: dict[str, _Sent] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, living: Callable[[], Iterable[Cluster]], interval: float = INTERVAL) -> None:
        """From now on send what has grown, of every cluster that `living` tells, every `interval` seconds."""

        def watch() -> None:
            while not self._stopped.wait(interval):
                for cluster in living():
                    try:
                        self.ship(cluster, self._layout(cluster.id).logs, growing=True)
                    except Exception:
                        # The other clusters, and this one a little later, are still to be sent.
                        _log.exception("%s: sending logs", cluster.id)

        self._thread = threading.Thread(target=watch, name="emr-logs")
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more by itself."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def ship(self, cluster: Cluster, folder: Path, growing: bool = False) -> None:
        """Send every file below `folder` that is not at its LogUri as it is now, compressed.

        `growing`: it will be called again, so that a large file may wait until it is worth it.
        """
        if not cluster.log_uri or not folder.is_dir():
            return
        with self._lock:
            sent = self._sent.setdefault(cluster.id, _Sent())
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            # Under the lock from the look to the end, so that nobody sends an older state later.
            with sent.lock:
                self._send(cluster, file, sent, growing)

    def forget(self, cluster: str) -> None:
        """Drop what was known of a cluster that has ended."""
        with self._lock:
            self._sent.pop(cluster, None)

    def _send(self, cluster: Cluster, file: Path, sent: _Sent, growing: bool) -> None:
        try:
            status = file.stat()
            now, before = (status.st_size, status.st_mtime_ns), sent.files.get(file)
            if now == before or (growing and not worth_sending(now[0], before[0] if before else None)):
                return
            assert cluster.log_uri is not None
            name = file.relative_to(self._layout(cluster.id).logs).as_posix()
            upload_compressed(self._s3(), file, Location.parse(cluster.log_uri) / cluster.id / f"{name}.gz")
            sent.files[file] = now
        except (SandboxError, OSError) as error:
            if str(error) not in sent.faults:
                sent.faults.add(str(error))
                _log.warning("%s: %s", cluster.id, error)


def worth_sending(size: int, before: int | None) -> bool:
    """Whether a growing log of `size` bytes is sent again, of which `before` were sent. Pure.

    A large one is sent whole each time, so it has to have grown by a tenth: all its sendings together are
    then no more than some ten times its size.
    """
    return before is None or size <= SMALL or not before <= size < before * 1.1


def step_log_uri(cluster: Cluster, step: str, name: str) -> str:
    """Where a step's log will lie; empty without a LogUri."""
    if not cluster.log_uri:
        return ""
    return str(Location.parse(cluster.log_uri) / cluster.id / "steps" / step / f"{name}.gz")
