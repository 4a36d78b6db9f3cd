"""The tags of Glue's resources, kept beside them.

https://docs.aws.amazon.com/glue/latest/dg/monitor-tags.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum

from sandbox.errors import AwsError
from sandbox.store import Database, Documents

MOST = 50
"""Tags of one resource."""
RESERVED = "aws:"
"""What the name of a tag of AWS's own begins with; nobody else may write one."""


class Kind(StrEnum):
    """A resource type, as its ARN names it."""

    DATABASE = "database"
    JOB = "job"
    CRAWLER = "crawler"
    TRIGGER = "trigger"
    WORKFLOW = "workflow"
    CONNECTION = "connection"


class Tags:
    """Every resource's tags.

    `created` is when the resource was created, in seconds since the epoch: the tags of one that was deleted,
    by whichever way, are not those of the next one of its name. Safe to use from several threads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._documents = Documents(database, "tags")

    def together(self) -> AbstractContextManager[None]:
        """A resource and its tags are stored together inside, or neither when an exception leaves it."""
        return self._database.transaction()

    def get(self, kind: Kind, name: str, created: float) -> dict[str, str]:
        """The tags of a resource."""
        document = self._documents.get(f"{kind}/{name}")
        return dict(document["tags"]) if document and document["created"] == created else {}

    def add(self, kind: Kind, name: str, created: float, tags: Mapping[str, str]) -> None:
        """Add tags, or give those that are there a new value. Raises InvalidInputException."""
        with self._database.transaction():
            merged = {**self.get(kind, name, created), **tags}
            check(merged)
            self._put(kind, name, created, merged)

    def remove(self, kind: Kind, name: str, created: float, keys: Iterable[str]) -> None:
        """Remove the tags with these keys; one that is not there is no error."""
        gone = set(keys)
        with self._database.transaction():
            left = {key: each for key, each in self.get(kind, name, created).items() if key not in gone}
            self._put(kind, name, created, left)

    def _put(self, kind: Kind, name: str, created: float, tags: dict[str, str]) -> None:
        self._documents.put(f"{kind}/{name}", {"created": created, "tags": tags})


def check(tags: Mapping[str, str]) -> None:
    """Raise InvalidInputException for too many tags, and for those that only AWS may write. Pure."""
    if len(tags) > MOST:
        raise AwsError("InvalidInputException", f"A resource has at most {MOST} tags, not {len(tags)}.")
    for key in tags:
        if key.lower().startswith(RESERVED):
            raise AwsError(
                "InvalidInputException", f"Tag key {key} begins with {RESERVED}, which is reserved."
            )
