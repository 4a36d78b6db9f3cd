"""The life of a cluster as a pure function: `advance(cluster, event, now) -> (cluster, effects)`.

No I/O happens here. The supervisor stores the new value first and performs the effects afterwards, so a
crash between the two leaves a state that tells what was about to happen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sandbox.emr import reconfigure
from sandbox.emr.events import (
    AddNodes,
    ApplicationsStarted,
    BootstrapFailed,
    Bootstrapped,
    CancelRequested,
    CancelStep,
    ConcurrencyChanged,
    Effect,
    Event,
    IdledOut,
    InstanceFailed,
    Interrupted,
    KeepAliveChanged,
    Launched,
    NodeLost,
    NodesAdded,
    NodesNotAdded,
    NodesPrepared,
    NodesRemoved,
    NodesStopped,
    PrepareNodes,
    ReconfigurationEnded,
    Reconfigured,
    ReconfigureNodes,
    RemoveNodes,
    Resized,
    RunBootstrapActions,
    RunStep,
    SpotInterrupted,
    StartApplications,
    StepEnded,
    StepsAdded,
    StopNodes,
    TerminateRequested,
)
from sandbox.emr.model import (
    ENDED,
    STEP_ACTIVE,
    STEP_ENDED,
    ActionOnFailure,
    Cluster,
    ClusterState,
    Failure,
    Instance,
    InstanceState,
    Ports,
    Reason,
    Step,
    StepState,
)

Outcome = tuple[Cluster, tuple[Effect, ...]]


def advance(cluster: Cluster, event: Event, now: float) -> Outcome:
    """The cluster after `event`, and what has to be done. Events for an ended cluster change nothing."""
    if cluster.state in ENDED:
        return cluster, ()
    match event:
        case Launched():
            return cluster, (PrepareNodes(),)
        case NodesPrepared() if cluster.state is ClusterState.STARTING:
            booting = replace(cluster, state=ClusterState.BOOTSTRAPPING)
            return _instances(booting, InstanceState.BOOTSTRAPPING, now), (RunBootstrapActions(),)
        case Bootstrapped() if cluster.state is ClusterState.BOOTSTRAPPING:
            return cluster, (StartApplications(),)
        case ApplicationsStarted(ports) if cluster.state is ClusterState.BOOTSTRAPPING:
            timeline = replace(cluster.timeline, ready=now)
            ready = replace(cluster, state=ClusterState.RUNNING, timeline=timeline, ports=ports, reason=None)
            return _next(_instances(ready, InstanceState.RUNNING, now), now)
        case BootstrapFailed() | InstanceFailed() | TerminateRequested():
            return _terminate(cluster, _why(event), now)
        case Resized() | Reconfigured():
            return _change_groups(cluster, event)
        case NodeLost() | SpotInterrupted() if cluster.state in (ClusterState.RUNNING, ClusterState.WAITING):
            return _replace_node(cluster, event, now)
        case NodesAdded() | NodesNotAdded() | NodesRemoved() | ReconfigurationEnded():
            return _nodes_moved(cluster, event, now), ()
        case ConcurrencyChanged() | KeepAliveChanged() | StepsAdded():
            return _next(_asked(cluster, event), now)
        case IdledOut() if cluster.state is ClusterState.WAITING:
            return _terminate(cluster, _why(event), now)
        case StepEnded():
            return _step_ended(cluster, event, now)
        case CancelRequested(ids, force):
            return _cancel(cluster, frozenset(ids), force, now)
        case NodesStopped() if cluster.state is ClusterState.TERMINATING:
            return _end(cluster, now), ()
        case Interrupted():
            return _interrupt(cluster, now), ()
        case _:
            return cluster, ()


def _asked(cluster: Cluster, event: ConcurrencyChanged | KeepAliveChanged | StepsAdded) -> Cluster:
    """The cluster as a user asked for it, before anything comes of that."""
    match event:
        case ConcurrencyChanged(level):
            return replace(cluster, step_concurrency=level)
        case KeepAliveChanged(keep):
            return replace(cluster, keep_alive=keep)
        case StepsAdded(steps):
            return replace(cluster, steps=cluster.steps + steps)


def _why(event: BootstrapFailed | InstanceFailed | TerminateRequested | IdledOut) -> Reason:
    """The reason of an end that begins with this event."""
    match event:
        case BootstrapFailed(message):
            return Reason("BOOTSTRAP_FAILURE", message)
        case InstanceFailed(message):
            return Reason("INSTANCE_FAILURE", message)
        case TerminateRequested(message):
            return Reason("USER_REQUEST", message)
        case IdledOut(seconds):
            message = f"Terminated by the auto-termination policy: the cluster was idle for {seconds} seconds"
            return Reason("USER_REQUEST", message)


def _change_groups(cluster: Cluster, event: Resized | Reconfigured) -> Outcome:
    """Nodes come and go, or take other configurations, while steps run."""
    if isinstance(event, Reconfigured):
        wanted = event.configurations
        return reconfigure.begun(cluster, wanted), (ReconfigureNodes(tuple(wanted)),)
    resize = event.resize
    effects: list[Effect] = []
    if resize.added:
        effects.append(AddNodes(tuple(one.ec2_id for one in resize.added)))
    if resize.removed:
        effects.append(RemoveNodes(resize.removed, resize.seconds))
    return resize.of(cluster), tuple(effects)


def _replace_node(cluster: Cluster, event: NodeLost | SpotInterrupted, now: float) -> Outcome:
    """The node goes and others come; what is lost with it, Spark does again elsewhere.

    Without its master a cluster is nothing.
    """
    reason = Reason("INSTANCE_FAILURE", event.message)
    if event.node == cluster.master.ec2_id:
        return _terminate(cluster, reason, now)
    instances = (
        replace(one, leaving=True, reason=reason) if one.ec2_id == event.node else one
        for one in cluster.instances
    )
    changed = replace(cluster, instances=(*instances, *event.replacements))
    coming = tuple(one.ec2_id for one in event.replacements)
    return changed, (RemoveNodes((event.node,), event.seconds), AddNodes(coming))


def _nodes_moved(
    cluster: Cluster, event: NodesAdded | NodesNotAdded | NodesRemoved | ReconfigurationEnded, now: float
) -> Cluster:
    match event:
        case ReconfigurationEnded(groups, failure):
            return reconfigure.ended(cluster, groups, failure)
        case NodesAdded(nodes):
            return _instances(cluster, InstanceState.RUNNING, now, nodes)
        case NodesNotAdded(nodes, reason):
            return _instances(cluster, InstanceState.TERMINATED, now, nodes, reason)
        case NodesRemoved(nodes):
            return _instances(cluster, InstanceState.TERMINATED, now, nodes)


def _next(cluster: Cluster, now: float) -> Outcome:
    """Start the oldest pending steps, as many as may run; without any, wait, or end when transient."""
    if cluster.state not in (ClusterState.RUNNING, ClusterState.WAITING):
        return cluster, ()
    active = sum(step.state in STEP_ACTIVE for step in cluster.steps)
    pending = [step for step in cluster.steps if step.state is StepState.PENDING]
    chosen = pending[: max(0, cluster.step_concurrency - active)]
    if chosen:
        running = replace(cluster, state=ClusterState.RUNNING, reason=None)
        for step in chosen:
            timeline = replace(step.timeline, ready=now)
            running = _with_step(running, replace(step, state=StepState.RUNNING, timeline=timeline))
        return running, tuple(RunStep(step.id) for step in chosen)
    if active:
        return cluster, ()
    if cluster.keep_alive:
        reason = Reason("USER_REQUEST", "Cluster ready to run steps.")
        return replace(cluster, state=ClusterState.WAITING, reason=reason), ()
    failed = any(step.state is not StepState.COMPLETED for step in cluster.steps)
    message = "Steps completed with errors" if failed else "Steps completed"
    return _terminate(cluster, Reason("ALL_STEPS_COMPLETED", message), now)


def _step_ended(cluster: Cluster, event: StepEnded, now: float) -> Outcome:
    step = cluster.step(event.step)
    if step.state in STEP_ENDED:
        return cluster, ()
    ended = replace(
        step,
        timeline=replace(step.timeline, ended=now),
        failure=event.failure,
        applications=event.applications,
    )
    if step.state is StepState.CANCEL_PENDING:
        cancelled = replace(ended, state=StepState.CANCELLED, failure=None)
        return _next(_with_step(cluster, cancelled), now)
    if event.failure is None:
        return _next(_with_step(cluster, replace(ended, state=StepState.COMPLETED)), now)
    after = _with_step(cluster, replace(ended, state=StepState.FAILED))
    if cluster.state is ClusterState.TERMINATING:
        return after, ()
    if cluster.step_concurrency > 1:
        # Beside other steps a failure neither cancels nor terminates (API_Step, ActionOnFailure).
        return _next(after, now)
    match step.action_on_failure:
        case ActionOnFailure.TERMINATE_CLUSTER | ActionOnFailure.TERMINATE_JOB_FLOW:
            if not cluster.termination_protected:
                return _terminate(after, Reason("STEP_FAILURE", "Shut down as step failed"), now)
            # A protected cluster outlives the error, so that its data can be recovered.
            return _wait(_cancel_pending(after, "Step cancelled as a previous step failed", now))
        case ActionOnFailure.CANCEL_AND_WAIT:
            return _wait(_cancel_pending(after, "Step cancelled as a previous step failed", now))
        case ActionOnFailure.CONTINUE:
            return _next(after, now)


def _wait(cluster: Cluster) -> Outcome:
    if any(step.state in STEP_ACTIVE for step in cluster.steps):
        return cluster, ()
    reason = Reason("USER_REQUEST", "Cluster ready after last step failed.")
    return replace(cluster, state=ClusterState.WAITING, reason=reason), ()


def _cancel(cluster: Cluster, ids: frozenset[str], force: bool, now: float) -> Outcome:
    effects: list[Effect] = []
    steps: list[Step] = []
    for step in cluster.steps:
        match step.state:
            case StepState.PENDING if step.id in ids:
                steps.append(_cancelled(step, "Step cancelled by user", now))
            case StepState.RUNNING if step.id in ids:
                reason = Reason("NONE", "Step cancelled by user")
                steps.append(replace(step, state=StepState.CANCEL_PENDING, reason=reason))
                effects.append(CancelStep(step.id, force))
            case _:
                steps.append(step)
    after, more = _next(replace(cluster, steps=tuple(steps)), now)
    return after, (*effects, *more)


def _cancel_pending(cluster: Cluster, message: str, now: float) -> Cluster:
    steps = (
        _cancelled(step, message, now) if step.state is StepState.PENDING else step for step in cluster.steps
    )
    return replace(cluster, steps=tuple(steps))


def _cancelled(step: Step, message: str, now: float) -> Step:
    timeline = replace(step.timeline, ended=now)
    return replace(step, state=StepState.CANCELLED, reason=Reason("NONE", message), timeline=timeline)


def _terminate(cluster: Cluster, reason: Reason, now: float) -> Outcome:
    """Begin the end: pending steps are cancelled, the running one is stopped with the nodes."""
    if cluster.state is ClusterState.TERMINATING:
        return cluster, ()
    rest = _cancel_pending(cluster, "Job terminated", now)
    steps = (
        replace(step, state=StepState.CANCEL_PENDING, reason=Reason("NONE", "Job terminated"))
        if step.state is StepState.RUNNING
        else step
        for step in rest.steps
    )
    return replace(rest, steps=tuple(steps), state=ClusterState.TERMINATING, reason=reason), (StopNodes(),)


def _end(cluster: Cluster, now: float) -> Cluster:
    clean = cluster.reason is not None and cluster.reason.code in ("USER_REQUEST", "ALL_STEPS_COMPLETED")
    state = ClusterState.TERMINATED if clean else ClusterState.TERMINATED_WITH_ERRORS
    steps = (
        _cancelled(step, "Job terminated", now) if step.state in STEP_ACTIVE else step
        for step in cluster.steps
    )
    ended = replace(
        cluster, state=state, steps=tuple(steps), timeline=replace(cluster.timeline, ended=now), ports=Ports()
    )
    return _instances(ended, InstanceState.TERMINATED, now)


def _interrupt(cluster: Cluster, now: float) -> Cluster:
    why = "The sandbox ended while the cluster lived; its processes were ended at the next start"
    steps = (_interrupted(step, now) if step.state in STEP_ACTIVE else step for step in cluster.steps)
    rest = _cancel_pending(replace(cluster, steps=tuple(steps)), "Job terminated", now)
    return _end(replace(rest, reason=Reason("INTERNAL_ERROR", why)), now)


def _interrupted(step: Step, now: float) -> Step:
    # FAILED, not INTERRUPTED: botocore's step_complete waiter does not know the latter and polls on.
    failure = Failure("Interrupted.", "The sandbox ended while the step ran, and so did the step.")
    timeline = replace(step.timeline, ended=now)
    return replace(step, state=StepState.FAILED, failure=failure, timeline=timeline)


def _instances(
    cluster: Cluster,
    state: InstanceState,
    now: float,
    nodes: Collection[str] | None = None,
    reason: Reason | None = None,
) -> Cluster:
    """The cluster with the state of its living nodes, or of those of `nodes`, changed."""

    def changed(instance: Instance) -> Instance:
        timeline = instance.timeline
        match state:
            case InstanceState.RUNNING:
                timeline = replace(timeline, ready=now)
            case InstanceState.TERMINATED:
                timeline = replace(timeline, ended=now)
        return replace(
            instance, state=state, timeline=timeline, reason=reason or instance.reason, leaving=False
        )

    def concerned(instance: Instance) -> bool:
        return instance.state is not InstanceState.TERMINATED and (nodes is None or instance.ec2_id in nodes)

    instances = (changed(one) if concerned(one) else one for one in cluster.instances)
    return replace(cluster, instances=tuple(instances))


def _with_step(cluster: Cluster, changed: Step) -> Cluster:
    steps = (changed if step.id == changed.id else step for step in cluster.steps)
    return replace(cluster, steps=tuple(steps))
