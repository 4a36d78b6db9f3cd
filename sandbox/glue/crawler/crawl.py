"""One crawl from the listing to the catalog: everything is read first, then written in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError, WorkFailed
from sandbox.glue.crawler import changes, incremental, relational
from sandbox.glue.crawler.changes import Known, Plan
from sandbox.glue.crawler.classification import Profile, profile
from sandbox.glue.crawler.custom import Classify
from sandbox.glue.crawler.documents import Found, found, named
from sandbox.glue.crawler.grouping import Group, group
from sandbox.glue.crawler.incremental import Earlier
from sandbox.glue.crawler.listing import Listing, Object, Target, list_target
from sandbox.glue.crawler.model import Counts, Crawler
from sandbox.glue.crawler.profile import Unreadable

Tell = Callable[[str], None]

PARTITION_INDEX = "crawler_partition_index"
"""The name that Glue's crawlers give to their index.
https://docs.aws.amazon.com/glue/latest/dg/crawler-configure-partition-indexes.html"""


class Cancelled(WorkFailed):
    """The crawl was asked to stop."""


@dataclass(frozen=True)
class Reading:
    """What a crawl has read: the tables, the objects that could not be read, and the folders without such."""

    tables: list[Found]
    unread: list[Unreadable]
    folders: frozenset[str]

    @property
    def error(self) -> str | None:
        """Why the crawl has failed; None when everything was read."""
        if not self.unread:
            return None
        more = f" (and {len(self.unread) - 1} more objects: see the log)" if len(self.unread) > 1 else ""
        rest = "; the tables of the other objects are in the catalog" if self.tables else ""
        return f"{self.unread[0]}{more}{rest}"


def read(
    crawler: Crawler,
    crawl_id: str,
    s3: Any,
    custom: Sequence[Classify],
    earlier: Earlier,
    stopping: Callable[[], bool],
    tell: Tell,
    relations: Sequence[Found] = (),
) -> Reading:
    """The tables that lie in the crawler's targets; nothing is written. `custom` are the crawler's own
    classifiers in their order, `earlier` counts for a crawler of new folders only. An object that cannot be
    read does not keep the others from being read. `relations` are what was found in databases.

    Raises WorkFailed naming the bucket that cannot be listed or for more tables than are allowed, Cancelled
    once `stopping`, which is asked between two objects.
    """
    tables: dict[str, Found] = {each.location: each for each in relations}
    unread: list[Unreadable] = []
    objects: list[Object] = []
    for target in crawler.targets:
        listing = _list(s3, target)
        if crawler.new_folders_only:
            listing = incremental.fresh(listing, earlier.folders)
        profiles, faults = _profiles(s3, listing, target, custom, stopping)
        unread += faults
        objects += listing.objects
        for each in _groups(listing, profiles, crawler, earlier, tell):
            table = found(each, crawler.name, crawl_id, target.exclusions, crawler.inherit)
            tell(f"{table.location} is classified as {each.format.classification}")
            tables[table.location] = table
        if not listing.objects:
            tell(f"{target.path} holds no {'new folders' if crawler.new_folders_only else 'data'}")
    if crawler.most_tables is not None and len(tables) > crawler.most_tables:
        raise WorkFailed(
            f"The number of tables detected by crawler: {len(tables)} is greater than the table threshold"
            f" value provided: {crawler.most_tables}"
        )
    again = {each.uri.rpartition("/")[0] + "/" for each in unread}
    folders = frozenset(map(incremental.folder_of, objects)) - again
    return Reading(list(tables.values()), unread, folders)


def _groups(
    listing: Listing, profiles: Sequence[Profile], crawler: Crawler, earlier: Earlier, tell: Tell
) -> list[Group]:
    if not crawler.new_folders_only:
        return group(listing, profiles, crawler.grouping)
    groups, notes = incremental.groups(listing, profiles, crawler.grouping, earlier.tables.values())
    for note in notes:
        tell(note)
    return groups


def write(catalog: DataCatalog, crawler: Crawler, reading: Reading, now: float, tell: Tell) -> Counts:
    """Bring the catalog in line with what was read; the caller holds the transaction. `now` in seconds."""
    database = crawler.database
    known = known_tables(catalog, database)
    taken = {name: table.location for name, table in known.items()}
    targets = [f"s3://{each.location.bucket}/{each.location.key}" for each in crawler.targets]
    targets += relational.covered(crawler.jdbc_targets, known)
    chosen = named(reading.tables, crawler.prefix, taken)
    unread = [each.uri for each in reading.unread]
    if crawler.new_folders_only:
        known, targets = incremental.restricted(known, chosen), []
    decided = changes.plan(
        chosen, known, crawler.name, targets, crawler.table_update, crawler.delete_behavior, now, unread
    )
    if known or decided.created:
        _apply(catalog, database, decided)
        if crawler.indexes_partitions:
            _index(catalog, database, [*decided.created, *decided.updated])
    _narrate(database, decided, tell)
    return _counts(decided)


