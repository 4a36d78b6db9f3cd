"""StartNotebookExecution and its kin really run notes."""

import pytest
from botocore.exceptions import ClientError
from test_notebook import cluster, notebook, wait

from sandbox.notebook import note as notes
from sandbox.notebook.note import Note, Paragraph

ENDED = ("FINISHED", "FAILED", "STOPPED")


@pytest.fixture(scope="module")
def place(sandbox):
    sandbox.client("s3").create_bucket(Bucket="execution-e2e")
    with cluster(sandbox, core=0) as id:
        client = notebook(sandbox, id)
        for path, texts in {
            "/team/good": ["%pyspark\nprint(spark.range(5).count())"],
            "/team/bad": ["%python\nprint('before')", "%python\nraise ValueError('kaboom')"],
            "/team/long": ["%python\nimport time\nwhile True: time.sleep(0.05)"],
        }.items():
            paragraphs = tuple(Paragraph(f"p{n}", text, f"part {n}") for n, text in enumerate(texts))
            client.import_note(Note("", path, paragraphs))
        yield sandbox.client("emr"), id, client


def start(place, **request):
    emr, id, _ = place
    return emr.start_notebook_execution(ExecutionEngine={"Id": id}, ServiceRole="r", **request)[
        "NotebookExecutionId"
    ]


def described(place, id):
    return place[0].describe_notebook_execution(NotebookExecutionId=id)["NotebookExecution"]


def ended(place, id):
    return wait(lambda: (now := described(place, id))["Status"] in ENDED and now)


def test_a_note_is_run_and_its_results_lie_on_s3(place, sandbox):
    id = start(
        place,
        EditorId="e-COURSE",
        RelativePath="team/good.zpln",
        NotebookExecutionName="first",
        OutputNotebookS3Location={"Bucket": "execution-e2e", "Key": "out/good.zpln"},
        Tags=[{"Key": "k", "Value": "v"}],
    )
    assert id.startswith("ex-")
    done = ended(place, id)
    assert done["Status"] == "FINISHED", done
    assert done["OutputNotebookURI"] == "s3://execution-e2e/out/good.zpln"
    assert done["ExecutionEngine"] == {"Id": place[1], "Type": "EMR"}
    assert done["Arn"].endswith(f":notebook-execution/{id}")
    assert (done["EditorId"], done["NotebookExecutionName"]) == ("e-COURSE", "first")
    assert done["Tags"] == [{"Key": "k", "Value": "v"}]
    assert done["StartTime"] <= done["EndTime"]
    body = sandbox.client("s3").get_object(Bucket="execution-e2e", Key="out/good.zpln")["Body"].read()
    note = notes.read(body.decode(), "output")
    assert note.paragraphs[0].results.messages[0].data == "5\n"
    listed = place[0].list_notebook_executions(EditorId="e-COURSE")["NotebookExecutions"]
    assert [entry["NotebookExecutionId"] for entry in listed] == [id]
    assert place[0].list_notebook_executions(Status="FAILED", EditorId="e-COURSE")["NotebookExecutions"] == []


def test_a_paragraph_that_throws_fails_the_execution_with_its_error(place):
    done = ended(place, start(place, RelativePath="team/bad"))
    assert done["Status"] == "FAILED"
    assert done["LastStateChangeReason"].startswith("part 1: Fail to execute line 2: raise ValueError")
    assert done["LastStateChangeReason"].endswith("ValueError: kaboom")


def test_an_execution_is_stopped_and_so_is_its_paragraph(place):
    id = start(place, EditorId=place[2].find("team/long"))
    wait(lambda: described(place, id)["Status"] == "RUNNING")
    wait(lambda: place[2].get(place[2].find("team/long")).paragraphs[0].status == "RUNNING")
    place[0].stop_notebook_execution(NotebookExecutionId=id)
    assert ended(place, id)["Status"] == "STOPPED"
    assert place[2].get(place[2].find("team/long")).paragraphs[0].status == "ABORT"


def test_a_note_on_s3_is_run(place, sandbox):
    text = notes.write(Note("2ANY", "/any", (Paragraph("p", "%sh\nexit 2"),)))
    sandbox.client("s3").put_object(Bucket="execution-e2e", Key="in.zpln", Body=text.encode())
    place_of_note = {"Bucket": "execution-e2e", "Key": "in.zpln"}
    done = ended(place, start(place, NotebookS3Location=place_of_note))
    assert (done["Status"], done["NotebookS3Location"]) == ("FAILED", place_of_note)
    assert "ExitValue: 2" in done["LastStateChangeReason"]
    sandbox.client("s3").put_object(Bucket="execution-e2e", Key="in.zpln", Body=b"{")
    done = ended(place, start(place, NotebookS3Location=place_of_note))
    assert "is not a Zeppelin note: it is not JSON" in done["LastStateChangeReason"]


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        ({"RelativePath": "team/none"}, "InvalidRequestException", "There is no notebook 'team/none'"),
        ({}, "InvalidRequestException", "RelativePath, EditorId or NotebookS3Location is needed"),
        ({"RelativePath": "team/good", "NotebookParams": "{}"}, "NotEmulated", "NotebookParams"),
        (
            {"RelativePath": "team/good", "OutputNotebookFormat": "HTML"},
            "NotEmulated",
            "OutputNotebookFormat",
        ),
        ({"NotebookS3Location": {"Bucket": "b"}}, "InvalidRequestException", "needs a Bucket and a Key"),
    ],
)
def test_what_cannot_be_is_refused(place, request_, code, message):
    with pytest.raises(ClientError, match=message) as caught:
        start(place, **request_)
    assert caught.value.response["Error"]["Code"] == code


def test_a_cluster_without_a_notebook_and_ids_that_are_none(sandbox):
    emr = sandbox.client("emr")
    with pytest.raises(ClientError, match="Cluster id 'j-NONE' is not valid"):
        emr.start_notebook_execution(ExecutionEngine={"Id": "j-NONE"}, ServiceRole="r", RelativePath="x")
    with pytest.raises(ClientError, match="Notebook execution id 'ex-NONE' is not valid"):
        emr.describe_notebook_execution(NotebookExecutionId="ex-NONE")
    with (
        cluster(sandbox, applications=("Spark",), core=0) as id,
        pytest.raises(ClientError, match=f"Cluster {id} runs no notebook"),
    ):
        emr.start_notebook_execution(ExecutionEngine={"Id": id}, ServiceRole="r", RelativePath="x")
    with pytest.raises(ClientError, match="is TERMINATED and runs no notebook"):
        emr.start_notebook_execution(ExecutionEngine={"Id": id}, ServiceRole="r", RelativePath="x")
