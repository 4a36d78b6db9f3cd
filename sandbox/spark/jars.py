"""The jars that pyspark lacks, by a committed lock of coordinates and SHA-256; no Maven on the machine.

jgo only downloads: it takes any existing file in its cache for good and merely logs a wrong checksum, so
each download goes through a private folder, is verified here, and is moved into place whole.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from sandbox.errors import MachineError

PARALLEL = 4
TIMEOUT = 120
"""Seconds without an answer after which a download is given up."""

Progress = Callable[[str, int], None]
"""Called with a jar's file name and the bytes that were added."""


@dataclass(frozen=True)
class Jar:
    """One artefact: Maven coordinates, the SHA-256 and the size in bytes of the file.

    `on_class_path`: Spark needs it; the class archive is made for exactly these.
    """

    group: str
    artifact: str
    version: str
    sha256: str
    size: int
    on_class_path: bool = True

    @property
    def file_name(self) -> str:
        """The file's name, as Maven forms it."""
        return f"{self.artifact}-{self.version}.jar"


def locked() -> tuple[Jar, ...]:
    """The jars of the committed lock."""
    text = resources.files("sandbox.spark").joinpath("jars.lock").read_text()
    return tuple(Jar(**entry) for entry in json.loads(text))


def missing(jars: Iterable[Jar], folder: Path) -> tuple[Jar, ...]:
    """Those that are not in `folder` with the right size and checksum."""
    return tuple(jar for jar in jars if not _is_whole(folder / jar.file_name, jar))


def present(jars: Iterable[Jar], folder: Path) -> tuple[Path, ...]:
    """The paths of `jars`; `MachineError` when one is missing. Sizes are compared, not checksums."""
    paths = [(folder / jar.file_name, jar) for jar in jars]
    absent = [path.name for path, jar in paths if not path.is_file() or path.stat().st_size != jar.size]
    if absent:
        raise MachineError(f"Jars are missing in {folder}: {', '.join(absent)}", "sandbox jars fetch")
    return tuple(path for path, _ in paths)


def fetch(
    jars: Iterable[Jar], folder: Path, offline: bool, progress: Progress = lambda _name, _size: None
) -> int:
    """Bring what is missing into `folder`; returns the number of bytes that were fetched.

    Raises `MachineError` when offline, when a download fails or when a checksum is wrong; what was
    complete before stays.
    """
    wanted = missing(jars, folder)
    if not wanted:
        return 0
    if offline:
        names = ", ".join(jar.file_name for jar in wanted)
        raise MachineError(
            f"Offline, and these jars are not in {folder}: {names}", "sandbox jars fetch, once, online"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as private:

        def one(jar: Jar) -> int:
            path = _download(jar, Path(private) / jar.file_name)
            path.replace(folder / jar.file_name)
            progress(jar.file_name, jar.size)
            return jar.size

        with ThreadPoolExecutor(PARALLEL) as pool:
            return sum(pool.map(one, wanted))


def _download(jar: Jar, cache: Path) -> Path:
    from jgo.maven import MavenContext

    try:
        context = MavenContext(repo_cache=cache, timeout=TIMEOUT)
        path = Path(context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve())
    except Exception as error:
        raise MachineError(
            f"{jar.file_name} could not be fetched: {error}", "check the network and try again"
        ) from error
    found = sha256(path)
    if found != jar.sha256:
        raise MachineError(
            f"{jar.file_name} has SHA-256 {found}, the lock says {jar.sha256}",
            "try again; if it stays, the repository or a proxy serves another file",
        )
    return path


def _is_whole(path: Path, jar: Jar) -> bool:
    return path.is_file() and path.stat().st_size == jar.size and sha256(path) == jar.sha256


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
