"""The commands that a node has on its PATH beside Spark's: scripts that a folder is filled with.

Each reads from its environment on which node it runs, so that one folder serves all nodes of a cluster and
`PYSPARK_PYTHON` is the same path everywhere.
"""

from __future__ import annotations

from pathlib import Path

NODE_PYTHON = "SANDBOX_NODE_PYTHON"
"""The variable that names the folder of the node's Python environment."""
HOSTS = "hosts"
"""The folder beside the commands that has the Python environments of nodes by their hosts' names."""

_SYSTEM = "packages of the system cannot be installed here: a node is a part of this machine and its user's"
_SERVICES = "services of the system cannot be changed here: a node is a part of this machine"
_NO_SUCH = "is not among the applications that are emulated"
REFUSED = {
    **dict.fromkeys(("yum", "dnf", "rpm", "amazon-linux-extras", "apt-get", "apt"), _SYSTEM),
    **dict.fromkeys(("systemctl", "service", "initctl", "chkconfig"), _SERVICES),
    "yarn": "this cluster has no YARN: Spark runs standalone",
    "mapred": "this cluster has no YARN: `hadoop jar` runs a job in Hadoop's local runner",
    **{
        name: f"{name} {_NO_SUCH}"
        for name in ("hive", "pig", "presto-cli", "trino-cli", "hbase", "sqoop", "flink")
    },
}
"""Commands that are found and fail, each with the sentence that it says."""

_MODULES = {
    "sudo": "sandbox.emr.commands.sudo",
    "aws": "sandbox.emr.commands.aws",
    "s3-dist-cp": "sandbox.emr.distcp",
}
"""Commands that are programs of the sandbox, which run in its own Python."""

_PYTHON = f"""#!/bin/sh
# pip through its own command; a worker that was there before the cluster finds its node by its host's name,
# and where there is no node it is the sandbox's Python.
if [ "$1" = -m ] && [ "$2" = pip ]; then shift 2; exec "{{pip}}" "$@"; fi
node="${{{{{NODE_PYTHON}:+${NODE_PYTHON}/bin/python3}}}}"
[ -x "$node" ] || node="{{hosts}}/$(uname -n)/bin/python3"
[ -x "$node" ] || node="{{python}}"
exec "$node" "$@"
"""
_PIP = f"""#!/bin/sh
# The node's environment is that of its only user: --user says nothing more, and pip would refuse it.
for argument in "$@"; do shift; [ "$argument" = --user ] || set -- "$@" "$argument"; done
[ -n "${NODE_PYTHON}" ] || {{{{ echo "pip3: this machine is no node of a cluster" >&2; exit 1; }}}}
exec "${NODE_PYTHON}/bin/python3" -m pip "$@"
"""
PYTHONS = ("python", "python3")
PIPS = ("pip", "pip3")
NAMES = frozenset({*PYTHONS, *PIPS, *_MODULES, *REFUSED})


def write(folder: Path, python: Path) -> None:
    """Put every command into `folder`; `python` is the sandbox's own."""
    folder.mkdir(parents=True, exist_ok=True)
    scripts = {
        **dict.fromkeys(PYTHONS, _PYTHON.format(pip=folder / "pip3", hosts=folder / HOSTS, python=python)),
        **dict.fromkeys(PIPS, _PIP.format()),
        **{name: f'#!/bin/sh\nexec "{python}" -m {module} "$@"\n' for name, module in _MODULES.items()},
        **{name: f'#!/bin/sh\necho "{name}: {why}" >&2\nexit 1\n' for name, why in REFUSED.items()},
    }
    for name, text in scripts.items():
        script = folder / name
        script.write_text(text)
        script.chmod(0o755)
