"""Which nodes come and go when a cluster is resized, and what the cluster is meanwhile."""

from dataclasses import replace

import pytest

from sandbox.emr import describe, events, hardware, request, resize
from sandbox.emr.lifecycle import advance
from sandbox.emr.model import ClusterState, InstanceState, Ports, Reason, Role
from sandbox.emr.resize import Resize
from sandbox.errors import AwsError

GROUPS = [
    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
    {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2},
    {"InstanceRole": "TASK", "InstanceType": "m5.xlarge", "InstanceCount": 1},
]


@pytest.fixture
def new_id():
    numbers = iter(range(1000))
    return lambda prefix, _length: f"{prefix}{next(numbers)}"


@pytest.fixture
def cluster(new_id):
    document = {"Name": "c", "Instances": {"InstanceGroups": GROUPS, "KeepJobFlowAliveWhenNoSteps": True}}
    value = request.cluster(document, 1.0, new_id)
    for event in (
        events.Launched(),
        events.NodesPrepared(),
        events.Bootstrapped(),
        events.ApplicationsStarted(Ports(7077, 8080, 4040)),
    ):
        value, _ = advance(value, event, 2.0)
    assert value.state is ClusterState.WAITING
    return value


def group(cluster, role):
    return next(one for one in cluster.groups if one.role is role)


def members(cluster, role):
    return [one for one in cluster.living if one.role is role]


def told(cluster, role):
    found = describe.instance_group(group(cluster, role), cluster)
    return found["Status"]["State"], found["RequestedInstanceCount"], found["RunningInstanceCount"]


def change(cluster, role, **members):
    return {"InstanceGroupId": group(cluster, role).id, **members}


def test_a_group_grows(cluster, new_id):
    wanted = resize.modify(cluster, [change(cluster, Role.TASK, InstanceCount=3)], 3.0, new_id)
    ids = tuple(one.ec2_id for one in wanted.added)
    assert len(ids) == 2 and wanted.removed == ()
    growing, effects = advance(cluster, events.Resized(wanted), 3.0)
    assert effects == (events.AddNodes(ids),)
    assert told(growing, Role.TASK) == ("RESIZING", 3, 1)
    assert growing.state is ClusterState.WAITING
    grown, effects = advance(growing, events.NodesAdded(ids), 9.0)
    assert effects == ()
    assert told(grown, Role.TASK) == ("RUNNING", 3, 3)
    assert [one.timeline.ready for one in grown.some(ids)] == [9.0, 9.0]
    assert [one.timeline.ready for one in members(grown, Role.CORE)] == [2.0, 2.0]


def test_a_group_shrinks_by_who_came_last(cluster, new_id):
    wanted = resize.modify(cluster, [change(cluster, Role.CORE, InstanceCount=1)], 3.0, new_id)
    first, last = members(cluster, Role.CORE)
    assert wanted.removed == (last.ec2_id,) and wanted.added == ()
    shrinking, effects = advance(cluster, events.Resized(wanted), 3.0)
    assert effects == (events.RemoveNodes((last.ec2_id,), resize.DECOMMISSION_TIMEOUT),)
    assert told(shrinking, Role.CORE) == ("RESIZING", 1, 2)
    shrunk, _ = advance(shrinking, events.NodesRemoved((last.ec2_id,)), 5.0)
    assert told(shrunk, Role.CORE) == ("RUNNING", 1, 1)
    assert [one.ec2_id for one in members(shrunk, Role.CORE)] == [first.ec2_id]
    assert shrunk.some([last.ec2_id])[0].timeline.ended == 5.0


def test_named_instances_go_and_are_not_replaced(cluster, new_id):
    first, last = members(cluster, Role.CORE)
    wanted = resize.modify(
        cluster, [change(cluster, Role.CORE, EC2InstanceIdsToTerminate=[first.ec2_id])], 3.0, new_id
    )
    assert wanted.removed == (first.ec2_id,)
    shrinking, _ = advance(cluster, events.Resized(wanted), 3.0)
    assert told(shrinking, Role.CORE)[1] == 1
    assert not last.leaving


