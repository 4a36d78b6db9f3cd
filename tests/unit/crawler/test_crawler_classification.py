import bz2
import gzip

import pytest
from crawler_clients import FILES, Bucket

from sandbox.glue.crawler import classification, compression, delimited, parquet
from sandbox.glue.crawler.classification import profile, recognise
from sandbox.glue.crawler.listing import Object
from sandbox.glue.crawler.profile import UNKNOWN, Recognised, Unreadable
from sandbox.glue.crawler.schema import spell

ADULT = (
    "39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male,"
    " 2174, 0, 40, United-States, <=50K\n"
    "54, ?, 180211, Some-college, 10, Married-civ-spouse, ?, Husband, Asian-Pac-Islander, Male,"
    " 0, 0, 60, South, >50K\n\n"
)


def types(found: Recognised) -> list[str]:
    return [spell(kind) for _, kind in found.columns]


def names(found: Recognised) -> list[str]:
    return [name for name, _ in found.columns]


def csv(text: str) -> Recognised:
    found = recognise(text.encode(), whole=True)
    assert found.format.classification == "csv"
    return found


def test_the_adult_file() -> None:
    found = csv(ADULT)
    assert names(found) == [f"col{index}" for index in range(15)]
    assert [index for index, kind in enumerate(types(found)) if kind == "bigint"] == [0, 2, 4, 10, 11, 12]
    assert set(types(found)) == {"bigint", "string"}
    assert (found.format.delimiter, found.format.header, found.records, found.complete) == (
        ",",
        False,
        2,
        True,
    )


@pytest.mark.parametrize("delimiter", [",", "|", "\t", ";", "\x01"])
def test_delimiters(delimiter: str) -> None:
    found = csv("".join(delimiter.join(row) + "\n" for row in (["id", "name"], ["1", "x"], ["2", "y"])))
    assert (found.format.delimiter, found.format.header, names(found)) == (delimiter, True, ["id", "name"])
    assert found.records == 2


def test_the_delimiter_is_the_one_that_makes_rows_of_one_width() -> None:
    assert csv("1|a,b\n2|c\n3|d,e,f\n").format.delimiter == "|"
    assert csv("1;2,5;a\n2;3,5;b\n").columns == (("col0", "bigint"), ("col1", "string"), ("col2", "string"))


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("id,name\n1,x\n", True),
        ("name,city\nada,london\n", False),  # all strings: nothing tells a header from a row
        ("1,name\n2,x\n", False),  # a header has no number
        ("id,\n1,\n", True),  # a trailing delimiter
        (",id\nx,1\n", False),  # an empty name is none
        ("a" * 150 + ",b\n1,2\n", False),
        ("a" * 149 + ",b\n1,2\n", True),
        ("b," + "a" * 150 + "\n1,2\n", True),  # the last column may be long
        ("true,name\n1,x\n", False),
        ('"a\x07",b\n1,2\n', False),  # no control characters
    ],
)
def test_header_detection(text: str, header: bool) -> None:
    assert csv(text).format.header is header


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "+3"], "bigint"),
        (["1", " 2.5"], "double"),
        (["1e5", ".5", "3."], "double"),
        (["1", ""], "bigint"),
        (["", ""], "string"),
        (["1", "NA"], "string"),
        (["9223372036854775807"], "bigint"),
        (["9223372036854775808"], "double"),
        (["true", "False"], "boolean"),
        (["true", "1"], "string"),
        (["2020-01-01"], "string"),
        (["2020-01-01 10:00:00"], "string"),
        (["nan", "inf"], "string"),
        (["1_000"], "string"),
    ],
)
def test_types_of_csv(values: list[str], kind: str) -> None:
    found = csv("k,v\n" + "".join(f"1,{value}\n" for value in [*values, values[0]]))
    assert (names(found)[1], types(found)[1]) == ("v", kind)


