"""The HTTP server: heads are read strictly, bodies end where they end, files go out whole."""

import http.client
import os
import socket
import threading
import time

import pytest

from sandbox.aws.files import FileBody, Piece
from sandbox.aws.head import MAX_HEAD, BadRequest, parse
from sandbox.aws.server import Server
from sandbox.errors import MachineError


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /", 400),
        (b"GET / HTTP/2.0\r\nHost: a", 400),
        (b"GET  / HTTP/1.1\r\nHost: a", 400),
        (b"GET /a b HTTP/1.1\r\nHost: a", 400),
        (b"GET x HTTP/1.1\r\nHost: a", 400),
        (b"GET / HTTP/1.1", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nName : b", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nName: b\r\n folded", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nName: b\x00c", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nName: b\nc: d", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n: b", 400),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: -1", 400),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1e3", 400),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2", 400),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked", 501),
        (b"GET / HTTP/1.1\r\nHost: a" + b"\r\nx: y" * 300, 431),
    ],
)
def test_a_head_that_can_be_read_in_two_ways_is_refused(head, status):
    with pytest.raises(BadRequest) as caught:
        parse(head)
    assert caught.value.status == status


def test_a_head_is_read():
    head = parse(
        b"PUT http://h/a%20b?c HTTP/1.1\r\nHOST:  h \r\nx-amz-meta-a_b: \xc3\xbc\r\n"
        b"Content-Length: 12\r\nA: 1\r\na:2"
    )
    assert (head.method, head.target, head.version, head.length) == ("PUT", "/a%20b?c", "1.1", 12)
    assert head.headers == {"host": "h", "x-amz-meta-a_b": "Ã¼", "content-length": "12", "a": "1,2"}
    assert head.keeps_alive
    assert not parse(b"GET / HTTP/1.0").keeps_alive


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/echo":
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    if path == "/lines":
        lines = list(iter(environ["wsgi.input"].readline, b""))
        start_response("200 OK", [])
        return [repr(lines).encode()]
    if path == "/file":
        start_response("200 OK", [("Content-Length", "5")])
        return environ["test.file"]()
    if path == "/unread":
        start_response("403 Forbidden", [("Content-Length", "2")])
        return [b"no"]
    if path == "/split":
        start_response("200 OK", [("X-Bad", "a\r\nb: c")])
        return [b""]
    if path == "/boom":
        raise RuntimeError("boom")
    start_response("200 OK", [])
    return iter([b"a", b"", b"bc"])


@pytest.fixture
def served(tmp_path):
    content = tmp_path / "file"
    content.write_bytes(b"0123456789")
    closed = []

    def pieces():
        for start, size in ((2, 3), (8, 2)):
            descriptor = os.open(content, os.O_RDONLY)
            try:
                yield Piece(descriptor, start, size)
            finally:
                os.close(descriptor)
                closed.append(start)

    def body():
        made = pieces()
        return FileBody(next(made), made)

    def with_file(environ, start_response):
        return application({**environ, "test.file": body}, start_response)

    with Server(with_file, "127.0.0.1", 0) as server:
        server.closed = closed
        yield server


def ask(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, path, body, headers or {}, encode_chunked=isinstance(body, list))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def raw(server, request, end=True):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request)
        if end:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer


