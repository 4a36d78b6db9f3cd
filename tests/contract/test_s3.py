"""S3 behind the gateway, as boto3 sees it."""

import io

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def bucket(sandbox):
    sandbox.client("s3").create_bucket(Bucket="contract-bucket")
    yield "contract-bucket"
    s3 = sandbox.client("s3")
    for entry in s3.list_objects_v2(Bucket="contract-bucket").get("Contents", []):
        s3.delete_object(Bucket="contract-bucket", Key=entry["Key"])
    s3.delete_bucket(Bucket="contract-bucket")


def test_an_object_comes_back_as_it_was(sandbox, bucket):
    s3 = sandbox.client("s3")
    metadata = {"a_b": "under", "a-c": "dash"}
    s3.put_object(Bucket=bucket, Key="a/ü +%.txt", Body=b"hello", Metadata=metadata, ContentType="text/x")
    answer = s3.get_object(Bucket=bucket, Key="a/ü +%.txt")
    assert (answer["Body"].read(), answer["Metadata"], answer["ContentType"]) == (
        b"hello",
        metadata,
        "text/x",
    )
    assert s3.get_object(Bucket=bucket, Key="a/ü +%.txt", Range="bytes=1-2")["Body"].read() == b"el"


def test_a_large_object_goes_up_in_parts(sandbox, bucket):
    s3 = sandbox.client("s3")
    content = bytes(range(256)) * 80_000
    s3.upload_fileobj(io.BytesIO(content), bucket, "large")
    target = io.BytesIO()
    s3.download_fileobj(bucket, "large", target)
    assert target.getvalue() == content


def test_what_is_missing_has_s3s_own_error(sandbox, bucket):
    s3 = sandbox.client("s3")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="nothing")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="no-such-bucket-at-all")
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=bucket, Key="nothing")
    assert caught.value.response["Error"]["Code"] == "404"


def test_listing_by_folder(sandbox, bucket):
    s3 = sandbox.client("s3")
    for key in ("a/1", "a/2", "b/1", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["a/", "b/"]
    assert [entry["Key"] for entry in answer["Contents"]] == ["c"]


@pytest.mark.parametrize("key", ["q?x=1&y=2", "100%41", "hash#1", "a//b", "../up", "back\\slash", "<x>&amp;"])
def test_a_key_is_stored_under_its_own_name(sandbox, bucket, key):
    s3 = sandbox.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
