"""The life of a cluster as tables: state and event in, state and effects out."""

from dataclasses import replace

import pytest

from sandbox.emr import events
from sandbox.emr import lifecycle as l
from sandbox.emr.model import (
    ActionOnFailure,
    BootstrapAction,
    Cluster,
    ClusterState,
    Failure,
    Instance,
    InstanceGroup,
    InstanceState,
    Ports,
    Role,
    Step,
    StepState,
    Timeline,
    from_document,
    to_document,
)

FAILED = events.StepEnded("s-1", Failure("Unknown Error.", "exit code 1"))
DONE = events.StepEnded("s-1", None, ("app-1",))


def step(number, action=ActionOnFailure.CONTINUE, state=StepState.PENDING):
    return Step(
        f"s-{number}", f"step {number}", "command-runner.jar", ("x",), None, {}, action, state, Timeline(1)
    )


def cluster(*steps, state=ClusterState.STARTING, keep_alive=True, protected=False):
    return Cluster(
        id="j-1",
        name="c",
        state=state,
        timeline=Timeline(0),
        release_label="emr-7.1.0",
        groups=(InstanceGroup("ig-1", "Master", Role.MASTER, "m5.xlarge", 1),),
        instances=(Instance("ci-1", "i-1", "ig-1", Role.MASTER, InstanceState.PROVISIONING, Timeline(0)),),
        steps=steps,
        bootstrap_actions=(BootstrapAction("b", "s3://b/x"),),
        applications=("Spark",),
        configurations=({"Classification": "spark-defaults", "Properties": {"a": "b"}},),
        keep_alive=keep_alive,
        termination_protected=protected,
        log_uri=None,
        tags={"team": "a"},
    )


def play(start, *events):
    """Apply events one second apart; the last cluster and all effects."""
    now, effects = 10.0, []
    for event in events:
        start, more = l.advance(start, event, now)
        effects += more
        now += 1
    return start, effects


STARTED = (
    events.Launched(),
    events.NodesPrepared(),
    events.Bootstrapped(),
    events.ApplicationsStarted(Ports(7077, 8080, 4040)),
)


def up(*steps, **options):
    return play(cluster(*steps, **options), *STARTED)


def test_a_cluster_starts_in_emrs_order():
    states, effects, value = [], [], cluster()
    for event in STARTED:
        value, more = l.advance(value, event, 5.0)
        states.append(value.state)
        effects += more
    assert states == [
        ClusterState.STARTING,
        ClusterState.BOOTSTRAPPING,
        ClusterState.BOOTSTRAPPING,
        ClusterState.WAITING,
    ]
    assert effects == [events.PrepareNodes(), events.RunBootstrapActions(), events.StartApplications()]
    assert value.timeline.ready == 5.0
    assert value.instances[0].state is InstanceState.RUNNING
    assert value.ports.master == 7077


def test_steps_run_one_after_the_other():
    value, effects = up(step(1), step(2))
    assert effects[-1] == events.RunStep("s-1")
    assert [s.state for s in value.steps] == [StepState.RUNNING, StepState.PENDING]
    value, effects = l.advance(value, DONE, 20.0)
    assert effects == (events.RunStep("s-2"),)
    assert value.step("s-1").state is StepState.COMPLETED
    assert value.step("s-1").applications == ("app-1",)
    assert value.step("s-1").timeline == Timeline(1, 13.0, 20.0)


@pytest.mark.parametrize("keep_alive", [True, False])
def test_after_the_last_step_it_waits_or_ends(keep_alive):
    value, _ = up(step(1), keep_alive=keep_alive)
    value, effects = l.advance(value, DONE, 20.0)
    if keep_alive:
        assert (value.state, effects) == (ClusterState.WAITING, ())
    else:
        assert (value.state, effects) == (ClusterState.TERMINATING, (events.StopNodes(),))
        assert (value.reason.code, value.reason.message) == ("ALL_STEPS_COMPLETED", "Steps completed")
        assert l.advance(value, events.NodesStopped(), 21.0)[0].state is ClusterState.TERMINATED


def test_a_transient_cluster_that_went_on_after_a_failure_says_so():
    value, _ = up(step(1), keep_alive=False)
    value, _ = l.advance(value, FAILED, 20.0)
    assert value.reason.message == "Steps completed with errors"


