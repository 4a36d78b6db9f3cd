"""The exceptions of the sandbox.

    SandboxError            exit code 1
    ├── AwsError            an error that an AWS client sees: code, message, HTTP status
    ├── UsageError          exit code 2: the caller asked for something impossible
    ├── MachineError        exit code 3: this machine lacks something; `mend` says what to type
    └── WorkFailed          exit code 1: the work was executed and failed
        └── ProcessDied     a supervised process ended before it was ready

Services raise `AwsError` with AWS's own code and wording; `sandbox.aws.protocol` is the one place that
turns it into bytes.
"""

from __future__ import annotations


class SandboxError(Exception):
    """Base of every error that the sandbox raises on purpose."""

    exit_code = 1


class AwsError(SandboxError):
    """An error in AWS's own form.

    `code` is the name that botocore maps to an exception (`EntityNotFoundException`), `status` the HTTP
    status; AWS JSON services answer 400 for every client fault.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class UsageError(SandboxError):
    """The caller asked for something that cannot be: a bad option, a file that is not there."""

    exit_code = 2


class MachineError(SandboxError):
    """This machine lacks something. `mend` is the command or action that helps."""

    exit_code = 3

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(f"{message}\n  mend: {mend}")
        self.message = message
        self.mend = mend


class WorkFailed(SandboxError):
    """Work was executed and ended in failure."""


class ProcessDied(WorkFailed):
    """A process ended before it was ready. `returncode` is its exit code, `tail` the end of its log."""

    def __init__(self, name: str, returncode: int | None, tail: str) -> None:
        super().__init__(f"{name} ended with exit code {returncode} before it was ready\n{tail}".rstrip())
        self.returncode = returncode
        self.tail = tail
