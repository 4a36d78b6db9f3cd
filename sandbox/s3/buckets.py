"""Buckets: create, list, head, delete, and their versioning."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from sandbox.errors import AwsError
from sandbox.s3 import faults
from sandbox.s3.entry import Bucket, Versioning
from sandbox.s3.request import Request, Response, xml
from sandbox.s3.store import Store, checked_document
from sandbox.s3.xml import document, element, group, parse, timestamp

DISPLAY_NAME = "sandbox"
_CLASSIC = "us-east-1"
"""The region whose location constraint is empty, and which takes a bucket's second creation for a success."""
_NAME = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
_RESERVED = re.compile(r"^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$")


def is_valid_name(name: str) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
    if not _NAME.match(name) or ".." in name or _RESERVED.search(name):
        return False
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return True
    return False


def owner(store: Store, name: str = "Owner") -> str:
    """The element that names the account."""
    return group(name, element("ID", store.owner), element("DisplayName", DISPLAY_NAME))


def create_bucket(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html"""
    if not is_valid_name(request.bucket):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.")
    if request.headers.get("x-amz-bucket-object-lock-enabled", "false").lower() == "true":
        raise faults.not_implemented("The header x-amz-bucket-object-lock-enabled")
    region = _region(store, checked_document(store, request))
    made = store.index.add_bucket(Bucket(request.bucket, store.clock(), region))
    if not made and store.region != _CLASSIC:
        message = "Your previous request to create the named bucket succeeded and you already own it."
        raise AwsError("BucketAlreadyOwnedByYou", message, 409)
    return Response(200, [("Location", f"/{request.bucket}")])


def _region(store: Store, body: bytes) -> str:
    if not body.strip():
        return store.region
    root = parse(body, "CreateBucketConfiguration")
    asked = root.findtext("LocationConstraint", "").strip()
    if asked == _CLASSIC:
        raise AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid")
    return asked or store.region


def list_buckets(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html"""
    query = request.query
    limit = number(query, "max-buckets", 10_000)
    prefix, region, after = (
        query.get("prefix", ""),
        query.get("bucket-region"),
        query.get("continuation-token", ""),
    )
    found = [
        bucket
        for bucket in store.index.buckets()
        if bucket.name.startswith(prefix) and region in (None, bucket.region) and bucket.name > after
    ]
    shown = [
        group(
            "Bucket",
            element("Name", bucket.name),
            element("CreationDate", timestamp(bucket.created)),
            element("BucketRegion", bucket.region) if "max-buckets" in query or region else "",
        )
        for bucket in found[:limit]
    ]
    token = found[limit - 1].name if 0 < limit < len(found) else None
    return xml(
        document(
            "ListAllMyBucketsResult",
            owner(store),
            group("Buckets", *shown),
            element("ContinuationToken", token),
            element("Prefix", query.get("prefix")),
        )
    )


def number(query: Mapping[str, str], name: str, default: int) -> int:
    """A count in the query, at most `default`; `InvalidArgument` for anything but digits."""
    text = query.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) >= 1 << 31:
        raise faults.invalid_argument(f"Provided {name} not an integer or within integer range")
    return min(int(text), default)


def head_bucket(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html"""
    bucket = store.index.bucket(request.bucket)
    return Response(200, [("x-amz-bucket-region", bucket.region), ("x-amz-access-point-alias", "false")])


def delete_bucket(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html"""
    for upload in store.uploads.list(request.bucket) if store.index.is_empty(request.bucket) else ():
        store.uploads.abort(upload)
    store.index.remove_bucket(request.bucket)
    return Response(204)


def get_bucket_location(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html"""
    region = store.index.bucket(request.bucket).region
    return xml(document("LocationConstraint", "" if region == _CLASSIC else region))


def get_bucket_versioning(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html"""
    state = store.index.bucket(request.bucket).versioning
    return xml(document("VersioningConfiguration", element("Status", state.value or None)))


def put_bucket_versioning(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html"""
    store.index.bucket(request.bucket)
    root = parse(checked_document(store, request), "VersioningConfiguration")
    if root.findtext("MfaDelete", "Disabled") == "Enabled":
        raise faults.not_implemented("MFA delete")
    status = root.findtext("Status")
    if status not in (Versioning.ENABLED, Versioning.SUSPENDED):
        message = "The Versioning element must be specified"
        raise AwsError("IllegalVersioningConfigurationException", message)
    store.index.set_versioning(request.bucket, Versioning(status))
    return Response(200)
