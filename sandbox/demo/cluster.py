"""The EMR stages: a cluster is launched, runs the steps, and is terminated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.demo.stages import StageFailed
from sandbox.demo.waiting import Wait

READY_LIMIT = 1800.0
STEP_LIMIT = 3600.0
END_LIMIT = 600.0
"""Seconds that a cluster's start, a step and a cluster's end may take."""

RELEASE = "emr-7.13.0"
INSTANCE_TYPE = "m5.xlarge"
CATALOG_FACTORY = "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory"
"""https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-glue.html"""


def request(
    name: str, logs: str, bootstrap: str, service_role: str, instance_role: str, course: str
) -> dict[str, Any]:
    """RunJobFlow's request for one master and one core node. Pure."""
    group = {"InstanceType": INSTANCE_TYPE, "InstanceCount": 1}
    return {
        "Name": name,
        "ReleaseLabel": RELEASE,
        "LogUri": logs,
        "Applications": [{"Name": "Spark"}, {"Name": "Zeppelin"}],
        "Configurations": [
            {
                "Classification": "spark-hive-site",
                "Properties": {"hive.metastore.client.factory.class": CATALOG_FACTORY},
            }
        ],
        "Instances": {
            "InstanceGroups": [
                {"Name": "master", "InstanceRole": "MASTER", **group},
                {"Name": "core", "InstanceRole": "CORE", **group},
            ],
            "KeepJobFlowAliveWhenNoSteps": True,
        },
        "BootstrapActions": [{"Name": "check-node", "ScriptBootstrapAction": {"Path": bootstrap}}],
        "ServiceRole": service_role,
        "JobFlowRole": instance_role,
        "Tags": [{"Key": "course", "Value": course}, {"Key": "made-by", "Value": "emr-sandbox-demo"}],
    }


def ready(emr: Any, cluster_id: str, wait: Wait, tell: Callable[[str], None]) -> dict[str, Any]:
    """The cluster, once it waits for steps; `StageFailed` with the reason of its end."""

    def look() -> dict[str, Any] | None:
        cluster: dict[str, Any] = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]
        state = cluster["Status"]["State"]
        tell(state)
        if state.startswith("TERMINAT"):
            reason = cluster["Status"].get("StateChangeReason", {}).get("Message", state)
            log = f"{cluster.get('LogUri', '').rstrip('/')}/{cluster_id}/node/"
            raise StageFailed(f"{cluster_id} is {state}: {reason}", log)
        return cluster if state in ("RUNNING", "WAITING") else None

    return wait.until(look, f"Cluster {cluster_id}", READY_LIMIT)


def nodes(emr: Any, cluster_id: str) -> dict[str, int]:
    """How many instances run, by role of their group."""
    groups = emr.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"]
    counts: Counter[str] = Counter()
    for group in groups:
        counts[group["InstanceGroupType"]] += group["RunningInstanceCount"]
    return dict(counts)


def spark_submit(
    name: str, script: str, arguments: Sequence[str], modules: Sequence[str] = ()
) -> dict[str, Any]:
    """A step that submits a PySpark script, as the course writes it. Pure."""
    options = ["--deploy-mode", "cluster", *(["--py-files", ",".join(modules)] if modules else [])]
    return {
        "Name": name,
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {
            "Jar": "command-runner.jar",
            "Args": ["spark-submit", *options, script, *arguments],
        },
    }


def run_step(
    emr: Any, cluster_id: str, step: dict[str, Any], wait: Wait, tell: Callable[[str, str], None]
) -> str:
    """Run a step to its end and return its id; `StageFailed` with its FailureDetails.

    `tell` hears the step's id and state.
    """
    id = str(emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[step])["StepIds"][0])

    def look() -> dict[str, Any] | None:
        status: dict[str, Any] = emr.describe_step(ClusterId=cluster_id, StepId=id)["Step"]["Status"]
        tell(id, status["State"])
        return None if status["State"] in ("PENDING", "RUNNING", "CANCEL_PENDING") else status

    status = wait.until(look, f"Step {id}", STEP_LIMIT)
    if status["State"] != "COMPLETED":
        details = status.get("FailureDetails", {})
        reason = status.get("StateChangeReason", {}).get("Message", "")
        message = details.get("Message") or reason or details.get("Reason", "")
        raise StageFailed(f"Step {id} is {status['State']}: {message}", details.get("LogFile", ""))
    return id


def terminate(emr: Any, cluster_id: str, wait: Wait, tell: Callable[[str], None]) -> str:
    """End the cluster and wait for it; returns its last state."""
    emr.terminate_job_flows(JobFlowIds=[cluster_id])

    def look() -> str | None:
        state = str(emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]["State"])
        tell(state)
        return state if state in ("TERMINATED", "TERMINATED_WITH_ERRORS") else None

    return wait.until(look, f"The end of cluster {cluster_id}", END_LIMIT)
