"""`aws` on a node: the AWS CLI that this machine has, sent to the sandbox.

The address goes in as `--endpoint-url`, since versions before 1.29 and 2.13 do not read `AWS_ENDPOINT_URL`
and would call AWS itself. https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-endpoints.html
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.emr.commands import NODE_PYTHON

USERS_OWN = "SANDBOX_AWS_CLI"
"""The variable that names the `aws` of the user's PATH, when there is one."""


def command(
    arguments: Sequence[str], environment: Mapping[str, str], sandboxes: Sequence[str] | None
) -> list[str] | None:
    """The command line: the node's own `aws`, else the user's, else the sandbox's; None without any of them.

    `sandboxes`: how the one beside the sandbox is started, None when it is not installed.
    """
    candidates = [Path(environment[NODE_PYTHON]) / "bin" / "aws"] if NODE_PYTHON in environment else []
    candidates += [Path(environment[USERS_OWN])] if environment.get(USERS_OWN) else []
    found = next(([str(path)] for path in candidates if os.access(path, os.X_OK)), None)
    program = found or (list(sandboxes) if sandboxes else None)
    if program is None:
        return None
    address = environment.get("AWS_ENDPOINT_URL")
    given = any(part == "--endpoint-url" or part.startswith("--endpoint-url=") for part in arguments)
    endpoint = ["--endpoint-url", address] if address and not given else []
    return [*program, *endpoint, *arguments]


def run(arguments: Sequence[str]) -> int:
    """Replace this process by the AWS CLI; 127 when there is none."""
    beside = (sys.executable, "-m", "awscli") if importlib.util.find_spec("awscli") else None
    argv = command(arguments, os.environ, beside)
    if argv is None:
        sys.stderr.write(
            "aws: this machine has no AWS CLI, which the sandbox does not bring: install one, or put "
            "`pip3 install awscli` into a bootstrap action\n"
        )
        return 127
    return os.execv(argv[0], argv)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
