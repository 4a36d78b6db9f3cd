"""The timer of the auto-termination policy, on a clock of its own."""

from dataclasses import replace

from sandbox.emr.idle import IdleClusters
from sandbox.emr.model import Cluster, ClusterState, Timeline

WAITING = Cluster(
    id="j-1",
    name="c",
    state=ClusterState.WAITING,
    timeline=Timeline(0),
    release_label="emr-7.1.0",
    groups=(),
    instances=(),
    steps=(),
    bootstrap_actions=(),
    applications=(),
    configurations=(),
    keep_alive=True,
    termination_protected=False,
    log_uri=None,
    idle_timeout=60,
)
RUNNING = replace(WAITING, state=ClusterState.RUNNING)


def expired(*looks, touched=0.0):
    """What each look says; a look is (second, cluster, whether it has applications)."""
    now = [0.0]
    idle = IdleClusters(lambda: now[0])
    answers = []
    for now[0], cluster, applications in looks:
        answers.append(idle.expired(cluster, lambda _, has=applications: has, lambda _: touched))
    return answers


def test_a_cluster_that_waits_for_its_timeout_has_expired():
    assert expired((0, WAITING, False), (59, WAITING, False), (60, WAITING, False)) == [False, False, True]


def test_work_in_between_starts_the_timer_again():
    assert expired((0, WAITING, False), (30, RUNNING, False), (61, WAITING, False)) == [False] * 3
    assert expired((0, WAITING, False), (30, WAITING, True), (61, WAITING, False)) == [False] * 3


def test_who_touches_the_file_is_at_work():
    looks = [(0, WAITING, False), (60, WAITING, False), (89, WAITING, False), (90, WAITING, False)]
    assert expired(*looks, touched=30.0) == [False, False, False, True]


def test_without_a_policy_or_with_protection_nothing_expires():
    for cluster in (replace(WAITING, idle_timeout=None), replace(WAITING, termination_protected=True)):
        assert expired((0, cluster, False), (10_000, cluster, False)) == [False, False]
