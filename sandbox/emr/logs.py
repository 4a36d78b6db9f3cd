"""Logs go where EMR puts them: `LogUri/<cluster>/steps/<step>/*.gz` and `.../node/<instance>/...`.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-view-web-log-files.html
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from sandbox.emr.layout import Layout
from sandbox.emr.model import Cluster
from sandbox.errors import SandboxError
from sandbox.s3.location import Location
from sandbox.s3.transfer import upload_compressed

_log = logging.getLogger(__name__)


def ship(s3: Any, cluster: Cluster, layout: Layout, folder: Path) -> list[str]:
    """Upload every file below `folder`, compressed; returns a sentence for each that could not be.

    A log that cannot be shipped does not change what the cluster did, so it is told, not raised.
    """
    if not cluster.log_uri or not folder.is_dir():
        return []
    faults: list[str] = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(layout.logs).as_posix()
        try:
            target = Location.parse(cluster.log_uri) / cluster.id / f"{name}.gz"
            upload_compressed(s3, file, target)
        except SandboxError as error:
            _log.warning("%s: %s", cluster.id, error)
            faults.append(str(error))
    return faults


def step_log_uri(cluster: Cluster, step: str, name: str) -> str:
    """Where a step's log will lie; empty without a LogUri."""
    if not cluster.log_uri:
        return ""
    return str(Location.parse(cluster.log_uri) / cluster.id / "steps" / step / f"{name}.gz")
