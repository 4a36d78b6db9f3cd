"""Signatures, presigned addresses, forms, other origins, and configurations that are only recorded."""

import http.client
import io
import json
import urllib.request
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from s3_server import client, serving


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("open")) as url:
        yield url


@pytest.fixture(scope="module")
def s3(url):
    made = client(url)
    made.create_bucket(Bucket="bucket")
    yield made
    made.close()


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A store that checks signatures."""
    with serving(tmp_path_factory.mktemp("strict"), credentials={"sandbox": "secret"}) as url:
        made = client(url, secret="secret")
        made.create_bucket(Bucket="bucket")
        made.close()
        yield url


def code(call, **named):
    with pytest.raises(ClientError) as caught:
        call(**named)
    return caught.value.response["Error"]["Code"]


def fetch(address, method="GET", body=None, headers=None):
    """Status and body of a plain request."""
    request = urllib.request.Request(address, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize("key", ["plain", "a b+c/ü%25?&=*~", "tr/../x//y"])
def test_what_is_signed_right_is_taken(strict, key):
    s3 = client(strict, secret="secret")
    s3.put_object(Bucket="bucket", Key=key, Body=b"x", Metadata={"a": "b  c"})
    assert s3.list_objects_v2(Bucket="bucket", Prefix=key, Delimiter="*")["Name"] == "bucket"
    stream = io.BufferedReader(io.BytesIO(b"streamed" * 100_000))
    s3.put_object(Bucket="bucket", Key=key, Body=stream, ChecksumAlgorithm="CRC32")
    assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == b"streamed" * 100_000
    s3.close()


def test_what_is_signed_wrong_is_refused(strict):
    for secret, access_key, expected in (
        ("other", "sandbox", "SignatureDoesNotMatch"),
        ("secret", "nobody", "InvalidAccessKeyId"),
    ):
        s3 = client(strict, secret=secret, access_key=access_key)
        assert code(s3.put_object, Bucket="bucket", Key="k", Body=b"x") == expected
        s3.close()
    status, body = fetch(f"{strict}/bucket/k")
    assert (status, b"AccessDenied" in body) == (403, True)


def test_presigned_addresses_work_and_name_one_object(strict):
    s3 = client(strict, secret="secret", signature_version="s3v4")
    put = s3.generate_presigned_url("put_object", {"Bucket": "bucket", "Key": "p ü"}, ExpiresIn=60)
    get = s3.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "p ü"}, ExpiresIn=60)
    assert fetch(put, "PUT", b"presigned")[0] == 200
    assert fetch(get) == (200, b"presigned")
    status, body = fetch(get.replace("p%20", "q%20"))
    assert (status, b"SignatureDoesNotMatch" in body) == (403, True)
    s3.close()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_an_expired_address_is_always_refused(tmp_path, version):
    now = [1_000_000.0]
    with serving(tmp_path, clock=lambda: now[0]) as url:
        s3 = client(url, signature_version=version)
        address = s3.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}, ExpiresIn=10)
        assert fetch(address)[0] == 404
        now[0] = 4e9
        status, body = fetch(address)
        assert (status, b"Request has expired" in body) == (403, True)
        s3.close()


def test_a_chunk_that_is_signed_wrong_is_refused(strict):
    """The example of AWS's documentation has these sizes; its signatures cannot fit our credentials."""
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=sandbox/20260101/us-east-1/s3/aws4_request, "
        "SignedHeaders=host, Signature=" + "0" * 64,
        "x-amz-date": "20260101T000000Z",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-decoded-content-length": "1",
    }
    status, body = fetch(
        f"{strict}/bucket/k", "PUT", b"1;chunk-signature=" + b"0" * 64 + b"\r\nx\r\n0\r\n\r\n", headers
    )
    assert status == 403
    assert b"RequestTimeTooSkewed" in body


def form(fields, name, content):
    """A multipart/form-data body and its type."""
    mark = "----boundary"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return "".join(parts).encode() + head.encode() + content + f"\r\n--{mark}--\r\n".encode(), {
        "Content-Type": f"multipart/form-data; boundary={mark}"
    }


def test_a_form_makes_an_object_if_its_policy_allows_it(strict):
    s3 = client(strict, secret="secret", signature_version="s3v4")
    conditions = [["content-length-range", 1, 1_000_000], {"success_action_status": "201"}]
    fields = {"success_action_status": "201"}
    post = s3.generate_presigned_post("bucket", "forms/${filename}", fields, conditions)
    content = b"line\r\n--line" * 50_000
    body, headers = form(post["fields"], "C:\\temp\\name.txt", content)
    status, answer = fetch(post["url"], "POST", body, headers)
    assert (status, b"<Key>forms/name.txt</Key>" in answer) == (201, True)
    assert s3.get_object(Bucket="bucket", Key="forms/name.txt")["Body"].read() == content
    for change, what, expected in (
        ({"x-amz-signature": "0" * 64}, content, b"SignatureDoesNotMatch"),
        ({"extra": "1"}, content, b"Extra input fields: extra"),
        ({}, b"", b"EntityTooSmall"),
        ({}, content * 2, b"EntityTooLarge"),
        ({"key": "other"}, content, b"Policy Condition failed"),
    ):
        body, headers = form({**post["fields"], **change}, "bad", what)
        status, answer = fetch(post["url"], "POST", body, headers)
        assert (status >= 400, expected in answer) == (True, True), answer
    assert "bad" not in [
        each["Key"].rpartition("/")[2] for each in s3.list_objects_v2(Bucket="bucket")["Contents"]
    ]
    s3.close()


