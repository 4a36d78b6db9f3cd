"""Which releases can be had, and what they say they hold."""

import pytest

from sandbox.emr.releases import LABELS, ReleaseOperations
from sandbox.errors import AwsError

RELEASES = ReleaseOperations("3.5.9")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, list(LABELS)),
        ({"Prefix": "emr-7.1"}, ["emr-7.13.0", "emr-7.12.0", "emr-7.11.0", "emr-7.10.0", "emr-7.1.0"]),
        ({"Application": "spark"}, list(LABELS)),
        ({"Application": "Spark@3.5.9"}, list(LABELS)),
        ({"Application": "spark@2.4.8"}, []),
        ({"Application": "hbase"}, []),
    ],
)
def test_labels_are_filtered(filters, expected):
    assert RELEASES.list_release_labels({"Filters": filters})["ReleaseLabels"] == expected


def test_labels_come_in_pages():
    seen, token = [], {}
    while True:
        page = RELEASES.list_release_labels({"MaxResults": 5, **token})
        seen += page["ReleaseLabels"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == list(LABELS)


def test_a_release_names_the_spark_that_really_runs():
    described = RELEASES.describe_release_label({"ReleaseLabel": "emr-7.1.0"})
    assert described["ReleaseLabel"] == "emr-7.1.0"
    assert {"Name": "Spark", "Version": "3.5.9"} in described["Applications"]


@pytest.mark.parametrize(
    ("call", "document", "message"),
    [
        ("describe_release_label", {"ReleaseLabel": "emr-99.0.0"}, "release label is invalid: emr-99.0.0"),
        ("list_release_labels", {"MaxResults": 0}, "between 1 and 100"),
        ("list_release_labels", {"NextToken": "x"}, "NextToken 'x'"),
        ("list_release_labels", {"NextToken": "9" * 5000}, "NextToken '999"),
    ],
)
def test_what_is_wrong_is_named(call, document, message):
    with pytest.raises(AwsError, match=message) as caught:
        getattr(RELEASES, call)(document)
    assert caught.value.code == "InvalidRequestException"
