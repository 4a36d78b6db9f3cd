"""Signature Version 4, with the examples of AWS's documentation."""

import pytest

from sandbox.errors import AwsError
from sandbox.s3 import request as wire
from sandbox.s3.signatures import Authority, refuse_expired

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SCOPE = "20130524/us-east-1/s3/aws4_request"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
NOW = 1369353600.0
AUTHORITY = Authority({ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"})


def request(method, uri, **headers):
    variables = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return wire.read({"REQUEST_METHOD": method, "REQUEST_URI": uri, "wsgi.input": None, **variables})


def authorization(signed, value):
    return f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{SCOPE},SignedHeaders={signed},Signature={value}"


def get_test_txt(signature="f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", **changed):
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x_amz_content_sha256": EMPTY,
        "x_amz_date": "20130524T000000Z",
        "authorization": authorization("host;range;x-amz-content-sha256;x-amz-date", signature),
    }
    return request("GET", "/test.txt", **{**headers, **changed})


def presigned(expires=86400):
    query = (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ACCESS_KEY}%2F{SCOPE.replace('/', '%2F')}"
        f"&X-Amz-Date=20130524T000000Z&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    return request("GET", f"/test.txt?{query}", host="examplebucket.s3.amazonaws.com")


def upload():
    signed = (
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
        "x-amz-storage-class"
    )
    return request(
        "PUT",
        "/examplebucket/chunkObject.txt",
        host="s3.amazonaws.com",
        content_encoding="aws-chunked",
        content_length="66824",
        x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        x_amz_date="20130524T000000Z",
        x_amz_decoded_content_length="66560",
        x_amz_storage_class="REDUCED_REDUNDANCY",
        authorization=authorization(
            signed, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
        ),
    )


@pytest.mark.parametrize("example", [get_test_txt, presigned, upload])
def test_awss_examples_are_right(example):
    assert AUTHORITY.verify(example(), NOW) is None, "a wrong one raises"


@pytest.mark.parametrize(
    ("changed", "now", "code"),
    [
        ({"signature": "0" * 64}, NOW, "SignatureDoesNotMatch"),
        ({"range": "bytes=0-10"}, NOW, "SignatureDoesNotMatch"),
        ({"x_amz_content_sha256": "0" * 64}, NOW, "SignatureDoesNotMatch"),
        ({}, NOW + 901, "RequestTimeTooSkewed"),
        ({}, NOW - 901, "RequestTimeTooSkewed"),
        ({"authorization": "AWS4-HMAC-SHA256 nonsense"}, NOW, "AuthorizationHeaderMalformed"),
        ({"authorization": "Basic abc"}, NOW, "AuthorizationHeaderMalformed"),
        ({"x_amz_date": "yesterday"}, NOW, "AccessDenied"),
    ],
)
def test_anything_else_is_refused(changed, now, code):
    with pytest.raises(AwsError) as caught:
        AUTHORITY.verify(get_test_txt(**changed), now)
    assert caught.value.code == code


def test_an_unknown_key_and_no_signature_are_refused():
    with pytest.raises(AwsError, match="InvalidAccessKeyId"):
        Authority({"other": "x"}).verify(get_test_txt(), NOW)
    with pytest.raises(AwsError, match="AccessDenied"):
        AUTHORITY.verify(request("GET", "/b/k", host="localhost"), NOW)


def test_a_presigned_address_ends():
    refuse_expired(presigned(), NOW + 86400)
    with pytest.raises(AwsError, match="Request has expired"):
        refuse_expired(presigned(), NOW + 86401)
    with pytest.raises(AwsError, match="AuthorizationQueryParametersError"):
        refuse_expired(presigned(604801), NOW)


def test_the_chunks_of_awss_example_are_right_and_no_others():
    signatures = (
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    )
    chunks = AUTHORITY.chunks(upload())
    for size, signature in zip((65536, 1024, 0), signatures, strict=True):
        chunks.data(b"a" * size)
        chunks.chunk(signature)
    broken = AUTHORITY.chunks(upload())
    broken.data(b"b" * 65536)
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        broken.chunk(signatures[0])
