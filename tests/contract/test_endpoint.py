"""The gateway over real sockets: loopback only, keep-alive, large bodies, slow clients."""

import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

GET_DATABASES = {"X-Amz-Target": "AWSGlue.GetDatabases", "Content-Type": "application/x-amz-json-1.1"}


def address(sandbox):
    host, _, port = sandbox.endpoint.removeprefix("http://").partition(":")
    return host, int(port)


def test_a_connection_serves_many_requests(sandbox):
    connection = http.client.HTTPConnection(*address(sandbox), timeout=30)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("POST", "/", b"{}", GET_DATABASES)
        response = connection.getresponse()
        assert response.status == 200
        assert "DatabaseList" in json.load(response)
    assert connection.sock is first
    connection.close()


def test_many_idle_connections_are_kept(sandbox):
    connections = [http.client.HTTPConnection(*address(sandbox), timeout=30) for _ in range(40)]
    for _ in range(2):
        for connection in connections:
            connection.request("POST", "/", b"{}", GET_DATABASES)
            response = connection.getresponse()
            response.read()
            assert response.getheader("Connection", "keep-alive").lower() != "close"
    for connection in connections:
        connection.close()


def test_another_host_header_is_forbidden(sandbox):
    connection = http.client.HTTPConnection(*address(sandbox), timeout=30)
    connection.request("POST", "/", b"{}", {**GET_DATABASES, "Host": "attacker.example"})
    response = connection.getresponse()
    assert response.status == 403
    assert "attacker.example" in json.load(response)["message"]
    connection.close()


def test_a_body_of_8_mebibytes_is_taken(sandbox):
    glue = sandbox.client("glue")
    parameters = {f"key{number}": "x" * 500_000 for number in range(16)}
    glue.create_database(DatabaseInput={"Name": "large", "Parameters": parameters})
    assert glue.get_database(Name="large")["Database"]["Parameters"] == parameters
    glue.delete_database(Name="large")


def test_slow_clients_do_not_stall_others(sandbox):
    slow = [socket.create_connection(address(sandbox)) for _ in range(40)]
    try:
        for client in slow:
            client.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 8388608\r\n\r\n{")
        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: sandbox.client("glue").get_databases(), range(16)))
        assert len(answers) == 16
        # Without threads of their own the 40 would hold every request until they time out.
        assert time.monotonic() - started < 30
    finally:
        for client in slow:
            client.close()


@pytest.mark.parametrize(
    ("service", "call", "arguments", "named"),
    [
        ("glue", "list_data_quality_rulesets", {}, "glue:ListDataQualityRulesets"),
        ("emr", "list_studios", {}, "emr:ListStudios"),
        ("athena", "list_work_groups", {}, "athena:ListWorkGroups"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(sandbox, service, call, arguments, named):
    with pytest.raises(ClientError) as caught:
        getattr(sandbox.client(service), call)(**arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["Error"]["Code"] == "NotEmulated"
    assert named in caught.value.response["Error"]["Message"]


def test_delegated_services_answer(sandbox):
    assert sandbox.client("sts").get_caller_identity()["Account"]
    assert sandbox.client("logs").describe_log_groups()["logGroups"] is not None


def test_the_status_page_tells_what_runs(sandbox):
    connection = http.client.HTTPConnection(*address(sandbox), timeout=30)
    connection.request("GET", "/_sandbox/status")
    document = json.load(connection.getresponse())
    connection.close()
    assert document["endpoint"] == sandbox.endpoint
    assert document["metastore"] == sandbox.metastore
