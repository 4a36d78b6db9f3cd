"""S3 requests passed on to another S3: nothing is changed on the way, in either direction."""

import http.server
import threading

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws.server import Server
from sandbox.runtime import ports
from sandbox.s3.upstream import UpstreamS3


@pytest.fixture
def other():
    """An S3 that remembers what it was asked and answers with what it was given."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            seen.append((self.command, self.path, dict(self.headers), body))
            content = b"y" * 3_000_000 if self.command == "GET" else b""
            self.send_response(200)
            self.send_header("ETag", '"tag"')
            self.send_header("x-amz-meta-who", "me")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST = answer  # noqa: N815

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()
        thread.join()


@pytest.fixture
def client_of():
    """Makes a client of a gateway that passes on to an address."""
    undo = []

    def make(endpoint):
        upstream = UpstreamS3(endpoint)
        number = ports.choose("127.0.0.1", 0)
        server = Server(upstream, "127.0.0.1", number)
        server.start()
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{number}",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )
        undo.extend([upstream.close, server.stop, client.close])
        return client

    yield make
    for step in reversed(undo):
        step()


@pytest.mark.parametrize("key", ["plain", "a b/c+d", "../up", "//x", "ä%2F?&="])
def test_path_headers_and_body_arrive_as_they_were_sent(other, client_of, key):
    endpoint, seen = other
    body = bytes(range(256)) * 8192
    answer = client_of(endpoint).put_object(Bucket="bucket", Key=key, Body=body, Metadata={"Who_else": "you"})
    assert answer["ETag"] == '"tag"'
    method, path, headers, got = seen[0]
    assert (method, len(got) >= len(body)) == ("PUT", True)
    assert path.startswith("/bucket/") and ".." not in path.removeprefix("/bucket/../")
    lower = {name.lower(): value for name, value in headers.items()}
    assert lower["authorization"].startswith("AWS4-HMAC-SHA256 Credential=a/")
    assert lower["x-amz-meta-who_else"] == "you"


def test_answers_come_back_whole(other, client_of):
    answer = client_of(other[0]).get_object(Bucket="bucket", Key="k")
    assert answer["Body"].read() == b"y" * 3_000_000
    assert answer["Metadata"] == {"who": "me"}


def test_an_s3_that_is_not_there_is_a_503_that_names_it(client_of):
    nowhere = f"http://127.0.0.1:{ports.choose('127.0.0.1', 0)}"
    with pytest.raises(ClientError, match=f"ServiceUnavailable.*{nowhere} cannot be reached") as caught:
        client_of(nowhere).list_buckets()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
