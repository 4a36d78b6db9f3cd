"""`sandbox demo` as a person runs it: the whole course in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from sandbox.cli import background
from sandbox.demo import packaged
from sandbox.runtime import marks
from sandbox.settings import Settings
from sandbox.store import Database, Journal

NAMES = ["upload", "crawl", "etl", "cluster", "train", "explore", "predict", "terminate"]
OTHER_JOBS = """
import pathlib, sys
from sandbox.cli.main import run
from sandbox.demo import packaged
folder = pathlib.Path(sys.argv.pop(1))
packaged.jobs = lambda: folder
run()
"""
"""The program, with the scripts of another folder."""
INTERRUPTIBLE = """
import signal
from sandbox.cli.main import run
signal.signal(signal.SIGINT, signal.default_int_handler)
run()
"""
"""The program, also where the tests were started with SIGINT ignored, as shells do for background jobs."""
LIMIT = 540
"""Seconds that a whole course may take on a loaded machine."""


@dataclass(frozen=True)
class Ran:
    """A course that ended: its exit code, its document, and what it wrote for people."""

    returncode: int
    document: dict[str, Any]
    story: str
    settings: Settings

    def results(self, stage: str) -> dict[str, Any]:
        return next(one["results"] for one in self.document["stages"] if one["name"] == stage)

    def cluster_logs(self) -> str:
        """All that the cluster's daemons and steps wrote."""
        folder = self.settings.state / "clusters" / self.results("cluster")["cluster_id"] / "logs"
        return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1", **more}


def settings_of(state: Path) -> Settings:
    return Settings.read(os.environ, state, 0)


def options_of(state: Path, *options: str) -> list[str]:
    return ["demo", "--state", str(state), "--port", "0", *options]


