"""A response whose body lies in files: any WSGI server can iterate over it, ours has the kernel send it."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass

BLOCK = 1 << 19
"""Bytes that are read at a time where the kernel does not send the file."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`size` bytes of an open file from `start` on."""

    descriptor: int
    start: int
    size: int

    def blocks(self) -> Iterator[bytes]:
        """The bytes; OSError when the file is shorter."""
        position, left = self.start, self.size
        while left:
            block = os.pread(self.descriptor, min(left, BLOCK), position)
            if not block:
                raise OSError("a file is shorter than its size says")
            yield block
            position += len(block)
            left -= len(block)


class FileBody:
    """Pieces one after the other, each valid until the next is asked for; `close` gives all back."""

    def __init__(self, first: Piece, rest: Generator[Piece, None, None]) -> None:
        self._first = first
        self._rest = rest

    def pieces(self) -> Iterator[Piece]:
        """The pieces, once."""
        yield self._first
        yield from self._rest

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces():
            yield from piece.blocks()

    def close(self) -> None:
        """End it, sent or not."""
        self._rest.close()
