"""The course as it runs: a line per stage with spinner and time on a terminal, else one line per event."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sandbox.cli.demo_facts import headline
from sandbox.cli.demo_spark import SparkProgress, SparkWatch
from sandbox.demo.dataset import Dataset, Kind
from sandbox.demo.stages import Narrator, Progress, Stage, StageState
from sandbox.demo.track import Track

Clock = Callable[[], float]
REFRESH = 8
"""Pictures a second."""

_STYLES = {StageState.COMPLETED: "green", StageState.FAILED: "bold red", StageState.SKIPPED: "dim"}
_MARKS = {StageState.COMPLETED: "✓", StageState.FAILED: "✗", StageState.SKIPPED: "-"}
_PLAIN_MARKS = {StageState.COMPLETED: "done", StageState.FAILED: "FAILED", StageState.SKIPPED: "skipped"}


class View(Narrator, Protocol):
    """A narrator that can be entered, and that first says what will run."""

    def introduce(self, track: Track, dataset: Dataset, endpoint: str) -> None: ...


def view(console: Console, watch: SparkWatch) -> AbstractContextManager[View]:
    """The live view where there is a terminal, else plain lines."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveView(console, watch)
    return PlainView(console, watch)


def introduction(track: Track, dataset: Dataset, endpoint: str) -> list[str]:
    """What will run on what data; markup. Made-up and partial data are called so."""
    label = f"[bold]{dataset.kind}[/]"
    if dataset.kind in (Kind.SYNTHETIC, Kind.SAMPLE):
        label = f"[bold yellow]{dataset.kind}[/]"
    count = len(dataset.files)
    lines = [
        f"[bold]The course, track {track.name}[/], on {endpoint}",
        f"Data: {label} {escape(dataset.name)}, {dataset.size:,} bytes in "
        f"{count} file{'s' if count > 1 else ''}, "
        f"{escape(dataset.licence)}",
        f"      {escape(dataset.source)}",
    ]
    if dataset.advice:
        lines.append(f"      For the real and whole data: {escape(dataset.advice)}")
    return lines


def spark_line(seen: SparkProgress) -> str:
    """One line on a Spark application."""
    if seen.stage is None:
        return f"{seen.application}  {seen.ui}"
    return f"{seen.application}  stage {seen.stage} {seen.name}  {seen.done}/{seen.tasks} tasks"


@dataclass(frozen=True)
class Line:
    """A stage as it is drawn. `ended` is None while it runs."""

    name: str
    began: float
    progress: Progress
    ended: Stage | None = None


class LiveView:
    """Draws every stage again and again. `clock` is in seconds."""

    def __init__(self, console: Console, watch: SparkWatch, clock: Clock = time.monotonic) -> None:
        self._console = console
        self._watch = watch
        self._clock = clock
        self._lines: dict[str, Line] = {}
        self._lock = threading.Lock()
        self._spinner = Spinner("dots" if _unicode(console) else "line", style="cyan")
        self._live = Live(
            console=console, get_renderable=self.picture, refresh_per_second=REFRESH, transient=False
        )

    def __enter__(self) -> LiveView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def introduce(self, track: Track, dataset: Dataset, endpoint: str) -> None:
        for line in introduction(track, dataset, endpoint):
            self._console.print(line)
        self._live.start()

    def begun(self, stage: str) -> None:
        with self._lock:
            self._lines[stage] = Line(stage, self._clock(), Progress(""))
        self._watch.follow(None)

    def progress(self, stage: str, progress: Progress) -> None:
        with self._lock:
            self._lines[stage] = replace(self._lines[stage], progress=progress)
        self._watch.follow(progress.work)

    def ended(self, stage: Stage) -> None:
        with self._lock:
            line = self._lines.get(stage.name) or Line(stage.name, self._clock(), Progress(""))
            self._lines[stage.name] = replace(line, ended=stage)
        self._watch.follow(None)

    def picture(self) -> RenderableType:
        """Every stage so far, as it stands now."""
        with self._lock:
            lines = list(self._lines.values())
        table = Table.grid(padding=(0, 1), expand=True)
        # Only the last column gives way where the terminal is narrow.
        table.add_column(min_width=1, no_wrap=True)
        table.add_column(min_width=9, no_wrap=True)
        table.add_column(min_width=7, no_wrap=True, justify="right")
        table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
        for line in lines:
            if line.ended is None:
                table.add_row(
                    self._spinner,
                    f"[bold]{line.name}[/]",
                    f"{self._clock() - line.began:.1f} s",
                    self._doing(line.progress),
                )
            else:
                table.add_row(*self._done(line.ended))
        return table

    def _done(self, stage: Stage) -> tuple[Text, str, str, str]:
        style = _STYLES[stage.state]
        mark = _MARKS[stage.state] if _unicode(self._console) else _PLAIN_MARKS[stage.state][0]
        seconds = f"{stage.seconds:.1f} s" if stage.state is not StageState.SKIPPED else ""
        return Text(mark, style), f"[{style}]{stage.name}[/]", seconds, escape(headline(stage))

    def _doing(self, progress: Progress) -> RenderableType:
        text = Text(progress.text, overflow="ellipsis", no_wrap=True)
        if progress.total:
            done = progress.done or 0
            return Group(text.append(f"  {done:,} of {progress.total:,} bytes"), _bar(done, progress.total))
        seen = self._watch.seen
        if seen is None or progress.work is None:
            return text
        below = Text(f"Spark {spark_line(seen)}", style="cyan", overflow="ellipsis", no_wrap=True)
        return Group(text, below, *([_bar(seen.done, seen.tasks)] if seen.tasks > 1 else []))


class PlainView:
    """One line per event, for logs and pipes. `clock` is in seconds."""

    def __init__(self, console: Console, watch: SparkWatch, clock: Clock = time.monotonic) -> None:
        self._console = console
        self._watch = watch
        self._clock = clock
        self._began = clock()
        self._said: set[str] = set()

    def __enter__(self) -> PlainView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def introduce(self, track: Track, dataset: Dataset, endpoint: str) -> None:
        for line in introduction(track, dataset, endpoint):
            self._console.print(line)

    def begun(self, stage: str) -> None:
        self._watch.follow(None)
        self._say(f"{stage}: begins")

    def progress(self, stage: str, progress: Progress) -> None:
        self._watch.follow(progress.work)
        # Bytes and Spark's stages change too often for lines that stay.
        self._say(f"{stage}: {progress.text}")
        seen = self._watch.seen
        if seen is not None and progress.work is not None:
            self._say(f"{stage}: Spark application {seen.application} at {seen.ui}")

    def ended(self, stage: Stage) -> None:
        self._watch.follow(None)
        seconds = f" in {stage.seconds:.1f} s" if stage.state is not StageState.SKIPPED else ""
        self._say(f"{stage.name}: {_PLAIN_MARKS[stage.state]}{seconds}  {headline(stage)}".rstrip())

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._console.print(escape(f"[{self._clock() - self._began:6.1f} s] {text}"))


def _bar(done: int, total: int) -> ProgressBar:
    return ProgressBar(total=total, completed=done, width=40)


def _unicode(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")
