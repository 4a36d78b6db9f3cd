"""Managed scaling as tables: limits and load in, the groups' new counts out."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from sandbox.emr import request, scaling
from sandbox.emr.autoscaler import Autoscaler
from sandbox.emr.model import InstanceState, Role, ScalingLimits
from sandbox.emr.scaling import Load
from sandbox.errors import AwsError
from sandbox.spark.standalone import WorkerSize

LIMITS = {"UnitType": "Instances", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 6}


def limits(**changes):
    return scaling.limits({"ComputeLimits": {**LIMITS, **changes}})


def test_what_is_not_limited_is_limited_by_the_whole():
    assert limits() == ScalingLimits(1, 6, 6, 6)
    assert limits(MaximumCoreCapacityUnits=2, MaximumOnDemandCapacityUnits=3) == ScalingLimits(1, 6, 3, 2)
    assert scaling.limits(scaling.policy(ScalingLimits(1, 6, 3, 2))) == ScalingLimits(1, 6, 3, 2)
    assert scaling.limits(None) is None


@pytest.mark.parametrize(
    ("policy", "code", "message"),
    [
        ({}, "ValidationException", "no ComputeLimits"),
        (
            {"ComputeLimits": {**LIMITS, "MinimumCapacityUnits": 7}},
            "ValidationException",
            "MinimumCapacityUnits",
        ),
        ({"ComputeLimits": {**LIMITS, "MinimumCapacityUnits": 0}}, "ValidationException", "at least 1"),
        ({"ComputeLimits": {**LIMITS, "MaximumCoreCapacityUnits": 7}}, "ValidationException", "MaximumCore"),
        ({"ComputeLimits": {**LIMITS, "UnitType": "VCPU"}}, "NotEmulated", "by VCPU"),
        ({"ComputeLimits": LIMITS, "ScalingStrategy": "ADVANCED"}, "NotEmulated", "ScalingStrategy"),
    ],
)
def test_policies_that_cannot_be_are_named(policy, code, message):
    with pytest.raises(AwsError, match=message) as caught:
        scaling.limits(policy)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("running", "waiting", "wanted"), [(0, 0, 1), (2, 0, 1), (2, 1, 2), (2, 6, 4), (4, 100, 6)]
)
def test_there_is_a_core_for_every_task_within_the_limits(running, waiting, wanted):
    assert scaling.wanted_nodes(Load(running, waiting, cores=2), limits()) == wanted


def cluster(core, task, limits, task_market="ON_DEMAND"):
    numbers = iter(range(100))
    groups = [("MASTER", 1, "ON_DEMAND"), ("CORE", core, "ON_DEMAND"), ("TASK", task, task_market)]
    document = {
        "Name": "c",
        "Instances": {
            "InstanceGroups": [
                {"InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": count, "Market": market}
                for role, count, market in groups
                if count
            ]
        },
    }
    value = request.cluster(document, 1.0, lambda prefix, _: f"{prefix}{next(numbers)}")
    return replace(value, scaling=limits)


@pytest.mark.parametrize(
    ("now", "limits", "wanted", "expected"),
    [
        ((1, 1), ScalingLimits(1, 6, 6, 2), 5, {"CORE": 2, "TASK": 3}),
        ((2, 3), ScalingLimits(1, 6, 6, 2), 1, {"CORE": 1, "TASK": 0}),
        ((2, 3), ScalingLimits(1, 6, 6, 2), 5, {}),
        ((1, 0), ScalingLimits(1, 6, 6, 6), 4, {"CORE": 4}),
        ((1, 1), ScalingLimits(1, 6, 2, 6), 6, {"CORE": 2, "TASK": 0}),
        ((1, 1), ScalingLimits(2, 6, 6, 0), 2, {}),
    ],
)
def test_core_nodes_come_first_and_go_last(now, limits, wanted, expected):
    value = cluster(*now, limits)
    roles = {group.id: str(group.role) for group in value.groups}
    assert {roles[id]: count for id, count in scaling.counts(value, wanted).items()} == expected


def test_spot_nodes_are_not_limited_by_what_may_be_on_demand():
    value = cluster(1, 1, ScalingLimits(1, 6, 1, 1), task_market="SPOT")
    (changed,) = scaling.counts(value, 6).items()
    (task,) = [group.id for group in value.groups if group.role is Role.TASK]
    assert changed == (task, 5)
    assert {one.state for one in value.instances} == {InstanceState.PROVISIONING}


def autoscaler(now):
    """On a machine whose workers have two cores; `now` is a list of one time in seconds."""
    machines = SimpleNamespace(
        machine=lambda *_: SimpleNamespace(host="127.0.0.1"), worker_size=lambda *_: WorkerSize(2, 1024)
    )
    return Autoscaler(SimpleNamespace(machines=machines, layout=lambda _: None), lambda: now[0])


def running(core, limits):
    value = cluster(core, 0, limits)
    instances = tuple(replace(one, state=InstanceState.RUNNING) for one in value.instances)
    return replace(value, instances=instances)


def test_nodes_to_spare_go_after_the_cool_down():
    now = [100.0]
    scaler, idle = autoscaler(now), running(2, ScalingLimits(1, 3, 3, 3))
    assert scaler.look(idle) is None
    now[0] += scaling.COOL_DOWN - 1
    assert scaler.look(idle) is None
    now[0] += 5
    changes, load = scaler.look(idle)
    assert (list(changes.values()), load) == ([1], Load(0, 0, 2))


def test_nodes_are_not_asked_for_again_where_they_were_refused():
    now = [100.0]
    scaler, small = autoscaler(now), running(1, ScalingLimits(2, 3, 3, 3))
    changes, _ = scaler.look(small)
    assert list(changes.values()) == [2]
    scaler.refused(small, changes)
    now[0] += 10
    assert scaler.look(small) is None
    now[0] += 10
    assert list(scaler.look(replace(small, scaling=ScalingLimits(3, 3, 3, 3)))[0].values()) == [3]
