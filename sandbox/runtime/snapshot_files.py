"""What of a state a snapshot holds, and how its files are copied.

Left out is what only a running sandbox needs: locks, its record and log, the work folders of nodes that
live no more. The databases are copied through SQLite, so that what still lies in a write-ahead log is in
the copy.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sandbox.errors import WorkFailed

DATABASES = ("sandbox.db", "s3/index.db")
"""The SQLite files of a state."""
_BLOBS = PurePosixPath("s3/blobs")
_OF_A_RUN = {"lock", "up.lock", "sandbox.json", "sandbox.draft", "sandbox.log", "machines", "history"}
_BESIDE_DATABASES = {f"{name}{end}" for name in DATABASES for end in ("-wal", "-shm", "-journal")}
_FICLONE = 0x40049409
"""Linux's request that a file share another's blocks until one of them is written (ioctl_ficlone(2))."""


@dataclass(frozen=True)
class Copied:
    """How much was copied: `size` in bytes; `skipped` counts links, pipes and sockets, which are not."""

    files: int = 0
    size: int = 0
    skipped: int = 0

    def __add__(self, other: Copied) -> Copied:
        return Copied(self.files + other.files, self.size + other.size, self.skipped + other.skipped)


def belongs(path: PurePosixPath) -> bool:
    """Whether the file or folder at `path`, relative to the state, is part of a snapshot."""
    if path.parts[0] in _OF_A_RUN or str(path) in _BESIDE_DATABASES:
        return False
    return not (path.parts[0] == "clusters" and len(path.parts) > 2 and path.parts[2] != "logs")


def copy_state(source: Path, target: Path) -> Copied:
    """Copy what belongs to a snapshot from the state `source` to the new folder `target`.

    Nobody may write to `source` meanwhile. Raises OSError, and `WorkFailed` for a broken database.
    """
    return _copy_folder(source, target, PurePosixPath())


def _copy_folder(source: Path, target: Path, inside: PurePosixPath) -> Copied:
    target.mkdir()
    done = Copied()
    with os.scandir(source) as entries:
        for entry in entries:
            path = inside / entry.name
            if not belongs(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                done += _copy_folder(source / entry.name, target / entry.name, path)
            elif entry.is_file(follow_symlinks=False):
                _copy_file(source / entry.name, target / entry.name, path)
                done += Copied(1, (target / entry.name).stat().st_size)
            else:
                done += Copied(skipped=1)
    return done


def _copy_file(source: Path, target: Path, inside: PurePosixPath) -> None:
    if str(inside) in DATABASES:
        _copy_database(source, target)
    elif not (inside.is_relative_to(_BLOBS) and _linked(source, target)) and not _shared(source, target):
        shutil.copy2(source, target)


def _linked(source: Path, target: Path) -> bool:
    """A hard link, where the file system can: a blob is never written again."""
    try:
        target.hardlink_to(source)
    except OSError:
        return False
    return True


def _shared(source: Path, target: Path) -> bool:
    """A copy that shares its blocks with the original, where the file system can."""
    try:
        with source.open("rb") as read, target.open("xb") as written:
            fcntl.ioctl(written, _FICLONE, read.fileno())
    except OSError:
        target.unlink(missing_ok=True)
        return False
    shutil.copystat(source, target)
    return True


def _copy_database(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as read,
            closing(sqlite3.connect(target)) as written,
        ):
            read.backup(written)
    except sqlite3.DatabaseError as error:
        raise WorkFailed(f"The database {source} cannot be read: {error}") from error


def check_databases(state: Path) -> None:
    """Raise `WorkFailed` when a database of the state is broken, or the first is missing."""
    for name in DATABASES:
        path = state / name
        if name != DATABASES[0] and not path.exists():
            continue
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
                found = [row[0] for row in database.execute("PRAGMA quick_check")]
        except sqlite3.DatabaseError as error:
            found = [str(error)]
        if found != ["ok"]:
            raise WorkFailed(f"The database {name} is broken: {'; '.join(found[:3])}")


def move_warehouse(state: Path, old: str, new: str) -> None:
    """Let the catalog of `state` name the warehouse below `new` where it names the one below `old`.

    Databases, tables and partitions without a location of their own lie there; those on S3 stay as they are.
    """
    if old == new:
        return
    try:
        with closing(sqlite3.connect(state / DATABASES[0])) as database, database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                if table.startswith("catalog_"):
                    for column in _texts(database, table):
                        _replace(database, table, column, old, new)
    except sqlite3.Error as error:
        raise WorkFailed(f"The catalog's addresses cannot be changed: {error}") from error


def _texts(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f'PRAGMA table_info("{table}")') if row[2] == "TEXT"]


def _replace(database: sqlite3.Connection, table: str, column: str, old: str, new: str) -> None:
    for scheme in ("file:", "file://"):
        # The end of the folder's name, so that warehouse-2 is another's.
        for end in ("/", '"'):
            before, after = (f"{scheme}{_in_json(path)}/warehouse{end}" for path in (old, new))
            database.execute(
                f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?) WHERE instr("{column}", ?)',
                (before, after, before),
            )


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]