def test_an_expired_policy_is_refused_without_verification_too(s3, url):
    post = s3.generate_presigned_post("bucket", "k", ExpiresIn=-10)
    body, headers = form(post["fields"], "n", b"x")
    status, answer = fetch(post["url"], "POST", body, headers)
    assert (status, b"Policy expired" in answer) == (403, True)
    for broken in (b"", b"no form at all", body[:-20]):
        assert fetch(f"{url}/bucket", "POST", broken, headers)[0] in (400, 403)


def test_other_origins_are_answered_by_the_buckets_rules(s3, url):
    s3.create_bucket(Bucket="origins")
    rule = {
        "AllowedOrigins": ["https://*.example"],
        "AllowedMethods": ["GET"],
        "AllowedHeaders": ["x-*"],
        "ExposeHeaders": ["ETag"],
    }

    def ask(method, **headers):
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        connection.request(
            method, "/origins/k", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    wanted = {"Origin": "https://a.example", "Access_Control_Request_Method": "GET"}
    assert ask("OPTIONS", **wanted).status == 403
    s3.put_bucket_cors(Bucket="origins", CORSConfiguration={"CORSRules": [rule]})
    allowed = ask("OPTIONS", **wanted, Access_Control_Request_Headers="X-Some")
    assert (allowed.status, allowed.headers["Access-Control-Allow-Origin"]) == (200, "https://a.example")
    assert ask("OPTIONS", **{**wanted, "Access_Control_Request_Method": "PUT"}).status == 403
    assert ask("OPTIONS", **{**wanted, "Origin": "https://a.other"}).status == 403
    s3.put_object(Bucket="origins", Key="k")
    assert ask("GET", Origin="https://a.example").headers["Access-Control-Expose-Headers"] == "ETag"
    assert ask("GET", Origin="https://a.other").headers["Access-Control-Allow-Origin"] is None


RECORDED = [
    (
        "lifecycle_configuration",
        "LifecycleConfiguration",
        {"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "a"}, "Expiration": {"Days": 1}}]},
        "bucket_lifecycle",
        "NoSuchLifecycleConfiguration",
    ),
    (
        "encryption",
        "ServerSideEncryptionConfiguration",
        {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        "bucket_encryption",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    (
        "website",
        "WebsiteConfiguration",
        {"IndexDocument": {"Suffix": "index.html"}},
        "bucket_website",
        "NoSuchWebsiteConfiguration",
    ),
    (
        "ownership_controls",
        "OwnershipControls",
        {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "bucket_ownership_controls",
        "OwnershipControlsNotFoundError",
    ),
    ("tagging", "Tagging", {"TagSet": [{"Key": "a", "Value": "b"}]}, "bucket_tagging", "NoSuchTagSet"),
]


@pytest.mark.parametrize(("name", "argument", "value", "deleted", "absent"), RECORDED)
def test_configurations_are_recorded(s3, name, argument, value, deleted, absent):
    s3.create_bucket(Bucket="recorded")
    get = getattr(s3, f"get_bucket_{name}")
    assert code(get, Bucket="recorded") == absent
    getattr(s3, f"put_bucket_{name}")(Bucket="recorded", **{argument: value})
    answer = get(Bucket="recorded")
    found = answer.get(argument, {key: answer[key] for key in value if key in answer})
    assert next(iter(value)) in found
    getattr(s3, f"delete_{deleted}")(Bucket="recorded")
    assert code(get, Bucket="recorded") == absent


def test_policies_and_acls_are_recorded(s3):
    s3.create_bucket(Bucket="policies")
    assert code(s3.get_bucket_policy, Bucket="policies") == "NoSuchBucketPolicy"
    assert code(s3.put_bucket_policy, Bucket="policies", Policy="no json") == "MalformedPolicy"
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    s3.put_bucket_policy(Bucket="policies", Policy=policy)
    assert s3.get_bucket_policy(Bucket="policies")["Policy"] == policy
    s3.put_bucket_acl(Bucket="policies", ACL="public-read")
    assert [each["Permission"] for each in s3.get_bucket_acl(Bucket="policies")["Grants"]] == [
        "FULL_CONTROL",
        "READ",
    ]
    s3.put_object(Bucket="policies", Key="k", ACL="public-read")
    assert len(s3.get_object_acl(Bucket="policies", Key="k")["Grants"]) == 2
    s3.put_object_acl(Bucket="policies", Key="k", ACL="private")
    assert len(s3.get_object_acl(Bucket="policies", Key="k")["Grants"]) == 1
    assert s3.get_bucket_logging(Bucket="policies").get("LoggingEnabled") is None
    assert s3.get_bucket_request_payment(Bucket="policies")["Payer"] == "BucketOwner"


def test_a_header_cannot_be_smuggled_through_an_override(s3, url):
    s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    status, _ = fetch(f"{url}/bucket/k?response-content-type=a%0d%0aX-Evil:%20b")
    assert status == 400
