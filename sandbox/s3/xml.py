"""S3's XML: written as text, read as elements without namespaces."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from xml.etree import ElementTree

from sandbox.s3 import faults

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

_SPECIAL = re.compile(r"[&<>\"\x00-\x1f\x7f]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def document(name: str, *content: str) -> bytes:
    """A whole document whose root is in S3's namespace."""
    body = "".join(content)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{name} xmlns="{NAMESPACE}">{body}</{name}>'.encode()


def group(name: str, *content: str) -> str:
    """An element that holds elements."""
    return f"<{name}>{''.join(content)}</{name}>"


def element(name: str, value: str | int | bool | None) -> str:
    """An element that holds text; nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return f"<{name}>{'true' if value else 'false'}</{name}>"
        case int():
            return f"<{name}>{value}</{name}>"
        case str():
            return f"<{name}>{escape(value)}</{name}>"


def escape(text: str) -> str:
    """`text` as an element's content; control characters become references, as S3 sends them."""
    return _SPECIAL.sub(_reference, text)


def _reference(found: re.Match[str]) -> str:
    character = found.group()
    return _ENTITIES.get(character) or f"&#x{ord(character):x};"


def timestamp(seconds: float) -> str:
    """Seconds since the epoch as S3 writes them; S3 keeps whole seconds."""
    return _timestamp(int(seconds))


@lru_cache(maxsize=1024)
def _timestamp(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(second))


def parse(body: bytes, root: str) -> ElementTree.Element:
    """The root element, called `root`, with names without namespaces; `MalformedXML` for anything else."""
    if b"<!DOCTYPE" in body:
        # Nobody sends one but to have its entities expanded.
        raise faults.malformed_xml()
    try:
        found = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise faults.malformed_xml() from error
    for each in found.iter():
        each.tag = each.tag.rpartition("}")[2]
    if found.tag != root:
        raise faults.malformed_xml()
    return found
