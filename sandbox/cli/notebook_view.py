"""The run of a note in the terminal: a live table, or a line for each paragraph that has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sandbox.cli import console
from sandbox.notebook.client import Progress
from sandbox.notebook.note import ACTIVE, Note, Paragraph, Status

COLOURS = {Status.FINISHED: "green", Status.ERROR: "bold red", Status.ABORT: "red", Status.RUNNING: "yellow"}


def label(paragraph: Paragraph) -> str:
    """What a paragraph is called: its title, else the first line that says something."""
    lines = [line.strip().lstrip("# ") for line in paragraph.text.splitlines()]
    said = [line for line in lines if line and not line.startswith("%")]
    return (paragraph.title or (said[0] if said else paragraph.id))[:60]


class RunView:
    """Shows every look at a run of `note`; nothing when `silent`."""

    def __init__(self, note: Note, silent: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._labels = {paragraph.id: label(paragraph) for paragraph in note.paragraphs}
        self._silent = silent
        self._clock = clock
        self._console = console.story()
        self._began: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._seen: dict[str, Status] = {}
        self._spinner = Spinner("dots", style="yellow")
        live = self._console.is_terminal and not silent
        self._live = Live(console=self._console, auto_refresh=True) if live else None

    def show(self, progress: Progress) -> None:
        """Take in one look."""
        for id, status, _ in progress.paragraphs:
            if status in ACTIVE:
                self._began.setdefault(id, self._clock())
            elif id in self._began and id not in self._took:
                self._took[id] = self._clock() - self._began[id]
            self._tell(id, status, progress.running)
        if self._live is not None:
            self._live.update(self._table(progress))

    def __enter__(self) -> RunView:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _tell(self, id: str, status: Status, running: bool) -> None:
        """A line for a paragraph that has ended, once; at the run's end also for those that were not seen."""
        ended = id in self._took or not running
        if self._silent or self._live is not None or not ended or self._seen.get(id) is status:
            return
        self._seen[id] = status
        took = f"{self._took[id]:6.1f} s" if id in self._took else " " * 8
        self._console.print(f"{status:<9}{took}  {escape(self._labels.get(id, id))}")

    def _table(self, progress: Progress) -> Table:
        table = Table(box=None, show_header=False, padding=(0, 1))
        for id, status, done in progress.paragraphs:
            mark = self._spinner if status is Status.RUNNING else Text("")
            part = f"{done} %" if status is Status.RUNNING and done else ""
            took = f"{self._took[id]:.1f} s" if id in self._took else part
            colour = COLOURS.get(status, "dim")
            table.add_row(mark, f"[{colour}]{status}[/]", took, escape(self._labels.get(id, id)))
        return table
