"""What RunJobFlow accepts, what it answers as wrong, and what it refuses by name."""

import itertools

import pytest
from botocore.validate import ParamValidator
from service_models import service_model, without_none

from sandbox.emr import describe, request
from sandbox.emr.model import Role
from sandbox.errors import AwsError

NAMING = describe.Naming("000000000000", "us-east-1", "127.0.0.1", "3.5.9")
GROUPS = [
    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
    {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2},
]
FLEETS = [
    {
        "InstanceFleetType": "MASTER",
        "TargetOnDemandCapacity": 1,
        "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
    }
]
EXPORT = {"Classification": "export", "Properties": {"A": "b"}}
STEP = {"Name": "s", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["true"]}}


def ids():
    numbers = itertools.count(1)
    return lambda prefix, _length: f"{prefix}{next(numbers)}"


def run(**changes):
    base = {"Name": "c", "Instances": {"InstanceGroups": GROUPS}}
    return request.cluster({**base, **changes}, 100.0, ids())


def master(**changes):
    return {"Instances": {"InstanceGroups": [{**GROUPS[0], **changes}]}}


def test_a_cluster_has_an_instance_for_each_that_was_asked_for():
    cluster = run(Steps=[STEP], Tags=[{"Key": "a", "Value": "b"}, {"Key": "c"}], LogUri="s3://logs/x/")
    assert [instance.role for instance in cluster.instances] == [Role.MASTER, Role.CORE, Role.CORE]
    assert cluster.tags == {"a": "b", "c": ""}
    assert cluster.steps[0].action_on_failure == "CONTINUE"
    assert len({instance.ec2_id for instance in cluster.instances}) == 3


def test_the_default_of_one_step_at_a_time_may_be_said():
    assert run(StepConcurrencyLevel=1).state == "STARTING"


