"""A client of Zeppelin's REST API: for the real one and for the built-in engine alike."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.errors import WorkFailed
from sandbox.notebook import note as notes
from sandbox.notebook.note import ACTIVE, Note, Status

POLL_INTERVAL = 0.3
"""Seconds between two looks at a run."""
BEGIN_LIMIT = 5.0
"""Seconds after which a run that nobody saw begin has ended."""
TIMEOUT = 60.0
"""Seconds; every call but a blocking one answers at once."""


class NotebookFault(WorkFailed):
    """The server refused a call. `status` is its HTTP status, 0 when it was not reached."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Progress:
    """How far a note's run is: each paragraph's id and status, and its share of a hundred."""

    running: bool
    paragraphs: tuple[tuple[str, Status, int], ...]
    began: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[str, ...]:
        """The ids of the paragraphs that ended badly."""
        return tuple(id for id, status, _ in self.paragraphs if status in (Status.ERROR, Status.ABORT))


class NotebookClient:
    """Calls the server at `url`, such as `http://127.0.0.1:8890`."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self._clock = clock
        self._sleep = sleep
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    # --- notes

    def version(self) -> dict[str, str]:
        """What the server says of itself; the built-in engine's `version` begins with `builtin`."""
        return dict(self._call("GET", "/version"))

    def listing(self) -> list[dict[str, str]]:
        """Id and path of every note."""
        return list(self._call("GET", "/notebook"))

    def find(self, name: str) -> str | None:
        """The id of the note with this id, path or last part of its path; None when there is none."""
        wanted = name.strip("/")
        ids = {entry["id"]: entry["path"].strip("/") for entry in self.listing()}
        if wanted in ids:
            return wanted
        # A whole path comes before the end of another.
        ordered = sorted(ids.items(), key=lambda item: item[1] != wanted)
        return next((id for id, path in ordered if wanted in (path, path.rpartition("/")[2])), None)

    def get(self, id: str) -> Note:
        """The note; `NotebookFault` with status 404 when there is none."""
        return notes.from_document(self._call("GET", f"/notebook/{quote(id)}"), id)

    def import_note(self, note: Note) -> str:
        """Import a note under its path; returns its new id. `NotebookFault` 409 when the path is taken."""
        # Zeppelin takes a note's name for its path.
        document = {**notes.to_document(note), "name": note.path}
        document.pop("path")
        return str(self._call("POST", "/notebook/import", document))

    def delete(self, id: str) -> None:
        """Remove a note."""
        self._call("DELETE", f"/notebook/{quote(id)}")

    # --- running

    def start(self, id: str) -> Progress:
        """Begin to run every paragraph; returns at once, with how far the note was before."""
        before = self.progress(id)
        # Without params Zeppelin answers 500.
        self._call("POST", f"/notebook/job/{quote(id)}?{urlencode({'blocking': 'false'})}", {"params": {}})
        return before

    def stop(self, id: str) -> None:
        """End the note's run."""
        self._call("DELETE", f"/notebook/job/{quote(id)}")

    def run_paragraph(self, id: str, paragraph: str, params: dict[str, Any] | None = None) -> Any:
        """Run one paragraph to its end; its results. `NotebookFault` when it fails."""
        path = f"/notebook/run/{quote(id)}/{quote(paragraph)}"
        return self._call("POST", path, {"params": params or {}}, timeout=None)

    def progress(self, id: str) -> Progress:
        """How far the note's run is."""
        job = self._call("GET", f"/notebook/job/{quote(id)}")
        # Zeppelin lists no paragraph that is disabled or was never started.
        paragraphs = tuple(
            (str(p["id"]), Status(p.get("status", "READY")), int(p.get("progress", 0)))
            for p in job.get("paragraphs", [])
        )
        active = any(status in ACTIVE for _, status, _ in paragraphs)
        began = tuple(str(p.get("started", "")) for p in job.get("paragraphs", []))
        return Progress(bool(job.get("isRunning", False)) or active, paragraphs, began)

    def follow(self, id: str, before: Progress, limit: float) -> Iterator[Progress]:
        """Every look at the run that began after `before`, until it has ended.

        `WorkFailed` after `limit` seconds. Zeppelin takes a moment to begin, in which the note does not run.
        """
        began = self._clock()
        while True:
            progress = self.progress(id)
            yield progress
            now = self._clock()
            if not progress.running and (progress != before or now > began + BEGIN_LIMIT):
                return
            if now > began + limit:
                raise WorkFailed(f"The note did not end within {limit:.0f} s")
            self._sleep(POLL_INTERVAL)

    # --- settings of interpreters

    def set_properties(self, setting: str, values: Mapping[str, str]) -> None:
        """Change properties of an interpreter setting, which restarts its interpreter."""
        settings = self._call("GET", "/interpreter/setting")
        found = next((entry for entry in settings if setting in (entry["id"], entry["name"])), None)
        if found is None:
            raise NotebookFault(f"{self.url} has no interpreter setting {setting!r}", 404)
        for name, value in values.items():
            known = found["properties"].get(name, {"name": name, "type": "string", "description": ""})
            found["properties"][name] = {**known, "value": value}
        self._call("PUT", f"/interpreter/setting/{quote(str(found['id']))}", found)

    # --- HTTP

    def _call(self, method: str, path: str, body: Any = None, timeout: float | None = TIMEOUT) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data is not None else {}
        request = urllib.request.Request(f"{self.url}/api{path}", data, headers, method=method)
        try:
            with self._opener.open(request, timeout=timeout) as response:
                return json.load(response).get("body")
        except urllib.error.HTTPError as error:
            raise NotebookFault(f"{method} {path}: {_told(error)}", error.code) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NotebookFault(f"The notebook server at {self.url} does not answer: {error}", 0) from error


def _told(error: urllib.error.HTTPError) -> str:
    """The server's own words."""
    with error:
        try:
            document = json.load(error)
            messages = (document.get("body") or {}).get("msg") if isinstance(document, dict) else None
            told = messages[-1]["data"] if messages else document.get("message")
        except (ValueError, AttributeError, LookupError):
            told = None
    return str(told or error.reason)