def test_names_of_columns() -> None:
    assert names(csv("ID, Drg Definition ,id,\n1,x,2,\n")) == ["id", "drg definition", "id_2", "col3"]


def test_quoted_fields_hold_delimiters_and_line_ends() -> None:
    found = csv('id,text\n1,"a,b"\n2,"c\nd"\n3,"e ""f"""\n')
    assert (found.records, found.quoted, names(found)) == (3, True, ["id", "text"])
    assert not csv("id,height\n1,5'\n2,6'\n").quoted


def test_records_are_not_said_to_be_counted_when_the_parser_gave_up() -> None:
    rows = "1,2\n" * delimited.SAMPLE_RECORDS * 300
    found = csv(rows + '3,"' + "x" * 200_000 + '"\n')
    assert (found.records, found.complete) == (300_001, False)


def test_line_ends_of_windows_and_a_byte_order_mark() -> None:
    found = csv("\ufeffid,name\r\n1,x\r\n\r\n2,y\r\n")
    assert (names(found), found.records) == (["id", "name"], 2)


def test_types_come_from_the_first_thousand_records_only() -> None:
    late = csv("k,v\n" + "1,2\n" * delimited.SAMPLE_RECORDS + "1,NA\n")
    assert late.columns[1] == ("v", "bigint")
    early = csv("k,v\n" + "1,2\n" * (delimited.SAMPLE_RECORDS - 1) + "1,NA\n")
    assert early.columns[1] == ("v", "string")
    assert late.records == delimited.SAMPLE_RECORDS + 1


@pytest.mark.parametrize(
    "text", ["just words\nand more\n", "a,b\n", "x\n", "\x00\x01\x02,3\n1,2\n", "a,b\nc\nd,e,f\n"]
)
def test_what_is_no_csv_is_unknown(text: str) -> None:
    found = recognise(text.encode(), whole=True)
    assert (found.format.classification, found.columns) == (UNKNOWN, ())


def json(text: str) -> Recognised:
    found = recognise(text.encode(), whole=True)
    assert found.format.classification == "json"
    return found


def test_json_lines() -> None:
    found = json(
        '{"userId": 1, "at": 1655563258079, "ok": true, "x": 1.5, "n": null}\n\n'
        '{"userId": 2, "tags": ["a"], "place": {"lat": 1, "on": null}, "x": 2, "n": "z"}\n'
    )
    assert dict(zip(names(found), types(found), strict=True)) == {
        "userId": "int",
        "at": "bigint",
        "ok": "boolean",
        "x": "double",
        "n": "string",
        "tags": "array<string>",
        "place": "struct<lat:int,on:string>",
    }
    assert found.records == 2


def test_json_objects_over_several_lines() -> None:
    found = json('{\n  "a": 1\n}\n{\n  "a": 2.5\n}\n')
    assert (found.columns, found.records) == ((("a", "double"),), 2)


def test_a_json_array_is_one_column() -> None:
    found = json('[{"a": 1}, {"b": "x"}]')
    assert [*zip(names(found), types(found), strict=True)] == [("array", "array<struct<a:int,b:string>>")]


@pytest.mark.parametrize(
    "text", ['{"a": 1}\n{"a": \n', '{"a": 1}\nnot json\n', "{a}\n", '"text"\n"more"\n', "[" * 100_000]
)
def test_what_is_no_json(text: str) -> None:
    assert recognise(text.encode(), whole=True).format.classification != "json"


def test_a_json_value_that_is_cut_off_at_the_end_of_the_sample_is_no_fault() -> None:
    found = recognise(b'{"a": 1}\n{"a": 2}\n{"a"', whole=False)
    assert (found.format.classification, found.records, found.complete) == ("json", 2, False)


