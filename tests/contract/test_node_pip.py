"""The commands of a node, run for real: pip, sudo, and what is refused."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import cattrs
import pytest

from sandbox.emr import commands, node_python


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Two nodes with the commands of one cluster; `run(node, command)` runs a line on one of them."""
    root = tmp_path_factory.mktemp("cluster")
    commands.write(root / "bin", Path(sys.executable))

    def run(node: str, line: str) -> subprocess.CompletedProcess:
        home = root / node
        home.mkdir(exist_ok=True)
        node_python.make(home / "python")
        environment = {
            "HOME": str(home),
            "PATH": f"{root / 'bin'}:{home / 'python' / 'bin'}:/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parents[3]),
            commands.NODE_PYTHON: str(home / "python"),
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        return subprocess.run(
            ["bash", "-c", line], env=environment, cwd=home, capture_output=True, text=True, check=False
        )

    return run


def wheel(folder: Path, name: str, version: str) -> Path:
    """A wheel with one module, which tells its version, made without any tool."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{entry},,\n" for entry in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(entry, text)
    return path


@pytest.mark.parametrize(
    ("name", "installer"),
    [
        ("one", "pip3 install"),
        ("two", "pip install --user"),
        ("three", "sudo pip3 install"),
        ("four", "sudo -H -E python3 -m pip install --user"),
        ("five", "python -m pip install --upgrade"),
    ],
)
def test_pip_installs_into_the_node_that_it_runs_on(nodes, tmp_path, name, installer):
    name = f"sandboxtest{name}"
    made = nodes("first", f"{installer} {wheel(tmp_path, name, '1.0')}")
    assert made.returncode == 0, made.stderr
    assert nodes("first", f'python3 -c "import {name}; print({name}.__version__)"').stdout == "1.0\n"
    assert "ModuleNotFoundError" in nodes("second", f'python3 -c "import {name}"').stderr
    with pytest.raises(ModuleNotFoundError):
        __import__(name)


def test_a_nodes_package_goes_before_the_sandboxs_which_stays(nodes, tmp_path):
    before = Path(cattrs.__file__).stat().st_mtime
    nodes("third", f"pip3 install --upgrade {wheel(tmp_path, 'cattrs', '99.0')}")
    assert nodes("third", "python3 -c 'import cattrs; print(cattrs.__version__)'").stdout == "99.0\n"
    assert Path(cattrs.__file__).stat().st_mtime == before


def test_what_the_sandbox_has_is_there_already(nodes):
    assert "already satisfied: boto3" in nodes("first", "pip3 install boto3").stdout


@pytest.mark.parametrize(
    "line", ["yum install -y git", "sudo yum install -y git", "apt-get update", "sudo dnf x"]
)
def test_packages_of_the_system_are_refused(nodes, line):
    done = nodes("first", line)
    assert done.returncode == 1
    assert "packages of the system cannot be installed here" in done.stderr


def test_sudo_passes_variables_and_exit_code(nodes):
    assert nodes("first", "sudo A=7 bash -c 'echo $A; exit 5'").stdout == "7\n"
    assert nodes("first", "sudo bash -c 'exit 5'").returncode == 5
    assert "option -i" in nodes("first", "sudo -i").stderr
    assert nodes("first", "sudo no-such-command").returncode == 1


def test_without_any_aws_it_is_told_how_to_get_one(nodes):
    if (
        subprocess.run([sys.executable, "-c", "import awscli"], capture_output=True, check=False).returncode
        == 0
    ):
        pytest.skip("awscli is installed beside the sandbox")
    done = nodes("first", "aws s3 ls")
    assert done.returncode == 127
    assert "pip3 install awscli" in done.stderr


def test_a_worker_that_was_there_before_the_cluster_finds_its_node_by_its_host(tmp_path):
    bin = tmp_path / "bin"
    commands.write(bin, Path(sys.executable))
    for number in (1, 2):
        node_python.make(tmp_path / f"node{number}")
        node_python.link(tmp_path / f"node{number}", bin / commands.HOSTS / os.uname().nodename)
    run = [bin / "python3", "-c", "import sys, boto3; print(sys.prefix)"]
    done = subprocess.run(run, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(bin / commands.HOSTS / os.uname().nodename)
    assert Path(done.stdout.strip()).resolve() == (tmp_path / "node2").resolve()


def test_a_worker_that_knows_no_node_has_the_sandboxs_python(tmp_path):
    commands.write(tmp_path, Path(sys.executable))
    environment = {"PATH": os.environ["PATH"]}
    run = [tmp_path / "python3", "-c", "import sys; print(sys.prefix)"]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sys.prefix
    refused = subprocess.run([tmp_path / "pip3", "list"], env=environment, capture_output=True, check=False)
    assert refused.returncode == 1
