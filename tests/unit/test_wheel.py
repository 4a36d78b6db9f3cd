"""The wheel carries all that the program needs in an empty folder."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("emr_sandbox-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "sandbox/app.py",
        "sandbox/py.typed",
        "sandbox/spark/jars.lock",
        "sandbox/spark/class_archive_training.py",
        "sandbox/demo/check_node.sh",
        "sandbox/glue/library/awsglue/context.py",
        "sandbox/notebook/page/index.html",
        "sandbox/notebook/page/notebook.js",
        "sandbox/_jobs/notebooks/course/census-pyspark_2CENSUSPY.zpln",
        "sandbox/_jobs/notebooks/course/census.ipynb",
        "sandbox/_jobs/bootstrap/install-jupyter.sh",
        "sandbox/_jobs/census_etl.py",
        "sandbox/_jobs/census_train.py",
        "sandbox/_jobs/flights_etl.py",
        "sandbox/_datasets/README.md",
    ],
)
def test_the_wheel_holds(names, name):
    assert name in names


def test_the_wheel_registers_program_and_plugin(names):
    (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
    assert entry_points.startswith("emr_sandbox-")


def test_every_job_and_dataset_is_in_the_wheel(names):
    for folder in ("jobs", "datasets"):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        tracked = [path for path in files if "__pycache__" not in path.parts]
        assert tracked
        for path in tracked:
            assert f"sandbox/_{path.relative_to(ROOT).as_posix()}" in names
