"""Tables whose columns are to stay: what is new is added, the rest is left (MergeNewColumns).

https://docs.aws.amazon.com/glue/latest/dg/crawler-schema-changes-prevent.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sandbox.glue.crawler.documents import COUNTED, DEPRECATED_BY, Document, Found
from sandbox.glue.crawler.hive_types import extended

FUNDAMENTAL = ("classification", "compressionType", "delimiter")
"""Properties of a table without which its columns mean something else."""


def is_compatible(new: Document, old: Document) -> bool:
    """Whether a table can stay what it is beside the data that was found."""
    before, after = old.get("Parameters") or {}, new["Parameters"]
    return all(before.get(name, after.get(name)) == after.get(name) for name in FUNDAMENTAL)


def merged(found: Found, table: Document, partitions: Mapping[tuple[str, ...], Document]) -> Found:
    """What was found as additions to a table of the catalog and to its partitions, by their values."""
    made = _merged(found.input, table)
    storage = made["StorageDescriptor"]
    merged_partitions: list[Document] = []
    for each in found.partitions:
        if found.inherits:
            own = {name: each["StorageDescriptor"][name] for name in ("Location", "Parameters")}
            merged_partitions.append(each | {"StorageDescriptor": storage | own})
        else:
            old = partitions.get(tuple(each["Values"]))
            merged_partitions.append(_merged(each, old) if old else each)
    return replace(found, input=made, partitions=merged_partitions)


def _merged(new: Document, old: Document) -> Document:
    """The members of `new` with what `old` says, and what is new in the schema."""
    before, after = old.get("StorageDescriptor") or {}, new["StorageDescriptor"]
    serde = before.get("SerdeInfo") or {}
    parameters = (serde.get("Parameters") or {}) | after["SerdeInfo"].get("Parameters", {})
    storage = {
        **after,
        **before,
        "Columns": _columns(before.get("Columns") or [], after["Columns"]),
        "SerdeInfo": {**serde, **({"Parameters": parameters} if parameters else {})},
        "Parameters": _properties(before.get("Parameters") or {}, after["Parameters"]),
    }
    properties = _properties(old.get("Parameters") or {}, new["Parameters"])
    kept = {name: old[name] for name in new if name in old}
    return {**new, **kept, "StorageDescriptor": storage, "Parameters": properties}


def _columns(old: Sequence[Document], new: Sequence[Document]) -> list[Document]:
    """The old columns with the fields that are new in their structs, then the new columns."""
    found = {each["Name"].lower(): each for each in new}
    names = [each["Name"].lower() for each in old]
    kept = [
        each | {"Type": extended(each.get("Type", ""), found[name]["Type"])} if name in found else each
        for name, each in zip(names, old, strict=True)
    ]
    return [*kept, *(each for name, each in found.items() if name not in names)]


def _properties(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """The old ones; what the crawler counts is as it was counted now."""
    kept = {name: value for name, value in old.items() if name != DEPRECATED_BY}
    return {**new, **kept, **{name: new[name] for name in COUNTED if name in new}}
