"""The one table of S3's operations: who performs what, and how real it is.

What is not in the table is refused with 501 by its name in AWS's own model. A sub-resource that nobody
knows is never taken for the plain operation beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import botocore.session
from botocore.model import ServiceModel

from sandbox.aws.operations import Fidelity
from sandbox.s3 import (
    attributes,
    buckets,
    configurations,
    copying,
    cors,
    faults,
    forms,
    multipart,
    objects,
    pages,
    tagging,
)
from sandbox.s3.request import Level, Request, Response
from sandbox.s3.store import Store

Perform = Callable[[Store, Request], Response]

UPLOAD = "uploadId"
"""Names requests that are about a multipart upload of a key."""
COPY = "x-amz-copy-source"
MODIFIERS = frozenset(
    {
        *("versionId", "partNumber", "prefix", "delimiter", "encoding-type", "marker", "max-keys"),
        *("list-type", "continuation-token", "start-after", "fetch-owner", "max-buckets", "bucket-region"),
        *("key-marker", "version-id-marker", "upload-id-marker", "max-uploads"),
        *("max-parts", "part-number-marker", "select-type", "id", "AWSAccessKeyId", "Signature", "Expires"),
    }
)
"""Query parameters that choose no operation; so do those that begin with `x-` or `response-`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its AWS name, the requests that ask for it, how real it is, and who performs it."""

    name: str
    method: str
    level: Level
    subresource: str
    fidelity: Fidelity
    perform: Perform


def _executed() -> list[Operation]:
    """What happens."""
    bucket, key, real = Level.BUCKET, Level.OBJECT, Fidelity.EXECUTED
    return [
        Operation("ListBuckets", "GET", Level.SERVICE, "", real, buckets.list_buckets),
        Operation("CreateBucket", "PUT", bucket, "", real, buckets.create_bucket),
        Operation("HeadBucket", "HEAD", bucket, "", real, buckets.head_bucket),
        Operation("DeleteBucket", "DELETE", bucket, "", real, buckets.delete_bucket),
        Operation("GetBucketLocation", "GET", bucket, "location", real, buckets.get_bucket_location),
        Operation("GetBucketVersioning", "GET", bucket, "versioning", real, buckets.get_bucket_versioning),
        Operation("PutBucketVersioning", "PUT", bucket, "versioning", real, buckets.put_bucket_versioning),
        Operation("ListObjects", "GET", bucket, "", real, pages.list_objects),
        Operation("ListObjectsV2", "GET", bucket, "list-type=2", real, pages.list_objects_v2),
        Operation("ListObjectVersions", "GET", bucket, "versions", real, pages.list_object_versions),
        Operation("ListMultipartUploads", "GET", bucket, "uploads", real, multipart.list_multipart_uploads),
        Operation("DeleteObjects", "POST", bucket, "delete", real, objects.delete_objects),
        Operation("PutObject", "PUT", key, "", real, objects.put_object),
        Operation("CopyObject", "PUT", key, COPY, real, copying.copy_object),
        Operation("GetObject", "GET", key, "", real, objects.get_object),
        Operation("HeadObject", "HEAD", key, "", real, objects.get_object),
        Operation("DeleteObject", "DELETE", key, "", real, objects.delete_object),
        Operation("GetObjectAttributes", "GET", key, "attributes", real, attributes.get_object_attributes),
        Operation("GetObjectTagging", "GET", key, "tagging", real, tagging.get_object_tagging),
        Operation("PutObjectTagging", "PUT", key, "tagging", real, tagging.put_object_tagging),
        Operation("DeleteObjectTagging", "DELETE", key, "tagging", real, tagging.delete_object_tagging),
        Operation("CreateMultipartUpload", "POST", key, "uploads", real, multipart.create_multipart_upload),
        Operation("UploadPart", "PUT", key, UPLOAD, real, multipart.upload_part),
        Operation("UploadPartCopy", "PUT", key, f"{UPLOAD}&{COPY}", real, multipart.upload_part_copy),
        Operation("CompleteMultipartUpload", "POST", key, UPLOAD, real, multipart.complete_multipart_upload),
        Operation("AbortMultipartUpload", "DELETE", key, UPLOAD, real, multipart.abort_multipart_upload),
        Operation("ListParts", "GET", key, UPLOAD, real, multipart.list_parts),
    ]


def _recorded() -> list[Operation]:
    """What is stored and returned."""
    bucket, key, kept = Level.BUCKET, Level.OBJECT, Fidelity.RECORDED
    found = [
        Operation("GetBucketAcl", "GET", bucket, "acl", kept, configurations.get_bucket_acl),
        Operation("PutBucketAcl", "PUT", bucket, "acl", kept, configurations.put_bucket_acl),
        Operation("GetObjectAcl", "GET", key, "acl", kept, configurations.get_object_acl),
        Operation("PutObjectAcl", "PUT", key, "acl", kept, configurations.put_object_acl),
        Operation("GetBucketPolicy", "GET", bucket, "policy", kept, configurations.get_bucket_policy),
        Operation("PutBucketPolicy", "PUT", bucket, "policy", kept, configurations.put_bucket_policy),
        Operation(
            "DeleteBucketPolicy", "DELETE", bucket, "policy", kept, configurations.delete_bucket_policy
        ),
        Operation("GetBucketTagging", "GET", bucket, "tagging", kept, tagging.get_bucket_tagging),
        Operation("PutBucketTagging", "PUT", bucket, "tagging", kept, tagging.put_bucket_tagging),
        Operation("DeleteBucketTagging", "DELETE", bucket, "tagging", kept, tagging.delete_bucket_tagging),
    ]
    for get, put, delete, each in _CONFIGURATIONS:
        found.append(Operation(get, "GET", bucket, each.name, kept, each.get))
        found.append(Operation(put, "PUT", bucket, each.name, kept, each.put))
        if delete:
            found.append(Operation(delete, "DELETE", bucket, each.name, kept, each.delete))
    return found


_CONFIGURATIONS = (
    ("GetBucketCors", "PutBucketCors", "DeleteBucketCors", configurations.CORS),
    (
        "GetBucketLifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        "DeleteBucketLifecycle",
        configurations.LIFECYCLE,
    ),
    ("GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption", configurations.ENCRYPTION),
    ("GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite", configurations.WEBSITE),
    (
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
        "DeleteBucketOwnershipControls",
        configurations.OWNERSHIP,
    ),
    ("GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock", configurations.PUBLIC_ACCESS),
    ("GetBucketLogging", "PutBucketLogging", None, configurations.LOGGING),
    (
        "GetBucketNotificationConfiguration",
        "PutBucketNotificationConfiguration",
        None,
        configurations.NOTIFICATION,
    ),
    ("GetBucketAccelerateConfiguration", "PutBucketAccelerateConfiguration", None, configurations.ACCELERATE),
    ("GetBucketRequestPayment", "PutBucketRequestPayment", None, configurations.PAYMENT),
)
_OLD_NAMES = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}
"""Deprecated operations that are the same requests as their successors."""

_UNLISTED = (
    Operation("PostObject", "POST", Level.BUCKET, "", Fidelity.EXECUTED, forms.post_object),
    Operation("OptionsBucket", "OPTIONS", Level.BUCKET, "", Fidelity.EXECUTED, cors.preflight),
    Operation("OptionsObject", "OPTIONS", Level.OBJECT, "", Fidelity.EXECUTED, cors.preflight),
)
"""Requests of browsers, which no SDK makes and AWS's model does not name."""

