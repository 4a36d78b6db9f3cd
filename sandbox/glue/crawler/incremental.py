"""Crawls of the folders that were added since the last crawl (CRAWL_NEW_FOLDERS_ONLY).

https://docs.aws.amazon.com/glue/latest/dg/incremental-crawls.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sandbox.glue.crawler import hive_types
from sandbox.glue.crawler.changes import Known
from sandbox.glue.crawler.classification import Profile
from sandbox.glue.crawler.documents import Found, place
from sandbox.glue.crawler.grouping import Group, Policy, group, table_at
from sandbox.glue.crawler.listing import Listing, Object
from sandbox.glue.crawler.schema import SIMILARITY, Columns, Type, similarity


@dataclass(frozen=True)
class Earlier:
    """What a crawl builds upon: the folders that were crawled, and the tables of the database by name."""

    folders: Collection[str]
    tables: Mapping[str, Known]


def folder_of(each: Object) -> str:
    """The address of the folder in which an object lies."""
    return each.uri.rpartition("/")[0] + "/"


def fresh(listing: Listing, folders: Collection[str]) -> Listing:
    """What lies in folders that were not crawled."""
    new = tuple(each for each in listing.objects if folder_of(each) not in folders)
    return replace(listing, objects=new)


def groups(
    listing: Listing, profiles: Sequence[Profile], policy: Policy, tables: Iterable[Known]
) -> tuple[list[Group], list[str]]:
    """Partitions for the tables in which the new folders lie, tables for the others, and what is left out."""
    inside: dict[str, list[Profile]] = defaultdict(list)
    outside: list[Profile] = []
    by_place = {f"{place(each.location)}/": each for each in tables if each.location}
    for each in profiles:
        places = [where for where in by_place if folder_of(each.object).startswith(where)]
        inside[max(places, key=len)].append(each) if places else outside.append(each)
    found: list[Group] = []
    notes: list[str] = []
    for where, files in inside.items():
        known = by_place[where]
        chosen = [each for each in files if _goes_with(each, known, policy)]
        left = {folder_of(each.object) for each in files} - {folder_of(each.object) for each in chosen}
        name = known.table["Name"]
        notes += [f"{folder} is left out: it does not go with table {name}" for folder in sorted(left)]
        if chosen:
            path = where.removeprefix(f"s3://{listing.bucket}/").rstrip("/")
            found.append(table_at(listing.bucket, path, chosen, _keys(known)))
    for root, files in _beside(listing, outside, by_place).items():
        rest = replace(listing, root=root, objects=tuple(each.object for each in files))
        found += group(rest, files, policy)
    return found, notes


def _beside(
    listing: Listing, profiles: Sequence[Profile], places: Collection[str]
) -> dict[str, list[Profile]]:
    """The objects by the highest folder above them in which no table lies: none is to hold another."""
    roots: dict[str, list[Profile]] = defaultdict(list)
    for each in profiles:
        folder = each.object.key.rpartition("/")[0]
        root = listing.root
        while root != folder and any(
            where.startswith(f"s3://{listing.bucket}/{root}/" if root else f"s3://{listing.bucket}/")
            for where in places
        ):
            root = folder[: (folder + "/").index("/", len(root) + 1 if root else 0)]
        roots[root].append(each)
    return roots


def restricted(known: Mapping[str, Known], found: Iterable[Found]) -> dict[str, Known]:
    """What is known of what was found: the rest was not looked at, and so it is not gone."""
    values = {each.name: {tuple(part["Values"]) for part in each.partitions} for each in found}
    return {
        name: Known(
            known[name].table,
            [part for part in known[name].partitions if tuple(part["Values"]) in values[name]],
        )
        for name in values
        if name in known
    }


def _goes_with(each: Profile, known: Known, policy: Policy) -> bool:
    """Whether an object can be in a partition of a table: as deep, of the same format, and alike."""
    depth = folder_of(each.object).removeprefix(f"{place(known.location)}/").count("/")
    if depth != len(_keys(known)) or not depth:
        return False
    if each.recognised is None:
        return True
    properties = known.table.get("Parameters") or {}
    if each.recognised.format.classification != properties.get("classification"):
        return False
    own: Columns = tuple((name.lower(), kind) for name, kind in each.recognised.columns)
    return policy.combine or similarity(_columns(known), own) > SIMILARITY


def _keys(known: Known) -> tuple[str, ...]:
    return tuple(each["Name"] for each in known.table.get("PartitionKeys") or [])


def _columns(known: Known) -> Columns:
    columns = (known.table.get("StorageDescriptor") or {}).get("Columns") or []
    return tuple((each["Name"], _type(each.get("Type") or "string")) for each in columns)


def _type(text: str) -> Type:
    try:
        return hive_types.parse(text)
    except ValueError:
        # Whoever made the table may have meant something; no column of a crawler is like it.
        return text
