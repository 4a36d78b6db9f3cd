"""The object store by itself, as boto3 sees it: objects, conditions, checksums, copies, listings."""

import base64
import hashlib
import http.client
import io
import os
import socket
import struct
import threading
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from s3_server import client, serving

MIB = 1 << 20


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture(scope="module")
def s3(url):
    made = client(url)
    yield made
    made.close()


@pytest.fixture
def bucket(s3, request):
    name = "b-" + hashlib.sha1(request.node.name.encode()).hexdigest()[:20]
    s3.create_bucket(Bucket=name)
    return name


def refused(call, *arguments, **named):
    """Code and status of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **named)
    error = caught.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    "name", ["ab", "A-upper", "-dash", "dash-", "a..b", "192.168.5.4", "xn--a", "a_b", "x" * 64]
)
def test_a_bucket_name_that_aws_refuses_is_refused(url, name):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.request("PUT", f"/{name}")
    answer = connection.getresponse()
    assert (answer.status, b"InvalidBucketName" in answer.read()) == (400, True)
    connection.close()


def test_buckets_are_created_once_listed_and_deleted_when_empty(s3, bucket):
    assert s3.create_bucket(Bucket=bucket)["Location"] == f"/{bucket}"
    assert bucket in [each["Name"] for each in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"
    s3.put_object(Bucket=bucket, Key="k")
    assert refused(s3.delete_bucket, Bucket=bucket) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    assert refused(s3.head_bucket, Bucket=bucket) == ("404", 404)
    assert refused(s3.put_object, Bucket=bucket, Key="k") == ("NoSuchBucket", 404)


@pytest.mark.parametrize(
    "keys",
    [
        ["a", "a/", "a/b", "a/b/"],
        ["..", "../x", "./x", "a/../b", "//", "/a", "a//b"],
        ["é/日本", "😀", "q?x=1&y", "a:b=c/'\"<>", "tr\\s", "~!$(),;@ +%25", "\x01\x7f"],
        ["x" * 1024, "ü" * 512],
    ],
)
def test_any_utf8_key_is_kept_as_it_is(s3, bucket, keys):
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    listed = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == sorted(keys, key=str.encode)
    assert [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys] == [
        key.encode() for key in keys
    ]


def test_headers_metadata_and_tags_come_back(s3, bucket):
    system = {
        "CacheControl": "no-cache",
        "ContentDisposition": "attachment",
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "text/x",
        "WebsiteRedirectLocation": "/other",
        "StorageClass": "STANDARD_IA",
    }
    s3.put_object(
        Bucket=bucket, Key="k", Body=b"x", Metadata={"a_b": "1", "a-b": "2"}, Tagging="t=1&u=%20", **system
    )
    head = s3.head_object(Bucket=bucket, Key="k")
    assert {name: head[name] for name in system} == system
    assert head["Metadata"] == {"a_b": "1", "a-b": "2"}
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert tags == [{"Key": "t", "Value": "1"}, {"Key": "u", "Value": " "}]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "only", "Value": "me"}]})
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 1
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    many = {"TagSet": [{"Key": str(number), "Value": ""} for number in range(11)]}
    assert refused(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=many)[0] == "BadRequest"
    overridden = s3.head_object(Bucket=bucket, Key="k", ResponseContentType="application/x")
    assert overridden["ContentType"] == "application/x"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=2-4", b"234"),
        ("bytes=7-", b"789"),
        ("bytes=-2", b"89"),
        ("bytes=8-99", b"89"),
        ("bytes=-99", b"0123456789"),
    ],
)
def test_ranges(s3, bucket, asked, expected):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    answer = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert answer["Body"].read() == expected
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"].endswith("/10")


def test_a_range_outside_is_refused_and_an_odd_one_ignored(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    assert refused(s3.get_object, Bucket=bucket, Key="k", Range="bytes=10-") == ("InvalidRange", 416)
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=5-2")["Body"].read() == b"0123456789"
    assert s3.get_object(Bucket=bucket, Key="k", Range="lines=1-2")["Body"].read() == b"0123456789"


def test_conditional_reads(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    now = datetime.now(UTC)
    named = {"Bucket": bucket, "Key": "k"}
    assert s3.head_object(**named, IfMatch=tag)["ETag"] == tag
    assert refused(s3.get_object, **named, IfMatch='"other"') == ("PreconditionFailed", 412)
    assert refused(s3.get_object, **named, IfNoneMatch=tag) == ("304", 304)
    assert refused(s3.head_object, **named, IfModifiedSince=now + timedelta(hours=1)) == ("304", 304)
    assert refused(s3.head_object, **named, IfUnmodifiedSince=now - timedelta(hours=1)) == ("412", 412)
    assert s3.head_object(**named, IfMatch=tag, IfUnmodifiedSince=now - timedelta(hours=1))["ETag"] == tag


def test_conditional_writes(s3, bucket):
    named = {"Bucket": bucket, "Key": "k"}
    assert refused(s3.put_object, **named, Body=b"x", IfMatch='"any"') == ("NoSuchKey", 404)
    tag = s3.put_object(**named, Body=b"first", IfNoneMatch="*")["ETag"]
    assert refused(s3.put_object, **named, Body=b"second", IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert refused(s3.put_object, **named, Body=b"second", IfMatch='"other"') == ("PreconditionFailed", 412)
    assert s3.get_object(**named)["Body"].read() == b"first"
    s3.put_object(**named, Body=b"third", IfMatch=tag)
    assert refused(s3.delete_object, **named, IfMatch=tag) == ("PreconditionFailed", 412)
    assert s3.get_object(**named)["Body"].read() == b"third"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_are_checked_stored_and_returned(s3, bucket, algorithm):
    body, field = b"hello checksum" * 1000, f"Checksum{algorithm}"
    sent = s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)[field]
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[field] == sent
    known = {
        "CRC32": zlib.crc32(body).to_bytes(4, "big"),
        "SHA1": hashlib.sha1(body).digest(),
        "SHA256": hashlib.sha256(body).digest(),
    }
    if algorithm in known:
        assert sent == base64.b64encode(known[algorithm]).decode()
    wrong = base64.b64encode(bytes(len(base64.b64decode(sent)))).decode()
    assert refused(s3.put_object, Bucket=bucket, Key="bad", Body=body, **{field: wrong}) == ("BadDigest", 400)
    assert refused(s3.put_object, Bucket=bucket, Key="bad", Body=body, **{field: "AA=="}) == (
        "InvalidRequest",
        400,
    )
    assert refused(s3.head_object, Bucket=bucket, Key="bad") == ("404", 404)
    # In a trailer: the body is a stream of unknown content.
    stream = io.BufferedReader(io.BytesIO(body))
    s3.put_object(Bucket=bucket, Key="t", Body=stream, ChecksumAlgorithm=algorithm)
    answer = s3.get_object(Bucket=bucket, Key="t", ChecksumMode="ENABLED")
    assert (answer[field], answer["Body"].read()) == (sent, body)
    assert answer.get("ContentEncoding") is None


def test_a_wrong_md5_or_sha256_is_refused(s3, url, bucket):
    wrong = base64.b64encode(bytes(16)).decode()
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5=wrong) == ("BadDigest", 400)
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5="AAAA") == (
        "InvalidDigest",
        400,
    )
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.request("PUT", f"/{bucket}/k", b"x", {"x-amz-content-sha256": "0" * 64})
    answer = connection.getresponse()
    assert (answer.status, b"XAmzContentSHA256Mismatch" in answer.read()) == (400, True)
    connection.close()


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"x-amz-decoded-content-length": "5"}, b"5\r\nhello\r\n", b"IncompleteBody"),
        ({"x-amz-decoded-content-length": "5"}, b"zz\r\nhello\r\n0\r\n\r\n", b"IncompleteBody"),
        ({"x-amz-decoded-content-length": "5"}, b"-5\r\nhello\r\n0\r\n\r\n", b"IncompleteBody"),
        ({"x-amz-decoded-content-length": "5"}, b"3\r\nhello\r\n0\r\n\r\n", b"IncompleteBody"),
        ({"x-amz-decoded-content-length": "6"}, b"5\r\nhello\r\n0\r\n\r\n", b"IncompleteBody"),
        ({"x-amz-decoded-content-length": "4"}, b"5\r\nhello\r\n0\r\n\r\n", b"IncompleteBody"),
        ({"x-amz-decoded-content-length": "x"}, b"5\r\nhello\r\n0\r\n\r\n", b"InvalidArgument"),
        ({}, b"5\r\nhello\r\n0\r\n\r\n", b"MissingContentLength"),
        (
            {"x-amz-decoded-content-length": "5", "x-amz-trailer": "x-amz-checksum-crc32"},
            b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
            b"BadDigest",
        ),
    ],
)
def test_a_malformed_aws_chunked_body_leaves_nothing(s3, url, bucket, headers, body, code):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    streaming = {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }
    connection.request("PUT", f"/{bucket}/k", body, {**streaming, **headers})
    answer = connection.getresponse()
    assert answer.status in (400, 411)
    assert code in answer.read()
    connection.close()
    assert refused(s3.head_object, Bucket=bucket, Key="k") == ("404", 404)


def test_a_copy_has_the_bytes_the_metadata_and_no_further_blob(bucket, tmp_path):
    with serving(tmp_path) as url:
        other = client(url)
        other.create_bucket(Bucket=bucket)
        body = os.urandom(MIB)
        other.put_object(
            Bucket=bucket, Key="a", Body=body, Metadata={"m": "1"}, ContentType="text/x", Tagging="t=1"
        )
        other.copy_object(Bucket=bucket, Key="b ü", CopySource={"Bucket": bucket, "Key": "a"})
        assert len(list((tmp_path / "blobs").glob("*/*"))) == 1
        other.delete_object(Bucket=bucket, Key="a")
        answer = other.get_object(Bucket=bucket, Key="b ü")
        assert (answer["Body"].read(), answer["Metadata"], answer["ContentType"]) == (
            body,
            {"m": "1"},
            "text/x",
        )
        assert answer["TagCount"] == 1
        other.delete_object(Bucket=bucket, Key="b ü")
        assert list((tmp_path / "blobs").glob("*/*")) == []
        other.close()


def test_copies_replace_and_are_conditional(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="a", Body=b"x", Metadata={"m": "1"})["ETag"]
    source = {"Bucket": bucket, "Key": "a"}
    s3.copy_object(
        Bucket=bucket, Key="b", CopySource=source, MetadataDirective="REPLACE", Metadata={"n": "2"}
    )
    assert s3.head_object(Bucket=bucket, Key="b")["Metadata"] == {"n": "2"}
    assert refused(s3.copy_object, Bucket=bucket, Key="a", CopySource=source) == ("InvalidRequest", 400)
    wrong = {"CopySourceIfMatch": '"other"'}
    assert refused(s3.copy_object, Bucket=bucket, Key="c", CopySource=source, **wrong) == (
        "PreconditionFailed",
        412,
    )
    s3.copy_object(
        Bucket=bucket, Key="c", CopySource=source, CopySourceIfMatch=tag, ChecksumAlgorithm="SHA256"
    )
    head = s3.head_object(Bucket=bucket, Key="c", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    missing = {"Bucket": bucket, "Key": "none"}
    assert refused(s3.copy_object, Bucket=bucket, Key="c", CopySource=missing) == ("NoSuchKey", 404)


def test_many_are_deleted_at_once(s3, bucket):
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{number}")
    objects = [{"Key": f"k{number}"} for number in range(4)] + [{"Key": "never-there"}]
    loud = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [each["Key"] for each in loud["Deleted"]] == [each["Key"] for each in objects]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k4"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_listings_page_through_keys_and_prefixes(s3, bucket, size):
    keys = ["a", "a/1", "a/2/x", "b", "b//", "b/1", "c/1", "c/2", "d"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)

    def collect(operation, **arguments):
        pages = s3.get_paginator(operation).paginate(
            Bucket=bucket, PaginationConfig={"PageSize": size}, **arguments
        )
        found = []
        for page in pages:
            items = [each["Key"] for each in page.get("Contents", [])]
            items += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
            assert len(items) <= size
            found += items
        return found

    for operation in ("list_objects_v2", "list_objects"):
        assert collect(operation) == keys
        assert sorted(collect(operation, Delimiter="/")) == ["a", "a/", "b", "b/", "c/", "d"]
        assert sorted(collect(operation, Prefix="a/")) == ["a/1", "a/2/x"]
    after = s3.list_objects_v2(Bucket=bucket, StartAfter="b/1")
    assert [each["Key"] for each in after["Contents"]] == ["c/1", "c/2", "d"]


def test_the_owner_is_told_when_asked_for(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    owner = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]["Owner"]
    assert len(owner["ID"]) == 64
    assert refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken="%%%")[0] == "InvalidArgument"


@pytest.mark.parametrize(
    "host", ["{}.localhost", "{}.s3.localhost:80", "{}.s3.eu-west-1.localhost", "localhost"]
)
def test_both_styles_of_addresses(s3, url, bucket, host):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    path = "/a/b" if "{}" in host else f"/{bucket}/a/b"
    connection.request("PUT", path, b"x", {"Host": host.format(bucket)})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    connection.close()
    assert s3.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"x"


def test_what_is_not_done_is_refused_by_name(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    lock = {"ObjectLockEnabled": "Enabled"}
    assert refused(s3.put_object_lock_configuration, Bucket=bucket, ObjectLockConfiguration=lock) == (
        "NotImplemented",
        501,
    )
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"", StorageClass="GLACIER") == (
        "NotImplemented",
        501,
    )
    hold = {"Status": "ON"}
    assert refused(s3.put_object_legal_hold, Bucket=bucket, Key="k", LegalHold=hold) == (
        "NotImplemented",
        501,
    )
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"


def test_no_path_leads_out_of_the_store(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("mine")
    with serving(tmp_path / "store") as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
        for path in ("/..", "/../outside", "/%2e%2e/outside", "/b/../../outside", "/b/%2e%2e/%2e%2e/outside"):
            for method in ("GET", "PUT", "DELETE"):
                connection.request(method, path, b"x" if method == "PUT" else None)
                answer = connection.getresponse()
                assert answer.status in (400, 404), path
                assert b"mine" not in answer.read()
        connection.close()
    assert outside.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "store"]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"no xml",
        b"<Delete></Delete>",
        b"<Other><Object><Key>k</Key></Object></Other>",
        b"<Delete>" + b"<Object><Key>k</Key></Object>" * 1001 + b"</Delete>",
        b'<!DOCTYPE x [<!ENTITY b "bb">]><Delete><Object><Key>&b;</Key></Object></Delete>',
    ],
)
def test_a_malformed_document_is_refused(url, bucket, document):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.request("POST", f"/{bucket}?delete", document)
    answer = connection.getresponse()
    assert (answer.status, b"<Code>MalformedXML</Code>" in answer.read()) == (400, True)
    connection.close()


def test_an_error_names_its_request(url):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.request("GET", "/no-such-bucket/k")
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert f"<RequestId>{answer.headers['x-amz-request-id']}</RequestId>" in body
    assert "<BucketName>no-such-bucket</BucketName>" in body


def test_readers_see_one_whole_version_while_it_is_overwritten(url, bucket):
    """Large and small contents, whose blobs are discarded while others still read them."""
    bodies = [bytes([number]) * size for number, size in enumerate((10, 70_000, 300_000, 2_000_000))]
    writer = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    writer.request("PUT", f"/{bucket}/k", bodies[0])
    writer.getresponse().read()
    torn, done = [], threading.Event()

    def read():
        reader = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
        while not done.is_set():
            reader.request("GET", f"/{bucket}/k")
            answer = reader.getresponse()
            content = answer.read()
            if answer.status != 200 or content not in bodies:
                torn.append((answer.status, len(content)))
        reader.close()

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(80):
        writer.request("PUT", f"/{bucket}/k", bodies[turn % len(bodies)])
        writer.getresponse().read()
    done.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert torn == []


def test_a_client_that_vanishes_leaves_nothing_and_no_noise(tmp_path, caplog):
    with serving(tmp_path) as url:
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        connection = http.client.HTTPConnection(*address, timeout=20)
        connection.request("PUT", "/vanish")
        connection.getresponse().read()
        gone = socket.create_connection(address)
        gone.sendall(b"PUT /vanish/k HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + b"x" * 600_000)
        # A reset instead of an orderly end.
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
        connection.request("GET", "/vanish/k")
        assert connection.getresponse().read().count(b"NoSuchKey") == 1
        connection.close()
    assert list((tmp_path / "blobs").glob("*/*")) == []
    assert caplog.records == []
