"""Applications as they run: where their web page is, read from what the driver logs."""

from __future__ import annotations

import re
from pathlib import Path

_UI = re.compile(rb"started service 'SparkUI' on port (\d+)")
_HEAD = 256 * 1024


def ui_port(log: Path) -> int | None:
    """The port of the driver's web UI; None while its log does not tell."""
    try:
        with log.open("rb") as file:
            found = _UI.search(file.read(_HEAD))
    except OSError:
        return None
    return int(found.group(1)) if found else None
