"""Security configurations: what is checked of them, and what Spark is told. Pure.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.aws.operations import Document
from sandbox.emr.model import Security
from sandbox.emr.refusal import not_emulated
from sandbox.errors import AwsError

RECORDED = frozenset({"AuthorizationConfiguration", "InstanceMetadataServiceConfiguration"})
"""Given back, without effect: there are no IAM roles to assume and no instance metadata to guard."""
_ENCRYPTION = "EncryptionConfiguration"
_S3A = "spark.hadoop.fs.s3a"
_ALGORITHMS = {"SSE-S3": "AES256", "SSE-KMS": "SSE-KMS"}
_CLIENT_SIDE = frozenset({"CSE-KMS", "CSE-Custom"})


def checked(text: str) -> Document:
    """The security configuration in a JSON text.

    `InvalidRequestException` for what is none, 501 for what asks for protection that is not there.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _invalid(f"it is no JSON: {error}") from error
    if not isinstance(document, dict) or not document:
        raise _invalid("it has no configuration")
    unknown = sorted(document.keys() - RECORDED - {_ENCRYPTION, "AuthenticationConfiguration"})
    if unknown:
        raise _invalid(f"{unknown[0]} is unknown")
    if "AuthenticationConfiguration" in document:
        raise not_emulated("Kerberos (AuthenticationConfiguration)")
    _check_encryption(_member(document, _ENCRYPTION))
    properties(document, "")
    return document


def launched(name: str, document: Mapping[str, Any], secret: str) -> Security:
    """What a cluster with this security configuration keeps; `secret` is shared by its processes."""
    return Security(name, properties(document, secret))


def properties(document: Mapping[str, Any], secret: str) -> dict[str, str]:
    """Spark's properties: RPC, shuffle and file transfer are authenticated and encrypted with `secret`.

    What is written to S3 carries the header for encryption there, and what is written to local disks is
    encrypted by Spark. A KMS key is named to S3, which keeps it; nothing here encrypts with it.
    """
    encryption = _member(document, _ENCRYPTION)
    found: dict[str, str] = {}
    if encryption.get("EnableInTransitEncryption"):
        found |= {
            "spark.authenticate": "true",
            "spark.authenticate.secret": secret,
            "spark.network.crypto.enabled": "true",
            "spark.network.crypto.saslFallback": "false",
        }
    if encryption.get("EnableAtRestEncryption"):
        at_rest = _member(encryption, "AtRestEncryptionConfiguration")
        if "LocalDiskEncryptionConfiguration" in at_rest:
            found["spark.io.encryption.enabled"] = "true"
        s3 = _member(at_rest, "S3EncryptionConfiguration")
        if s3:
            found |= _s3_properties(_S3A, s3)
            for override in s3.get("Overrides", ()):
                found |= _s3_properties(f"{_S3A}.bucket.{override.get('BucketName', '')}", override)
    return found


def _s3_properties(prefix: str, s3: Mapping[str, Any]) -> dict[str, str]:
    mode = s3.get("EncryptionMode", "")
    if mode in _CLIENT_SIDE:
        raise not_emulated(f"client-side encryption of S3 ({mode})")
    if mode not in _ALGORITHMS:
        raise _invalid(
            f"EncryptionMode {mode!r} is none of {', '.join((*_ALGORITHMS, *sorted(_CLIENT_SIDE)))}"
        )
    found = {f"{prefix}.encryption.algorithm": _ALGORITHMS[mode]}
    if mode == "SSE-KMS":
        if not s3.get("AwsKmsKey"):
            raise _invalid("EncryptionMode SSE-KMS needs an AwsKmsKey")
        found[f"{prefix}.encryption.key"] = s3["AwsKmsKey"]
    return found


def _check_encryption(encryption: Mapping[str, Any]) -> None:
    """What is enabled has to be configured, and what is configured has to be enabled."""
    for what in ("InTransit", "AtRest"):
        switch, settings = f"Enable{what}Encryption", f"{what}EncryptionConfiguration"
        if encryption and not isinstance(encryption.get(switch), bool):
            raise _invalid(f"{_ENCRYPTION}.{switch} must be true or false")
        if encryption.get(switch, False) != bool(_member(encryption, settings)):
            raise _invalid(f"{settings} must be given if and only if {switch} is true")
    if encryption.get("EnableInTransitEncryption"):
        certificates = _member(encryption["InTransitEncryptionConfiguration"], "TLSCertificateConfiguration")
        if certificates.get("CertificateProviderType") not in ("PEM", "Custom"):
            raise _invalid("TLSCertificateConfiguration.CertificateProviderType must be PEM or Custom")


def _member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise _invalid(f"{name} must be an object")
    return value


def _invalid(why: str) -> AwsError:
    return AwsError("InvalidRequestException", f"The security configuration is not valid: {why}.")
