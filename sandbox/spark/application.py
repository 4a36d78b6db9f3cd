"""Applications as they run: where their web page is, read from what the driver logs."""

from __future__ import annotations

import re
from pathlib import Path

_UI = re.compile(rb"started service 'SparkUI' on port (\d+)")
_ID = re.compile(rb"Connected to Spark cluster with app ID (\S+)")
_HEAD = 256 * 1024


def ui_port(log: Path) -> int | None:
    """The port of the driver's web UI; None while its log does not tell."""
    found = _UI.search(_head(log))
    return int(found.group(1)) if found else None


def application_id(log: Path) -> str | None:
    """The id that the master gave the driver's application; None while its log does not tell."""
    found = _ID.search(_head(log))
    return found.group(1).decode() if found else None


def _head(log: Path) -> bytes:
    try:
        with log.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""
