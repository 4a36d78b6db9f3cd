"""Bring objects to files and files to objects."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.errors import WorkFailed
from sandbox.s3.location import Location


def download(s3: Any, uri: str, target: Path) -> Path:
    """Copy an object, or a local file given by path or `file:`, to `target`.

    Raises `WorkFailed` naming the address and S3's own reason.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if not Location.matches(uri):
        source = Path(uri.removeprefix("file://").removeprefix("file:"))
        try:
            target.write_bytes(source.read_bytes())
        except OSError as error:
            raise WorkFailed(f"{uri} cannot be read: {error.strerror}") from error
        return target
    location = Location.parse(uri)
    try:
        s3.download_file(location.bucket, location.key, str(target))
    except ClientError as error:
        detail = error.response["Error"]
        reason = "no such object" if detail["Code"] in ("404", "NoSuchKey") else detail["Message"]
        raise WorkFailed(f"{uri} cannot be read: {reason}") from error
    except (BotoCoreError, OSError) as error:
        raise WorkFailed(f"{uri} cannot be read: {error}") from error
    return target


def upload_compressed(s3: Any, file: Path, target: Location) -> None:
    """Write a file as a gzip object; `WorkFailed` naming the address when S3 refuses."""
    try:
        s3.put_object(Bucket=target.bucket, Key=target.key, Body=gzip.compress(file.read_bytes()))
    except (ClientError, BotoCoreError, OSError) as error:
        raise WorkFailed(f"{file.name} cannot be written to {target}: {error}") from error
