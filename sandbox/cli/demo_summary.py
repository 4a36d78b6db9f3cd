"""What the course came to: stages, tree, importances, confusion matrix, predictions, what to type next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from sandbox.cli import demo_facts
from sandbox.cli.demo_tree import drawn
from sandbox.demo.dataset import Dataset, Kind
from sandbox.demo.stages import (
    Launched,
    Predicted,
    Record,
    Stage,
    StageState,
    Trained,
    Transformed,
)

_STYLES = {StageState.COMPLETED: "green", StageState.FAILED: "bold red", StageState.SKIPPED: "dim"}
BAR = 30
"""Columns of the longest bar."""


@dataclass(frozen=True)
class Aftermath:
    """What is left when the course has ended: where to ask, and whether the sandbox still runs.

    `command` tells what to type for a command of the program and its argument, `lost` what ends with the
    sandbox. `master` is the page of a Spark master that outlives the course's cluster.
    """

    endpoint: str
    stays: bool
    command: Callable[[str, str], str]
    lost: str
    master: MasterPage | None = None


@dataclass(frozen=True)
class MasterPage:
    """A Spark master's page, and the applications that it says have run, newest first."""

    url: str
    applications: Sequence[Mapping[str, Any]]


def show(console: Console, stages: Sequence[Stage], dataset: Dataset, aftermath: Aftermath) -> None:
    """Print the summary."""
    console.print()
    console.print(stage_table(stages, dataset))
    found = {stage.name: stage.results for stage in stages}
    train, predict = found.get("train"), found.get("predict")
    if isinstance(train, Trained):
        for part in learned(train.metrics, dataset, max(console.height - 10, 14)):
            console.print()
            console.print(part)
    if isinstance(predict, Predicted):
        console.print()
        console.print(predictions(predict))
    if aftermath.master is not None:
        console.print()
        console.print(master_applications(aftermath.master))
    console.print()
    for line in next_steps(stages, aftermath):
        console.print(line, soft_wrap=True)


def stage_table(stages: Sequence[Stage], dataset: Dataset) -> Table:
    """A line per stage: seconds, rows, and where the artefact lies or what went wrong."""
    table = Table(title=f"Stages ({dataset.kind} data: {escape(dataset.name)})", title_justify="left")
    table.add_column("stage")
    table.add_column("state")
    table.add_column("seconds", justify="right")
    table.add_column("rows", justify="right")
    table.add_column("artefact", overflow="fold")
    for stage in stages:
        where = demo_facts.headline(stage) if stage.error else demo_facts.location(stage.results)
        state = f"[{_STYLES[stage.state]}]{stage.state}[/]"
        table.add_row(
            stage.name, state, f"{stage.seconds:.1f}", demo_facts.rows(stage.results), escape(where)
        )
        if isinstance(stage.results, Launched) and stage.results.ready_seconds is not None:
            table.caption = (
                f"The cluster was asked for during {stage.results.during} and was ready "
                f"{stage.results.ready_seconds:.1f} s later: its stage only waits for the rest of that."
            )
            table.caption_justify = "left"
    table.add_section()
    table.add_row("in all", "", f"{sum(stage.seconds for stage in stages):.1f}")
    return table


def learned(metrics: Record, dataset: Dataset, lines: int) -> Iterator[RenderableType]:
    """The model: how good, the tree, which features matter, and what it confuses."""
    labels = list(metrics["labels"])
    made_up = " on SYNTHETIC data" if dataset.kind is Kind.SYNTHETIC else ""
    gain = metrics["accuracy"] - metrics["majority"]
    yield (
        f"[bold]accuracy {metrics['accuracy']:.4f}[/]{made_up}: always guessing the majority gives "
        f"{metrics['majority']:.4f}, so the tree gains {100 * gain:+.1f} points; "
        f"[bold]AUC {metrics['auc']:.4f}[/] (0.5 is guessing)"
    )
    tree = metrics["tree"]
    yield f"[bold]The tree[/] ({tree['nodes']} nodes, depth {tree['depth']})"
    yield drawn(tree["root"], labels, lines)
    yield importances(tree["feature_importances"])
    yield confusion(metrics["confusion"], labels)
    if "comparison" in metrics:
        yield comparison(metrics["comparison"])


