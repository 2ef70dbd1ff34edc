"""Working days follow the State Council, make-up days included, and never guess a year."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import working_days
from shared.domain.errors import Refused
from shared.domain.working_days import (
    STATE_COUNCIL,
    add_working_days,
    is_working_day,
    latest_day_before,
    read_calendar,
    working_days_between,
)

DAYS = st.dates(min_value=date(2019, 1, 1), max_value=date(2025, 6, 1))
COUNTS = st.integers(min_value=0, max_value=40)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2021, 9, 13), 7, date(2021, 9, 23)),
        (date(2021, 9, 13), 15, date(2021, 10, 9)),
        (date(2021, 9, 24), 3, date(2021, 9, 28)),
        (date(2021, 9, 17), 3, date(2021, 9, 23)),
        (date(2024, 9, 13), 3, date(2024, 9, 19)),
        (date(2021, 9, 13), 0, date(2021, 9, 13)),
    ],
)
def test_a_limit_ends_on_the_checked_day(start: date, count: int, end: date) -> None:
    assert add_working_days(start, count) == end


def test_three_working_days_before_an_opening_are_counted_from_the_day_after_applying() -> None:
    opening = date(2021, 5, 17)
    assert working_days_between(date(2021, 5, 12), opening) == 3
    assert working_days_between(date(2021, 5, 13), opening) == 2
    assert latest_day_before(opening, 3) == date(2021, 5, 12)


def test_a_saturday_may_be_worked_and_a_weekday_off() -> None:
    assert is_working_day(date(2021, 5, 8))
    assert not is_working_day(date(2021, 10, 4))


@given(DAYS, COUNTS)
def test_adding_and_counting_working_days_agree(day: date, count: int) -> None:
    end = add_working_days(day, count)
    assert working_days_between(day, end) == count
    assert count == 0 or is_working_day(end)


@given(DAYS, st.integers(min_value=1, max_value=20))
def test_the_latest_day_leaves_enough_working_days_and_the_next_does_not(until: date, count: int) -> None:
    latest = latest_day_before(until, count)
    assert working_days_between(latest, until) == count
    assert working_days_between(latest + timedelta(days=1), until) == count - 1


def test_nothing_lies_between_a_day_and_an_earlier_one() -> None:
    assert working_days_between(date(2021, 9, 14), date(2021, 9, 13)) == 0


@pytest.mark.parametrize("add", [add_working_days, latest_day_before])
def test_a_negative_count_is_an_error(add: Callable[[date, int], date]) -> None:
    with pytest.raises(ValueError, match="-1 working days"):
        add(date(2021, 9, 13), -1)


@pytest.mark.parametrize("year", [2003, 2027])
def test_an_unknown_year_is_named_and_never_guessed(year: int) -> None:
    with pytest.raises(Refused) as refusal:
        is_working_day(date(year, 6, 1))
    assert refusal.value.code == "CALENDAR_YEAR_UNKNOWN"
    assert refusal.value.value == str(year)
    assert str(year) in refusal.value.message


def test_a_limit_that_leads_into_an_unknown_year_is_refused() -> None:
    with pytest.raises(Refused, match="2027"):
        add_working_days(date(2026, 12, 30), 5)


INVENTED_2027 = """
[2027]
source = "an invented notice"
holidays = [2027-01-01]
workdays = [2027-01-09]
"""


def test_an_operator_adds_a_year_as_data(tmp_path: Path) -> None:
    path = tmp_path / "years.toml"
    path.write_text(INVENTED_2027, encoding="utf-8")
    calendar = read_calendar(path)
    assert not is_working_day(date(2027, 1, 1), calendar)
    assert is_working_day(date(2027, 1, 9), calendar)
    assert add_working_days(date(2026, 12, 31), 5, calendar) == date(2027, 1, 8)
    assert add_working_days(date(2026, 12, 31), 6, calendar) == date(2027, 1, 9)
    assert is_working_day(date(2021, 5, 8), calendar) == is_working_day(date(2021, 5, 8), STATE_COUNCIL)


def test_the_years_of_this_installation_stand_beside_the_code(tmp_path: Path) -> None:
    for name in ("working_days.py", "working_years.toml"):
        shutil.copy(Path(working_days.__file__).with_name(name), tmp_path)
    with (tmp_path / "working_years.toml").open("a", encoding="utf-8") as years:
        years.write(INVENTED_2027)
    asked = "from working_days import *; print(add_working_days(date(2026, 12, 31), 6))"
    command = [sys.executable, "-c", asked]
    environment = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "2027-01-09"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2027-01-09", "2028-01-09"),
        ("2027-01-09", "2027-01-11"),
        ("2027-01-01", "2027-01-02"),
        ('source = "an invented notice"\n', ""),
        ('"an invented notice"', '""'),
        ("holidays", "free_days"),
        ("2027-01-09", '"2027-01-09"'),
    ],
)
def test_a_wrong_year_file_is_refused_naming_file_and_year(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "years.toml"
    path.write_text(INVENTED_2027.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=r"years\.toml, year 2027"):
        read_calendar(path)
