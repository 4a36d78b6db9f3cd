"""Conditional requests: what the headers ask of the object that is there.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from sandbox.s3 import faults
from sandbox.s3.entry import Entry
from sandbox.s3.index import Check, no_condition


def names(header: str, etag: str) -> bool:
    """Whether a list of entity tags, or `*`, holds `etag`."""
    return header.strip() == "*" or etag in {
        tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")
    }


def unmodified(headers: Mapping[str, str], entry: Entry, prefix: str = "") -> bool:
    """Whether a read has nothing new to tell (304); `PreconditionFailed` when it must not be answered.

    An entity tag decides before a date does. `prefix` is that of a copy's source headers.
    """
    match, none_match = headers.get(f"{prefix}if-match"), headers.get(f"{prefix}if-none-match")
    if match is not None:
        if not names(match, entry.etag):
            raise faults.precondition_failed()
    elif _changed_since(headers.get(f"{prefix}if-unmodified-since"), entry) is True:
        raise faults.precondition_failed()
    if none_match is not None:
        return names(none_match, entry.etag)
    return _changed_since(headers.get(f"{prefix}if-modified-since"), entry) is False


def copyable(headers: Mapping[str, str], entry: Entry) -> None:
    """`PreconditionFailed` unless the source of a copy is as the headers want it."""
    if unmodified(headers, entry, "x-amz-copy-source-"):
        raise faults.precondition_failed()


def for_write(headers: Mapping[str, str]) -> Check:
    """The check of a write; `NotImplemented` for the forms that S3 itself does not know."""
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if none_match is not None and none_match.strip() != "*":
        raise faults.not_implemented("A write with If-None-Match other than *")
    if match is None and none_match is None:
        return no_condition

    def check(current: Entry | None) -> None:
        if none_match is not None and current is not None:
            raise faults.precondition_failed()
        if match is None:
            return
        if current is None:
            raise faults.no_such_key()
        if not names(match, current.etag):
            raise faults.precondition_failed()

    return check


def _changed_since(header: str | None, entry: Entry) -> bool | None:
    """None where the header is missing or no date."""
    if header is None:
        return None
    try:
        return int(entry.modified) > parsedate_to_datetime(header).timestamp()
    except ValueError:
        return None