@pytest.mark.parametrize("body", [b"", b"hello", b"x" * 3_000_000])
def test_bodies_come_whole(served, body):
    assert ask(served, "PUT", "/echo", body) == (200, body)
    chunks = [body[: len(body) // 2], body[len(body) // 2 :]] if body else [b""]
    headers = {"Transfer-Encoding": "chunked"}
    assert ask(served, "PUT", "/echo", [each for each in chunks if each], headers) == (200, body)


def test_lines_are_read_in_both_codings(served):
    expected = repr([b"a\n", b"\n", b"bc"]).encode()
    assert ask(served, "PUT", "/lines", b"a\n\nbc")[1] == expected
    assert ask(served, "PUT", "/lines", [b"a\n\n", b"bc"], {"Transfer-Encoding": "chunked"})[1] == expected


def test_files_are_sent_piece_by_piece_and_closed(served):
    assert ask(served, "GET", "/file") == (200, b"23489")
    assert ask(served, "HEAD", "/file") == (200, b"")
    assert served.closed[:2] == [2, 8]
    assert served.closed.count(2) == 2


def test_an_answer_of_unknown_length_is_chunked_or_ended_by_closing(served):
    assert ask(served, "GET", "/other") == (200, b"abc")
    assert raw(served, b"GET /other HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nabc")


def test_requests_on_one_connection_follow_each_other(served):
    both = (
        b"PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        + b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    answer = raw(served, both)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.endswith(b"23489")


def test_a_short_body_that_nobody_read_is_skipped(served):
    request = (
        b"PUT /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET x"
        + b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    answer = raw(served, request)
    assert answer.startswith(b"HTTP/1.1 403")
    assert answer.endswith(b"23489")


def test_a_long_body_that_nobody_read_does_not_lose_the_answer(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    connection.request("PUT", "/unread", b"x" * 600_000)
    assert connection.getresponse().read() == b"no"
    connection.close()


def test_a_client_that_waits_is_told_to_continue_only_when_the_body_is_wanted(served):
    head = b"PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    refused = raw(served, head % b"/unread", end=False)
    assert refused.startswith(b"HTTP/1.1 403")
    assert b"Connection: close" in refused
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(head % b"/echo")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hi")
        assert connection.recv(1000).endswith(b"hi")


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"y" * (MAX_HEAD + 10) + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_the_server_goes_on(served, request_):
    assert raw(served, request_).startswith(b"HTTP/1.1 4")
    assert ask(served, "GET", "/file")[0] == 200


@pytest.mark.parametrize(
    "chunk", [b"zz\r\nhi\r\n0\r\n\r\n", b"2\r\nhi\r\n", b"1\r\nhi\r\n0\r\n\r\n", b"f" * 30 + b"\r\n"]
)
def test_malformed_chunks_are_no_body(served, chunk):
    head = b"PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b"200 OK" not in raw(served, head + chunk)
    assert ask(served, "GET", "/file")[0] == 200


def test_a_header_with_a_line_break_is_never_sent(served):
    answer = raw(served, b"GET /split HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500")
    assert b"b: c" not in answer


def test_a_failing_application_is_answered_with_500(served):
    assert ask(served, "GET", "/boom")[0] == 500
    assert ask(served, "GET", "/file")[0] == 200


def gateway_threads():
    """The threads of this test's servers and of the session's sandbox, whose number a request changes."""
    return {each for each in threading.enumerate() if each.name.startswith("gateway")}


def test_slow_heads_hold_no_thread(served):
    before = gateway_threads()
    slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(300)]
    for each in slow:
        each.sendall(b"GET /file HT")
    assert ask(served, "GET", "/file")[0] == 200
    assert len(gateway_threads() - before) < 300
    slow[7].sendall(b"TP/1.1\r\nHost: a\r\n\r\n")
    slow[7].settimeout(20)
    assert slow[7].recv(1000).startswith(b"HTTP/1.1 200")
    for each in slow:
        each.close()


def test_a_port_that_is_taken_is_named(served):
    with pytest.raises(MachineError, match=str(served.port)):
        Server(application, "127.0.0.1", served.port).start()


def test_stop_ends_a_request_that_hangs_and_every_thread():
    begun, before = threading.Event(), gateway_threads()

    def hang(environ, start_response):
        begun.set()
        environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [b""]

    server = Server(hang, "127.0.0.1", 0)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
        assert begun.wait(10)
        started = time.monotonic()
        server.stop()
    assert time.monotonic() - started < 10
    assert not gateway_threads() - before


def test_any_wsgi_server_can_send_a_file_body(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"abcdef")
    with path.open("rb") as file:
        assert b"".join(FileBody(Piece(file.fileno(), 1, 3), iter(()))) == b"bcd"
