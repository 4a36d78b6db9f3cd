"""Versions: enabled, suspended, delete markers, and the listing of all."""

import re

import pytest
from botocore.exceptions import ClientError
from s3_server import client, serving


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("store")) as url:
        made = client(url)
        yield made
        made.close()


@pytest.fixture
def bucket(s3, request):
    name = re.sub("[^a-z0-9]+", "-", request.node.name)[5:60].strip("-")
    s3.create_bucket(Bucket=name)
    return name


def set_status(s3, bucket, status):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def put(s3, bucket, body, key="k"):
    return s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")


def get(s3, bucket, key="k", **named):
    return s3.get_object(Bucket=bucket, Key=key, **named)["Body"].read()


def failure(call, **named):
    with pytest.raises(ClientError) as caught:
        call(**named)
    return caught.value.response


def versions(s3, bucket, **named):
    answer = s3.list_object_versions(Bucket=bucket, **named)
    found = [
        (each["Key"], each["VersionId"], each["IsLatest"], "object") for each in answer.get("Versions", [])
    ]
    return found + [
        (each["Key"], each["VersionId"], each["IsLatest"], "marker")
        for each in answer.get("DeleteMarkers", [])
    ]


def test_every_write_is_kept(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    put(s3, bucket, b"null")
    set_status(s3, bucket, "Enabled")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    one, two = put(s3, bucket, b"one"), put(s3, bucket, b"two")
    assert get(s3, bucket) == b"two"
    assert [get(s3, bucket, VersionId=each) for each in ("null", one, two)] == [b"null", b"one", b"two"]
    expected = [("k", two, True, "object"), ("k", one, False, "object"), ("k", "null", False, "object")]
    assert versions(s3, bucket) == expected
    assert (
        failure(s3.get_object, Bucket=bucket, Key="k", VersionId="other")["Error"]["Code"] == "NoSuchVersion"
    )
    s3.put_object_tagging(
        Bucket=bucket, Key="k", VersionId=one, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    assert s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=one)["TagSet"] == [
        {"Key": "a", "Value": "b"}
    ]
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_a_delete_leaves_a_marker_that_can_be_taken_away(s3, bucket):
    set_status(s3, bucket, "Enabled")
    one = put(s3, bucket, b"one")
    deleted = s3.delete_object(Bucket=bucket, Key="k")
    assert deleted["DeleteMarker"] is True
    missing = failure(s3.get_object, Bucket=bucket, Key="k")
    assert missing["Error"]["Code"] == "NoSuchKey"
    assert missing["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    named = failure(s3.get_object, Bucket=bucket, Key="k", VersionId=deleted["VersionId"])
    assert (named["Error"]["Code"], named["ResponseMetadata"]["HTTPStatusCode"]) == ("MethodNotAllowed", 405)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert versions(s3, bucket) == [("k", one, False, "object"), ("k", deleted["VersionId"], True, "marker")]
    again = s3.delete_object(Bucket=bucket, Key="k", VersionId=deleted["VersionId"])
    assert (again["DeleteMarker"], again["VersionId"]) == (True, deleted["VersionId"])
    assert get(s3, bucket) == b"one"


def test_deleting_the_newest_brings_the_one_before_back(s3, bucket):
    set_status(s3, bucket, "Enabled")
    one, two = put(s3, bucket, b"one"), put(s3, bucket, b"two")
    s3.delete_object(Bucket=bucket, Key="k", VersionId=two)
    assert (get(s3, bucket), versions(s3, bucket)) == (b"one", [("k", one, True, "object")])
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": one}]})
    assert answer["Deleted"] == [{"Key": "k", "VersionId": one}]
    assert versions(s3, bucket) == []
    s3.delete_bucket(Bucket=bucket)


def test_a_suspended_bucket_replaces_the_null_version_alone(s3, bucket):
    set_status(s3, bucket, "Enabled")
    kept = put(s3, bucket, b"kept")
    set_status(s3, bucket, "Suspended")
    put(s3, bucket, b"first null")
    put(s3, bucket, b"second null")
    assert [each[1] for each in versions(s3, bucket)] == ["null", kept]
    assert get(s3, bucket) == b"second null"
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert (marker["VersionId"], marker["DeleteMarker"]) == ("null", True)
    assert versions(s3, bucket) == [("k", kept, False, "object"), ("k", "null", True, "marker")]
    assert get(s3, bucket, VersionId=kept) == b"kept"


def test_a_bucket_of_versions_is_not_empty(s3, bucket):
    set_status(s3, bucket, "Enabled")
    put(s3, bucket, b"one")
    s3.delete_object(Bucket=bucket, Key="k")
    assert failure(s3.delete_bucket, Bucket=bucket)["Error"]["Code"] == "BucketNotEmpty"


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages(s3, bucket, size):
    set_status(s3, bucket, "Enabled")
    expected = []
    for key in ("a", "b/1", "b/2", "c"):
        made = [put(s3, bucket, b"x", key) for _ in range(3)]
        expected += [(key, version) for version in reversed(made)]
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": size}
    )
    found = [
        (each["Key"], each["VersionId"], each["IsLatest"])
        for page in pages
        for each in page.get("Versions", [])
    ]
    assert [each[:2] for each in found] == expected
    assert [each[2] for each in found] == [True, False, False] * 4
    folders = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert [each["Prefix"] for each in folders["CommonPrefixes"]] == ["b/"]
    assert {each["Key"] for each in folders["Versions"]} == {"a", "c"}


def test_a_version_is_copied(s3, bucket):
    set_status(s3, bucket, "Enabled")
    one = put(s3, bucket, b"one")
    put(s3, bucket, b"two")
    source = {"Bucket": bucket, "Key": "k", "VersionId": one}
    assert s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)["CopySourceVersionId"] == one
    assert get(s3, bucket, "copy") == b"one"


def test_a_wrong_state_is_refused(s3, bucket):
    with pytest.raises(ClientError, match="IllegalVersioningConfiguration"):
        set_status(s3, bucket, "Sometimes")
