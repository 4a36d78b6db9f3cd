"""The course's logic: what a stage asks for, what it tells, and what happens when one fails."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from sandbox.demo.stages import StageState

NAMES = ["upload", "crawl", "etl", "cluster", "train", "explore", "predict", "terminate"]


def states(stages):
    return {stage.name: str(stage.state) for stage in stages}


def outcome(stages, name):
    return next(stage for stage in stages if stage.name == name)


def test_every_stage_completes_in_the_order_of_the_course(course):
    run = course()
    stages = run.run()
    assert [stage.name for stage in stages] == NAMES
    assert set(states(stages).values()) == {"COMPLETED"}
    assert run.narrator.events == [
        event for name in NAMES for event in (("begun", name), ("COMPLETED", name))
    ]


def test_results_are_what_the_services_told(course):
    documents = {stage.name: stage.document()["results"] for stage in course().run()}
    assert documents["upload"]["bytes"] == 22
    assert documents["crawl"]["rows"] == 1
    assert list(documents["crawl"]["columns"]) == ["col0", "col1", "col2"]
    assert (documents["etl"]["rows_read"], documents["etl"]["rows"]) == (3, 2)
    assert documents["etl"]["columns"] == {"age": "bigint", "income": "string"}
    assert documents["cluster"]["nodes"] == {"MASTER": 1, "CORE": 1}
    assert documents["train"]["accuracy"] == 0.8
    assert documents["explore"]["tables"] == ("adult_data", "adult_data_clean")
    assert documents["explore"]["found"] == (("<=50K", "7"), (">50K", "3"))
    assert "metrics" not in documents["train"]
    assert [one["prediction"] for one in documents["predict"]["predictions"]] == [">50K", ">50K"]
    assert documents["terminate"] == {"cluster_id": "j-1", "state": "TERMINATED", "kept": False}


def test_the_cluster_is_launched_while_the_job_runs(world, course):
    stages = course().run()
    order = [name for name, _ in world.calls]
    assert order.index("StartJobRun") < order.index("RunJobFlow") < order.index("GetJobRun")
    assert outcome(stages, "cluster").results.during == "etl"


def test_what_the_cluster_and_the_steps_are_asked_for(world, course):
    course().run()
    flow = world.asked("RunJobFlow")[0]
    groups = {group["InstanceRole"]: group["InstanceCount"] for group in flow["Instances"]["InstanceGroups"]}
    assert groups == {"MASTER": 1, "CORE": 1}
    assert flow["Configurations"][0]["Classification"] == "spark-hive-site"
    assert flow["LogUri"] == "s3://census-test-logs/"
    assert len(flow["BootstrapActions"]) == 1 and flow["Tags"]
    train, predict = (request["Steps"][0]["HadoopJarStep"] for request in world.asked("AddJobFlowSteps"))
    assert train["Jar"] == "command-runner.jar"
    assert train["Args"][:4] == [
        "spark-submit",
        "--deploy-mode",
        "cluster",
        "s3://census-test-scripts/census_train.py",
    ]
    assert predict["Args"][3] == "s3://census-test-scripts/tree_predict.py"


def test_a_note_that_fails_tells_which_paragraph_and_where_its_results_lie(world, course):
    world.answers["DescribeNotebookExecution"] = lambda _: world.execution("FAILED", "The tables: boom")
    stages = course().run()
    explored = outcome(stages, "explore")
    assert explored.error == "Notebook execution ex-1 is FAILED: The tables: boom"
    assert explored.log == "s3://census-test-model/explored.zpln"
    assert (states(stages)["predict"], states(stages)["terminate"]) == ("SKIPPED", "COMPLETED")


def test_a_note_that_made_no_table_has_failed(world, course):
    world.answers["StartNotebookExecution"] = lambda request: _empty_note(world, request)
    assert outcome(course().run(), "explore").error == "The note of execution ex-1 made no table"


def _empty_note(world, request):
    key = request["OutputNotebookS3Location"]["Key"]
    body = b'{"name": "n", "paragraphs": []}'
    world.client("s3").put_object(Bucket="census-test-model", Key=key, Body=body)
    return {"NotebookExecutionId": "ex-1"}


def test_bytes_of_the_upload_are_told(course):
    run = course()
    run.run()
    uploads = [progress for stage, progress in run.narrator.progressed if stage == "upload"]
    assert (uploads[-1].done, uploads[-1].total) == (22, 22)


def test_a_failed_job_skips_the_rest_and_still_terminates_the_cluster(world, course):
    world.answers["GetJobRun"] = lambda _: world.job_run("FAILED", ErrorMessage="KeyError: 'col7'")
    stages = course().run()
    assert list(states(stages).values()) == ["COMPLETED"] * 2 + ["FAILED"] + ["SKIPPED"] * 4 + ["COMPLETED"]
    etl = outcome(stages, "etl")
    assert etl.error == "KeyError: 'col7'"
    assert etl.log == "/aws-glue/jobs/error, stream jr_1"
    assert etl.document()["error"] == "KeyError: 'col7'"
    assert world.asked("TerminateJobFlows") == [{"JobFlowIds": ["j-1"]}]
    assert not world.asked("AddJobFlowSteps")


def test_a_failed_crawl_launches_nothing(world, course):
    world.answers["GetCrawler"] = lambda _: {
        "Crawler": {
            "State": "READY",
            "LastCrawl": {"Status": "FAILED", "ErrorMessage": "Access Denied", "StartTime": world.crawls},
        }
    }
    stages = course().run()
    assert outcome(stages, "crawl").error == "Access Denied"
    assert states(stages)["terminate"] == "SKIPPED"
    assert not world.asked("RunJobFlow")
    assert not world.asked("TerminateJobFlows")


def test_a_crawl_that_made_another_table_has_failed(world, course):
    world.answers["GetTables"] = lambda _: {"TableList": [world.table("adult", {"a": "string"})]}
    crawl = outcome(course().run(), "crawl")
    assert crawl.state is StageState.FAILED
    assert "no table adult_data" in crawl.error and "holds: adult" in crawl.error


def test_the_last_crawl_is_not_taken_for_this_one(world, course):
    """READY with the old LastCrawl: the crawl has not begun, so there is nothing to report."""
    world.crawls = 7
    world.answers["StartCrawler"] = lambda _: {}
    crawl = outcome(course().run(), "crawl")
    assert crawl.state is StageState.FAILED
    assert "was not done within 900 seconds" in crawl.error


def test_a_failed_step_tells_why_and_where_its_log_lies(world, course):
    log = "s3://census-test-logs/j-1/steps/s-train/stderr.gz"
    world.answers["DescribeStep"] = lambda request: world.step(
        request["StepId"], "FAILED", Reason="Unknown Error.", Message="exit code 1: boom", LogFile=log
    )
    stages = course().run()
    train = outcome(stages, "train")
    assert train.error == "Step s-train is FAILED: exit code 1: boom"
    assert train.log == log
    assert states(stages)["predict"] == "SKIPPED"
    assert states(stages)["terminate"] == "COMPLETED"


def test_a_refused_cluster_is_the_cluster_stages_failure(world, course):
    world.refuse("RunJobFlow", "ValidationException", "too many nodes")
    stages = course().run()
    assert states(stages)["etl"] == "COMPLETED"
    assert outcome(stages, "cluster").error == "ValidationException: too many nodes"
    assert states(stages)["terminate"] == "SKIPPED"


def test_a_cluster_that_dies_in_its_bootstrap_action(world, course):
    world.cluster_state = "TERMINATED_WITH_ERRORS"
    world.answers["DescribeCluster"] = lambda _: {"Cluster": world.cluster("bootstrap action 1 returned 1")}
    stages = course().run()
    assert "bootstrap action 1 returned 1" in outcome(stages, "cluster").error
    assert outcome(stages, "cluster").log == "s3://census-test-logs/j-1/node/"
    assert states(stages)["train"] == "SKIPPED"


def test_predictions_that_are_missing_fail_the_stage(world, course):
    usual = world.answers["AddJobFlowSteps"]

    def add(request):
        answer = usual(request)
        if request["Steps"][0]["Name"] == "predict":
            world.client("s3").put_object(Bucket="census-test-model", Key="scored.json", Body=b"{}\n")
        return answer

    world.answers["AddJobFlowSteps"] = add
    assert outcome(course().run(), "predict").error == "2 records gave 1 predictions"


def test_metrics_that_were_not_written_fail_the_stage(world, course):
    world.answers["AddJobFlowSteps"] = lambda _: {"StepIds": ["s-train"]}
    train = outcome(course().run(), "train")
    assert train.state is StageState.FAILED
    assert train.error.startswith("NoSuchKey")


def test_a_job_that_does_not_tell_its_rows_has_none(world, course):
    world.client("logs").delete_log_stream(logGroupName="/aws-glue/jobs/output", logStreamName="jr_1")
    world.client("logs").create_log_stream(logGroupName="/aws-glue/jobs/output", logStreamName="jr_1")
    etl = outcome(course().run(), "etl")
    assert etl.state is StageState.COMPLETED
    assert etl.results.rows is None


def interrupt(_seconds):
    raise KeyboardInterrupt


def test_interrupted_in_a_step_the_cluster_is_terminated(world, course):
    world.answers["DescribeStep"] = lambda request: world.step(request["StepId"], "RUNNING")
    with pytest.raises(KeyboardInterrupt):
        course(sleep=interrupt).run()
    assert world.asked("TerminateJobFlows") == [{"JobFlowIds": ["j-1"]}]
    assert not world.asked("BatchStopJobRun")


def test_interrupted_in_the_job_both_are_ended(world, course):
    world.answers["GetJobRun"] = lambda _: world.job_run("RUNNING")
    with pytest.raises(KeyboardInterrupt):
        course(sleep=interrupt).run()
    assert world.asked("BatchStopJobRun") == [{"JobName": "census-job", "JobRunIds": ["jr_1"]}]
    assert world.asked("TerminateJobFlows")


def test_interrupted_while_the_service_is_gone_it_is_still_an_interrupt(world, course):
    world.answers["DescribeStep"] = lambda request: world.step(request["StepId"], "RUNNING")
    world.refuse("TerminateJobFlows", "InternalServerException", "gone")
    with pytest.raises(KeyboardInterrupt):
        course(sleep=interrupt).run()


def test_interrupted_with_keep_the_cluster_stays(world, course):
    world.answers["DescribeStep"] = lambda request: world.step(request["StepId"], "RUNNING")
    with pytest.raises(KeyboardInterrupt):
        course(sleep=interrupt, keep=True).run()
    assert not world.asked("TerminateJobFlows")


def test_kept_on_purpose_is_skipped_and_said_so(world, course):
    terminate = outcome(course(keep=True).run(), "terminate")
    assert terminate.state is StageState.SKIPPED
    assert terminate.results.kept and terminate.results.state == "WAITING"
    assert not world.asked("TerminateJobFlows")


def test_again_on_the_same_account(world, course):
    """What exists is updated, and what an earlier run wrote is not read again."""
    course().run()
    world.client("s3").put_object(Bucket="census-test-clean", Key="adult_data_clean/old.parquet", Body=b"x")
    world.client("s3").put_object(Bucket="census-test-raw", Key="adult_data/old.data", Body=b"x")
    for operation in ("CreateDatabase", "CreateCrawler", "CreateJob"):
        world.refuse(operation, "AlreadyExistsException", "it exists")
    world.answers["UpdateCrawler"] = lambda _: {}
    world.answers["UpdateJob"] = lambda request: {"JobName": request["JobName"]}
    world.cluster_state = "WAITING"
    assert set(states(course().run()).values()) == {"COMPLETED"}
    assert world.asked("UpdateCrawler")[0]["Targets"]["S3Targets"] == [
        {"Path": "s3://census-test-raw/adult_data/"}
    ]
    assert world.asked("UpdateJob")
    found = world.client("s3").list_objects_v2(Bucket="census-test-clean")
    assert "Contents" not in found
    raw = world.client("s3").list_objects_v2(Bucket="census-test-raw")["Contents"]
    assert [entry["Key"] for entry in raw] == ["adult_data/adult.data"]


def test_a_bucket_of_somebody_else_fails_the_upload(world, course, monkeypatch):
    error = ClientError({"Error": {"Code": "BucketAlreadyExists", "Message": "taken"}}, "CreateBucket")

    def taken(**_):
        raise error

    monkeypatch.setattr(world.client("s3"), "create_bucket", taken)
    stages = course().run()
    assert outcome(stages, "upload").error == "BucketAlreadyExists: taken"
    assert states(stages)["crawl"] == "SKIPPED"


def test_a_stages_document_has_no_error_unless_it_failed(course):
    for stage in course().run():
        assert "error" not in stage.document()
        assert isinstance(stage.document()["seconds"], float)
