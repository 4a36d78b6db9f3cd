"""Custom scaling policies as tables: samples in, decisions out."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import pytest

from sandbox.emr import auto_scaling, metrics, request, rule_scaler
from sandbox.emr.auto_scaling import Decision, Sample
from sandbox.emr.model import InstanceGroup, InstanceState, Role
from sandbox.emr.pace import SPEED
from sandbox.emr.scaling import Load
from sandbox.errors import AwsError

PERIOD = 300 / SPEED


def alarm(comparison="LESS_THAN", threshold=20.0, name="YARNMemoryAvailablePercentage", **more):
    return {
        "ComparisonOperator": comparison,
        "MetricName": name,
        "Threshold": threshold,
        "Period": 300,
        **more,
    }


def rule(name="out", by=1, cool_down=300, when=None, **more):
    action = {"ScalingAdjustment": by, "CoolDown": cool_down, **more}
    return {
        "Name": name,
        "Action": {"SimpleScalingPolicyConfiguration": action},
        "Trigger": {"CloudWatchAlarmDefinition": when or alarm()},
    }


def policy(*rules, least=1, most=3):
    return {"Constraints": {"MinCapacity": least, "MaxCapacity": most}, "Rules": list(rules or [rule()])}


def group(count=1, role=Role.CORE, **changes):
    return InstanceGroup("ig-1", "g", role, "m5.xlarge", count, **changes)


def samples(*values, name="YARNMemoryAvailablePercentage"):
    """One sample a period, the last one now, at 1000 seconds."""
    count = len(values)
    return [Sample(1000 - PERIOD * (count - 1 - n), {name: value}) for n, value in enumerate(values)]


@pytest.mark.parametrize(
    ("definition", "values", "expected"),
    [
        (alarm(), [10], True),
        (alarm(), [20], False),
        (alarm("LESS_THAN_OR_EQUAL"), [20], True),
        (alarm("GREATER_THAN", 75.0), [80], True),
        (alarm("GREATER_THAN_OR_EQUAL", 75.0), [74], False),
        (alarm(EvaluationPeriods=2), [10, 10], True),
        (alarm(EvaluationPeriods=2), [30, 10], False),
        (alarm(EvaluationPeriods=2), [10], False),
        (alarm(Statistic="SAMPLE_COUNT", threshold=2.0), [99], True),
        (alarm(), [], False),
    ],
)
def test_an_alarm_holds_over_its_periods(definition, values, expected):
    assert auto_scaling.alarmed(definition, samples(*values), 1000) is expected


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [("AVERAGE", 20.0), ("SUM", 40.0), ("MINIMUM", 10.0), ("MAXIMUM", 30.0), ("SAMPLE_COUNT", 2.0)],
)
def test_a_period_is_reckoned_by_its_statistic(statistic, expected):
    both = [Sample(999, {"AppsPending": 10.0}), Sample(1000, {"AppsPending": 30.0})]
    for threshold, holds in ((expected, True), (expected + 0.1, False)):
        asked = alarm("GREATER_THAN_OR_EQUAL", threshold, "AppsPending", Statistic=statistic)
        assert auto_scaling.alarmed(asked, both, 1000) is holds


@pytest.mark.parametrize(
    ("count", "action", "expected"),
    [
        (2, {"ScalingAdjustment": 1}, 3),
        (2, {"ScalingAdjustment": -1}, 1),
        (2, {"ScalingAdjustment": 7, "AdjustmentType": "EXACT_CAPACITY"}, 7),
        (10, {"ScalingAdjustment": 20, "AdjustmentType": "PERCENT_CHANGE_IN_CAPACITY"}, 12),
        (10, {"ScalingAdjustment": -50, "AdjustmentType": "PERCENT_CHANGE_IN_CAPACITY"}, 5),
        (1, {"ScalingAdjustment": 20, "AdjustmentType": "PERCENT_CHANGE_IN_CAPACITY"}, 2),
    ],
)
def test_adjustments(count, action, expected):
    assert auto_scaling.adjusted(count, action) == expected


@pytest.mark.parametrize(
    ("count", "given", "values", "since", "expected"),
    [
        (1, policy(), [10], None, ("out", 2)),
        (3, policy(), [10], None, None),
        (2, policy(rule(by=5)), [10], None, ("out", 3)),
        (1, policy(), [50], None, None),
        (1, policy(), [10], 1000 - 29, None),
        (1, policy(), [10], 1000 - 30, ("out", 2)),
        (2, policy(rule(), rule("in", -1, when=alarm("GREATER_THAN", 75.0))), [90], None, ("in", 1)),
        (1, policy(rule("in", -1, when=alarm("GREATER_THAN", 75.0))), [90], None, None),
        (2, policy(rule("a", when=alarm("GREATER_THAN")), rule("b")), [10], None, ("b", 3)),
    ],
)
def test_the_first_rule_that_changes_something_decides(count, given, values, since, expected):
    decided = auto_scaling.decide(group(count, scaling=given), samples(*values), 1000, since)
    assert decided == (Decision("ig-1", *expected) if expected else None)


@pytest.mark.parametrize(
    ("role", "given", "code", "text"),
    [
        (Role.MASTER, policy(), "ValidationException", "master instance group"),
        (Role.CORE, policy(least=0), "ValidationException", "MinCapacity 0 and MaxCapacity 3"),
        (Role.TASK, policy(least=4), "ValidationException", "MinCapacity 4"),
        (Role.CORE, {**policy(), "Rules": []}, "ValidationException", "names"),
        (Role.CORE, policy(rule(), rule()), "ValidationException", "each its own"),
        (Role.CORE, policy(rule(by=0)), "ValidationException", "changes nothing"),
        (Role.CORE, policy(rule(cool_down=-1)), "ValidationException", "CoolDown"),
        (Role.CORE, policy(rule(when=alarm(EvaluationPeriods=0))), "ValidationException", "positive"),
        (Role.CORE, policy(rule(when=alarm(name="HDFSUtilization"))), "NotEmulated", "HDFSUtilization"),
        (Role.CORE, policy(rule(when=alarm(Namespace="AWS/EC2"))), "NotEmulated", "AWS/ElasticMapReduce"),
    ],
)
def test_what_a_group_cannot_have_is_refused(role, given, code, text):
    with pytest.raises(AwsError, match=text) as caught:
        auto_scaling.check(group(role=role), given)
    assert caught.value.code == code


def test_samples_are_kept_for_the_longest_alarm():
    long = policy(rule(when=alarm(EvaluationPeriods=3)))
    assert auto_scaling.memory([policy(), long]) == 3 * PERIOD
    assert auto_scaling.memory([]) == 0.0


def cluster():
    numbers = itertools.count(1)
    groups = [("MASTER", 1), ("CORE", 2), ("TASK", 1)]
    asked = [{"InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": n} for role, n in groups]
    asked[1]["AutoScalingPolicy"] = policy(most=4)
    document = {"Name": "c", "Instances": {"InstanceGroups": asked}}
    value = request.cluster(document, 0.0, lambda prefix, _: f"{prefix}{next(numbers)}")
    return replace(
        value, instances=tuple(replace(one, state=InstanceState.RUNNING) for one in value.instances)
    )


def master(used, *applications):
    worker = {"state": "ALIVE", "memory": 1000, "memoryused": used, "coresused": 1 if used else 0}
    return {
        "workers": [worker, worker, {**worker, "state": "DEAD"}],
        "activeapps": [{"state": state} for state in applications],
    }


def test_metrics_are_what_master_and_drivers_report():
    told = metrics.metrics(cluster(), master(900, "RUNNING", "WAITING"), Load(4, 5, 2))
    assert sorted(told) == sorted(metrics.NAMES)
    assert told["YARNMemoryAvailablePercentage"] == 10
    assert (told["AppsRunning"], told["AppsPending"], told["IsIdle"]) == (1, 1, 0)
    assert (told["ContainerPending"], told["ContainerAllocated"], told["ContainerPendingRatio"]) == (
        3,
        2,
        1.5,
    )
    assert (told["CoreNodesRunning"], told["TaskNodesRunning"]) == (2, 1)
    idle = metrics.metrics(cluster(), master(0), Load(0, 0, 2))
    assert (idle["IsIdle"], idle["YARNMemoryAvailablePercentage"], idle["ContainerPendingRatio"]) == (
        1,
        100,
        0,
    )


def test_a_cluster_is_sampled_told_to_cloudwatch_and_scaled_once(monkeypatch):
    now, sent, value = [1000.0], [], cluster()
    state = master(900, "RUNNING")
    monkeypatch.setattr(rule_scaler, "fetch_json", lambda *_, **__: state)
    monkeypatch.setattr(rule_scaler, "load_of", lambda *_: Load(1, 0, 2))
    machines = SimpleNamespace(machine=lambda *_: SimpleNamespace(host="127.0.0.1"))
    cloudwatch = SimpleNamespace(put_metric_data=lambda **data: sent.append(data))
    scaler = rule_scaler.RuleScaler(SimpleNamespace(machines=machines), lambda: now[0], lambda: cloudwatch)
    decision, told = scaler.look(value)
    assert (decision.rule, decision.count, told["YARNMemoryAvailablePercentage"]) == ("out", 3, 10)
    assert sent[0]["Namespace"] == "AWS/ElasticMapReduce"
    assert {one["MetricName"] for one in sent[0]["MetricData"]} == set(metrics.NAMES)
    assert scaler.look(value) is None, "it is not time to look again"
    now[0] += 10
    assert scaler.look(value) is None, "the rule rests"
    now[0] += 30
    assert scaler.look(value)[0].count == 3
    scaler.forget(value)
    assert scaler.look(value)[0].count == 3
    coming = replace(value.instances[1], state=InstanceState.BOOTSTRAPPING)
    busy = replace(value, instances=(value.instances[0], coming, *value.instances[2:]))
    now[0] += 60
    assert scaler.look(busy) is None, "nodes still come"
