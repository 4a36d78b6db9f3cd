"""The parts of the object store that need no socket."""

import json
import os

import pytest

from sandbox.errors import AwsError
from sandbox.s3 import checksums, conditions, listing, ranges
from sandbox.s3.blobs import Blobs, Segment, decode, encode, part_of
from sandbox.s3.checksums import Algorithm, Kind
from sandbox.s3.entry import Bucket, Entry, Versioning
from sandbox.s3.index import Index
from sandbox.s3.listing import Position
from sandbox.s3.request import hosted_bucket
from sandbox.s3.sweep import Marks
from sandbox.store import Database


def entry(key, **changed):
    fields = {
        "key": key,
        "sequence": 0,
        "version": "v",
        "size": 1,
        "etag": "e",
        "modified": 1000.5,
        "checksum": "CRC32/FULL_OBJECT/AAAAAA==",
        "headers": "{}",
        "tags": "",
        "parts": "",
        "content": "",
    }
    return Entry(**{**fields, **changed})


@pytest.fixture
def discarded():
    return []


@pytest.fixture
def index(discarded):
    made = Index(Database(":memory:"), discarded.extend)
    made.add_bucket(Bucket("b", 0.0, "us-east-1"))
    yield made
    made.database.close()


def test_part_of_a_content():
    content = (Segment(1, 10, 5), Segment(2, 0, 5))
    assert part_of(content, 0, 10) == content
    assert part_of(content, 3, 4) == (Segment(1, 13, 2), Segment(2, 0, 2))
    assert part_of(content, 5, 1) == (Segment(2, 0, 1),)
    assert decode(encode(content)) == content
    assert decode("") == ()


def test_blobs_that_are_read_are_deleted_afterwards(tmp_path):
    blobs = Blobs(tmp_path)
    descriptor = blobs.create(7)
    os.write(descriptor, b"0123456789")
    os.close(descriptor)
    pieces = blobs.pieces((Segment(7, 2, 3), Segment(7, 8, 2)))
    first = next(pieces)
    blobs.discard([7])
    assert b"".join(first.blocks()) == b"234"
    assert b"".join(next(pieces).blocks()) == b"89"
    assert list(tmp_path.glob("*/7")) != []
    pieces.close()
    assert list(tmp_path.glob("*/7")) == []
    with pytest.raises(FileNotFoundError):
        next(blobs.pieces((Segment(7, 0, 1),)))


def test_what_replaces_an_object_discards_its_blobs_unless_they_are_shared(index, discarded):
    index.put("b", entry("k", content="1:0:5"))
    with index.change():
        index.share(decode("1:0:5"))
        index.put("b", entry("copy", content="1:0:5"))
    index.put("b", entry("k", content="2:0:5"))
    assert discarded == []
    index.put("b", entry("copy", content=""))
    assert discarded == [1]


def test_a_change_that_fails_discards_and_keeps_nothing(index, discarded):
    index.put("b", entry("k", content="1:0:5"))
    with pytest.raises(RuntimeError), index.change():
        index.put("b", entry("k", content="2:0:5"))
        raise RuntimeError
    assert (index.current("b", "k").content, discarded) == ("1:0:5", [])


def test_numbers_are_never_given_out_twice(tmp_path):
    numbers = []
    for _ in range(2):
        index = Index(Database(tmp_path / "index.db"), list)
        numbers += [index.next_number(), index.next_number()]
        index.database.close()
    assert numbers == sorted(set(numbers))


class Counting:
    """Counts the rows that a listing reads."""

    def __init__(self, fetch):
        self.fetch = fetch
        self.rows = 0

    def __call__(self, position, upper, limit):
        found = self.fetch(position, upper, limit)
        self.rows += len(found)
        return found


@pytest.mark.parametrize("size", [1_000, 6_000])
def test_a_page_costs_the_same_in_a_bucket_of_any_size(index, size):
    with index.change():
        for number in range(size):
            index.put("b", entry(f"{number % 10}/{number:06d}"))
    counting = Counting(listing.objects(index, "b"))
    folders = listing.page(counting, "", "/", Position(b""), 1000)
    assert folders.prefixes == [f"{number}/" for number in range(10)]
    assert counting.rows <= 10 * listing.FIRST_BATCH
    counting.rows = 0
    page = listing.page(counting, "5/", "", Position(b"5/000050"), 20)
    assert (len(page.entries), page.truncated, counting.rows) == (20, True, 21)


