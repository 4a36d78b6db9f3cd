"""The options of `s3-dist-cp`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Refused(Exception):
    """What s3-dist-cp cannot be given, or cannot do here; the message names it."""


class Codec(StrEnum):
    """What becomes of the compression of the files."""

    KEEP = "keep"
    NONE = "none"
    GZIP = "gzip"


@dataclass(frozen=True)
class Options:
    """What is to be copied. `target_size` is in bytes; `notes` tells of options without effect here."""

    source: str
    destination: str
    pattern: re.Pattern[str] | None = None
    group_by: re.Pattern[str] | None = None
    target_size: int | None = None
    codec: Codec = Codec.KEEP
    delete: bool = False
    encrypt: bool = False
    storage_class: str | None = None
    notes: tuple[str, ...] = ()


_CODECS = {"gz": Codec.GZIP, "gzip": Codec.GZIP, "none": Codec.NONE, "keep": Codec.KEEP}
_CLASSES = frozenset({"STANDARD", "REDUCED_REDUNDANCY"})
_FLAGS = frozenset({"--deleteOnSuccess", "--s3ServerSideEncryption", "--disableMultipartUpload"})
_VALUES = frozenset(
    {
        *("--src", "--dest", "--srcPattern", "--groupBy", "--targetSize", "--outputCodec", "--storageClass"),
        *("--s3Endpoint", "--multipartUploadChunkSize"),
    }
)
_WITHOUT_EFFECT = {
    "--s3Endpoint": "is not used: S3 is the sandbox's",
    "--disableMultipartUpload": "has no effect: the result is the same",
    "--multipartUploadChunkSize": "has no effect: the result is the same",
}
_REFUSED = frozenset(
    {
        *("--outputManifest", "--previousManifest", "--requirePreviousManifest", "--copyFromManifest"),
        *("--appendToLastFile", "--numberFiles", "--startingIndex", "--srcPrefixesFile"),
    }
)


def parse(arguments: Sequence[str]) -> Options:
    """The options of a command line; `Refused` names what is wrong, unknown or not emulated."""
    given = _given(arguments)
    for name in ("--src", "--dest"):
        if not given.get(name):
            raise Refused(f"{name} is missing")
        if given[name].startswith("hdfs:"):
            raise Refused(
                f"{name} {given[name]} is on HDFS, which this cluster has not: use s3:// or file:///"
            )
    size, storage_class = given.get("--targetSize"), given.get("--storageClass")
    if size is not None and not re.fullmatch("[1-9][0-9]*", size):
        raise Refused(f"--targetSize is a whole number of MiB, not {size}")
    if storage_class is not None and storage_class not in _CLASSES:
        raise Refused(f"--storageClass is one of {', '.join(sorted(_CLASSES))}, not {storage_class}")
    group_by = _pattern("--groupBy", given)
    if group_by is not None and group_by.groups == 0:
        raise Refused("--groupBy needs a group in parentheses, which names the files")
    return Options(
        source=given["--src"],
        destination=given["--dest"],
        pattern=_pattern("--srcPattern", given),
        group_by=group_by,
        target_size=int(size) * 1024 * 1024 if size else None,
        codec=_codec(given.get("--outputCodec", "keep")),
        delete="--deleteOnSuccess" in given,
        encrypt="--s3ServerSideEncryption" in given,
        storage_class=storage_class,
        notes=tuple(f"{name} {why}" for name, why in _WITHOUT_EFFECT.items() if name in given),
    )


def _given(arguments: Sequence[str]) -> dict[str, str]:
    rest, given = list(arguments), dict[str, str]()
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name.startswith("-D"):
            # A property of Hadoop's, as every tool of its takes them.
            if name == "-D" and rest:
                rest.pop(0)
        elif name in _REFUSED:
            raise Refused(f"EMR Sandbox does not emulate s3-dist-cp with {name}")
        elif name in _FLAGS:
            given[name] = "true"
        elif name not in _VALUES:
            raise Refused(f"{name} is no option of s3-dist-cp")
        elif equals:
            given[name] = value
        elif rest:
            given[name] = rest.pop(0)
        else:
            raise Refused(f"{name} has no value")
    return given


def _codec(name: str) -> Codec:
    if name.lower() not in _CODECS:
        raise Refused(f"--outputCodec {name} is not emulated, only {', '.join(_CODECS)}")
    return _CODECS[name.lower()]


def _pattern(option: str, given: dict[str, str]) -> re.Pattern[str] | None:
    """A regular expression as Java writes it; only its named groups are written otherwise in Python."""
    text = given.get(option)
    if text is None:
        return None
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", text))
    except re.error as error:
        raise Refused(f"{option} {text} is no regular expression: {error}") from error
