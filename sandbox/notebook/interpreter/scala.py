"""Scala paragraphs: Spark's own REPL in the driver's JVM, sharing the session with Python.

The REPL prints into a named pipe, from which a thread of this process reads, so that output is live.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from sandbox.notebook.interpreter.channel import Output
from sandbox.notebook.interpreter.code import Failed

END = "\x00end of the paragraph\x00"
_IMPORTS = "import spark.implicits._\nimport spark.sql\nimport org.apache.spark.sql.functions._"
_CONTEXT = """
object z extends Serializable {
  private def cell(value: Any) = if (value == null) "null" else value.toString.replaceAll("[\\t\\r\\n]+", " ")
  def show(frame: org.apache.spark.sql.Dataset[_], maxRows: Int = 1000): Unit = {
    val rows = frame.toDF.take(maxRows).map(row => row.toSeq.map(cell).mkString("\\t"))
    println("%table " + (frame.columns.mkString("\\t") +: rows).mkString("\\n") + "\\n%text ")
  }
}
"""


class ScalaRepl:
    """A REPL on `spark`, whose classes go to `classes`; it lasts as long as the session."""

    def __init__(self, spark: Any, classes: Path, output: Output) -> None:
        self.spark = spark
        self._output = output
        self._drained = threading.Event()
        self._quiet = True
        self._read_from(classes / "output")
        jvm = spark._jvm
        stream = jvm.java.io.FileOutputStream(str(classes / "output"))
        self._stream = jvm.java.io.PrintStream(stream, True, "UTF-8")
        self._console = _module(jvm.scala, "Console")
        jvm.java.lang.System.setOut(self._stream)
        self._repl = self._interpreter(jvm, classes)
        for name, type, value in (
            ("spark", "org.apache.spark.sql.SparkSession", spark._jsparkSession),
            ("sc", "org.apache.spark.SparkContext", spark._jsc.sc()),
        ):
            self._repl.bind(name, type, value, _list(jvm, ["@transient"]))
        for source in (_IMPORTS, _CONTEXT):
            self._interpret(source)
        self._quiet = False

    def run(self, source: str) -> None:
        """Interpret `source`; `Failed` when it does not compile, is not complete, or throws."""
        match self._interpret(source):
            case "Success":
                return
            case "Incomplete":
                raise Failed("The code is not complete: a bracket or a quote is not closed")
            case _:
                raise Failed("")

    def _interpret(self, source: str) -> str:
        # Scala keeps its standard output by thread.
        self._console.setOutDirect(self._stream)
        try:
            outcome = str(self._repl.interpret(source).toString())
        finally:
            self._drained.clear()
            self._stream.print(END)
            self._stream.flush()
        self._drained.wait()
        return outcome

    def _interpreter(self, jvm: Any, classes: Path) -> Any:
        settings = jvm.scala.tools.nsc.Settings()
        path = jvm.java.lang.System.getProperty("java.class.path")
        arguments = ["-Yrepl-class-based", "-Yrepl-outdir", str(classes), "-classpath", path]
        settings.processArguments(_list(jvm, arguments), True)
        writer = jvm.java.io.PrintWriter(self._stream, True)
        loop = jvm.org.apache.spark.repl.SparkILoop(_module(jvm.scala, "None"), writer)
        getattr(loop, "settings_$eq")(settings)
        loop.createInterpreter()
        repl = loop.intp()
        repl.initializeSynchronous()
        return repl

    def _read_from(self, pipe: Path) -> None:
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
        # Opened for both, so that neither side waits for the other and no end is seen before ours.
        handle = os.open(pipe, os.O_RDWR)
        threading.Thread(target=self._read, args=(handle,), name="scala-output", daemon=True).start()

    def _read(self, handle: int) -> None:
        text = b""
        end = END.encode()
        while True:
            text += os.read(handle, 65536)
            before, found, after = text.partition(end)
            if found:
                self._show(before)
                text = after
                self._drained.set()
            elif b"\x00" not in text and _whole(text):
                self._show(text)
                text = b""

    def _show(self, text: bytes) -> None:
        if not self._quiet:
            self._output.write(text.decode(errors="replace"))


def _whole(text: bytes) -> bool:
    """Whether the text does not end within a letter."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.reason != "unexpected end of data"
    return True


def _module(package: Any, name: str) -> Any:
    """A Scala object."""
    return getattr(getattr(package, f"{name}$"), "MODULE$")


def _list(jvm: Any, values: list[str]) -> Any:
    """A Scala list of texts."""
    array = jvm.java.util.ArrayList()
    for value in values:
        array.add(value)
    return jvm.scala.collection.JavaConverters.asScalaBuffer(array).toList()
