"""Triggers and workflows over boto3, with a clock that the test moves; Python shell jobs, so no JVM."""

import itertools
import time

import pytest
from botocore.exceptions import ClientError

from sandbox import Sandbox

NAMES = itertools.count(1)
LIMIT = 60.0
OK = "print('done')"
HOURLY = "cron(0 * * * ? *)"


class Clock:
    """The time of the machine, and the seconds by which the test went ahead."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.time() + self.ahead

    def to_the_next_hour(self):
        self.ahead += 3600 - self() % 3600 + 1


class Glue:
    """A running sandbox with the few calls that the tests repeat."""

    def __init__(self, sandbox):
        self.client = sandbox.client("glue")
        self.s3 = sandbox.client("s3")
        self.sandbox = sandbox

    def job(self, source=OK, **definition):
        name = f"job-{next(NAMES)}"
        self.s3.put_object(Bucket="scripts", Key=f"{name}.py", Body=source.encode())
        command = {"Name": "pythonshell", "ScriptLocation": f"s3://scripts/{name}.py"}
        self.client.create_job(Name=name, Role="glue", Command=command, **definition)
        return name

    def trigger(self, type="ON_DEMAND", **definition):
        name = f"trigger-{next(NAMES)}"
        if type != "ON_DEMAND":
            definition = {"StartOnCreation": True} | definition
        self.client.create_trigger(Name=name, Type=type, **definition)
        return name

    def after(self, watched, *jobs, state="SUCCEEDED", **definition):
        conditions = [{"JobName": watched, "State": state, "LogicalOperator": "EQUALS"}]
        actions = [{"JobName": job} for job in jobs]
        return self.trigger(
            "CONDITIONAL", Predicate={"Conditions": conditions}, Actions=actions, **definition
        )

    def workflow(self, **definition):
        name = f"workflow-{next(NAMES)}"
        self.client.create_workflow(Name=name, **definition)
        return name

    def ended(self, job, count=1):
        """The runs of a job, once there are `count` that have ended."""
        return until(
            lambda: self.client.get_job_runs(JobName=job)["JobRuns"],
            lambda runs: (
                len(runs) >= count
                and all(each["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING") for each in runs)
            ),
        )

    def run(self, workflow, id, states=("COMPLETED", "STOPPED", "ERROR")):
        call = self.client.get_workflow_run
        return until(
            lambda: call(Name=workflow, RunId=id, IncludeGraph=True)["Run"],
            lambda run: run["Status"] in states,
        )

    def log(self, run):
        group = "/aws-glue/jobs/output"
        events = self.sandbox.client("logs").get_log_events(logGroupName=group, logStreamName=run)["events"]
        return [each["message"] for each in events]


def until(look, holds):
    deadline = time.monotonic() + LIMIT
    while not holds(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def states(run):
    """The state of the latest run of each job in a run's graph."""
    return {
        node["Name"]: node["JobDetails"]["JobRuns"][-1]["JobRunState"]
        for node in run["Graph"]["Nodes"]
        if node.get("JobDetails", {}).get("JobRuns")
    }


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def glue(tmp_path_factory, clock):
    with Sandbox(state=tmp_path_factory.mktemp("state"), port=0, clock=clock) as sandbox:
        sandbox.client("s3").create_bucket(Bucket="scripts")
        yield Glue(sandbox)


def test_an_on_demand_trigger_starts_its_jobs_and_another_follows(glue):
    first = glue.job("import sys; print(sys.argv[1:])")
    second = glue.job()
    lone = glue.trigger(Actions=[{"JobName": first, "Arguments": {"--a": "b"}, "Timeout": 7}])
    follower = glue.after(first, second)
    glue.client.start_job_run(JobName=first)
    glue.ended(first)
    glue.client.start_trigger(Name=lone)
    (after,) = glue.ended(second)
    started, by_hand = glue.ended(first, 2)
    assert (started["TriggerName"], started["Timeout"], started["Arguments"]) == (lone, 7, {"--a": "b"})
    assert "TriggerName" not in by_hand, "a run that no trigger started makes none fire"
    assert after["TriggerName"] == follower
    assert after["PredecessorRuns"] == [{"JobName": first, "RunId": started["Id"]}]
    assert glue.client.get_trigger(Name=lone)["Trigger"]["State"] == "CREATED"


