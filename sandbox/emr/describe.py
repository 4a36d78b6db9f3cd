"""From the model to what EMR answers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.aws.operations import Document
from sandbox.emr import auto_scaling
from sandbox.emr.fleets import provisioned
from sandbox.emr.logs import step_log_uri
from sandbox.emr.model import (
    ENDED,
    Cluster,
    ClusterState,
    FleetType,
    Instance,
    InstanceFleet,
    InstanceGroup,
    InstanceState,
    Market,
    Reason,
    Step,
    Timeline,
)


@dataclass(frozen=True)
class Naming:
    """What answers need beside the cluster: the account, and where and what runs here."""

    account: str
    region: str
    host: str
    spark_version: str

    def cluster_arn(self, id: str) -> str:
        """The cluster's ARN."""
        return f"arn:aws:elasticmapreduce:{self.region}:{self.account}:cluster/{id}"


def cluster(value: Cluster, naming: Naming) -> Document:
    """DescribeCluster's Cluster."""
    recorded = value.recorded
    return {
        **summary(value, naming),
        "Ec2InstanceAttributes": {
            **{name: recorded[name] for name in _EC2_MEMBERS if name in recorded},
            "RequestedEc2SubnetIds": recorded.get("Ec2SubnetIds", []),
            "IamInstanceProfile": recorded.get("JobFlowRole"),
        },
        "InstanceCollectionType": "INSTANCE_FLEET" if value.fleets else "INSTANCE_GROUP",
        "LogUri": value.log_uri,
        "ReleaseLabel": value.release_label,
        "AutoTerminate": not value.keep_alive,
        "TerminationProtected": value.termination_protected,
        "UnhealthyNodeReplacement": value.replace_unhealthy,
        "VisibleToAllUsers": recorded.get("VisibleToAllUsers", True),
        "Applications": [application(name, naming.spark_version) for name in value.applications],
        "Tags": [{"Key": key, "Value": text} for key, text in value.tags.items()],
        "ServiceRole": recorded.get("ServiceRole"),
        "MasterPublicDnsName": naming.host if value.ports.master else None,
        "Configurations": list(value.configurations),
        "ScaleDownBehavior": recorded.get("ScaleDownBehavior", "TERMINATE_AT_TASK_COMPLETION"),
        "EbsRootVolumeSize": recorded.get("EbsRootVolumeSize"),
        "OSReleaseLabel": recorded.get("OSReleaseLabel"),
        "CustomAmiId": recorded.get("CustomAmiId"),
        "AutoScalingRole": recorded.get("AutoScalingRole"),
        "SecurityConfiguration": value.security.name if value.security else None,
        "StepConcurrencyLevel": value.step_concurrency,
    }


_EC2_MEMBERS = (
    "Ec2KeyName",
    "Ec2SubnetId",
    "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup",
    "ServiceAccessSecurityGroup",
    "AdditionalMasterSecurityGroups",
    "AdditionalSlaveSecurityGroups",
)


def application(name: str, spark_version: str) -> Document:
    """No version of a notebook: it may be the built-in engine, which is no release of Zeppelin."""
    return {"Name": name, "Version": spark_version} if name == "Spark" else {"Name": name}


def summary(value: Cluster, naming: Naming) -> Document:
    """ListClusters' entry."""
    return {
        "Id": value.id,
        "Name": value.name,
        "ClusterArn": naming.cluster_arn(value.id),
        "Status": {
            "State": value.state,
            "StateChangeReason": _reason(value.reason),
            "Timeline": _timeline(value.timeline),
        },
    }


def step(value: Step, of: Cluster) -> Document:
    """DescribeStep's Step."""
    status: Document = {
        "State": value.state,
        "StateChangeReason": _reason(value.reason),
        "Timeline": _timeline(value.timeline, "StartDateTime"),
    }
    if value.failure:
        status["FailureDetails"] = {
            "Reason": value.failure.reason,
            "Message": value.failure.message,
            "LogFile": value.failure.log_file,
        }
    log_uri = step_log_uri(of, value.id, "controller").rpartition("/")[0]
    document: Document = {
        "Id": value.id,
        "Name": value.name,
        "Config": {
            "Jar": value.jar,
            "Args": list(value.arguments),
            "Properties": value.properties,
            "MainClass": value.main_class,
        },
        "ActionOnFailure": value.action_on_failure,
        "Status": status,
        "LogUri": f"{log_uri}/" if log_uri else None,
        "ExecutionRoleArn": value.execution_role,
    }
    if value.applications:
        document["AdditionalInfo"] = {
            "ResourceManager": "Spark standalone",
            "ResourceManagerApplicationIds": list(value.applications),
        }
    return document


