"""A snapshot as one file: a gzipped tar of its folder, the manifest first."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from sandbox.errors import UsageError, WorkFailed
from sandbox.runtime.snapshot_files import belongs
from sandbox.runtime.snapshots import FILES, MANIFEST, Manifest, parse, read_manifest

_BLOCK = 1 << 20


def pack(snapshot: Path, file: Path) -> None:
    """Write the snapshot to the new file, whole or not at all; `UsageError` when there is such a file."""
    if file.exists():
        raise UsageError(f"{file} is there already: choose another name, or delete it")
    draft = file.with_name(f".{file.name}.draft")
    try:
        with tarfile.open(draft, "w:gz", compresslevel=6, dereference=False) as archive:
            archive.add(snapshot / MANIFEST, MANIFEST, filter=_anonymous)
            archive.add(snapshot / FILES, FILES, filter=_anonymous)
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the name of who made it. Hard links inside the archive do not occur: each blob has one name."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpack(file: Path, snapshot: Path) -> Manifest:
    """Write the snapshot in `file` to the empty folder `snapshot`, when all of the file is right.

    `UsageError` when there is no such file or it is of a later format; `WorkFailed` for one that is broken,
    cut off, or holds what no snapshot holds: links, names outside, other files.
    """
    if not file.is_file():
        raise UsageError(f"There is no file {file}")
    mend = "make it anew with: sandbox state export FILE"
    try:
        with gzip.open(file) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                _unpack(archive, snapshot, file)
            # Only at its end is the checksum of the whole compared.
            while stream.read(_BLOCK):
                pass
    except (gzip.BadGzipFile, EOFError, zlib.error, tarfile.TarError) as error:
        raise WorkFailed(f"{file} is no snapshot of a sandbox, or a broken one: {error}; {mend}") from error
    manifest = read_manifest(snapshot)
    found = [path.stat().st_size for path in (snapshot / FILES).rglob("*") if path.is_file()]
    if (len(found), sum(found)) != (manifest.files, manifest.size):
        raise WorkFailed(f"{file} is broken: {len(found)} of {manifest.files} files are whole; {mend}")
    return manifest


def _unpack(archive: tarfile.TarFile, snapshot: Path, file: Path) -> None:
    first = archive.next()
    if first is None or first.name != MANIFEST or not first.isreg():
        raise WorkFailed(f"{file} is no snapshot of a sandbox: it does not begin with {MANIFEST}")
    text = _content(archive, first).read(_BLOCK)
    parse(text, str(file))
    (snapshot / MANIFEST).write_bytes(text)
    (snapshot / FILES).mkdir()
    while (member := archive.next()) is not None:
        if not _is_of_a_snapshot(member):
            raise WorkFailed(
                f"{file} was not made by sandbox state export: no snapshot holds such as {member.name!r}"
            )
        archive.extract(member, snapshot, filter="data")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(member)
    assert content is not None, "a regular file has content"
    return content


def _is_of_a_snapshot(member: tarfile.TarInfo) -> bool:
    path = PurePosixPath(member.name)
    if not (member.isreg() or member.isdir()) or path.parts[:1] != (FILES,) or ".." in path.parts:
        return False
    return len(path.parts) == 1 or belongs(PurePosixPath(*path.parts[1:]))
