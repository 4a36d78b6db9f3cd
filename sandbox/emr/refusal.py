"""How requests are refused that ask for what is not emulated: 501, by name."""

from __future__ import annotations

from sandbox.aws.operations import Document
from sandbox.errors import AwsError


def refuse(where: str, given: Document, known: frozenset[str]) -> None:
    """501 that names the members of `given` that are not emulated."""
    unknown = sorted(given.keys() - known)
    if unknown:
        raise not_emulated(f"{where} with {', '.join(unknown)}")


def not_emulated(what: str) -> AwsError:
    """The error of a request for `what`."""
    return AwsError("NotEmulated", f"EMR Sandbox does not emulate {what}", status=501)
