"""Ports on loopback: the documented one where it is free, else one that the system gives."""

from __future__ import annotations

import socket


def is_free(host: str, number: int) -> bool:
    """Whether a server could bind `host`:`number` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError:
            return False
        return True


def choose(host: str, preferred: int) -> int:
    """`preferred` when it is free, else a port that was free a moment ago."""
    if preferred and is_free(host, preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
