"""The crawl stage: a Glue crawler reads the raw objects and describes them as tables."""

from __future__ import annotations

import contextlib
from typing import Any

from sandbox.demo.stages import Crawled, CrawledTable, StageFailed
from sandbox.demo.track import Track
from sandbox.demo.waiting import Wait

LIMIT = 900.0
"""Seconds that a crawl may take."""


def define(glue: Any, track: Track, role: str, location: str) -> None:
    """The database, and the crawler that reads `location`; what exists is brought up to date."""
    with contextlib.suppress(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput={"Name": track.database})
    definition = {
        "Name": track.crawler,
        "Role": role,
        "DatabaseName": track.database,
        # One target a table: a crawler names a table after the folder that its target points to.
        "Targets": {"S3Targets": [{"Path": f"{location}{table}/"} for table in track.tables]},
    }
    try:
        glue.create_crawler(**definition)
    except glue.exceptions.AlreadyExistsException:
        glue.update_crawler(**definition)


def crawl(glue: Any, track: Track, wait: Wait) -> Crawled:
    """Run the crawler to its end and read what it found; `StageFailed` with its own message."""
    before = _last(glue, track)
    glue.start_crawler(Name=track.crawler)
    last = wait.until(lambda: _ended(glue, track, before), f"Crawler {track.crawler}", LIMIT)
    if last["Status"] != "SUCCEEDED":
        log = ":".join(filter(None, (last.get("LogGroup"), last.get("LogStream"))))
        raise StageFailed(last.get("ErrorMessage") or f"The crawl is {last['Status']}", log)
    found = {table["Name"]: _table(table) for table in _tables(glue, track.database)}
    missing = [name for name in track.tables if name not in found]
    if missing:
        raise StageFailed(
            f"The crawler made no table {', '.join(missing)}; {track.database} holds: {', '.join(found)}"
        )
    tables = tuple(found[name] for name in track.tables)
    return Crawled(track.crawler, track.database, tables[0].rows, tables[0].columns, tables)


def _last(glue: Any, track: Track) -> dict[str, Any]:
    crawler = glue.get_crawler(Name=track.crawler)["Crawler"]
    return dict(crawler.get("LastCrawl", {}))


def _ended(glue: Any, track: Track, before: dict[str, Any]) -> dict[str, Any] | None:
    """The last crawl, once the crawler is ready again and the last crawl is not the one `before`."""
    crawler = glue.get_crawler(Name=track.crawler)["Crawler"]
    last = crawler.get("LastCrawl", {})
    over = crawler["State"] == "READY" and last and last.get("StartTime") != before.get("StartTime")
    return dict(last) if over else None


def _tables(glue: Any, database: str) -> list[dict[str, Any]]:
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=database)
    return [table for page in pages for table in page["TableList"]]


def _table(table: dict[str, Any]) -> CrawledTable:
    parameters = table.get("Parameters", {})
    storage = table["StorageDescriptor"]
    count = parameters.get("recordCount")
    return CrawledTable(
        name=table["Name"],
        rows=int(count) if count is not None else None,
        columns={column["Name"]: column["Type"] for column in storage["Columns"]},
        partition_keys={key["Name"]: key["Type"] for key in table.get("PartitionKeys", [])},
        classification=parameters.get("classification", ""),
        location=storage["Location"],
    )
