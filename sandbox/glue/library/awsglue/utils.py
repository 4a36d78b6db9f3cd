"""Arguments of a job script.

Source: AWS Glue developer guide, "Accessing parameters using getResolvedOptions" and "Job parameters".
"""
# ruff: noqa: N802 - the names of the functions are AWS's.

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

BOOKMARKS_OFF = "job-bookmark-disable"

# Glue's own arguments: always resolved, so a script may read them without asking, and may not redefine them.
_GLUE_ARGUMENTS: dict[str, str | None] = {
    "job-bookmark-option": BOOKMARKS_OFF,
    "job-bookmark-from": None,
    "job-bookmark-to": None,
    "JOB_ID": None,
    "JOB_RUN_ID": None,
    "SECURITY_CONFIGURATION": None,
    "encryption-type": None,
    "enable-data-lineage": None,
    "RedshiftTempDir": None,
    "TempDir": None,
}
# The two of them that scripts do ask for by name.
_MAY_BE_ASKED = {"TempDir", "JOB_RUN_ID", "JOB_ID"}


class GlueArgumentError(Exception):
    """An argument that the script asked for is missing, malformed or reserved."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, str | None]:
    """The values of `options` (names without the two hyphens) in `args`, which is `sys.argv`.

    `--name value` and `--name=value` are read, arguments that nobody asked for are ignored. Raises
    GlueArgumentError when an option is missing, has no value, or is one that Glue reserves for itself.
    """
    reserved = {_key(name) for name in _GLUE_ARGUMENTS if name not in _MAY_BE_ASKED}
    if clash := sorted(reserved & {_key(name) for name in options}):
        raise GlueArgumentError(f"reserved by AWS Glue, choose another name: {', '.join(clash)}")
    # No abbreviations: `--source` must never be taken for `--source_table`.
    parser = _Parser(allow_abbrev=False, add_help=False)
    for name, default in _GLUE_ARGUMENTS.items():
        if name not in options:
            parser.add_argument(f"--{name}", dest=_key(name), default=default)
    for name in dict.fromkeys(options):
        parser.add_argument(f"--{name}", dest=_key(name), required=True)
    known, _ = parser.parse_known_args(list(args)[1:])
    return dict(vars(known))


def _key(name: str) -> str:
    return name.replace("-", "_")