def _list(s3: Any, target: Target) -> Listing:
    try:
        return list_target(s3, target)
    except ClientError as error:
        bucket = target.location.bucket
        raise WorkFailed(
            f"{target.path} cannot be listed: bucket {bucket}: {error.response['Error']['Message']}"
        ) from error
    except BotoCoreError as error:
        raise WorkFailed(f"{target.path} cannot be listed: {error}") from error


def _profiles(
    s3: Any, listing: Listing, target: Target, custom: Sequence[Classify], stopping: Callable[[], bool]
) -> tuple[list[Profile], list[Unreadable]]:
    chosen = _sampled(listing.objects, target.sample_size)
    profiles: list[Profile] = []
    unread: list[Unreadable] = []
    for each in listing.objects:
        if stopping():
            raise Cancelled("The crawl was stopped")
        try:
            profiles.append(profile(s3, each, custom) if each in chosen else Profile(each, None))
        except Unreadable as fault:
            unread.append(fault)
    return profiles, unread


def _sampled(objects: Sequence[Object], size: int | None) -> frozenset[Object]:
    """With a SampleSize, the first so many files of each folder; else all."""
    if size is None:
        return frozenset(objects)
    folders: dict[str, list[Object]] = defaultdict(list)
    for each in objects:
        folders[each.key.rpartition("/")[0]].append(each)
    return frozenset(each for files in folders.values() for each in files[:size])


def known_tables(catalog: DataCatalog, database: str) -> dict[str, Known]:
    """The tables of a database by name; none when there is no such database."""
    try:
        tables = catalog.get_tables(database)
    except AwsError as error:
        if error.code != "EntityNotFoundException":
            raise
        return {}
    return {
        table["Name"]: Known(
            table, catalog.get_partitions(database, table["Name"]) if table.get("PartitionKeys") else ()
        )
        for table in tables
    }


def _apply(catalog: DataCatalog, database: str, decided: Plan) -> None:
    if database not in {each["Name"] for each in catalog.get_databases()}:
        catalog.create_database({"Name": database})
    for name in decided.deleted:
        catalog.delete_table(database, name)
    for table in decided.created:
        catalog.create_table(database, table.input)
    for name, gone in decided.gone_partitions.items():
        catalog.delete_partitions(database, name, gone)
    for table in decided.updated:
        if _partition_keys(catalog.get_table(database, table.name)) != _partition_keys(table.input):
            # An index is over the keys that the table had.
            for index in catalog.get_partition_indexes(database, table.name):
                catalog.delete_partition_index(database, table.name, index["IndexName"])
        catalog.update_table(database, table.name, table.input)
    for document in decided.deprecated:
        catalog.update_table(database, document["Name"], document)
    for name, fresh in decided.new_partitions.items():
        catalog.create_partitions(database, name, fresh)
    for name, altered in decided.changed_partitions.items():
        catalog.update_partitions(database, name, [(each["Values"], each) for each in altered])


def _index(catalog: DataCatalog, database: str, tables: Sequence[Found]) -> None:
    """Every partitioned table has an index over all of its keys, unless it has indexes already."""
    for table in tables:
        keys = _partition_keys(table.input)
        if keys and not catalog.get_partition_indexes(database, table.name):
            catalog.create_partition_index(database, table.name, PARTITION_INDEX, keys)


def _partition_keys(table: Mapping[str, Any]) -> list[str]:
    return [each["Name"] for each in table.get("PartitionKeys") or []]


def _narrate(database: str, decided: Plan, tell: Tell) -> None:
    for table in decided.created:
        tell(f"Created table {table.name} in database {database}")
    for table in decided.updated:
        tell(f"Updated table {table.name} in database {database}")
    for name in decided.deleted:
        tell(f"Deleted table {name} in database {database}")
    for document in decided.deprecated:
        tell(f"Deprecated table {document['Name']} in database {database}")
    for note in decided.notes:
        tell(note)


def _counts(decided: Plan) -> Counts:
    return Counts(
        tables_created=len(decided.created),
        tables_updated=len(decided.updated) + len(decided.deprecated),
        tables_deleted=len(decided.deleted),
        partitions_created=sum(map(len, decided.new_partitions.values())),
        partitions_updated=sum(map(len, decided.changed_partitions.values())),
        partitions_deleted=sum(map(len, decided.gone_partitions.values())),
    )
