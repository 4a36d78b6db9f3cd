"""`spark-submit` as EMR's scripts call it, rewritten for Spark standalone. Pure.

https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-submit-step.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

FLAGS = frozenset({"--verbose", "-v", "--supervise", "--help", "-h", "--version", "--usage-error"})
"""The options of spark-submit that take no value."""

_YARN_ONLY = frozenset({"--queue", "--principal", "--keytab"})
_DRIVER_VARIABLE = "spark.yarn.appMasterEnv."
_PYTHONS = frozenset({"PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"})
DEFAULT_MEMORY = 1024
"""MiB of an executor that nobody gave a size: Spark's own default."""
_UNITS = {"": 1, "k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}


@dataclass(frozen=True)
class Capacity:
    """What one executor may have at most: cores, and memory in MiB.

    `share`: how many cores of the cluster an application may have beside others; None for all of them.
    """

    cores: int
    memory: int
    share: int | None = None


@dataclass(frozen=True)
class Submission:
    """The arguments for spark-submit, a sentence for what was rewritten, and variables for the driver."""

    arguments: tuple[str, ...]
    notes: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


def rewrite(arguments: Sequence[str], master: str, capacity: Capacity) -> Submission:
    """The arguments of an EMR step for the standalone cluster at `master`.

    YARN's master and cluster mode become this cluster's; executors larger than a node are cut to it,
    since standalone would wait for ever for one that fits. What follows the script is left alone.
    """
    options, rest = split(arguments)
    if capacity.share is not None:
        # Standalone starts no executor that is larger than what its application may have.
        capacity = replace(capacity, cores=min(capacity.cores, capacity.share))
    notes: list[str] = []
    kept: list[tuple[str, str | None]] = []
    wanted: dict[str, str] = {}
    variables: dict[str, str] = {}
    for name, value in options:
        match name, value or "":
            case "--master", given if given != master:
                notes.append(f"--master {given} is replaced by {master}: this cluster runs Spark standalone")
            case "--deploy-mode", "cluster":
                notes.append(
                    "--deploy-mode cluster is replaced by client: the driver runs on the master node"
                )
            case (("--master" | "--deploy-mode"), _):
                continue
            case "--conf", text if text.startswith(("spark.master=", "spark.submit.deployMode=")):
                notes.append(f"--conf {text} is left out: the cluster decides it")
            case "--conf", text if text.startswith(_DRIVER_VARIABLE):
                variables |= _driver_variable(text.removeprefix(_DRIVER_VARIABLE), notes)
            case "--num-executors" | "--executor-cores" | "--executor-memory", text:
                wanted[name] = text
            case option, text if option in _YARN_ONLY:
                notes.append(f"{option} {text} is left out: it has a meaning on YARN only")
            case _:
                kept.append((name, value))
    kept = [_capped_conf(option, capacity, notes) for option in kept]
    kept += [(name, text) for name, text in _executors(wanted, capacity, notes)]
    kept += _share(kept, capacity, notes)
    head = [part for name, value in kept for part in ((name,) if value is None else (name, value))]
    return Submission(("--master", master, "--deploy-mode", "client", *head, *rest), tuple(notes), variables)


def _driver_variable(text: str, notes: list[str]) -> dict[str, str]:
    """A variable that YARN would set for the driver of a cluster's own, as it is set for the one here.

    A Python out of `--archives` is for the executors, beside which it is unpacked, and not for the driver.
    """
    name, _, value = text.partition("=")
    if name not in _PYTHONS:
        notes.append(f"{_DRIVER_VARIABLE}{name} is set for the driver, which runs on the master node")
        return {name: value}
    if name == "PYSPARK_PYTHON" and value.startswith("./"):
        notes.append(f"{name}={value} is for the executors: the driver uses the master node's own Python")
        return {name: value}
    notes.append(f"{name}={value} is left out: the driver uses the master node's own Python")
    return {}


def split(arguments: Sequence[str]) -> tuple[list[tuple[str, str | None]], list[str]]:
    """Options with their values (None for flags), and the rest from the script or jar on.

    An empty argument among the options is none: emr-cli sends one, and EMR's command-runner does without it.
    """
    options: list[tuple[str, str | None]] = []
    index = 0
    while index < len(arguments) and (not arguments[index] or arguments[index].startswith("-")):
        if not arguments[index]:
            index += 1
            continue
        name, equals, value = arguments[index].partition("=")
        name = "--conf" if name == "-c" else name
        index += 1
        if name in FLAGS:
            options.append((name, None))
        elif equals:
            options.append((name, value))
        else:
            options.append((name, arguments[index] if index < len(arguments) else ""))
            index += 1
    return options, list(arguments[index:])


def mebibytes(text: str) -> int | None:
    """A JVM memory string (`512m`, `2g`) in MiB; None when it is none."""
    found = re.fullmatch(r"(\d+)([kmgt]?)b?", text.strip().lower())
    return int(int(found.group(1)) * _UNITS[found.group(2)]) if found else None


def _executors(wanted: dict[str, str], capacity: Capacity, notes: list[str]) -> list[tuple[str, str]]:
    options: list[tuple[str, str]] = []
    cores = _at_most(wanted.get("--executor-cores"), capacity.cores, "--executor-cores", notes)
    if "--executor-cores" in wanted:
        options.append(("--executor-cores", str(cores)))
    if "--num-executors" in wanted and wanted["--num-executors"].isdigit():
        asked = int(wanted["--num-executors"]) * cores
        notes.append(f"--num-executors {wanted['--num-executors']} becomes --total-executor-cores {asked}")
        options.append(("--total-executor-cores", _total(str(asked), capacity, notes)))
    if "--executor-memory" in wanted:
        options.append(("--executor-memory", _memory(wanted["--executor-memory"], capacity, notes)))
    return options


def _share(
    options: Sequence[tuple[str, str | None]], capacity: Capacity, notes: list[str]
) -> list[tuple[str, str]]:
    """Standalone gives all cores to the first application: beside others each takes its share.

    And no more memory of a worker than all of them can have there.
    """
    if capacity.share is None:
        return []
    added = []
    if not _says(options, "--total-executor-cores", "spark.cores.max"):
        added.append(("--total-executor-cores", str(capacity.share)))
    if capacity.memory < DEFAULT_MEMORY and not _says(options, "--executor-memory", "spark.executor.memory"):
        added.append(("--executor-memory", f"{capacity.memory}m"))
    notes += [f"{name} {value} is added, so that steps can run side by side" for name, value in added]
    return added


def _says(options: Sequence[tuple[str, str | None]], option: str, property: str) -> bool:
    return any(name == option or (value or "").startswith(f"{property}=") for name, value in options)


def _capped_conf(
    option: tuple[str, str | None], capacity: Capacity, notes: list[str]
) -> tuple[str, str | None]:
    name, value = option
    key, _, text = (value or "").partition("=")
    match name, key:
        case "--conf", "spark.executor.memory":
            return name, f"{key}={_memory(text, capacity, notes)}"
        case "--conf", "spark.executor.cores":
            return name, f"{key}={_at_most(text, capacity.cores, key, notes)}"
        case "--conf", "spark.cores.max":
            return name, f"{key}={_total(text, capacity, notes)}"
        case "--total-executor-cores", _:
            return name, _total(value or "", capacity, notes)
        case _:
            return option


def _total(text: str, capacity: Capacity, notes: list[str]) -> str:
    """The cores of an application; beside others no more than its share."""
    if capacity.share is None or not text.isdigit() or int(text) <= capacity.share:
        return text
    notes.append(f"{text} cores are cut to {capacity.share}, so that steps can run side by side")
    return str(capacity.share)


def _memory(text: str, capacity: Capacity, notes: list[str]) -> str:
    size = mebibytes(text)
    if size is None or size <= capacity.memory:
        return text
    notes.append(f"executor memory {text} is cut to {capacity.memory}m: a node of this cluster has no more")
    return f"{capacity.memory}m"


def _at_most(text: str | None, limit: int, name: str, notes: list[str]) -> int:
    if text is None or not text.isdigit():
        return limit
    if int(text) > limit:
        notes.append(f"{name} {text} is cut to {limit}: no executor of this application has more")
    return min(int(text), limit)
