"""Tags of objects and buckets."""

from __future__ import annotations

from dataclasses import replace

from sandbox.errors import AwsError
from sandbox.s3 import metadata
from sandbox.s3.entry import Entry
from sandbox.s3.objects import live
from sandbox.s3.request import Request, Response, xml
from sandbox.s3.store import Store, checked_document
from sandbox.s3.xml import document, element, group, parse

MAX_BUCKET_TAGS = 50
_CONFIGURATION = "tagging"


def _tags(store: Store, request: Request, most: int) -> str:
    root = parse(checked_document(store, request), "Tagging")
    tags = [(each.findtext("Key", ""), each.findtext("Value", "")) for each in root.iterfind("TagSet/Tag")]
    return metadata.encode_tags(tags, most)


def _document(text: str) -> bytes:
    tags = (
        group("Tag", element("Key", name), element("Value", value))
        for name, value in metadata.decode_tags(text)
    )
    return document("Tagging", group("TagSet", *tags))


def get_object_tagging(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html"""
    entry = live(store, request)
    return xml(_document(entry.tags), headers=metadata.version_header(store, request.bucket, entry))


def put_object_tagging(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html"""
    live(store, request)
    tags = _tags(store, request, metadata.MAX_TAGS)
    return Response(200, metadata.version_header(store, request.bucket, _amend(store, request, tags)))


def delete_object_tagging(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html"""
    return Response(204, metadata.version_header(store, request.bucket, _amend(store, request, "")))


def _amend(store: Store, request: Request, tags: str) -> Entry:
    with store.index.change():
        entry = live(store, request)
        store.index.amend(request.bucket, replace(entry, tags=tags))
    return entry


def get_bucket_tagging(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html"""
    kept = store.index.configuration(request.bucket, _CONFIGURATION)
    if kept is None:
        raise AwsError("NoSuchTagSet", "The TagSet does not exist", 404)
    return xml(_document(kept.decode()))


def put_bucket_tagging(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html"""
    store.index.bucket(request.bucket)
    tags = _tags(store, request, MAX_BUCKET_TAGS)
    store.index.set_configuration(request.bucket, _CONFIGURATION, tags.encode())
    return Response(204)


def delete_bucket_tagging(store: Store, request: Request) -> Response:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html"""
    store.index.set_configuration(request.bucket, _CONFIGURATION, None)
    return Response(204)
