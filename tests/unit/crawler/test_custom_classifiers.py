import gzip
from typing import Any

import pytest

from sandbox.errors import AwsError
from sandbox.glue.crawler import json_path
from sandbox.glue.crawler.classification import recognise
from sandbox.glue.crawler.classifiers import Classifier, Kind
from sandbox.glue.crawler.custom import prepared
from sandbox.glue.crawler.profile import Recognised, SerDe, Unreadable
from sandbox.glue.crawler.schema import merge_columns, similarity, spell

QUOTED = "id;name\n1;'a;b'\n2;'c'\n"


def classifier(kind: Kind, **definition: Any) -> Classifier:
    return Classifier(kind, "mine", definition, 0.0, 0.0)


def found(text: str | bytes, kind: Kind, whole: bool = True, **definition: Any) -> Recognised:
    data = text.encode() if isinstance(text, str) else text
    return recognise(data, whole, [prepared(classifier(kind, **definition))])


def columns(seen: Recognised) -> dict[str, str]:
    return {name: spell(kind) for name, kind in seen.columns}


def csv(text: str, **definition: Any) -> Recognised:
    return found(text, Kind.CSV, **definition)


def test_a_delimiter_and_a_quote_symbol_of_ones_own() -> None:
    seen = csv(QUOTED.replace(";", "#"), Delimiter="#", QuoteSymbol="'")
    assert (columns(seen), seen.records, seen.quoted) == ({"id": "bigint", "name": "string"}, 2, True)
    assert seen.format.serde is SerDe.OPEN_CSV
    assert dict(seen.format.settings) == {"separatorChar": "#", "quoteChar": "'", "escapeChar": "\\"}


@pytest.mark.parametrize(
    ("serde", "quote", "library"),
    [
        ("OpenCSVSerDe", None, SerDe.OPEN_CSV),
        ("LazySimpleSerDe", "'", SerDe.LAZY_SIMPLE),
        ("None", "'", SerDe.OPEN_CSV),
        ("None", None, SerDe.LAZY_SIMPLE),
        (None, None, SerDe.LAZY_SIMPLE),
    ],
)
def test_the_serde_of_csv(serde: str | None, quote: str | None, library: SerDe) -> None:
    given = {"Serde": serde, "QuoteSymbol": quote}
    text = "id;name\n1;a\n2;c\n"
    assert csv(text, **{name: value for name, value in given.items() if value}).format.serde is library


@pytest.mark.parametrize(
    ("heading", "names", "expected", "header", "records"),
    [
        ("PRESENT", (), ["ada", "london"], True, 1),
        ("PRESENT", ("name", "city"), ["name", "city"], True, 1),
        ("ABSENT", (), ["col0", "col1"], False, 2),
        ("ABSENT", ("name", "city"), ["name", "city"], False, 2),
        ("UNKNOWN", (), ["col0", "col1"], False, 2),
        ("UNKNOWN", ("name", "city"), ["name", "city"], False, 2),
        ("UNKNOWN", ("ada", "london"), ["ada", "london"], True, 1),
    ],
)
def test_the_header_of_csv(
    heading: str, names: tuple[str, ...], expected: list[str], header: bool, records: int
) -> None:
    seen = csv("ada,london\nbob,paris\n", ContainsHeader=heading, Header=list(names))
    assert ([*columns(seen)], seen.format.header, seen.records) == (expected, header, records)


def test_names_for_another_number_of_columns_are_not_for_this_text() -> None:
    assert "x" not in columns(csv("1,2\n3,4\n", Header=["x", "y", "z"]))


@pytest.mark.parametrize(("untrimmed", "kind"), [(None, "string"), (True, "string"), (False, "bigint")])
def test_values_are_trimmed_only_when_it_is_asked_for(untrimmed: bool | None, kind: str) -> None:
    given = {} if untrimmed is None else {"DisableValueTrimming": untrimmed}
    assert columns(csv("k,v\na, 1\nb, 2\n", **given, ContainsHeader="PRESENT"))["v"] == kind


def test_a_single_column() -> None:
    text = "word\nsome\nmore\n"
    assert csv(text).format.classification == "UNKNOWN"
    seen = csv(text, AllowSingleColumn=True, ContainsHeader="PRESENT")
    assert (columns(seen), seen.records) == ({"word": "string"}, 2)


