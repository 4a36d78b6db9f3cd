"""Which releases can be had, and what they say they hold."""

import pytest
from botocore.validate import ParamValidator
from service_models import service_model

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


def test_supported_instance_types_come_in_pages_from_ec2s_table():
    seen, marker = {}, {}
    while True:
        page = RELEASES.list_supported_instance_types({"ReleaseLabel": "emr-7.1.0", **marker})
        seen |= {one["Type"]: one for one in page["SupportedInstanceTypes"]}
        if "Marker" not in page:
            break
        marker = {"Marker": page["Marker"]}
    told = seen["r5d.2xlarge"]
    assert (told["VCPU"], told["MemoryGB"], told["NumberOfDisks"], told["StorageGB"]) == (8, 64.0, 1, 300)
    assert (told["Architecture"], seen["m6g.xlarge"]["Architecture"]) == ("X86_64", "AARCH64")
    assert not {"t2.micro", "m5.metal"} & seen.keys()
    report = ParamValidator().validate(
        {"SupportedInstanceTypes": list(seen.values())},
        service_model("emr").operation_model("ListSupportedInstanceTypes").output_shape,
    )
    assert not report.has_errors(), report.generate_report()


def test_types_of_an_unknown_release_are_not_told():
    with pytest.raises(AwsError, match="release label is invalid"):
        RELEASES.list_supported_instance_types({"ReleaseLabel": "emr-99.0.0"})