@pytest.mark.parametrize(
    ("action", "protected", "state", "second", "effects"),
    [
        (ActionOnFailure.CONTINUE, False, ClusterState.RUNNING, StepState.RUNNING, (events.RunStep("s-2"),)),
        (ActionOnFailure.CANCEL_AND_WAIT, False, ClusterState.WAITING, StepState.CANCELLED, ()),
        (
            ActionOnFailure.TERMINATE_CLUSTER,
            False,
            ClusterState.TERMINATING,
            StepState.CANCELLED,
            (events.StopNodes(),),
        ),
        (
            ActionOnFailure.TERMINATE_JOB_FLOW,
            False,
            ClusterState.TERMINATING,
            StepState.CANCELLED,
            (events.StopNodes(),),
        ),
        (ActionOnFailure.TERMINATE_CLUSTER, True, ClusterState.WAITING, StepState.CANCELLED, ()),
    ],
)
def test_a_failed_step_does_what_its_action_says(action, protected, state, second, effects):
    value, _ = up(step(1, action), step(2), protected=protected)
    value, more = l.advance(value, FAILED, 20.0)
    assert value.step("s-1").state is StepState.FAILED
    assert value.step("s-1").failure.message == "exit code 1"
    assert (value.state, value.step("s-2").state, more) == (state, second, effects)


def test_a_step_failure_ends_with_errors():
    value, _ = up(step(1, ActionOnFailure.TERMINATE_CLUSTER))
    value, _ = play(value, FAILED, events.NodesStopped())
    assert value.state is ClusterState.TERMINATED_WITH_ERRORS
    assert value.reason.code == "STEP_FAILURE"
    assert value.instances[0].state is InstanceState.TERMINATED


def test_a_failed_bootstrap_ends_with_errors():
    value, effects = play(
        cluster(step(1)),
        events.Launched(),
        events.NodesPrepared(),
        events.BootstrapFailed("it failed"),
        events.NodesStopped(),
    )
    assert value.state is ClusterState.TERMINATED_WITH_ERRORS
    assert (value.reason.code, value.reason.message) == ("BOOTSTRAP_FAILURE", "it failed")
    assert value.step("s-1").state is StepState.CANCELLED
    assert effects[-1] == events.StopNodes()


@pytest.mark.parametrize("event", STARTED[1:])
def test_what_arrives_after_termination_began_starts_nothing(event):
    value, _ = l.advance(cluster(step(1)), events.TerminateRequested(), 10.0)
    assert value.state is ClusterState.TERMINATING
    later, effects = l.advance(value, event, 11.0)
    assert (later, effects) == (value, ())


def test_a_second_termination_changes_nothing():
    value, _ = l.advance(cluster(), events.TerminateRequested(), 10.0)
    assert l.advance(value, events.InstanceFailed("worker died"), 11.0) == (value, ())


def test_termination_cancels_the_running_step():
    value, _ = up(step(1), step(2))
    value, effects = l.advance(value, events.TerminateRequested(), 20.0)
    assert effects == (events.StopNodes(),)
    assert [s.state for s in value.steps] == [StepState.CANCEL_PENDING, StepState.CANCELLED]
    value, _ = play(value, FAILED, events.NodesStopped())
    assert value.state is ClusterState.TERMINATED
    assert value.step("s-1").state is StepState.CANCELLED


def test_a_step_that_ends_while_the_nodes_stop_is_cancelled_once():
    value, _ = up(step(1))
    value, _ = play(value, events.TerminateRequested(), events.NodesStopped(), FAILED)
    assert value.step("s-1").state is StepState.CANCELLED
    assert value.step("s-1").timeline.ended == 11.0


def test_cancelling_pending_and_running_steps():
    value, _ = up(step(1), step(2), step(3))
    value, effects = l.advance(value, events.CancelRequested(("s-1", "s-2"), force=True), 20.0)
    assert effects == (events.CancelStep("s-1", True),)
    assert [s.state for s in value.steps] == [
        StepState.CANCEL_PENDING,
        StepState.CANCELLED,
        StepState.PENDING,
    ]
    value, effects = l.advance(value, FAILED, 21.0)
    assert value.step("s-1").state is StepState.CANCELLED
    assert value.step("s-1").failure is None
    assert effects == (events.RunStep("s-3"),)


