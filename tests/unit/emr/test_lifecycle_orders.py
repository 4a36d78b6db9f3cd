"""The life of a cluster under any order of events: nothing illegal, nothing lost, and always an end.

Events come as they can: what a user asks at any time, and the ends of effects that have begun.
"""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.emr import events, hardware, reconfigure, request, resize
from sandbox.emr.lifecycle import advance
from sandbox.emr.model import (
    ENDED,
    STEP_ENDED,
    ActionOnFailure,
    ClusterState,
    Failure,
    InstanceState,
    Ports,
    Reason,
    Role,
    StepState,
)
from sandbox.errors import AwsError

S = ClusterState
FOLLOWS = {
    S.STARTING: {S.BOOTSTRAPPING, S.TERMINATING},
    S.BOOTSTRAPPING: {S.RUNNING, S.WAITING, S.TERMINATING},
    S.RUNNING: {S.WAITING, S.TERMINATING},
    S.WAITING: {S.RUNNING, S.TERMINATING},
    S.TERMINATING: set(ENDED),
    S.TERMINATED: set(),
    S.TERMINATED_WITH_ERRORS: set(),
}
P = StepState
STEP_FOLLOWS = {
    P.PENDING: {P.RUNNING, P.CANCELLED},
    P.RUNNING: {P.COMPLETED, P.FAILED, P.CANCEL_PENDING, P.CANCELLED},
    P.CANCEL_PENDING: {P.CANCELLED},
    **{state: set() for state in STEP_ENDED},
}
GROUPS = [
    {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
    {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": 2, "Market": "SPOT"},
]
ASKED = ("steps", "cancel", "terminate", "resize", "reconfigure", "spot", "level", "alive", "idle", "lost")


class Life:
    """A cluster, the effects that have begun and not ended, and everything that has been seen of it."""

    def __init__(self, data, keep_alive, level, action):
        numbers = itertools.count(1)
        self.new_id = lambda prefix, _length: f"{prefix}{next(numbers)}"
        self.data, self.action, self.now, self.pending = data, action, 0.0, []
        document = {
            "Name": "c",
            "StepConcurrencyLevel": level,
            "Instances": {"InstanceGroups": GROUPS, "KeepJobFlowAliveWhenNoSteps": keep_alive},
        }
        self.cluster = request.cluster(document, 0.0, self.new_id)
        self.add_steps(1)
        self.apply(events.Launched())

    def pick(self, values):
        return self.data.draw(st.sampled_from(values))

    def steps(self, count):
        config = {"Name": "s", "HadoopJarStep": {"Jar": "command-runner.jar"}, "ActionOnFailure": self.action}
        return request.steps([config] * count, self.now, self.new_id)

    def add_steps(self, count):
        self.cluster = replace(self.cluster, steps=self.cluster.steps + self.steps(count))

    def apply(self, event):
        self.now += 1
        before = self.cluster
        self.cluster, effects = advance(before, event, self.now)
        check(before, self.cluster)
        self.pending += effects

    def end_effect(self):
        """One of the effects that have begun ends, well or badly."""
        effect = self.pick(self.pending)
        self.pending.remove(effect)
        bad = self.data.draw(st.integers(0, 5)) == 0
        event = outcome(effect, bad)
        if event is not None:
            self.apply(event)

    def ask(self, what):
        """What a user or the sandbox itself may do at any moment; EMR refuses what cannot be."""
        try:
            event = self.asked(what)
        except AwsError:
            return
        if event is not None:
            self.apply(event)

    def asked(self, what):
        cluster, core = self.cluster, self.cluster.groups[1]
        match what:
            case "steps":
                request.check_room(cluster, 2)
                return events.StepsAdded(self.steps(2))
            case "cancel":
                return events.CancelRequested((self.pick(cluster.steps).id,), force=True)
            case "terminate":
                return events.TerminateRequested()
            case "resize":
                change = {"InstanceGroupId": core.id, "InstanceCount": self.pick([1, 2, 3])}
                return events.Resized(resize.modify(cluster, [change], self.now, self.new_id))
            case "reconfigure":
                resize.check_runs(cluster)
                change = {"InstanceGroupId": core.id, "Configurations": []}
                return events.Reconfigured(reconfigure.asked(cluster, [change]))
            case "spot" | "lost":
                nodes = [one for one in cluster.workers if one.role is Role.CORE and not one.leaving]
                if not nodes:
                    return None
                node = self.pick(nodes)
                kind = events.SpotInterrupted if what == "spot" else events.NodeLost
                coming = hardware.replacements(cluster, node, self.now, self.new_id)
                return kind(node.ec2_id, "gone", coming, 1.0)
            case "level":
                return events.ConcurrencyChanged(self.pick([1, 2, 3]))
            case "alive":
                return events.KeepAliveChanged(self.pick([True, False]))
            case "idle":
                return events.IdledOut(60)


def outcome(effect, bad):
    """The event with which an effect ends, as the supervisor makes it."""
    match effect:
        case events.PrepareNodes():
            return events.InstanceFailed("x") if bad else events.NodesPrepared()
        case events.RunBootstrapActions():
            return events.BootstrapFailed("x") if bad else events.Bootstrapped()
        case events.StartApplications():
            return events.InstanceFailed("x") if bad else events.ApplicationsStarted(Ports(1, 2, 3))
        case events.AddNodes(nodes):
            return events.NodesNotAdded(nodes, Reason("X", "x")) if bad else events.NodesAdded(nodes)
        case events.RemoveNodes(nodes, _):
            return events.NodesRemoved(nodes)
        case events.ReconfigureNodes(groups):
            return events.ReconfigurationEnded(groups, "x" if bad else None)
        case events.RunStep(step):
            return events.StepEnded(step, Failure("x", "x") if bad else None)
        case events.CancelStep():
            return None
        case events.StopNodes():
            return events.NodesStopped()


def check(before, after):
    """What must hold of every change."""
    assert after.state is before.state or after.state in FOLLOWS[before.state], (before.state, after.state)
    known = {step.id: step for step in after.steps}
    for step in before.steps:
        now = known[step.id].state
        assert now is step.state or now in STEP_FOLLOWS[step.state], (step.state, now)
    assert len(known) == len(after.steps)
    running = sum(step.state in (P.RUNNING, P.CANCEL_PENDING) for step in after.steps)
    if after.state is S.WAITING:
        assert running == 0
    ids = {one.ec2_id for one in after.instances}
    assert ids >= {one.ec2_id for one in before.instances}
    for one in before.instances:
        if one.state is InstanceState.TERMINATED:
            (now,) = after.some([one.ec2_id])
            assert now.state is InstanceState.TERMINATED, "no node comes back"
    if after.state in ENDED:
        assert all(step.state in STEP_ENDED for step in after.steps), "no step is left open"
        assert not after.living
        assert after.timeline.ended is not None
        assert after.reason is not None


@pytest.mark.parametrize("keep_alive", [True, False])
@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(data=st.data(), level=st.sampled_from([1, 2]), action=st.sampled_from(list(ActionOnFailure)))
def test_any_order_of_events_is_a_legal_life_that_ends(keep_alive, data, level, action):
    life = Life(data, keep_alive, level, action if level == 1 else ActionOnFailure.CONTINUE)
    for _ in range(data.draw(st.integers(0, 25))):
        if life.pending and data.draw(st.booleans()):
            life.end_effect()
        else:
            life.ask(life.pick(ASKED))
    while life.pending:
        life.end_effect()
    life.ask("terminate")
    while life.pending:
        life.end_effect()
    assert life.cluster.state in ENDED