def command(state: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "sandbox", *options_of(state, *options)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Callable[..., Ran]]:
    states: list[Path] = []

    def run(*options: str, **variables: str) -> Ran:
        state = tmp_path_factory.mktemp("state")
        states.append(state)
        done = subprocess.run(
            command(state, "--json", *options),
            env=environment(**variables),
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert done.stdout, done.stderr
        return Ran(done.returncode, json.loads(done.stdout), done.stderr, settings_of(state))

    yield run
    for state in states:
        background.stop(settings_of(state))


@pytest.fixture(scope="module")
def empty_cache(tmp_path_factory) -> Path:
    """The user's jars, but no dataset."""
    cache = tmp_path_factory.mktemp("cache")
    (cache / "jars").symlink_to(Settings.read(os.environ).cache / "jars")
    return cache


@pytest.fixture(scope="module")
def census(demo, adult) -> Ran:
    return demo("--data", str(adult))


@pytest.fixture(scope="module")
def synthetic(demo, empty_cache) -> Ran:
    return demo(SANDBOX_CACHE=str(empty_cache))


@pytest.fixture(scope="module")
def flights(demo, empty_cache) -> Ran:
    return demo("--track", "flights", SANDBOX_CACHE=str(empty_cache))


def assert_completed(ran: Ran) -> None:
    assert ran.document["ok"] is True, ran.document
    assert ran.returncode == 0
    assert [stage["name"] for stage in ran.document["stages"]] == NAMES
    assert {stage["state"] for stage in ran.document["stages"]} == {"COMPLETED"}


def assert_nothing_runs(settings: Settings) -> None:
    assert background.read_record(settings) is None
    left = [process.cmdline() for process in marks.marked(settings.mark)]
    assert left == []


def test_census_completes_on_the_real_file(census):
    assert_completed(census)
    assert census.document["track"] == "census"
    assert census.document["dataset"]["kind"] == "REAL"


def test_census_is_crawled_and_cleaned_whole(census):
    crawl, etl = census.results("crawl"), census.results("etl")
    assert crawl["rows"] == 32_561
    assert list(crawl["columns"]) == [f"col{i}" for i in range(15)]
    assert {name for name, kind in crawl["columns"].items() if kind == "bigint"} == {
        f"col{i}" for i in (0, 2, 4, 10, 11, 12)
    }
    assert (etl["rows_read"], etl["rows"]) == (32_561, 32_561)
    assert list(etl["columns"]) == [
        "age",
        "workclass",
        "education",
        "occupation",
        "relationship",
        "hours_per_week",
        "income",
    ]


def test_census_is_learned_as_well_as_the_course_does(census):
    train = census.results("train")
    assert train["accuracy"] == pytest.approx(0.823, abs=0.015)
    assert train["auc"] == pytest.approx(0.81, abs=0.03)
    assert train["majority"] == pytest.approx(0.759, abs=0.015)
    assert sum(map(sum, train["confusion"])) == train["test_rows"]
    assert train["rows"] == 32_561
    assert max(train["tree"]["feature_importances"], key=train["tree"]["feature_importances"].get) == (
        "relationship"
    )


def test_the_notebook_sees_the_tables_that_were_made(census):
    explored = census.results("explore")
    assert explored["tables"] == ["adult_data", "adult_data_clean"]
    assert [row[0] for row in explored["found"]] == ["<=50K", ">50K"]
    assert sum(int(row[1]) for row in explored["found"]) == census.results("train")["rows"]


def test_a_known_person_is_predicted(census):
    """A married executive with a master's degree, and a young man who lives with his parents."""
    predictions = census.results("predict")["predictions"]
    assert [one["prediction"] for one in predictions] == [">50K", "<=50K"]
    assert predictions[0]["input"]["education"] == "Masters"
    assert 0.6 < predictions[0]["probability"] < 0.95
    assert predictions[1]["probability"] > 0.85


def test_both_steps_ran_on_the_clusters_own_workers(census):
    logs = census.cluster_logs()
    trained = census.results("train")["spark"]["application_id"]
    assert census.results("train")["spark"]["master"].startswith("spark://127.0.0.1:")
    assert f"Registered app census-train with ID {trained}" in logs
    assert "Registered app tree-predict with ID app-" in logs
    assert f"Asked to launch executor {trained}/0" in logs
    assert census.results("cluster")["nodes"] == {"MASTER": 1, "CORE": 1}


def test_the_bootstrap_action_checked_every_node(census):
    cluster = census.settings.state / "clusters" / census.results("cluster")["cluster_id"]
    checks = [path.read_text() for path in cluster.glob("nodes/*/node-check.txt")]
    assert len(checks) == 2
    assert all("numpy" in check and "2 + 2 = 4" in check for check in checks)


def test_nothing_runs_on_afterwards(census):
    assert census.results("terminate")["state"] == "TERMINATED"
    assert_nothing_runs(census.settings)


def test_made_up_data_is_called_so_and_learned(synthetic):
    assert_completed(synthetic)
    assert synthetic.document["dataset"]["kind"] == "SYNTHETIC"
    assert synthetic.results("crawl")["rows"] == 32_561
    train = synthetic.results("train")
    assert 0.80 <= train["accuracy"] <= 0.84
    assert 0.74 <= train["majority"] <= 0.78
    assert_nothing_runs(synthetic.settings)


def test_flights_run_on_the_sample(flights):
    assert_completed(flights)
    assert flights.document["dataset"]["kind"] == "SAMPLE"
    tables = {table["name"]: table for table in flights.results("crawl")["tables"]}
    assert {name: table["rows"] for name, table in tables.items()} == {
        "flights": 1080,
        "weather": 1044,
        "planes": 718,
        "airlines": 16,
    }
    assert {name: table["classification"] for name, table in tables.items()} == {
        "flights": "csv",
        "weather": "json",
        "planes": "parquet",
        "airlines": "csv",
    }
    assert list(tables["flights"]["partition_keys"]) == ["month"]
    assert list(tables["airlines"]["columns"]) == ["col0", "col1"]
    etl, train = flights.results("etl"), flights.results("train")
    assert etl["rows_read"] == 1080
    assert 1000 < etl["rows"] < 1080
    assert train["rows"] == etl["rows"]
    assert {line["split"] for line in train["comparison"]} == {"by time", "at random"}
    assert_nothing_runs(flights.settings)


def test_a_failing_script_fails_the_demo(tmp_path, adult):
    jobs = tmp_path / "jobs"
    shutil.copytree(packaged.jobs(), jobs)
    script = (jobs / "census_train.py").read_text()
    start = "def main() -> None:\n"
    assert start in script
    (jobs / "census_train.py").write_text(
        script.replace(start, f"{start}    raise ValueError('no column salary')\n")
    )
    state = tmp_path / "state"
    done = subprocess.run(
        [sys.executable, "-c", OTHER_JOBS, str(jobs), *options_of(state, "--json", "--data", str(adult))],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    states = {stage["name"]: stage["state"] for stage in document["stages"]}
    assert done.returncode == 1
    assert document["ok"] is False
    assert (states["etl"], states["train"], states["predict"]) == ("COMPLETED", "FAILED", "SKIPPED")
    assert states["terminate"] == "COMPLETED"
    train = next(stage for stage in document["stages"] if stage["name"] == "train")
    assert "no column salary" in train["error"]
    assert train["log"].startswith("s3://census-000000000000-logs/j-")
    assert_nothing_runs(settings_of(state))


def test_interrupted_in_a_step_nothing_is_left(tmp_path, adult):
    state = tmp_path / "state"
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *options_of(state, "--data", str(adult))],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        story: list[str] = []
        for line in process.stderr:
            story.append(line)
            if "train: Spark application" in line:
                break
        assert process.poll() is None, "".join(story)
        assert marks.marked(settings_of(state).mark)
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        assert process.wait(120) == 130
        assert_nothing_runs(settings_of(state))
        database = Database(state / "sandbox.db")
        try:
            events = [event.event for event in Journal(database).since(0, None)]
        finally:
            database.close()
        assert "cluster TERMINATED" in events
        assert "step COMPLETED" not in events
    finally:
        process.stderr.close()
        if process.poll() is None:
            process.kill()
            process.wait()
        background.stop(settings_of(state))
    assert not [child for child in psutil.Process().children(recursive=True) if child.is_running()]


def test_a_file_that_is_not_there_starts_nothing(tmp_path):
    state = tmp_path / "state"
    done = subprocess.run(
        command(state, "--data", str(tmp_path / "missing.data")),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert f"There is no file {tmp_path / 'missing.data'}" in done.stderr
    assert not state.exists()
