import io
import json
from typing import Any

import fastavro
import pyarrow
import pyarrow.orc
import pyarrow.parquet
import pytest
from crawler_clients import Bucket

from sandbox.glue.crawler import avro_file
from sandbox.glue.crawler.classification import profile, recognise
from sandbox.glue.crawler.listing import Object
from sandbox.glue.crawler.profile import Recognised, SerDe, Unreadable
from sandbox.glue.crawler.schema import Columns, merge_columns, spell

TABLE = pyarrow.table(
    {
        "flag": [True, False],
        "tiny": pyarrow.array([1, 2], pyarrow.int8()),
        "small": pyarrow.array([1, 2], pyarrow.int16()),
        "whole": pyarrow.array([1, 2], pyarrow.int32()),
        "large": [1, 2],
        "single": pyarrow.array([1.5, 2.5], pyarrow.float32()),
        "double": [1.5, 2.5],
        "text": ["a", "b"],
        "raw": [b"a", b"b"],
        "day": pyarrow.array([0, 1], pyarrow.date32()),
        "moment": pyarrow.array([0, 1], pyarrow.timestamp("us")),
        "price": pyarrow.array([1, 2], pyarrow.decimal128(10, 2)),
        "tags": [["x"], []],
        "place": [{"lat": 1.5, "names": ["a"]}, None],
        "marks": pyarrow.array([[("k", 1)], []], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
    }
)
TYPES = {
    "flag": "boolean", "tiny": "tinyint", "small": "smallint", "whole": "int", "large": "bigint",
    "single": "float", "double": "double", "text": "string", "raw": "binary", "day": "date",
    "moment": "timestamp", "price": "decimal(10,2)", "tags": "array<string>",
    "place": "struct<lat:double,names:array<string>>", "marks": "map<string,bigint>",
}  # fmt: skip


def columns(seen: Recognised) -> dict[str, str]:
    return {name: spell(kind) for name, kind in seen.columns}


def seen(bucket: Bucket, data: bytes) -> Recognised:
    bucket.put("f", data)
    return profile(bucket, Object("lake", "f", len(data))).seen


def orc(codec: str = "uncompressed", rows: pyarrow.Table = TABLE) -> bytes:
    out = io.BytesIO()
    pyarrow.orc.write_table(rows, out, compression=codec)
    return out.getvalue()


@pytest.mark.parametrize("codec", ["uncompressed", "zlib", "snappy", "zstd"])
def test_orc(bucket: Bucket, codec: str) -> None:
    found = seen(bucket, orc(codec))
    assert (columns(found), found.records, found.complete) == (TYPES, 2, True)
    assert (found.format.classification, found.format.serde) == ("orc", SerDe.ORC)


def test_only_the_footer_of_orc_is_read(bucket: Bucket) -> None:
    values = pyarrow.table({"v": [f"{n * 2654435761 % 2**32:x}" * 3 for n in range(100_000)]})
    data = orc(rows=values)
    assert seen(bucket, data).records == 100_000
    assert sum(size for _, size in bucket.read) < len(data) / 10


def test_text_that_begins_like_orc(bucket: Bucket) -> None:
    assert columns(seen(bucket, b"ORCID,n\nx,1\ny,2\n")) == {"orcid": "string", "n": "bigint"}


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-3], lambda d: d[:-1] + b"\xff", lambda d: d[:3] + b"\0" * 9]
)
def test_a_damaged_orc_file_names_the_object(bucket: Bucket, damage: Any) -> None:
    with pytest.raises(Unreadable, match="s3://lake/f cannot be read: the ORC file has no valid footer"):
        seen(bucket, damage(orc()))


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "none"])
def test_parquet_is_packed_inside(bucket: Bucket, codec: str) -> None:
    out = io.BytesIO()
    pyarrow.parquet.write_table(TABLE, out, compression=codec)
    found = seen(bucket, out.getvalue())
    assert (columns(found), found.records, found.format.compression) == (TYPES, 2, "none")


PLACE = {
    "type": "record",
    "name": "Place",
    "fields": [
        {"name": "lat", "type": "double"},
        {"name": "names", "type": {"type": "array", "items": "string"}},
    ],
}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Row",
    "namespace": "lake.test",
    "fields": [
        {"name": "flag", "type": "boolean"},
        {"name": "whole", "type": "int"},
        {"name": "large", "type": ["null", "long"]},
        {"name": "single", "type": "float"},
        {"name": "double", "type": "double"},
        {"name": "text", "type": {"type": "string", "avro.java.string": "String"}},
        {"name": "raw", "type": "bytes"},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "moment", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "local", "type": {"type": "long", "logicalType": "local-timestamp-micros"}},
        {"name": "clock", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
        {"name": "key", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "suit", "type": {"type": "enum", "name": "Suit", "symbols": ["HEARTS", "SPADES"]}},
        {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 2}},
        {"name": "place", "type": ["null", PLACE]},
        {"name": "other", "type": "Place"},
        {"name": "marks", "type": {"type": "map", "values": ["null", "long"]}},
        {"name": "either", "type": ["null", "int", "string"]},
        {"name": "nothing", "type": "null"},
    ],
}  # fmt: skip
KEY = "12345678-1234-5678-1234-567812345678"
ROW: dict[str, Any] = {
    "flag": True, "whole": 1, "large": None, "single": 1.5, "double": 2.5, "text": "a", "raw": b"a",
    "day": 0, "moment": 0, "local": 0, "clock": 0, "price": b"\1", "key": KEY, "suit": "SPADES",
    "hash": b"ab", "place": {"lat": 1.5, "names": ["x"]}, "other": {"lat": 2.5, "names": []},
    "marks": {"k": 1}, "either": "x", "nothing": None,
}  # fmt: skip