def test_versions_are_listed_from_new_to_old(index):
    index.set_versioning("b", Versioning.ENABLED)
    for number in range(3):
        index.put("b", entry("k", version=f"v{number}"))
    found = listing.page(listing.versions(index, "b"), "", "", Position(b""), 2, by_version=True)
    assert [each.version for each in found.entries] == ["v2", "v1"]
    rest = listing.page(
        listing.versions(index, "b"),
        "",
        "",
        Position(b"k", below=found.entries[-1].sequence),
        2,
        by_version=True,
    )
    assert ([each.version for each in rest.entries], rest.truncated) == (["v0"], False)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_checksums_of_parts(algorithm):
    parts = [b"a" * 1000, b"b" * 77]
    values = []
    for part in parts:
        running = checksums.running(algorithm)
        running.update(part)
        values.append((checksums.finished(algorithm, running).value, len(part)))
    whole = checksums.running(algorithm)
    whole.update(b"".join(parts))
    if algorithm not in (Algorithm.SHA1, Algorithm.SHA256):
        combined = checksums.of_parts(algorithm, Kind.FULL_OBJECT, values)
        assert combined == checksums.finished(algorithm, whole)
    composed = checksums.of_parts(algorithm, Kind.COMPOSITE, values)
    assert composed.value.endswith("-2")
    assert checksums.Checksum.parse(str(composed)) == composed


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-4", (0, 5)),
        ("bytes=5-", (5, 5)),
        ("bytes=-3", (7, 3)),
        ("bytes=3-100", (3, 7)),
        ("bytes=0-1,3-4", None),
        ("bytes=4-3", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
    ],
)
def test_ranges_of_ten_bytes(header, expected):
    assert ranges.of_header(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_ranges_outside(header):
    with pytest.raises(AwsError, match="InvalidRange"):
        ranges.of_header(header, 10)


def test_parts_of_an_object():
    made = entry("k", size=12, parts=json.dumps([(1, 5, "x"), (4, 7, "y")]))
    assert ranges.of_part(made, "2") == (5, 7, 2)
    assert ranges.of_part(entry("k", size=3), "1") == (0, 3, 0)
    for text in ("0", "3", "x"):
        with pytest.raises(AwsError):
            ranges.of_part(made, text)


SUN, MON, TUE = (
    f"{day}, {number:02d} Jan 2026 00:00:00 GMT" for day, number in (("Sun", 4), ("Mon", 5), ("Tue", 6))
)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"if-match": '"e"'}, False),
        ({"if-match": '"x"'}, "refused"),
        ({"if-match": '"x", "e"'}, False),
        ({"if-match": "*"}, False),
        ({"if-none-match": '"e"'}, True),
        ({"if-none-match": 'W/"e"'}, True),
        ({"if-none-match": '"x"'}, False),
        ({"if-modified-since": SUN}, False),
        ({"if-modified-since": TUE}, True),
        ({"if-unmodified-since": SUN}, "refused"),
        ({"if-unmodified-since": TUE}, False),
        ({"if-unmodified-since": "no date"}, False),
        # An entity tag decides before a date does.
        ({"if-match": '"e"', "if-unmodified-since": SUN}, False),
        ({"if-none-match": '"x"', "if-modified-since": TUE}, False),
    ],
)
def test_conditions_of_a_read(headers, expected):
    made = entry("k", modified=1767571200.0)
    if expected == "refused":
        with pytest.raises(AwsError, match="PreconditionFailed"):
            conditions.unmodified(headers, made)
    else:
        assert conditions.unmodified(headers, made) is expected


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("localhost:4566", ""),
        ("127.0.0.1:4566", ""),
        ("s3.localhost", ""),
        ("s3.us-east-1.localhost:1", ""),
        ("name.localhost:4566", "name"),
        ("a.dotted.name.localhost", "a.dotted.name"),
        ("name.s3.localhost", "name"),
        ("name.s3.eu-west-1.localhost:80", "name"),
        ("[::1]:4566", ""),
    ],
)
def test_a_host_names_a_bucket(host, bucket):
    assert hosted_bucket(host) == bucket


def test_marks_are_a_set_of_numbers():
    marks = Marks()
    numbers = [5 << 32, (5 << 32) + 7, (5 << 32) + 100_000, (6 << 32) + 1]
    for number in numbers:
        marks.add(number)
    assert all(number in marks for number in numbers)
    assert not any(number + 1 in marks for number in numbers)
    assert 3 not in marks
