"""The paths with which JSON classifiers choose what a row is.

The operators are those that Glue documents: `$`, `.name`, `['name']`, `[n]` and `*` for a name or a number:
https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html#custom-classifier-json
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Step = str | int | None
"""A member's name, an element's number, or None for all of them."""

_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]*'"\s]+) | \.\*
    | \[\s*(?: '(?P<single>[^']*)' | "(?P<double>[^"]*)" | (?P<index>\d+) | \* )\s*\]""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class JsonPath:
    """A path as it was written, and its steps."""

    text: str
    steps: tuple[Step, ...]

    def select(self, value: Any) -> list[Any]:
        """What the path finds in a value, in order."""
        found = [value]
        for step in self.steps:
            found = [below for each in found for below in _below(each, step)]
        return found


WHOLE = JsonPath("$", ())


def parse(text: str) -> JsonPath:
    """The path. Raises ValueError for one that Glue does not know."""
    if not text.startswith("$"):
        raise ValueError(f"the JSON path {text!r} does not begin with $")
    steps: list[Step] = []
    position = 1
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            raise ValueError(f"the JSON path {text!r} cannot be read from {text[position:]!r} on")
        names = [found[each] for each in ("name", "single", "double") if found[each] is not None]
        index = found["index"]
        steps.append(names[0] if names else int(index) if index else None)
        position = found.end()
    return JsonPath(text, tuple(steps))


def _below(value: Any, step: Step) -> list[Any]:
    match value, step:
        case dict(), None:
            return list(value.values())
        case list(), None:
            return value
        case dict(), str() if step in value:
            return [value[step]]
        case list(), int() if step < len(value):
            return [value[step]]
    return []
