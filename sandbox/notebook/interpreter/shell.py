"""Shell paragraphs: bash, its output as it comes."""

from __future__ import annotations

import codecs
import contextlib
import os
import signal
import subprocess

from sandbox.notebook.interpreter.channel import Output
from sandbox.notebook.interpreter.code import Failed


def run(source: str, output: Output) -> None:
    """Run `source` with bash; `Failed` for an exit code other than 0. An interrupt ends all it started."""
    process = subprocess.Popen(
        ("bash", "-c", source),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    assert process.stdout is not None
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    try:
        while chunk := os.read(process.stdout.fileno(), 65536):
            output.write(decoder.decode(chunk))
        code = process.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    finally:
        process.stdout.close()
    if code:
        raise Failed(f"ExitValue: {code}")
