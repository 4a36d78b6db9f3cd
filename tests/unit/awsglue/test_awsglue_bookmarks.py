"""Which objects a run with a bookmark has still to read."""

import pytest
from awsglue.bookmarks import BAND, Bookmark, Found, State, dump, load, objects
from hypothesis import given
from hypothesis import strategies as st

START = 10_000.0


def found(key, modified=START, etag="1"):
    return Found(f"s3://b/{key}", modified, etag)


class Bucket:
    """Lists the objects that a test put there."""

    def __init__(self, *keys):
        self.objects = {key: found(key) for key in keys}

    def put(self, key, modified, etag="1"):
        self.objects[key] = found(key, modified, etag)

    def __call__(self, bucket, prefix):
        assert bucket == "b"
        return [each for key, each in sorted(self.objects.items()) if key.startswith(prefix)]


class Runs:
    """Runs of a job, one after another, each with the bookmark that the last one committed."""

    def __init__(self, bucket):
        self.bucket = bucket
        self.states = {}

    def read(self, commit=True, context="source", path="s3://b/t/", until=None):
        bookmark = Bookmark(load(dump(self.states)), until, self.bucket)
        chosen = bookmark.new_objects(context, [path], False)[path]
        if commit:
            self.states = bookmark.committed()
        return [uri.removeprefix("s3://b/t/") for uri in chosen]


def test_only_what_is_new_is_read():
    bucket = Bucket("t/a", "t/b")
    runs = Runs(bucket)
    assert runs.read() == ["a", "b"]
    assert runs.read() == []
    bucket.put("t/c", START + 60)
    assert runs.read(commit=False) == ["c"]
    assert runs.read() == ["c"]
    assert runs.read() == []


@pytest.mark.parametrize(
    ("modified", "etag", "key", "read"),
    [
        (START + 1, "1", "a", True),
        (START, "2", "a", True),
        (START, "1", "late", True),
        (START - BAND + 1, "1", "late", True),
        (START - BAND, "1", "late", False),
        (START - 5 * BAND, "1", "late", False),
    ],
)
def test_objects_that_are_changed_or_appear_late(modified, etag, key, read):
    bucket = Bucket("t/a")
    runs = Runs(bucket)
    runs.read()
    bucket.put(f"t/{key}", modified, etag)
    assert (key in runs.read()) is read
    assert runs.read() == []


def test_what_is_out_of_the_band_is_not_remembered():
    bucket = Bucket("t/a")
    runs = Runs(bucket)
    runs.read()
    bucket.put("t/b", START + BAND)
    runs.read()
    assert set(runs.states["source"].seen) == {"s3://b/t/b"}
    assert runs.read() == []


def test_each_context_has_a_state_of_its_own():
    runs = Runs(Bucket("t/a"))
    assert runs.read() == ["a"]
    assert runs.read(context="other") == ["a"]
    assert runs.read() == []


def test_a_source_that_was_not_read_keeps_its_state():
    runs = Runs(Bucket("t/a"))
    runs.read()
    runs.read(context="other")
    assert set(runs.states) == {"source", "other"}


def test_between_two_runs():
    bucket = Bucket("t/a")
    runs = Runs(bucket)
    runs.read()
    first = runs.states
    bucket.put("t/b", START + 10)
    runs.read()
    second = runs.states
    bucket.put("t/c", START + 20)
    runs.states = first
    assert runs.read(until=second, commit=False) == ["b"]
    runs.states = {}
    assert runs.read(until=second, commit=False) == ["a", "b"]


@pytest.mark.parametrize(
    ("path", "recurse", "expected"),
    [
        ("s3://b/t", False, ["t/a.csv", "t/day=1/b.csv", "t/_x=1/g.csv"]),
        ("s3://b/t/", True, ["t/a.csv", "t/day=1/b.csv", "t/_x=1/g.csv", "t/sub/c.csv"]),
        ("s3a://b/t/day=1/", False, ["t/day=1/b.csv"]),
        ("s3://b/t/a.csv", False, ["t/a.csv"]),
        ("s3://b/", False, ["top.csv"]),
    ],
)
def test_the_objects_of_a_path_are_those_that_spark_reads(path, recurse, expected):
    bucket = Bucket(
        "t/", "t/a.csv", "t/_SUCCESS", "t/.hidden", "t/day=1/b.csv", "t/sub/c.csv", "t/_temporary/d.csv",
        "t2/e.csv", "t/_x=1/g.csv", "top.csv",
    )  # fmt: skip
    scheme = path[: path.index("b/")]
    assert sorted(each.uri for each in objects(path, bucket, recurse)) == sorted(
        f"{scheme}b/{key}" for key in expected
    )


@pytest.mark.parametrize("path", ["file:/tmp/x", "/tmp/x", "s3://b/t/*.csv", "s3://b/{a,b}/"])
def test_paths_that_a_bookmark_cannot_follow_are_refused(path):
    with pytest.raises(NotImplementedError, match="a job bookmark for"):
        list(objects(path, Bucket(), False))


@given(st.lists(st.lists(st.integers(0, 5000), max_size=5), max_size=5))
def test_no_object_is_read_twice_and_none_that_is_newer_is_left_out(batches):
    """Whatever the times at which objects appear."""
    bucket, read = Bucket(), []
    runs, newest = Runs(bucket), float("-inf")
    for number, batch in enumerate(batches):
        for index, modified in enumerate(batch):
            bucket.put(f"t/{number}-{index}", float(modified))
        chosen = runs.read()
        due = {f"{number}-{index}" for index, modified in enumerate(batch) if modified > newest - BAND}
        assert due <= set(chosen)
        newest = max([newest, *batch])
        read += chosen
    assert len(read) == len(set(read))


def test_a_state_survives_being_written():
    states = {"s": State(START, {"s3://b/ü": (START, '"e"')})}
    assert load(dump(states)) == states