def test_a_scheduled_trigger_and_crawler_follow_the_clock(glue, clock):
    job = glue.job()
    glue.s3.create_bucket(Bucket="lake")
    glue.s3.put_object(Bucket="lake", Key="t/a.csv", Body=b"1,x\n2,y\n")
    glue.client.create_crawler(
        Name="hourly", Role="glue", DatabaseName="lake", Schedule=HOURLY,
        Targets={"S3Targets": [{"Path": "s3://lake/t/"}]},
    )  # fmt: skip
    trigger = glue.trigger("SCHEDULED", Schedule=HOURLY, Actions=[{"JobName": job}])
    idle = glue.job()
    glue.trigger("SCHEDULED", Schedule=HOURLY, Actions=[{"JobName": idle}], StartOnCreation=False)
    assert glue.client.get_job_runs(JobName=job)["JobRuns"] == []
    clock.to_the_next_hour()
    (run,) = glue.ended(job)
    assert (run["TriggerName"], run["JobRunState"]) == (trigger, "SUCCEEDED")
    until(lambda: glue.client.get_crawler(Name="hourly")["Crawler"], lambda found: "LastCrawl" in found)
    assert glue.client.get_table(DatabaseName="lake", Name="t")["Table"]["Name"] == "t"
    glue.client.stop_trigger(Name=trigger)
    glue.client.stop_crawler_schedule(CrawlerName="hourly")
    assert glue.client.get_trigger(Name=trigger)["Trigger"]["State"] == "DEACTIVATED"
    other = glue.job()
    glue.trigger("SCHEDULED", Schedule=HOURLY, Actions=[{"JobName": other}])
    clock.to_the_next_hour()
    glue.ended(other)
    assert len(glue.client.get_job_runs(JobName=job)["JobRuns"]) == 1
    assert glue.client.get_job_runs(JobName=idle)["JobRuns"] == []


def test_triggers_are_listed_changed_and_deleted(glue):
    job = glue.job()
    name = glue.trigger(Actions=[{"JobName": job}], Description="d", Tags={"team": "a"})
    arn = f"arn:aws:glue:us-east-1:000000000000:trigger/{name}"
    assert glue.client.get_tags(ResourceArn=arn)["Tags"] == {"team": "a"}
    assert glue.client.list_triggers(DependentJobName=job)["TriggerNames"] == [name]
    (found,) = glue.client.get_triggers(DependentJobName=job)["Triggers"]
    assert found == {
        "Name": name, "Type": "ON_DEMAND", "State": "CREATED", "Description": "d",
        "Actions": [{"JobName": job}],
    }  # fmt: skip
    update = {"Actions": [{"JobName": job, "Timeout": 3}]}
    changed = glue.client.update_trigger(Name=name, TriggerUpdate=update)["Trigger"]
    assert (changed["Actions"][0]["Timeout"], "Description" in changed) == (3, False)
    batch = glue.client.batch_get_triggers(TriggerNames=[name, "none"])
    assert (len(batch["Triggers"]), batch["TriggersNotFound"]) == (1, ["none"])
    with pytest.raises(glue.client.exceptions.AlreadyExistsException):
        glue.client.create_trigger(Name=name, Type="ON_DEMAND", Actions=[{"JobName": job}])
    with pytest.raises(glue.client.exceptions.InvalidInputException):
        glue.client.stop_trigger(Name=name)
    with pytest.raises(glue.client.exceptions.EntityNotFoundException):
        glue.trigger(Actions=[{"JobName": "none"}])
    glue.client.delete_trigger(Name=name)
    glue.client.delete_trigger(Name=name)
    with pytest.raises(glue.client.exceptions.EntityNotFoundException):
        glue.client.get_trigger(Name=name)
    with pytest.raises(ClientError, match="EventBridge") as caught:
        glue.client.create_trigger(Name="e", Type="EVENT", Actions=[{"JobName": job}])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


