"""From the requests of RunJobFlow and AddJobFlowSteps to the model. Pure.

What is wrong is a ValidationException; what is not emulated is refused by name (501).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.aws.operations import Document
from sandbox.emr.model import (
    ENDED,
    STEP_ENDED,
    ActionOnFailure,
    BootstrapAction,
    Cluster,
    ClusterState,
    Instance,
    InstanceGroup,
    InstanceState,
    Role,
    Step,
    StepState,
    Timeline,
)
from sandbox.errors import AwsError, UsageError
from sandbox.s3.location import Location

NewId = Callable[[str, int], str]
"""Makes an id of a prefix and a number of letters or digits after it."""

MAX_STEPS = 256
MIN_IDLE_TIMEOUT, DEFAULT_IDLE_TIMEOUT, MAX_IDLE_TIMEOUT = 60, 3600, 604_800
"""Seconds."""
MAX_INSTANCES = 10_000
"""Instances of one group, more than any machine holds: a bound before each of them is made."""
APPLICATIONS = {"spark": "Spark", "zeppelin": "Zeppelin"}
CLASSIFICATIONS = frozenset({"spark-defaults", "spark-hive-site"})

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
    }
)
_INSTANCES_USED = frozenset(
    {
        "MasterInstanceType",
        "SlaveInstanceType",
        "InstanceCount",
        "InstanceGroups",
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
_GROUP_USED = frozenset({"Name", "InstanceRole", "InstanceType", "InstanceCount", "Market", "BidPrice"})


def cluster(request: Document, now: float, new_id: NewId) -> Cluster:
    """A cluster about to start; `ValidationException` when the request is wrong, 501 when not emulated."""
    refuse("RunJobFlow", request, _USED | _RECORDED)
    concurrency = step_concurrency(request.get("StepConcurrencyLevel", 1))
    hardware = request["Instances"]
    refuse("RunJobFlow.Instances", hardware, _INSTANCES_USED | _INSTANCES_RECORDED)
    _check_log_uri(request.get("LogUri"))
    wanted = _groups(hardware, new_id)
    recorded = {name: request[name] for name in sorted(_RECORDED & request.keys())}
    recorded |= {name: hardware[name] for name in sorted(_INSTANCES_RECORDED & hardware.keys())}
    at_launch = steps(request.get("Steps", []), now, new_id)
    check_actions(concurrency, at_launch)
    return Cluster(
        id=new_id("j-", 13),
        name=request["Name"],
        state=ClusterState.STARTING,
        timeline=Timeline(now),
        release_label=_release_label(request),
        groups=wanted,
        instances=tuple(one for group in wanted for one in instances(group, group.count, now, new_id)),
        steps=at_launch,
        bootstrap_actions=tuple(_bootstrap_action(action) for action in request.get("BootstrapActions", [])),
        applications=_applications(request.get("Applications", [])),
        configurations=_configurations(request.get("Configurations", [])),
        keep_alive=hardware.get("KeepJobFlowAliveWhenNoSteps", False),
        termination_protected=hardware.get("TerminationProtected", False),
        log_uri=request.get("LogUri"),
        tags=tags(request.get("Tags", [])),
        recorded=recorded,
        step_concurrency=concurrency,
        idle_timeout=idle_timeout(request.get("AutoTerminationPolicy")),
        replace_unhealthy=hardware.get("UnhealthyNodeReplacement", False),
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


def _groups(instances: Document, new_id: NewId) -> tuple[InstanceGroup, ...]:
    given = instances.get("InstanceGroups")
    uniform = {"MasterInstanceType", "SlaveInstanceType", "InstanceCount"} & instances.keys()
    if given and uniform:
        raise AwsError(
            "ValidationException",
            "Please configure instances using one and only one of the following: instance groups; "
            "instance fleets; instance count, master and slave instance type.",
        )
    if given is None:
        given = _uniform(instances)
    found = groups(given, new_id)
    check_groups(found)
    return found


def groups(entries: list[Document], new_id: NewId) -> tuple[InstanceGroup, ...]:
    """The groups of InstanceGroupConfigs; 501 for a member that is not emulated."""
    for entry in entries:
        refuse("InstanceGroupConfig", entry, _GROUP_USED)
    return tuple(
        InstanceGroup(
            id=new_id("ig-", 13),
            name=entry.get("Name", entry["InstanceRole"].title()),
            role=Role(entry["InstanceRole"]),
            instance_type=entry["InstanceType"],
            count=entry["InstanceCount"],
            market=entry.get("Market", "ON_DEMAND"),
        )
        for entry in entries
    )


def instances(group: InstanceGroup, count: int, now: float, new_id: NewId) -> tuple[Instance, ...]:
    """`count` new instances of a group."""
    return tuple(
        Instance(
            new_id("ci-", 20),
            new_id("i-", 17),
            group.id,
            group.role,
            InstanceState.PROVISIONING,
            Timeline(now),
        )
        for _ in range(count)
    )


def _uniform(instances: Document) -> list[Document]:
    master = instances.get("MasterInstanceType")
    if master is None:
        raise AwsError(
            "ValidationException",
            "The master instance type is missing: give Instances.InstanceGroups "
            "or Instances.MasterInstanceType",
        )
    count = instances.get("InstanceCount", 1)
    if count < 1:
        raise AwsError("ValidationException", f"InstanceCount must be at least 1, not {count}")
    groups: list[Document] = [{"InstanceRole": "MASTER", "InstanceType": master, "InstanceCount": 1}]
    if count > 1:
        core = instances.get("SlaveInstanceType", master)
        groups.append({"InstanceRole": "CORE", "InstanceType": core, "InstanceCount": count - 1})
    return groups


def check_groups(groups: tuple[InstanceGroup, ...]) -> None:
    """`ValidationException` for groups that no cluster can have together."""
    by_role = {role: [group for group in groups if group.role is role] for role in Role}
    masters = sum(group.count for group in by_role[Role.MASTER])
    if masters != 1:
        if masters == 3:
            raise _not_emulated("three master nodes (high availability)")
        raise AwsError("ValidationException", f"A cluster has exactly one master instance, not {masters}")
    if len(by_role[Role.CORE]) > 1:
        raise AwsError("ValidationException", "You can specify at most one CORE instance group")
    if by_role[Role.TASK] and not by_role[Role.CORE]:
        raise AwsError("ValidationException", "A TASK instance group needs a CORE instance group")
    for group in groups:
        if group.count < 1:
            raise AwsError("ValidationException", f"Instance group {group.name} has no instance")
        if group.count > MAX_INSTANCES:
            message = f"Instance group {group.name} has more than {MAX_INSTANCES} instances"
            raise AwsError("ValidationException", message)


def _applications(entries: list[Document]) -> tuple[str, ...]:
    names = []
    for entry in entries:
        name = APPLICATIONS.get(entry["Name"].lower())
        if name is None:
            raise _not_emulated(f"the application {entry['Name']}")
        names.append(name)
    return tuple(names)


def _configurations(entries: list[Document]) -> tuple[dict[str, Any], ...]:
    for entry in entries:
        classification = entry.get("Classification", "")
        if classification not in CLASSIFICATIONS:
            raise _not_emulated(f"the configuration classification {classification!r}")
        if entry.get("Configurations"):
            raise _not_emulated(f"nested configurations in {classification!r}")
    return tuple(entries)


def _bootstrap_action(entry: Document) -> BootstrapAction:
    script = entry["ScriptBootstrapAction"]
    return BootstrapAction(entry["Name"], script["Path"], tuple(script.get("Args", [])))


def _release_label(request: Document) -> str:
    label = str(request.get("ReleaseLabel", "emr-7.0.0"))
    if not label.startswith("emr-"):
        raise AwsError("ValidationException", f"The supplied release label is invalid: {label}.")
    return label


def _check_log_uri(uri: str | None) -> None:
    if uri is None:
        return
    try:
        Location.parse(uri)
    except UsageError as error:
        raise AwsError("ValidationException", f"Invalid logUri: {error}") from error


def refuse(where: str, given: Document, known: frozenset[str]) -> None:
    """501 that names the members of `given` that are not emulated."""
    unknown = sorted(given.keys() - known)
    if unknown:
        raise _not_emulated(f"{where} with {', '.join(unknown)}")


def _not_emulated(what: str) -> AwsError:
    return AwsError("NotEmulated", f"EMR Sandbox does not emulate {what}", status=501)
