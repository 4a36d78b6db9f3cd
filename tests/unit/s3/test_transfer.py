"""Objects to files: what cannot be read or written is named."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from sandbox.errors import UsageError, WorkFailed
from sandbox.s3.location import Location
from sandbox.s3.transfer import download, upload_compressed


class Store:
    """Answers every call with one error."""

    def __init__(self, error):
        self.error = error

    def download_file(self, *_arguments):
        raise self.error

    def put_object(self, **_arguments):
        raise self.error


def client_error(code, message):
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (client_error("404", "Not Found"), "s3://b/k cannot be read: no such object"),
        (client_error("NoSuchBucket", "The bucket is not there"), "The bucket is not there"),
        (EndpointConnectionError(endpoint_url="http://x"), "Could not connect"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_an_object_that_cannot_be_had_is_named(tmp_path, error, expected):
    with pytest.raises(WorkFailed, match=expected):
        download(Store(error), "s3://b/k", tmp_path / "x")


def test_a_local_file_is_copied(tmp_path):
    source = tmp_path / "a.sh"
    source.write_text("true")
    for uri in (str(source), f"file://{source}"):
        assert download(None, uri, tmp_path / "to" / "b").read_text() == "true"
    with pytest.raises(WorkFailed, match="cannot be read: No such file"):
        download(None, str(tmp_path / "none"), tmp_path / "c")


def test_a_full_disk_is_told(tmp_path):
    source = tmp_path / "a.sh"
    source.write_text("true")
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(WorkFailed, match="No space left on device"):
        download(None, str(source), tmp_path / "full")


def test_a_log_that_cannot_be_written_is_named(tmp_path):
    log = tmp_path / "stdout"
    log.touch()
    with pytest.raises(WorkFailed, match="stdout cannot be written to s3://b/k"):
        upload_compressed(Store(client_error("NoSuchBucket", "gone")), log, Location("b", "k"))


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [("s3://b/k/l", "b", "k/l"), ("s3a://b", "b", ""), ("s3n://b/", "b", ""), ("s3://b/a b?#", "b", "a b?#")],
)
def test_addresses_are_parsed(uri, bucket, key):
    assert Location.parse(uri) == Location(bucket, key)


def test_addresses_are_joined():
    assert str(Location.parse("s3://b") / "x" / "y") == "s3://b/x/y"
    assert str(Location.parse("s3://b/logs/") / "x") == "s3://b/logs/x"
    with pytest.raises(UsageError, match="not an S3 address"):
        Location.parse("http://b/k")
