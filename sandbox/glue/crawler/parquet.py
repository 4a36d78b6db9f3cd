"""The Parquet classifier: schema and row count from the footer, by Apache Thrift's compact protocol.

The format: https://parquet.apache.org/docs/file-format/metadata/
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.Thrift import TException, TType
from thrift.transport.TTransport import TMemoryBuffer

from sandbox.glue.crawler.profile import Format, Recognised, SerDe, Unreadable
from sandbox.glue.crawler.schema import Array, Columns, Map, Struct, Type

MAGIC = b"PAR1"
TAIL = 8
"""The last bytes of a file: the footer's length in 4 bytes, little-endian, and the magic."""
LARGEST_FOOTER = 64 * 2**20

# Field numbers of parquet.thrift.
_SCHEMA, _NUM_ROWS = 2, 3
_TYPE, _REPETITION, _NAME, _CHILDREN, _CONVERTED, _SCALE, _PRECISION, _LOGICAL = (
    1, 3, 4, 5, 6, 7, 8, 10,
)  # fmt: skip
_REPEATED = 2
_PHYSICAL = ("boolean", "int", "bigint", "timestamp", "float", "double", "binary", "binary")
_CONVERTED_TYPES = {
    0: "string", 4: "string", 6: "date", 9: "timestamp", 10: "timestamp", 11: "smallint", 12: "int",
    13: "bigint", 15: "tinyint", 16: "smallint", 17: "int", 18: "bigint", 19: "string",
}  # fmt: skip
_MAP, _MAP_KEY_VALUE, _LIST, _DECIMAL = 1, 2, 3, 5
_LOGICAL_STRING, _LOGICAL_TIMESTAMP = 1, 8

Fields = dict[int, Any]
_FORMAT = Format("parquet", serde=SerDe.PARQUET, settings=(("serialization.format", "1"),))


def read(size: int, read_range: Callable[[int, int], bytes]) -> Recognised:
    """The answer for a file of `size` bytes, of which only the end is read. Raises Unreadable.

    `read_range` gives the bytes from one offset up to another.
    """
    if size < len(MAGIC) + TAIL:
        raise Unreadable("the Parquet file is too short to have a footer")
    tail = read_range(size - TAIL, size)
    length = struct.unpack("<I", tail[:4])[0]
    if tail[4:] != MAGIC or not 0 < length <= min(size - TAIL - len(MAGIC), LARGEST_FOOTER):
        raise Unreadable("the Parquet file has no valid footer")
    metadata = _metadata(read_range(size - TAIL - length, size - TAIL))
    try:
        elements = iter(metadata[_SCHEMA])
        root = next(elements)
        columns = tuple(_field(next(elements), elements) for _ in range(root[_CHILDREN]))
        rows = int(metadata[_NUM_ROWS])
    except (LookupError, StopIteration, RuntimeError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable("the Parquet file has no valid footer") from error
    return Recognised(_FORMAT, columns, rows, size, complete=True)


def _metadata(footer: bytes) -> Fields:
    protocol = TCompactProtocol(TMemoryBuffer(footer))
    try:
        return _read_struct(protocol)
    except (TException, EOFError, IndexError, KeyError, struct.error, RecursionError) as error:
        raise Unreadable(f"the Parquet file's footer cannot be read: {error}") from error


def _read_struct(protocol: Any) -> Fields:
    """Any Thrift structure, as values by field number."""
    fields: Fields = {}
    protocol.readStructBegin()
    while True:
        _, kind, number = protocol.readFieldBegin()
        if kind == TType.STOP:
            protocol.readStructEnd()
            return fields
        fields[number] = _read_value(protocol, kind)
        protocol.readFieldEnd()


def _read_value(protocol: Any, kind: int) -> Any:
    match kind:
        case TType.STRUCT:
            return _read_struct(protocol)
        case TType.LIST | TType.SET:
            element, size = protocol.readListBegin()
            values = [_read_value(protocol, element) for _ in range(size)]
            protocol.readListEnd()
            return values
        case TType.BOOL:
            return protocol.readBool()
        case TType.BYTE:
            return protocol.readByte()
        case TType.I16:
            return protocol.readI16()
        case TType.I32:
            return protocol.readI32()
        case TType.I64:
            return protocol.readI64()
        case TType.DOUBLE:
            return protocol.readDouble()
        case TType.STRING:
            return protocol.readBinary()
    raise TException(f"type {kind} in a Parquet footer")


def _field(element: Fields, following: Any) -> tuple[str, Type]:
    kind = _group(element, following) if element.get(_CHILDREN) else _scalar(element)
    name = element[_NAME].decode()
    return name, Array(kind) if element.get(_REPETITION) == _REPEATED else kind


def _group(element: Fields, following: Any) -> Type:
    fields: Columns = tuple(_field(next(following), following) for _ in range(element[_CHILDREN]))
    converted = element.get(_CONVERTED)
    if converted in (_MAP, _MAP_KEY_VALUE) and isinstance(fields[0][1], Array):
        entry = fields[0][1].element
        if isinstance(entry, Struct) and len(entry.fields) == 2:
            (_, key), (_, value) = entry.fields
            return Map(key, value)
    if converted == _LIST and isinstance(fields[0][1], Array):
        return _list(fields[0][0], fields[0][1])
    return Struct(fields)


def _list(name: str, repeated: Array) -> Type:
    """The three-level form has a group of one element; older writers repeat the element itself."""
    inner = repeated.element
    if isinstance(inner, Struct) and len(inner.fields) == 1 and name != "array":
        return Array(inner.fields[0][1])
    return repeated


def _scalar(element: Fields) -> Type:
    converted = element.get(_CONVERTED)
    if converted == _DECIMAL:
        return f"decimal({element[_PRECISION]},{element.get(_SCALE, 0)})"
    if converted in _CONVERTED_TYPES:
        return _CONVERTED_TYPES[converted]
    logical = element.get(_LOGICAL, {})
    if _LOGICAL_STRING in logical:
        return "string"
    if _LOGICAL_TIMESTAMP in logical:
        return "timestamp"
    return _PHYSICAL[element[_TYPE]]
