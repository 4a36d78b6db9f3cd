"""One crawl from the listing to the catalog: everything is read first, then written in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError, WorkFailed
from sandbox.glue.crawler import changes
from sandbox.glue.crawler.changes import Known, Plan
from sandbox.glue.crawler.classification import Profile, profile
from sandbox.glue.crawler.custom import Classify
from sandbox.glue.crawler.documents import Found, found, named
from sandbox.glue.crawler.grouping import group
from sandbox.glue.crawler.listing import Listing, Object, Target, list_target
from sandbox.glue.crawler.model import Counts, Crawler

Tell = Callable[[str], None]


class Cancelled(WorkFailed):
    """The crawl was asked to stop."""


def read(
    crawler: Crawler,
    crawl_id: str,
    s3: Any,
    custom: Sequence[Classify],
    stopping: Callable[[], bool],
    tell: Tell,
) -> list[Found]:
    """The tables that lie in the crawler's targets; nothing is written. `custom` are the crawler's own
    classifiers in their order.

    Raises WorkFailed naming the object or bucket that cannot be read, Cancelled once `stopping`, which is
    asked between two objects.
    """
    tables: dict[str, Found] = {}
    for target in crawler.targets:
        listing = _list(s3, target)
        profiles = _profiles(s3, listing, target, custom, stopping)
        for each in group(listing, profiles, crawler.combine):
            table = found(each, crawler.name, crawl_id, target.exclusions, crawler.inherit)
            tell(f"{table.location} is classified as {each.format.classification}")
            tables[table.location] = table
        if not listing.objects:
            tell(f"{target.path} holds no data")
    return list(tables.values())


def write(catalog: DataCatalog, crawler: Crawler, tables: Sequence[Found], now: float, tell: Tell) -> Counts:
    """Bring the catalog in line with `tables`; the caller holds the transaction. `now` in seconds."""
    database = crawler.database
    known = _known(catalog, database)
    taken = {name: table.location for name, table in known.items()}
    targets = [f"s3://{each.location.bucket}/{each.location.key}" for each in crawler.targets]
    chosen = named(tables, crawler.prefix, taken)
    decided = changes.plan(
        chosen, known, crawler.name, targets, crawler.update_behavior, crawler.delete_behavior, now
    )
    if known or decided.created:
        _apply(catalog, database, decided)
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
) -> list[Profile]:
    chosen = _sampled(listing.objects, target.sample_size)
    profiles: list[Profile] = []
    for each in listing.objects:
        if stopping():
            raise Cancelled("The crawl was stopped")
        profiles.append(profile(s3, each, custom) if each in chosen else Profile(each, None))
    return profiles


def _sampled(objects: Sequence[Object], size: int | None) -> frozenset[Object]:
    """With a SampleSize, the first so many files of each folder; else all."""
    if size is None:
        return frozenset(objects)
    folders: dict[str, list[Object]] = defaultdict(list)
    for each in objects:
        folders[each.key.rpartition("/")[0]].append(each)
    return frozenset(each for files in folders.values() for each in files[:size])


def _known(catalog: DataCatalog, database: str) -> dict[str, Known]:
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
        catalog.update_table(database, table.name, table.input)
    for document in decided.deprecated:
        catalog.update_table(database, document["Name"], document)
    for name, fresh in decided.new_partitions.items():
        catalog.create_partitions(database, name, fresh)
    for name, altered in decided.changed_partitions.items():
        catalog.update_partitions(database, name, [(each["Values"], each) for each in altered])


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
