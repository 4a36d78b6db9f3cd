"""Jobs and runs: what may be defined, what a script is told, what follows a failure."""

import pytest
from botocore.validate import ParamValidator
from service_models import service_model

from sandbox.errors import AwsError
from sandbox.glue import job_model
from sandbox.glue.job_model import Job, JobRun, RunState
from sandbox.glue.jobs import new_run

COMMAND = {"Name": "glueetl", "ScriptLocation": "s3://b/x.py"}


def job(**definition):
    return Job("j", {"Role": "r", "Command": COMMAND, **definition}, 1.0, 2.0)


def run(state=RunState.FAILED, attempt=0, **arguments):
    return JobRun("jr_1", "j", state, arguments, 10.0, 5, attempt=attempt, modified=10.0)


def test_a_script_is_told_its_job_and_every_argument():
    defaults = {"--a": "1", "--b": "2", "--flag": ""}
    told = job_model.script_arguments(job(DefaultArguments=defaults), run(**{"--b": "3"}))
    assert told == ["--JOB_NAME", "j", "--JOB_RUN_ID", "jr_1", "--a", "1", "--b", "3", "--flag"]


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ({"Command": {"Name": "glueray", "ScriptLocation": "s3://b/x"}}, "NotEmulated"),
        ({"Command": {"Name": "gluestreaming", "ScriptLocation": "s3://b/x"}}, "NotEmulated"),
        ({"Command": {"Name": "glueetl"}}, "InvalidInputException"),
        ({"Command": COMMAND, "ExecutionProperty": {"MaxConcurrentRuns": 0}}, "InvalidInputException"),
        ({"Command": COMMAND, "Connections": {"Connections": ["db"]}}, "NotEmulated"),
        ({"Command": COMMAND, "DefaultArguments": {"--additional-python-modules": "x"}}, "NotEmulated"),
    ],
)
def test_what_cannot_run_is_refused_when_defined(definition, code):
    with pytest.raises(AwsError) as caught:
        job_model.check_definition(definition)
    assert caught.value.code == code


def test_a_run_with_an_argument_that_is_not_emulated_is_refused():
    with pytest.raises(AwsError, match="--extra-jars"):
        new_run(job(), "jr_2", {"--extra-jars": "s3://b/x.jar"}, None, 1.0)


@pytest.mark.parametrize(
    ("retries", "attempt", "state", "expected"),
    [
        (0, 0, RunState.FAILED, None),
        (2, 0, RunState.FAILED, "jr_1_attempt_1"),
        (2, 1, RunState.FAILED, "jr_1_attempt_2"),
        (2, 2, RunState.FAILED, None),
        (2, 0, RunState.SUCCEEDED, None),
        (2, 0, RunState.STOPPED, None),
        (2, 0, RunState.TIMEOUT, None),
    ],
)
def test_only_a_failure_is_tried_again(retries, attempt, state, expected):
    following = job_model.retry(run(state, attempt), job(MaxRetries=retries), 20.0)
    assert (following.id if following else None) == expected
    if following:
        assert (following.previous, following.state) == ("jr_1", RunState.STARTING)


def test_one_run_too_many_is_refused():
    job_model.check_concurrency(job(), 0)
    with pytest.raises(AwsError) as caught:
        job_model.check_concurrency(job(), 1)
    assert caught.value.code == "ConcurrentRunsExceededException"
    job_model.check_concurrency(job(ExecutionProperty={"MaxConcurrentRuns": 2}), 1)


def test_answers_fit_botocores_shapes():
    model = service_model("glue")
    value = job(MaxRetries=1, WorkerType="G.1X", NumberOfWorkers=2)
    ended = job_model.ended(run(), RunState.FAILED, 12.5, "ValueError: x")
    described = job_model.describe_run(ended, value, 99.0)
    assert described["ExecutionTime"] == 2
    for operation, answer in {
        "GetJob": {"Job": job_model.describe_job(value)},
        "GetJobRun": {"JobRun": {name: item for name, item in described.items() if item is not None}},
    }.items():
        report = ParamValidator().validate(answer, model.operation_model(operation).output_shape)
        assert not report.has_errors(), report.generate_report()
