"""What is due between two moments of a clock that the test sets."""

from datetime import UTC, datetime

import pytest

from sandbox.errors import AwsError
from sandbox.glue.scheduler import Entry, Scheduler, due
from sandbox.store import Documents, Journal

HOUR = 3600.0
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()
HOURLY = "cron(0 * * * ? *)"


class Clock:
    def __init__(self):
        self.now = START + 1

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def fired():
    return []


@pytest.fixture
def scheduler(database, clock, fired):
    entries = [Entry("trigger hourly", HOURLY, START, lambda: fired.append(clock.now))]
    return Scheduler(database, Journal(database), lambda: entries, clock)


def entry(expression, since=0.0):
    return Entry(expression, expression, since, lambda: None)


@pytest.mark.parametrize(
    ("expression", "since", "span", "expected"),
    [
        (HOURLY, 0.0, (0, HOUR), HOUR),
        (HOURLY, 0.0, (1, HOUR - 1), None),
        (HOURLY, 0.0, (0, 5 * HOUR + 7), 5 * HOUR),
        (HOURLY, START + HOUR, (0, HOUR), None),
        ("cron(30 12 ? * SUN *)", 0.0, (0, HOUR), HOUR / 2),
        ("cron(30 12 ? * MON *)", 0.0, (0, HOUR), None),
    ],
)
def test_what_is_due(expression, since, span, expected):
    found = due([entry(expression, since)], START + span[0], START + span[1])
    assert [moment - START for _, moment in found] == ([] if expected is None else [expected])


def test_what_is_due_comes_in_the_order_of_its_times():
    late, early = entry("cron(50 * * * ? *)"), entry("cron(10 * * * ? *)")
    assert [each for each, _ in due([late, early], START, START + HOUR)] == [early, late]


def test_a_schedule_fires_when_the_clock_passes_its_time(scheduler, clock, fired):
    for now in (START + 1, START + HOUR - 1, START + HOUR, START + HOUR + 0.5, START + HOUR + 61):
        clock.now = now
        scheduler.tick()
    assert fired == [START + HOUR]


def test_hours_that_were_slept_through_fire_once(scheduler, clock, fired):
    clock.now = START + 5 * HOUR
    scheduler.tick()
    assert fired == [START + 5 * HOUR]


def test_what_was_missed_while_the_sandbox_was_down_is_told_and_not_run(scheduler, clock, fired, database):
    clock.now = START + 60
    scheduler.tick()
    clock.now = START + 3 * HOUR + 5
    following = Scheduler(
        database, Journal(database), lambda: [Entry("trigger hourly", HOURLY, START, fired.pop)], clock
    )
    following.start()
    following.stop()
    missed = [each for each in Journal(database).since() if each.event == "schedule missed"]
    assert [(each.subject, each.detail["due"]) for each in missed] == [("trigger hourly", START + 3 * HOUR)]
    assert fired == []
    assert Documents(database, "scheduler").get("clock") == {"checked": clock.now}


def test_one_that_cannot_be_started_does_not_keep_the_others(database, clock, fired):
    def fail():
        raise AwsError("CrawlerRunningException", "it runs")

    entries = [
        Entry("crawler a", HOURLY, 0.0, fail),
        Entry("crawler b", HOURLY, 0.0, lambda: fired.append("b")),
    ]
    scheduler = Scheduler(database, Journal(database), lambda: entries, clock)
    clock.now = START + HOUR
    scheduler.tick()
    assert fired == ["b"]
    failed = [each for each in Journal(database).since() if each.event == "schedule failed"]
    assert [(each.subject, each.detail["error"]) for each in failed] == [
        ("crawler a", "CrawlerRunningException: it runs")
    ]
