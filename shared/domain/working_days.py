"""Working days by the State Council's calendar, make-up workdays (调休) included.

The years 2004 to 2026 come with a library; an operator adds a later one to `working_years.toml` beside this module. A
year nobody knows is an error that names it, never a guess: weekends alone would be wrong around every holiday.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import chinese_calendar

from shared.domain.errors import Refused

_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarYear:
    """One year as published: weekdays that are off and weekend days that are worked."""

    holidays: frozenset[date]
    workdays: frozenset[date]

    def is_working_day(self, day: date) -> bool:
        """Say whether the day is worked: a weekday that is not off, or a weekend day that is worked."""
        return day in self.workdays or (day.weekday() < _SATURDAY and day not in self.holidays)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The library's years and those an operator added, which go before."""

    added: Mapping[int, CalendarYear] = field(default_factory=dict)

    def is_working_day(self, day: date) -> bool:
        """Say whether the day is worked, or raise Refused CALENDAR_YEAR_UNKNOWN naming the year."""
        if added := self.added.get(day.year):
            return added.is_working_day(day)
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError as error:
            raise Refused(
                code="CALENDAR_YEAR_UNKNOWN",
                message=f"系统没有 {day.year} 年的工作日历，无法计算工作日。",
                advice=f"请系统管理员按国务院办公厅放假通知，在 working_years.toml 中补充 {day.year} 年并重启。",
                field="year",
                value=str(day.year),
            ) from error


def read_calendar(path: Path) -> Calendar:
    """Read the years an operator added, one TOML table per year.

        [2027]
        source = "number of the State Council's notice"
        holidays = [2027-01-01]   # weekdays off
        workdays = [2027-01-30]   # weekend days worked

    Raise ValueError naming file and year for unknown keys, a missing source, or a day of another year or another kind.
    """
    years = tomllib.loads(path.read_text(encoding="utf-8"))
    return Calendar({int(year): _year(path, year, table) for year, table in years.items()})


def _year(path: Path, year: str, table: object) -> CalendarYear:
    where = f"{path.name}, year {year}"
    if not isinstance(table, dict) or set(table) != {"source", "holidays", "workdays"} or not table["source"]:
        raise ValueError(f"{where}: give exactly source, holidays and workdays")
    return CalendarYear(
        holidays=frozenset(_dates(table["holidays"], f"{where}, holidays", int(year), at_weekend=False)),
        workdays=frozenset(_dates(table["workdays"], f"{where}, workdays", int(year), at_weekend=True)),
    )


def _dates(listed: object, where: str, year: int, *, at_weekend: bool) -> Iterator[date]:
    for day in listed if isinstance(listed, list) else [listed]:
        if type(day) is not date or day.year != year or (day.weekday() >= _SATURDAY) is not at_weekend:
            raise ValueError(f"{where}: {day} must be a {'weekend day' if at_weekend else 'weekday'} of {year}")
        yield day


STATE_COUNCIL: Final = read_calendar(Path(__file__).with_name("working_years.toml"))
"""The calendar of this installation."""


def is_working_day(day: date, calendar: Calendar = STATE_COUNCIL) -> bool:
    """Say whether the day is worked, or raise Refused CALENDAR_YEAR_UNKNOWN."""
    return calendar.is_working_day(day)


def add_working_days(day: date, count: int, calendar: Calendar = STATE_COUNCIL) -> date:
    """Give the count-th working day after the day, which is itself not counted; count 0 gives the day itself.

    Raise Refused CALENDAR_YEAR_UNKNOWN when the way leads into an unknown year, ValueError for a negative count.
    """
    if count < 0:
        raise ValueError(f"cannot add {count} working days")
    while count:
        day += _DAY
        count -= calendar.is_working_day(day)
    return day


def working_days_between(after: date, until: date, calendar: Calendar = STATE_COUNCIL) -> int:
    """Count the working days later than `after` and not later than `until`; none when until is not later."""
    days = (after + _DAY * step for step in range(1, (until - after).days + 1))
    return sum(calendar.is_working_day(day) for day in days)


def latest_day_before(until: date, count: int, calendar: Calendar = STATE_COUNCIL) -> date:
    """Give the last day after which at least `count` working days are left up to and including `until`.

    This is the last day to apply when an opening on `until` needs `count` working days' lead.
    """
    if count < 0:
        raise ValueError(f"cannot leave {count} working days")
    while count:
        count -= calendar.is_working_day(until)
        until -= _DAY
    return until
