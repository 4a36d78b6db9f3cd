"""Zeppelin's REST API, as far as the engine performs it, in the shapes that the real 0.12.1 answers.

https://zeppelin.apache.org/docs/0.12.0/usage/rest_api/notebook.html
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.errors import SandboxError
from sandbox.notebook import note as notes
from sandbox.notebook.engine import Engine
from sandbox.notebook.library import NoSuchNote, NoteExists
from sandbox.notebook.note import Code, Note

NO_BODY = object()
_log = logging.getLogger(__name__)


class BadRequest(SandboxError):
    """A request that Zeppelin, too, answers with an error."""


@dataclass(frozen=True)
class Request:
    """One request, without the `/api` that every path begins with."""

    method: str
    path: str
    query: Mapping[str, str]
    body: str

    def document(self) -> dict[str, Any]:
        """The body as an object, empty when there is none; `BadRequest`."""
        try:
            document = json.loads(self.body or "{}")
        except ValueError as error:
            raise BadRequest(f"The body is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise BadRequest("The body is no JSON object")
        return document

    def params(self) -> dict[str, Any]:
        """The values of forms in the body; an object without them is an error, as in Zeppelin."""
        if not self.body.strip():
            return {}
        params = self.document().get("params")
        if not isinstance(params, dict):
            raise BadRequest('The body has no "params": send {"params": {}}, or no body at all')
        return params


@dataclass(frozen=True)
class Answer:
    """An HTTP status and the document that is answered."""

    status: int
    document: dict[str, Any]


Handler = Callable[..., Answer]


class Api:
    """Performs requests on an engine. `about` is what the version tells besides the number."""

    def __init__(self, engine: Engine, about: Mapping[str, str]) -> None:
        self._engine = engine
        self._library = engine.library
        self._about = about
        one, two = r"/notebook/(\w+)", r"/notebook/(\w+)/paragraph/(\w+)"
        job, run = r"/notebook/job/(\w+)", r"/notebook/job/(\w+)/(\w+)"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/version", self._version),
            ("GET", "/notebook", self._list),
            ("POST", "/notebook", self._create),
            ("POST", "/notebook/import", self._import),
            ("GET", r"/notebook/export/(\w+)", self._export),
            ("GET", job, self._job),
            ("POST", job, self._run_note),
            ("DELETE", job, self._cancel),
            ("GET", run, self._paragraph_job),
            ("POST", run, self._run_paragraph),
            ("DELETE", run, self._cancel),
            ("POST", r"/notebook/run/(\w+)/(\w+)", self._run_paragraph_to_its_end),
            ("PUT", f"{one}/rename", self._rename),
            ("POST", f"{one}/paragraph", self._add_paragraph),
            ("GET", two, self._paragraph),
            ("PUT", two, self._edit_paragraph),
            ("PUT", f"{two}/config", self._configure_paragraph),
            ("DELETE", two, self._remove_paragraph),
            ("POST", f"{two}/move/(\\d+)", self._move_paragraph),
            ("GET", one, self._note),
            ("DELETE", one, self._delete),
            ("PUT", r"/interpreter/setting/restart/(\w+)", self._restart),
        ]
        self._routes = [(method, re.compile(path), handler) for method, path, handler in table]

    def answer(self, request: Request) -> Answer:
        """Perform a request; every fault becomes an answer."""
        try:
            allowed = False
            for method, path, handler in self._routes:
                if found := path.fullmatch(request.path):
                    if method == request.method:
                        return handler(request, *found.groups())
                    allowed = True
            if allowed:
                return Answer(405, {"status": "METHOD_NOT_ALLOWED", "message": "HTTP 405 Method Not Allowed"})
            return _not_found(f"The built-in note engine does not answer {request.method} {request.path}")
        except NoSuchNote as error:
            return _not_found(str(error))
        except SandboxError as error:
            return _fault(str(error))
        except Exception:
            _log.exception("%s %s", request.method, request.path)
            return _fault("Internal server error")

    # --- notes

    def _version(self, _: Request) -> Answer:
        body = {"git-commit-id": "", "git-timestamp": "", **self._about}
        return _ok(body, "Zeppelin version")

    def _list(self, _: Request) -> Answer:
        return _ok(self._library.listing(), "")

    def _create(self, request: Request) -> Answer:
        document = request.document()
        path = document.get("notePath") or document.get("name")
        paragraphs = document.get("paragraphs") or []
        if not isinstance(path, str) or not isinstance(paragraphs, list):
            raise BadRequest("A note needs a name, and its paragraphs are a list")
        try:
            return _ok(self._library.create(path, paragraphs).id, "")
        except NoteExists as error:
            return _conflict(f"Fail to create note: {error}")

    def _import(self, request: Request) -> Answer:
        note = notes.from_document(request.document())
        path = request.query.get("notePath") or note.path
        try:
            return _ok(self._library.import_note(_at(note, path)).id, "")
        except NoteExists as error:
            return _conflict(f"Fail to import note: {error}")

    def _note(self, _: Request, id: str) -> Answer:
        # Asked first: a run that has ended has left the note as it stays.
        running = self._engine.is_running(id)
        document = notes.to_document(self._engine.note(id))
        document["info"] = {**document["info"], "isRunning": running}
        return _ok(document, "")

    def _export(self, _: Request, id: str) -> Answer:
        return Answer(200, notes.to_document(self._engine.note(id)))

    def _delete(self, _: Request, id: str) -> Answer:
        self._engine.cancel(id)
        self._library.delete(id)
        return _ok(message="")

    def _rename(self, request: Request, id: str) -> Answer:
        path = request.document().get("name")
        if not isinstance(path, str):
            raise BadRequest("The body has no name")
        try:
            self._library.rename(id, path)
        except NoteExists as error:
            return _conflict(f"Fail to rename note: {error}")
        return _ok(message="")

    # --- paragraphs

    def _add_paragraph(self, request: Request, id: str) -> Answer:
        document = request.document()
        index = document.get("index")
        made = self._library.add_paragraph(id, document, None if index is None else int(index))
        return _ok(made, "")

    def _paragraph(self, _: Request, id: str, paragraph: str) -> Answer:
        found = self._engine.note(id).paragraph(paragraph)
        if found is None:
            raise NoSuchNote(f"No such paragraph: {paragraph}")
        return _ok(notes.paragraph_document(found), "")

    def _edit_paragraph(self, request: Request, id: str, paragraph: str) -> Answer:
        document = request.document()
        known: dict[str, Any] = {name: document[name] for name in ("text", "title") if name in document}
        self._library.edit_paragraph(id, paragraph, known)
        return _ok(message="")

    def _configure_paragraph(self, request: Request, id: str, paragraph: str) -> Answer:
        self._library.edit_paragraph(id, paragraph, {"config": request.document()})
        return self._paragraph(request, id, paragraph)

    def _remove_paragraph(self, _: Request, id: str, paragraph: str) -> Answer:
        self._engine.cancel(id, paragraph)
        self._library.remove_paragraph(id, paragraph)
        return _ok(message="")

    def _move_paragraph(self, _: Request, id: str, paragraph: str, index: str) -> Answer:
        self._library.move_paragraph(id, paragraph, int(index))
        return _ok(message="")

    # --- running

    def _job(self, _: Request, id: str) -> Answer:
        running = self._engine.is_running(id)
        return _ok(notes.job_document(self._engine.note(id), running))

    def _paragraph_job(self, _: Request, id: str, paragraph: str) -> Answer:
        return _ok(notes.paragraph_job(self._library.paragraph(id, paragraph)))

    def _run_note(self, request: Request, id: str) -> Answer:
        request.params()
        run = self._engine.run_note(id)
        if request.query.get("blocking", "").lower() == "true":
            run.ended.wait()
        return _ok()

    def _run_paragraph(self, request: Request, id: str, paragraph: str) -> Answer:
        self._engine.run_paragraph(id, paragraph, request.params())
        return _ok()

    def _run_paragraph_to_its_end(self, request: Request, id: str, paragraph: str) -> Answer:
        self._engine.run_paragraph(id, paragraph, request.params()).ended.wait()
        results = self._library.paragraph(id, paragraph).results
        if results is None:
            return _fault("The paragraph was not run")
        if results.code is Code.SUCCESS:
            return _ok(results.document())
        return Answer(500, {"status": "INTERNAL_SERVER_ERROR", "body": results.document()})

    def _cancel(self, _: Request, id: str, paragraph: str | None = None) -> Answer:
        self._library.get(id)
        self._engine.cancel(id, paragraph)
        return _ok()

    def _restart(self, _: Request, setting: str) -> Answer:
        if setting not in ("spark", "python", "sh"):
            return _not_found(f"No such interpreter setting: {setting}")
        self._engine.restart()
        return _ok(message="")


def _ok(body: Any = NO_BODY, message: str | None = None) -> Answer:
    document: dict[str, Any] = {"status": "OK"}
    if message is not None:
        document["message"] = message
    if body is not NO_BODY:
        document["body"] = body
    return Answer(200, document)


def _not_found(message: str) -> Answer:
    return Answer(404, {"status": "NOT_FOUND", "message": message})


def _conflict(message: str) -> Answer:
    return Answer(409, {"status": "CONFLICT", "message": message})


def _fault(message: str) -> Answer:
    return Answer(500, {"status": "error", "message": message})


def _at(note: Note, path: str) -> Note:
    return notes.from_document({**notes.to_document(note), "path": path})
