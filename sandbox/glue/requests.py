"""What the catalog operations of Glue have in common: whose catalog, which page, what is not emulated."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, TypeVar

from sandbox.aws.operations import Document
from sandbox.errors import AwsError

Item = TypeVar("Item")


def check_catalog(request: Document, account: str) -> None:
    """There is one catalog, the account's. Raises EntityNotFoundException for any other CatalogId."""
    catalog = request.get("CatalogId")
    if catalog is not None and catalog != account:
        raise AwsError("EntityNotFoundException", f"Catalog {catalog} not found.")


def refuse_members(operation: str, request: Document, *members: str) -> None:
    """Members that would ask for something that is not done are refused by name (HTTP 501)."""
    for member in members:
        if request.get(member) is not None:
            raise AwsError("NotEmulated", f"{operation} with {member} is not emulated", 501)


def encode_token(*parts: str) -> str:
    """A NextToken: it holds all that is needed to go on, so it outlives a restart."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def decode_token(request: Document, *scope: str) -> str:
    """Where the last page ended, or "" for the first one.

    Raises InvalidInputException for a token that `encode_token(*scope, ...)` did not make.
    """
    token = request.get("NextToken")
    if not token:
        return ""
    try:
        parts = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        parts = None
    if not isinstance(parts, list) or len(parts) != len(scope) + 1 or parts[:-1] != list(scope):
        raise AwsError("InvalidInputException", f"Invalid NextToken: {token}")
    return str(parts[-1])


def page(
    items: dict[str, Item], request: Document, most: int, *scope: str
) -> tuple[list[Item], dict[str, Any]]:
    """The page of `items` that the request asks for, and the response's NextToken when more follow.

    `items` are in order; the token names the last item, so that what is deleted meanwhile does no harm.
    `most` is the operation's largest page.
    """
    after = decode_token(request, *scope)
    keys = [key for key in items if key > after]
    size = min(request.get("MaxResults") or most, most)
    chosen = keys[:size]
    following = {"NextToken": encode_token(*scope, chosen[-1])} if len(keys) > size else {}
    return [items[key] for key in chosen], following
