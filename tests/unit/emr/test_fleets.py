"""Instance fleets as tables: configurations and targets in, nodes out."""

import itertools
from collections import Counter

import pytest
from botocore.validate import ParamValidator
from service_models import service_model, without_none

from sandbox.emr import describe, events, request, resize
from sandbox.emr.lifecycle import advance
from sandbox.emr.model import ClusterState, InstanceState, Market, Ports
from sandbox.errors import AwsError

MASTER = {
    "InstanceFleetType": "MASTER",
    "TargetOnDemandCapacity": 1,
    "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
}
TYPES = [
    {"InstanceType": "r5.xlarge", "WeightedCapacity": 2, "BidPrice": "0.5"},
    {"InstanceType": "m5.xlarge", "WeightedCapacity": 3, "Priority": 1.0},
]


def core(**changes):
    base = {"InstanceFleetType": "CORE", "TargetOnDemandCapacity": 3, "TargetSpotCapacity": 2}
    return {**base, "InstanceTypeConfigs": TYPES, **changes}


def ids():
    numbers = itertools.count(1)
    return lambda prefix, _length: f"{prefix}{next(numbers)}"


def launched(*fleets):
    document = {
        "Name": "c",
        "Instances": {"InstanceFleets": list(fleets), "KeepJobFlowAliveWhenNoSteps": True},
    }
    return request.cluster(document, 0.0, ids())


def running(*fleets):
    value = launched(*fleets)
    for event in (
        events.Launched(),
        events.NodesPrepared(),
        events.Bootstrapped(),
        events.ApplicationsStarted(Ports(1, 2, 3)),
    ):
        value, _ = advance(value, event, 1.0)
    assert value.state is ClusterState.WAITING
    return value


def units(nodes):
    counted = Counter()
    for node in nodes:
        counted[node.market] += node.units
    return counted[Market.ON_DEMAND], counted[Market.SPOT]


def test_units_are_filled_until_the_targets_are_met_even_beyond():
    nodes = [one for one in launched(MASTER, core()).instances if one.role == "CORE"]
    assert {one.instance_type for one in nodes} == {"r5.xlarge"}
    assert units(nodes) == (4, 2)


def test_the_type_with_the_first_priority_is_taken():
    types = [{**TYPES[0], "Priority": 2.0}, {**TYPES[1], "Priority": 1.0}]
    nodes = [one for one in launched(MASTER, core(InstanceTypeConfigs=types)).instances if one.role == "CORE"]
    assert [(one.instance_type, one.units) for one in nodes] == [("m5.xlarge", 3)] * 2


@pytest.mark.parametrize(
    ("fleets", "text"),
    [
        ([core()], "exactly one MASTER"),
        ([MASTER, MASTER], "exactly one MASTER"),
        ([MASTER, core(), core()], "at most one CORE"),
        ([MASTER, core(InstanceFleetType="TASK")], "needs a CORE"),
        ([{**MASTER, "TargetSpotCapacity": 1}], "must have a target capacity of 1"),
        ([{**MASTER, "TargetOnDemandCapacity": 2}], "must have a target capacity of 1"),
        ([MASTER, core(TargetOnDemandCapacity=0, TargetSpotCapacity=0)], "greater than 0"),
        ([MASTER, core(TargetSpotCapacity=-1)], "not between 0 and"),
        ([MASTER, core(TargetSpotCapacity=10**9)], "not between 0 and"),
        ([MASTER, core(InstanceTypeConfigs=TYPES * 3)], "1 to 5 instance types, not 6"),
        ([MASTER, core(InstanceTypeConfigs=[])], "1 to 5 instance types, not 0"),
        ([MASTER, core(InstanceTypeConfigs=[{"InstanceType": "q1.big"}])], "'q1.big' is not supported"),
        (
            [MASTER, core(InstanceTypeConfigs=[{"InstanceType": "m5.xlarge", "WeightedCapacity": 0}])],
            "between 1 and 999",
        ),
    ],
)
def test_impossible_fleets_are_refused(fleets, text):
    with pytest.raises(AwsError, match=text) as caught:
        launched(*fleets)
    assert caught.value.code == "ValidationException"


