"""Crawls of databases: the tables that JDBC targets mean, as the catalog has them.

https://docs.aws.amazon.com/glue/latest/dg/table-properties-crawler.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from sandbox.errors import WorkFailed
from sandbox.glue.crawler.changes import Known
from sandbox.glue.crawler.documents import RUN_ID, UPDATED_BY, Document, Found
from sandbox.glue.crawler.model import Crawler, JdbcTarget
from sandbox.glue.crawler.schema import described
from sandbox.glue.jdbc import include_path
from sandbox.glue.jdbc.address import Address
from sandbox.glue.jdbc.source import Source
from sandbox.glue.jdbc.table import Table

CONNECTION = "connectionName"
"""A table's property: the connection by which it was found."""

Open = Callable[[str], AbstractContextManager[Source]]
"""Connects by the connection of a name."""


def read(crawler: Crawler, crawl_id: str, connect: Open, tell: Callable[[str], None]) -> list[Found]:
    """The tables of the crawler's JDBC targets, still without a name of their own; nothing is written.

    Raises WorkFailed with the reason for a target that cannot be read, AwsError for a connection that is not
    there.
    """
    tables: dict[str, Found] = {}
    for target in crawler.jdbc_targets:
        try:
            with connect(target.connection) as source:
                address, known = source.address, source.connected.tables()
        except WorkFailed as fault:
            raise WorkFailed(f"The connection {target.connection} failed: {fault}") from None
        chosen = include_path.chosen(target.include, target.exclusions, address, known)
        for each in chosen:
            table = _found(each, address, target, crawler.name, crawl_id)
            _refuse_other(tables.get(table.location), table)
            tell(f"{table.location} is classified as {address.engine}")
            tables[table.location] = table
        if not chosen:
            tell(f"{target.path} holds no tables")
    return list(tables.values())


def covered(targets: Sequence[JdbcTarget], known: Mapping[str, Known]) -> list[str]:
    """The locations of the catalog's tables that the targets mean: those that are not found are gone."""
    return [each.location for each in known.values() if any(_is_covered(target, each) for target in targets)]


def _is_covered(target: JdbcTarget, known: Known) -> bool:
    if (known.table.get("Parameters") or {}).get(CONNECTION) != target.connection:
        return False
    include = target.include
    parts = [part for part in (include.database, include.schema, include.table) if part]
    place = r"\.".join(".+" if part == include_path.ALL else re.escape(part) for part in parts)
    return re.fullmatch(place, known.location, re.DOTALL) is not None


def _refuse_other(before: Found | None, table: Found) -> None:
    """A location names the database only, so two servers can have a table at the same one."""
    if before is None:
        return
    names = [each.input["Parameters"][CONNECTION] for each in (before, table)]
    if names[0] != names[1]:
        raise WorkFailed(f"{table.location} is a table of both {' and '.join(names)}: use a crawler for each")


def _found(table: Table, address: Address, target: JdbcTarget, crawler: str, crawl_id: str) -> Found:
    parts = [part for part in (address.database, table.schema, table.name) if part]
    root = target.include.root
    excluded = {"exclusions": json.dumps([root + each for each in target.exclusions])}
    parameters = {
        "classification": address.engine.value,
        "compressionType": "none",
        "typeOfData": "view" if table.is_view else "table",
        CONNECTION: target.connection,
        "CrawlerSchemaSerializerVersion": "1.0",
        "CrawlerSchemaDeserializerVersion": "1.0",
        UPDATED_BY: crawler,
        RUN_ID: crawl_id,
        **(excluded if target.exclusions else {}),
    }
    storage: Document = {
        "Columns": described(table.columns),
        "Location": ".".join(parts),
        "Compressed": False,
        "NumberOfBuckets": -1,
        "SerdeInfo": {},
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": parameters,
        "StoredAsSubDirectories": False,
    }
    return Found(
        {
            "Name": "_".join(parts),
            "Owner": "owner",
            "Retention": 0,
            "StorageDescriptor": storage,
            "PartitionKeys": [],
            "TableType": "EXTERNAL_TABLE",
            "Parameters": parameters,
        }
    )
