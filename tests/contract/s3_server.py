"""The object store alone behind its server, with boto3 clients on it."""

from __future__ import annotations

from contextlib import contextmanager

import boto3
from botocore.config import Config

from sandbox.aws.server import Server
from sandbox.s3.application import ObjectStore


@contextmanager
def serving(folder, **options):
    """A store on `folder` that runs inside the block; yields its URL."""
    store = ObjectStore(folder, "000000000000", "us-east-1", **options)
    try:
        with Server(store, "127.0.0.1", 0) as server:
            yield server.url
    finally:
        store.close()


def client(url, secret="sandbox", access_key="sandbox", **config):
    style = config.pop("s3", {"addressing_style": "path"})
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=Config(s3=style, retries={"max_attempts": 1}, proxies={}, **config),
    )
