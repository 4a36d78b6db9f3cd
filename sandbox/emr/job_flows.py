"""DescribeJobFlows, as EMR told of clusters before DescribeCluster: for old scripts. Pure but for the class.

https://docs.aws.amazon.com/emr/latest/APIReference/API_DescribeJobFlows.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sandbox.aws.operations import Document, Fidelity, operation
from sandbox.emr.describe import Naming
from sandbox.emr.model import Cluster, ClusterState, Instance, Role, Step, StepState, Timeline
from sandbox.emr.supervisor import Supervisor

MOST = 512
"""Job flows in one answer."""
DAY = 86_400.0
RECENT, OLD = 14 * DAY, 61 * DAY
"""Seconds: without conditions, those created in two weeks are told, and those active for two months."""
_ACTIVE = frozenset({"RUNNING", "WAITING", "SHUTTING_DOWN", "STARTING", "BOOTSTRAPPING"})


class JobFlowOperations:
    """The one operation; botocore marks it as deprecated."""

    def __init__(self, supervisor: Supervisor, clock: Callable[[], float], naming: Naming) -> None:
        self._supervisor = supervisor
        self._clock = clock
        self._naming = naming

    @operation(Fidelity.EXECUTED)
    def describe_job_flows(self, document: Document) -> Document:
        ids = document.get("JobFlowIds", [])
        clusters = [self._supervisor.existing(id) for id in ids] if ids else self._supervisor.all()
        chosen = [one for one in reversed(clusters) if wanted(one, document, self._clock())]
        return {"JobFlows": [job_flow(one, self._naming) for one in chosen[:MOST]]}


def wanted(cluster: Cluster, document: Document, now: float) -> bool:
    """Whether the conditions ask for the cluster; without any, the recent ones are asked for."""
    created, state = cluster.timeline.created, state_of(cluster)
    if not document.keys() & {"JobFlowIds", "JobFlowStates", "CreatedAfter", "CreatedBefore"}:
        return now - created <= (OLD if state in _ACTIVE else RECENT)
    states = document.get("JobFlowStates")
    after, before = document.get("CreatedAfter", 0), document.get("CreatedBefore", float("inf"))
    return (not states or state in states) and after <= created <= before


def state_of(cluster: Cluster) -> str:
    """The cluster's state in the older words."""
    match cluster.state:
        case ClusterState.TERMINATING:
            return "SHUTTING_DOWN"
        case ClusterState.TERMINATED_WITH_ERRORS:
            return "FAILED"
        case ClusterState.TERMINATED if cluster.reason and cluster.reason.code == "ALL_STEPS_COMPLETED":
            return "COMPLETED"
        case state:
            return str(state)


def job_flow(cluster: Cluster, naming: Naming) -> Document:
    """JobFlowDetail."""
    recorded = cluster.recorded
    return {
        "JobFlowId": cluster.id,
        "Name": cluster.name,
        "LogUri": cluster.log_uri,
        "ExecutionStatusDetail": {
            "State": state_of(cluster),
            **_times(cluster.timeline),
            "ReadyDateTime": cluster.timeline.ready,
            "LastStateChangeReason": cluster.reason.message if cluster.reason else None,
        },
        "Instances": _instances(cluster, naming),
        "Steps": [_step(step) for step in cluster.steps],
        "BootstrapActions": [
            {
                "BootstrapActionConfig": {
                    "Name": action.name,
                    "ScriptBootstrapAction": {"Path": action.path, "Args": list(action.arguments)},
                }
            }
            for action in cluster.bootstrap_actions
        ],
        "SupportedProducts": [],
        "VisibleToAllUsers": recorded.get("VisibleToAllUsers", True),
        "JobFlowRole": recorded.get("JobFlowRole"),
        "ServiceRole": recorded.get("ServiceRole"),
        "AutoScalingRole": recorded.get("AutoScalingRole"),
        "ScaleDownBehavior": recorded.get("ScaleDownBehavior", "TERMINATE_AT_TASK_COMPLETION"),
    }


def _instances(cluster: Cluster, naming: Naming) -> Document:
    master = cluster.master
    others: Sequence[Instance] = [one for one in cluster.instances if one.role is not Role.MASTER]
    return {
        "MasterInstanceType": master.instance_type,
        "MasterPublicDnsName": naming.host if cluster.ports.master else None,
        "MasterInstanceId": master.ec2_id,
        "SlaveInstanceType": others[0].instance_type if others else master.instance_type,
        "InstanceCount": len(cluster.living) or len(cluster.instances),
        "InstanceGroups": [
            {
                "InstanceGroupId": group.id,
                "Name": group.name,
                "Market": group.market,
                "BidPrice": group.bid_price,
                "InstanceRole": group.role,
                "InstanceType": group.instance_type,
                "InstanceRequestCount": group.count,
                "InstanceRunningCount": sum(one.group == group.id for one in cluster.living),
                "State": "ENDED" if cluster.timeline.ended else "RUNNING",
                "CreationDateTime": cluster.timeline.created,
                "EndDateTime": cluster.timeline.ended,
            }
            for group in cluster.groups
        ],
        "Ec2KeyName": cluster.recorded.get("Ec2KeyName"),
        "Ec2SubnetId": cluster.recorded.get("Ec2SubnetId"),
        "KeepJobFlowAliveWhenNoSteps": cluster.keep_alive,
        "TerminationProtected": cluster.termination_protected,
        "UnhealthyNodeReplacement": cluster.replace_unhealthy,
    }


def _step(step: Step) -> Document:
    state = StepState.RUNNING if step.state is StepState.CANCEL_PENDING else step.state
    reason = step.failure.message if step.failure else step.reason.message if step.reason else None
    return {
        "StepConfig": {
            "Name": step.name,
            "ActionOnFailure": step.action_on_failure,
            "HadoopJarStep": {
                "Jar": step.jar,
                "MainClass": step.main_class,
                "Args": list(step.arguments),
                "Properties": [{"Key": key, "Value": value} for key, value in step.properties.items()],
            },
        },
        "ExecutionStatusDetail": {
            "State": state,
            "CreationDateTime": step.timeline.created,
            "StartDateTime": step.timeline.ready,
            "EndDateTime": step.timeline.ended,
            "LastStateChangeReason": reason,
        },
    }


def _times(timeline: Timeline) -> Document:
    return {
        "CreationDateTime": timeline.created,
        "StartDateTime": timeline.created,
        "EndDateTime": timeline.ended,
    }
