"""EMR Sandbox: an offline, account-free stand-in for Amazon EMR, AWS Glue and S3 that really does the work.

from sandbox import Sandbox

with Sandbox(state="/tmp/course", port=0) as sandbox:
    sandbox.client("emr").list_clusters()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.errors import (
    AwsError,
    MachineError,
    ProcessDied,
    SandboxError,
    UsageError,
    WorkFailed,
)
from sandbox.settings import Settings

if TYPE_CHECKING:
    from sandbox.app import Sandbox

__all__ = [
    "AwsError",
    "MachineError",
    "ProcessDied",
    "Sandbox",
    "SandboxError",
    "Settings",
    "UsageError",
    "WorkFailed",
]


def __getattr__(name: str) -> Any:
    # The composition root imports every part; the command line shows its help without them.
    if name == "Sandbox":
        from sandbox.app import Sandbox

        return Sandbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
