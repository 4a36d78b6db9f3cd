"""`sudo` as bootstrap actions call it: runs the command as the node's one user, without becoming root.

What needs root fails by itself, with the system's own words. https://www.sudo.ws/docs/man/sudo.man/
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

USERS = frozenset({"root", "hadoop"})
"""Whom a command may ask for: a node has one user, who stands for both."""

_IGNORED = frozenset("EHnPSkA")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_LONG = {"--preserve-env": "E", "--set-home": "H", "--non-interactive": "n", "--stdin": "S", "--user": "u"}


@dataclass(frozen=True)
class Invocation:
    """The command to run, and the variables that were set for it."""

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


class NotHere(Exception):
    """What sudo was asked for cannot be had; the message says why."""


def parse(arguments: Sequence[str], users: frozenset[str] = USERS) -> Invocation:
    """The command behind sudo's own options. Pure; `NotHere` for another user, a login shell and the like."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--":
            break
        name, equals, value = option.partition("=")
        letters = _LONG.get(name, "?") if option.startswith("--") else option[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter == "u":
                user = value if equals else letters or (rest.pop(0) if rest else "")
                letters = ""
                if user not in users:
                    raise NotHere(
                        f"a node has one user, who stands for {' and '.join(sorted(users))}, not {user}"
                    )
            elif letter not in _IGNORED:
                raise NotHere(f"the option {option} cannot be had here: commands run as this machine's user")
    variables: dict[str, str] = {}
    while rest and _ASSIGNMENT.fullmatch(rest[0]):
        name, _, value = rest.pop(0).partition("=")
        variables[name] = value
    if not rest:
        raise NotHere("no command was given, and a node has no shell for root")
    return Invocation(tuple(rest), variables)


def run(arguments: Sequence[str]) -> int:
    """Replace this process by the command; returns an exit code only when that fails."""
    try:
        asked = parse(arguments, USERS | {os.environ.get("USER", "root")})
    except NotHere as reason:
        sys.stderr.write(f"sudo: {reason}\n")
        return 1
    try:
        os.execvpe(asked.argv[0], asked.argv, {**os.environ, **asked.variables})
    except OSError as error:
        sys.stderr.write(f"sudo: {Path(asked.argv[0])}: {error.strerror}\n")
        return 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
