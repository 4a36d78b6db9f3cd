"""Multipart uploads as boto3 makes them."""

import base64
import hashlib
import io
import os
import zlib

import pytest
from botocore.exceptions import ClientError
from s3_server import client, serving

PART = 5 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def s3(folder):
    with serving(folder) as url:
        made = client(url)
        made.create_bucket(Bucket="bucket")
        yield made
        made.close()


def code(call, **named):
    with pytest.raises(ClientError) as caught:
        call(**named)
    return caught.value.response["Error"]["Code"]


def begin(s3, key, **named):
    upload = s3.create_multipart_upload(Bucket="bucket", Key=key, **named)["UploadId"]
    return {"Bucket": "bucket", "Key": key, "UploadId": upload}


def complete(s3, upload, tags, **named):
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in tags]
    return s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **named)


def test_an_upload_becomes_an_object_without_moving_bytes(s3, folder):
    first, last = os.urandom(PART), os.urandom(1000)
    upload = begin(s3, "whole", Metadata={"m": "1"}, Tagging="t=1")
    tags = [
        (number, s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"])
        for number, body in ((2, last), (1, first))
    ]
    listed = s3.list_parts(**upload)["Parts"]
    assert [(each["PartNumber"], each["Size"]) for each in listed] == [(1, PART), (2, 1000)]
    blobs = sorted(path.stat().st_ino for path in (folder / "blobs").glob("*/*"))
    made = complete(s3, upload, sorted(tags))
    assert sorted(path.stat().st_ino for path in (folder / "blobs").glob("*/*")) == blobs
    digests = hashlib.md5(first).digest() + hashlib.md5(last).digest()
    assert made["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    answer = s3.get_object(Bucket="bucket", Key="whole")
    assert answer["Body"].read() == first + last
    assert (answer["Metadata"], answer["TagCount"]) == ({"m": "1"}, 1)
    middle = s3.get_object(Bucket="bucket", Key="whole", Range=f"bytes={PART - 3}-{PART + 2}")
    assert middle["Body"].read() == first[-3:] + last[:3]
    second = s3.get_object(Bucket="bucket", Key="whole", PartNumber=2)
    assert (second["Body"].read(), second["PartsCount"]) == (last, 2)
    assert code(s3.list_parts, **upload) == "NoSuchUpload"


def test_a_part_can_be_replaced_and_left_out(s3, folder):
    before = len(list((folder / "blobs").glob("*/*")))
    upload = begin(s3, "replaced")
    for body in (b"old", b"new"):
        tag = s3.upload_part(**upload, PartNumber=1, Body=body)["ETag"]
    s3.upload_part(**upload, PartNumber=2, Body=b"left out")
    complete(s3, upload, [(1, tag)])
    assert s3.get_object(Bucket="bucket", Key="replaced")["Body"].read() == b"new"
    assert len(list((folder / "blobs").glob("*/*"))) == before + 1


def test_what_does_not_fit_is_refused_and_the_upload_stays(s3):
    upload = begin(s3, "refused")
    tags = [(number, s3.upload_part(**upload, PartNumber=number, Body=b"x")["ETag"]) for number in (1, 2)]

    def named(pairs):
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in pairs]
        return {**upload, "MultipartUpload": {"Parts": parts}}

    assert code(s3.complete_multipart_upload, **named(tags)) == "EntityTooSmall"
    assert code(s3.complete_multipart_upload, **named(tags[::-1])) == "InvalidPartOrder"
    assert code(s3.complete_multipart_upload, **named([(1, '"other"')])) == "InvalidPart"
    assert code(s3.complete_multipart_upload, **named([(3, tags[0][1])])) == "InvalidPart"
    assert code(s3.complete_multipart_upload, **named([])) == "MalformedXML"
    assert code(s3.upload_part, **upload, PartNumber=10_001, Body=b"") == "InvalidArgument"
    assert code(s3.head_object, Bucket="bucket", Key="refused") == "404"
    s3.put_object(Bucket="bucket", Key="refused")
    assert code(s3.complete_multipart_upload, **named(tags[:1]), IfNoneMatch="*") == "PreconditionFailed"
    assert len(s3.list_parts(**upload)["Parts"]) == 2
    complete(s3, upload, tags[:1])
    assert s3.head_object(Bucket="bucket", Key="refused")["ContentLength"] == 1


def test_an_aborted_upload_leaves_nothing(s3, folder):
    before = len(list((folder / "blobs").glob("*/*")))
    upload = begin(s3, "aborted")
    s3.upload_part(**upload, PartNumber=1, Body=b"x" * 100)
    s3.abort_multipart_upload(**upload)
    assert len(list((folder / "blobs").glob("*/*"))) == before
    assert code(s3.abort_multipart_upload, **upload) == "NoSuchUpload"


def test_uploads_are_listed_in_pages(s3):
    s3.create_bucket(Bucket="listed")
    made = [
        s3.create_multipart_upload(Bucket="listed", Key=key)["UploadId"] for key in ("a/1", "a/2", "b", "b")
    ]
    found = s3.list_multipart_uploads(Bucket="listed")["Uploads"]
    assert [(each["Key"], each["UploadId"]) for each in found] == list(
        zip(("a/1", "a/2", "b", "b"), made, strict=True)
    )
    pages = list(
        s3.get_paginator("list_multipart_uploads").paginate(Bucket="listed", PaginationConfig={"PageSize": 1})
    )
    assert [each["UploadId"] for page in pages for each in page.get("Uploads", [])] == made
    folders = s3.list_multipart_uploads(Bucket="listed", Delimiter="/")
    assert [each["Prefix"] for each in folders["CommonPrefixes"]] == ["a/"]
    s3.delete_bucket(Bucket="listed")
    s3.create_bucket(Bucket="listed")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="listed")


