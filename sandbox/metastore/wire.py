"""Thrift structures and methods, declared as Python classes and functions.

The members of a structure are the fields of a dataclass and the arguments of a method are its parameters;
their Thrift ids are their places, from 1, as in Hive's interface definition. Generated bindings of the
whole interface take 110 MB and most of a second to import; what Spark calls is a tenth of it.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import logging
import types
from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.Thrift import TApplicationException, TMessageType, TType
from thrift.transport import TTransport

I16 = Annotated[int, TType.I16]
"""An int that is two bytes on the wire; a plain int is four."""

Spec = tuple[Any, ...]
M = TypeVar("M", bound=Callable[..., Any])

_LONGEST = 256 * 1024 * 1024
_MARK = "__thrift_throws__"
_log = logging.getLogger(__name__)


class Struct:
    """Base of the structures: a dataclass whose members all have defaults."""

    def read(self, protocol: Any) -> None:
        """Fill in the members from the wire."""
        read_members(self, struct_spec(type(self)), protocol)

    def write(self, protocol: Any) -> None:
        """Write the members that are not None."""
        write_members(self, struct_spec(type(self)), protocol)


def throws(*exceptions: type[Exception]) -> Callable[[M], M]:
    """Declare a method as a Thrift method that throws these, in the order of Hive's definition."""

    def declare(method: M) -> M:
        setattr(method, _MARK, exceptions)
        return method

    return declare


def _struct_spec(struct: Any) -> Spec:
    hints = get_type_hints(struct, include_extras=True)
    return _spec([(field.name, hints[field.name]) for field in dataclasses.fields(struct)])


struct_spec: Callable[[Any], Spec] = functools.cache(_struct_spec)
"""The thrift library's description of a structure."""


def _spec(members: Iterable[tuple[str, Any]]) -> Spec:
    described = [(place, *_described(name, hint)) for place, (name, hint) in enumerate(members, start=1)]
    return (None, *described)


def _described(name: str, hint: Any) -> tuple[Any, ...]:
    kind, argument = _type(hint)
    return (kind, name, argument, None)


def _type(hint: Any) -> tuple[int, Any]:
    """Thrift's type of a Python annotation, and what the thrift library wants to know about it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return arguments[1], None
    if origin in (types.UnionType, Union):
        return _type(next(each for each in arguments if each is not type(None)))
    if origin is list:
        return TType.LIST, (*_type(arguments[0]), False)
    if origin is dict:
        return TType.MAP, (*_type(arguments[0]), *_type(arguments[1]), False)
    if dataclasses.is_dataclass(hint):
        return TType.STRUCT, [hint, struct_spec(hint)]
    return {str: (TType.STRING, "UTF8"), bool: (TType.BOOL, None), int: (TType.I32, None)}[hint]


def read_members(into: object, spec: Spec, protocol: Any) -> None:
    """Read a structure's members from the wire into attributes of `into`."""
    if protocol._fast_decode is not None and isinstance(protocol.trans, TTransport.CReadableTransport):
        protocol._fast_decode(into, protocol, [type(into), spec])
    else:
        protocol.readStruct(into, spec)


def write_members(members: object, spec: Spec, protocol: Any) -> None:
    """Write the attributes of `members` that are not None as a structure."""
    if protocol._fast_encode is not None:
        protocol.trans.write(protocol._fast_encode(members, [type(members), spec]))
    else:
        protocol.writeStruct(members, spec)


@dataclasses.dataclass(frozen=True)
class Method:
    """A Thrift method: how its arguments and its result look on the wire, and what performs it."""

    name: str
    arguments: Spec
    result: Spec
    exceptions: tuple[type[Exception], ...]
    perform: Callable[..., Any]

    def call(
        self, arguments: types.SimpleNamespace, translate: Callable[[Exception, Method], Exception]
    ) -> object:
        """The result structure of one call: the return value or one of the declared exceptions."""
        members = types.SimpleNamespace(success=None)
        for place in range(1, len(self.exceptions) + 1):
            setattr(members, f"o{place}", None)
        try:
            names = [member[2] for member in self.arguments[1:]]
            members.success = self.perform(*[getattr(arguments, name) for name in names])
        except Exception as error:
            thrown = translate(error, self)
            if type(thrown) not in self.exceptions:
                raise thrown from error
            setattr(members, f"o{self.exceptions.index(type(thrown)) + 1}", thrown)
        return members


def _method(name: str, bound: Callable[..., Any], exceptions: tuple[type[Exception], ...]) -> Method:
    hints = get_type_hints(bound, include_extras=True)
    arguments = _spec([(each, hints[each]) for each in inspect.signature(bound).parameters])
    returned = hints.get("return", type(None))
    success = None if returned is type(None) else (0, *_described("success", returned))
    thrown = _spec([(f"o{place}", each) for place, each in enumerate(exceptions, start=1)])
    return Method(name, arguments, (success, *thrown[1:]), exceptions, bound)


class Processor:
    """Performs the methods of its groups (objects with methods declared by `throws`).

    `translate` turns what a method raised into an exception of Hive's definition.
    """

    def __init__(self, groups: Iterable[object], translate: Callable[[Exception, Method], Exception]) -> None:
        self._translate = translate
        self.methods: dict[str, Method] = {}
        for group in groups:
            for name in dir(type(group)):
                exceptions = getattr(getattr(type(group), name), _MARK, None)
                if exceptions is not None:
                    self.methods[name] = _method(name, getattr(group, name), exceptions)

    def serve(self, transport: Any) -> None:
        """Answer calls until the client says `shutdown` (its goodbye) or the transport ends."""
        protocol = TBinaryProtocolAccelerated(
            transport, strictRead=True, string_length_limit=_LONGEST, container_length_limit=_LONGEST
        )
        while self._answer(protocol):
            transport.flush()

    def _answer(self, protocol: Any) -> bool:
        name, _, sequence = protocol.readMessageBegin()
        method = self.methods.get(name)
        if method is None:
            protocol.skip(TType.STRUCT)
            protocol.readMessageEnd()
            if name == "shutdown":
                return False
            unknown = TApplicationException(
                TApplicationException.UNKNOWN_METHOD, f"Invalid method name: '{name}'"
            )
            _reply(protocol, name, sequence, TMessageType.EXCEPTION, unknown.write)
            return True
        arguments = types.SimpleNamespace(**{member[2]: None for member in method.arguments[1:]})
        read_members(arguments, method.arguments, protocol)
        protocol.readMessageEnd()
        try:
            members = method.call(arguments, self._translate)
        except Exception as error:
            _log.exception("%s failed", name)
            fault = TApplicationException(TApplicationException.INTERNAL_ERROR, f"{name}: {error}")
            _reply(protocol, name, sequence, TMessageType.EXCEPTION, fault.write)
            return True
        write = functools.partial(write_members, members, method.result)
        _reply(protocol, name, sequence, TMessageType.REPLY, write)
        return True


def _reply(protocol: Any, name: str, sequence: int, kind: int, write: Callable[[Any], None]) -> None:
    protocol.writeMessageBegin(name, kind, sequence)
    write(protocol)
    protocol.writeMessageEnd()
