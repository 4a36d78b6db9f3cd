import pytest

from sandbox.glue.crawler import grok
from sandbox.glue.crawler.grok_patterns import BUILT_IN
from sandbox.glue.crawler.profile import SerDe, Text, Unreadable

CRAWLER_LOG = (
    "2026-11-27T09:00:01Z [c1-22-333-4-5] INFO : Created table t\n"
    "2026-11-27T09:00:02Z [c1-22-333-4-5] ERROR : no\n"
)
CRAWLER_PATTERN = "%{TIMESTAMP_ISO8601:at} \\[%{PREFIX:run}\\] %{LEVEL:level} : %{GREEDYDATA:message}"
CUSTOM = "LEVEL (BENCHMARK|ERROR|WARN|INFO|TRACE)\nPREFIX .*-.*-.*-.*-.*"


def whole(pattern: str, text: str) -> bool:
    return grok.compile(f"^%{{{pattern}}}$").fits(text)


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("USERNAME", "ada.l-1", "ada lovelace"),
        ("INT", "-12", "1.5"),
        ("NUMBER", "-1.5", "1.5.2"),
        ("BASE16NUM", "0xfe", "xyz"),
        ("BASE16FLOAT", "0x1.8", "0x"),
        ("BOOLEAN", "TRUE", "yes"),
        ("POSINT", "12", "0"),
        ("NONNEGINT", "0", "-1"),
        ("WORD", "word_1", "two words"),
        ("NOTSPACE", "a,b", "a b"),
        ("QUOTEDSTRING", '"a \\" b"', '"a'),
        ("QS", "'a b'", "a b"),
        ("UUID", "01234567-89ab-cdef-0123-456789ABCDEF", "01234567-89ab-cdef-0123"),
        ("MAC", "00:1B:44:11:3A:B7", "00:1B:44:11:3A"),
        ("IPV4", "192.168.0.255", "192.168.0.256"),
        ("IPV6", "2001:db8::ff00:42:8329", "2001:db8"),
        ("IPV6", "::1", ":1"),
        ("IPV6", "::ffff:10.0.0.1", "10.0.0.1"),
        ("IPORHOST", "example.com", "a_b c"),
        ("HOSTPORT", "10.0.0.1:80", "10.0.0.1"),
        ("PATH", "/var/log/x.log", "var"),
        ("PATH", "C:\\logs\\x", "C:"),
        ("URI", "https://ada@example.com:8080/a/b?c=d&e=f", "/a/b"),
        ("MONTH", "November", "Brumaire"),
        ("MONTHDAY", "31", "32"),
        ("DAY", "Wednesday", "Wednes"),
        ("TIME", "23:59:60", "24:00:00"),
        ("DATE_US", "12/31/2026", "31/12/2026"),
        ("DATE_EU", "31.12.2026", "12/31/2026"),
        ("TIMESTAMP_ISO8601", "2026-11-27 09:00:01,123+01:00", "27.11.2026"),
        ("DATESTAMP_RFC822", "Fri Nov 27 2026 09:00:01 UTC", "Fri Nov 27"),
        ("DATESTAMP_RFC2822", "Fri, 27 Nov 2026 09:00:01 +0100", "Fri 27 Nov"),
        ("DATESTAMP_EVENTLOG", "20261127090001", "2026-11-27"),
        ("SYSLOGTIMESTAMP", "Nov  7 09:00:01", "7 Nov 09:00:01"),
        ("SYSLOGBASE", "Nov  7 09:00:01 mail postfix/smtpd[19305]:", "Nov 7 mail"),
        ("HTTPDATE", "27/Nov/2026:09:00:01 +0100", "27/11/2026"),
        ("LOGLEVEL", "Warning", "loud"),
    ],
)
def test_built_in_patterns(pattern: str, fitting: str, other: str) -> None:
    assert whole(pattern, fitting)
    assert not whole(pattern, other)


def test_every_built_in_pattern_compiles() -> None:
    names = [line.split(" ")[0] for line in BUILT_IN.splitlines() if line]
    assert len(names) == len(set(names)) > 80
    for name in names:
        grok.compile(f"%{{{name}:x}}")


def test_fields_and_their_types() -> None:
    kinds = ("byte", "boolean", "double", "short", "int", "long", "float", "string")
    made = grok.compile(" ".join(f"%{{NOTSPACE:f_{kind}:{kind}}}" for kind in kinds) + " %{WORD} (?<raw>.*)")
    assert made.columns == (
        ("f_byte", "tinyint"), ("f_boolean", "boolean"), ("f_double", "double"), ("f_short", "smallint"),
        ("f_int", "int"), ("f_long", "bigint"), ("f_float", "float"), ("f_string", "string"),
        ("raw", "string"),
    )  # fmt: skip


def test_custom_patterns_and_nested_fields() -> None:
    made = grok.compile(CRAWLER_PATTERN, CUSTOM)
    assert [name for name, _ in made.columns] == ["at", "run", "level", "message"]
    assert all(map(made.fits, CRAWLER_LOG.splitlines()))
    assert not made.fits("2026-11-27T09:00:01Z [c1-22-333-4-5] LOUD : x")
    syslog = grok.compile("%{SYSLOGBASE} %{GREEDYDATA:message}")
    assert [name for name, _ in syslog.columns] == [
        "timestamp", "facility", "priority", "logsource", "program", "pid", "message",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "custom", "message"),
    [
        ("%{NOPE:x}", "", "NOPE} is neither a built-in nor a custom pattern"),
        ("%{A:x}", "A %{B}\nB %{A}", "refer to each other without an end"),
        ("%{WORD:x:date}", "", "date is no data type"),
        ("(%{WORD:x}", "", "no regular expression"),
    ],
)
def test_what_is_no_pattern(pattern: str, custom: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        grok.compile(pattern, custom)


def test_a_search_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grok, "LONGEST_SEARCH", 0.05)
    hopeless = grok.compile(r"^(\w|\w\w|\w\w\w)+z$")
    with pytest.raises(Unreadable, match="the grok pattern takes too long for the line 'abzabz"):
        hopeless.fits("abz" * 1000 + "!")


def test_the_regular_expressions_of_java() -> None:
    made = grok.compile(r"^(?<word>\p{Alpha}++)\h(?>\d+)$")
    assert made.fits("abc 12")
    assert [name for name, _ in made.columns] == ["word"]


def test_certainty_is_the_share_of_the_lines_that_fit() -> None:
    made = grok.compile("^%{INT:n:int}$")
    known_as = grok.grok_format("numbers", "none", "^%{INT:n:int}$")
    sure = grok.classify(Text(b"1\n\n2\n3\n", True), made, known_as)
    assert sure is not None
    assert (sure.certainty, sure.records, sure.columns) == (1.0, 3, (("n", "int"),))
    assert (sure.format.serde, sure.format.settings) == (SerDe.GROK, (("input.format", "^%{INT:n:int}$"),))
    unsure = grok.classify(Text(b"1\nx\n2\ny\n", True), made, known_as)
    assert unsure is not None
    assert (unsure.certainty, unsure.records) == (0.5, 4)
    assert grok.classify(Text(b"x\n", True), made, known_as) is None
