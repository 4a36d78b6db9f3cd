"""Automatic scaling with a custom policy: which rule of a group's policy applies, and what comes of it. Pure.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-automatic-scaling.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from sandbox.aws.operations import Document
from sandbox.emr import metrics
from sandbox.emr.model import InstanceGroup, Role
from sandbox.emr.pace import SPEED
from sandbox.emr.refusal import not_emulated
from sandbox.errors import AwsError

NAMESPACE = "AWS/ElasticMapReduce"
DEFAULT_PERIOD = 300
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "GREATER_THAN": operator.gt,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}
_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SAMPLE_COUNT": len,
    "AVERAGE": fmean,
    "SUM": sum,
    "MINIMUM": min,
    "MAXIMUM": max,
}


@dataclass(frozen=True)
class Sample:
    """The metrics of a cluster at a time in seconds since the epoch."""

    at: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Decision:
    """A rule applies: the group shall have so many instances."""

    group: str
    rule: str
    count: int


def check(group: InstanceGroup, policy: Document) -> None:
    """`ValidationException` for a policy that the group cannot have, 501 for a metric that there is not."""
    if group.role is Role.MASTER:
        raise _wrong("The master instance group cannot have an automatic scaling policy.")
    least, most = policy["Constraints"]["MinCapacity"], policy["Constraints"]["MaxCapacity"]
    if not (1 if group.role is Role.CORE else 0) <= least <= most:
        raise _wrong(f"MinCapacity {least} and MaxCapacity {most} are no range for a {group.role} group.")
    names = [rule["Name"] for rule in policy["Rules"]]
    if not names or len(set(names)) < len(names):
        raise _wrong("The rules of a policy need names, each its own.")
    for rule in policy["Rules"]:
        _check_rule(rule)


def decide(
    group: InstanceGroup, samples: Sequence[Sample], now: float, since: float | None
) -> Decision | None:
    """The first rule whose alarm holds and that changes the group's count within the policy's bounds.

    `since` is when the group was last scaled: a rule rests for its cool-down after that.
    """
    policy = group.scaling
    assert policy is not None
    bounds = policy["Constraints"]
    for rule in policy["Rules"]:
        action = rule["Action"]["SimpleScalingPolicyConfiguration"]
        if since is not None and now - since < action.get("CoolDown", 0) / SPEED:
            continue
        if not alarmed(rule["Trigger"]["CloudWatchAlarmDefinition"], samples, now):
            continue
        count = max(bounds["MinCapacity"], min(bounds["MaxCapacity"], adjusted(group.count, action)))
        if count != group.count:
            return Decision(group.id, rule["Name"], count)
    return None


def alarmed(alarm: Document, samples: Iterable[Sample], now: float) -> bool:
    """Whether the condition has held in each of the last periods; it has not where there are no samples."""
    length = alarm["Period"] / SPEED
    compare = _COMPARISONS[alarm["ComparisonOperator"]]
    reckon = _STATISTICS[alarm.get("Statistic", "AVERAGE")]
    known = list(samples)
    for number in range(alarm.get("EvaluationPeriods", 1)):
        end = now - number * length
        values = [one.values[alarm["MetricName"]] for one in known if end - length < one.at <= end]
        if not values or not compare(reckon(values), alarm["Threshold"]):
            return False
    return True


def adjusted(count: int, action: Document) -> int:
    """The count after an adjustment, not bounded yet; a percentage changes it by one at least."""
    by: int = action["ScalingAdjustment"]
    match action.get("AdjustmentType", "CHANGE_IN_CAPACITY"):
        case "EXACT_CAPACITY":
            return by
        case "PERCENT_CHANGE_IN_CAPACITY":
            change = count * abs(by) // 100
            return count + max(1, change) * (1 if by > 0 else -1)
        case _:
            return count + by


def memory(policies: Iterable[Document]) -> float:
    """For how many seconds samples are of use to the policies."""
    alarms = (rule["Trigger"]["CloudWatchAlarmDefinition"] for one in policies for rule in one["Rules"])
    return max((one["Period"] * one.get("EvaluationPeriods", 1) / SPEED for one in alarms), default=0.0)


def described(policy: Document) -> Document:
    """AutoScalingPolicyDescription: an accepted policy is attached at once."""
    status = {"State": "ATTACHED", "StateChangeReason": {"Code": "USER_REQUEST", "Message": ""}}
    return {"Status": status, **policy}


def _check_rule(rule: Document) -> None:
    alarm = rule["Trigger"]["CloudWatchAlarmDefinition"]
    name = alarm["MetricName"]
    if alarm.get("Namespace", NAMESPACE) != NAMESPACE or name not in metrics.NAMES:
        raise not_emulated(f"the metric {name}: there are {', '.join(metrics.NAMES)} of {NAMESPACE}")
    if alarm["Period"] <= 0 or alarm.get("EvaluationPeriods", 1) < 1:
        raise _wrong(f"Rule {rule['Name']}: Period and EvaluationPeriods must be positive.")
    action = rule["Action"]["SimpleScalingPolicyConfiguration"]
    if action["ScalingAdjustment"] == 0 and action.get("AdjustmentType") != "EXACT_CAPACITY":
        raise _wrong(f"Rule {rule['Name']}: a ScalingAdjustment of 0 changes nothing.")
    if action.get("CoolDown", 0) < 0:
        raise _wrong(f"Rule {rule['Name']}: CoolDown must not be negative.")


def _wrong(message: str) -> AwsError:
    return AwsError("ValidationException", message)
