"""`spark-submit` and its kin as a node has them on its PATH: rewritten for the cluster, then the real one.

Started by the scripts that `write` puts into a folder; reads the cluster from its own environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.spark.submit import Capacity, rewrite

COMMANDS = ("spark-submit", "spark-sql", "spark-shell", "pyspark")
MASTER = "SANDBOX_SPARK_MASTER"
CORES = "SANDBOX_EXECUTOR_CORES"
MEMORY = "SANDBOX_EXECUTOR_MEMORY"
SHARE = "SANDBOX_CORES_SHARE"


def write(folder: Path, python: Path) -> None:
    """Put a shim for each command into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COMMANDS:
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{python}" -m sandbox.spark.shim {name} "$@"\n')
        script.chmod(0o755)


def variables(master: str, capacity: Capacity) -> dict[str, str]:
    """The environment that a shim reads."""
    share = {SHARE: str(capacity.share)} if capacity.share is not None else {}
    return {MASTER: master, CORES: str(capacity.cores), MEMORY: str(capacity.memory), **share}


def command(
    name: str, arguments: list[str], environment: Mapping[str, str]
) -> tuple[list[str], tuple[str, ...]]:
    """The real command line, and a sentence for every option that was rewritten."""
    share = environment.get(SHARE)
    capacity = Capacity(int(environment[CORES]), int(environment[MEMORY]), int(share) if share else None)
    submission = rewrite(arguments, environment[MASTER], capacity)
    real = Path(environment["SPARK_HOME"]) / "bin" / name
    variables = [f"{variable}={text}" for variable, text in submission.variables.items()]
    return [*(["env", *variables] if variables else []), str(real), *submission.arguments], submission.notes


def run(argv: list[str]) -> None:
    """Replace this process by the real command."""
    name, *arguments = argv
    real, notes = command(name, arguments, os.environ)
    for note in notes:
        sys.stderr.write(f"{name}: {note}\n")
    sys.stderr.flush()
    os.execvp(real[0], real)


if __name__ == "__main__":
    run(sys.argv[1:])
