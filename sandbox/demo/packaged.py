"""Files that travel with the program: job scripts and datasets.

In a wheel they lie inside the package (`_jobs`, `_datasets`), in a checkout beside it.
"""

from __future__ import annotations

from pathlib import Path

import sandbox
from sandbox.errors import UsageError


def jobs() -> Path:
    """The folder of job scripts."""
    return _folder("jobs")


def datasets() -> Path:
    """The folder of datasets."""
    return _folder("datasets")


def _folder(name: str) -> Path:
    package = Path(sandbox.__file__).parent
    for folder in (package / f"_{name}", package.parent / name):
        if folder.is_dir():
            return folder
    raise UsageError(f"This installation lacks its {name}: neither {package / f'_{name}'} nor a checkout")
