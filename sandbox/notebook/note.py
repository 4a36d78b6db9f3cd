"""A note as Apache Zeppelin keeps it: the `.zpln` format, read and written. Pure.

https://zeppelin.apache.org/docs/0.12.0/usage/rest_api/notebook.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sandbox.errors import SandboxError

Document = dict[str, Any]

FORMAT_VERSION = "0.12.1"
"""The version of Zeppelin whose note format is written."""
_STAMP = "%b %d, %Y, %I:%M:%S %p"
_JOB_STAMP = "%a %b %d %H:%M:%S %Z %Y"


class NotANote(SandboxError):
    """A file or document that is no note of Zeppelin's."""


class Status(StrEnum):
    """The state of a paragraph."""

    READY = "READY"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    ERROR = "ERROR"
    ABORT = "ABORT"


ACTIVE = frozenset({Status.PENDING, Status.RUNNING})


class Code(StrEnum):
    """How a paragraph's results are to be taken; INCOMPLETE while it runs."""

    SUCCESS = "SUCCESS"
    INCOMPLETE = "INCOMPLETE"
    ERROR = "ERROR"
    KEEP_PREVIOUS_RESULT = "KEEP_PREVIOUS_RESULT"


@dataclass(frozen=True)
class Message:
    """One piece of output: `type` is TEXT, TABLE, HTML, IMG or another of Zeppelin's."""

    type: str
    data: str


@dataclass(frozen=True)
class Result:
    """What a paragraph gave."""

    code: Code
    messages: tuple[Message, ...] = ()

    def document(self) -> Document:
        """As Zeppelin stores and answers it."""
        return {"code": str(self.code), "msg": [{"type": m.type, "data": m.data} for m in self.messages]}


@dataclass(frozen=True)
class Paragraph:
    """A paragraph. Times are Zeppelin's text; `rest` holds the members that nothing here changes."""

    id: str
    text: str = ""
    title: str | None = None
    status: Status = Status.READY
    results: Result | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    forms: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    runtime: Mapping[str, Any] = field(default_factory=dict)
    progress: int = 0
    created: str | None = None
    updated: str | None = None
    started: str | None = None
    finished: str | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def enabled(self) -> bool:
        """Whether running the whole note runs this paragraph."""
        return bool(self.config.get("enabled", True))

    @property
    def text_of_error(self) -> str:
        """What an ended paragraph failed with; empty when it did not."""
        if self.results is None or self.results.code is not Code.ERROR or not self.results.messages:
            return ""
        return self.results.messages[-1].data


