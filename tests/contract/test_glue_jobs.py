"""Jobs over boto3: a run's state is what the script did. Python shell jobs, so no JVM is needed."""

import itertools
import time

import pytest
from botocore.exceptions import ClientError

ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
NAMES = itertools.count(1)


@pytest.fixture(scope="module")
def scripts(sandbox):
    sandbox.client("s3").create_bucket(Bucket="contract-scripts")
    return "contract-scripts"


@pytest.fixture
def job(sandbox, scripts):
    """Defines a job that runs `source`, and returns its name."""
    made = []

    def define(source, **definition):
        name = f"job-{next(NAMES)}"
        sandbox.client("s3").put_object(Bucket=scripts, Key=f"{name}.py", Body=source.encode())
        command = {
            "Name": "pythonshell",
            "ScriptLocation": f"s3://{scripts}/{name}.py",
            "PythonVersion": "3.9",
        }
        sandbox.client("glue").create_job(Name=name, Role="glue", Command=command, **definition)
        made.append(name)
        return name

    yield define
    for name in made:
        sandbox.client("glue").delete_job(JobName=name)


def wait_for(sandbox, name, run, states=ENDED):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = sandbox.client("glue").get_job_run(JobName=name, RunId=run)["JobRun"]
        if answer["JobRunState"] in states:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{run} is still {answer['JobRunState']}")


def run(sandbox, name, **options):
    id = sandbox.client("glue").start_job_run(JobName=name, **options)["JobRunId"]
    return wait_for(sandbox, name, id)


def logged(sandbox, kind, id):
    events = sandbox.client("logs").get_log_events(logGroupName=f"/aws-glue/jobs/{kind}", logStreamName=id)
    return [event["message"] for event in events["events"]]


def test_a_script_that_ends_well_has_succeeded(sandbox, job):
    name = job(
        "import sys\nprint('hello', sys.argv[1:])\nprint('oops', file=sys.stderr)",
        DefaultArguments={"--a": "1"},
    )
    answer = run(sandbox, name, Arguments={"--b": "2"})
    assert answer["JobRunState"] == "SUCCEEDED"
    assert answer["CompletedOn"] >= answer["StartedOn"]
    assert "ErrorMessage" not in answer
    (line,) = logged(sandbox, "output", answer["Id"])
    assert line.startswith("hello") and f"'--JOB_RUN_ID', '{answer['Id']}', '--a', '1', '--b', '2'" in line
    assert logged(sandbox, "error", answer["Id"]) == ["oops"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise ValueError('boom')", "ValueError: boom"),
        ("def (:", "SyntaxError: invalid syntax"),
        ("import sys; sys.exit(3)", "The script ended with exit code 3"),
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("import os; os.kill(os.getpid(), 9)", "The script ended with exit code -9"),
    ],
)
def test_a_script_that_fails_has_failed_with_its_own_exception(sandbox, job, source, message):
    answer = run(sandbox, job(source))
    assert (answer["JobRunState"], answer["ErrorMessage"]) == ("FAILED", message)


def test_a_script_that_is_not_there_is_named(sandbox, job, scripts):
    name = job("pass")
    sandbox.client("s3").delete_object(Bucket=scripts, Key=f"{name}.py")
    answer = run(sandbox, name)
    assert answer["JobRunState"] == "FAILED"
    assert f"s3://{scripts}/{name}.py cannot be read: no such object" in answer["ErrorMessage"]


def test_a_script_reaches_the_sandbox_and_not_the_users_account(sandbox, job, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "prod")
    name = job(
        "import boto3\nprint([d['Name'] for d in boto3.client('glue').get_databases()['DatabaseList']])"
    )
    answer = run(sandbox, name)
    assert answer["JobRunState"] == "SUCCEEDED", answer
    assert "default" in logged(sandbox, "output", answer["Id"])[0]


def test_a_failed_run_is_tried_again_as_a_run_of_its_own(sandbox, job):
    name = job("raise RuntimeError('again')", MaxRetries=2)
    glue = sandbox.client("glue")
    glue.start_job_run(JobName=name)
    deadline = time.monotonic() + 60
    while True:
        runs = glue.get_job_runs(JobName=name)["JobRuns"]
        if len(runs) == 3 and runs[0]["JobRunState"] in ENDED:
            break
        assert time.monotonic() < deadline, runs
        time.sleep(0.05)
    assert [(each["Attempt"], each["JobRunState"]) for each in runs] == [
        (2, "FAILED"),
        (1, "FAILED"),
        (0, "FAILED"),
    ]
    assert runs[0]["PreviousRunId"] == runs[1]["Id"]


def test_a_stopped_run_ends_as_stopped(sandbox, job):
    glue = sandbox.client("glue")
    name = job("import time\nprint('started', flush=True)\ntime.sleep(600)")
    id = glue.start_job_run(JobName=name)["JobRunId"]
    wait_for(sandbox, name, id, {"RUNNING"})
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException):
        glue.start_job_run(JobName=name)
    answer = glue.batch_stop_job_run(JobName=name, JobRunIds=[id, "jr_none"])
    assert [each["JobRunId"] for each in answer["SuccessfulSubmissions"]] == [id]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert wait_for(sandbox, name, id)["JobRunState"] == "STOPPED"


def test_jobs_are_defined_changed_listed_and_deleted(sandbox, job):
    glue = sandbox.client("glue")
    name = job("pass", Description="first")
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_job(Name=name, Role="r", Command={"Name": "pythonshell", "ScriptLocation": "s3://b/x"})
    command = glue.get_job(JobName=name)["Job"]["Command"]
    glue.update_job(JobName=name, JobUpdate={"Role": "r", "Command": command, "Description": "second"})
    assert glue.get_job(JobName=name)["Job"]["Description"] == "second"
    assert name in glue.list_jobs()["JobNames"]
    assert glue.batch_get_jobs(JobNames=[name, "none"])["JobsNotFound"] == ["none"]
    page = glue.get_jobs(MaxResults=1)
    assert len(page["Jobs"]) == 1


def test_what_does_not_exist_is_an_entity_not_found(sandbox):
    glue = sandbox.client("glue")
    for call, arguments in (
        (glue.get_job, {"JobName": "none"}),
        (glue.start_job_run, {"JobName": "none"}),
        (glue.get_job_run, {"JobName": "none", "RunId": "jr_1"}),
    ):
        with pytest.raises(glue.exceptions.EntityNotFoundException, match="none"):
            call(**arguments)


def test_what_is_not_emulated_is_refused_by_name(sandbox, scripts):
    with pytest.raises(ClientError) as caught:
        sandbox.client("glue").create_job(
            Name="ray", Role="r", Command={"Name": "glueray", "ScriptLocation": f"s3://{scripts}/x.py"}
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "glueray" in caught.value.response["Error"]["Message"]