def test_parts_are_copied_from_objects_and_outlive_them(s3, folder):
    body = os.urandom(PART + 500)
    s3.put_object(Bucket="bucket", Key="source", Body=body)
    before = len(list((folder / "blobs").glob("*/*")))
    upload = begin(s3, "assembled")
    tags = []
    for number, asked in ((1, f"bytes=0-{PART - 1}"), (2, "bytes=100-199")):
        copied = s3.upload_part_copy(
            **upload, PartNumber=number, CopySource="bucket/source", CopySourceRange=asked
        )
        tags.append((number, copied["CopyPartResult"]["ETag"]))
    assert len(list((folder / "blobs").glob("*/*"))) == before
    outside = {"CopySource": "bucket/source", "CopySourceRange": f"bytes=0-{len(body)}"}
    assert code(s3.upload_part_copy, **upload, PartNumber=3, **outside) == "InvalidArgument"
    complete(s3, upload, tags)
    s3.delete_object(Bucket="bucket", Key="source")
    assert s3.get_object(Bucket="bucket", Key="assembled")["Body"].read() == body[:PART] + body[100:200]
    s3.delete_object(Bucket="bucket", Key="assembled")
    assert len(list((folder / "blobs").glob("*/*"))) == before - 1


def test_checksums_of_parts_are_composed_or_combined(s3):
    first, last = os.urandom(PART), b"end"
    for kind, expected in (
        ("FULL_OBJECT", zlib.crc32(first + last).to_bytes(4, "big")),
        (
            "COMPOSITE",
            zlib.crc32(zlib.crc32(first).to_bytes(4, "big") + zlib.crc32(last).to_bytes(4, "big")).to_bytes(
                4, "big"
            ),
        ),
    ):
        upload = begin(s3, "sums", ChecksumAlgorithm="CRC32", ChecksumType=kind)
        parts = []
        for number, body in ((1, first), (2, last)):
            made = s3.upload_part(**upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
            parts.append({"PartNumber": number, "ETag": made["ETag"], "ChecksumCRC32": made["ChecksumCRC32"]})
        done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, ChecksumType=kind)
        text = base64.b64encode(expected).decode() + ("-2" if kind == "COMPOSITE" else "")
        assert (done["ChecksumCRC32"], done["ChecksumType"]) == (text, kind)
        attributes = s3.get_object_attributes(
            Bucket="bucket", Key="sums", ObjectAttributes=["Checksum", "ObjectParts", "ObjectSize", "ETag"]
        )
        assert attributes["Checksum"]["ChecksumCRC32"] == text
        assert (attributes["ObjectParts"]["TotalPartsCount"], attributes["ObjectSize"]) == (2, PART + 3)
    refused = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"}
    assert code(s3.create_multipart_upload, Bucket="bucket", Key="k", **refused) == "InvalidRequest"


def test_boto3s_own_transfers(s3):
    content = os.urandom(20 << 20)
    s3.upload_fileobj(io.BytesIO(content), "bucket", "large")
    target = io.BytesIO()
    s3.download_fileobj("bucket", "large", target)
    assert target.getvalue() == content
    s3.copy({"Bucket": "bucket", "Key": "large"}, "bucket", "again")
    assert s3.head_object(Bucket="bucket", Key="again")["ContentLength"] == len(content)
