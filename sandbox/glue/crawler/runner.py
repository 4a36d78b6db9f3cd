"""Crawlers and their crawls as they happen."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import cattrs

from sandbox.catalog import DataCatalog
from sandbox.errors import AwsError, WorkFailed
from sandbox.glue.connections import Connections
from sandbox.glue.crawler import crawl as crawling
from sandbox.glue.crawler import relational
from sandbox.glue.crawler.classifiers import Classifiers
from sandbox.glue.crawler.crawl_log import CrawlLog
from sandbox.glue.crawler.custom import prepared
from sandbox.glue.crawler.incremental import Earlier
from sandbox.glue.crawler.model import Crawl, Crawler, CrawlerState, CrawlState
from sandbox.glue.jdbc.source import Source, opened
from sandbox.runtime.workers import Workers
from sandbox.store import Database, Documents, Journal

_log = logging.getLogger(__name__)


class CrawlerRunner:
    """Owns crawlers and crawls. `client` makes boto3 clients on the sandbox's own endpoint, `new_id` the id
    of a crawl, `clock` gives seconds since the epoch. Safe to use from several threads."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        catalog: DataCatalog,
        client: Callable[[str], Any],
        clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._crawlers = Documents(database, "crawler")
        self._crawls = Documents(database, "crawl")
        self._folders = Documents(database, "crawled folders")
        self.classifiers = Classifiers(database)
        self.connections = Connections(database)
        self._journal = journal
        self._catalog = catalog
        self._client = client
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.RLock()
        self._stops: dict[str, threading.Event] = {}
        self._workers = Workers()
        self._told: list[Callable[[Crawl], None]] = []

    def on_end(self, tell: Callable[[Crawl], None]) -> None:
        """Have `tell` called with each crawl that ended."""
        self._told.append(tell)

    # --- crawlers

    def crawler(self, name: str) -> Crawler:
        """The crawler of this name. Raises EntityNotFoundException."""
        document = self._crawlers.get(name)
        if document is None:
            raise AwsError("EntityNotFoundException", f"Crawler entry with name {name} does not exist")
        return cattrs.structure(document, Crawler)

    def crawlers(self) -> list[Crawler]:
        """Every crawler, oldest first."""
        return [cattrs.structure(document, Crawler) for document in self._crawlers.all()]

    def add(self, crawler: Crawler) -> None:
        """Store a new crawler.

        Raises AlreadyExistsException, and InvalidInputException for classifiers that are not known.
        """
        self._know_classifiers(crawler)
        if not self._crawlers.add(crawler.name, cattrs.unstructure(crawler)):
            raise AwsError("AlreadyExistsException", f"Crawler with name {crawler.name} already exists")

    def replace(self, crawler: Crawler) -> None:
        """Store a changed definition. Raises CrawlerRunningException while it runs, InvalidInputException for
        unknown classifiers."""
        self._know_classifiers(crawler)
        with self._lock:
            self._idle(crawler.name, "update")
            self._put(crawler)

    def schedule(self, name: str, expression: str, scheduled: bool) -> None:
        """Give a crawler a schedule, also while it runs. Raises EntityNotFoundException."""
        with self._lock:
            crawler = self.crawler(name)
            definition = {**crawler.definition, "Schedule": expression}
            now = self._clock()
            self._put(replace(crawler, definition=definition, scheduled=scheduled, updated=now))

    def delete(self, name: str) -> None:
        """Forget a crawler and its crawls. Raises CrawlerRunningException while it runs."""
        with self._lock, self._database.transaction():
            self._idle(name, "delete")
            self._crawlers.delete(name)
            self._folders.delete(name)
            for each in self.crawls(name):
                self._crawls.delete(each.id)

    # --- crawls

    def crawls(self, crawler: str) -> list[Crawl]:
        """The crawls of a crawler, newest first."""
        crawls = [cattrs.structure(document, Crawl) for document in reversed(self._crawls.all())]
        return [each for each in crawls if each.crawler == crawler]

    def crawl(self, id: str) -> Crawl | None:
        """The crawl with this id, or None."""
        document = self._crawls.get(id)
        return cattrs.structure(document, Crawl) if document else None

    def start_crawl(self, name: str, id: str | None = None, chain: str | None = None) -> None:
        """Begin a crawl, with an id of its own or the one that its workflow run knows already.

        Raises EntityNotFoundException and CrawlerRunningException.
        """
        self._workers.admit()
        with self._lock:
            crawler = self.crawler(name)
            if crawler.state is not CrawlerState.READY:
                raise AwsError("CrawlerRunningException", f"Crawler with name {name} has already started")
            crawl = Crawl(id or self._new_id(), name, CrawlState.RUNNING, self._clock(), chain=chain)
            self._save(replace(crawler, state=CrawlerState.RUNNING), crawl)
            stop = self._stops[name] = threading.Event()
            self._workers.start(f"crawler {name}", lambda: self._perform(crawler, crawl, stop))

    def stop_crawl(self, name: str) -> None:
        """Ask a crawl to stop: it does so before the next object, and ends as CANCELLED.

        Raises EntityNotFoundException, CrawlerNotRunningException and CrawlerStoppingException.
        """
        with self._lock:
            crawler = self.crawler(name)
            if crawler.state is CrawlerState.READY:
                raise AwsError("CrawlerNotRunningException", f"Crawler with name {name} is not running")
            if crawler.state is CrawlerState.STOPPING:
                raise AwsError("CrawlerStoppingException", f"Crawler with name {name} is already stopping")
            self._put(replace(crawler, state=CrawlerState.STOPPING))
            self._stops[name].set()

    # --- the sandbox's own life

    def start(self) -> None:
        """Settle the crawls that a crash left behind: what they had read is lost, the catalog untouched."""
        why = "The sandbox ended while the crawler ran; nothing was written to the catalog."
        for crawler in self.crawlers():
            if crawler.state is not CrawlerState.READY:
                # A crawl that had written to the catalog is stored as ended; only its crawler is not READY.
                last = self.crawls(crawler.name)[0]
                failed = replace(last, state=CrawlState.FAILED, error=why, ended=self._clock())
                self._end(crawler.name, failed if last.state is CrawlState.RUNNING else last)

    def stop(self) -> None:
        """Stop every crawl and wait for its thread."""
        self._workers.refuse_new()
        with self._lock:
            for stop in self._stops.values():
                stop.set()
        self._workers.join()

    # --- a crawl

    def _perform(self, crawler: Crawler, crawl: Crawl, stop: threading.Event) -> None:
        log = CrawlLog(self._client("logs"), crawler.name, crawl.id, self._clock)
        log.tell(f"Running Start Crawl for Crawler {crawler.name}", "BENCHMARK")
        log.ship()
        ended = self._outcome(crawler, crawl, stop, log)
        if ended.error:
            log.tell(ended.error, "ERROR")
        log.tell("Crawler has finished running and is in state READY", "BENCHMARK")
        logged = log.ship()
        ended = replace(ended, logged=logged)
        with self._lock:
            self._end(crawler.name, ended)
            self._stops.pop(crawler.name, None)
        # Outside of the lock: what is told may start further crawls.
        for tell in self._told:
            tell(ended)

    def _outcome(self, crawler: Crawler, crawl: Crawl, stop: threading.Event, log: CrawlLog) -> Crawl:
        """The crawl as it ended."""
        try:
            return self._crawl(crawler, crawl, stop, log)
        except crawling.Cancelled:
            state, error = CrawlState.STOPPED, None
        except (WorkFailed, AwsError) as fault:
            state, error = CrawlState.FAILED, str(fault)
        except Exception as fault:
            _log.exception("%s", crawler.name)
            state, error = CrawlState.FAILED, f"{type(fault).__name__}: {fault}"
        return replace(crawl, state=state, error=error, ended=self._clock())

    def _crawl(self, crawler: Crawler, crawl: Crawl, stop: threading.Event, log: CrawlLog) -> Crawl:
        custom = [prepared(self.classifiers.get(name)) for name in crawler.classifiers]
        earlier = self._earlier(crawler)
        tables = relational.read(crawler, crawl.id, self._connect, log.tell)
        s3 = self._client("s3")
        reading = crawling.read(crawler, crawl.id, s3, custom, earlier, stop.is_set, log.tell, tables)
        for fault in reading.unread:
            log.tell(str(fault), "ERROR")
        # From here on a StopCrawler comes too late: the catalog gets all of the crawl or, above, nothing.
        with self._database.transaction():
            if stop.is_set():
                raise crawling.Cancelled("The crawl was stopped")
            counts = crawling.write(self._catalog, crawler, reading, self._clock(), log.tell)
            state = CrawlState.FAILED if reading.unread else CrawlState.COMPLETED
            done = replace(crawl, state=state, error=reading.error, counts=counts, ended=self._clock())
            self._crawls.put(done.id, cattrs.unstructure(done))
            before = earlier.folders if crawler.new_folders_only else ()
            self._folders.put(crawler.name, {"folders": sorted({*before, *reading.folders})})
            return done

    def _connect(self, name: str) -> AbstractContextManager[Source]:
        return opened(self.connections.get(name).properties, self._client)

    def _earlier(self, crawler: Crawler) -> Earlier:
        """What only an incremental crawl needs to know."""
        if not crawler.new_folders_only:
            return Earlier(frozenset(), {})
        seen = self._folders.get(crawler.name) or {"folders": []}
        return Earlier(frozenset(seen["folders"]), crawling.known_tables(self._catalog, crawler.database))

    def _end(self, name: str, crawl: Crawl) -> None:
        self._save(replace(self.crawler(name), state=CrawlerState.READY), crawl)

    def _know_classifiers(self, crawler: Crawler) -> None:
        for name in crawler.classifiers:
            if self.classifiers.find(name) is None:
                raise AwsError("InvalidInputException", f"Classifier with name {name} does not exist")

    def _idle(self, name: str, verb: str) -> None:
        if self.crawler(name).state is not CrawlerState.READY:
            raise AwsError("CrawlerRunningException", f"Cannot {verb} Crawler {name} while it's running")

    def _put(self, crawler: Crawler) -> None:
        self._crawlers.put(crawler.name, cattrs.unstructure(crawler))

    def _save(self, crawler: Crawler, crawl: Crawl) -> None:
        with self._database.transaction():
            self._put(crawler)
            self._crawls.put(crawl.id, cattrs.unstructure(crawl))
            self._journal.append(
                self._clock(), crawler.name, f"crawl {crawl.state}", crawl=crawl.id, error=crawl.error or ""
            )
