"""What follows from what in a workflow run, as tables over pure functions."""

from dataclasses import replace

import cattrs
import pytest

from sandbox.errors import AwsError
from sandbox.glue import trigger_model, workflow_graph, workflow_model
from sandbox.glue.trigger_model import Node, NodeKind, Trigger, TriggerState
from sandbox.glue.workflow_model import Begin, Ended, Fire, Halt, RunStatus, Stop, WorkflowRun

NOW = 100.0


def job(name):
    return {"JobName": name}


def crawler(name):
    return {"CrawlerName": name}


def succeeded(name, state="SUCCEEDED"):
    return {"JobName": name, "State": state, "LogicalOperator": "EQUALS"}


def trigger(name, *actions, when=(), logical="AND", state=TriggerState.ACTIVATED):
    definition = {
        "Type": "CONDITIONAL" if when else "ON_DEMAND",
        "WorkflowName": "w",
        "Actions": list(actions),
    }
    if when:
        definition["Predicate"] = {"Logical": logical, "Conditions": list(when)}
    trigger_model.check("CreateTrigger", definition)
    return Trigger(name, definition, state, 0.0, 0.0)


class Walk:
    """A run that is advanced; ids are the names of what was begun."""

    def __init__(self, *triggers):
        self.triggers = triggers
        self.begun = []
        self.run = WorkflowRun("wr", "w", 0.0, triggers=list(triggers))
        self.count = 0

    def new_id(self, kind):
        self.count += 1
        return f"{kind.value.lower()}-{self.count}"

    def tell(self, event):
        self.run, commands = workflow_model.advance(self.run, event, self.triggers, self.new_id, NOW)
        self.begun += [each.activity.node.name for each in commands if isinstance(each, Begin)]
        return commands

    def start(self):
        return self.tell(Fire(self.triggers[0]))

    def end(self, name, state="SUCCEEDED"):
        id = next(each.id for each in self.run.activities if each.node.name == name and each.active)
        return self.tell(Ended(id, workflow_model.ActivityState(state)))


def test_a_chain_runs_to_its_end():
    walk = Walk(trigger("t1", job("a")), trigger("t2", job("b"), crawler("c"), when=[succeeded("a")]))
    walk.start()
    assert walk.begun == ["a"]
    walk.end("a")
    assert walk.begun == ["a", "b", "c"]
    assert walk.run.activities[1].predecessors == [walk.run.activities[0].id]
    walk.end("b", "FAILED")
    assert walk.run.status is RunStatus.RUNNING
    walk.end("c")
    assert (walk.run.status, walk.run.completed) == (RunStatus.COMPLETED, NOW)
    counts = workflow_graph.statistics(walk.run)
    assert (counts["TotalActions"], counts["SucceededActions"], counts["FailedActions"]) == (3, 2, 1)


@pytest.mark.parametrize(
    ("logical", "ends", "fires"),
    [
        ("AND", [("a", "SUCCEEDED")], False),
        ("AND", [("a", "SUCCEEDED"), ("b", "SUCCEEDED")], True),
        ("AND", [("a", "SUCCEEDED"), ("b", "FAILED")], False),
        ("ANY", [("a", "FAILED")], False),
        ("ANY", [("b", "SUCCEEDED")], True),
        ("ANY", [("a", "ERROR"), ("b", "STOPPED")], False),
    ],
)
def test_all_or_any_of_the_conditions(logical, ends, fires):
    after = trigger("t2", job("c"), when=[succeeded("a"), succeeded("b")], logical=logical)
    walk = Walk(trigger("t1", job("a"), job("b")), after)
    walk.start()
    for name, state in ends:
        walk.end(name, state)
    assert ("c" in walk.begun) is fires


def test_a_conditional_trigger_fires_once_in_a_run_and_only_when_it_is_active():
    either = trigger("t2", job("c"), when=[succeeded("a"), succeeded("b")], logical="ANY")
    idle = trigger("t3", job("d"), when=[succeeded("a")], state=TriggerState.DEACTIVATED)
    walk = Walk(trigger("t1", job("a"), job("b")), either, idle)
    walk.start()
    walk.end("a")
    walk.end("b")
    assert walk.begun == ["a", "b", "c"]


def test_conditions_on_failure_and_on_a_crawler():
    watched = {"CrawlerName": "x", "CrawlState": "FAILED", "LogicalOperator": "EQUALS"}
    walk = Walk(trigger("t1", crawler("x")), trigger("t2", job("alarm"), when=[watched]))
    walk.start()
    walk.end("x", "FAILED")
    assert walk.begun == ["x", "alarm"]


def test_a_run_that_is_stopped_begins_nothing_more():
    walk = Walk(trigger("t1", job("a")), trigger("t2", job("b"), when=[succeeded("a")]))
    walk.start()
    (halt,) = walk.tell(Stop())
    assert isinstance(halt, Halt) and halt.activity.node == Node(NodeKind.JOB, "a")
    assert walk.run.status is RunStatus.STOPPING
    walk.end("a")
    assert (walk.run.status, walk.begun) == (RunStatus.STOPPED, ["a"])


