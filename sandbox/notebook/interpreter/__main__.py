"""The interpreter's process: takes paragraphs from standard input, one JSON document a line, in order.

Ends when its server does: then standard input ends. Usage: python -m sandbox.notebook.interpreter NAME
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from types import FrameType
from typing import Any, TextIO

from sandbox.notebook import forms
from sandbox.notebook.interpreter import code, pictures, shell, sql
from sandbox.notebook.interpreter.channel import Channel, Output
from sandbox.notebook.interpreter.code import Failed
from sandbox.notebook.interpreter.context import ZeppelinContext
from sandbox.notebook.interpreter.scala import ScalaRepl
from sandbox.notebook.interpreter.session import Session
from sandbox.notebook.magic import Language

Request = dict[str, Any]

LOOK_INTERVAL = 0.3
"""Seconds between two looks at the progress of Spark's jobs, and between two tries to interrupt."""
SPARK = frozenset({Language.PYSPARK, Language.SQL, Language.SCALA})


class Turn:
    """One run of a paragraph, whose jobs are Spark's group `id`."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.ended = threading.Event()
        self.cancelled = threading.Event()


class Interpreter:
    """Runs one paragraph at a time, in the main thread; a second thread may interrupt it."""

    def __init__(self, name: str, channel: Channel) -> None:
        self._channel = channel
        self._output = Output(channel)
        self._session = Session(name)
        self._z = ZeppelinContext(channel, self._output)
        self._python = code.namespace(z=self._z)
        self._pyspark = code.namespace(z=self._z)
        self._scala: ScalaRepl | None = None
        self._turn: Turn | None = None

    def run(self, request: Request) -> None:
        """Run a paragraph to its end and tell how it ended."""
        turn = self._turn = Turn(request["turn"])
        self._z.params = request["params"]
        looking = threading.Thread(target=self._look, args=(turn,))
        looking.start()
        failure = None
        try:
            self._perform(turn, Language(request["language"]), request["code"], request["line"])
        except Failed as error:
            failure = str(error)
        except KeyboardInterrupt:
            turn.cancelled.set()
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
        finally:
            self._turn = None
            turn.ended.set()
            looking.join()
        if turn.cancelled.is_set():
            self._channel.send("end", code="CANCELLED")
        elif failure is None:
            self._channel.send("end", code="SUCCESS")
        else:
            self._channel.send("end", code="ERROR", text=failure)

    def cancel(self, id: str | None = None) -> None:
        """Interrupt the paragraph of this turn, or whichever runs, until it has ended."""
        turn = self._turn
        if turn is None or id not in (None, turn.id):
            return
        turn.cancelled.set()
        while not turn.ended.is_set():
            self._session.cancel(turn.id)
            os.kill(os.getpid(), signal.SIGINT)
            turn.ended.wait(LOOK_INTERVAL)

    def close(self) -> None:
        """End the driver."""
        self._session.close()

    def _perform(self, turn: Turn, language: Language, source: str, line: int) -> None:
        if language in SPARK:
            spark = self._session.get()
            self._session.begin(turn.id, source.strip().partition("\n")[0][:80])
            self._pyspark |= {"spark": spark, "sc": spark.sparkContext, "sqlContext": spark}
        # Starting Spark puts its own handler there.
        signal.signal(signal.SIGINT, self._interrupted)
        match language:
            case Language.PYSPARK | Language.PYTHON:
                names = self._pyspark if language is Language.PYSPARK else self._python
                try:
                    code.run(source, line, names)
                finally:
                    pictures.show()
            case Language.SQL:
                filled, asked = forms.substitute(source, self._z.params)
                for form in asked.values():
                    self._channel.send("form", form=form)
                sql.run(filled, spark, self._z)
            case Language.SCALA:
                if self._scala is None or self._scala.spark is not spark:
                    self._scala = ScalaRepl(spark, self._session.classes, self._output)
                self._scala.run(source)
            case Language.SHELL:
                shell.run(source, self._output)
            case Language.MARKDOWN:
                raise Failed("Markdown needs no interpreter")

    def _interrupted(self, _number: int, frame: FrameType | None) -> None:
        """Raise in the paragraph's own code; a call into Java ends by the cancelling of its job instead.

        Leaving such a call would leave its answer for the next call to read.
        """
        turn = self._turn
        # A signal may come late, when another paragraph runs already.
        if turn is None or not turn.cancelled.is_set():
            return
        while frame is not None:
            if frame.f_globals.get("__name__", "").startswith("py4j."):
                return
            frame = frame.f_back
        raise KeyboardInterrupt

    def _look(self, turn: Turn) -> None:
        """Tell progress and new jobs until the paragraph has ended."""
        known: list[int] = []
        ended = False
        while not ended:
            ended = turn.ended.wait(LOOK_INTERVAL)
            jobs = self._session.jobs(turn.id)
            page = self._session.web_page
            for job in jobs:
                if job not in known and page:
                    self._channel.send("job", url=f"{page}/jobs/job?id={job}")
            if jobs:
                self._channel.send("progress", value=self._session.progress(jobs))
            known = jobs


def main(name: str) -> None:
    """Serve until standard input ends."""
    requests, events = _take_standard_streams()
    channel = Channel(events)
    sys.stdout = sys.stderr = Output(channel)
    os.environ["MPLBACKEND"] = pictures.BACKEND
    interpreter = Interpreter(name, channel)
    waiting: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests, interpreter, waiting), daemon=True).start()
    while (request := waiting.get()) is not None:
        interpreter.run(request)
    interpreter.close()


def _receive(requests: TextIO, interpreter: Interpreter, waiting: queue.SimpleQueue[Request | None]) -> None:
    for line in requests:
        request = json.loads(line)
        if request["op"] == "cancel":
            interpreter.cancel(request["turn"])
        else:
            waiting.put(request)
    waiting.put(None)
    # The server is gone; what still runs has nobody to tell.
    interpreter.cancel()


def _take_standard_streams() -> tuple[TextIO, TextIO]:
    """Our two ends of the server's pipes; whoever else writes or reads gets the log and nothing."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return requests, events


if __name__ == "__main__":
    main(sys.argv[1])
