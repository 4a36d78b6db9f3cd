"""From the requests of RunJobFlow and AddJobFlowSteps to the model. Pure.

What is wrong is a ValidationException; what is not emulated is refused by name (501).
"""

from __future__ import annotations

import re

from sandbox.aws.operations import Document
from sandbox.emr import configurations
from sandbox.emr.hardware import hardware
from sandbox.emr.model import (
    ENDED,
    STEP_ENDED,
    ActionOnFailure,
    BootstrapAction,
    Cluster,
    ClusterState,
    NewId,
    Step,
    StepState,
    Timeline,
)
from sandbox.emr.refusal import not_emulated, refuse
from sandbox.errors import AwsError, UsageError
from sandbox.s3.location import Location

MAX_STEPS = 256
MIN_IDLE_TIMEOUT, DEFAULT_IDLE_TIMEOUT, MAX_IDLE_TIMEOUT = 60, 3600, 604_800
"""Seconds."""
NEWEST_MINOR = {4: 10, 5: 37, 6: 15, 7: 13}
"""The last release of each series: a label of any of them is taken, and the Spark that is here runs."""
_LABEL = re.compile(r"emr-(\d)\.(\d{1,2})\.\d")
APPLICATIONS = {"spark": "Spark", "zeppelin": "Zeppelin"}

_USED = frozenset(
    {
        "Name",
        "LogUri",
        "ReleaseLabel",
        "Instances",
        "Steps",
        "BootstrapActions",
        "Applications",
        "Configurations",
        "Tags",
        "StepConcurrencyLevel",
        "AutoTerminationPolicy",
        "ManagedScalingPolicy",
        "SecurityConfiguration",
    }
)
_RECORDED = frozenset(
    {
        "ServiceRole",
        "JobFlowRole",
        "VisibleToAllUsers",
        "ScaleDownBehavior",
        "EbsRootVolumeSize",
        "EbsRootVolumeIops",
        "EbsRootVolumeThroughput",
        "OSReleaseLabel",
        "AdditionalInfo",
        "RepoUpgradeOnBoot",
        "AutoScalingRole",
        "CustomAmiId",
        "PlacementGroupConfigs",
    }
)
_INSTANCES_USED = frozenset(
    {
        "MasterInstanceType",
        "SlaveInstanceType",
        "InstanceCount",
        "InstanceGroups",
        "InstanceFleets",
        "KeepJobFlowAliveWhenNoSteps",
        "TerminationProtected",
        "UnhealthyNodeReplacement",
    }
)
_INSTANCES_RECORDED = frozenset(
    {
        "Ec2KeyName",
        "Ec2SubnetId",
        "Ec2SubnetIds",
        "Placement",
        "EmrManagedMasterSecurityGroup",
        "EmrManagedSlaveSecurityGroup",
        "ServiceAccessSecurityGroup",
        "AdditionalMasterSecurityGroups",
        "AdditionalSlaveSecurityGroups",
    }
)


def cluster(request: Document, now: float, new_id: NewId) -> Cluster:
    """A cluster about to start; `ValidationException` when the request is wrong, 501 when not emulated."""
    refuse("RunJobFlow", request, _USED | _RECORDED)
    concurrency = step_concurrency(request.get("StepConcurrencyLevel", 1))
    asked = request["Instances"]
    refuse("RunJobFlow.Instances", asked, _INSTANCES_USED | _INSTANCES_RECORDED)
    _check_log_uri(request.get("LogUri"))
    wanted = hardware(asked, now, new_id)
    recorded = {name: request[name] for name in sorted(_RECORDED & request.keys())}
    recorded |= {name: asked[name] for name in sorted(_INSTANCES_RECORDED & asked.keys())}
    at_launch = steps(request.get("Steps", []), now, new_id)
    check_actions(concurrency, at_launch)
    return Cluster(
        id=new_id("j-", 13),
        name=request["Name"],
        state=ClusterState.STARTING,
        timeline=Timeline(now),
        release_label=_release_label(request),
        groups=wanted.groups,
        fleets=wanted.fleets,
        instances=wanted.instances,
        steps=at_launch,
        bootstrap_actions=tuple(_bootstrap_action(action) for action in request.get("BootstrapActions", [])),
        applications=_applications(request.get("Applications", [])),
        configurations=configurations.checked(request.get("Configurations", [])),
        keep_alive=asked.get("KeepJobFlowAliveWhenNoSteps", False),
        termination_protected=asked.get("TerminationProtected", False),
        log_uri=request.get("LogUri"),
        tags=tags(request.get("Tags", [])),
        recorded=recorded,
        step_concurrency=concurrency,
        idle_timeout=idle_timeout(request.get("AutoTerminationPolicy")),
        replace_unhealthy=asked.get("UnhealthyNodeReplacement", False),
    )


