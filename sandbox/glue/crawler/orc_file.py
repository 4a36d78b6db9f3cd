"""The ORC classifier: schema and row count from the footer, read by pyarrow."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.glue.crawler.profile import Format, Recognised, SerDe, Unreadable
from sandbox.glue.crawler.schema import Array, Map, Struct, Type

if TYPE_CHECKING:
    import pyarrow

MAGIC = b"ORC"
TAIL = 4
"""A file ends with the magic and the length of its postscript in one byte."""

_FORMAT = Format("orc", serde=SerDe.ORC, settings=(("serialization.format", "1"),))
_SCALARS = {
    "bool": "boolean", "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint",
    "float": "float", "double": "double", "string": "string", "binary": "binary", "date32[day]": "date",
}  # fmt: skip

ReadRange = Callable[[int, int], bytes]
"""Gives the bytes from one offset up to another."""


def is_orc(size: int, read_range: ReadRange) -> bool:
    """Whether a file that begins with the magic ends with it, too, and is not text by chance."""
    return size > len(MAGIC) + TAIL and read_range(size - TAIL, size).startswith(MAGIC)


def read(size: int, read_range: ReadRange) -> Recognised:
    """The answer for a file of `size` bytes, of which only the end is read. Raises Unreadable."""
    import pyarrow.orc

    try:
        file = pyarrow.orc.ORCFile(_Ranges(size, read_range))
        columns = tuple((field.name, _type(field.type)) for field in file.schema)
        rows = int(file.nrows)
    except (OSError, UnicodeDecodeError, pyarrow.ArrowException) as error:
        raise Unreadable(f"the ORC file has no valid footer: {error}") from error
    return Recognised(_FORMAT, columns, rows, size, complete=True)


def _type(kind: pyarrow.DataType) -> Type:
    import pyarrow.types as arrow

    if arrow.is_struct(kind):
        return Struct(tuple((field.name, _type(field.type)) for field in kind))
    if arrow.is_map(kind):
        return Map(_type(kind.key_type), _type(kind.item_type))
    if arrow.is_list(kind):
        return Array(_type(kind.value_type))
    if arrow.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if arrow.is_timestamp(kind):
        return "timestamp"
    if str(kind) not in _SCALARS:
        raise Unreadable(f"crawling ORC columns of type {kind} is not emulated")
    return _SCALARS[str(kind)]


class _Ranges(io.RawIOBase):
    """A file of which only the parts that are asked for are fetched."""

    def __init__(self, size: int, read_range: ReadRange) -> None:
        super().__init__()
        self._size = size
        self._read_range = read_range
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._position + size, self._size)
        if end <= self._position:
            return b""
        data = self._read_range(self._position, end)
        self._position = end
        return data
