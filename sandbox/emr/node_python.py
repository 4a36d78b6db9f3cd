"""The Python of a node: an environment of its own above the sandbox's packages.

What `pip3 install` of a bootstrap action brings lies in the node's environment, where executors and drivers
of that node find it first, and nothing outside it is changed: pip leaves a package alone that lies elsewhere.
An environment without a pip of its own takes 3 ms to make and starts as fast as the sandbox's, so every node
has one from the start. `--target` would fetch again what is there, and `--prefix` would uninstall it.
"""

from __future__ import annotations

import sysconfig
import venv
from pathlib import Path


def make(folder: Path) -> None:
    """Make the environment, unless it is there; it sees every package of the sandbox's own."""
    if (folder / "pyvenv.cfg").exists():
        return
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    inner = sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)})
    # Read when Python starts; comes after the node's own packages, so that those win.
    lines = [f"import site; site.addsitedir({path!r})\n" for path in sorted(_packages())]
    (Path(inner) / "_node.pth").write_text("".join(lines))


def link(folder: Path, name: Path) -> None:
    """Have the environment under another name too, whatever had it before."""
    name.parent.mkdir(parents=True, exist_ok=True)
    name.unlink(missing_ok=True)
    name.symlink_to(folder)


def _packages() -> set[str]:
    return {sysconfig.get_path(name) for name in ("purelib", "platlib")}