def test_what_comes_too_late_changes_nothing():
    walk = Walk(trigger("t1", job("a")), trigger("t2", job("b"), when=[succeeded("a", "FAILED")]))
    walk.start()
    id = walk.run.activities[0].id
    walk.end("a")
    before = walk.run
    assert walk.tell(Ended(id, workflow_model.ActivityState.FAILED)) == []
    assert walk.tell(Stop()) == []
    assert walk.run == before


@pytest.fixture
def partial():
    """a, then b and c of which b failed; d needs both, e needs c, f needs d."""
    walk = Walk(
        trigger("t1", job("a")),
        trigger("t2", job("b"), job("c"), when=[succeeded("a")]),
        trigger("t3", job("d"), when=[succeeded("b"), succeeded("c")]),
        trigger("t4", job("e"), when=[succeeded("c")]),
        trigger("t5", job("f"), when=[succeeded("d")]),
    )
    walk.start()
    walk.end("a")
    walk.end("b", "FAILED")
    walk.end("c")
    walk.end("e")
    assert walk.run.status is RunStatus.COMPLETED and walk.begun == ["a", "b", "c", "e"]
    return walk


def resume(walk, *names):
    nodes = [Node(NodeKind.JOB, name) for name in names]
    walk.begun = []
    walk.run, commands = workflow_model.resumed(walk.run, nodes, "wr2", walk.new_id, NOW)
    walk.begun += [each.activity.node.name for each in commands]


def test_a_resumed_run_runs_the_node_and_what_follows(partial):
    resume(partial, "b")
    assert (partial.run.id, partial.run.previous, partial.run.status) == ("wr2", "wr", RunStatus.RUNNING)
    partial.end("b")
    partial.end("d")
    partial.end("f")
    assert partial.begun == ["b", "d", "f"]
    assert partial.run.status is RunStatus.COMPLETED
    assert workflow_graph.statistics(partial.run)["SucceededActions"] == 6


def test_of_nodes_that_follow_from_each_other_the_first_is_restarted(partial):
    resume(partial, "b", "c", "e")
    assert partial.begun == ["b", "c"]
    partial.end("c")
    assert partial.begun == ["b", "c", "e"]


def test_a_run_survives_being_stored(partial):
    assert cattrs.structure(cattrs.unstructure(partial.run), WorkflowRun) == partial.run


def test_the_graph_has_every_node_once(partial):
    graph = workflow_graph.graph(partial.triggers, {})
    assert sorted(each["Name"] for each in graph["Nodes"]) == sorted(
        [*"abcdef", "t1", "t2", "t3", "t4", "t5"]
    )
    names = {each["UniqueId"]: each["Name"] for each in graph["Nodes"]}
    edges = {(names[each["SourceId"]], names[each["DestinationId"]]) for each in graph["Edges"]}
    assert {("t1", "a"), ("a", "t2"), ("t2", "b"), ("b", "t3"), ("c", "t3"), ("t3", "d")} <= edges
    assert len(edges) == len(graph["Edges"]) == 11


@pytest.mark.parametrize(
    ("change", "code", "why"),
    [
        ({"Type": "EVENT"}, "NotEmulated", "EventBridge"),
        ({"Type": "SCHEDULED"}, "InvalidInputException", "must have a Schedule"),
        ({"Type": "SCHEDULED", "Schedule": "cron(61 * * * ? *)"}, "InvalidInputException", "Minutes"),
        ({"Actions": []}, "InvalidInputException", "at least one action"),
        ({"Actions": [{}]}, "InvalidInputException", "either a job or a crawler"),
        ({"Actions": [{"JobName": "a", "CrawlerName": "b"}]}, "InvalidInputException", "either"),
        ({"Actions": [crawler(each) for each in "abc"]}, "InvalidInputException", "at most 2 crawlers"),
        ({"Actions": [{"CrawlerName": "a", "Timeout": 5}]}, "InvalidInputException", "neither"),
        ({"Actions": [{"JobName": "a", "NotificationProperty": {}}]}, "NotEmulated", "Notification"),
        ({"Type": "CONDITIONAL"}, "InvalidInputException", "must have a Predicate"),
        (
            {"Type": "CONDITIONAL", "Predicate": {"Conditions": [succeeded("b"), succeeded("c")]}},
            "InvalidInputException",
            "Logical",
        ),
        (
            {"Type": "CONDITIONAL", "Predicate": {"Conditions": [succeeded("b", "RUNNING")]}},
            "InvalidInputException",
            "State of SUCCEEDED",
        ),
        (
            {"Type": "CONDITIONAL", "Predicate": {"Conditions": [succeeded("a")]}},
            "InvalidInputException",
            "Predicate and Action",
        ),
    ],
)
def test_what_cannot_be_a_trigger_is_refused(change, code, why):
    with pytest.raises(AwsError, match=why) as caught:
        trigger_model.check("CreateTrigger", {"Type": "ON_DEMAND", "Actions": [job("a")]} | change)
    assert caught.value.code == code


def test_an_error_is_no_state_of_a_condition():
    walk = Walk(trigger("t1", job("a")), trigger("t2", job("b"), when=[succeeded("a")]))
    walk.start()
    walk.end("a", "ERROR")
    assert (walk.run.status, walk.begun) == (RunStatus.COMPLETED, ["a"])
    assert workflow_graph.describe_run(replace(walk.run, error="x"))["ErrorMessage"] == "x"
