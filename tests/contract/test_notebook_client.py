"""The one client, against the real Zeppelin's recorded answers and the built-in engine."""

import pytest
from notebook_servers import builtin, fresh_name, recorded, recording

from sandbox.errors import WorkFailed
from sandbox.notebook import note as notes
from sandbox.notebook.client import NotebookClient, NotebookFault
from sandbox.notebook.note import Code, Note, Paragraph, Status

SIX = "2N8XBAFBG"


@pytest.fixture
def zeppelin():
    with recorded() as (url, player):
        yield NotebookClient(url, sleep=lambda _: None), player


def test_zeppelins_version_and_notes(zeppelin):
    client, _ = zeppelin
    assert client.version()["version"] == "0.12.1"
    assert client.listing() == [{"id": SIX, "path": "/t1795559008"}]
    assert client.find("t1795559008") == client.find(SIX) == SIX
    assert client.find("nope") is None
    note = client.get(SIX)
    assert note.paragraphs[2].results.messages[0].data == "a\tb\n1\tx\n"
    assert note.paragraphs[4].results.code is Code.ERROR


def test_a_note_is_imported_under_its_path_once(zeppelin):
    client, player = zeppelin
    note = notes.from_document(recording("note_after_run.json")["body"])
    assert client.import_note(note) == "2N8K718JA"
    method, path, body = player.requests[-1]
    assert (method, path, body["name"]) == ("POST", "/api/notebook/import", "/course/imported")
    with pytest.raises(NotebookFault, match="Note '/course/imported' existed") as caught:
        client.import_note(note)
    assert caught.value.status == 409


def test_a_run_is_followed_to_its_end(zeppelin):
    client, player = zeppelin
    before = client.start(SIX)
    assert player.requests[-1][2] == {"params": {}}, "Zeppelin answers 500 without"
    looks = list(client.follow(SIX, before, 60))
    assert [look.running for look in looks] == [True, False]
    assert looks[0].paragraphs[4][1:] == (Status.RUNNING, 50)
    assert looks[-1].failed == (looks[-1].paragraphs[4][0],)
    assert [status for _, status, _ in looks[-1].paragraphs] == [Status.FINISHED] * 4 + [Status.ERROR]


def test_one_paragraph_is_run(zeppelin):
    client, _ = zeppelin
    assert client.run_paragraph(SIX, "paragraph_x")["msg"][0]["data"] == "a\tb\n1\tx\n"


def test_sparks_master_is_put_into_the_interpreter_setting(zeppelin):
    client, player = zeppelin
    client.set_properties("spark", {"spark.master": "spark://127.0.0.1:7077"})
    method, path, body = player.requests[-1]
    assert (method, path) == ("PUT", "/api/interpreter/setting/spark")
    recorded_setting = recording("interpreter_setting.json")["body"][0]
    assert body["properties"].pop("spark.master")["value"] == "spark://127.0.0.1:7077"
    del recorded_setting["properties"]["spark.master"]
    assert body == recorded_setting
    with pytest.raises(NotebookFault, match="no interpreter setting 'flink9'"):
        client.set_properties("flink9", {"a": "b"})


def test_faults_are_told_in_the_servers_words(zeppelin):
    client, _ = zeppelin
    with pytest.raises(NotebookFault, match="No such note: NOPE") as caught:
        client.get("NOPE")
    assert caught.value.status == 404
    with pytest.raises(NotebookFault, match="does not answer") as caught:
        NotebookClient("http://127.0.0.1:1").version()
    assert caught.value.status == 0


def test_the_same_calls_run_a_note_on_the_built_in_engine(tmp_path):
    with builtin(tmp_path) as (url, _):
        client = NotebookClient(url)
        assert client.version()["version"].startswith("builtin")
        path = fresh_name()
        paragraphs = (Paragraph("p1", "%md x"), Paragraph("p2", "%python\n1/0"), Paragraph("p3", "%md y"))
        id = client.import_note(Note("", path, paragraphs))
        assert client.find(path) == client.find(path.rpartition("/")[2]) == id
        looks = list(client.follow(id, client.start(id), 60))
        assert [status for _, status, _ in looks[-1].paragraphs] == ["FINISHED", "ERROR", "READY"]
        assert "ZeroDivisionError" in client.get(id).paragraphs[1].text_of_error
        with pytest.raises(NotebookFault, match="ZeroDivisionError") as caught:
            client.run_paragraph(id, client.get(id).paragraphs[1].id)
        assert caught.value.status == 500
        with pytest.raises(NotebookFault, match="existed"):
            client.import_note(Note("", path))
        client.delete(id)
        assert client.listing() == []


def test_a_run_without_end_is_given_up(tmp_path):
    with builtin(tmp_path) as (url, _):
        client = NotebookClient(url)
        id = client.import_note(Note("", fresh_name(), (Paragraph("p", "%sh\nsleep 100"),)))
        with pytest.raises(WorkFailed, match="did not end within 1 s"):
            list(client.follow(id, client.start(id), 1))
        client.stop(id)