@pytest.mark.parametrize(
    ("values", "allowed", "kind"),
    [
        (("1", "2"), ["SHORT", "INT", "LONG"], "smallint"),
        (("1", "70000"), ["SHORT", "INT", "LONG"], "int"),
        (("1", "3000000000"), ["SHORT", "INT", "LONG"], "bigint"),
        (("1", "2"), ["STRING"], "string"),
        (("1.25", "-100.5"), ["DECIMAL", "DOUBLE"], "decimal(5,2)"),
        (("1.25", "1e3"), ["DECIMAL", "DOUBLE"], "double"),
        (("1.25", "2"), ["FLOAT"], "float"),
        (("2026-11-27", "2026-02-28"), ["DATE", "TIMESTAMP"], "date"),
        (("2026-11-27", "2026-02-30"), ["DATE", "TIMESTAMP"], "string"),
        (("2026-11-27 09:00:01", "2026-11-27T09:00:01.5"), ["DATE", "TIMESTAMP"], "timestamp"),
        (("true", "FALSE"), ["BOOLEAN", "STRING"], "boolean"),
        (("", ""), ["INT"], "string"),
        (("", "7"), ["INT"], "int"),
    ],
)
def test_custom_data_types(values: tuple[str, ...], allowed: list[str], kind: str) -> None:
    text = "k,v\n" + "".join(f"x,{value}\n" for value in values)
    given = {"CustomDatatypes": allowed, "ContainsHeader": "PRESENT"}
    assert columns(csv(text, **given, CustomDatatypeConfigured=True))["v"] == kind


def test_custom_data_types_count_when_they_are_configured() -> None:
    text = "k,v\nx,2026-11-27\n"
    assert columns(csv(text, CustomDatatypes=["DATE"], ContainsHeader="PRESENT"))["v"] == "string"


def test_a_json_path_chooses_the_rows() -> None:
    text = '[{"type": "a", "id": 1}, {"type": "b", "id": 2}, {"id": 3}]'
    seen = found(text, Kind.JSON, JsonPath="$[*]")
    assert (columns(seen), seen.records) == ({"type": "string", "id": "int"}, 3)
    assert seen.format.properties == (("jsonPath", "$[*]"),)
    assert columns(found(text, Kind.JSON, JsonPath="$"))["array"] == "array<struct<type:string,id:int>>"


@pytest.mark.parametrize(
    ("path", "nodes"),
    [
        ("$.rows[*].n", [1, 2]),
        ("$['rows'][1]['n']", [2]),
        ('$["rows"][0]', [{"n": 1}]),
        ("$.rows.*.n", [1, 2]),
        ("$.*", [[{"n": 1}, {"n": 2}], "x"]),
        ("$.none.at.all", []),
        ("$.rows[7]", []),
        ("$.meta[0]", []),
    ],
)
def test_json_paths(path: str, nodes: list[Any]) -> None:
    assert json_path.parse(path).select({"rows": [{"n": 1}, {"n": 2}], "meta": "x"}) == nodes


def test_a_json_path_to_values_makes_one_column() -> None:
    seen = found('{"a": {"n": "x"}}\n{"b": 1}\n{"a": {"n": "y"}}\n', Kind.JSON, JsonPath="$.a.n")
    assert (columns(seen), seen.records) == ({"record": "string"}, 2)


def test_a_json_path_that_finds_nothing_leaves_the_text_to_the_built_in_classifier() -> None:
    seen = found('{"a": 1}\n', Kind.JSON, JsonPath="$.rows[*]")
    assert (columns(seen), seen.format.properties) == ({"a": "int"}, ())


BOOKS = """<?xml version="1.0"?>
<catalog>
  <shop><name>corner</name></shop>
  <book id="bk101" pages="97"><author>Rivera, Martha</author><title lang="en">Guide</title>
    <price>44.95</price><page><n>1</n></page><page><n>2</n></page></book>
  <book id="bk102"><author>Stiles, John</author><author>Ada</author><title lang="en">Style</title>
    <price/></book>
  <book id="bk103"/>
</catalog>
"""


def test_xml_rows() -> None:
    seen = found(BOOKS, Kind.XML, RowTag="book", Classification="books")
    assert columns(seen) == {
        "_id": "string",
        "_pages": "int",
        "author": "array<string>",
        "title": "struct<_lang:string,_VALUE:string>",
        "price": "double",
        "page": "array<struct<n:int>>",
    }
    # A self-closing element is no row; one that is merely empty is.
    assert (
        found("<r><row/><row></row><row><a/></row></r>", Kind.XML, RowTag="row", Classification="x").records
        == 2
    )
    assert seen.records == 2
    assert (seen.format.classification, seen.format.serde) == ("books", SerDe.NONE)
    assert seen.format.settings == seen.format.properties == (("rowTag", "book"),)


