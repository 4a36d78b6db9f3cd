"""The note format, against notes that the real Zeppelin 0.12.1 wrote."""

import json
import os
from pathlib import Path

import pytest

from sandbox.notebook import note as notes
from sandbox.notebook.note import Code, NotANote, Note, Paragraph, Status

SHARED = Path(os.environ.get("SANDBOX_SHARED", Path(__file__).parents[4] / "shared"))
RECORDED = SHARED / "data" / "zeppelin"
NOTES = ["note_after_run.json", "note_six_paragraphs_new.json", "note_six_paragraphs_after_run.json"]


def recording(name: str) -> dict:
    path = RECORDED / name
    if not path.exists():
        pytest.skip("the recordings are not here: ../shared/data/zeppelin")
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", NOTES)
def test_a_recorded_note_comes_back_as_it_was(name):
    document = recording(name)["body"]
    note = notes.read(json.dumps(document), name)
    assert json.loads(notes.write(note)) == document
    assert list(json.loads(notes.write(note))["paragraphs"][0]) == list(document["paragraphs"][0])


def test_what_a_recorded_note_says():
    note = notes.from_document(recording("note_six_paragraphs_after_run.json")["body"])
    assert note.path == "/t1795559008"
    assert [p.status for p in note.paragraphs] == [Status.FINISHED] * 4 + [Status.ERROR]
    table = note.paragraphs[2].results
    assert (table.code, table.messages[0].type) == (Code.SUCCESS, "TABLE")
    assert note.paragraphs[4].text_of_error.startswith("Fail to execute line 2")


def test_the_status_of_a_run_is_told_as_recorded():
    """But for the times: Zeppelin's job began later than the paragraph's own last start."""
    note = notes.from_document(recording("note_six_paragraphs_after_run.json")["body"])
    recorded = recording("job_status_six_paragraphs.json")["body"]
    told = notes.job_document(note, running=False)
    assert told["isRunning"] is False
    for ours, theirs in zip(told["paragraphs"], recorded["paragraphs"], strict=True):
        assert list(ours) == list(theirs)
        assert {**ours, "started": "", "finished": ""} == {**theirs, "started": "", "finished": ""}


def test_a_time_is_told_in_both_forms(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    stamped = notes.stamp(1795559008)
    assert stamped == "Nov 24, 2026, 10:23:28 PM"
    ended = Paragraph("p", status=Status.FINISHED, started=stamped)
    assert notes.paragraph_job(ended)["started"] == "Tue Nov 24 22:23:28 UTC 2026"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is not JSON"),
        ("[1]", "list of paragraphs"),
        ('{"not": "a note"}', "list of paragraphs"),
        ('{"paragraphs": []}', "it has no name"),
        ('{"paragraphs": ["x"], "name": "n"}', "a paragraph is no object"),
        ('{"paragraphs": [{"text": 3}], "name": "n"}', "text is no text"),
        ('{"paragraphs": [{"settings": 3}], "name": "n"}', "settings is no object"),
    ],
)
def test_what_is_no_note_is_told(text, why):
    with pytest.raises(NotANote, match=why) as caught:
        notes.read(text, "mine.zpln")
    assert str(caught.value).startswith("mine.zpln is not a Zeppelin note")


def test_a_new_note_has_what_zeppelin_expects():
    recorded = recording("note_six_paragraphs_new.json")["body"]
    stamped = notes.stamp(0)
    note = Note("2ABC", "/t", (Paragraph("p1", "%md x", "t", created=stamped, updated=stamped),))
    document = notes.to_document(note)
    assert list(document) == list(recorded)
    assert list(document["paragraphs"][0]) == list(recorded["paragraphs"][0])