def test_a_crash_leaves_an_honest_end():
    value, _ = up(step(1), step(2))
    value, effects = l.advance(value, events.Interrupted(), 20.0)
    assert (value.state, effects) == (ClusterState.TERMINATED_WITH_ERRORS, ())
    assert value.reason.code == "INTERNAL_ERROR"
    assert [s.state for s in value.steps] == [StepState.FAILED, StepState.CANCELLED]
    assert value.step("s-1").failure.reason == "Interrupted."
    assert value.ports == Ports()


@pytest.mark.parametrize(
    "event",
    [
        events.TerminateRequested(),
        events.StepsAdded((step(9),)),
        events.NodesStopped(),
        events.InstanceFailed("x"),
        *STARTED,
    ],
)
def test_nothing_happens_to_an_ended_cluster(event):
    value = replace(cluster(), state=ClusterState.TERMINATED)
    assert l.advance(value, event, 10.0) == (value, ())


def test_steps_added_while_waiting_start_at_once():
    value, _ = up()
    value, effects = l.advance(value, events.StepsAdded((step(1),)), 20.0)
    assert (value.state, effects) == (ClusterState.RUNNING, (events.RunStep("s-1"),))


def test_a_cluster_survives_the_way_through_a_document():
    value, _ = up(step(1), step(2))
    assert from_document(to_document(value)) == value


def running(value):
    return [step.id for step in value.steps if step.state is StepState.RUNNING]


def test_as_many_steps_run_as_the_level_says():
    value, effects = up(step(1), step(2), step(3), step(4))
    assert running(value) == ["s-1"]
    value, effects = play(value, events.ConcurrencyChanged(3))
    assert running(value) == ["s-1", "s-2", "s-3"]
    assert effects == [events.RunStep("s-2"), events.RunStep("s-3")]
    value, effects = play(value, events.ConcurrencyChanged(1), events.StepEnded("s-2", None))
    assert (running(value), effects) == (["s-1", "s-3"], [])
    value, effects = play(value, events.StepEnded("s-1", None), events.StepEnded("s-3", None))
    assert (running(value), effects) == (["s-4"], [events.RunStep("s-4")])
    value, _ = play(value, events.StepEnded("s-4", None))
    assert value.state is ClusterState.WAITING


@pytest.mark.parametrize("action", [ActionOnFailure.CANCEL_AND_WAIT, ActionOnFailure.TERMINATE_CLUSTER])
def test_a_failure_beside_other_steps_neither_cancels_nor_terminates(action):
    value, _ = play(up(step(1, action), step(2), step(3))[0], events.ConcurrencyChanged(2))
    value, effects = play(value, FAILED)
    assert value.state is ClusterState.RUNNING
    assert (running(value), effects) == (["s-2", "s-3"], [events.RunStep("s-3")])


def test_after_the_level_was_lowered_a_cluster_waits_for_what_still_runs():
    value, _ = play(up(step(1, ActionOnFailure.CANCEL_AND_WAIT), step(2))[0], events.ConcurrencyChanged(2))
    value, _ = play(value, events.ConcurrencyChanged(1), FAILED)
    assert (value.state, running(value)) == (ClusterState.RUNNING, ["s-2"])
    value, _ = play(value, events.StepEnded("s-2", None))
    assert value.state is ClusterState.WAITING


def test_a_waiting_cluster_ends_when_it_shall_not_be_kept_alive():
    value, effects = play(up()[0], events.KeepAliveChanged(False))
    assert (value.state, value.reason.code) == (ClusterState.TERMINATING, "ALL_STEPS_COMPLETED")
    assert effects == [events.StopNodes()]
    busy, effects = play(up(step(1))[0], events.KeepAliveChanged(False))
    assert (busy.state, effects) == (ClusterState.RUNNING, [])


def test_an_idle_cluster_ends_cleanly_and_a_busy_one_does_not():
    value, effects = play(up()[0], events.IdledOut(60))
    assert (value.state, effects) == (ClusterState.TERMINATING, [events.StopNodes()])
    assert "idle for 60 seconds" in value.reason.message
    assert play(value, events.NodesStopped())[0].state is ClusterState.TERMINATED
    assert play(up(step(1))[0], events.IdledOut(60))[0].state is ClusterState.RUNNING


def test_a_document_of_before_there_was_concurrency_is_read():
    document = to_document(cluster())
    del document["step_concurrency"], document["idle_timeout"]
    assert from_document(document) == cluster()
