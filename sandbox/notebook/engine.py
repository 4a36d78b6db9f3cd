"""Runs notes: paragraph after paragraph, in the order in which they were asked for, in one interpreter."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.errors import SandboxError
from sandbox.notebook import magic, markdown
from sandbox.notebook import note as notes
from sandbox.notebook.child import Child, Event, InterpreterEnded
from sandbox.notebook.display import Output
from sandbox.notebook.forms import substitute
from sandbox.notebook.library import Library, NoSuchNote
from sandbox.notebook.magic import Language
from sandbox.notebook.note import ACTIVE, Code, Message, Note, Paragraph, Result, Status

CANCEL_LIMIT = 10.0
"""Seconds that a paragraph has to end when it is cancelled; then its interpreter is ended."""
CANCEL_INTERVAL = 1.0
UNWILLING = (
    f"The paragraph did not end within {CANCEL_LIMIT:.0f} s: its interpreter and variables are gone.\n"
)
NOTHING = ("", "", "")
"""Note, paragraph and turn of what runs, when nothing does."""
_log = logging.getLogger(__name__)


@dataclass
class Run:
    """Paragraphs of a note that were asked for together."""

    note: str
    paragraphs: tuple[str, ...]
    ended: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False


class Engine:
    """Owns the interpreter, which `launch` starts; between `start` and `stop` it runs what is asked for."""

    def __init__(self, library: Library, launch: Callable[[], Child], clock: Callable[[], float]) -> None:
        self.library = library
        self._launch = launch
        self._clock = clock
        self._lock = threading.RLock()
        self._waiting: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._runs: list[Run] = []
        self._child: Child | None = None
        self._current: tuple[str, str, str] = NOTHING
        self._turns = itertools.count(1)
        self._output = Output()
        self._idle = threading.Event()
        self._worker = threading.Thread(target=self._work, name="note-engine")

    def start(self) -> None:
        """Begin to run what is asked for."""
        self._worker.start()

    def stop(self) -> None:
        """End what runs and the interpreter; what waits is not run."""
        with self._lock:
            for run in self._runs:
                run.cancelled = True
        self._waiting.put(None)
        self.restart()
        if self._worker.is_alive():
            self._worker.join()

    @property
    def interpreter(self) -> int | None:
        """The interpreter's process id; None while there is none."""
        child = self._child
        return child.pid if child is not None and child.alive else None

    def note(self, id: str) -> Note:
        """The note as it is now, with what its running paragraph gave so far; `NoSuchNote`."""
        current, output = self._current, self._output
        note = self.library.get(id)
        if current[0] != id:
            return note
        live = Result(Code.INCOMPLETE, output.messages())
        return note.change(
            current[1], lambda p: replace(p, results=live) if p.status is Status.RUNNING else p
        )

    # --- asking

    def run_note(self, id: str) -> Run:
        """Run every enabled paragraph, up to the first that fails."""
        note = self.library.get(id)
        return self._ask(id, tuple(p.id for p in note.paragraphs if p.enabled))

    def run_paragraph(self, id: str, paragraph: str, params: Mapping[str, Any]) -> Run:
        """Run one paragraph, with its reader's choices for its forms."""
        self.library.paragraph(id, paragraph)
        if params:
            self.library.edit_paragraph(id, paragraph, {"params": dict(params)})
        return self._ask(id, (paragraph,))

    def cancel(self, id: str, paragraph: str | None = None) -> None:
        """End what runs of the note, or only this paragraph of it; returns at once."""
        with self._lock:
            for run in self._runs:
                if run.note == id and (paragraph is None or paragraph in run.paragraphs):
                    run.cancelled = True
            current = self._current
            child = self._child
        if current[0] == id and paragraph in (None, current[1]) and child is not None:
            threading.Thread(target=self._cancel, args=(child, current), name="note-cancel").start()

    def restart(self) -> None:
        """End the interpreter; the next paragraph starts a new one, without the old one's variables."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.stop()

    def is_running(self, id: str) -> bool:
        """Whether a run of the note waits or runs."""
        with self._lock:
            return any(run.note == id for run in self._runs)

    # --- working

    def _ask(self, id: str, paragraphs: tuple[str, ...]) -> Run:
        run = Run(id, paragraphs)
        with self._lock:
            self.library.begin(id)
            self._runs.append(run)
            for paragraph in paragraphs:
                self._update(id, paragraph, _pending)
        self._waiting.put(run)
        return run

    def _work(self) -> None:
        while (run := self._waiting.get()) is not None:
            try:
                self._perform(run)
            except NoSuchNote as error:
                _log.warning("%s was deleted while it ran: %s", run.note, error)
            except Exception:
                _log.exception("%s", run.note)
            finally:
                self._settle(run)

    def _perform(self, run: Run) -> None:
        for paragraph in run.paragraphs:
            if run.cancelled:
                return
            if self.library.get(run.note).paragraph(paragraph) is None:
                continue
            if self._run(run.note, paragraph) is not Status.FINISHED:
                return

    def _settle(self, run: Run) -> None:
        """What was not run waits no more, and the run has ended."""
        with self._lock:
            self._runs.remove(run)
            others = [other for other in self._runs if other.note == run.note]
            waiting = {id for other in others for id in other.paragraphs}
            try:
                for id in run.paragraphs:
                    if id not in waiting:
                        self._update(run.note, id, _not_run)
                if not others:
                    self.library.end(run.note)
            except SandboxError as error:
                _log.warning("%s: %s", run.note, error)
        run.ended.set()

    def _run(self, note: str, id: str) -> Status:
        """Run one paragraph to its end; every fault of it becomes its result."""
        output = self._output = Output()
        # A turn of its own: who cancels one run of a paragraph must not hit the next.
        turn = f"{id}-{next(self._turns)}"
        self._current = (note, id, turn)
        self._idle.clear()
        started = notes.stamp(self._clock())
        self._update(note, id, lambda p: replace(_pending(p), status=Status.RUNNING, started=started))
        try:
            end = self._interpret(note, id, turn, output)
        except SandboxError as error:
            end = {"code": "ERROR", "text": str(error)}
        finally:
            self._current = NOTHING
            self._idle.set()
        match end["code"]:
            case "SUCCESS":
                status, code = Status.FINISHED, Code.SUCCESS
            case "CANCELLED":
                status, code = Status.ABORT, Code.ERROR
            case _:
                status, code = Status.ERROR, Code.ERROR
        if end.get("text"):
            output.add(Message("TEXT", end["text"]))
        result = Result(code, output.messages())
        finished = notes.stamp(self._clock())
        self._update(
            note, id, lambda p: replace(p, status=status, results=result, finished=finished, progress=0)
        )
        return status

    def _interpret(self, note: str, id: str, turn: str, output: Output) -> Event:
        paragraph = self.library.paragraph(note, id)
        default = str(self.library.get(note).rest.get("defaultInterpreterGroup", "spark"))
        program = magic.program(paragraph.text, default)
        if not program.code.strip():
            return {"code": "SUCCESS"}
        if program.language is Language.MARKDOWN:
            text, asked = substitute(program.code, paragraph.params)
            for form in asked.values():
                self._hear(note, id, output, {"event": "form", "form": form})
            output.add(Message("HTML", markdown.render(text)))
            return {"code": "SUCCESS"}
        try:
            return self._interpreter().run(
                turn, program, paragraph.params, lambda event: self._hear(note, id, output, event)
            )
        except InterpreterEnded as error:
            self._child = None
            if self._was_cancelled(note):
                return {"code": "CANCELLED", "text": UNWILLING}
            return {"code": "ERROR", "text": str(error)}

    def _was_cancelled(self, note: str) -> bool:
        with self._lock:
            return any(run.cancelled for run in self._runs if run.note == note)

    def _interpreter(self) -> Child:
        with self._lock:
            if self._child is None or not self._child.alive:
                self._child = self._launch()
            return self._child

    def _hear(self, note: str, id: str, output: Output, event: Event) -> None:
        """Take in what a running paragraph tells; it is in memory only until the paragraph ends."""
        match event["event"]:
            case "print":
                output.print(event["text"])
            case "message":
                output.add(Message(event["type"], event["data"]))
            case _:
                self._update(note, id, lambda p: _heard(p, event), keep=False)

    def _update(
        self, note: str, id: str, change: Callable[[Paragraph], Paragraph], keep: bool = True
    ) -> None:
        self.library.change(note, lambda now: now.change(id, change), keep)

    def _cancel(self, child: Child, what: tuple[str, str, str]) -> None:
        deadline = time.monotonic() + CANCEL_LIMIT
        while self._current == what and child.alive:
            child.cancel(what[2])
            self._idle.wait(CANCEL_INTERVAL)
            if time.monotonic() > deadline:
                child.stop(grace=0)


def _pending(paragraph: Paragraph) -> Paragraph:
    return replace(
        paragraph,
        status=Status.PENDING,
        results=None,
        runtime={},
        forms={},
        progress=0,
        started=None,
        finished=None,
    )


def _not_run(paragraph: Paragraph) -> Paragraph:
    return replace(paragraph, status=Status.READY) if paragraph.status in ACTIVE else paragraph


def _heard(paragraph: Paragraph, event: Event) -> Paragraph:
    """The paragraph after an event of its run. Pure."""
    match event["event"]:
        case "progress":
            return replace(paragraph, progress=event["value"])
        case "form":
            form = event["form"]
            return replace(paragraph, forms={**paragraph.forms, form["name"]: form})
        case "job":
            known = paragraph.runtime.get("jobUrl", {}).get("values", [])
            return replace(paragraph, runtime={"jobUrl": _job_url([*known, {"jobUrl": event["url"]}])})
        case _:
            return paragraph


def _job_url(values: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "propertyName": "jobUrl",
        "label": "SPARK JOB",
        "tooltip": "View in Spark web UI",
        "group": "spark",
        "values": values,
        "interpreterSettingId": "spark",
    }
