"""Paired measuring: ours and the bare tool in turn, so that a machine whose speed drifts does not matter."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """Seconds of each round. `ratio` is the median of ours to theirs, round by round."""

    name: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    target: str

    @property
    def ratio(self) -> float:
        return statistics.median(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def difference(self) -> float:
        return statistics.median(a - b for a, b in zip(self.ours, self.theirs, strict=True))

    def row(self) -> tuple[str, ...]:
        ours, theirs = statistics.median(self.ours), statistics.median(self.theirs)
        return (self.name, f"{ours:.2f} s", f"{theirs:.2f} s", f"{self.ratio:.2f}", self.target)


def seconds(action: Callable[[], object]) -> float:
    """How long `action` took."""
    started = time.monotonic()
    action()
    return time.monotonic() - started


def compare(
    name: str, ours: Callable[[], float], theirs: Callable[[], float], rounds: int, target: str
) -> Comparison:
    """Run both in turn; each returns its own seconds, so that preparing is not counted."""
    pairs = []
    for number in range(rounds):
        # The order changes each round, so that what the first leaves in caches serves both.
        if number % 2:
            second = theirs()
            pairs.append((ours(), second))
        else:
            pairs.append((ours(), theirs()))
    return Comparison(name, tuple(a for a, _ in pairs), tuple(b for _, b in pairs), target)