def test_a_task_group_can_be_emptied(cluster, new_id):
    wanted = resize.modify(cluster, [change(cluster, Role.TASK, InstanceCount=0)], 3.0, new_id)
    emptied, _ = advance(cluster, events.Resized(wanted), 3.0)
    emptied, _ = advance(emptied, events.NodesRemoved(wanted.removed), 4.0)
    assert told(emptied, Role.TASK) == ("RUNNING", 0, 0)


def test_nodes_that_could_not_be_started_say_why_and_the_cluster_goes_on(cluster, new_id):
    wanted = resize.modify(cluster, [change(cluster, Role.TASK, InstanceCount=2)], 3.0, new_id)
    growing, _ = advance(cluster, events.Resized(wanted), 3.0)
    ids = tuple(one.ec2_id for one in wanted.added)
    reason = Reason("INSTANCE_FAILURE", "it broke")
    after, effects = advance(growing, events.NodesNotAdded(ids, reason), 4.0)
    assert (after.state, effects) == (ClusterState.WAITING, ())
    (failed,) = after.some(ids)
    assert (failed.state, failed.reason) == (InstanceState.TERMINATED, reason)
    naming = describe.Naming("000000000000", "us-east-1", "127.0.0.1", "3.5.9")
    assert describe.instance(failed, after, naming)["Status"]["StateChangeReason"]["Message"] == "it broke"


def test_a_group_is_added(cluster, new_id):
    entry = {"InstanceRole": "TASK", "InstanceType": "m5.large", "InstanceCount": 2, "Name": "more"}
    wanted = resize.add_groups(cluster, [entry], 3.0, new_id)
    assert [one.name for one in wanted.groups] == ["Master", "Core", "Task", "more"]
    assert [one.group for one in wanted.added] == [wanted.groups[-1].id] * 2


@pytest.mark.parametrize(
    ("role", "members", "message"),
    [
        (Role.MASTER, {"InstanceCount": 2}, "master instance group cannot be resized"),
        (Role.CORE, {"InstanceCount": 0}, "has 1 to"),
        (Role.TASK, {"InstanceCount": -1}, "has 0 to"),
        (Role.CORE, {"EC2InstanceIdsToTerminate": ["i-none"]}, "Not an instance of the group: i-none"),
        (Role.CORE, {"Configurations": []}, "does not emulate ModifyInstanceGroups with Configurations"),
    ],
)
def test_what_cannot_be_is_refused(cluster, new_id, role, members, message):
    with pytest.raises(AwsError, match=message):
        resize.modify(cluster, [change(cluster, role, **members)], 3.0, new_id)


def test_an_unknown_group_and_a_cluster_that_does_not_run_are_refused(cluster, new_id):
    with pytest.raises(AwsError, match="Instance group id 'ig-none' is not valid"):
        resize.modify(cluster, [{"InstanceGroupId": "ig-none", "InstanceCount": 1}], 3.0, new_id)
    starting = replace(cluster, state=ClusterState.STARTING)
    with pytest.raises(AwsError, match="is STARTING: it is resized only while RUNNING or WAITING"):
        resize.modify(starting, [change(cluster, Role.CORE, InstanceCount=1)], 3.0, new_id)
    with pytest.raises(AwsError, match="at most one CORE"):
        resize.add_groups(cluster, [GROUPS[1]], 3.0, new_id)


def test_a_resize_of_a_cluster_that_ends_changes_no_more_than_its_nodes(cluster, new_id):
    wanted = resize.modify(cluster, [change(cluster, Role.TASK, InstanceCount=2)], 3.0, new_id)
    growing, _ = advance(cluster, events.Resized(wanted), 3.0)
    ending, effects = advance(growing, events.TerminateRequested(), 4.0)
    assert effects == (events.StopNodes(),)
    ended, _ = advance(ending, events.NodesStopped(), 5.0)
    assert ended.state is ClusterState.TERMINATED and ended.living == ()
    late, effects = advance(ended, events.NodesAdded(tuple(one.ec2_id for one in wanted.added)), 6.0)
    assert (late, effects) == (ended, ())


