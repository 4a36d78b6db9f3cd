"""Random sequences of operations, compared with a dictionary."""

import tempfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from s3_server import client, serving

KEYS = st.sampled_from(["a", "a/", "a/b", "a//b", "b", "é", "../c", "z" * 30])
BODIES = st.binary(max_size=200)
BUCKET = "model"


class Model(RuleBasedStateMachine):
    """`objects` is what the bucket must hold."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.context = serving(Path(self.folder.name))
        self.s3 = client(self.context.__enter__())
        self.s3.create_bucket(Bucket=BUCKET)
        self.objects = {}

    def teardown(self):
        self.s3.close()
        self.context.__exit__(None, None, None)
        blobs = len(list((Path(self.folder.name) / "blobs").glob("*/*")))
        # Copies share a blob, empty objects have none.
        assert blobs <= sum(1 for body in self.objects.values() if body)
        self.folder.cleanup()

    @rule(key=KEYS, body=BODIES)
    def put(self, key, body):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        self.objects[key] = body

    @rule(key=KEYS, body=BODIES)
    def put_if_absent(self, key, body):
        try:
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"
            assert key in self.objects
        else:
            assert key not in self.objects
            self.objects[key] = body

    @rule(source=KEYS, key=KEYS)
    def copy(self, source, key):
        arguments = {"Bucket": BUCKET, "Key": key, "CopySource": {"Bucket": BUCKET, "Key": source}}
        if source not in self.objects:
            with pytest.raises(ClientError, match="NoSuchKey"):
                self.s3.copy_object(**arguments)
        elif source == key:
            with pytest.raises(ClientError, match="InvalidRequest"):
                self.s3.copy_object(**arguments)
        else:
            self.s3.copy_object(**arguments)
            self.objects[key] = self.objects[source]

    @rule(key=KEYS)
    def delete(self, key):
        self.s3.delete_object(Bucket=BUCKET, Key=key)
        self.objects.pop(key, None)

    @rule(keys=st.sets(KEYS, min_size=1))
    def delete_many(self, keys):
        self.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in sorted(keys)]})
        for key in keys:
            self.objects.pop(key, None)

    @rule(key=KEYS, first=BODIES, source=KEYS)
    def upload(self, key, first, source):
        upload = self.s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        named = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
        body = self.objects.get(source)
        if body:
            answer = self.s3.upload_part_copy(
                **named, PartNumber=1, CopySource={"Bucket": BUCKET, "Key": source}
            )
            tag = answer["CopyPartResult"]["ETag"]
        else:
            body, tag = first, self.s3.upload_part(**named, PartNumber=1, Body=first)["ETag"]
        parts = [{"PartNumber": 1, "ETag": tag}]
        self.s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
        self.objects[key] = body

    @rule()
    def restart(self):
        self.s3.close()
        self.context.__exit__(None, None, None)
        self.context = serving(Path(self.folder.name))
        self.s3 = client(self.context.__enter__())

    @rule(key=KEYS, start=st.integers(0, 220), length=st.integers(1, 50))
    def read_range(self, key, start, length):
        body = self.objects.get(key, b"")
        if start < len(body):
            answer = self.s3.get_object(Bucket=BUCKET, Key=key, Range=f"bytes={start}-{start + length - 1}")
            assert answer["Body"].read() == body[start : start + length]

    @rule(prefix=st.sampled_from(["", "a", "a/", "b", "é"]), size=st.integers(1, 5))
    def list_by_folder(self, prefix, size):
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=prefix, Delimiter="/", PaginationConfig={"PageSize": size}
        )
        found = []
        for page in pages:
            found += [each["Key"] for each in page.get("Contents", [])]
            found += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
        rest = [(key, key[len(prefix) :]) for key in self.objects if key.startswith(prefix)]
        expected = {prefix + tail.partition("/")[0] + "/" if "/" in tail else key for key, tail in rest}
        assert sorted(found) == sorted(expected)

    @invariant()
    def the_bucket_holds_what_the_model_holds(self):
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        assert {each["Key"]: each["Size"] for each in listed} == {
            key: len(body) for key, body in self.objects.items()
        }
        for key, body in self.objects.items():
            assert self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body


TestModel = Model.TestCase
TestModel.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