def instance(value: Instance, of: Cluster, naming: Naming) -> Document:
    """ListInstances' entry."""
    bids = {group.id: group.bid_price for group in of.groups}
    return {
        "Id": value.id,
        "Ec2InstanceId": value.ec2_id,
        "PublicDnsName": naming.host,
        "PublicIpAddress": naming.host,
        "PrivateDnsName": naming.host,
        "PrivateIpAddress": naming.host,
        "Status": {
            "State": value.state,
            "StateChangeReason": _terminated(value, of),
            "Timeline": _timeline(value.timeline),
        },
        "InstanceFleetId" if of.fleets else "InstanceGroupId": value.group,
        "Market": value.market,
        "InstanceType": value.instance_type,
        "BidPrice": bids.get(value.group),
        "EbsVolumes": [],
    }


def instance_group(value: InstanceGroup, of: Cluster) -> Document:
    """ListInstanceGroups' entry; its state is that of its instances."""
    members = [instance for instance in of.instances if instance.group == value.id]
    running = sum(member.state is InstanceState.RUNNING for member in members)
    first = members[0].timeline if members else of.timeline
    return {
        "Id": value.id,
        "Name": value.name,
        "Market": value.market,
        "BidPrice": value.bid_price,
        "InstanceGroupType": value.role,
        "InstanceType": value.instance_type,
        "Configurations": list(value.configurations),
        "AutoScalingPolicy": auto_scaling.described(value.scaling) if value.scaling else None,
        "ConfigurationsVersion": value.configurations_version,
        "LastSuccessfullyAppliedConfigurations": list(value.applied or value.configurations),
        "LastSuccessfullyAppliedConfigurationsVersion": value.configurations_version - value.reconfiguring,
        "RequestedInstanceCount": value.count,
        "RunningInstanceCount": running,
        "Status": {
            "State": "RECONFIGURING" if value.reconfiguring else _group_state(members, of),
            "StateChangeReason": _group_reason(value),
            "Timeline": _timeline(first),
        },
    }


def _group_reason(value: InstanceGroup) -> Document:
    if value.failure is None:
        return {"Message": ""}
    return {"Code": "INTERNAL_ERROR", "Message": f"The configurations were taken back: {value.failure}"}


def instance_fleet(value: InstanceFleet, of: Cluster) -> Document:
    """ListInstanceFleets' entry; its state is that of its instances, and what they make up is counted."""
    members = [instance for instance in of.instances if instance.group == value.id]
    running = [one for one in members if one.state is InstanceState.RUNNING]
    return {
        "Id": value.id,
        "Name": value.name,
        "InstanceFleetType": value.role,
        "TargetOnDemandCapacity": value.on_demand,
        "TargetSpotCapacity": value.spot,
        "ProvisionedOnDemandCapacity": provisioned(running, Market.ON_DEMAND),
        "ProvisionedSpotCapacity": provisioned(running, Market.SPOT),
        "InstanceTypeSpecifications": [_specification(one) for one in value.types],
        **value.recorded,
        "Status": {
            "State": _group_state(members, of),
            "StateChangeReason": {"Message": ""},
            "Timeline": _timeline(members[0].timeline if members else of.timeline),
        },
    }


def _specification(value: FleetType) -> Document:
    """A fleet's instance type; EbsConfiguration, which is answered in another shape, is left out."""
    recorded = {name: given for name, given in value.recorded.items() if name != "EbsConfiguration"}
    return {"InstanceType": value.name, "WeightedCapacity": value.weight, **recorded}


def _group_state(members: list[Instance], of: Cluster) -> str:
    """RESIZING while nodes come or go, else the state that the living members share.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceGroupStatus.html
    """
    living = [member for member in members if member.state is not InstanceState.TERMINATED]
    if of.state in ENDED:
        return "TERMINATED"
    if of.state in (ClusterState.RUNNING, ClusterState.WAITING):
        moving = (one.leaving or one.state is not InstanceState.RUNNING for one in living)
        return "RESIZING" if any(moving) else "RUNNING"
    return living[0].state if living else "RUNNING"


def _terminated(value: Instance, of: Cluster) -> Document:
    if value.reason is not None:
        return _reason(value.reason)
    if value.state is InstanceState.TERMINATED and of.state in ENDED:
        return {"Code": "CLUSTER_TERMINATED", "Message": "Job flow terminated"}
    return {}


def _reason(reason: Reason | None) -> Document:
    return {"Code": reason.code, "Message": reason.message} if reason else {}


def _timeline(timeline: Timeline, ready: str = "ReadyDateTime") -> Document:
    return {
        "CreationDateTime": timeline.created,
        ready: timeline.ready,
        "EndDateTime": timeline.ended,
    }
