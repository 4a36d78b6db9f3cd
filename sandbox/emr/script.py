"""A script of the user's that is fetched to a node and run there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.emr import places
from sandbox.s3.transfer import download


def fetch(s3: Any, uri: str, target: Path, standing: Mapping[str, str]) -> tuple[str, ...]:
    """Bring a script to `target`, with the node's places in it; a sentence for each path that was replaced.

    Raises `WorkFailed` naming the address when it cannot be read.
    """
    download(s3, uri, target)
    target.chmod(0o755)
    return tuple(f"In {uri}, {note}" for note in places.rewrite_file(target, standing))


def invocation(script: Path, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """A script with a `#!` line runs as it says, any other with bash, as on EMR."""
    with script.open("rb") as file:
        direct = file.read(2) == b"#!"
    return (str(script), *arguments) if direct else ("bash", str(script), *arguments)
