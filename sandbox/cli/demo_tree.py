"""A learned decision tree, drawn as far as it fits. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.tree import Tree

Node = Mapping[str, Any]

SHOWN = 4
"""Categories that a condition names before it only counts them."""


def drawn(root: Node, labels: list[str], lines: int) -> Tree:
    """The tree with the greatest depth that takes at most `lines` lines, but at least the first split."""
    depth = 1
    while depth < _depth(root) and _lines(root, depth + 1) <= lines:
        depth += 1
    tree = Tree(_summary(root, labels), guide_style="dim")
    _grow(tree, root, labels, depth)
    return tree


def conditions(node: Node) -> tuple[str, str]:
    """What leads to the left and to the right of a split."""
    feature = node["feature"]
    if "threshold" in node:
        return f"{feature} <= {node['threshold']:g}", f"{feature} > {node['threshold']:g}"
    others = node.get("other_categories")
    right = _listed(others) if others else "any other"
    return f"{feature}: {_listed(node['categories'])}", f"{feature}: {right}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _grow(branch: Tree, node: Node, labels: list[str], depth: int) -> None:
    if _agreed(node):
        return
    if depth == 0:
        branch.add(f"[dim]... {_size(node) - 1} nodes more[/]")
        return
    for condition, child in zip(conditions(node), (node["left"], node["right"]), strict=True):
        text = f"{escape(condition)}  {_summary(child, labels)}"
        _grow(branch.add(text), child, labels, depth - 1)


def _summary(node: Node, labels: list[str]) -> str:
    """How many training rows came here, the share of the second label, and what is predicted once settled."""
    total = sum(node["counts"])
    share = node["counts"][1] / total if total else 0.0
    told = f"[dim]{total:,} rows, {share:.0%} {escape(labels[1])}[/]"
    return f"[bold]-> {escape(node['prediction'])}[/]  {told}" if _agreed(node) else told


def _agreed(node: Node) -> bool:
    """Whether every leaf below says the same, so that what is below decides nothing."""
    return len(_predictions(node)) == 1


def _predictions(node: Node) -> set[str]:
    if "left" not in node:
        return {node["prediction"]}
    return _predictions(node["left"]) | _predictions(node["right"])


def _size(node: Node) -> int:
    return 1 + (_size(node["left"]) + _size(node["right"]) if "left" in node else 0)


def _depth(node: Node) -> int:
    return 1 + max(_depth(node["left"]), _depth(node["right"])) if "left" in node else 0


def _lines(node: Node, depth: int) -> int:
    if _agreed(node):
        return 1
    if depth == 0:
        return 2
    return 1 + _lines(node["left"], depth - 1) + _lines(node["right"], depth - 1)
