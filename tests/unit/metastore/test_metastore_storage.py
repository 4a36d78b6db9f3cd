import copy
from pathlib import Path

import pytest

from sandbox.metastore import FileStorage, S3Storage, storage_for
from sandbox.metastore.storage import StorageError


class Buckets:
    """The calls of a boto3 S3 client that S3Storage makes, on a dictionary; pages hold two keys."""

    def __init__(self, *keys: str) -> None:
        self.keys = {key: b"data of " + key.encode() for key in keys}
        self.locked: set[str] = set()

    def list_objects_v2(self, Bucket: str, Prefix: str, MaxKeys: int) -> dict:  # noqa: N803
        names = [f"{Bucket}/{Prefix}"]
        found = [key for key in sorted(self.keys) if key.startswith(names[0])][:MaxKeys]
        return {"Contents": [{"Key": key.partition("/")[2]} for key in found]} if found else {}

    def get_paginator(self, operation: str) -> "Buckets":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict]:  # noqa: N803
        found = self.list_objects_v2(Bucket, Prefix, 10**6).get("Contents", [])
        return [{"Contents": found[at : at + 2]} for at in range(0, len(found), 2)] or [{}]

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        self.keys[f"{Bucket}/{Key}"] = Body

    def delete_objects(self, Bucket: str, Delete: dict) -> dict:  # noqa: N803
        errors = []
        for entry in Delete["Objects"]:
            if entry["Key"] in self.locked:
                errors.append({"Key": entry["Key"], "Message": "Access Denied"})
            else:
                del self.keys[f"{Bucket}/{entry['Key']}"]
        return {"Errors": errors}

    def copy(self, source: dict, bucket: str, key: str) -> None:
        self.keys[f"{bucket}/{key}"] = self.keys[f"{source['Bucket']}/{source['Key']}"]


@pytest.mark.parametrize("form", ["file:{}", "file://{}", "file://localhost{}", "{}"])
def test_files(tmp_path: Path, form: str) -> None:
    storage, old, new = FileStorage(), tmp_path / "a b" / "c%20d", tmp_path / "x" / "y"
    storage.make(form.format(old))
    storage.make(form.format(old))
    (old / "file").write_text("x")
    storage.move(form.format(old), form.format(new))
    assert (new / "file").read_text() == "x"
    assert not old.exists()
    storage.move(form.format(old), form.format(tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()
    storage.delete(form.format(new))
    storage.delete(form.format(new))
    assert not new.exists()


def test_files_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with pytest.raises(StorageError, match="exists already"):
        FileStorage().move(str(tmp_path / "a"), str(tmp_path / "b"))
    with pytest.raises(StorageError, match="not an absolute file location"):
        FileStorage().delete("file:relative")


def test_a_prefix_of_a_bucket() -> None:
    buckets = Buckets("b/t/1", "b/t/2", "b/t/k=a?b#c/3", "b/t2/4", "b/t")
    storage = S3Storage(buckets)
    storage.make("s3://b/t")
    assert "b/t/" not in buckets.keys
    storage.make("s3a://b/empty/")
    assert buckets.keys["b/empty/"] == b""
    storage.move("s3://b/t/", "s3n://other/u")
    assert set(buckets.keys) == {"b/empty/", "b/t", "b/t2/4", "other/u/1", "other/u/2", "other/u/k=a?b#c/3"}
    assert buckets.keys["other/u/1"] == b"data of b/t/1"
    storage.delete("s3://other/u/k=a?b#c")
    storage.delete("s3://other/nothing")
    assert set(buckets.keys) == {"b/empty/", "b/t", "b/t2/4", "other/u/1", "other/u/2"}


def test_a_bucket_is_not_overwritten_and_errors_are_told() -> None:
    buckets = Buckets("b/t/1", "b/u/1")
    before = copy.copy(buckets.keys)
    with pytest.raises(StorageError, match="exists already"):
        S3Storage(buckets).move("s3://b/t", "s3://b/u")
    buckets.locked = {"t/1"}
    with pytest.raises(StorageError, match="s3://b/t/1: Access Denied"):
        S3Storage(buckets).delete("s3://b/t")
    assert buckets.keys == before


@pytest.mark.parametrize("location", ["s3://b", "s3a://b/", "s3://b//"])
def test_a_whole_bucket_is_not_deleted(location: str) -> None:
    buckets = Buckets("b/t/1")
    with pytest.raises(StorageError, match="is a whole bucket; it is not deleted"):
        S3Storage(buckets).delete(location)
    assert list(buckets.keys) == ["b/t/1"]


def test_each_scheme_has_its_storage(tmp_path: Path) -> None:
    buckets = Buckets("b/t/1")
    storage = storage_for(buckets)
    storage.delete("s3a://b/t")
    assert buckets.keys == {}
    storage.make(f"{tmp_path}/x")
    assert (tmp_path / "x").is_dir()
    storage.move("s3://b/t", "s3a://b/u")
    with pytest.raises(StorageError, match="no storage for hdfs"):
        storage.make("hdfs://n/x")
    with pytest.raises(StorageError, match="the storages differ"):
        storage.move(f"{tmp_path}/x", "s3://b/x")
