"""An address has two sides: as the user's machine sees it, and as the cluster's network sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    """A URL of one service from `outside` (the user's machine) and from `inside` (the cluster's nodes).

    On one machine both are the same; in containers they differ.
    """

    outside: str
    inside: str

    @classmethod
    def local(cls, url: str) -> Address:
        """The address of a service whose clients all run on this machine."""
        return cls(url, url)
