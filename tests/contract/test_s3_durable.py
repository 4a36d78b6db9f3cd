"""What was acknowledged is there after a restart and after kill -9; what a crash left behind is collected."""

import os

import pytest
from s3_server import client, serving

from benchmarks.s3_crash import torment
from sandbox import Sandbox


def test_everything_survives_a_restart(tmp_path):
    large = os.urandom(3 << 20)
    with serving(tmp_path) as url:
        s3 = client(url)
        s3.create_bucket(Bucket="kept")
        s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="kept", Key="k", Body=b"first")
        s3.put_object(Bucket="kept", Key="k", Body=large, Metadata={"m": "1"})
        upload = s3.create_multipart_upload(Bucket="kept", Key="parts")["UploadId"]
        part = {"Bucket": "kept", "Key": "parts", "UploadId": upload}
        tag = s3.upload_part(**part, PartNumber=1, Body=b"part")["ETag"]
        s3.close()
    with serving(tmp_path) as url:
        s3 = client(url)
        answer = s3.get_object(Bucket="kept", Key="k")
        assert (answer["Body"].read(), answer["Metadata"]) == (large, {"m": "1"})
        assert len(s3.list_object_versions(Bucket="kept")["Versions"]) == 2
        s3.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
        assert s3.get_object(Bucket="kept", Key="parts")["Body"].read() == b"part"
        s3.close()


def test_orphans_and_abandoned_uploads_are_collected_at_start(tmp_path):
    now = [1_000_000.0]
    clock = lambda: now[0]  # noqa: E731
    with serving(tmp_path, clock=clock) as url:
        s3 = client(url)
        s3.create_bucket(Bucket="kept")
        s3.put_object(Bucket="kept", Key="k", Body=b"kept")
        old = s3.create_multipart_upload(Bucket="kept", Key="old")["UploadId"]
        s3.upload_part(Bucket="kept", Key="old", UploadId=old, PartNumber=1, Body=b"x")
        now[0] += 20 * 3600
        young = s3.create_multipart_upload(Bucket="kept", Key="young")["UploadId"]
        s3.upload_part(Bucket="kept", Key="young", UploadId=young, PartNumber=1, Body=b"x")
        s3.close()
    number = (1 << 32) + 9999
    orphan = tmp_path / "blobs" / f"{number % 256:02x}" / str(number)
    orphan.write_bytes(b"left by a crash")
    now[0] += 5 * 3600
    with serving(tmp_path, clock=clock) as url:
        s3 = client(url)
        uploads = s3.list_multipart_uploads(Bucket="kept")["Uploads"]
        assert [each["Key"] for each in uploads] == ["young"]
        assert s3.get_object(Bucket="kept", Key="k")["Body"].read() == b"kept"
        s3.close()
    assert not orphan.exists()
    assert len(list((tmp_path / "blobs").glob("*/*"))) == 2


def test_kill_9_loses_and_tears_nothing(tmp_path):
    acknowledged, faults = torment(tmp_path, kills=8, seed=7, longest=0.6)
    assert faults == []
    assert acknowledged > 20


@pytest.mark.parametrize("size", [10 << 20])
def test_objects_survive_down_and_up(tmp_path, size):
    body = os.urandom(size)
    with Sandbox(state=tmp_path, port=0) as sandbox:
        sandbox.client("s3").create_bucket(Bucket="kept")
        sandbox.client("s3").put_object(Bucket="kept", Key="k", Body=body)
    with Sandbox(state=tmp_path, port=0) as sandbox:
        assert sandbox.client("s3").get_object(Bucket="kept", Key="k")["Body"].read() == body