def steps(configs: list[Document], now: float, new_id: NewId) -> tuple[Step, ...]:
    """New steps, pending. AddJobFlowSteps' default for ActionOnFailure is CONTINUE."""
    if len(configs) > MAX_STEPS:
        raise AwsError("ValidationException", f"A maximum of {MAX_STEPS} steps are allowed in each request.")
    for config in configs:
        refuse("StepConfig", config, frozenset({"Name", "ActionOnFailure", "HadoopJarStep"}))
    return tuple(_step(config, now, new_id) for config in configs)


def step_concurrency(level: int) -> int:
    """The level; `ValidationException` when EMR would not take it."""
    if not 1 <= level <= MAX_STEPS:
        message = f"StepConcurrencyLevel must be between 1 and {MAX_STEPS}, not {level}."
        raise AwsError("ValidationException", message)
    return level


def check_actions(concurrency: int, steps: tuple[Step, ...]) -> None:
    """`ValidationException` for an ActionOnFailure that steps cannot have while others run beside them.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_StepConfig.html
    """
    for step in steps:
        if concurrency > 1 and step.action_on_failure is not ActionOnFailure.CONTINUE:
            raise AwsError(
                "ValidationException",
                f"ActionOnFailure {step.action_on_failure} is not valid for step {step.name}: "
                f"with a StepConcurrencyLevel of {concurrency} only CONTINUE is.",
            )


def idle_timeout(policy: Document | None) -> int | None:
    """Seconds of an AutoTerminationPolicy; None without one, `ValidationException` out of bounds.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_AutoTerminationPolicy.html
    """
    if policy is None:
        return None
    seconds = policy.get("IdleTimeout", DEFAULT_IDLE_TIMEOUT)
    if not MIN_IDLE_TIMEOUT <= seconds <= MAX_IDLE_TIMEOUT:
        message = f"IdleTimeout must be between {MIN_IDLE_TIMEOUT} and {MAX_IDLE_TIMEOUT} seconds."
        raise AwsError("ValidationException", message)
    return int(seconds)


def check_room(cluster: Cluster, more: int) -> None:
    """Raise ValidationException when the cluster cannot take so many more steps."""
    if cluster.state in ENDED or cluster.state is ClusterState.TERMINATING:
        raise AwsError(
            "ValidationException",
            "A job flow that is shutting down, terminating, or finished may not be modified.",
        )
    active = sum(step.state not in STEP_ENDED for step in cluster.steps)
    if active + more > MAX_STEPS:
        message = f"Maximum number of active steps for job flow is {MAX_STEPS}."
        raise AwsError("ValidationException", message)


def tags(entries: list[Document]) -> dict[str, str]:
    """Tags as a mapping; a key without a value has the empty string."""
    return {entry["Key"]: entry.get("Value", "") for entry in entries}


def _step(config: Document, now: float, new_id: NewId) -> Step:
    jar = config["HadoopJarStep"]
    return Step(
        id=new_id("s-", 13),
        name=config["Name"],
        jar=jar["Jar"],
        arguments=tuple(jar.get("Args", [])),
        main_class=jar.get("MainClass"),
        properties={entry["Key"]: entry.get("Value", "") for entry in jar.get("Properties", [])},
        action_on_failure=ActionOnFailure(config.get("ActionOnFailure", ActionOnFailure.CONTINUE)),
        state=StepState.PENDING,
        timeline=Timeline(now),
    )


def _applications(entries: list[Document]) -> tuple[str, ...]:
    names = []
    for entry in entries:
        name = APPLICATIONS.get(entry["Name"].lower())
        if name is None:
            raise not_emulated(f"the application {entry['Name']}")
        names.append(name)
    return tuple(names)


def _bootstrap_action(entry: Document) -> BootstrapAction:
    script = entry["ScriptBootstrapAction"]
    return BootstrapAction(entry["Name"], script["Path"], tuple(script.get("Args", [])))


def _release_label(request: Document) -> str:
    label = str(request.get("ReleaseLabel", "emr-7.0.0"))
    check_release_label(label)
    return label


def check_release_label(label: str) -> None:
    """`ValidationException` for a label that no release of EMR has."""
    found = _LABEL.fullmatch(label)
    if found is None or int(found.group(2)) > NEWEST_MINOR.get(int(found.group(1)), -1):
        raise AwsError("ValidationException", f"The supplied release label is invalid: {label}.")


def _check_log_uri(uri: str | None) -> None:
    if uri is None:
        return
    try:
        Location.parse(uri)
    except UsageError as error:
        raise AwsError("ValidationException", f"Invalid logUri: {error}") from error