def test_the_uniform_form_makes_groups():
    cluster = run(Instances={"MasterInstanceType": "m5.xlarge", "InstanceCount": 3})
    assert [(group.role, group.count) for group in cluster.groups] == [(Role.MASTER, 1), (Role.CORE, 2)]


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"Instances": {}}, "ValidationException", "master instance type"),
        ({"Instances": {"InstanceGroups": GROUPS[1:]}}, "ValidationException", "exactly one master"),
        (
            {"Instances": {"InstanceGroups": GROUPS, "InstanceCount": 3}},
            "ValidationException",
            "one and only one",
        ),
        ({"Instances": {"InstanceGroups": [*GROUPS, GROUPS[1]]}}, "ValidationException", "at most one CORE"),
        (
            {"Instances": {"InstanceGroups": [GROUPS[0], {**GROUPS[1], "InstanceRole": "TASK"}]}},
            "ValidationException",
            "needs a CORE",
        ),
        (
            {"Instances": {"InstanceGroups": [GROUPS[0], {**GROUPS[1], "InstanceCount": 0}]}},
            "ValidationException",
            "no",
        ),
        (
            {"Instances": {"InstanceGroups": [GROUPS[0], {**GROUPS[1], "InstanceCount": 10**9}]}},
            "ValidationException",
            "more than 10000",
        ),
        (
            {"Instances": {"MasterInstanceType": "m5.xlarge", "InstanceCount": 2**31 - 1}},
            "ValidationException",
            "more than 10000",
        ),
        ({"Instances": {"MasterInstanceType": "m5.xlarge", "InstanceCount": 0}}, "ValidationException", "0"),
        ({"LogUri": "logs/"}, "ValidationException", "Invalid logUri"),
        ({"ReleaseLabel": "7.1.0"}, "ValidationException", "release label is invalid"),
        ({"Steps": [STEP] * 257}, "ValidationException", "256"),
        ({"Instances": {"InstanceFleets": []}}, "ValidationException", "master instance type"),
        (
            {"Instances": {"InstanceGroups": GROUPS, "InstanceFleets": FLEETS}},
            "ValidationException",
            "one and only one",
        ),
        (master(InstanceType="m5.tiny"), "ValidationException", "Instance type 'm5.tiny' is not supported."),
        (
            master(InstanceType="t2.micro"),
            "ValidationException",
            "Instance type 't2.micro' is not supported.",
        ),
        (master(Market="SPOT", BidPrice="cheap"), "ValidationException", "bid price 'cheap' is invalid"),
        (master(Market="SPOT", BidPrice="0"), "ValidationException", "bid price '0' is invalid"),
        (master(BidPrice="0.1"), "ValidationException", "market SPOT"),
        ({"ReleaseLabel": "emr-99.1.0"}, "ValidationException", "release label is invalid: emr-99.1.0"),
        ({"ReleaseLabel": "emr-7.77.0"}, "ValidationException", "release label is invalid"),
        (
            {"Instances": {"InstanceGroups": [{**GROUPS[0], "InstanceCount": 3}]}},
            "NotEmulated",
            "three master",
        ),
        ({"Applications": [{"Name": "Hadoop"}]}, "NotEmulated", "application Hadoop"),
        ({"StepConcurrencyLevel": 257}, "ValidationException", "between 1 and 256, not 257"),
        ({"StepConcurrencyLevel": 0}, "ValidationException", "between 1 and 256, not 0"),
        ({"AutoTerminationPolicy": {"IdleTimeout": 59}}, "ValidationException", "between 60 and 604800"),
        (
            {"StepConcurrencyLevel": 2, "Steps": [{**STEP, "ActionOnFailure": "TERMINATE_CLUSTER"}]},
            "ValidationException",
            "ActionOnFailure TERMINATE_CLUSTER is not valid",
        ),
        ({"KerberosAttributes": {}}, "NotEmulated", "KerberosAttributes"),
        ({"Configurations": [{"Classification": "trino-log"}]}, "NotEmulated", "'trino-log'"),
        ({"Configurations": [{"Classification": "made-up"}]}, "ValidationException", "'made-up' is unknown"),
        ({"Configurations": [{"Classification": ""}]}, "ValidationException", "'' is unknown"),
        (
            {"Configurations": [{"Classification": "core-site", "Configurations": [EXPORT]}]},
            "NotEmulated",
            "'export' nested in 'core-site'",
        ),
        (
            master(
                Configurations=[
                    {
                        "Classification": "spark-env",
                        "Configurations": [{**EXPORT, "Configurations": [EXPORT]}],
                    }
                ]
            ),
            "NotEmulated",
            "nested in 'spark-env'",
        ),
    ],
)
def test_what_is_wrong_or_not_emulated_is_named(changes, code, text):
    with pytest.raises(AwsError) as caught:
        run(**changes)
    assert caught.value.code == code
    assert text in caught.value.message
    assert caught.value.status == (501 if code == "NotEmulated" else 400)


def test_answers_fit_botocores_shapes():
    model = service_model("emr")
    cluster = run(
        Steps=[STEP],
        ServiceRole="EMR_DefaultRole",
        JobFlowRole="EMR_EC2_DefaultRole",
        LogUri="s3://logs/",
        Applications=[{"Name": "spark"}],
        Configurations=[{"Classification": "spark-defaults", "Properties": {"a": "b"}}],
    )
    for operation, answer in {
        "DescribeCluster": {"Cluster": describe.cluster(cluster, NAMING)},
        "ListClusters": {"Clusters": [describe.summary(cluster, NAMING)]},
        "DescribeStep": {"Step": describe.step(cluster.steps[0], cluster)},
        "ListInstances": {"Instances": [describe.instance(i, cluster, NAMING) for i in cluster.instances]},
        "ListInstanceGroups": {
            "InstanceGroups": [describe.instance_group(g, cluster) for g in cluster.groups]
        },
    }.items():
        shape = model.operation_model(operation).output_shape
        report = ParamValidator().validate(without_none(answer), shape)
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"


def test_the_version_that_really_runs_is_told():
    answer = describe.cluster(run(Applications=[{"Name": "Spark"}]), NAMING)
    assert answer["Applications"] == [{"Name": "Spark", "Version": "3.5.9"}]


def test_no_address_is_told_before_the_master_runs():
    assert describe.cluster(run(), NAMING)["MasterPublicDnsName"] is None
