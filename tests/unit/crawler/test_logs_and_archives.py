import io
import zipfile

import pytest

from sandbox.glue.crawler import compression
from sandbox.glue.crawler.classification import recognise
from sandbox.glue.crawler.profile import Recognised, SerDe, Unreadable

COMMON = '10.0.0.1 - ada [27/Nov/2026:09:00:01 +0100] "GET /a?b=c HTTP/1.1" 200 512\n'
MINIMAL = 'example.com - - [27/Nov/2026:09:00:02 +0100] "-" 408 -\n'
AGENTS = ' "http://example.com/" "Mozilla/5.0 (\\"X11\\")"\n'
COMBINED = "".join(line[:-1] + AGENTS for line in (COMMON, MINIMAL))
FIELDS = [
    "clientip",
    "ident",
    "auth",
    "timestamp",
    "verb",
    "request",
    "httpversion",
    "rawrequest",
    "response",
    "bytes",
]


def seen(text: str) -> Recognised:
    return recognise(text.encode(), whole=True)


@pytest.mark.parametrize(
    ("text", "classification", "pattern", "fields"),
    [
        (COMBINED, "combined_apache", "%{COMBINEDAPACHELOG}", [*FIELDS, "referrer", "agent"]),
        (COMMON + MINIMAL, "apache", "%{COMMONAPACHELOG}", FIELDS),
        (COMBINED + COMMON, "apache", "%{COMMONAPACHELOG}", FIELDS),
    ],
)
def test_logs_of_apache(text: str, classification: str, pattern: str, fields: list[str]) -> None:
    found = seen(text)
    assert found.format.classification == classification
    assert found.columns == tuple((name, "string") for name in fields)
    assert (found.format.serde, found.format.settings) == (SerDe.GROK, (("input.format", pattern),))
    assert found.records == len(text.splitlines())


def test_a_log_of_ruby() -> None:
    found = seen(
        "I, [2026-11-27T09:00:01.123456 #4711]  INFO -- : started\n"
        "W, [2026-11-27T09:00:02.000001 #4711]  WARN -- worker: low on disk: 5%\n"
    )
    assert found.format.classification == "ruby_logger"
    assert found.columns == (
        ("timestamp", "string"), ("pid", "int"), ("loglevel", "string"), ("progname", "string"),
        ("message", "string"),
    )  # fmt: skip
    assert found.records == 2


def test_a_line_that_is_no_entry_makes_it_no_log() -> None:
    assert seen(COMMON + "what is this\n" + COMMON).format.classification == "UNKNOWN"


def archive(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.mkdir("folder")
        for name, text in members.items():
            made.writestr(f"folder/{name}", text)
    return out.getvalue()


def test_a_zip_with_one_member() -> None:
    found = recognise(archive(a="id,name\n1,x\n"), whole=True)
    assert (found.format.classification, found.format.compression, found.records) == ("csv", "zip", 1)
    assert recognise(archive(a='{"a": 1}\n'), whole=True).format.classification == "json"


def test_a_zip_with_several_members_is_not_recognised() -> None:
    found = recognise(archive(a="1,x\n2,y\n", b="1,x\n2,y\n"), whole=True)
    assert (found.format.classification, found.format.compression) == ("UNKNOWN", "zip")


def test_a_zip_that_cannot_be_read() -> None:
    data = archive(a="1,x\n" * 1000)
    with pytest.raises(Unreadable, match="the zip data is corrupt"):
        recognise(data[:-30], whole=True)
    start = data.index(b"folder/a") + 20
    with pytest.raises(Unreadable, match="the zip data is corrupt"):
        recognise(data[:start] + b"\0\0\0\0" + data[start + 4 :], whole=True)
    with pytest.raises(Unreadable, match="crawling a zip archive of this size is not emulated"):
        recognise(data[:100], whole=False)
    encrypted = bytearray(archive(a="1,x\n2,y\n"))
    flags = encrypted.index(b"PK\1\2", encrypted.index(b"PK\1\2") + 1) + 8
    encrypted[flags] |= 1
    with pytest.raises(Unreadable, match="the zip archive cannot be opened"):
        recognise(bytes(encrypted), whole=True)


def test_a_zip_is_not_inflated_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "INFLATED_BYTES", 2**20)
    found = recognise(archive(a="1,2\n" * 2**19), whole=True)
    assert (found.complete, found.bytes) == (False, 2**20 + 1)