def test_xml_files_in_which_an_element_comes_once_or_more() -> None:
    def file(*authors: str) -> Recognised:
        text = "".join(f"<author>{each}</author>" for each in authors)
        return found(f"<r><row><n>1</n>{text}</row></r>", Kind.XML, RowTag="row", Classification="xml")

    once, twice = file("1"), file("2", "x")
    for both in ((once, twice), (twice, once)):
        columns_of_both = dict(merge_columns(each.columns for each in both))
        assert spell(columns_of_both["author"]) == "array<string>"
    assert similarity(once.columns, file("2", "3").columns) == 1.0


def test_xml_without_such_rows_or_cut_off() -> None:
    with pytest.raises(Unreadable, match="crawling xml is not emulated without a classifier"):
        found(BOOKS, Kind.XML, RowTag="film", Classification="xml")
    cut = BOOKS[: BOOKS.index("<title lang", 300)]
    seen = found(cut, Kind.XML, whole=False, RowTag="book", Classification="xml")
    assert (seen.records, seen.complete) == (1, False)
    with pytest.raises(Unreadable, match="the XML is not well-formed"):
        found(cut, Kind.XML, RowTag="book", Classification="xml")


def test_xml_entities_do_not_grow_without_bound() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY e0 "xxxxxxxxxx">'
    bomb += "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    text = f"{bomb}]><r><row><a>1</a></row><row><a>&e11;</a></row></r>"
    with pytest.raises(Unreadable, match="amplification"):
        found(text, Kind.XML, RowTag="row", Classification="xml")


def test_grok_in_compressed_text() -> None:
    data = gzip.compress(b"INFO started\nWARN late\n")
    seen = found(data, Kind.GROK, Classification="app", GrokPattern="%{LEVEL:level} %{GREEDYDATA:text}",
                 CustomPatterns="LEVEL INFO|WARN")  # fmt: skip
    assert (columns(seen), seen.records) == ({"level": "string", "text": "string"}, 2)
    assert (seen.format.classification, seen.format.compression) == ("app", "gzip")
    assert dict(seen.format.settings) == {
        "input.format": "%{LEVEL:level} %{GREEDYDATA:text}",
        "input.grokCustomPatterns": "LEVEL INFO|WARN",
    }


def grok(name: str, pattern: str) -> Classifier:
    return Classifier(Kind.GROK, name, {"Classification": name, "GrokPattern": pattern}, 0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("1 a\n2 b\n", "numbered"),  # both fit: the first counts
        ("x a\ny b\n", "words"),
        ("1 a\n2 b\n! !\n", "numbered"),  # neither is certain: the surer one, the first of equals
        ("1 a\nx b\n! !\n", "words"),
        ("1,a\n2,b\n! x\n", "csv"),  # a built-in classifier that is certain comes before
        ("!\n", "UNKNOWN"),
    ],
)
def test_the_first_certain_answer_or_the_surest_one(text: str, chosen: str) -> None:
    custom = [grok("numbered", "^%{INT:n} %{WORD:w}$"), grok("words", "%{WORD:v} %{WORD:w}$")]
    if chosen == "csv":
        custom = [grok("few", "^! %{WORD:w}$")]
        text = text.replace("! x\n", "3,c\n")
    seen = recognise(text.encode(), True, [prepared(each) for each in custom])
    assert seen.format.classification == chosen


@pytest.mark.parametrize(
    ("kind", "definition", "message"),
    [
        (Kind.CSV, {"Delimiter": "'", "QuoteSymbol": "'"}, "QuoteSymbol must be different from Delimiter"),
        (Kind.CSV, {"Delimiter": '"'}, "QuoteSymbol must be different from Delimiter"),
        (Kind.CSV, {"CustomDatatypes": ["MONEY"]}, "MONEY: custom data types are"),
        (Kind.JSON, {"JsonPath": "a.b"}, "does not begin with"),
        (Kind.JSON, {"JsonPath": "$..a"}, "cannot be read from"),
        (Kind.GROK, {"Classification": "x", "GrokPattern": "%{NOPE}"}, "NOPE"),
        (Kind.XML, {"Classification": "x", "RowTag": "<row>"}, "'<row>' is no name of an XML element"),
    ],
)
def test_definitions_that_no_data_can_follow(kind: Kind, definition: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError, match=message) as caught:
        prepared(classifier(kind, **definition))
    assert caught.value.code == "InvalidInputException"


@pytest.mark.parametrize(
    ("kind", "definition", "message"),
    [
        (Kind.XML, {"Classification": "x"}, "an XML classifier without RowTag"),
        (Kind.CSV, {"CustomDatatypes": ["BINARY"]}, "the custom data type BINARY"),
    ],
)
def test_definitions_that_are_not_emulated(kind: Kind, definition: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError, match=message) as caught:
        prepared(classifier(kind, **definition))
    assert (caught.value.code, caught.value.status) == ("NotEmulated", 501)
