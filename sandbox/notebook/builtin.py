"""The built-in note engine as a companion of a cluster's master."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox.notebook.folder import SUFFIX, NoteFolder
from sandbox.runtime import readiness
from sandbox.runtime.process import Command
from sandbox.spark.companion import Place

PORT = 8890
"""Zeppelin's port on EMR. https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-web-interfaces.html"""
NAME = "Zeppelin"


@dataclass(frozen=True)
class BuiltInEngine:
    """Serves the notes in `notes`, which outlive the cluster."""

    python: Path
    notes: Path
    port: int = PORT
    timeout: float = 60.0

    def command(self, place: Place) -> Command:
        seed(self.notes)
        place.home.mkdir(parents=True, exist_ok=True)
        options = {
            "--host": place.host,
            "--port": str(place.port),
            "--public": str(place.public),
            "--notes": str(self.notes),
            "--work": str(place.home / "work"),
            "--log": str(place.logs / "interpreter.log"),
            "--name": f"notebook-{place.cluster}",
        }
        argv = (str(self.python), "-m", "sandbox.notebook.server")
        return Command(
            name=NAME,
            argv=argv + tuple(part for option in options.items() for part in option),
            environment=place.environment,
            directory=place.home,
            stdout=place.logs / "server.out",
            stderr=place.logs / "server.log",
            owner=place.owner,
        )

    def ready(self, place: Place) -> readiness.Ready:
        return readiness.http_json(f"{place.url}/api/version")

    def settle(self, place: Place) -> None: ...


def packaged() -> Path:
    """The folder of the course's notes: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "_jobs" / "notebooks"
    return inside if inside.is_dir() else package.parent / "jobs" / "notebooks"


def seed(notes: Path) -> None:
    """Put the course's notes among the user's; what the user has of them is left as it is."""
    known = NoteFolder(notes).listing()
    for file in sorted(packaged().rglob(f"*{SUFFIX}")):
        if json.loads(file.read_text())["id"] not in known:
            target = notes / file.relative_to(packaged())
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
