"""Who answers a request is decided by its headers alone."""

import io
import json

import pytest

from sandbox.aws.gateway import MAX_JSON_BODY, Gateway, is_own, read_body, signing_name
from sandbox.errors import AwsError, UsageError

SIGNED = "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=x"


def ask(gateway, **environ):
    seen = {}

    def start_response(status, headers):
        seen.update(status=status, headers=dict(headers))

    base = {"HTTP_HOST": "127.0.0.1:4566", "PATH_INFO": "/", "REQUEST_METHOD": "POST"}
    complete = {**base, "wsgi.input": io.BytesIO(), **environ}
    body = b"".join(gateway(complete, start_response))
    return seen["status"], body


def moto(environ, start_response):
    if environ.get("HTTP_X_AMZ_TARGET") == "Logs.Unknown":
        raise NotImplementedError("The unknown action has not been implemented")
    start_response("200 OK", [])
    return [b"moto"]


def object_store(_environ, start_response):
    start_response("200 OK", [])
    return [b"object store"]


def only_describe(parameters):
    if parameters.get("Action") == ["TerminateInstances"]:
        raise AwsError("NotEmulated", f"not {parameters['InstanceId.1'][0]}", status=501)


def act(argument):
    if argument != "i-1":
        raise UsageError(f"There is no instance {argument}")
    return {"instance": argument}


@pytest.fixture
def gateway():
    return Gateway(
        {},
        object_store,
        moto,
        {"status": lambda: {"endpoint": "here"}},
        {"interrupt": act},
        {"ec2": only_describe},
    )


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:4566", True),
        ("127.0.0.1", True),
        ("localhost:80", True),
        ("bucket.s3.localhost:4566", True),
        ("[::1]:4566", True),
        ("[::1]", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:4566", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_only_loopback_hosts_are_answered(host, expected):
    assert is_own(host, "sandbox") is expected


def test_another_host_is_forbidden(gateway):
    status, body = ask(gateway, HTTP_HOST="evil.example")
    assert status == "403 Forbidden"
    assert json.loads(body)["__type"] == "AccessDenied"


@pytest.mark.parametrize("service", ["sts", "logs", "ec2"])
def test_delegated_services_reach_moto(gateway, service):
    assert ask(gateway, HTTP_AUTHORIZATION=SIGNED.format(service)) == ("200 OK", b"moto")


def test_who_looks_at_a_delegated_request_first_may_refuse_it(gateway):
    def described(body):
        return ask(
            gateway,
            HTTP_AUTHORIZATION=SIGNED.format("ec2"),
            CONTENT_LENGTH=str(len(body)),
            **{"wsgi.input": io.BytesIO(body)},
        )

    assert described(b"Action=DescribeInstances")[1] == b"moto"
    status, body = described(b"Action=TerminateInstances&InstanceId.1=i-1")
    assert status == "501 Not Implemented"
    assert b"<Message>not i-1</Message>" in body


def test_what_is_signed_for_s3_reaches_the_object_store(gateway):
    assert ask(gateway, HTTP_AUTHORIZATION=SIGNED.format("s3")) == ("200 OK", b"object store")


def test_an_unsigned_request_is_for_s3(gateway):
    assert ask(gateway)[1] == b"object store"


def test_services_that_nobody_answers_for_are_refused_by_name(gateway):
    status, body = ask(
        gateway, HTTP_AUTHORIZATION=SIGNED.format("athena"), HTTP_X_AMZ_TARGET="AmazonAthena.ListWorkGroups"
    )
    assert status == "501 Not Implemented"
    assert "athena:ListWorkGroups" in json.loads(body)["message"]


def test_a_refusal_without_a_target_is_xml(gateway):
    status, body = ask(gateway, HTTP_AUTHORIZATION=SIGNED.format("redshift"))
    assert status == "501 Not Implemented"
    assert b"<Code>NotEmulated</Code>" in body


def test_what_moto_lacks_is_refused_by_name(gateway):
    status, body = ask(gateway, HTTP_AUTHORIZATION=SIGNED.format("logs"), HTTP_X_AMZ_TARGET="Logs.Unknown")
    assert status == "501 Not Implemented"
    assert "logs:Unknown" in json.loads(body)["message"]


def test_motos_own_pages_cannot_be_reached(gateway):
    path = {"PATH_INFO": "/moto-api/reset"}
    assert ask(gateway, HTTP_AUTHORIZATION=SIGNED.format("sts"), **path)[0] == "501 Not Implemented"
    # Unsigned, it is an object's address like any other.
    assert ask(gateway, **path)[1] == b"object store"


def test_the_sandbox_has_pages_of_its_own(gateway):
    read = {"REQUEST_METHOD": "GET"}
    assert json.loads(ask(gateway, PATH_INFO="/_sandbox/status", **read)[1]) == {"endpoint": "here"}
    assert ask(gateway, PATH_INFO="/_sandbox/nothing", **read)[0] == "404 Not Found"


@pytest.mark.parametrize(
    ("path", "kind", "status", "text"),
    [
        ("interrupt/i-1", "application/json", "200 OK", '"instance": "i-1"'),
        ("interrupt/i-2", "application/json", "400 Bad Request", "There is no instance i-2"),
        ("interrupt/i-1", "text/plain", "415 Unsupported Media Type", "application/json"),
        ("status", "application/json", "404 Not Found", "no action"),
    ],
)
def test_actions_are_posted_as_json_which_no_page_of_others_can(gateway, path, kind, status, text):
    told = ask(gateway, REQUEST_METHOD="POST", PATH_INFO=f"/_sandbox/{path}", CONTENT_TYPE=kind)
    assert told[0] == status
    assert text in told[1].decode()


def test_a_presigned_request_tells_its_service():
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
    assert signing_name({"QUERY_STRING": query}) == "s3"


def test_a_body_that_is_too_long_is_refused_before_it_is_read():
    with pytest.raises(AwsError, match="32 MiB"):
        read_body({"CONTENT_LENGTH": str(MAX_JSON_BODY + 1), "wsgi.input": io.BytesIO()})
