"""What a person sees: data on standard output, the story on standard error; plain where it is no terminal."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape


def story() -> Console:
    """The console of the story: what happens, for people."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def data() -> Console:
    """The console of the data: what was asked for."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def tell(text: str) -> None:
    """One line of the story."""
    story().print(text)


def fail(text: str) -> None:
    """Say what went wrong."""
    story().print(f"[bold red]error[/]: {escape(text)}")


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")


def print_json_line(document: Any) -> None:
    """One JSON document on one line of standard output, at once."""
    sys.stdout.write(json.dumps(document, default=str) + "\n")
    sys.stdout.flush()
