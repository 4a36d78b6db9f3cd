"""Glue's operations on custom classifiers.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-classifiers.html
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.errors import AwsError
from sandbox.glue.crawler.classifiers import Classifier, Classifiers, Kind, describe
from sandbox.glue.crawler.custom import prepared
from sandbox.glue.requests import page

_PAGE = 1000


class ClassifierOperations:
    """Custom classifiers. `clock` gives the time in seconds since the epoch."""

    def __init__(self, classifiers: Classifiers, clock: Callable[[], float]) -> None:
        self._classifiers = classifiers
        self._clock = clock

    @operation(Fidelity.EXECUTED)
    def create_classifier(self, request: Document) -> Document:
        """CreateClassifier of one kind. What no crawler could work with is InvalidInputException."""
        kind, name, definition = _the_one(request)
        now = self._clock()
        made = Classifier(kind, name, definition, now, now)
        prepared(made)
        self._classifiers.add(made)
        return {}

    @operation(Fidelity.EXECUTED)
    def get_classifier(self, request: Document) -> Document:
        """GetClassifier."""
        return {"Classifier": describe(self._classifiers.get(request["Name"]))}

    @operation(Fidelity.EXECUTED)
    def get_classifiers(self, request: Document) -> Document:
        """GetClassifiers, by name."""
        known = {each.name: each for each in self._classifiers.all()}
        chosen, following = page(known, request, _PAGE, "GetClassifiers")
        return {"Classifiers": [describe(each) for each in chosen], **following}

    @operation(Fidelity.EXECUTED)
    def update_classifier(self, request: Document) -> Document:
        """UpdateClassifier: the members that are given replace the old ones. The kind stays what it was."""
        kind, name, changed = _the_one(request)
        old = self._classifiers.get(name)
        if old.kind is not kind:
            raise AwsError("InvalidInputException", f"Classifier {name} is a {old.kind}, not a {kind}")
        definition = old.definition | changed
        made = Classifier(kind, name, definition, old.created, self._clock(), old.version + 1)
        prepared(made)
        self._classifiers.put(made)
        return {}

    @operation(Fidelity.EXECUTED)
    def delete_classifier(self, request: Document) -> Document:
        """DeleteClassifier. A crawler that names it fails at its next run."""
        self._classifiers.delete(request["Name"])
        return {}


def _the_one(request: Document) -> tuple[Kind, str, Document]:
    """Kind, name and definition of the classifier that the request holds."""
    given = [kind for kind in Kind if request.get(kind) is not None]
    if len(given) != 1:
        members = ", ".join(Kind)
        raise AwsError("InvalidInputException", f"Exactly one of {members} must be given, not {len(given)}")
    definition = {name: value for name, value in request[given[0]].items() if name != "Name"}
    return given[0], request[given[0]]["Name"], definition