PROPERTIES = """
import sys, boto3
name, run = (sys.argv[sys.argv.index(each) + 1] for each in ("--WORKFLOW_NAME", "--WORKFLOW_RUN_ID"))
glue = boto3.client("glue")
print(glue.get_workflow_run_properties(Name=name, RunId=run)["RunProperties"])
glue.put_workflow_run_properties(Name=name, RunId=run, RunProperties={"seen": "yes"})
"""


def test_a_workflow_runs_to_its_end_and_is_resumed_from_what_failed(glue):
    flaky = "import boto3; boto3.client('s3').head_object(Bucket='scripts', Key='mended')"
    first, broken, last = glue.job(PROPERTIES), glue.job(flaky), glue.job()
    workflow = glue.workflow(DefaultRunProperties={"a": "1", "b": "2"}, MaxConcurrentRuns=1)
    glue.trigger(Actions=[{"JobName": first}], WorkflowName=workflow)
    glue.after(first, broken, WorkflowName=workflow)
    glue.after(broken, last, WorkflowName=workflow)
    id = glue.client.start_workflow_run(Name=workflow, RunProperties={"b": "3"})["RunId"]
    with pytest.raises(glue.client.exceptions.ConcurrentRunsExceededException, match=workflow):
        glue.client.start_workflow_run(Name=workflow)
    run = glue.run(workflow, id)
    assert (run["Status"], states(run)) == ("COMPLETED", {first: "SUCCEEDED", broken: "FAILED"})
    counts = run["Statistics"]
    assert (counts["TotalActions"], counts["SucceededActions"], counts["FailedActions"]) == (2, 1, 1)
    assert run["WorkflowRunProperties"] == {"a": "1", "b": "3", "seen": "yes"}
    assert glue.log(glue.ended(first)[0]["Id"]) == ["{'a': '1', 'b': '3'}"]
    ids = {node["Name"]: node["UniqueId"] for node in run["Graph"]["Nodes"]}
    with pytest.raises(glue.client.exceptions.InvalidInputException):
        glue.client.resume_workflow_run(Name=workflow, RunId=id, NodeIds=[ids[last]])
    glue.s3.put_object(Bucket="scripts", Key="mended", Body=b"")
    resumed = glue.client.resume_workflow_run(Name=workflow, RunId=id, NodeIds=[ids[broken]])
    assert resumed["NodeIds"] == [ids[broken]]
    again = glue.run(workflow, resumed["RunId"])
    assert states(again) == {first: "SUCCEEDED", broken: "SUCCEEDED", last: "SUCCEEDED"}
    assert (again["PreviousRunId"], again["Statistics"]["SucceededActions"]) == (id, 3)
    assert len(glue.client.get_job_runs(JobName=first)["JobRuns"]) == 1, (
        "what had succeeded was not run again"
    )
    runs = glue.client.get_workflow_runs(Name=workflow)["Runs"]
    assert [each["WorkflowRunId"] for each in runs] == [resumed["RunId"], id]
    found = glue.client.get_workflow(Name=workflow, IncludeGraph=True)["Workflow"]
    assert (found["LastRun"]["WorkflowRunId"], len(found["Graph"]["Nodes"])) == (resumed["RunId"], 6)


def test_a_workflow_run_is_stopped(glue):
    long, never = glue.job("import time; time.sleep(600)"), glue.job()
    workflow = glue.workflow()
    glue.trigger(Actions=[{"JobName": long}], WorkflowName=workflow)
    glue.after(long, never, state="STOPPED", WorkflowName=workflow)
    id = glue.client.start_workflow_run(Name=workflow)["RunId"]
    until(
        lambda: glue.client.get_job_runs(JobName=long)["JobRuns"],
        lambda runs: runs and runs[0]["JobRunState"] == "RUNNING",
    )
    glue.client.stop_workflow_run(Name=workflow, RunId=id)
    run = glue.run(workflow, id)
    assert (run["Status"], run["Statistics"]["StoppedActions"], states(run)) == (
        "STOPPED",
        1,
        {long: "STOPPED"},
    )
    with pytest.raises(ClientError) as caught:
        glue.client.stop_workflow_run(Name=workflow, RunId=id)
    assert caught.value.response["Error"]["Code"] == "IllegalWorkflowStateException"
    assert glue.client.get_job_runs(JobName=never)["JobRuns"] == []


