"""EMR's releases as this sandbox can stand in for them: those of the Spark line that runs here.

https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-components.html
"""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.emr import describe, instance_types, request
from sandbox.emr.api import page
from sandbox.emr.request import APPLICATIONS, NEWEST_MINOR
from sandbox.errors import AwsError

LABELS = tuple(f"emr-7.{minor}.0" for minor in range(NEWEST_MINOR[7], -1, -1))
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

    @operation(Fidelity.EXECUTED)
    def list_supported_instance_types(self, document: Document) -> Document:
        request.check_release_label(document["ReleaseLabel"])
        types = [instance_types.describe(one) for one in instance_types.supported().values()]
        return page("SupportedInstanceTypes", types, document.get("Marker"))

    def _applications(self) -> list[Document]:
        return [describe.application(name, self._spark_version) for name in APPLICATIONS.values()]

    def _has(self, application: str) -> bool:
        """Whether a filter such as `spark` or `spark@3.5.6` names what runs here."""
        name, _, version = application.partition("@")
        return any(
            one["Name"].lower() == name.lower() and version in ("", one.get("Version"))
            for one in self._applications()
        )


def _page(name: str, items: Sequence[Document] | Sequence[str], document: Document) -> Document:
    size = document.get("MaxResults", 100)
    if not 1 <= size <= 100:
        raise AwsError("InvalidRequestException", f"MaxResults must be between 1 and 100, not {size}.")
    return page(name, items, document.get("NextToken"), size, "NextToken")
