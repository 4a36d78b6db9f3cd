"""Notes on S3, read and written whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.errors import WorkFailed
from sandbox.s3.location import Location


@dataclass(frozen=True)
class S3Notes:
    """Texts by their address; `s3` makes a client."""

    s3: Callable[[], Any]

    def read(self, uri: str) -> str:
        """The text at `uri`; `WorkFailed` when it cannot be read."""
        place = Location.parse(uri)
        try:
            answer = self.s3().get_object(Bucket=place.bucket, Key=place.key)
            return str(answer["Body"].read().decode(errors="replace"))
        except (ClientError, BotoCoreError) as error:
            raise WorkFailed(f"{uri} cannot be read: {error}") from error

    def write(self, uri: str, text: str) -> None:
        """Put a text at `uri`; `WorkFailed` when it cannot be written."""
        place = Location.parse(uri)
        try:
            self.s3().put_object(Bucket=place.bucket, Key=place.key, Body=text.encode())
        except (ClientError, BotoCoreError) as error:
            raise WorkFailed(f"{uri} cannot be written: {error}") from error