def test_a_job_that_cannot_be_started_is_an_error_of_the_run(glue):
    busy = glue.job("import time; time.sleep(600)")
    held = glue.client.start_job_run(JobName=busy)["JobRunId"]
    workflow = glue.workflow()
    glue.trigger(Actions=[{"JobName": busy}], WorkflowName=workflow)
    run = glue.run(workflow, glue.client.start_workflow_run(Name=workflow)["RunId"])
    assert (run["Status"], run["Statistics"]["ErroredActions"]) == ("COMPLETED", 1)
    glue.client.batch_stop_job_run(JobName=busy, JobRunIds=[held])
    glue.ended(busy)


def test_workflows_are_listed_changed_and_deleted(glue):
    workflow = glue.workflow(Description="d", Tags={"a": "b"})
    with pytest.raises(glue.client.exceptions.InvalidInputException, match="no start trigger"):
        glue.client.start_workflow_run(Name=workflow)
    job = glue.job()
    start = glue.trigger("SCHEDULED", Schedule=HOURLY, Actions=[{"JobName": job}], WorkflowName=workflow)
    with pytest.raises(glue.client.exceptions.InvalidInputException, match=start):
        glue.trigger(Actions=[{"JobName": job}], WorkflowName=workflow)
    glue.client.update_workflow(Name=workflow, Description="e", MaxConcurrentRuns=2)
    found = glue.client.get_workflow(Name=workflow)["Workflow"]
    assert (found["Description"], found["MaxConcurrentRuns"]) == ("e", 2)
    assert workflow in glue.client.list_workflows()["Workflows"]
    batch = glue.client.batch_get_workflows(Names=[workflow, "none"])
    assert (len(batch["Workflows"]), batch["MissingWorkflows"]) == (1, ["none"])
    glue.client.delete_workflow(Name=workflow)
    for call in (glue.client.get_workflow, glue.client.start_workflow_run):
        with pytest.raises(glue.client.exceptions.EntityNotFoundException):
            call(Name=workflow)
    with pytest.raises(glue.client.exceptions.EntityNotFoundException):
        glue.client.get_trigger(Name=start)


def test_a_workflow_goes_on_after_the_sandbox_ended_in_the_middle(tmp_path, clock):
    state = tmp_path / "state"
    with Sandbox(state=state, port=0, clock=clock) as sandbox:
        sandbox.client("s3").create_bucket(Bucket="scripts")
        glue = Glue(sandbox)
        long, after, other = glue.job("import time; time.sleep(600)"), glue.job(), glue.job()
        workflow = glue.workflow()
        glue.trigger(Actions=[{"JobName": long}], WorkflowName=workflow)
        glue.after(long, after, state="STOPPED", WorkflowName=workflow)
        glue.after(long, other, state="SUCCEEDED", WorkflowName=workflow)
        missed = glue.job()
        hourly = glue.trigger("SCHEDULED", Schedule=HOURLY, Actions=[{"JobName": missed}])
        id = glue.client.start_workflow_run(Name=workflow)["RunId"]
        until(
            lambda: glue.client.get_job_runs(JobName=long)["JobRuns"],
            lambda runs: runs and runs[0]["JobRunState"] == "RUNNING",
        )
    clock.to_the_next_hour()
    with Sandbox(state=state, port=0, clock=clock) as sandbox:
        glue = Glue(sandbox)
        run = glue.run(workflow, id)
        assert states(run) == {long: "STOPPED", after: "SUCCEEDED"}
        told = sandbox.parts.journal.since(subject=f"trigger {hourly}")
        assert [each.event for each in told] == ["schedule missed"]
        assert glue.client.get_job_runs(JobName=missed)["JobRuns"] == []
        assert glue.client.get_job_runs(JobName=other)["JobRuns"] == []
