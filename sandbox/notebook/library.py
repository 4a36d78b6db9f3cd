"""The notes that an engine serves: read from their folder, edited, and kept in step with what runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.errors import SandboxError
from sandbox.notebook import note as notes
from sandbox.notebook.folder import NoteFolder, check
from sandbox.notebook.note import ACTIVE, Note, Paragraph, Status

MAX_TEXT = 1024 * 1024
"""Characters of a paragraph's text."""


class NoSuchNote(SandboxError):
    """There is no note, or no paragraph, with this id."""


class NoteExists(SandboxError):
    """A note with this path exists."""


class Library:
    """Thread-safe. `clock` gives seconds since the epoch, `new_id` ids of nine letters and digits."""

    def __init__(self, folder: NoteFolder, clock: Callable[[], float], new_id: Callable[[], str]) -> None:
        self._folder = folder
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.RLock()
        self._running: dict[str, Note] = {}

    # --- reading

    def listing(self) -> list[dict[str, str]]:
        """Id and path of every note, by path."""
        with self._lock:
            found = self._folder.listing()
        return [{"id": id, "path": path} for id, path in sorted(found.items(), key=lambda item: item[1])]

    def get(self, id: str) -> Note:
        """The note as it is now; `NoSuchNote`. What ran under an engine that is gone is ABORT."""
        with self._lock:
            if id in self._running:
                return self._running[id]
            note = self._folder.read(id)
        if note is None:
            raise NoSuchNote(f"No such note: {id}")
        return replace(note, paragraphs=tuple(map(_settled, note.paragraphs)))

    def paragraph(self, id: str, paragraph: str) -> Paragraph:
        """One paragraph of a note; `NoSuchNote`."""
        found = self.get(id).paragraph(paragraph)
        if found is None:
            raise NoSuchNote(f"No such paragraph: {paragraph}")
        return found

    # --- editing

    def create(self, path: str, paragraphs: list[dict[str, Any]]) -> Note:
        """A new note; `NoteExists`, `BadPath`."""
        made = tuple(self._new(entry) for entry in paragraphs)
        return self._add(Note(self._new_id(), path, made))

    def import_note(self, note: Note) -> Note:
        """A note from elsewhere, with an id of its own; `NoteExists`, `BadPath`."""
        fresh = (replace(p, id=p.id or self._paragraph_id()) for p in map(_settled, note.paragraphs))
        return self._add(replace(note, id=self._new_id(), paragraphs=tuple(fresh)))

    def delete(self, id: str) -> None:
        """Remove a note; `NoSuchNote`."""
        with self._lock:
            self._running.pop(id, None)
            if not self._folder.delete(id):
                raise NoSuchNote(f"No such note: {id}")

    def rename(self, id: str, path: str) -> None:
        """Give a note another path; `NoteExists`, `BadPath`."""
        wanted = check(path)
        with self._lock:
            self._check_free(wanted, id)
            self.change(id, lambda note: replace(note, path=wanted))

    def add_paragraph(self, id: str, entry: dict[str, Any], index: int | None = None) -> str:
        """A new paragraph, at the end unless told otherwise; returns its id."""
        made = self._new(entry)

        def insert(note: Note) -> Note:
            at = len(note.paragraphs) if index is None else max(0, index)
            return replace(note, paragraphs=(*note.paragraphs[:at], made, *note.paragraphs[at:]))

        self.change(id, insert)
        return made.id

    def edit_paragraph(self, id: str, paragraph: str, changes: dict[str, Any]) -> None:
        """Change a paragraph's text, title, config or params; its results stay until it runs again."""
        self.paragraph(id, paragraph)

        def edit(before: Paragraph) -> Paragraph:
            return replace(
                before,
                text=_checked(changes.get("text", before.text)),
                title=changes.get("title", before.title),
                config={**before.config, **changes.get("config", {})},
                params={**before.params, **changes.get("params", {})},
                updated=notes.stamp(self._clock()),
            )

        self.change(id, lambda note: note.change(paragraph, edit))

    def remove_paragraph(self, id: str, paragraph: str) -> None:
        """Delete a paragraph; `NoSuchNote`."""
        self.paragraph(id, paragraph)
        self.change(
            id,
            lambda note: replace(note, paragraphs=tuple(p for p in note.paragraphs if p.id != paragraph)),
        )

    def move_paragraph(self, id: str, paragraph: str, index: int) -> None:
        """Put a paragraph at another place; `NoSuchNote`."""
        moved = self.paragraph(id, paragraph)

        def move(note: Note) -> Note:
            others = [p for p in note.paragraphs if p.id != paragraph]
            at = max(0, min(index, len(others)))
            return replace(note, paragraphs=(*others[:at], moved, *others[at:]))

        self.change(id, move)

    def change(self, id: str, change: Callable[[Note], Note], keep: bool = True) -> Note:
        """Replace a note by what `change` makes of it; `keep` False leaves the file as it was."""
        with self._lock:
            note = change(self.get(id))
            if id in self._running:
                self._running[id] = note
            if keep or id not in self._running:
                self._folder.write(note)
        return note

    # --- running

    def begin(self, id: str) -> Note:
        """From now on the note in memory counts, whatever happens to its file."""
        with self._lock:
            return self._running.setdefault(id, self.get(id))

    def end(self, id: str) -> None:
        """The note's file counts again."""
        with self._lock:
            note = self._running.pop(id, None)
            if note is not None:
                self._folder.write(note)

    def is_running(self, id: str) -> bool:
        """Whether a run of the note has begun and not ended."""
        with self._lock:
            return id in self._running

    # --- making

    def _add(self, note: Note) -> Note:
        placed = replace(note, path=check(note.path))
        with self._lock:
            self._check_free(placed.path)
            self._folder.write(placed)
        return placed

    def _check_free(self, path: str, owner: str | None = None) -> None:
        for id, known in self._folder.listing().items():
            if known == path and id != owner:
                raise NoteExists(f"Note '{path}' existed")

    def _new(self, entry: dict[str, Any]) -> Paragraph:
        now = notes.stamp(self._clock())
        return Paragraph(
            id=self._paragraph_id(),
            text=_checked(entry.get("text", "")),
            title=entry.get("title"),
            config=dict(entry.get("config") or {}),
            created=now,
            updated=now,
        )

    def _paragraph_id(self) -> str:
        return f"paragraph_{int(self._clock() * 1000)}_{self._new_id()}"


def _settled(paragraph: Paragraph) -> Paragraph:
    """A paragraph whose run nobody will end any more."""
    return replace(paragraph, status=Status.ABORT) if paragraph.status in ACTIVE else paragraph


def _checked(text: Any) -> str:
    if not isinstance(text, str):
        raise SandboxError("A paragraph's text is no text")
    if len(text) > MAX_TEXT:
        raise SandboxError(f"A paragraph has at most {MAX_TEXT} characters")
    return text
