"""Bookmarks as they are kept: by run, with a way back."""

import pytest

from sandbox.errors import AwsError
from sandbox.glue.bookmarks import KEPT, Bookmark, Bookmarks, committed
from sandbox.glue.job_model import JobRun, RunState


def run(number, job="etl"):
    return JobRun(f"jr_{number}", job, RunState.SUCCEEDED, {}, float(number), 1, attempt=number % 2)


@pytest.fixture
def bookmarks(database):
    runs = {each.id: each for each in (*map(run, range(1, 6)), run(9, "other"))}
    return Bookmarks(database, runs.get)


def test_the_last_commit_is_the_bookmark(bookmarks):
    with pytest.raises(AwsError, match="etl") as caught:
        bookmarks.get("etl", None)
    assert caught.value.code == "EntityNotFoundException"
    bookmarks.commit(run(1), "one")
    bookmarks.commit(run(2), "two")
    assert bookmarks.get("etl", None) == {
        "JobName": "etl", "Version": 2, "Run": 2, "Attempt": 0, "RunId": "jr_2", "PreviousRunId": "jr_1",
        "JobBookmark": "two",
    }  # fmt: skip


def test_a_run_that_is_settled_twice_has_committed_once(bookmarks):
    for _ in range(2):
        bookmarks.commit(run(1), "one")
    assert bookmarks.get("etl", None)["Run"] == 1


@pytest.mark.parametrize(
    ("id", "state"), [("jr_1", "{}"), ("jr_2", "two"), ("jr_3", "two"), ("jr_4", "four"), (None, "{}")]
)
def test_reset_to_the_last_commit_until_a_run(bookmarks, id, state):
    """Runs 1 and 3 did not come to their commit."""
    bookmarks.commit(run(2), "two")
    bookmarks.commit(run(4), "four")
    if id:
        assert bookmarks.get("etl", id)["JobBookmark"] == state
    assert bookmarks.get("etl", None)["JobBookmark"] == "four"
    assert bookmarks.reset("etl", id)["JobBookmark"] == state
    assert bookmarks.get("etl", None)["JobBookmark"] == state
    bookmarks.commit(run(5), "five")
    assert bookmarks.get("etl", None)["JobBookmark"] == "five"


@pytest.mark.parametrize("id", ["jr_9", "none"])
def test_a_run_of_another_job_is_not_found(bookmarks, id):
    bookmarks.commit(run(1), "one")
    for call in (bookmarks.get, bookmarks.reset):
        with pytest.raises(AwsError, match=id):
            call("etl", id)
    assert bookmarks.get("etl", None)["JobBookmark"] == "one"


def test_old_commits_are_forgotten():
    bookmark = Bookmark("etl")
    for number in range(KEPT + 5):
        bookmark = committed(bookmark, run(number), str(number))
    assert (len(bookmark.commits), bookmark.commits[-1].number) == (KEPT, KEPT + 5)


def test_the_bookmark_goes_with_its_job(bookmarks):
    bookmarks.commit(run(1), "one")
    bookmarks.delete("etl")
    with pytest.raises(AwsError):
        bookmarks.get("etl", None)
