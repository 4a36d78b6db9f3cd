"""Jupyter through a bootstrap action: installed, started, bound to the cluster, and gone with it.

There is no network in tests: pip installs from a folder of wheels, in which JupyterLab is a stand-in that
serves one page. The kernel is the real ipykernel, and the notebook that it runs is the course's.
"""

import json
import os
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from pathlib import Path

import psutil
import pytest
from test_notebook import CATALOG, ENDED, state, wait
from test_notebook_course import make_table

from sandbox.app import Sandbox
from sandbox.demo import packaged
from sandbox.runtime import marks

JUPYTER_LAB = """
import http.server, re, sys
port = int(re.search(r"ServerApp.port=(\\d+)", " ".join(sys.argv)).group(1))
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(" ".join(sys.argv[1:]).encode())
def main():
    server = http.server.HTTPServer(("127.0.0.1", port), Page)
    print(f"http://127.0.0.1:{server.server_port}/lab?token=secret", flush=True)
    server.serve_forever()
"""


def wheel(folder, name, files, scripts=""):
    version = {"numpy": "1.99", "pandas": "2.99"}.get(name, "9.0")
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": scripts,
    }
    record = "".join(f"{path},,\n" for path in files) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    lab = "[console_scripts]\njupyter-lab = jupyterlab_stand_in:main\n"
    wheel(folder, "jupyterlab", {"jupyterlab_stand_in.py": JUPYTER_LAB}, lab)
    # The kernel and its libraries are those of this Python.
    wheel(folder, "ipykernel", {"here.pth": sysconfig.get_paths()["purelib"] + "\n"})
    for name in ("numpy", "pandas", "matplotlib"):
        wheel(folder, name, {f"{name}_stand_in.py": ""})
    return folder


def test_the_bootstrap_action_gives_a_kernel_on_which_the_courses_notebook_runs(wheels, tmp_path):
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    with Sandbox(state=tmp_path / "state", port=0, environment=environment) as sandbox:
        s3, emr = sandbox.client("s3"), sandbox.client("emr")
        s3.create_bucket(Bucket="jupyter-e2e")
        script = packaged.jobs() / "bootstrap" / "install-jupyter.sh"
        s3.upload_file(str(script), "jupyter-e2e", "install-jupyter.sh")
        action = {"Path": "s3://jupyter-e2e/install-jupyter.sh", "Args": ["--port", "0"]}
        group = {"InstanceType": "m5.xlarge", "InstanceCount": 1}
        id = emr.run_job_flow(
            Name="jupyter",
            Applications=[{"Name": "Spark"}],
            BootstrapActions=[{"Name": "jupyter", "ScriptBootstrapAction": action}],
            Configurations=[CATALOG],
            Instances={
                "InstanceGroups": [{"InstanceRole": role, **group} for role in ("MASTER", "CORE")],
                "KeepJobFlowAliveWhenNoSteps": True,
            },
        )["JobFlowId"]
        wait(lambda: state(sandbox, id) in ("WAITING", *ENDED))
        assert state(sandbox, id) == "WAITING", emr.describe_cluster(ClusterId=id)["Cluster"]["Status"]
        (home,) = (sandbox.settings.state / "clusters" / id / "nodes").glob("*/jupyter")
        page = (home / "address").read_text().strip()
        with urllib.request.urlopen(page) as answer:
            told = answer.read().decode()
        assert "--ServerApp.ip=127.0.0.1" in told
        assert "--no-browser" in told
        make_table(sandbox, id)
        processes = marks.marked(sandbox.settings.mark, id)
        (server,) = [process for process in processes if "jupyter-lab" in " ".join(process.cmdline())]
        check_the_notebook(run_notebook(home, server.environ(), tmp_path))
        processes = marks.marked(sandbox.settings.mark, id)
        emr.terminate_job_flows(JobFlowIds=[id])
        wait(lambda: state(sandbox, id) in ENDED)
        assert [p for p in processes if psutil.pid_exists(p.pid) and p.status() != "zombie"] == []


def run_notebook(home, servers, folder):
    """The course's notebook as nbclient ran it with the kernel that the action installed.

    `servers` is JupyterLab's environment, which its kernels inherit.
    """
    source = packaged.jobs() / "notebooks" / "course" / "census.ipynb"
    target = folder / "census.ipynb"
    target.write_text(source.read_text())
    environment = {**servers, "JUPYTER_PATH": str(home / "share" / "jupyter")}
    argv = [str(Path(sys.executable).parent / "jupyter-execute"), "--inplace", "--timeout=400", str(target)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=500, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(target.read_text())


def check_the_notebook(notebook):
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    outputs = {"".join(cell["source"]).splitlines()[0]: cell["outputs"] for cell in cells}
    assert all(outputs.values()), "every cell of the course shows something"
    printed = [out for out in outputs["# Evaluate"] if out.get("name") == "stdout"]
    evaluated = "".join("".join(out["text"]) for out in printed)
    assert 0.7 < float(evaluated.split("accuracy: ")[1].split()[0]) < 0.95
    assert any("image/png" in out.get("data", {}) for out in outputs["# A picture of the ranking"])
    assert any("text/html" in out.get("data", {}) for out in outputs["# Education"])
