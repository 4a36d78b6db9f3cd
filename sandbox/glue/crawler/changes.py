"""What a crawl changes in the catalog, decided before anything is written.

https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.glue.crawler import merging
from sandbox.glue.crawler.documents import COUNTED, DEPRECATED_BY, RUN_ID, UPDATED_BY, Document, Found

_WRITTEN = ("Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")


class UpdateBehavior(StrEnum):
    """What happens to a table whose schema has changed. A policy names the first two; the third is a
    configuration that overrides it."""

    UPDATE_IN_DATABASE = "UPDATE_IN_DATABASE"
    LOG = "LOG"
    MERGE_NEW_COLUMNS = "MergeNewColumns"


class DeleteBehavior(StrEnum):
    """What happens to a table or partition whose data is gone."""

    DELETE_FROM_DATABASE = "DELETE_FROM_DATABASE"
    DEPRECATE_IN_DATABASE = "DEPRECATE_IN_DATABASE"
    LOG = "LOG"


@dataclass(frozen=True)
class Known:
    """A table that the catalog has: its Table document and its Partition documents."""

    table: Document
    partitions: Sequence[Document] = ()

    @property
    def location(self) -> str:
        """Where it lies, "" for a table without a place."""
        return str((self.table.get("StorageDescriptor") or {}).get("Location") or "")


@dataclass(frozen=True)
class Plan:
    """The changes, table by table, and what is only told in the log."""

    created: list[Found]
    updated: list[Found]
    deleted: list[str]
    deprecated: list[Document]
    new_partitions: dict[str, list[Document]]
    changed_partitions: dict[str, list[Document]]
    gone_partitions: dict[str, list[list[str]]]
    notes: list[str]


def plan(
    found: Sequence[Found],
    known: Mapping[str, Known],
    crawler: str,
    targets: Sequence[str],
    update: UpdateBehavior,
    delete: DeleteBehavior,
    now: float,
    unread: Sequence[str] = (),
) -> Plan:
    """Compare what was found with what the catalog has.

    `targets` are the crawled places: of the crawler's own tables, those that lie there and were not found
    are gone. New tables and partitions are always created. A table that holds one of the `unread` objects
    keeps what it has and gets at most new partitions, for nobody knows what the object would have told.
    """
    result = Plan([], [], [], [], {}, {}, {}, [])
    kept = [name for name, old in known.items() if any(_lies_in(each, [old.location]) for each in unread)]
    places = [known[name].location for name in kept]
    result.notes.extend(f"Table {name} is left as it was: not all of its objects were read" for name in kept)
    for table in found:
        before = known.get(table.name)
        if before is None:
            if not any(_overlap(table.location, place) for place in places):
                result.created.append(table)
                result.new_partitions[table.name] = table.partitions
        elif table.name in kept:
            _extend(result, table, before)
        elif update is UpdateBehavior.MERGE_NEW_COLUMNS:
            _merge(result, table, before, delete, now)
        else:
            _compare(result, table, before, update, delete)
    present = {table.name for table in found} | set(kept)
    for name, old in known.items():
        if name not in present and _is_own(old, crawler) and _lies_in(old.location, targets):
            _drop(result, name, old, delete, now)
    return result


def _merge(result: Plan, table: Found, before: Known, delete: DeleteBehavior, now: float) -> None:
    if not merging.is_compatible(table.input, before.table):
        result.notes.append(f"Table {table.name} does not go with the data that was found; it is deprecated")
        _deprecate(result, before, now)
        return
    partitions = {tuple(each["Values"]): each for each in before.partitions}
    merged = merging.merged(table, before.table, partitions)
    _compare(result, merged, before, UpdateBehavior.MERGE_NEW_COLUMNS, delete)


def _extend(result: Plan, table: Found, before: Known) -> None:
    """Only partitions that are new, and only when they have the keys of the others."""
    if _keys(table.input) == _keys(before.table):
        old = {tuple(each["Values"]) for each in before.partitions}
        new = [each for each in table.partitions if tuple(each["Values"]) not in old]
        result.new_partitions[table.name] = new


def _keys(table: Document) -> list[str]:
    return [key["Name"] for key in table.get("PartitionKeys") or []]


def _compare(
    result: Plan, table: Found, before: Known, update: UpdateBehavior, delete: DeleteBehavior
) -> None:
    old = {tuple(each["Values"]): each for each in before.partitions}
    new = {tuple(each["Values"]): each for each in table.partitions}
    ignored = COUNTED if update is UpdateBehavior.LOG else (RUN_ID,)
    changed = not _same(table.input, before.table, _WRITTEN, ignored)
    if changed and update is UpdateBehavior.LOG:
        result.notes.append(f"Table {table.name} has changed; it is not updated (UpdateBehavior LOG)")
    elif changed:
        result.updated.append(table)
    if _keys(before.table) != _keys(table.input):
        # Partitions of other keys belong to a table of another shape.
        if update is not UpdateBehavior.LOG:
            result.gone_partitions[table.name] = [list(values) for values in old]
            result.new_partitions[table.name] = table.partitions
        return
    result.new_partitions[table.name] = [each for values, each in new.items() if values not in old]
    if update is not UpdateBehavior.LOG:
        result.changed_partitions[table.name] = [
            each
            for values, each in new.items()
            if values in old and not _same(each, old[values], ("StorageDescriptor", "Parameters"))
        ]
    gone = [list(values) for values in old if values not in new]
    if gone and delete is DeleteBehavior.DELETE_FROM_DATABASE:
        result.gone_partitions[table.name] = gone
    elif gone:
        result.notes.append(f"The data of {len(gone)} partitions of table {table.name} is gone ({delete})")


def _drop(result: Plan, name: str, old: Known, delete: DeleteBehavior, now: float) -> None:
    match delete:
        case DeleteBehavior.DELETE_FROM_DATABASE:
            result.deleted.append(name)
        case DeleteBehavior.DEPRECATE_IN_DATABASE:
            _deprecate(result, old, now)
        case DeleteBehavior.LOG:
            result.notes.append(f"The data of table {name} is gone; it is kept (DeleteBehavior LOG)")


def _deprecate(result: Plan, old: Known, now: float) -> None:
    """Mark a table once."""
    parameters = old.table.get("Parameters") or {}
    if DEPRECATED_BY not in parameters:
        mark = {DEPRECATED_BY: str(int(now * 1000))}
        kept = {key: old.table[key] for key in ("Name", *_WRITTEN) if key in old.table}
        result.deprecated.append(kept | {"Parameters": parameters | mark})


def _is_own(old: Known, crawler: str) -> bool:
    return (old.table.get("Parameters") or {}).get(UPDATED_BY) == crawler


def _lies_in(location: str, targets: Sequence[str]) -> bool:
    place = location.rstrip("/")
    return any(place == each.rstrip("/") or place.startswith(each.rstrip("/") + "/") for each in targets)


def _overlap(left: str, right: str) -> bool:
    return _lies_in(left, [right]) or _lies_in(right, [left])


def _same(new: Document, old: Document, members: Sequence[str], ignored: Collection[str] = (RUN_ID,)) -> bool:
    """Whether nothing has changed but what is `ignored`: at least the crawl's own id."""
    return all(_without(new.get(each), ignored) == _without(old.get(each), ignored) for each in members)


def _without(value: Any, ignored: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(each, ignored) for key, each in value.items() if key not in ignored}
    return value
