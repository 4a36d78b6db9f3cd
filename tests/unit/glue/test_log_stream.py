import itertools

import pytest

from sandbox.glue.log_stream import LogStream


class Logs:
    """Takes events as PutLogEvents does, within its limits."""

    def __init__(self):
        self.messages = []

    def put_log_events(self, **request):
        events = request["logEvents"]
        sizes = [len(event["message"].encode()) for event in events]
        assert 0 < len(sizes) <= 10_000 and min(sizes) > 0 and max(sizes) <= 256 * 1024
        assert sum(sizes) + 26 * len(sizes) <= 1024 * 1024
        self.messages += [event["message"] for event in events]


@pytest.fixture
def logs():
    return Logs()


@pytest.fixture
def stream(logs, tmp_path):
    ticks = itertools.count()
    return LogStream(logs, "group", "stream", tmp_path / "stdout", lambda: next(ticks))


def write(tmp_path, data):
    with (tmp_path / "stdout").open("ab") as file:
        file.write(data)


def test_only_whole_lines_are_sent_until_the_end(stream, logs, tmp_path):
    stream.ship()
    write(tmp_path, b"one\n\n  \ntw")
    stream.ship()
    assert logs.messages == ["one"]
    write(tmp_path, "o\nthree ☃".encode())
    stream.ship()
    stream.ship(final=True)
    assert logs.messages == ["one", "two", "three ☃"]


@pytest.mark.parametrize("character", ["x", "☃", "😀"])
def test_nothing_of_a_long_line_is_lost(stream, logs, tmp_path, character):
    line = character * 1_250_000
    write(tmp_path, f"before\n{line}\nafter\n".encode())
    stream.ship()
    assert logs.messages[0] == "before" and logs.messages[-1] == "after"
    assert "".join(logs.messages[1:-1]) == line


def test_binary_output_is_sent_and_only_a_newline_ends_a_line(stream, logs, tmp_path):
    write(tmp_path, b"\xff\x00\xfe" * 100_000 + b"\n" + "a\x0bb\x85c\u2028d\n".encode())
    stream.ship(final=True)
    assert len("".join(logs.messages[:-1])) == 300_000
    assert logs.messages[-1] == "a\x0bb\x85c\u2028d"


def test_many_short_lines_go_in_batches(stream, logs, tmp_path):
    write(tmp_path, b"".join(b"%d\n" % number for number in range(25_000)))
    stream.ship()
    assert logs.messages == [str(number) for number in range(25_000)]
