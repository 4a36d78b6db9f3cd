"""When AWS's cron expressions fire."""

import calendar
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import AwsError
from sandbox.glue.schedule import last_between, parse

FORMAT = "%Y-%m-%d %H:%M"


def at(text):
    return datetime.strptime(text, FORMAT).replace(tzinfo=UTC).timestamp()


def times(expression, start, count):
    schedule, found = parse(expression), []
    moment = at(start)
    while len(found) < count and (moment := schedule.next_after(moment)) is not None:
        found.append(datetime.fromtimestamp(moment, UTC).strftime(FORMAT))
    return found


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        ("cron(15 12 * * ? *)", "2026-01-01 12:15", ["2026-01-02 12:15", "2026-01-03 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-02 18:00", ["2026-01-05 18:00", "2026-01-06 18:00"]),
        ("cron(0 8 1 * ? *)", "2026-01-01 08:00", ["2026-02-01 08:00", "2026-03-01 08:00"]),
        ("cron(1/10 0 ? * 2 *)", "2026-01-01 00:00", ["2026-01-05 00:01", "2026-01-05 00:11"]),
        ("cron(0 0 L * ? *)", "2024-02-01 00:00", ["2024-02-29 00:00", "2024-03-31 00:00"]),
        ("cron(0 0 L-1 2 ? *)", "2023-01-01 00:00", ["2023-02-27 00:00", "2024-02-28 00:00"]),
        ("cron(0 0 LW * ? *)", "2026-01-01 00:00", ["2026-01-30 00:00", "2026-02-27 00:00"]),
        # The 1st of August 2026 is a Saturday: the nearest weekday of the month is Monday the 3rd.
        ("cron(0 0 1W 8 ? *)", "2026-01-01 00:00", ["2026-08-03 00:00", "2027-08-02 00:00"]),
        ("cron(0 0 31W 5 ? 2026)", "2026-01-01 00:00", ["2026-05-29 00:00"]),
        ("cron(0 9 ? * 3#2 *)", "2026-01-01 00:00", ["2026-01-13 09:00", "2026-02-10 09:00"]),
        ("cron(0 9 ? * MON#5 *)", "2026-01-01 00:00", ["2026-03-30 09:00", "2026-06-29 09:00"]),
        ("cron(15 10 ? * 6L *)", "2026-01-01 00:00", ["2026-01-30 10:15", "2026-02-27 10:15"]),
        ("cron(15 10 ? * FRIL 2026-2027)", "2027-12-01 00:00", ["2027-12-31 10:15"]),
        ("cron(0 0 ? * L *)", "2026-01-01 00:00", ["2026-01-03 00:00", "2026-01-10 00:00"]),
        (
            "cron(0 0 ? * SAT-MON *)",
            "2026-01-01 00:00",
            ["2026-01-03 00:00", "2026-01-04 00:00", "2026-01-05 00:00"],
        ),
        ("cron(0 0 29 2 ? *)", "2025-01-01 00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 0 31 jan,APR * *)".replace("* *)", "? *)"), "2026-01-31 00:00", ["2027-01-31 00:00"]),
        ("cron(0 0-23/8 1/15 * ? *)", "2026-01-15 23:00", ["2026-01-16 00:00", "2026-01-16 08:00"]),
        ("cron(0 12 * * ? 2020)", "2026-01-01 00:00", []),
        ("cron(0/5 * * * ? *)", "2026-12-31 23:55", ["2027-01-01 00:00"]),
    ],
)
def test_the_next_times(expression, start, expected):
    assert times(expression, start, len(expected) or 1) == expected


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("rate(5 minutes)", "form cron"),
        ("cron(0 12 * * ?)", "5 fields"),
        ("cron(0 12 * * * *)", "exactly one of"),
        ("cron(0 12 ? * ? *)", "exactly one of"),
        ("cron(60 12 * * ? *)", "Minutes cannot be '60'"),
        ("cron(0 24 * * ? *)", "Hours"),
        ("cron(0 0 0 * ? *)", "Day-of-month"),
        ("cron(0 0 ? * 8 *)", "Day-of-week"),
        ("cron(0 0 ? * 2#6 *)", "# in Day-of-week"),
        ("cron(0 0 * FOO ? *)", "Month cannot be 'FOO'"),
        ("cron(0 0 * * ? 1969)", "Year"),
        ("cron(0/0 0 * * ? *)", "no step '0'"),
        ("cron(0, 0 * * ? *)", "Minutes cannot be ''"),
        ("cron(0/1 * * * ? *)", "faster than 5 minutes"),
        ("cron(0,58 * * * ? *)", "faster than 5 minutes"),
        ("cron(0,58 0,23 * * ? *)", "faster than 5 minutes"),
        ("cron(٣ 0 * * ? *)", "Minutes"),
    ],
)
def test_what_is_no_schedule_is_named(expression, why):
    with pytest.raises(AwsError, match=why) as caught:
        parse(expression)
    assert caught.value.code == "InvalidInputException"


MOMENTS = st.integers(min_value=0, max_value=int(at("2100-01-01 00:00")))


@given(
    minute=st.integers(0, 59),
    hours=st.sets(st.integers(0, 23), min_size=1),
    weekdays=st.sets(st.integers(1, 7), min_size=1),
    moment=MOMENTS,
)
def test_the_next_time_is_the_first_minute_that_matches(minute, hours, weekdays, moment):
    """Against the plainest reading of the fields: day after day, hour after hour."""
    expression = f"cron({minute} {','.join(map(str, hours))} ? * {','.join(map(str, weekdays))} *)"
    found = datetime.fromtimestamp(parse(expression).next_after(moment), UTC)
    start = datetime.fromtimestamp(moment, UTC).replace(minute=0, second=0, microsecond=0)
    expected = next(
        each
        for each in (start + timedelta(hours=hour, minutes=minute) for hour in range(24 * 9))
        if each.timestamp() > moment and each.hour in hours and (each.isoweekday() % 7 + 1) in weekdays
    )
    assert found == expected


@given(day=st.integers(1, 31), moment=MOMENTS)
def test_the_nearest_weekday_is_one_of_the_month(day, moment):
    found = datetime.fromtimestamp(parse(f"cron(0 0 {day}W * ? *)").next_after(moment), UTC)
    assert found.weekday() < calendar.SATURDAY
    assert day <= calendar.monthrange(found.year, found.month)[1]
    assert abs(found.day - day) <= (1 if 1 < day < 28 else 2)


@given(moment=MOMENTS, length=st.integers(1, 5 * 86400))
def test_the_last_time_of_a_span_lies_in_it(moment, length):
    schedule = parse("cron(30 6,18 * * ? *)")
    last = last_between(schedule, moment, moment + length)
    if last is None:
        assert schedule.next_after(moment) > moment + length
    else:
        assert moment < last <= moment + length
        assert schedule.next_after(last) > moment + length
