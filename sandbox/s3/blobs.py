"""The bytes of objects: immutable files, each written once under a number that is never used again.

A blob exists for clients only when the index names it. So it is written under its final name, and one that
a crash left unnamed is collected at the next start (`sandbox.s3.sweep`). Nothing is fsynced: the kernel
keeps what a killed process wrote, and the promise is about kill -9, not about the loss of power.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.aws.files import Piece

FOLDERS = 256


@dataclass(frozen=True, slots=True)
class Segment:
    """`size` bytes of a blob from `start` on."""

    blob: int
    start: int
    size: int


Content = tuple[Segment, ...]
"""An object's bytes: its segments one after the other; none for an empty object."""


def encode(content: Content) -> str:
    """As the index keeps it."""
    return ",".join(f"{each.blob}:{each.start}:{each.size}" for each in content)


def decode(text: str) -> Content:
    """What `encode` made."""
    if not text:
        return ()
    return tuple(Segment(*map(int, each.split(":"))) for each in text.split(","))


def part_of(content: Content, start: int, size: int) -> Content:
    """`size` bytes of the content from `start` on."""
    found: list[Segment] = []
    for each in content:
        if size <= 0:
            break
        if start < each.size:
            taken = min(each.size - start, size)
            found.append(Segment(each.blob, each.start + start, taken))
            size -= taken
            start = 0
        else:
            start -= each.size
    return tuple(found)


class Blobs:
    """The blob files below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = str(folder)
        self._lock = threading.Lock()
        self._pinned: Counter[int] = Counter()
        self._doomed: set[int] = set()
        if not (folder / f"{FOLDERS - 1:02x}").exists():
            for number in range(FOLDERS):
                (folder / f"{number:02x}").mkdir(parents=True, exist_ok=True)

    def _path(self, blob: int) -> str:
        return f"{self._root}/{blob % FOLDERS:02x}/{blob}"

    def create(self, blob: int) -> int:
        """A descriptor to write the new blob through."""
        return os.open(self._path(blob), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def open(self, blob: int) -> int:
        """A descriptor to read the blob through, which stays readable after `discard`."""
        return os.open(self._path(blob), os.O_RDONLY | os.O_CLOEXEC)

    def discard(self, blobs: Iterable[int]) -> None:
        """Delete blobs that nothing names any more; those that are being read, when that ends."""
        with self._lock:
            for blob in blobs:
                if self._pinned[blob]:
                    self._doomed.add(blob)
                else:
                    self._delete(blob)

    @contextmanager
    def pinned(self, content: Content) -> Iterator[None]:
        """Inside the block, `discard` leaves the blobs of `content` where they are."""
        blobs = {each.blob for each in content}
        with self._lock:
            self._pinned.update(blobs)
        try:
            yield
        finally:
            with self._lock:
                self._pinned.subtract(blobs)
                for blob in blobs:
                    if not self._pinned[blob]:
                        del self._pinned[blob]
                        if blob in self._doomed:
                            self._doomed.discard(blob)
                            self._delete(blob)

    def _delete(self, blob: int) -> None:
        with suppress(FileNotFoundError):
            Path(self._path(blob)).unlink()

    def pieces(self, content: Content) -> Generator[Piece, None, None]:
        """Where the bytes of `content` lie, one open file at a time; FileNotFoundError when one is gone.

        From the first piece on until the end, none of them is deleted.
        """
        with self.pinned(content):
            for each in content:
                descriptor = self.open(each.blob)
                try:
                    yield Piece(descriptor, each.start, each.size)
                finally:
                    os.close(descriptor)

    def read(self, content: Content) -> Iterator[bytes]:
        """The bytes of `content` in blocks."""
        for piece in self.pieces(content):
            yield from piece.blocks()
