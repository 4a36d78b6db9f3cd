"""The table of S3's operations is AWS's, and what it lacks is refused by name."""

import pytest
from service_models import service_model

from sandbox.errors import AwsError
from sandbox.s3 import request as wire
from sandbox.s3.routing import COPY, OPERATIONS, UPLOAD, find

MODEL = service_model("s3")


def ask(method, uri, **headers):
    environ = {"REQUEST_METHOD": method, "REQUEST_URI": uri, "wsgi.input": None, "HTTP_HOST": "127.0.0.1"}
    return find(wire.read({**environ, **headers})).name


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_an_operation_is_asked_for_as_in_botocores_model(operation):
    http = MODEL.operation_model(operation.name).http
    path, _, query = http["requestUri"].partition("?")
    assert (operation.method, operation.level) == (http["method"], path)
    if operation.subresource not in (COPY, UPLOAD, f"{UPLOAD}&{COPY}"):
        assert operation.subresource == query


@pytest.mark.parametrize(
    ("method", "uri", "headers", "name"),
    [
        ("GET", "/", {}, "ListBuckets"),
        ("GET", "/b", {}, "ListObjects"),
        ("GET", "/b/", {}, "ListObjects"),
        ("GET", "/b?list-type=2&prefix=a", {}, "ListObjectsV2"),
        ("GET", "/b?versions&prefix=a", {}, "ListObjectVersions"),
        ("PUT", "/b/k?x-id=PutObject", {}, "PutObject"),
        ("PUT", "/b/k", {"HTTP_X_AMZ_COPY_SOURCE": "/b/o"}, "CopyObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", {}, "UploadPart"),
        ("PUT", "/b/k?partNumber=1&uploadId=u", {"HTTP_X_AMZ_COPY_SOURCE": "/b/o"}, "UploadPartCopy"),
        ("GET", "/b/k?uploadId=u", {}, "ListParts"),
        ("GET", "/b/k?versionId=v&response-content-type=a", {}, "GetObject"),
        ("GET", "/b/k?X-Amz-Credential=c&X-Amz-Expires=1", {}, "GetObject"),
        ("PUT", "/", {"HTTP_HOST": "name.localhost:4566"}, "CreateBucket"),
        ("PUT", "/k", {"HTTP_HOST": "name.s3.us-east-1.localhost"}, "PutObject"),
        ("GET", "/", {"HTTP_HOST": "s3.localhost"}, "ListBuckets"),
    ],
)
def test_requests_find_their_operation(method, uri, headers, name):
    assert ask(method, uri, **headers) == name


@pytest.mark.parametrize(
    ("method", "uri", "named"),
    [
        ("PUT", "/b/k?retention", "s3:PutObjectRetention"),
        ("PUT", "/b/k?legal-hold", "s3:PutObjectLegalHold"),
        ("POST", "/b/k?select&select-type=2", "s3:SelectObjectContent"),
        ("PUT", "/b?replication", "s3:PutBucketReplication"),
        ("GET", "/b/k?torrent", "s3:GetObjectTorrent"),
        ("PUT", "/b/k?never-heard-of", "PUT /{Bucket}/{Key+}?never-heard-of"),
        ("GET", "/b?never-heard-of", "never-heard-of"),
    ],
)
def test_what_is_not_done_is_refused_by_name_and_never_taken_for_the_plain_operation(method, uri, named):
    with pytest.raises(AwsError) as caught:
        ask(method, uri)
    assert (caught.value.code, caught.value.status) == ("NotImplemented", 501)
    assert named in caught.value.message


def test_a_method_that_no_resource_has_is_not_allowed():
    with pytest.raises(AwsError) as caught:
        ask("POST", "/b/k")
    assert (caught.value.code, caught.value.status) == ("MethodNotAllowed", 405)


@pytest.mark.parametrize("uri", ["/b/%ff", "/b/%C3", "/b?prefix=%ff"])
def test_a_path_that_is_no_utf8_is_refused(uri):
    with pytest.raises(AwsError, match="InvalidURI"):
        ask("GET", uri)


@pytest.mark.parametrize("uri", ["/b/../../etc/passwd", "/b//x", "/b/a/./b", "/b/%2e%2e/x", "/b/a%00b"])
def test_a_key_is_kept_as_it_is(uri):
    environ = {"REQUEST_METHOD": "GET", "REQUEST_URI": uri, "wsgi.input": None, "HTTP_HOST": "127.0.0.1"}
    expected = uri.removeprefix("/b/").replace("%2e", ".").replace("%00", "\0")
    assert wire.read(environ).key == expected


def test_a_key_of_1024_bytes_is_the_longest():
    assert ask("GET", "/b/" + "%C3%BC" * 512) == "GetObject"
    with pytest.raises(AwsError, match="KeyTooLongError"):
        ask("GET", "/b/" + "%C3%BC" * 512 + "x")
