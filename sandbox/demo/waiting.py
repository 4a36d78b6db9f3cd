"""Waiting for a service by looking again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sandbox.demo.stages import StageFailed

T = TypeVar("T")


@dataclass(frozen=True)
class Wait:
    """`interval` is the seconds between two looks; `clock` and `sleep` are in seconds."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    interval: float = 0.2

    def until(self, look: Callable[[], T | None], what: str, limit: float) -> T:
        """The first answer that is not None; `StageFailed` naming `what` after `limit` seconds."""
        deadline = self.clock() + limit
        while True:
            answer = look()
            if answer is not None:
                return answer
            if self.clock() >= deadline:
                raise StageFailed(f"{what} was not done within {limit:.0f} seconds")
            self.sleep(self.interval)
