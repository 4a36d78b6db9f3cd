"""The folder of notes: `<path>_<id>.zpln` below it, as Zeppelin lays them out; nothing outside is touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.notebook import note as notes
from sandbox.notebook.note import NotANote, Note

SUFFIX = ".zpln"
ID = re.compile(r"[A-Za-z0-9]{1,32}")
_FILE = re.compile(r"(.+)_([A-Za-z0-9]{1,32})\.zpln")
MAX_NAME = 200
"""Bytes of one part of a path; a file's name has room for 255."""


class BadPath(SandboxError):
    """A note's path that cannot be a file below the folder of notes."""


def check(path: str) -> str:
    """The path with one slash before each part; `BadPath` for what would leave the folder or be no file."""
    parts = [part.strip() for part in path.split("/") if part.strip()]
    if not parts:
        raise BadPath("A note needs a name")
    for part in parts:
        if part.startswith(".") or "\\" in part or any(ord(letter) < 32 for letter in part):
            raise BadPath(f"A note cannot be called {path!r}")
        if len(part.encode(errors="replace")) > MAX_NAME:
            raise BadPath(f"A note's name has at most {MAX_NAME} bytes")
    return "/" + "/".join(parts)


class NoteFolder:
    """Reads and writes the notes below `root`, which is made when there is none."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)

    def listing(self) -> dict[str, str]:
        """The path of every note by its id."""
        return {id: path for id, path, _ in self._files()}

    def read(self, id: str) -> Note | None:
        """The note with this id; None when there is none, `NotANote` when its file is no note."""
        for found, path, file in self._files():
            if found == id:
                note = notes.read(file.read_text(errors="replace"), file.name)
                return notes.from_document({**notes.to_document(note), "id": id, "path": path}, file.name)
        return None

    def write(self, note: Note) -> None:
        """Store the note, whole or not at all; a note that was renamed moves."""
        if not ID.fullmatch(note.id):
            raise BadPath(f"{note.id!r} is no id of a note")
        file = self._file(note)
        before = [known for id, _, known in self._files() if id == note.id and known != file]
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{note.id}.draft")
        draft.write_text(notes.write(note))
        draft.replace(file)
        for old in before:
            old.unlink(missing_ok=True)

    def delete(self, id: str) -> bool:
        """Remove the note; False when there is none."""
        files = [file for found, _, file in self._files() if found == id]
        for file in files:
            file.unlink(missing_ok=True)
        return bool(files)

    def broken(self) -> list[str]:
        """A sentence for every file that is no note."""
        faults = []
        for _, _, file in self._files():
            try:
                notes.read(file.read_text(errors="replace"), str(file.relative_to(self.root)))
            except NotANote as error:
                faults.append(str(error))
        return faults

    def _file(self, note: Note) -> Path:
        file = (self.root / f"{check(note.path)[1:]}_{note.id}{SUFFIX}").resolve()
        if not file.is_relative_to(self.root):
            raise BadPath(f"A note cannot be called {note.path!r}")
        return file

    def _files(self) -> Iterator[tuple[str, str, Path]]:
        for file in sorted(self.root.rglob(f"*{SUFFIX}")):
            name = _FILE.fullmatch(file.name)
            if name and file.is_file() and file.resolve().is_relative_to(self.root):
                folder = file.parent.relative_to(self.root).as_posix()
                path = name.group(1) if folder == "." else f"{folder}/{name.group(1)}"
                yield name.group(2), f"/{path}", file
