"""LocalStack's endpoint and a session on it."""

import os
from typing import Any

import localstack_client.session
from botocore.config import Config


def s3() -> Any:
    """A client of the S3 in LocalStack, on the port that docker-compose.yml publishes."""
    port = os.environ.get("LOCALSTACK_PORT", "4567")
    session = localstack_client.session.Session(localstack_host=f"127.0.0.1:{port}")
    return session.client("s3", config=Config(s3={"addressing_style": "path"}))
