"""The reference pages of the documentation, made from the code: operations and commands."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import typer
import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup

from sandbox.aws.delegation import DELEGATED
from sandbox.aws.operations import Fidelity

MEANING = {
    Fidelity.EXECUTED: "the effect happens",
    Fidelity.RECORDED: "stored and returned; it changes nothing else",
    Fidelity.DELEGATED: "moto answers",
    Fidelity.REFUSED: "HTTP 501 `NotEmulated` (in S3's own wording `NotImplemented`), naming the operation",
}


def operations_page(services: Mapping[str, Mapping[str, Fidelity]]) -> str:
    """The page `docs/reference/operations.md`."""
    return "\n".join(_operations(services)) + "\n"


def commands_page(program: TyperCommand | TyperGroup) -> str:
    """The page `docs/reference/commands.md`."""
    lines = ["# Commands", "", "Made from the program itself by `make docs`.", ""]
    lines += _command(program, "sandbox")
    return "\n".join(lines).rstrip() + "\n"


def _operations(services: Mapping[str, Mapping[str, Fidelity]]) -> Iterator[str]:
    yield from (
        "# Operations",
        "",
        "Made from the code by `make docs`; `sandbox parity` prints the same.",
        "",
    )
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


def _command(command: TyperCommand | TyperGroup, path: str) -> Iterator[str]:
    context = typer.Context(command, info_name=path)
    yield from (f"## `{path}`", "", (command.help or "").strip(), "")
    arguments = [parameter for parameter in command.params if isinstance(parameter, TyperArgument)]
    options = [
        parameter.get_help_record(context) for parameter in command.params if parameter not in arguments
    ]
    if command.params:
        yield from ("| option | meaning |", "|---|---|")
        yield from (f"| `{(each.name or '').upper()}` | {each.help or ''} |" for each in arguments)
        yield from (f"| `{record[0]}` | {record[1]} |" for record in options if record)
        yield ""
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if isinstance(inner, TyperCommand | TyperGroup):
                yield from _command(inner, f"{path} {name}")


def program_command() -> TyperCommand | TyperGroup:
    """The program as one command with all that is below it."""
    from sandbox.cli.main import program

    command = typer.main.get_command(program)
    assert isinstance(command, TyperCommand | TyperGroup)
    return command


def write(folder: Path) -> None:
    """Write every reference page into `folder`."""
    from sandbox.app import parity_table

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "operations.md").write_text(operations_page(parity_table()))
    (folder / "commands.md").write_text(commands_page(program_command()))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
