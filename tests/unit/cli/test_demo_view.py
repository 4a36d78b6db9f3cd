"""What a person sees of the course: the live picture, the plain lines, the summary."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import pytest
from rich.console import Console

from sandbox.cli import demo_facts, demo_tree, demo_view
from sandbox.cli.demo_spark import SparkProgress, SparkWatch, look
from sandbox.cli.demo_summary import Aftermath, confusion, importances, show
from sandbox.demo.dataset import DataFile, Dataset, Kind
from sandbox.demo.stages import (
    Crawled,
    CrawledTable,
    Explored,
    Launched,
    Predicted,
    Progress,
    Stage,
    StageState,
    Terminated,
    Trained,
    Transformed,
    Uploaded,
)
from sandbox.demo.track import CENSUS

LABELS = ["<=50K", ">50K"]
LEAF_POOR = {"prediction": "<=50K", "counts": [90, 10]}
LEAF_RICH = {"prediction": ">50K", "counts": [20, 80]}
ROOT = {
    "prediction": "<=50K",
    "counts": [200, 100],
    "feature": "education",
    "categories": ["HS-grad", "11th", "10th", "9th", "Preschool"],
    "left": {**LEAF_POOR, "feature": "age", "threshold": 27.5, "left": LEAF_POOR, "right": LEAF_POOR},
    "right": {
        "prediction": ">50K",
        "counts": [110, 90],
        "feature": "age",
        "threshold": 29.5,
        "left": LEAF_POOR,
        "right": LEAF_RICH,
    },
}
METRICS = {
    "rows": 500,
    "test_rows": 100,
    "accuracy": 0.8234,
    "auc": 0.8111,
    "majority": 0.7598,
    "labels": LABELS,
    "confusion": [[70, 6], [12, 12]],
    "tree": {"nodes": 7, "depth": 2, "root": ROOT, "feature_importances": {"age": 0.25, "education": 0.75}},
}
PERSON = {"input": {"age": 46}, "prediction": ">50K", "probability": 0.76}
RESULTS = {
    "upload": Uploaded(3_974_305, 1, "s3://census-0-raw/", ()),
    "crawl": Crawled(
        "c", "censusdb", 32_561, {}, (CrawledTable("adult_data", 32_561, {"a": "b"}, {}, "csv", "s3://x/"),)
    ),
    "etl": Transformed(
        "j", "jr_1", 32_561, 32_000, {"age": "bigint"}, "censusdb.clean", "s3://census-0-clean/"
    ),
    "cluster": Launched(
        "j-1", {"MASTER": 1}, {}, (), "m", "http://127.0.0.1:8080", "s3://logs/j-1/", 4.2, "etl"
    ),
    "train": Trained("s-train", "s3://census-0-model/tree", "s3://m", METRICS),
    "explore": Explored("ex-1", "s3://n", "s3://out", 3, ("a", "b"), ("k", "n"), (("x", "7"), ("y", "3"))),
    "predict": Predicted("s-predict", "s3://i", "s3://o", (PERSON,)),
    "terminate": Terminated("j-1", "TERMINATED"),
}


def dataset(kind: Kind = Kind.REAL, advice: str = "") -> Dataset:
    file = DataFile("adult_data/adult.data", 1000, io.BytesIO)
    return Dataset("uci-adult", kind, "UCI", "CC BY 4.0", "here", (file,), advice)


def stages(**changed) -> list[Stage]:
    results = {**RESULTS, **changed}
    return [Stage(name, StageState.COMPLETED, 1.5, result) for name, result in results.items()]


def console(width: int = 120, terminal: bool = False) -> Console:
    return Console(
        record=True, width=width, height=40, force_terminal=terminal, file=io.StringIO(), color_system=None
    )


def printed(thing, width: int = 120) -> str:
    recorder = console(width)
    recorder.print(thing)
    return recorder.export_text()


class Watch(SparkWatch):
    """A watch that sees what it is told to."""

    def __init__(self, seen: SparkProgress | None = None) -> None:
        super().__init__("http://127.0.0.1:1", lambda _: None)
        self.told = seen
        self.followed: list[str | None] = []

    def follow(self, work: str | None) -> None:
        self.followed.append(work)

    @property
    def seen(self) -> SparkProgress | None:
        return self.told


SEEN = SparkProgress("app-1", "http://127.0.0.1:4040", 14, "collect", 3, 8)


def test_headlines_tell_each_stages_figures():
    lines = {stage.name: demo_facts.headline(stage) for stage in stages()}
    assert lines["upload"] == "3,974,305 bytes in 1 object"
    assert lines["crawl"] == "censusdb: adult_data 32,561 x 1"
    assert lines["etl"] == "censusdb.clean: 32,561 rows in, 32,000 out, 1 columns"
    assert lines["cluster"] == "j-1: 1 master, ready 4.2 s after RunJobFlow (called during etl)"
    assert lines["train"].startswith("accuracy 0.8234 (majority 0.7598), AUC 0.8111")
    assert lines["explore"] == "3 paragraphs, 2 tables in the catalog; x 7, y 3"
    assert lines["predict"] == ">50K (76%)"
    assert lines["terminate"] == "j-1 TERMINATED"


def test_rows_that_are_not_known_are_not_made_up():
    unknown = Transformed("j", "jr_1", None, None, {}, "t", "s3://t/")
    assert "? rows in, ? out" in demo_facts.figures(unknown)


def test_a_failed_stage_tells_cause_and_log():
    failed = Stage("train", StageState.FAILED, 2.0, None, "ValueError: [boom]", "s3://logs/stderr.gz")
    assert demo_facts.headline(failed) == "ValueError: [boom]  (log: s3://logs/stderr.gz)"


def test_the_live_picture_shows_what_is_done_and_what_runs():
    view = demo_view.LiveView(console(terminal=True), Watch(SEEN), clock=lambda: 10.0)
    view.begun("upload")
    view.ended(stages()[0])
    view.begun("train")
    view.progress("train", Progress("step s-1 RUNNING", work="s-1"))
    text = printed(view.picture())
    assert "✓ upload" in text and "3,974,305 bytes" in text
    assert "step s-1 RUNNING" in text
    assert "app-1  stage 14 collect  3/8 tasks" in text


def test_the_live_picture_shows_bytes_of_the_upload():
    view = demo_view.LiveView(console(terminal=True), Watch(), clock=lambda: 0.0)
    view.begun("upload")
    view.progress("upload", Progress("uploading", 500, 1000))
    assert "500 of 1,000 bytes" in printed(view.picture())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_only_the_figures_give_way_where_the_terminal_is_narrow(width):
    view = demo_view.LiveView(console(width, terminal=True), Watch(SEEN), clock=lambda: 12.0)
    for stage in stages():
        view.begun(stage.name)
        view.ended(replace(stage, state=StageState.FAILED, error="a long story " * 20))
    lines = printed(view.picture(), width).splitlines()
    assert len(lines) == len(RESULTS)
    assert max(map(len, lines)) <= width
    for line, name in zip(lines, RESULTS, strict=True):
        assert line.split()[:4] == ["✗", name, "1.5", "s"]
        assert "…" in line


def test_a_terminal_gets_the_live_view_and_a_pipe_plain_lines():
    assert isinstance(demo_view.view(console(terminal=True), Watch()), demo_view.LiveView)
    assert isinstance(demo_view.view(console(), Watch()), demo_view.PlainView)


def test_plain_lines_are_one_per_event():
    recorder = console()
    view = demo_view.PlainView(recorder, Watch(SEEN), clock=lambda: 0.0)
    view.begun("train")
    for _ in range(3):
        view.progress("train", Progress("step s-1 RUNNING", work="s-1"))
    view.ended(Stage("train", StageState.FAILED, 2.0, None, "boom"))
    view.ended(Stage("predict", StageState.SKIPPED, 0.0))
    lines = [line.split("] ")[1] for line in recorder.export_text().splitlines()]
    assert lines == [
        "train: begins",
        "train: step s-1 RUNNING",
        "train: Spark application app-1 at http://127.0.0.1:4040",
        "train: FAILED in 2.0 s  boom",
        "predict: skipped",
    ]


@pytest.mark.parametrize("kind", [Kind.SYNTHETIC, Kind.SAMPLE])
def test_data_that_is_not_the_real_whole_is_called_so(kind):
    lines = demo_view.introduction(CENSUS, dataset(kind, "sandbox datasets fetch census"), "http://e")
    assert any(kind in line for line in lines)
    assert any("sandbox datasets fetch census" in line for line in lines)


def test_conditions_name_categories_and_thresholds():
    assert demo_tree.conditions(ROOT) == (
        "education: HS-grad, 11th, 10th, 9th and 1 more",
        "education: any other",
    )
    assert demo_tree.conditions(ROOT["right"]) == ("age <= 29.5", "age > 29.5")


def test_the_tree_is_drawn_whole_where_it_fits():
    text = printed(demo_tree.drawn(ROOT, LABELS, 30))
    assert "300 rows, 33% >50K" in text
    assert "age > 29.5  -> >50K  100 rows, 80% >50K" in text


def test_a_split_that_decides_nothing_is_not_drawn():
    text = printed(demo_tree.drawn(ROOT, LABELS, 30))
    assert "27.5" not in text
    assert "1 more  -> <=50K" in text


def test_the_tree_is_cut_where_it_does_not_fit():
    text = printed(demo_tree.drawn(ROOT, LABELS, 4))
    assert "29.5" not in text
    assert "... 2 nodes more" in text


def test_bars_are_as_long_as_the_importances():
    lines = printed(importances({"age": 0.25, "education": 0.75, "sex": 0.0})).splitlines()
    bars = {line.split()[0]: line.count("━") for line in lines[1:]}
    assert bars == {"education": 30, "age": 10, "sex": 0}


def test_the_confusion_matrix_tells_what_was_recognised():
    text = printed(confusion([[70, 6], [12, 12]], LABELS))
    assert "92%" in text and "50%" in text


def summary(aftermath: Aftermath, chosen=None, kind=Kind.REAL, width=120) -> str:
    recorder = console(width)
    show(recorder, chosen or stages(), dataset(kind), aftermath)
    return recorder.export_text()


def typed(name, argument=""):
    return f"sandbox {name} --state /s {argument}".rstrip()


GONE = Aftermath("http://e", False, typed, "S3 objects are lost.")
KEPT = Aftermath("http://127.0.0.1:4566", True, typed, "S3 objects are lost.")


def test_the_summary_has_everything():
    text = summary(GONE)
    for expected in (
        "s3://census-0-clean/",
        "accuracy 0.8234",
        "majority gives 0.7598",
        "+6.4 points",
        "AUC 0.8111",
        "Feature importances",
        "Confusion matrix",
        "age 46",
        "76%",
    ):
        assert expected in text


def test_after_a_sandbox_that_ended_no_command_is_shown_that_cannot_work():
    text = summary(GONE)
    assert "S3 objects are lost." in text
    assert "sandbox logs --state /s s-train" in text and "sandbox logs --state /s jr_1" in text
    assert "aws s3 ls" not in text and "8080" not in text
    assert "sandbox demo --state /s --keep" in text


def test_while_the_sandbox_runs_the_commands_name_it():
    kept = stages(terminate=Terminated("j-1", "WAITING", kept=True))
    text = summary(KEPT, kept)
    assert "aws s3 ls s3://census-0-clean/ --recursive --endpoint-url http://127.0.0.1:4566" in text
    assert "sandbox logs --state /s s-train" in text
    assert "http://127.0.0.1:8080  (Spark master)" in text


def test_the_page_of_a_terminated_cluster_is_not_shown():
    assert "8080" not in summary(KEPT)


def test_made_up_data_is_called_so_beside_the_figures():
    text = summary(GONE, kind=Kind.SYNTHETIC)
    assert "accuracy 0.8234 on SYNTHETIC data" in text
    assert "SYNTHETIC data: uci-adult" in text


def test_the_summary_of_a_failure_tells_the_cause():
    failed = [
        stages()[0],
        Stage("crawl", StageState.FAILED, 1.0, None, "Access Denied"),
        Stage("etl", StageState.SKIPPED, 0.0),
    ]
    text = summary(GONE, failed)
    assert "FAILED" in text and "Access Denied" in text and "SKIPPED" in text
    assert "accuracy" not in text


UI = "http://127.0.0.1:4040"
STAGE = {"stageId": 14, "name": "collect at x.py:1", "numCompleteTasks": 3, "numTasks": 8}


def spark(url: str):
    """The sandbox's page and Spark's REST API of one application."""
    if url.endswith("/_sandbox/applications"):
        return {"applications": {"s-1": UI, "s-2": None}}
    if url == f"{UI}/api/v1/applications":
        return [{"id": "app-1"}]
    if url == f"{UI}/api/v1/applications/app-1/stages?status=active":
        return [{**STAGE, "stageId": 15}, STAGE]
    raise AssertionError(url)


def test_spark_progress_is_read_from_the_applications_own_api():
    assert look("http://e", "s-1", spark) == SparkProgress("app-1", UI, 14, "collect", 3, 8)


def test_no_progress_of_what_has_no_application():
    assert look("http://e", "s-2", spark) is None
    assert look("http://e", "s-9", spark) is None
    assert look("http://e", "s-1", lambda _: None) is None


def test_between_two_spark_stages_the_application_is_still_known():
    def idle(url: str):
        return [] if "stages" in url else spark(url)

    assert look("http://e", "s-1", idle) == SparkProgress("app-1", UI)


def test_a_watch_forgets_what_it_saw_when_the_work_changes():
    with SparkWatch("http://e", spark) as watch:
        watch.follow("s-1")
        while watch.seen is None:
            time.sleep(0.01)
        assert watch.seen.application == "app-1"
        watch.follow(None)
        assert watch.seen is None
