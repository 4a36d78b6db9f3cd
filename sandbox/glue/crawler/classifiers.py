"""Custom classifiers as they are stored, and as Glue describes them.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-classifiers.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import cattrs

from sandbox.errors import AwsError
from sandbox.store import Database, Documents

Document = dict[str, Any]


class Kind(StrEnum):
    """What a classifier looks at; the member of the Classifier structure that holds it."""

    GROK = "GrokClassifier"
    XML = "XMLClassifier"
    JSON = "JsonClassifier"
    CSV = "CsvClassifier"


@dataclass(frozen=True)
class Classifier:
    """A classifier: its definition as CreateClassifier names the members, without the name."""

    kind: Kind
    name: str
    definition: dict[str, Any]
    created: float
    updated: float
    version: int = 1


def describe(classifier: Classifier) -> Document:
    """Glue's Classifier structure."""
    return {
        classifier.kind.value: {
            **classifier.definition,
            "Name": classifier.name,
            "CreationTime": classifier.created,
            "LastUpdated": classifier.updated,
            "Version": classifier.version,
        }
    }


class Classifiers:
    """The classifiers of the account; names are unique among all kinds."""

    def __init__(self, database: Database) -> None:
        self._documents = Documents(database, "classifier")

    def find(self, name: str) -> Classifier | None:
        """The classifier of this name, or None."""
        document = self._documents.get(name)
        return cattrs.structure(document, Classifier) if document else None

    def get(self, name: str) -> Classifier:
        """The classifier of this name. Raises EntityNotFoundException."""
        found = self.find(name)
        if found is None:
            raise AwsError("EntityNotFoundException", f"Classifier with name {name} does not exist")
        return found

    def all(self) -> list[Classifier]:
        """Every classifier, by name."""
        classifiers = [cattrs.structure(document, Classifier) for document in self._documents.all()]
        return sorted(classifiers, key=lambda each: each.name)

    def add(self, classifier: Classifier) -> None:
        """Store a new classifier. Raises AlreadyExistsException."""
        if not self._documents.add(classifier.name, cattrs.unstructure(classifier)):
            raise AwsError("AlreadyExistsException", f"Classifier with name {classifier.name} already exists")

    def put(self, classifier: Classifier) -> None:
        """Store a changed definition."""
        self._documents.put(classifier.name, cattrs.unstructure(classifier))

    def delete(self, name: str) -> None:
        """Forget a classifier. Raises EntityNotFoundException."""
        if not self._documents.delete(name):
            raise AwsError("EntityNotFoundException", f"Classifier with name {name} does not exist")
