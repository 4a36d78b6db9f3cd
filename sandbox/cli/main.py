"""The program `sandbox`: its commands, and what its exit codes mean.

0 done, 1 the work failed, 2 wrong use, 3 this machine lacks something.
"""

from __future__ import annotations

import sys

import typer

from sandbox.cli import console, demo, doctor, fetching, lifecycle, logs, parity
from sandbox.cli.datasets import commands as dataset_commands
from sandbox.cli.emr import commands as emr_commands
from sandbox.cli.notebook import commands as notebook_commands
from sandbox.cli.state import commands as state_commands
from sandbox.errors import SandboxError

program = typer.Typer(
    name="sandbox",
    help="Amazon EMR, AWS Glue and S3 on this machine: offline, without an account, really executed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    lifecycle.up,
    lifecycle.down,
    lifecycle.status,
    lifecycle.env,
    demo.demo,
    doctor.doctor,
    logs.events,
    logs.logs,
    parity.parity,
):
    program.command()(command)
program.add_typer(fetching.commands, name="jars")
program.add_typer(dataset_commands, name="datasets")
program.add_typer(notebook_commands, name="notebook")
program.add_typer(emr_commands, name="emr")
program.add_typer(state_commands, name="state")


def run() -> None:
    """Run the program; every error that the sandbox raises becomes one sentence and its exit code."""
    try:
        program()
    except SandboxError as error:
        console.fail(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        console.tell("interrupted")
        sys.exit(130)