def test_thirty_types_are_taken_with_an_allocation_strategy():
    strategy = {"OnDemandSpecification": {"AllocationStrategy": "lowest-price"}}
    asked = core(InstanceTypeConfigs=TYPES * 15, LaunchSpecifications=strategy)
    assert len(launched(MASTER, asked).fleets[1].types) == 30


@pytest.mark.parametrize(
    ("on_demand", "spot", "added", "left"),
    [(5, None, (2, 0), (4, 2)), (None, 6, (0, 4), (4, 2)), (2, 0, (0, 0), (2, 0)), (3, 2, (0, 0), (4, 2))],
)
def test_a_fleet_follows_its_targets_and_never_falls_below(on_demand, spot, added, left):
    cluster = running(MASTER, core())
    change = {"InstanceFleetId": cluster.fleets[1].id}
    change |= {} if on_demand is None else {"TargetOnDemandCapacity": on_demand}
    change |= {} if spot is None else {"TargetSpotCapacity": spot}
    wanted = resize.modify_fleet(cluster, change, 2.0, ids())
    assert units(wanted.added) == added
    stay = [one for one in cluster.staying if one.ec2_id not in wanted.removed]
    assert units(stay) == left
    after, _ = advance(cluster, events.Resized(wanted), 2.0)
    assert describe.instance_fleet(after.fleets[1], after)["Status"]["State"] == (
        "RESIZING" if wanted.added or wanted.removed else "RUNNING"
    )


def test_a_task_fleet_can_be_added_once():
    cluster = running(MASTER, core())
    task = core(InstanceFleetType="TASK", TargetSpotCapacity=0)
    wanted = resize.add_fleet(cluster, task, 2.0, ids())
    assert units(wanted.added) == (4, 0)
    after = wanted.of(cluster)
    with pytest.raises(AwsError, match="at most one TASK"):
        resize.add_fleet(after, task, 3.0, ids())


def test_the_master_fleet_is_not_resized_and_unknown_fleets_are_named():
    cluster = running(MASTER, core())
    with pytest.raises(AwsError, match="master instance fleet cannot be resized"):
        resize.modify_fleet(
            cluster, {"InstanceFleetId": cluster.fleets[0].id, "TargetSpotCapacity": 1}, 2.0, ids()
        )
    with pytest.raises(AwsError, match="'if-x' is not valid"):
        resize.modify_fleet(cluster, {"InstanceFleetId": "if-x"}, 2.0, ids())


def test_groups_cannot_be_added_to_fleets():
    group = {"InstanceRole": "TASK", "InstanceType": "m5.xlarge", "InstanceCount": 1}
    with pytest.raises(AwsError, match="mutually exclusive"):
        resize.add_groups(running(MASTER, core()), [group], 2.0, ids())


def test_what_is_told_of_a_fleet_fits_botocores_shape():
    cluster = running(
        MASTER, core(LaunchSpecifications={"OnDemandSpecification": {"AllocationStrategy": "prioritized"}})
    )
    answer = describe.instance_fleet(cluster.fleets[1], cluster)
    shape = service_model("emr").operation_model("ListInstanceFleets").output_shape
    report = ParamValidator().validate(without_none({"InstanceFleets": [answer]}), shape)
    assert not report.has_errors(), report.generate_report()
    assert (answer["ProvisionedOnDemandCapacity"], answer["ProvisionedSpotCapacity"]) == (4, 2)
    assert answer["InstanceTypeSpecifications"][0] == {
        "InstanceType": "r5.xlarge",
        "WeightedCapacity": 2,
        "BidPrice": "0.5",
    }
    instance = describe.instance(cluster.instances[1], cluster, describe.Naming("0", "r", "h", "3.5"))
    assert (instance["InstanceFleetId"], instance["Market"]) == (cluster.fleets[1].id, "ON_DEMAND")
    assert all(one.state is InstanceState.RUNNING for one in cluster.instances)
