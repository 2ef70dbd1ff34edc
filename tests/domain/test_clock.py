"""Legal days are Shanghai's, whatever zone an instant or the machine has."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import LegalClock, end_of_day, legal_day, machine_now, start_of_day

DAYS = st.dates(min_value=date(2019, 1, 1), max_value=date(2030, 12, 31))


def test_a_legal_day_begins_at_four_in_the_afternoon_of_the_day_before_in_utc() -> None:
    midnight = datetime(2021, 5, 16, 16, tzinfo=UTC)
    assert start_of_day(date(2021, 5, 17)) == midnight
    assert legal_day(midnight) == date(2021, 5, 17)
    assert legal_day(midnight - timedelta(microseconds=1)) == date(2021, 5, 16)


@given(DAYS, st.integers(min_value=-14, max_value=14))
def test_a_day_holds_its_first_instant_and_not_its_end_in_any_zone(day: date, hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    assert legal_day(start_of_day(day).astimezone(zone)) == day
    assert legal_day(end_of_day(day).astimezone(zone)) == day + timedelta(days=1)


def test_an_instant_without_a_zone_has_no_legal_day() -> None:
    with pytest.raises(ValueError, match="zone"):
        legal_day(datetime(2021, 5, 17))  # noqa: DTZ001 - what is tested


def test_legal_time_is_the_machines_plus_the_offset() -> None:
    clock = LegalClock(timedelta(days=-1000))
    before = machine_now()
    assert before - timedelta(days=1000) <= clock.legal_now() <= machine_now() - timedelta(days=1000)
