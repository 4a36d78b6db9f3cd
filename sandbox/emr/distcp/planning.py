"""Which files become which: filtering, grouping and naming. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sandbox.emr.distcp.options import Codec, Options, Refused

_EXTENSION = re.compile(r"\.(gz|gzip|bz2|lzo|snappy)$")
_UNREADABLE = frozenset({"lzo", "snappy"})


@dataclass(frozen=True)
class Source:
    """A file to copy: its whole address, and its size in bytes."""

    address: str
    size: int


@dataclass(frozen=True)
class Target:
    """A file to write, and those that it is made of, in order."""

    address: str
    sources: tuple[Source, ...]


def plan(sources: Iterable[Source], options: Options) -> tuple[Target, ...]:
    """The files to write; `Refused` when no file is left to copy, or one cannot be treated so.

    A pattern is matched against a file's whole address. Without `group_by` the tree below the source is kept;
    with it a file takes the name that the groups spell, right below the destination.
    """
    chosen = [source for source in sources if _wanted(source, options)]
    if not chosen:
        raise Refused(f"no file of {options.source} is to be copied")
    if options.codec is not Codec.KEEP:
        for source in chosen:
            if compression(source.address) in _UNREADABLE:
                raise Refused(f"{source.address} cannot be read: its compression is not emulated")
    base = options.destination.rstrip("/")
    if options.group_by is None:
        targets = [Target(f"{base}/{_below(one.address, options.source)}", (one,)) for one in chosen]
    else:
        targets = [
            target
            for name, files in _groups(chosen, options.group_by).items()
            for target in _parts(f"{base}/{name}", files, options.target_size)
        ]
    for target in targets:
        if len(target.sources) > 1 and any(".parquet" in one.address for one in target.sources):
            raise Refused("s3-dist-cp cannot concatenate Parquet files: use Spark")
    return tuple(Target(renamed(one.address, options.codec), one.sources) for one in targets)


def renamed(address: str, codec: Codec) -> str:
    """A file's address with the extension of its new compression."""
    match codec:
        case Codec.GZIP:
            return address if compression(address) in ("gz", "gzip") else f"{_EXTENSION.sub('', address)}.gz"
        case Codec.NONE:
            return _EXTENSION.sub("", address)
        case Codec.KEEP:
            return address


def compression(address: str) -> str | None:
    """How a file is compressed, which its name tells; None when it is not."""
    found = _EXTENSION.search(address)
    return found[1] if found else None


def _wanted(source: Source, options: Options) -> bool:
    patterns = (options.pattern, options.group_by)
    return all(pattern is None or pattern.fullmatch(source.address) for pattern in patterns)


def _below(address: str, source: str) -> str:
    """The path of a file below the source, or its name when the source is that file."""
    return address.removeprefix(source.rstrip("/")).lstrip("/") or address.rpartition("/")[2]


def _groups(sources: Sequence[Source], pattern: re.Pattern[str]) -> dict[str, list[Source]]:
    """Files by the name that the pattern's groups spell; one that took no part is spelled as Java does."""
    groups: dict[str, list[Source]] = {}
    for source in sources:
        found = pattern.fullmatch(source.address)
        assert found is not None
        name = "".join("null" if text is None else text for text in found.groups())
        groups.setdefault(name, []).append(source)
    return groups


def _parts(address: str, sources: Sequence[Source], size: int | None) -> Iterator[Target]:
    """One file, or numbered ones of about `size` bytes; no source is cut in two."""
    if size is None or sum(one.size for one in sources) <= size:
        yield Target(address, tuple(sources))
        return
    parts: list[list[Source]] = [[]]
    for source in sources:
        if parts[-1] and sum(one.size for one in parts[-1]) + source.size > size:
            parts.append([])
        parts[-1].append(source)
    for number, part in enumerate(parts):
        yield Target(_numbered(address, number), tuple(part))


def _numbered(address: str, number: int) -> str:
    """`myfile.gz` becomes `myfile0.gz`: the number stands before the extension of a compression."""
    found = _EXTENSION.search(address)
    cut = found.start() if found else len(address)
    return f"{address[:cut]}{number}{address[cut:]}"