def importances(weights: Mapping[str, float]) -> Table:
    """A bar for each feature that matters, longest first."""
    table = Table.grid(padding=(0, 1))
    table.title, table.title_justify = "Feature importances", "left"
    longest = max(weights.values()) or 1.0
    for name, weight in sorted(weights.items(), key=lambda item: -item[1]):
        bar = "━" * round(BAR * weight / longest)
        table.add_row(escape(name), f"[cyan]{bar}[/]", f"{weight:.3f}")
    return table


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> Table:
    """Actual against predicted, with the share of each actual class that was recognised."""
    table = Table(title="Confusion matrix (held-out rows)", title_justify="left")
    table.add_column("actual")
    for label in labels:
        table.add_column(f"predicted {escape(label)}", justify="right")
    table.add_column("recognised", justify="right")
    for index, (label, row) in enumerate(zip(labels, matrix, strict=True)):
        cells = [
            f"[bold green]{count:,}[/]" if index == column else f"{count:,}"
            for column, count in enumerate(row)
        ]
        share = f"{row[index] / sum(row):.0%}" if sum(row) else ""
        table.add_row(escape(label), *cells, share)
    return table


def comparison(lines: Sequence[Record]) -> Table:
    """What a random split would have claimed."""
    table = Table(title="AUC by split and depth", title_justify="left")
    for name in ("split", "depth", "training", "held out"):
        table.add_column(name, justify="left" if name == "split" else "right")
    for line in lines:
        table.add_row(
            escape(line["split"]), str(line["depth"]), f"{line['train_auc']:.4f}", f"{line['auc']:.4f}"
        )
    return table


def predictions(results: Predicted) -> Table:
    """Each new record and what the model says of it."""
    table = Table(title="New records", title_justify="left")
    table.add_column("record", overflow="fold")
    table.add_column("prediction", no_wrap=True)
    table.add_column("probability", justify="right")
    for one in results.predictions:
        record = ", ".join(f"{name} {value}" for name, value in one["input"].items())
        table.add_row(escape(record), f"[bold]{escape(one['prediction'])}[/]", f"{one['probability']:.0%}")
    return table


def master_applications(master: MasterPage) -> Table:
    """The applications that ran, as the Spark master itself lists them."""
    table = Table(title=f"Applications on the Spark master, {master.url}", title_justify="left")
    for name in ("application", "name", "cores", "seconds", "state"):
        table.add_column(name, justify="right" if name in ("cores", "seconds") else "left")
    for one in master.applications:
        cells = (one["id"], one["name"], str(one["cores"]), f"{one['duration'] / 1000:.1f}", one["state"])
        table.add_row(*map(escape, cells))
    return table


def next_steps(stages: Sequence[Stage], aftermath: Aftermath) -> list[str]:
    """The commands with which each thing can be looked at, as lines with markup."""
    command = aftermath.command
    logs = [command("logs", id) for id in _ids(stages)]
    if not aftermath.stays:
        lines = [
            "[bold]The sandbox is down again.[/] " + escape(aftermath.lost),
            "What was logged is still here:",
        ]
        lines += [f"  {escape(line)}" for line in logs]
        lines.append(f"To look at everything while it runs: {escape(command('demo', '--keep'))}")
        return lines
    lines = ["[bold]Look at it:[/]", f'  eval "$({escape(command("env", ""))})"']
    lines += [f"  {escape(line)}" for line in logs]
    lines += [
        f"  aws s3 ls {escape(uri)} --recursive --endpoint-url {aftermath.endpoint}"
        for uri in _locations(stages)
    ]
    lines += [f"  {escape(ui)}  (Spark master)" for ui in _master_pages(stages)]
    lines.append(f"  {escape(command('down', ''))}")
    return lines


def _ids(stages: Sequence[Stage]) -> list[str]:
    """The ids that have logs: the job run's, the cluster's and the steps'."""
    ids: list[str] = []
    for stage in stages:
        match stage.results:
            case Transformed(run_id=id) | Launched(cluster_id=id):
                ids.append(id)
            case Trained(step_id=id) | Predicted(step_id=id):
                ids.append(id)
    return ids


def _locations(stages: Sequence[Stage]) -> list[str]:
    places = (demo_facts.location(stage.results) for stage in stages)
    return [place for place in places if place.startswith("s3://")]


def _master_pages(stages: Sequence[Stage]) -> list[str]:
    """The Spark master's page, while its cluster is kept."""
    kept: Any = next((stage.results for stage in stages if stage.name == "terminate"), None)
    if not getattr(kept, "kept", False):
        return []
    clusters = [stage.results for stage in stages if isinstance(stage.results, Launched)]
    return [cluster.master_ui for cluster in clusters if cluster.master_ui]