@pytest.mark.parametrize(("compress", "name"), [(gzip.compress, "gzip"), (bz2.compress, "bzip2")])
def test_compressed_text(compress, name: str) -> None:
    half = len(ADULT) // 2
    for data in (compress(ADULT.encode()), compress(ADULT[:half].encode()) + compress(ADULT[half:].encode())):
        found = recognise(data, whole=True)
        assert (found.format.classification, found.format.compression) == ("csv", name)
        assert (found.records, len(found.columns)) == (2, 15)
        with pytest.raises(Unreadable, match=f"{name} data ends too early"):
            recognise(data[:-9], whole=True)
    damaged = bytearray(compress(ADULT.encode() * 50))
    damaged[len(damaged) // 2] ^= 0xFF
    with pytest.raises(Unreadable, match=f"{name} data (is corrupt|ends too early)"):
        recognise(bytes(damaged), whole=True)


def test_an_archive_is_not_inflated_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "INFLATED_BYTES", 2 * 2**20)
    found = recognise(gzip.compress(b"1,2\n" * 2**22), whole=True)
    assert not found.complete
    assert found.bytes == 2 * 2**20 + 1


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"\xe0\x01\x00\xea", "ion"), (b"\x04\x22\x4d\x18", "lz4"), (b"<?xml version?>", "xml")],
)
def test_formats_that_are_not_emulated_are_refused_by_name(bucket: Bucket, data: bytes, name: str) -> None:
    bucket.put("x", data)
    with pytest.raises(Unreadable, match=f"s3://lake/x cannot be read: crawling {name} is not emulated"):
        profile(bucket, Object("lake", "x", len(data)))


def test_parquet_types_of_spark() -> None:
    found = read_parquet("types_spark.parquet")
    assert found.records == 1
    assert dict(zip(names(found), types(found), strict=True)) == COMMON | {
        "dbl": "double",
        "nested": "array<struct<k:int>>",
    }


def test_parquet_types_of_arrow() -> None:
    found = read_parquet("types_pyarrow.parquet")
    assert found.records == 3
    assert dict(zip(names(found), types(found), strict=True)) == COMMON | {
        "double": "double",
        "unsigned": "bigint",
        "nano": "timestamp",
    }


COMMON = {
    "flag": "boolean", "tiny": "tinyint", "small": "smallint", "whole": "int", "large": "bigint",
    "single": "float", "price": "decimal(10,2)", "text": "string", "raw": "binary", "day": "date",
    "moment": "timestamp", "tags": "array<string>", "place": "struct<lat:double,names:array<string>>",
    "marks": "map<string,bigint>",
}  # fmt: skip


def read_parquet(name: str) -> Recognised:
    data = (FILES / name).read_bytes()
    return parquet.read(len(data), lambda start, end: data[start:end])


def test_only_the_footer_of_parquet_is_read(bucket: Bucket) -> None:
    data = (FILES / "people.parquet").read_bytes()
    bucket.put("p", data)
    found = profile(bucket, Object("lake", "p", len(data))).seen
    assert (found.columns, found.records) == ((("id", "bigint"), ("name", "string")), 5)
    assert sum(size for _, size in bucket.read) < len(data)


def damaged(data: bytes) -> list[bytes]:
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    noise = bytes((7 * index) % 256 for index in range(len(data) - 8 - footer))
    return [data[:-1], data[:9], data[:-8] + b"\xff\xff\xff\x7fPAR1", data[:footer] + noise + data[-8:]]


@pytest.mark.parametrize("case", range(4))
def test_a_damaged_parquet_file_names_the_object(bucket: Bucket, case: int) -> None:
    data = damaged((FILES / "people.parquet").read_bytes())[case]
    bucket.put("p", data)
    with pytest.raises(Unreadable, match="s3://lake/p cannot be read: the Parquet file"):
        profile(bucket, Object("lake", "p", len(data)))


def test_a_large_object_is_read_in_part(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classification, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(classification, "HEAD_BYTES", 100)
    bucket.put("big", "12,ab\n" * 1000)
    found = profile(bucket, Object("lake", "big", 6000)).seen
    assert (found.complete, found.bytes) == (False, 100)
    assert sum(size for _, size in bucket.read) == 100
