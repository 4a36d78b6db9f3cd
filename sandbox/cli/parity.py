"""`sandbox parity`: what is executed, recorded, delegated and refused."""

from __future__ import annotations

from collections import Counter

from rich.table import Table

from sandbox.aws.delegation import DELEGATED
from sandbox.aws.operations import Fidelity
from sandbox.cli import console, options


def parity(json: options.Json = False) -> None:
    """Print how real every operation of EMR, Glue and S3 is."""
    from sandbox.app import parity_table

    services = parity_table()
    if json:
        console.print_json({**services, "delegated": sorted(DELEGATED)})
        return
    for service, operations in services.items():
        counts = Counter(operations.values())
        table = Table(
            title=f"{service}: " + ", ".join(f"{counts[kind]} {kind}" for kind in Fidelity if counts[kind])
        )
        table.add_column("operation")
        table.add_column("fidelity")
        for name, fidelity in operations.items():
            if fidelity is not Fidelity.REFUSED:
                table.add_row(name, fidelity)
        console.data().print(table)
    console.data().print(f"delegated to moto: {', '.join(sorted(DELEGATED))}")
    console.tell("Every other operation is refused: HTTP 501 NotEmulated. --json lists them all.")