@dataclass(frozen=True)
class Note:
    """A note. `path` begins with a slash and ends with the note's name."""

    id: str
    path: str
    paragraphs: tuple[Paragraph, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def paragraph(self, id: str) -> Paragraph | None:
        """The paragraph with this id, or None."""
        return next((paragraph for paragraph in self.paragraphs if paragraph.id == id), None)

    def change(self, id: str, change: Callable[[Paragraph], Paragraph]) -> Note:
        """The note with one paragraph changed."""
        changed = tuple(change(p) if p.id == id else p for p in self.paragraphs)
        return replace(self, paragraphs=changed)


def read(text: str, origin: str) -> Note:
    """The note in `text`; `NotANote` that names `origin` and says what is wrong."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NotANote(f"{origin} is not a Zeppelin note: it is not JSON ({error})") from error
    return from_document(document, origin)


def write(note: Note) -> str:
    """The note as the text of a `.zpln` file."""
    return json.dumps(to_document(note), indent=2, ensure_ascii=False) + "\n"


def from_document(document: Any, origin: str = "the document") -> Note:
    """The note in a JSON document; `NotANote` when it is none."""
    if not isinstance(document, dict) or not isinstance(document.get("paragraphs"), list):
        raise NotANote(f"{origin} is not a Zeppelin note: it is no object with a list of paragraphs")
    rest = dict(document)
    paragraphs = rest.pop("paragraphs")
    name = rest.pop("name", None)
    path = rest.pop("path", None) or name
    if not isinstance(path, str) or not path.strip("/"):
        raise NotANote(f"{origin} is not a Zeppelin note: it has no name")
    return Note(
        id=_text(rest.pop("id", ""), "id", origin),
        path="/" + path.strip("/"),
        paragraphs=tuple(_paragraph(entry, origin) for entry in paragraphs),
        config=_mapping(rest.pop("config", None), "config", origin),
        rest=rest,
    )


def to_document(note: Note) -> Document:
    """The note as Zeppelin writes it."""
    defaults = {
        "defaultInterpreterGroup": "spark",
        "version": FORMAT_VERSION,
        "noteParams": {},
        "noteForms": {},
        "angularObjects": {},
    }
    rest = {**defaults, **note.rest}
    info = rest.pop("info", {})
    return {
        "paragraphs": [paragraph_document(paragraph) for paragraph in note.paragraphs],
        "name": note.name,
        "id": note.id,
        **rest,
        "config": {"isZeppelinNotebookCronEnable": False, **note.config},
        "info": info,
        "path": note.path,
    }


def paragraph_document(paragraph: Paragraph) -> Document:
    """A paragraph as Zeppelin writes it; what has no value is left out."""
    defaults = {"user": "anonymous", "apps": [], "progressUpdateIntervalMs": 500, "jobName": paragraph.id}
    rest = {**defaults, **paragraph.rest}
    document = {
        "title": paragraph.title,
        "text": paragraph.text,
        "user": rest.pop("user"),
        "dateUpdated": paragraph.updated,
        "progress": paragraph.progress,
        "config": dict(paragraph.config),
        "settings": {"params": dict(paragraph.params), "forms": dict(paragraph.forms)},
        "results": paragraph.results.document() if paragraph.results else None,
        "apps": rest.pop("apps"),
        "runtimeInfos": dict(paragraph.runtime),
        **rest,
        "id": paragraph.id,
        "dateCreated": paragraph.created,
        "dateStarted": paragraph.started,
        "dateFinished": paragraph.finished,
        "status": str(paragraph.status),
    }
    return {name: value for name, value in document.items() if value is not None}


def job_document(note: Note, running: bool) -> Document:
    """What Zeppelin tells of a note's run."""
    return {
        "id": note.id,
        "isRunning": running,
        "paragraphs": [paragraph_job(paragraph) for paragraph in note.paragraphs],
    }


def paragraph_job(paragraph: Paragraph) -> Document:
    """What Zeppelin tells of a paragraph's run; progress is 100 unless it runs."""
    document: Document = {"id": paragraph.id, "status": str(paragraph.status)}
    if paragraph.text_of_error:
        document["errorMessage"] = f"%text {paragraph.text_of_error}"
    for name, stamped in (("started", paragraph.started), ("finished", paragraph.finished)):
        if stamped:
            document[name] = _job_stamp(stamped)
    running = paragraph.status in ACTIVE
    return {**document, "progress": str(paragraph.progress if running else 100)}


def stamp(seconds: float) -> str:
    """A time since the epoch as Zeppelin writes it into notes: in the machine's zone, to the second."""
    return datetime.fromtimestamp(seconds).astimezone().strftime(_STAMP)


def _job_stamp(stamped: str) -> str:
    """A note's time as the run's status tells it; what is no such time stays as it is."""
    try:
        return datetime.strptime(stamped, _STAMP).astimezone().strftime(_JOB_STAMP)
    except ValueError:
        return stamped


def _paragraph(entry: Any, origin: str) -> Paragraph:
    if not isinstance(entry, dict):
        raise NotANote(f"{origin} is not a Zeppelin note: a paragraph is no object")
    rest = dict(entry)
    settings = _mapping(rest.pop("settings", None), "settings", origin)
    status = rest.pop("status", "READY")
    return Paragraph(
        id=_text(rest.pop("id", ""), "id", origin),
        text=_text(rest.pop("text", "") or "", "text", origin),
        title=rest.pop("title", None),
        status=Status(status) if status in list(Status) else Status.READY,
        results=_result(rest.pop("results", None)),
        params=_mapping(settings.get("params"), "params", origin),
        forms=_mapping(settings.get("forms"), "forms", origin),
        config=_mapping(rest.pop("config", None), "config", origin),
        runtime=_mapping(rest.pop("runtimeInfos", None), "runtimeInfos", origin),
        progress=int(rest.pop("progress", 0) or 0),
        created=rest.pop("dateCreated", None),
        updated=rest.pop("dateUpdated", None),
        started=rest.pop("dateStarted", None),
        finished=rest.pop("dateFinished", None),
        rest=rest,
    )


def _result(entry: Any) -> Result | None:
    if not isinstance(entry, dict) or entry.get("code") not in list(Code):
        return None
    pieces = entry.get("msg") or []
    messages = (Message(str(m.get("type", "TEXT")), str(m.get("data", ""))) for m in pieces)
    return Result(Code(entry["code"]), tuple(messages))


def _mapping(value: Any, name: str, origin: str) -> Document:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NotANote(f"{origin} is not a Zeppelin note: {name} is no object")
    return value


def _text(value: Any, name: str, origin: str) -> str:
    if not isinstance(value, str):
        raise NotANote(f"{origin} is not a Zeppelin note: {name} is no text")
    return value
