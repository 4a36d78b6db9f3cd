"""Who asks a database: the properties of a connection, or the secret that it names.

https://docs.aws.amazon.com/glue/latest/dg/connection-properties-secrets-manager.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.errors import WorkFailed

HIDDEN = "******"


@dataclass(frozen=True)
class Credentials:
    """A user and its password, which no repr shows."""

    username: str
    password: str = field(repr=False)

    def redacted(self, text: str) -> str:
        """The text without the password."""
        return text.replace(self.password, HIDDEN) if self.password else text


def credentials(properties: Mapping[str, str], client: Callable[[str], Any]) -> Credentials:
    """Those of a connection with these properties; `client` makes a boto3 client of `secretsmanager`.

    Raises WorkFailed for a secret that is not there or holds no username and password.
    """
    secret = properties.get("SECRET_ID")
    if secret is None:
        return Credentials(properties.get("USERNAME", ""), properties.get("PASSWORD", ""))
    try:
        text = client("secretsmanager").get_secret_value(SecretId=secret).get("SecretString", "")
    except ClientError as error:
        raise WorkFailed(f"Secret {secret}: {error.response['Error']['Message']}") from error
    except BotoCoreError as error:
        raise WorkFailed(f"Secret {secret}: {error}") from error
    return _from_secret(secret, text)


def _from_secret(secret: str, text: str) -> Credentials:
    """A fault is told without its cause, which would quote the secret."""
    try:
        found = json.loads(text)
        return Credentials(str(found["username"]), str(found["password"]))
    except (ValueError, KeyError, TypeError):
        message = f"Secret {secret} is no JSON object with username and password"
        raise WorkFailed(message) from None