def test_nothing_to_do_is_nothing(cluster, new_id):
    wanted = resize.modify(cluster, [change(cluster, Role.CORE, InstanceCount=2)], 3.0, new_id)
    assert wanted == Resize(cluster.groups)
    assert advance(cluster, events.Resized(wanted), 3.0) == (cluster, ())


def test_a_node_that_dies_is_replaced(cluster, new_id):
    dead, other = members(cluster, Role.CORE)
    (new,) = hardware.instances(group(cluster, Role.CORE), 1, 5.0, new_id)
    lost, effects = advance(cluster, events.NodeLost(dead.ec2_id, "the worker ended", (new,)), 5.0)
    assert effects == (events.RemoveNodes((dead.ec2_id,), 0.0), events.AddNodes((new.ec2_id,)))
    assert told(lost, Role.CORE) == ("RESIZING", 2, 2)
    gone, _ = advance(lost, events.NodesRemoved((dead.ec2_id,)), 6.0)
    whole, _ = advance(gone, events.NodesAdded((new.ec2_id,)), 7.0)
    assert told(whole, Role.CORE) == ("RUNNING", 2, 2)
    assert members(whole, Role.CORE)[0] == other
    (ended,) = [one for one in whole.instances if one.ec2_id == dead.ec2_id]
    assert (ended.state, ended.reason) == (
        InstanceState.TERMINATED,
        Reason("INSTANCE_FAILURE", "the worker ended"),
    )


def test_a_spot_instance_goes_after_its_notice_and_another_comes(cluster, new_id):
    _, taken = members(cluster, Role.CORE)
    coming = hardware.replacements(cluster, taken, 5.0, new_id)
    event = events.SpotInterrupted(taken.ec2_id, "no capacity", coming, 12.0)
    without, effects = advance(cluster, event, 5.0)
    assert effects == (events.RemoveNodes((taken.ec2_id,), 12.0), events.AddNodes((coming[0].ec2_id,)))
    gone, _ = advance(without, events.NodesRemoved((taken.ec2_id,)), 6.0)
    (ended,) = gone.some([taken.ec2_id])
    assert (ended.state, ended.reason) == (
        InstanceState.TERMINATED,
        Reason("INSTANCE_FAILURE", "no capacity"),
    )


def test_a_cluster_ends_with_its_master(cluster):
    event = events.SpotInterrupted(cluster.master.ec2_id, "no capacity", (), 12.0)
    ending, effects = advance(cluster, event, 5.0)
    assert (ending.state, effects) == (ClusterState.TERMINATING, (events.StopNodes(),))
    assert ending.reason == Reason("INSTANCE_FAILURE", "no capacity")


@pytest.mark.parametrize(
    ("policy", "expected"), [({}, resize.DECOMMISSION_TIMEOUT), ({"DecommissionTimeout": 5}, 5.0)]
)
def test_who_leaves_may_finish_its_tasks(cluster, new_id, policy, expected):
    asked = change(cluster, Role.CORE, InstanceCount=1, ShrinkPolicy=policy)
    assert resize.modify(cluster, [asked], 3.0, new_id).seconds == expected


@pytest.mark.parametrize(
    ("policy", "code"),
    [({"DecommissionTimeout": -1}, "ValidationException"), ({"InstanceResizePolicy": {}}, "NotEmulated")],
)
def test_other_shrink_policies_are_refused(cluster, new_id, policy, code):
    with pytest.raises(AwsError) as caught:
        resize.modify(
            cluster, [change(cluster, Role.CORE, InstanceCount=1, ShrinkPolicy=policy)], 3.0, new_id
        )
    assert caught.value.code == code
