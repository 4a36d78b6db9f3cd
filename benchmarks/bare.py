"""The bare tools: Spark daemons and spark-submit without a sandbox, on the same installation."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import seconds
from sandbox.runtime import ports, readiness
from sandbox.runtime.process import Command, Process
from sandbox.settings import Settings
from sandbox.spark import installation, standalone
from sandbox.spark.configuration import Installation
from sandbox.spark.standalone import MasterAddress

HOST = "127.0.0.1"


def spark(settings: Settings) -> Installation:
    """The same Spark and Java as the sandbox's."""
    return installation.find(settings, os.environ)


def variables(spark: Installation, **more: str) -> dict[str, str]:
    """The environment that Spark needs, and nothing of the sandbox's."""
    return {
        **os.environ,
        "PATH": f"{spark.python.parent}:{os.environ['PATH']}",
        "JAVA_HOME": str(spark.java.home),
        "SPARK_HOME": str(spark.home),
        "SPARK_LOCAL_IP": HOST,
        "PYSPARK_PYTHON": str(spark.python),
        **more,
    }


class Daemons:
    """One master and one worker, as their documentation starts them."""

    def __init__(self, spark: Installation, folder: Path) -> None:
        self._spark = spark
        self._folder = folder
        self.master = MasterAddress(HOST, ports.choose(HOST, 0), ports.choose(HOST, 0))
        self._processes: list[Process] = []

    def start(self) -> None:
        """Start both, one after the other, until the worker is registered."""
        number = ports.choose(HOST, 0)
        self._run(
            "master",
            standalone.MASTER_CLASS,
            "--port",
            str(self.master.port),
            "--webui-port",
            str(self.master.ui_port),
        )
        readiness.wait(standalone.master_ready(self.master), self._processes[-1], "master", 90)
        self._run(
            "worker", standalone.WORKER_CLASS, "--port", str(number), "--webui-port", "0", self.master.url
        )
        readiness.wait(standalone.worker_ready(self.master, HOST, number), self._processes[-1], "worker", 90)

    def _run(self, name: str, *arguments: str) -> None:
        program = str(self._spark.home / "bin" / "spark-class")
        command = Command(
            name=name,
            argv=(program, arguments[0], "--host", HOST, *arguments[1:]),
            environment=variables(self._spark),
            directory=self._folder,
            stdout=self._folder / f"{name}.out",
            stderr=self._folder / f"{name}.log",
        )
        self._processes.append(Process(command, "benchmark"))

    def stop(self) -> None:
        """End both."""
        for process in reversed(self._processes):
            process.stop()


@contextmanager
def daemons(spark: Installation, folder: Path) -> Iterator[Daemons]:
    """Bare daemons that run inside the block."""
    made = Daemons(spark, folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def submit(spark: Installation, *arguments: str) -> float:
    """Seconds of one bare spark-submit; its failure is an error."""
    program = str(spark.home / "bin" / "spark-submit")

    def run() -> None:
        subprocess.run([program, *arguments], check=True, capture_output=True, env=variables(spark))

    return seconds(run)
