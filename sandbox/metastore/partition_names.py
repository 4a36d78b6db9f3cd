"""Partition names and name patterns, as Hive writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.catalog.values import NULL_PARTITION

_UNSAFE = re.compile(r"""[\x00-\x1f"#%'*/:=?\\\x7f{\[\]^]""")


def escape(text: str) -> str:
    """A key or value as it stands in a directory's name."""
    return _UNSAFE.sub(lambda match: f"%{ord(match.group()):02X}", text) or NULL_PARTITION


def partition_name(keys: Sequence[str], values: Sequence[str]) -> str:
    """The name of a partition, which is also its directory under the table's: `year=2024/month=01`."""
    return "/".join(f"{escape(key)}={escape(value)}" for key, value in zip(keys, values, strict=True))


def hive_pattern(pattern: str | None) -> re.Pattern[str]:
    """Hive's name pattern: a regular expression in which `*` is a wildcard, for letters of any case."""
    return re.compile((pattern or "*").replace("*", ".*"), re.IGNORECASE)


def matches_partial(values: Sequence[str], partial: Sequence[str]) -> bool:
    """Whether a partition fits a partial specification, in which "" stands for any value."""
    return all(not wanted or wanted == value for wanted, value in zip(partial, values, strict=False))
