"""`run-if`, a bootstrap action that EMR brings itself: a command for the nodes that a condition holds for.

Its arguments are `instance.isMaster=true` (or `!=`, or another member of `instance.json`), then a command, or
the address of a script and its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.errors import WorkFailed
from sandbox.s3.location import Location

_PATH = re.compile(r"s3://(?:[\w-]+\.)?elasticmapreduce/bootstrap-actions/(?:[\d.]+/)?run-if")
_CONDITION = re.compile(r"instance\.(\w+)(==?|!=)(\w+)")


@dataclass(frozen=True)
class Conditional:
    """What is to be run: a script at an address with arguments, or a line for the shell."""

    script: str | None
    arguments: tuple[str, ...] = ()
    line: str = ""


def is_run_if(path: str) -> bool:
    """Whether a bootstrap action's path is run-if's, in whichever Region."""
    return bool(_PATH.fullmatch(path))


def conditional(arguments: Sequence[str], instance: Mapping[str, Any]) -> Conditional | None:
    """What to run on the node whose `instance.json` this is; None when the condition does not hold.

    `WorkFailed` when the arguments are none that run-if takes.
    """
    found = _CONDITION.fullmatch(arguments[0]) if arguments else None
    if found is None or len(arguments) < 2:
        raise WorkFailed("run-if needs a condition such as instance.isMaster=true, and a command")
    name, operator, wanted = found.groups()
    if name not in instance:
        raise WorkFailed(f"run-if: instance.json has no {name}, only {', '.join(instance)}")
    holds = str(instance[name]).lower() == wanted.lower()
    if holds is (operator == "!="):
        return None
    if Location.matches(arguments[1]):
        return Conditional(arguments[1], tuple(arguments[2:]))
    return Conditional(None, line=" ".join(arguments[1:]))