def avro(schema: Any = SCHEMA, rows: int = 3, codec: str = "null", row: Any = ROW, **options: Any) -> bytes:
    out = io.BytesIO()
    fastavro.writer(out, schema, [row] * rows, codec=codec, sync_marker=b"0123456789abcdef", **options)
    return out.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2"])
def test_avro(bucket: Bucket, codec: str) -> None:
    found = seen(bucket, avro(rows=2000, codec=codec, sync_interval=1000))
    place = "struct<lat:double,names:array<string>>"
    assert columns(found) == {
        "flag": "boolean", "whole": "int", "large": "bigint", "single": "float", "double": "double",
        "text": "string", "raw": "binary", "day": "date", "moment": "timestamp", "local": "timestamp",
        "clock": "int", "price": "decimal(10,2)", "key": "string", "suit": "string", "hash": "binary",
        "place": place, "other": place, "marks": "map<string,bigint>", "either": "uniontype<int,string>",
        "nothing": "string",
    }  # fmt: skip
    assert (found.records, found.complete) == (2000, True)
    assert (found.format.classification, found.format.compression) == ("avro", "none")
    assert json.loads(found.schema) == SCHEMA


def test_records_of_avro_are_counted_without_unpacking_them() -> None:
    data = avro().replace(b"\x08null", b"\x0csnappy")
    assert b"snappy" in data
    assert recognise(data, whole=True).records == 3


def test_the_beginning_of_a_large_avro_file() -> None:
    data = avro(rows=2000, sync_interval=1000)
    found = recognise(data[: len(data) // 2], whole=False)
    assert (found.complete, 0 < found.records < 2000) == (False, True)


SELF: Any = {"type": "record", "name": "Tree", "fields": [{"name": "left", "type": ["null", "Tree"]}]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (avro()[:20], "the Avro file has no valid header"),
        (b"Obj\x01" + b"\xff" * 50, "the Avro file has no valid header"),
        (avro().replace(b'"record"', b'"rekord"'), "the Avro file has no valid header"),
        (avro()[:-20], "the Avro file ends too early"),
        (avro()[:-1] + b"\0", "a block does not end with the file's sync marker"),
        (avro("string", row="x"), "whose schema is no record"),
        (avro(SELF, row={"left": None}), "contain themselves is not emulated: Tree"),
    ],
    ids=["cut header", "noise", "schema", "cut block", "marker", "no record", "recursion"],
)
def test_an_avro_file_that_cannot_be_read(bucket: Bucket, data: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=f"s3://lake/f cannot be read: .*{message}"):
        seen(bucket, data)


def test_one_schema_for_avro_files_of_several() -> None:
    columns: Columns = recognise(avro(), True).columns
    same = json.dumps(SCHEMA)
    assert avro_file.merged([same, same], columns) == same
    newer = SCHEMA | {"fields": [*SCHEMA["fields"][1:], {"name": "added", "type": "int"}]}
    newer_columns = (*columns, ("added", "int"))
    united = json.loads(avro_file.merged([same, json.dumps(newer)], newer_columns))
    assert (united["name"], united["namespace"]) == ("Row", "lake.test")
    assert all(each["type"][0] == "null" and each["default"] is None for each in united["fields"])
    [read] = fastavro.reader(io.BytesIO(avro(rows=1)), reader_schema=united)
    [plain] = fastavro.reader(io.BytesIO(avro(rows=1)))
    assert isinstance(plain, dict)
    assert read == plain | {"added": None}


def test_avro_columns_about_which_files_disagree() -> None:
    def file(kind: Any, value: Any) -> bytes:
        fields = [{"name": "n", "type": kind}, {"name": "at", "type": ["null", PLACE]}]
        return avro({"type": "record", "name": "r", "fields": fields}, 1, row={"n": value, "at": None})

    small, large = file("int", 7), file("long", 2**40)
    both = [recognise(each, True) for each in (small, large)]
    columns = merge_columns(each.columns for each in both)
    united = json.loads(avro_file.merged([each.schema for each in both], columns))
    for data, value in ((small, 7), (large, 2**40)):
        assert [*fastavro.reader(io.BytesIO(data), reader_schema=united)] == [{"n": value, "at": None}]
