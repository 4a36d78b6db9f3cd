"""`sandbox doctor`: what this machine has, what it lacks, and the command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
import typer
from rich.markup import escape

from sandbox.cli import background, console, options
from sandbox.errors import MachineError
from sandbox.runtime import ports
from sandbox.settings import Settings
from sandbox.spark import installation, java
from sandbox.spark import jars as locked_jars

LEAST_MEMORY = 4096
LEAST_DISK = 1024
"""MiB; below it a cluster of two nodes does not fit."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `mend` is empty when nothing is wrong."""

    name: str
    found: str
    mend: str = ""
    needed: bool = True

    @property
    def state(self) -> str:
        """`ok`, `warning` or `missing`."""
        return "ok" if not self.mend else ("missing" if self.needed else "warning")


def doctor(state: options.State = None, json: options.Json = False) -> None:
    """Look at this machine. Exit code 3 when something needed is missing."""
    settings = options.settings(state)
    findings = [look(settings) for look in _LOOKS]
    if json:
        console.print_json(
            [{"name": f.name, "state": f.state, "found": f.found, "mend": f.mend} for f in findings]
        )
    else:
        marks = {"ok": "[green]ok     [/]", "warning": "[yellow]warning[/]", "missing": "[red]missing[/]"}
        for finding in findings:
            console.data().print(f"{marks[finding.state]}  {finding.name:<8} {escape(finding.found)}")
            if finding.mend:
                console.data().print(f"         mend: {escape(finding.mend)}")
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(MachineError.exit_code)


def _python(_: Settings) -> Finding:
    return Finding("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _spark(_: Settings) -> Finding:
    try:
        return Finding("spark", f"{metadata.version('pyspark')} in {installation.spark_home()}")
    except (MachineError, metadata.PackageNotFoundError):
        return Finding("spark", "pyspark is not installed", "pip install emr-sandbox")


def _java(settings: Settings) -> Finding:
    try:
        found = java.find(settings.java_home, os.environ.get("PATH", ""))
    except MachineError as error:
        return Finding("java", str(error).partition("\n")[0], error.mend)
    return Finding("java", f"{found.version} in {found.home} ({found.origin})")


def _jars(settings: Settings) -> Finding:
    folder = installation.jar_folder(settings)
    lock = locked_jars.locked()
    absent = locked_jars.missing(lock, folder)
    if absent:
        names = ", ".join(jar.file_name for jar in absent)
        return Finding("jars", f"missing or damaged in {folder}: {names}", "sandbox jars fetch")
    return Finding("jars", f"{len(lock)} in {folder}, checksums right")


def _memory(_: Settings) -> Finding:
    total = psutil.virtual_memory().total // 2**20
    mend = "" if total >= LEAST_MEMORY else "close other programs; a cluster of two nodes wants 4 GiB"
    return Finding("memory", f"{total} MiB, {os.cpu_count()} cores", mend, needed=False)


def _disk(settings: Settings) -> Finding:
    folder = next(path for path in (settings.state, *settings.state.parents) if path.exists())
    free = shutil.disk_usage(folder).free // 2**20
    mend = "" if free >= LEAST_DISK else f"free some space below {folder}, or choose another --state"
    return Finding("disk", f"{free} MiB free at {folder}", mend)


def _writable(settings: Settings) -> Finding:
    folder = next(path for path in (settings.state, *settings.state.parents) if path.exists())
    mend = "" if os.access(folder, os.W_OK) else f"make {folder} writable, or choose another --state"
    return Finding("state", str(settings.state), mend)


def _ports(settings: Settings) -> Finding:
    if background.read_record(settings) is not None:
        return Finding("ports", "a sandbox runs and has its own")
    wanted = (settings.port, settings.metastore_port, settings.master_ui_port, settings.application_ui_port)
    taken = [str(port) for port in wanted if port and not ports.is_free(settings.host, port)]
    if taken:
        return Finding(
            "ports", f"taken: {', '.join(taken)}", "none needed: free ones are taken instead", False
        )
    return Finding("ports", f"free: {', '.join(map(str, wanted))}")


def _path(_: Settings) -> Finding:
    bash = shutil.which("bash")
    return Finding("bash", str(Path(bash)) if bash else "not found", "" if bash else "install bash")


_LOOKS: tuple[Callable[[Settings], Finding], ...] = (
    _python,
    _spark,
    _java,
    _jars,
    _path,
    _memory,
    _disk,
    _writable,
    _ports,
)