OPERATIONS: tuple[Operation, ...] = (*_executed(), *_recorded())
_BY_REQUEST: Mapping[tuple[str, Level, str], Operation] = {
    (each.method, each.level, each.subresource): each for each in (*OPERATIONS, *_UNLISTED)
}


def find(request: Request) -> Operation:
    """The operation that a request asks for; `NotImplemented` that names it, `MethodNotAllowed`."""
    subresource = _subresource(request)
    found = _BY_REQUEST.get((request.method, request.level, subresource))
    if found is not None:
        return found
    if not subresource:
        raise faults.method_not_allowed()
    name = _names().get((request.method, request.level, subresource))
    raise faults.not_implemented(f"s3:{name}" if name else f"{request.method} {request.level}?{subresource}")


def _subresource(request: Request) -> str:
    """What, beside method and level, chooses the operation."""
    named = [name for name in request.query if not _modifies(name)] if request.query else []
    if len(named) > 1:
        raise faults.invalid_argument(f"Conflicting query string parameters: {', '.join(sorted(named))}")
    if named:
        copies = named[0] == UPLOAD and request.method == "PUT" and COPY in request.headers
        return f"{UPLOAD}&{COPY}" if copies else named[0]
    if request.method == "PUT" and request.key and COPY in request.headers:
        return COPY
    if request.query.get("list-type") == "2" and request.level is Level.BUCKET and request.method == "GET":
        return "list-type=2"
    return ""


def _modifies(name: str) -> bool:
    return name in MODIFIERS or name.lower().startswith(("x-", "response-"))


@functools.cache
def _names() -> Mapping[tuple[str, str, str], str]:
    """AWS's names by method, level and sub-resource; read only when one is refused."""
    model = botocore.session.get_session().get_service_model("s3")
    found = {}
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        found[http["method"], path, query.partition("&")[0]] = name
    return found


def parity(model: ServiceModel) -> dict[str, Fidelity]:
    """Every operation of botocore's model with its fidelity; what is not in the table is refused."""
    known = {each.name: each.fidelity for each in OPERATIONS}
    known |= {old: known[new] for old, new in _OLD_NAMES.items()}
    return {name: known.get(name, Fidelity.REFUSED) for name in sorted(model.operation_names)}
