"""s3-dist-cp on the object store and on files of this machine."""

import gzip

import pytest
from s3_server import client, serving

from sandbox.emr.distcp.__main__ import run


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture
def bucket(server, monkeypatch, tmp_path):
    """A bucket with a few objects, whose name is the test's alone; the environment is a node's."""
    variables = {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    monkeypatch.chdir(tmp_path)
    s3 = client(server)
    name = f"distcp-{abs(hash(tmp_path))}"
    s3.create_bucket(Bucket=name)
    objects = {
        "logs/1/a.log": b"a\n",
        "logs/1/b.log": b"b\n",
        "logs/2/c.log.gz": gzip.compress(b"c\n"),
        "logs/empty/": b"",
        "logs2/other": b"other",
    }
    for key, body in objects.items():
        s3.put_object(Bucket=name, Key=key, Body=body)
    return Bucket(s3, name)


class Bucket:
    def __init__(self, s3, name):
        self.s3, self.name = s3, name

    def uri(self, key):
        return f"s3://{self.name}/{key}"

    def keys(self, prefix=""):
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return [entry["Key"] for entry in found]

    def read(self, key):
        return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()


def call(*arguments):
    said = []
    return run(arguments, said.append), said


def test_objects_are_copied_and_neighbours_left_alone(bucket):
    code, said = call("--src", bucket.uri("logs"), "--dest", bucket.uri("out"), "--s3ServerSideEncryption")
    assert (code, said[-1]) == (0, f"copied 3 files into 3 below {bucket.uri('out')}")
    assert bucket.keys("out/") == ["out/1/a.log", "out/1/b.log", "out/2/c.log.gz"]
    assert bucket.read("out/2/c.log.gz") == bucket.read("logs/2/c.log.gz")
    head = bucket.s3.head_object(Bucket=bucket.name, Key="out/1/a.log")
    assert head["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize(
    ("codec", "key", "content"),
    [
        ("keep", "out/log", b"a\nb\n"),
        ("none", "out/log", b"a\nb\n"),
        ("gzip", "out/log.gz", b"a\nb\n"),
    ],
)
def test_a_group_is_concatenated_and_recompressed(bucket, codec, key, content):
    options = ("--groupBy=.*/[ab][.](log)", f"--outputCodec={codec}")
    assert call("--src", bucket.uri("logs/"), "--dest", bucket.uri("out"), *options)[0] == 0
    assert bucket.keys("out/") == [key]
    body = bucket.read(key)
    assert (gzip.decompress(body) if key.endswith(".gz") else body) == content


def test_compressed_files_are_unpacked(bucket):
    assert call("--src", bucket.uri("logs"), "--dest", bucket.uri("out"), "--outputCodec=none")[0] == 0
    assert bucket.read("out/2/c.log") == b"c\n"


def test_files_of_this_machine_go_to_s3_and_back(bucket, tmp_path):
    assert call("--src", bucket.uri("logs"), "--dest", f"file://{tmp_path}/local")[0] == 0
    assert (tmp_path / "local/1/b.log").read_text() == "b\n"
    assert call("--src", f"{tmp_path}/local", "--dest", bucket.uri("again"), "--srcPattern=.*[.]log")[0] == 0
    assert bucket.keys("again/") == ["again/1/a.log", "again/1/b.log"]
    assert call("--src", f"file:{tmp_path}/local", "--dest", f"{tmp_path}/more", "--deleteOnSuccess")[0] == 0
    assert (tmp_path / "more/1/a.log").read_text() == "a\n"
    assert [path for path in (tmp_path / "local").rglob("*") if path.is_file()] == []


def test_sources_are_deleted_only_when_everything_was_copied(bucket):
    before = bucket.keys("logs/")
    code, said = call("--src", bucket.uri("logs"), "--dest", "s3://no-such-bucket/x", "--deleteOnSuccess")
    assert code == 1
    assert "s3://no-such-bucket/x/1/a.log was not written" in " ".join(said)
    assert bucket.keys("logs/") == before
    options = ("--deleteOnSuccess", "--srcPattern=.*[.]log")
    assert call("--src", bucket.uri("logs"), "--dest", bucket.uri("out"), *options)[0] == 0
    assert bucket.keys("logs/") == ["logs/2/c.log.gz", "logs/empty/"]


@pytest.mark.parametrize("source", ["none", "log"])
def test_nothing_to_copy_is_a_failure(bucket, source):
    code, said = call("--src", bucket.uri(source), "--dest", bucket.uri("out"))
    assert code == 1 and "no file of" in said[-1]


def test_a_source_that_is_not_there_is_told(bucket):
    assert call("--src", "s3://no-such-bucket/x", "--dest", bucket.uri("out"))[0] == 1
    code, said = call("--src", "/no/such/folder", "--dest", bucket.uri("out"))
    assert (code, said) == (1, ["/no/such/folder is not there"])
