"""The reference pages of the documentation, made from the code: operations and commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import click

from sandbox.aws.delegation import DELEGATED
from sandbox.aws.operations import Fidelity

MEANING = {
    Fidelity.EXECUTED: "the effect happens",
    Fidelity.RECORDED: "stored and returned; it changes nothing else",
    Fidelity.DELEGATED: "moto answers",
    Fidelity.REFUSED: "HTTP 501 `NotEmulated`, naming the operation",
}


def operations_page(services: Mapping[str, Mapping[str, Fidelity]]) -> str:
    """The page `docs/reference/operations.md`."""
    return "\n".join(_operations(services)) + "\n"


def commands_page(program: click.Command) -> str:
    """The page `docs/reference/commands.md`."""
    lines = ["# Commands", "", "Made from the program itself by `make docs`.", ""]
    lines += _command(program, "sandbox")
    return "\n".join(lines).rstrip() + "\n"


def _operations(services: Mapping[str, Mapping[str, Fidelity]]) -> Iterator[str]:
    yield from ("# Operations", "", "Made from the code by `make docs`; `sandbox parity` prints the same.", "")
    yield from (f"* **{kind}**: {meaning}" for kind, meaning in MEANING.items())
    for service, operations in services.items():
        counts = Counter(operations.values())
        total = ", ".join(f"{counts[kind]} {kind}" for kind in Fidelity if counts[kind])
        yield from ("", f"## {service} ({total})", "", "| operation | fidelity |", "|---|---|")
        emulated = {name: kind for name, kind in operations.items() if kind is not Fidelity.REFUSED}
        yield from (f"| {name} | {kind} |" for name, kind in emulated.items())
        refused = [name for name, kind in operations.items() if kind is Fidelity.REFUSED]
        yield from ("", f"Refused: {', '.join(refused)}.")
    yield from ("", "## Delegated to moto", "", ", ".join(f"`{name}`" for name in sorted(DELEGATED)) + ".")


def _command(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield from (f"## `{path}`", "", (command.help or "").strip(), "")
    rows = [record for parameter in command.params if (record := parameter.get_help_record(context))]
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    if rows or arguments:
        yield from ("| option | meaning |", "|---|---|")
        yield from (f"| `{each.make_metavar(context)}` | {getattr(each, 'help', '') or ''} |" for each in arguments)
        yield from (f"| `{names}` | {text} |" for names, text in rows)
        yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _command(inner, f"{path} {name}")
