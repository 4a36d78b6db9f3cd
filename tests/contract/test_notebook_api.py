"""Zeppelin's REST API as the built-in engine speaks it, against what the real 0.12.1 answered."""

import http.client
import json
import time

import psutil
import pytest
from notebook_servers import builtin, fresh_name, recording, wait_for


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with builtin(tmp_path_factory.mktemp("engine")) as (url, engine):
        yield url, engine


@pytest.fixture
def call(engine):
    host = engine[0].removeprefix("http://")

    def call(method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(host, timeout=60)
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        connection.request(method, path, text, headers or {})
        response = connection.getresponse()
        document = json.loads(response.read() or "null")
        connection.close()
        return response.status, document

    return call


def create(call, *texts, name=None):
    body = {"notePath": name or fresh_name(), "paragraphs": [{"title": "t", "text": text} for text in texts]}
    return call("POST", "/api/notebook", body)[1]["body"]


def shape(document):
    """The document with every text and number taken out."""
    match document:
        case dict():
            return {name: shape(value) for name, value in document.items()}
        case list():
            return [shape(value) for value in document]
        case _:
            return type(document).__name__


@pytest.mark.parametrize("number", range(9))
def test_every_recorded_request_is_answered_in_the_recorded_shape(call, number):
    exchange = recording("exchanges.json")[number]
    note = create(call, "%python\nprint('%table a\\tb\\n1\\tx')")
    paragraph = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"][0]["id"]
    path = fresh_name()
    body = {"name": path, "paragraphs": [{"text": "%md x"}]}
    requests = [
        ("GET", "/api/version", None),
        (
            "POST",
            "/api/notebook",
            {"notePath": path, "name": "n", "paragraphs": [{"title": "t", "text": ""}]},
        ),
        ("POST", "/api/notebook/import", body),
        ("POST", "/api/notebook/import", body),
        ("POST", "/api/notebook/import", {"not": "a note"}),
        ("POST", f"/api/notebook/job/{note}?blocking=true", {}),
        ("POST", f"/api/notebook/job/{note}?blocking=true", {"params": {}}),
        ("POST", f"/api/notebook/run/{note}/{paragraph}", None),
        ("GET", "/api/notebook/NOPE", None),
    ]
    if number == 3:
        call(*requests[2])
    status, document = call(*requests[number])
    assert status == exchange["status"]
    recorded = exchange["response"]
    if number == 0:
        assert document["body"].keys() >= recorded["body"].keys()
        assert not document["body"]["version"].startswith("0.")
        recorded, document = recorded | {"body": {}}, document | {"body": {}}
    assert shape(document) == shape(recorded)
    assert document["status"] == recorded["status"]
    if number in (7, 8):
        assert document == recorded
    if number == 3:
        assert document["message"] == f"Fail to import note: Note '{path}' existed"


def test_a_note_that_ran_has_the_recorded_shape(call):
    note = create(call, "%python\nprint(6*7)", name=fresh_name())
    assert call("POST", f"/api/notebook/job/{note}", {"params": {}}) == (200, {"status": "OK"})
    job = wait_for(lambda: finished(call, note))
    recorded = recording("job_status.json")["body"]
    assert shape(job) == shape(recorded)
    assert (job["paragraphs"][0]["status"], job["paragraphs"][0]["progress"]) == ("FINISHED", "100")
    document = call("GET", f"/api/notebook/{note}")[1]
    expected = recording("note_after_run.json")
    # The built-in engine names what it knows; the recorded note had no title.
    del document["body"]["paragraphs"][0]["title"]
    document["body"]["info"].setdefault("inIsolatedMode", False)
    assert shape(document) == shape(expected)
    assert document["body"]["paragraphs"][0]["results"] == expected["body"]["paragraphs"][0]["results"]


def finished(call, note):
    job = call("GET", f"/api/notebook/job/{note}")[1]["body"]
    return None if job["isRunning"] else job


def test_what_a_recorded_note_holds_is_imported_whole(call):
    recorded = recording("note_six_paragraphs_after_run.json")["body"]
    path = fresh_name()
    _, answer = call("POST", "/api/notebook/import", {**recorded, "name": path, "path": path})
    note = call("GET", f"/api/notebook/{answer['body']}")[1]["body"]
    assert note["paragraphs"] == recorded["paragraphs"]
    _, exported = call("GET", f"/api/notebook/export/{answer['body']}")
    assert exported["paragraphs"] == recorded["paragraphs"]


def test_a_paragraph_that_throws_ends_the_run_and_those_after_it_are_not_run(call):
    note = create(call, "%python\nprint('one')", "%python\n\nraise ValueError('kaboom')", "%md three")
    call("POST", f"/api/notebook/job/{note}?blocking=true", {"params": {}})
    job = call("GET", f"/api/notebook/job/{note}")[1]["body"]
    assert [p["status"] for p in job["paragraphs"]] == ["FINISHED", "ERROR", "READY"]
    assert "kaboom" in job["paragraphs"][1]["errorMessage"]
    failed = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"][1]["results"]
    assert failed["code"] == "ERROR"
    told = failed["msg"][-1]["data"]
    assert told.startswith("Fail to execute line 3: raise ValueError('kaboom')\nTraceback")
    assert "sandbox" not in told


def test_running_one_paragraph_that_throws_answers_500_with_its_results(call):
    note = create(call, "%sh\necho before; exit 3")
    paragraph = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"][0]["id"]
    status, document = call("POST", f"/api/notebook/run/{note}/{paragraph}")
    assert status == 500
    assert document["body"]["code"] == "ERROR"
    assert [m["data"] for m in document["body"]["msg"]] == ["before\nExitValue: 3"]


def test_output_is_seen_while_the_paragraph_runs_and_it_can_be_cancelled(call):
    note = create(call, "%python\nimport time\nprint('begun')\nwhile True: time.sleep(0.05)", "%md never")
    call("POST", f"/api/notebook/job/{note}", {"params": {}})

    def live():
        first = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"][0]
        return first if first.get("results", {}).get("msg") else None

    first = wait_for(live)
    assert first["status"] == "RUNNING"
    assert first["results"] == {"code": "INCOMPLETE", "msg": [{"type": "TEXT", "data": "begun\n"}]}
    assert call("DELETE", f"/api/notebook/job/{note}") == (200, {"status": "OK"})
    job = wait_for(lambda: finished(call, note))
    assert [p["status"] for p in job["paragraphs"]] == ["ABORT", "READY"]


def test_a_cancelled_paragraph_that_is_run_again_at_once_is_not_hit_by_the_old_cancel(call):
    note = create(call, "%python\nimport time\nwhile True: time.sleep(0.01)")
    paragraph = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"][0]["id"]
    for _ in range(5):
        call("PUT", f"/api/notebook/{note}/paragraph/{paragraph}", {"text": "%python\nwhile True: pass"})
        call("POST", f"/api/notebook/job/{note}/{paragraph}", {"params": {}})
        url = f"/api/notebook/job/{note}/{paragraph}"
        wait_for(lambda url=url: call("GET", url)[1]["body"]["status"] == "RUNNING")
        # Asked for more than once, as by somebody who is in a hurry.
        call("DELETE", url)
        call("DELETE", url)
        wait_for(lambda url=url: call("GET", url)[1]["body"]["status"] == "ABORT")
        text = "%python\nimport time\ntime.sleep(0.3)\nprint('whole')"
        call("PUT", f"/api/notebook/{note}/paragraph/{paragraph}", {"text": text})
        status, document = call("POST", f"/api/notebook/run/{note}/{paragraph}")
        assert (status, document["body"]["msg"][0]["data"]) == (200, "whole\n"), document


def test_variables_live_until_the_interpreter_is_restarted(call, engine):
    note = create(call, "%python\nx = 20", "%python\nprint(x + 1)")
    call("POST", f"/api/notebook/job/{note}?blocking=true", {"params": {}})
    second = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"][1]
    assert second["results"]["msg"][0]["data"] == "21\n"
    before = engine[1].interpreter
    assert call("PUT", "/api/interpreter/setting/restart/python")[0] == 200
    status, document = call("POST", f"/api/notebook/run/{note}/{second['id']}")
    assert status == 500
    assert "name 'x' is not defined" in document["body"]["msg"][0]["data"]
    assert engine[1].interpreter != before


def test_an_interpreter_that_dies_fails_its_paragraph_and_the_next_one_gets_another(call):
    note = create(call, "%python\nimport os\nos._exit(7)", "%python\nprint(1)")
    call("POST", f"/api/notebook/job/{note}?blocking=true", {"params": {}})
    paragraphs = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"]
    assert paragraphs[0]["status"] == "ERROR"
    assert "The interpreter ended with exit code 7" in paragraphs[0]["results"]["msg"][-1]["data"]
    assert call("POST", f"/api/notebook/run/{note}/{paragraphs[1]['id']}")[1]["body"]["code"] == "SUCCESS"


def test_forms_are_asked_for_and_what_is_chosen_counts(call):
    asked = "z.input('age', 30), z.select('s', [('m', 'Men'), 'w'], 'm'), z.checkbox('c', ['a', 'b'])"
    text = f"%python\nprint({asked})"
    note = create(call, text)
    paragraph = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"][0]["id"]
    url = f"/api/notebook/run/{note}/{paragraph}"
    assert call("POST", url)[1]["body"]["msg"][0]["data"] == "30 m ['a', 'b']\n"
    chosen = {"params": {"age": "41", "s": "w", "c": ["b"]}}
    assert call("POST", url, chosen)[1]["body"]["msg"][0]["data"] == "41 w ['b']\n"
    settings = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"][0]["settings"]
    assert settings["params"] == chosen["params"]
    assert {form["type"] for form in settings["forms"].values()} == {"TextBox", "Select", "CheckBox"}
    assert settings["forms"]["s"]["options"][0] == {"value": "m", "displayName": "Men"}


def test_pictures_tables_and_html_come_as_their_own_kind(call):
    code = (
        "%python\nimport matplotlib.pyplot as plt, pandas\nplt.plot([1, 2])\nplt.show()\n"
        "z.show(pandas.DataFrame({'a': [1], 'b': ['x']}))\nprint('%html <b>bold</b>')"
    )
    note = create(call, code, "%md\n# Title\n\n| a |\n|---|\n| 1 |")
    call("POST", f"/api/notebook/job/{note}?blocking=true", {"params": {}})
    first, second = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"]
    kinds = [(m["type"], m["data"]) for m in first["results"]["msg"]]
    assert [kind for kind, _ in kinds] == ["IMG", "TABLE", "HTML"]
    assert kinds[0][1].startswith("iVBORw0KGgo")
    assert kinds[1][1] == "a\tb\n1\tx\n"
    assert "<h1>Title</h1>" in second["results"]["msg"][0]["data"]
    assert "<td>1</td>" in second["results"]["msg"][0]["data"]


def test_a_note_is_edited(call):
    note = create(call, "%md one", "%md two")
    added = call("POST", f"/api/notebook/{note}/paragraph", {"text": "%md zero", "index": 0})[1]["body"]
    paragraphs = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"]
    assert [p["text"] for p in paragraphs] == ["%md zero", "%md one", "%md two"]
    assert call("PUT", f"/api/notebook/{note}/paragraph/{added}", {"text": "%md 0", "title": "T"})[0] == 200
    assert call("POST", f"/api/notebook/{note}/paragraph/{added}/move/2")[0] == 200
    assert call("DELETE", f"/api/notebook/{note}/paragraph/{paragraphs[1]['id']}")[0] == 200
    paragraphs = call("GET", f"/api/notebook/{note}")[1]["body"]["paragraphs"]
    assert [(p["text"], p.get("title")) for p in paragraphs] == [("%md two", "t"), ("%md 0", "T")]
    name = fresh_name()
    assert call("PUT", f"/api/notebook/{note}/rename", {"name": name})[0] == 200
    assert {"id": note, "path": name} in call("GET", "/api/notebook")[1]["body"]
    assert call("DELETE", f"/api/notebook/{note}")[0] == 200
    assert call("GET", f"/api/notebook/{note}")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/notebook/import", "{", 500),
        ("POST", "/api/notebook/import", "[]", 500),
        ("POST", "/api/notebook", {"notePath": "/../../x"}, 500),
        ("POST", "/api/notebook/import?notePath=../../x", {"name": "n", "paragraphs": []}, 500),
        ("GET", "/api/notebook/../../etc/passwd", None, 404),
        ("GET", "/../server.py", None, 404),
        ("GET", "/page/../server.py", None, 404),
        ("PATCH", "/api/notebook", None, 405),
        ("GET", "/api/credential", None, 404),
        ("POST", "/api/notebook/run/NOPE/p", None, 404),
        ("DELETE", "/api/notebook/job/NOPE", None, 404),
    ],
)
def test_what_cannot_be_is_refused(call, engine, method, path, body, status):
    before = sorted(engine[1].library._folder.root.parent.rglob("*"))
    assert call(method, path, body)[0] == status
    assert sorted(engine[1].library._folder.root.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example:8890"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({}, 200),
    ],
)
def test_only_this_machines_pages_may_ask(call, engine, headers, status):
    assert call("GET", "/api/notebook", headers=headers)[0] == status
    own = {"Origin": engine[0]}
    assert call("GET", "/api/notebook", headers=own)[0] == 200


def test_a_note_that_is_not_json_is_told_and_the_others_go_on(call, engine):
    (engine[1].library._folder.root / "broken_2BROKEN00.zpln").write_text("{")
    status, document = call("GET", "/api/notebook/2BROKEN00")
    assert status == 500
    assert "broken_2BROKEN00.zpln is not a Zeppelin note: it is not JSON" in document["message"]
    assert call("GET", f"/api/notebook/{create(call, '%md x')}")[0] == 200
    assert call("DELETE", "/api/notebook/2BROKEN00")[0] == 200


def test_stopping_ends_the_interpreter_and_what_runs(tmp_path):
    with builtin(tmp_path) as (_, engine):
        note = engine.library.create("/n", [{"text": "%sh\nsleep 300"}])
        run = engine.run_note(note.id)
        wait_for(lambda: engine.interpreter)
        pid = engine.interpreter
        began = time.monotonic()
    assert run.ended.is_set()
    assert time.monotonic() - began < 20
    assert not psutil.pid_exists(pid)
