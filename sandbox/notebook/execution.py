"""A note run for somebody else: found or brought along, run to its end or until it shall stop."""

from __future__ import annotations

import threading
import time

from sandbox.notebook import note as notes
from sandbox.notebook.client import NotebookClient

LIMIT = 24 * 3600.0
"""Seconds that a note may take."""


class NoteRunner:
    """Runs notes of the notebook at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def find(self, name: str) -> str | None:
        """The id of the note with this id, path or name; None when there is none."""
        return NotebookClient(self._url).find(name)

    def add(self, text: str, path: str) -> str:
        """Import a note from its text under `path`; `NotANote` when it is none."""
        note = notes.read(text, "the notebook")
        placed = notes.from_document({**notes.to_document(note), "path": path})
        return NotebookClient(self._url).import_note(placed)

    def run(self, id: str, stop: threading.Event) -> str:
        """Run the note; why it failed, empty when it did not. When `stop` is set, the run is ended."""

        def rest(seconds: float) -> None:
            if stop.is_set():
                time.sleep(seconds)
            else:
                stop.wait(seconds)

        client = NotebookClient(self._url, time.monotonic, rest)
        asked = False
        for progress in client.follow(id, client.start(id), LIMIT):
            if stop.is_set() and not asked and progress.running:
                client.stop(id)
                asked = True
        for paragraph in client.get(id).paragraphs:
            if paragraph.id in progress.failed:
                what = paragraph.title or paragraph.id
                return f"{what}: {paragraph.text_of_error.strip() or paragraph.status}"
        return ""

    def text(self, id: str) -> str:
        """The note with its results, as Zeppelin keeps it."""
        return notes.write(NotebookClient(self._url).get(id))
