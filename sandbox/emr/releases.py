"""EMR's releases as this sandbox can stand in for them: those of the Spark line that runs here.

https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-components.html
"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.emr.request import APPLICATIONS
from sandbox.errors import AwsError

LABELS = tuple(f"emr-7.{minor}.0" for minor in range(13, -1, -1))
"""Newest first, as EMR lists them; all of them have Spark 3.5."""


class ReleaseOperations:
    """What can be launched. `spark_version` is the version that really runs, whatever the label."""

    def __init__(self, spark_version: str) -> None:
        self._spark_version = spark_version

    @operation(Fidelity.EXECUTED)
    def list_release_labels(self, document: Document) -> Document:
        filters = document.get("Filters", {})
        prefix, application = filters.get("Prefix", ""), filters.get("Application")
        there = application is None or self._has(application)
        labels = [label for label in LABELS if there and label.startswith(prefix)]
        return _page("ReleaseLabels", labels, document)

    @operation(Fidelity.EXECUTED)
    def describe_release_label(self, document: Document) -> Document:
        label = document.get("ReleaseLabel", LABELS[0])
        if label not in LABELS:
            raise AwsError("InvalidRequestException", f"The supplied release label is invalid: {label}.")
        return {"ReleaseLabel": label, **_page("Applications", self._applications(), document)}

    def _applications(self) -> list[Document]:
        # No version of a notebook: it may be the built-in engine, which is no release of Zeppelin.
        return [
            {"Name": name, "Version": self._spark_version} if name == "Spark" else {"Name": name}
            for name in APPLICATIONS.values()
        ]

    def _has(self, application: str) -> bool:
        """Whether a filter such as `spark` or `spark@3.5.6` names what runs here."""
        name, _, version = application.partition("@")
        return any(
            one["Name"].lower() == name.lower() and version in ("", one.get("Version"))
            for one in self._applications()
        )


def _page(name: str, items: Sequence[object], document: Document) -> Document:
    """One page of MaxResults; the token is the number of items that came before."""
    size, token = document.get("MaxResults", 100), document.get("NextToken", "0")
    if not 1 <= size <= 100:
        raise AwsError("InvalidRequestException", f"MaxResults must be between 1 and 100, not {size}.")
    if not token.isascii() or not token.isdigit():
        raise AwsError("InvalidRequestException", f"NextToken '{token}' is not valid.")
    start = int(token)
    page: Document = {name: list(items[start : start + size])}
    if start + size < len(items):
        page["NextToken"] = str(start + size)
    return page
