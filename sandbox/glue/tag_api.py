"""Glue's operations on tags.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-tags.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.errors import AwsError
from sandbox.glue.tags import Kind, Tags

_ARN = re.compile(
    r"arn:aws[a-z-]*:glue:[^:]*:(?P<account>\d{12}):(?P<kind>[A-Za-z]+)/(?P<name>.+)", re.DOTALL
)

Created = Callable[[str], float]
"""When the resource of this name was created, in seconds since the epoch; raises EntityNotFoundException."""


class TagOperations:
    """Tags of databases, jobs, crawlers, triggers, workflows and connections.

    Any region's ARN means the one catalog.
    """

    def __init__(self, tags: Tags, created: Mapping[Kind, Created], account: str) -> None:
        self._tags = tags
        self._created = created
        self._account = account

    @operation(Fidelity.EXECUTED)
    def tag_resource(self, request: Document) -> Document:
        """TagResource. Other resources are refused."""
        self._tags.add(*self._resource(request), request["TagsToAdd"])
        return {}

    @operation(Fidelity.EXECUTED)
    def untag_resource(self, request: Document) -> Document:
        """UntagResource."""
        self._tags.remove(*self._resource(request), request["TagsToRemove"])
        return {}

    @operation(Fidelity.EXECUTED)
    def get_tags(self, request: Document) -> Document:
        """GetTags."""
        return {"Tags": self._tags.get(*self._resource(request))}

    def _resource(self, request: Document) -> tuple[Kind, str, float]:
        """Kind, name and time of creation of the resource that the request names."""
        arn = request["ResourceArn"]
        parts = _ARN.fullmatch(arn)
        if parts is None:
            raise AwsError("InvalidInputException", f"{arn} is not the ARN of a Glue resource.")
        if parts["kind"] not in set(Kind):
            raise AwsError("NotEmulated", f"tags of a {parts['kind']} are not emulated", 501)
        if parts["account"] != self._account:
            raise AwsError("EntityNotFoundException", f"{arn} is not of account {self._account}.")
        kind = Kind(parts["kind"])
        name = parts["name"].lower() if kind is Kind.DATABASE else parts["name"]
        return kind, name, self._created[kind](name)
