"""What a node says of itself and its cluster: the files that EMR has in `/mnt/var/lib/info`. Pure.

EMR documents `instance.json` and its `isMaster`; the other members are those that public scripts read.
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-bootstrap.html
"""

from __future__ import annotations

from typing import Any

from sandbox.emr.model import Cluster, Instance, Market, Role

_MARKETS = {Market.SPOT: "Spot", Market.ON_DEMAND: "OnDemand"}


def documents(
    cluster: Cluster, instance: Instance, master_host: str, region: str
) -> dict[str, dict[str, Any]]:
    """The node's files by name. There is neither HDFS nor YARN, so no daemon of theirs is told to run."""
    return {
        "instance.json": instance_document(instance),
        "job-flow.json": _job_flow(cluster, master_host),
        "extraInstanceData.json": {
            "instanceRole": str(instance.role).lower(),
            "marketType": str(instance.market).lower(),
            "masterHost": "localhost" if instance.role is Role.MASTER else master_host,
            "releaseLabel": cluster.release_label,
            "region": region,
            "numCandidates": 1,
        },
    }


def instance_document(instance: Instance) -> dict[str, Any]:
    """The content of `instance.json`, which also `run-if` looks at."""
    return {
        "instanceGroupId": instance.group,
        "isMaster": instance.role is Role.MASTER,
        "isRunningNameNode": False,
        "isRunningDataNode": False,
        "isRunningJobTracker": False,
        "isRunningTaskTracker": False,
        "isRunningResourceManager": False,
        "isRunningNodeManager": False,
    }


def _job_flow(cluster: Cluster, master_host: str) -> dict[str, Any]:
    types = {one.role: one.instance_type for one in cluster.instances}
    return {
        "jobFlowId": cluster.id,
        "jobFlowCreationInstant": int(cluster.timeline.created * 1000),
        "instanceCount": len(cluster.living),
        "masterInstanceId": cluster.master.ec2_id,
        "masterPrivateDnsName": master_host,
        "masterInstanceType": types[Role.MASTER],
        "slaveInstanceType": types.get(Role.CORE),
        "instanceGroups": [
            {
                "instanceGroupId": group.id,
                "instanceGroupName": group.name,
                "instanceRole": str(group.role).title(),
                "marketType": _MARKETS[group.market],
                "instanceType": group.instance_type,
                "requestedInstanceCount": group.count,
            }
            for group in cluster.groups
        ],
    }
