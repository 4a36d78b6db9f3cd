"""AWS's cron expressions: when a schedule fires. Pure; all times are UTC.

    cron(Minutes Hours Day-of-month Month Day-of-week Year)

Sources: https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html and, for `#`,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sandbox.errors import AwsError

MINUTE = 60.0
"""The precision of a schedule in seconds."""
FASTEST = 5
"""Minutes: a schedule that fires more often is not accepted."""

_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_SHAPE = re.compile(r"cron\(\s*(?P<fields>[^()]*?)\s*\)")

Days = Callable[[int, int], set[int]]
"""The days of a month (year, month) on which a field lets the schedule fire."""


@dataclass(frozen=True)
class Field:
    """The range of a field, and the names that stand for numbers in it."""

    name: str
    low: int
    high: int
    names: dict[str, int]


_FIELDS = (
    Field("Minutes", 0, 59, {}),
    Field("Hours", 0, 23, {}),
    Field("Day-of-month", 1, 31, {}),
    Field("Month", 1, 12, _MONTHS),
    Field("Day-of-week", 1, 7, _DAYS),
    Field("Year", 1970, 2199, {}),
)


@dataclass(frozen=True)
class Schedule:
    """A parsed expression. The numbers are in ascending order."""

    expression: str
    minutes: Sequence[int]
    hours: Sequence[int]
    months: Sequence[int]
    years: Sequence[int]
    days: Days

    def next_after(self, moment: float) -> float | None:
        """The first time after `moment` at which the schedule fires, or None when it never does again.

        Both are seconds since the epoch.
        """
        start = datetime.fromtimestamp(moment // MINUTE * MINUTE, UTC) + timedelta(minutes=1)
        for year in self.years[bisect_left(self.years, start.year) :]:
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                found = self._in_month(year, month, start)
                if found is not None:
                    return found.timestamp()
        return None

    def _in_month(self, year: int, month: int, start: datetime) -> datetime | None:
        for day in sorted(self.days(year, month)):
            today = date(year, month, day)
            if today < start.date():
                continue
            first = (start.hour, start.minute) if today == start.date() else (0, 0)
            for hour in self.hours:
                for minute in self.minutes:
                    if (hour, minute) >= first:
                        return datetime(year, month, day, hour, minute, tzinfo=UTC)
        return None


def parse(expression: str) -> Schedule:
    """The schedule that the expression means. Raises InvalidInputException that names the field at fault."""
    shape = _SHAPE.fullmatch(expression.strip())
    if shape is None:
        raise _fault(expression, "it must have the form cron(...)")
    fields = shape["fields"].upper().split()
    if len(fields) != len(_FIELDS):
        raise _fault(expression, f"it has {len(fields)} fields and must have {len(_FIELDS)}")
    try:
        schedule = _schedule(expression.strip(), fields)
    except ValueError as error:
        raise _fault(expression, str(error)) from error
    if _fastest(schedule) < FASTEST:
        raise _fault(expression, f"schedules faster than {FASTEST} minutes are not supported")
    return schedule


def last_between(schedule: Schedule, start: float, end: float) -> float | None:
    """The last time in (start, end] at which the schedule fires, or None."""
    last, found = None, schedule.next_after(start)
    while found is not None and found <= end:
        last, found = found, schedule.next_after(found)
    return last


def _schedule(expression: str, fields: Sequence[str]) -> Schedule:
    minutes, hours, of_month, month, of_week, year = fields
    if (of_month == "?") == (of_week == "?"):
        raise ValueError("exactly one of Day-of-month and Day-of-week must be ?")
    days = _days_of_week(of_week) if of_month == "?" else _days_of_month(of_month)
    return Schedule(
        expression,
        minutes=sorted(_numbers(minutes, _FIELDS[0])),
        hours=sorted(_numbers(hours, _FIELDS[1])),
        months=sorted(_numbers(month, _FIELDS[3])),
        years=sorted(_numbers(year, _FIELDS[5])),
        days=days,
    )


def _numbers(text: str, field: Field) -> set[int]:
    """The numbers of a field of lists, ranges and steps."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        low, dash, high = span.partition("-")
        if span == "*":
            first, last = field.low, field.high
        else:
            first = _number(low, field)
            # A step counts from the number before the slash to the end of the field.
            last = _number(high, field) if dash else field.high if slash else first
        if slash and not (step.isdecimal() and int(step) > 0):
            raise ValueError(f"{field.name} has no step {step!r}")
        if first > last:
            # A range that ends before it begins runs over the end, as SAT-MON does.
            chosen = [*range(first, field.high + 1), *range(field.low, last + 1)]
        else:
            chosen = list(range(first, last + 1))
        found.update(chosen[:: int(step) if slash else 1])
    return found


def _number(text: str, field: Field) -> int:
    number = field.names.get(text, int(text) if text.isascii() and text.isdecimal() else None)
    if number is None or not field.low <= number <= field.high:
        raise ValueError(f"{field.name} cannot be {text!r}")
    return number


def _days_of_month(text: str) -> Days:
    if text == "*":
        return lambda year, month: set(range(1, _length(year, month) + 1))
    if text == "L":
        return lambda year, month: {_length(year, month)}
    if text == "LW":
        return lambda year, month: {_weekday(year, month, _length(year, month))}
    if text.startswith("L-"):
        back = _number(text[2:], _FIELDS[2])
        return lambda year, month: {day for day in (_length(year, month) - back,) if day > 0}
    if text.endswith("W"):
        wanted = _number(text[:-1], _FIELDS[2])
        return lambda year, month: (
            {_weekday(year, month, wanted)} if wanted <= _length(year, month) else set()
        )
    numbers = _numbers(text, _FIELDS[2])
    return lambda year, month: {day for day in numbers if day <= _length(year, month)}


def _days_of_week(text: str) -> Days:
    field = _FIELDS[4]
    if text == "*":
        return _days_of_month("*")
    if "#" in text:
        name, _, which = text.partition("#")
        weekday, number = _number(name, field), _number(which, Field("# in Day-of-week", 1, 5, {}))
        return lambda year, month: set(_on(year, month, {weekday})[number - 1 : number])
    if text == "L":
        return lambda year, month: set(_on(year, month, {field.high}))
    if text.endswith("L"):
        last = _number(text[:-1], field)
        return lambda year, month: set(_on(year, month, {last})[-1:])
    numbers = _numbers(text, field)
    return lambda year, month: set(_on(year, month, numbers))


def _on(year: int, month: int, weekdays: Iterable[int]) -> list[int]:
    """The days of a month that fall on these weekdays, 1 being Sunday."""
    wanted = {(number - 2) % 7 for number in weekdays}
    return [day for day in range(1, _length(year, month) + 1) if date(year, month, day).weekday() in wanted]


def _weekday(year: int, month: int, day: int) -> int:
    """The day from Monday to Friday of the same month that is nearest."""
    match date(year, month, day).weekday():
        case calendar.SATURDAY:
            return day - 1 if day > 1 else day + 2
        case calendar.SUNDAY:
            return day + 1 if day < _length(year, month) else day - 2
    return day


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _fastest(schedule: Schedule) -> int:
    """The least number of minutes between two times of a day, and over midnight."""
    times = [hour * 60 + minute for hour in schedule.hours for minute in schedule.minutes]
    following = [*times[1:], times[0] + 24 * 60]
    return min(after - before for before, after in zip(times, following, strict=True))


def _fault(expression: str, why: str) -> AwsError:
    return AwsError("InvalidInputException", f"Invalid schedule expression {expression!r}: {why}")
