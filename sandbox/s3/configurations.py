"""Configurations of buckets that are recorded: stored, returned, and otherwise without effect."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.errors import AwsError
from sandbox.s3 import faults
from sandbox.s3.buckets import DISPLAY_NAME, owner
from sandbox.s3.metadata import ACL
from sandbox.s3.objects import live
from sandbox.s3.request import Request, Response, xml
from sandbox.s3.store import Store, checked_document
from sandbox.s3.xml import document, element, group, parse

Perform = Callable[[Store, Request], Response]

_ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
_AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_CANNED: dict[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "public-read": ((_ALL_USERS, "READ"),),
    "public-read-write": ((_ALL_USERS, "READ"), (_ALL_USERS, "WRITE")),
    "authenticated-read": ((_AUTHENTICATED, "READ"),),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "log-delivery-write": (
        ("http://acs.amazonaws.com/groups/s3/LogDelivery", "WRITE"),
        ("http://acs.amazonaws.com/groups/s3/LogDelivery", "READ_ACP"),
    ),
}
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@dataclass(frozen=True, slots=True)
class Recorded:
    """One configuration of a bucket, named by its sub-resource; `root` is the document's root element.

    Where nothing was put, a GET returns `default`, or raises an error with `code` and `message`.
    """

    name: str
    root: str
    code: str = ""
    message: str = ""
    default: str = ""
    put_status: int = 200

    def get(self, store: Store, request: Request) -> Response:
        """What was put."""
        kept = store.index.configuration(request.bucket, self.name)
        if kept is not None:
            return xml(kept)
        if self.code:
            raise AwsError(self.code, self.message, 404)
        return xml(document(self.root, self.default))

    def put(self, store: Store, request: Request) -> Response:
        """Keep the document as it came; `MalformedXML` when it is none."""
        store.index.bucket(request.bucket)
        body = checked_document(store, request)
        parse(body, self.root)
        store.index.set_configuration(request.bucket, self.name, body)
        return Response(self.put_status)

    def delete(self, store: Store, request: Request) -> Response:
        """Forget it; also where there is none."""
        store.index.set_configuration(request.bucket, self.name, None)
        return Response(204)


CORS = Recorded(
    "cors", "CORSConfiguration", "NoSuchCORSConfiguration", "The CORS configuration does not exist"
)
LIFECYCLE = Recorded(
    "lifecycle",
    "LifecycleConfiguration",
    "NoSuchLifecycleConfiguration",
    "The lifecycle configuration does not exist",
)
ENCRYPTION = Recorded(
    "encryption",
    "ServerSideEncryptionConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
    "The server side encryption configuration was not found",
)
WEBSITE = Recorded(
    "website",
    "WebsiteConfiguration",
    "NoSuchWebsiteConfiguration",
    "The specified bucket does not have a website configuration",
)
OWNERSHIP = Recorded(
    "ownershipControls",
    "OwnershipControls",
    "OwnershipControlsNotFoundError",
    "The bucket ownership controls were not found",
)
PUBLIC_ACCESS = Recorded(
    "publicAccessBlock",
    "PublicAccessBlockConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "The public access block configuration was not found",
)
LOGGING = Recorded("logging", "BucketLoggingStatus")
NOTIFICATION = Recorded("notification", "NotificationConfiguration")
ACCELERATE = Recorded("accelerate", "AccelerateConfiguration")
PAYMENT = Recorded("requestPayment", "RequestPaymentConfiguration", default=element("Payer", "BucketOwner"))


def get_bucket_policy(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html"""
    kept = store.index.configuration(request.bucket, "policy")
    if kept is None:
        raise AwsError("NoSuchBucketPolicy", "The bucket policy does not exist", 404)
    return Response(200, [("Content-Type", "application/json")], kept)


def put_bucket_policy(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html"""
    store.index.bucket(request.bucket)
    body = checked_document(store, request)
    try:
        valid = isinstance(json.loads(body), dict)
    except ValueError:
        valid = False
    if not valid:
        message = "Policies must be valid JSON and the first byte must be '{'"
        raise AwsError("MalformedPolicy", message)
    store.index.set_configuration(request.bucket, "policy", body)
    return Response(204)


def delete_bucket_policy(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html"""
    store.index.set_configuration(request.bucket, "policy", None)
    return Response(204)


def get_bucket_acl(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html"""
    kept = store.index.configuration(request.bucket, "acl")
    return xml(_acl(store, kept.decode() if kept else "private"))


def put_bucket_acl(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html"""
    store.index.bucket(request.bucket)
    store.index.set_configuration(request.bucket, "acl", _asked_acl(store, request).encode())
    return Response(200)


def get_object_acl(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html"""
    return xml(_acl(store, live(store, request).kept_headers.get(ACL, "private")))


def put_object_acl(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html"""
    live(store, request)
    asked = _asked_acl(store, request)
    with store.index.change():
        entry = live(store, request)
        headers = {**entry.kept_headers, ACL: asked}
        store.index.amend(request.bucket, replace(entry, headers=json.dumps(headers)))
    return Response(200)


def _asked_acl(store: Store, request: Request) -> str:
    """A canned ACL's name or a policy document."""
    if any(name.startswith("x-amz-grant-") for name in request.headers):
        raise faults.not_implemented("An ACL by x-amz-grant headers")
    canned = request.headers.get(ACL)
    if canned is None:
        body = checked_document(store, request)
        parse(body, "AccessControlPolicy")
        return body.decode()
    if canned not in _CANNED:
        raise faults.invalid_argument(f"Invalid canned ACL: {canned}")
    return canned


def _acl(store: Store, kept: str) -> bytes:
    if kept not in _CANNED:
        return kept.encode()
    identity = element("ID", store.owner) + element("DisplayName", DISPLAY_NAME)
    me = f'<Grantee {_XSI} xsi:type="CanonicalUser">{identity}</Grantee>'
    grants = [group("Grant", me, element("Permission", "FULL_CONTROL"))]
    for uri, permission in _CANNED[kept]:
        grantee = f'<Grantee {_XSI} xsi:type="Group">{element("URI", uri)}</Grantee>'
        grants.append(group("Grant", grantee, element("Permission", permission)))
    return document("AccessControlPolicy", owner(store), group("AccessControlList", *grants))
