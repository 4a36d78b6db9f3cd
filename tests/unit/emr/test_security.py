"""Security configurations: what is taken, what is refused, and what Spark is told."""

import json

import pytest

from sandbox.emr import security
from sandbox.emr.security_api import SecurityConfigurations, SecurityOperations
from sandbox.errors import AwsError
from sandbox.store import Database

TLS = {"TLSCertificateConfiguration": {"CertificateProviderType": "PEM", "S3Object": "s3://b/certs.zip"}}
S3 = {"S3EncryptionConfiguration": {"EncryptionMode": "SSE-S3"}}
DISK = {"LocalDiskEncryptionConfiguration": {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": "arn:k"}}


def encryption(in_transit=None, at_rest=None, **more):
    found = {"EnableInTransitEncryption": bool(in_transit), "EnableAtRestEncryption": bool(at_rest)}
    found |= {"InTransitEncryptionConfiguration": in_transit} if in_transit else {}
    found |= {"AtRestEncryptionConfiguration": at_rest} if at_rest else {}
    return {"EncryptionConfiguration": {**found, **more}}


def s3(mode, **more):
    return encryption(at_rest={"S3EncryptionConfiguration": {"EncryptionMode": mode, **more}})


AUTHENTICATED = {
    "spark.authenticate": "true",
    "spark.authenticate.secret": "hush",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.saslFallback": "false",
}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (encryption(), {}),
        (encryption(in_transit=TLS), AUTHENTICATED),
        (encryption(at_rest=DISK), {"spark.io.encryption.enabled": "true"}),
        (s3("SSE-S3"), {"spark.hadoop.fs.s3a.encryption.algorithm": "AES256"}),
        (
            s3("SSE-KMS", AwsKmsKey="arn:k"),
            {
                "spark.hadoop.fs.s3a.encryption.algorithm": "SSE-KMS",
                "spark.hadoop.fs.s3a.encryption.key": "arn:k",
            },
        ),
        (
            s3("SSE-S3", Overrides=[{"BucketName": "b", "EncryptionMode": "SSE-KMS", "AwsKmsKey": "arn:b"}]),
            {
                "spark.hadoop.fs.s3a.encryption.algorithm": "AES256",
                "spark.hadoop.fs.s3a.bucket.b.encryption.algorithm": "SSE-KMS",
                "spark.hadoop.fs.s3a.bucket.b.encryption.key": "arn:b",
            },
        ),
        (
            encryption(in_transit=TLS, at_rest={**S3, **DISK}),
            {
                **AUTHENTICATED,
                "spark.io.encryption.enabled": "true",
                "spark.hadoop.fs.s3a.encryption.algorithm": "AES256",
            },
        ),
        ({"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": 2}}, {}),
    ],
)
def test_what_spark_is_told(document, expected):
    assert security.properties(security.checked(json.dumps(document)), "hush") == expected


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{", "InvalidRequestException", "no JSON"),
        ("[]", "InvalidRequestException", "no configuration"),
        ('{"Encryption": {}}', "InvalidRequestException", "Encryption is unknown"),
        ('{"EncryptionConfiguration": []}', "InvalidRequestException", "must be an object"),
        ('{"AuthenticationConfiguration": {}}', "NotEmulated", "Kerberos"),
        (json.dumps(encryption(EnableAtRestEncryption="yes")), "InvalidRequestException", "true or false"),
        (json.dumps(encryption(EnableAtRestEncryption=True)), "InvalidRequestException", "if and only if"),
        (
            json.dumps(encryption(AtRestEncryptionConfiguration=S3)),
            "InvalidRequestException",
            "if and only if",
        ),
        (json.dumps(encryption(in_transit={"a": 1})), "InvalidRequestException", "PEM or Custom"),
        (json.dumps(s3("SSE-C")), "InvalidRequestException", "'SSE-C' is none of SSE-S3, SSE-KMS"),
        (json.dumps(s3("SSE-KMS")), "InvalidRequestException", "needs an AwsKmsKey"),
        (json.dumps(s3("CSE-KMS")), "NotEmulated", "client-side encryption"),
    ],
)
def test_what_is_wrong_or_not_there_is_named(text, code, message):
    with pytest.raises(AwsError) as caught:
        security.checked(text)
    assert caught.value.code == code
    assert message in caught.value.message


@pytest.fixture
def configurations(tmp_path):
    database = Database(tmp_path / "sandbox.db")
    yield SecurityConfigurations(database)
    database.close()


def test_configurations_are_kept_listed_and_forgotten(configurations):
    operations = SecurityOperations(configurations, lambda: 5.0)
    text = json.dumps(encryption(in_transit=TLS))
    for name in ("a", "b"):
        made = operations.create_security_configuration({"Name": name, "SecurityConfiguration": text})
        assert made == {"Name": name, "CreationDateTime": 5.0}
    with pytest.raises(AwsError, match="'a' already exists"):
        operations.create_security_configuration({"Name": "a", "SecurityConfiguration": text})
    assert operations.describe_security_configuration({"Name": "a"})["SecurityConfiguration"] == text
    operations.delete_security_configuration({"Name": "a"})
    assert operations.list_security_configurations({})["SecurityConfigurations"] == [
        {"Name": "b", "CreationDateTime": 5.0}
    ]
    for call in (operations.describe_security_configuration, operations.delete_security_configuration):
        with pytest.raises(AwsError, match="'a' does not exist"):
            call({"Name": "a"})


def test_each_cluster_has_a_secret_of_its_own(configurations):
    secrets = iter(["one", "two"])
    configurations.add("a", json.dumps(encryption(in_transit=TLS)), 1.0)
    launched = [configurations.for_launch("a", lambda *_: next(secrets)) for _ in range(2)]
    assert [one.properties["spark.authenticate.secret"] for one in launched] == ["one", "two"]
    assert configurations.for_launch(None, lambda *_: "") is None
