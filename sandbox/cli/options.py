"""Options that many commands share."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from sandbox.settings import Settings

State = Annotated[
    Path | None,
    typer.Option("--state", help="Folder of the sandbox's state; default $SANDBOX_STATE, else the user's."),
]
Port = Annotated[int | None, typer.Option("--port", help="Port of the endpoint; 0 takes a free one.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never use a network.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on printing what comes.")]


def settings(state: Path | None, port: int | None = None, offline: bool = False) -> Settings:
    """The settings of this call."""
    return Settings.read(os.environ, state, port, offline)


def state_option(state: Path) -> str:
    """What a command that is told must bear to mean this state: nothing when that is the default."""
    return "" if settings(None).state == state else f" --state {shlex.quote(str(state))}"
