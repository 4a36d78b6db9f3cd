"""Other configurations for groups of a cluster that runs: asked for, on their way, and taken back."""

import itertools

import pytest

from sandbox.emr import configurations, describe, events, reconfigure, request
from sandbox.emr.changes import changes
from sandbox.emr.lifecycle import advance
from sandbox.emr.model import Ports, Role
from sandbox.errors import AwsError


def defaults(**properties):
    return {"Classification": "spark-defaults", "Properties": properties}


@pytest.fixture
def cluster():
    numbers = itertools.count(1)
    groups = [
        {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
        {
            "InstanceRole": "CORE",
            "InstanceType": "m5.xlarge",
            "InstanceCount": 1,
            "Configurations": [defaults(a="1", b="1")],
        },
    ]
    document = {"Name": "c", "Instances": {"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True}}
    value = request.cluster(document, 0.0, lambda prefix, _: f"{prefix}{next(numbers)}")
    for event in (
        events.Launched(),
        events.NodesPrepared(),
        events.Bootstrapped(),
        events.ApplicationsStarted(Ports(1, 2, 3)),
    ):
        value, _ = advance(value, event, 1.0)
    return value


def core(cluster):
    return next(one for one in cluster.groups if one.role is Role.CORE)


def change(cluster, *given, **more):
    return {"InstanceGroupId": core(cluster).id, "Configurations": list(given), **more}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({}, [defaults(b="2")]),
        ({"ReconfigurationType": "OVERWRITE"}, [defaults(b="2")]),
        ({"ReconfigurationType": "MERGE"}, [{**defaults(a="1", b="2"), "Configurations": []}]),
    ],
)
def test_configurations_are_overwritten_or_merged(cluster, kind, expected):
    wanted = reconfigure.asked(cluster, [change(cluster, defaults(b="2"), **kind)])
    assert list(wanted[core(cluster).id]) == expected


def test_exports_are_merged_too():
    def export(**variables):
        inner = {"Classification": "export", "Properties": variables}
        return {"Classification": "spark-env", "Configurations": [inner]}

    assert configurations.exports(configurations.merged([export(A="1", B="1")], [export(B="2")])) == {
        "A": "1",
        "B": "2",
    }


def test_a_group_is_reconfigured_and_then_runs_with_the_new_version(cluster):
    wanted = reconfigure.asked(cluster, [change(cluster, defaults(b="2"))])
    busy, effects = advance(cluster, events.Reconfigured(wanted), 2.0)
    assert effects == (events.ReconfigureNodes((core(cluster).id,)),)
    told = describe.instance_group(core(busy), busy)
    assert told["Status"]["State"] == "RECONFIGURING"
    assert (told["ConfigurationsVersion"], told["LastSuccessfullyAppliedConfigurationsVersion"]) == (1, 0)
    assert told["LastSuccessfullyAppliedConfigurations"] == [defaults(a="1", b="1")]
    with pytest.raises(AwsError, match="being reconfigured already"):
        reconfigure.asked(busy, [change(cluster, defaults())])
    done, _ = advance(busy, events.ReconfigurationEnded((core(cluster).id,)), 3.0)
    told = describe.instance_group(core(done), done)
    assert (told["Status"]["State"], told["LastSuccessfullyAppliedConfigurationsVersion"]) == ("RUNNING", 1)
    assert told["Configurations"] == [defaults(b="2")]
    assert [(one[0], one[1]) for one in changes(cluster, busy) + changes(busy, done)] == [
        (core(cluster).id, "group RECONFIGURING"),
        (core(cluster).id, "group RECONFIGURED"),
    ]


def test_what_cannot_be_applied_is_taken_back(cluster):
    wanted = reconfigure.asked(cluster, [change(cluster, defaults(b="2"))])
    busy, _ = advance(cluster, events.Reconfigured(wanted), 2.0)
    back, _ = advance(busy, events.ReconfigurationEnded((core(cluster).id,), "no worker"), 3.0)
    told = describe.instance_group(core(back), back)
    assert told["Configurations"] == [defaults(a="1", b="1")]
    assert told["Status"]["StateChangeReason"]["Message"].endswith("taken back: no worker")


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        (
            {"InstanceGroupId": "ig-none", "Configurations": []},
            "InvalidRequestException",
            "'ig-none' is not valid",
        ),
        ({"Configurations": [{"Classification": "made-up"}]}, "ValidationException", "'made-up' is unknown"),
        ({"Configurations": [], "InstanceCount": 2}, "NotEmulated", "InstanceCount"),
    ],
)
def test_what_cannot_be_is_refused(cluster, given, code, text):
    with pytest.raises(AwsError, match=text) as caught:
        reconfigure.asked(cluster, [{"InstanceGroupId": core(cluster).id, **given}])
    assert caught.value.code == code
