"""Check a request against botocore's model, and say what is wrong in AWS's own words.

The wording follows the services: "2 validation errors detected: Value null at 'name' failed to satisfy
constraint: Member must not be null; ...".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from sandbox.errors import AwsError

_HIDDEN = "******"
_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
}


def validate(shape: Shape, value: object) -> None:
    """Raise `ValidationException` naming every member of `value` that does not fit `shape`."""
    faults = list(_faults(shape, value, ""))
    if faults:
        noun = "error" if len(faults) == 1 else "errors"
        message = f"{len(faults)} validation {noun} detected: {'; '.join(faults)}"
        raise AwsError("ValidationException", message)


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _has_type(shape, value):
        yield _fault(value, path, f"Member must be of type {shape.type_name}")
        return
    yield from _limits(shape, value, path)
    match shape:
        case StructureShape():
            yield from _member_faults(shape, value, path)
        case ListShape():
            for index, item in enumerate(value, start=1):
                yield from _faults(shape.member, item, _join(path, f"{index}.member"))
        case MapShape():
            for key, item in value.items():
                yield from _faults(shape.key, key, _join(path, "key"))
                yield from _faults(shape.value, item, _join(path, f"{key}.member"))


def _has_type(shape: Shape, value: object) -> bool:
    expected = _TYPES[shape.type_name]
    # Python counts a bool among the integers, JSON does not.
    return isinstance(value, expected) and not (isinstance(value, bool) and bool not in expected)


def _member_faults(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _fault(None, _join(path, _lower_first(name)), "Member must not be null")
    for name, item in value.items():
        here = _join(path, _lower_first(name))
        if name not in shape.members:
            yield _fault(item, here, "Member must be known to the operation")
        elif item is not None:
            yield from _faults(shape.members[name], item, here)


def _limits(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield _fault(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    sized = shape.type_name in ("string", "list", "map", "blob")
    size, noun = (len(value), "have length") if sized else (value, "have value")
    if shape.type_name in ("structure", "boolean", "timestamp"):
        return
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _fault(value, path, f"Member must {noun} greater than or equal to {low}")
    if high is not None and size > high:
        yield _fault(value, path, f"Member must {noun} less than or equal to {high}")


def _fault(value: object, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{_short(value, path)}'"
    return f"Value {shown} at '{path or 'request'}' failed to satisfy constraint: {constraint}"


def _short(value: object, path: str) -> str:
    """A value as a message may show it: whatever has to do with a password is not repeated."""
    text = str(value)
    if "password" in f"{path} {text}".lower():
        return _HIDDEN
    return text if len(text) <= 200 else text[:200] + "..."


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
