"""What a service emulates: operations are decorated methods, and this is the one table of them.

A service is built from groups of operations (plain objects). Each operation is a method that takes the
request as botocore's model names it and returns the response in the same form::

    class CrawlerOperations:
        @operation(Fidelity.EXECUTED)
        def start_crawler(self, request: Document) -> Document: ...

The method `start_crawler` is the operation `StartCrawler`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from botocore import xform_name
from botocore.model import ServiceModel

Document = dict[str, Any]
Method = Callable[[Any, Document], Document]
M = TypeVar("M", bound=Callable[..., Document])

_MARK = "__aws_fidelity__"


class Fidelity(StrEnum):
    """How much of an operation is real. There is no fifth kind."""

    EXECUTED = "executed"
    """The effect happens."""
    RECORDED = "recorded"
    """Stored and returned; it changes nothing else."""
    DELEGATED = "delegated"
    """moto answers."""
    REFUSED = "refused"
    """HTTP 501 NotEmulated, naming the operation."""


@dataclass(frozen=True)
class Operation:
    """One emulated operation: its AWS name, how real it is, and the bound method that performs it."""

    name: str
    fidelity: Fidelity
    perform: Callable[[Document], Document]


def operation(fidelity: Fidelity) -> Callable[[M], M]:
    """Declare a method as an AWS operation of the given fidelity."""

    def declare(method: M) -> M:
        setattr(method, _MARK, fidelity)
        return method

    return declare


class Service:
    """An AWS service that the sandbox emulates itself, assembled from groups of operations."""

    def __init__(self, model: ServiceModel, groups: Iterable[object]) -> None:
        self.model = model
        self.operations: dict[str, Operation] = {}
        for group in groups:
            for name, (attribute, fidelity) in declared(model, type(group)).items():
                if name in self.operations:
                    raise TypeError(f"two groups of {model.service_name} perform {name}")
                self.operations[name] = Operation(name, fidelity, getattr(group, attribute))


def declared(model: ServiceModel, group: type) -> dict[str, tuple[str, Fidelity]]:
    """The operations that a class declares: AWS name -> method name and fidelity.

    Raises TypeError for a method that is no operation of the model.
    """
    by_method = {xform_name(name): name for name in model.operation_names}
    found: dict[str, tuple[str, Fidelity]] = {}
    for attribute in dir(group):
        fidelity = getattr(getattr(group, attribute), _MARK, None)
        if fidelity is None:
            continue
        if attribute not in by_method:
            raise TypeError(f"{group.__name__}.{attribute} is no operation of {model.service_name}")
        found[by_method[attribute]] = (attribute, fidelity)
    return found


def parity(model: ServiceModel, groups: Iterable[type]) -> dict[str, Fidelity]:
    """Every operation of botocore's model with its fidelity; what no group declares is refused."""
    known = {name: fidelity for group in groups for name, (_, fidelity) in declared(model, group).items()}
    return {name: known.get(name, Fidelity.REFUSED) for name in sorted(model.operation_names)}
