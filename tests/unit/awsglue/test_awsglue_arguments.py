"""getResolvedOptions and the bookmark option: what a script gets from its command line."""

from __future__ import annotations

import pytest
from awsglue.job import Job, given_options
from awsglue.utils import GlueArgumentError, getResolvedOptions


def test_named_options_are_read_in_both_forms() -> None:
    args = getResolvedOptions(["job.py", "--JOB_NAME", "j", "--path=s3://b/k"], ["JOB_NAME", "path"])
    assert (args["JOB_NAME"], args["path"]) == ("j", "s3://b/k")


def test_arguments_that_nobody_asked_for_are_ignored() -> None:
    args = getResolvedOptions(["job.py", "--other", "x", "--a", "1", "--enable-metrics"], ["a"])
    assert args["a"] == "1"
    assert "other" not in args


@pytest.mark.parametrize("value", ["", "-1", "a b", "a=b", "--x=--y"])
def test_values_arrive_as_they_were_given(value: str) -> None:
    assert getResolvedOptions(["job.py", f"--a={value}"], ["a"])["a"] == value


def test_a_shorter_name_is_not_taken_for_a_longer_one() -> None:
    argv = ["job.py", "--source_table", "t", "--source", "s"]
    assert getResolvedOptions(argv, ["source", "source_table"])["source"] == "s"
    with pytest.raises(GlueArgumentError, match="--source_table"):
        getResolvedOptions(["job.py", "--source", "s"], ["source_table"])


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(GlueArgumentError, match="the following arguments are required: --TARGET_PATH"):
        getResolvedOptions(["job.py", "--JOB_NAME", "j"], ["JOB_NAME", "TARGET_PATH"])


def test_an_argument_without_value_is_named() -> None:
    with pytest.raises(GlueArgumentError, match="--a: expected one argument"):
        getResolvedOptions(["job.py", "--a"], ["a"])


def test_arguments_of_glue_itself_are_resolved_unasked_and_may_not_be_redefined() -> None:
    args = getResolvedOptions(["job.py", "--TempDir", "s3://t/"], [])
    assert (args["TempDir"], args["job_bookmark_option"]) == ("s3://t/", "job-bookmark-disable")
    assert getResolvedOptions(["job.py", "--TempDir", "s3://t/"], ["TempDir"])["TempDir"] == "s3://t/"
    with pytest.raises(GlueArgumentError, match="job_bookmark_option"):
        getResolvedOptions(["job.py"], ["job_bookmark_option"])


@pytest.mark.parametrize("form", [["--job-bookmark-option", "%s"], ["--job-bookmark-option=%s"]])
@pytest.mark.parametrize("option", ["job-bookmark-enable", "job-bookmark-pause"])
def test_bookmarks_outside_of_a_job_run_are_refused(
    form: list[str], option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["job.py", *(part.replace("%s", option) for part in form)])
    job = Job(glue_context=None)
    with pytest.raises(NotImplementedError, match=f"{option} outside of a job run .* is not emulated"):
        job.init("j")
    assert not job.isInitialized()
    with pytest.raises(RuntimeError, match=r"before Job.init"):
        job.commit()


def test_a_run_without_bookmarks_begins_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["job.py", "--job-bookmark-option", "job-bookmark-disable"])
    job = Job(glue_context=None)
    job.init("j", {"job_bookmark_option": "job-bookmark-disable"})
    job.commit()
    assert job.isInitialized()


def test_the_arguments_given_to_init_count_first() -> None:
    argv = ["job.py", "--JOB_NAME", "j", "--job-bookmark-option", "job-bookmark-disable"]
    given = given_options(argv, {"job_bookmark_option": "job-bookmark-enable"})
    assert given == {"option": "job-bookmark-enable", "from": None, "to": None, "job": "j"}


@pytest.mark.parametrize(
    "argv",
    [
        ["--job-bookmark-option", "enable"],
        ["--job-bookmark-option", "job-bookmark-pause", "--job-bookmark-from", "jr_1"],
        [
            "--job-bookmark-option",
            "job-bookmark-enable",
            "--job-bookmark-from",
            "a",
            "--job-bookmark-to",
            "b",
        ],
    ],
)
def test_bookmark_options_that_do_not_go_together(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["job.py", *argv])
    with pytest.raises(ValueError, match="job-bookmark"):
        Job(glue_context=None).init("j")
