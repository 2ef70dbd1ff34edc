"""The teaching plan at its limits."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.domain.timetable import (
    Booking,
    Venue,
    judge_bookings,
    judge_class_hours,
    judge_dates,
    judge_practice_share,
    judge_station_ratio,
    judge_teacher_ratio,
    judge_teachers,
    judge_venues,
)
from shared.policy.decision import Severity
from shared.policy.judging import CONSISTENCY
from tests.enrollment.sample import CLOSING, OPENING, WELDER, book, codes, session, timetable

TERMS = book().enrollment


@pytest.mark.parametrize(("minutes", "refused"), [(119, ["CLASS_HOUR_TOO_SHORT"]), (120, [])])
def test_three_class_hours_need_a_hundred_and_twenty_minutes(minutes: int, refused: list[str]) -> None:
    assert codes(judge_class_hours([session(minutes=minutes, class_hours=3)], TERMS.class_hour)) == refused


@given(minutes=st.integers(1, 600), class_hours=st.integers(1, 14))
def test_a_class_hour_has_at_least_forty_minutes(minutes: int, class_hours: int) -> None:
    found = judge_class_hours([session(start=8, minutes=minutes, class_hours=class_hours)], TERMS.class_hour)
    assert (found == []) is (minutes >= 40 * class_hours)


@pytest.mark.parametrize(("practice", "refused"), [(52, []), (51, ["PRACTICE_SHARE_TOO_LOW"])])
def test_fifty_two_of_eighty_hours_are_enough_practice_and_fifty_one_are_not(practice: int, refused: list[str]) -> None:
    sessions = [
        session(kind="practice", class_hours=practice),
        session(kind="theory", start=14, class_hours=80 - practice),
    ]
    assert codes(judge_practice_share(sessions, TERMS.practice_share)) == refused


@given(theory=st.lists(st.integers(1, 12), max_size=20), practice=st.lists(st.integers(1, 12), max_size=20))
def test_practice_is_at_least_sixty_five_percent_of_all_hours(theory: list[int], practice: list[int]) -> None:
    sessions = [session(kind="theory", class_hours=hours) for hours in theory]
    sessions += [session(kind="practice", class_hours=hours) for hours in practice]
    enough = 100 * sum(practice) >= 65 * (sum(practice) + sum(theory))
    assert (judge_practice_share(sessions, TERMS.practice_share) == []) is enough


def dates(*sessions: object, closing: date = CLOSING) -> list[str]:
    return codes(judge_dates(sessions, opening=OPENING, closing=closing, basis=CONSISTENCY))  # type: ignore[arg-type]


def test_the_sample_timetable_is_consistent() -> None:
    assert dates(*timetable()) == []


def test_the_first_session_is_on_the_opening_date() -> None:
    assert dates(session(OPENING + timedelta(days=1))) == ["NO_SESSION_ON_OPENING"]


def test_sessions_lie_between_opening_and_closing() -> None:
    assert dates(session(), session(CLOSING)) == []
    assert dates(session(), session(CLOSING + timedelta(days=1))) == ["SESSION_OUT_OF_DATES"]
    assert dates(session(), session(OPENING - timedelta(days=1))) == ["SESSION_OUT_OF_DATES"]


def test_a_session_ends_after_it_begins_and_on_the_same_day() -> None:
    backwards = replace(session(), ends_at=session().starts_at)
    assert "SESSION_TIMES" in dates(backwards)
    assert dates(session(start=20, minutes=240)) == []  # until midnight exactly
    assert "SESSION_TIMES" in dates(session(start=20, minutes=241))


def test_a_class_cannot_be_in_two_sessions_at_once() -> None:
    assert dates(session(minutes=160), session(start=10)) == ["SESSIONS_OVERLAP"]
    assert dates(session(minutes=120), session(start=10)) == []


def test_closing_does_not_come_before_opening() -> None:
    assert dates(session(), closing=OPENING - timedelta(days=1)) == ["CLOSING_BEFORE_OPENING"]


def test_of_three_named_teachers_only_the_one_not_filed_is_refused() -> None:
    """JY-INS-07."""
    found = judge_teachers(
        timetable(),
        filed={"teacher-1", "teacher-3"},
        institution_kind="private_school",
        terms=TERMS.teacher_filing,
    )
    assert [(finding.code, finding.value) for finding in found] == [("TEACHER_NOT_FILED", "teacher-2")]


def test_public_colleges_need_not_file_their_teachers() -> None:
    found = judge_teachers(timetable(), filed=(), institution_kind="vocational_college", terms=TERMS.teacher_filing)
    assert found == []


def test_a_venue_of_somebody_else_is_unknown() -> None:
    assert codes(judge_venues(timetable(), venues={}, basis=CONSISTENCY)) == ["VENUE_UNKNOWN"]


@pytest.mark.parametrize("kind", ["teacher", "venue"])
def test_a_teacher_or_venue_is_in_one_place_at_a_time(kind: str) -> None:
    mine = session(start=8, minutes=120)
    key = mine.teacher_id if kind == "teacher" else mine.venue_id
    other = Booking(kind=kind, key=key, starts_at=mine.starts_at, ends_at=mine.ends_at)  # type: ignore[arg-type]
    after = replace(other, starts_at=mine.ends_at, ends_at=mine.ends_at + timedelta(hours=1))
    until = replace(other, ends_at=mine.starts_at + timedelta(minutes=1))
    stranger = replace(other, key="somebody else")
    expected = "TEACHER_DOUBLE_BOOKED" if kind == "teacher" else "VENUE_DOUBLE_BOOKED"
    assert codes(judge_bookings([mine], bookings=[other], basis=CONSISTENCY)) == [expected]
    assert codes(judge_bookings([mine], bookings=[until], basis=CONSISTENCY)) == [expected]
    assert judge_bookings([mine], bookings=[after, stranger], basis=CONSISTENCY) == []


@pytest.mark.parametrize(("teachers", "severity"), [(3, None), (2, Severity.WARN), (1, Severity.STOP)])
def test_fifty_people_with_three_two_or_one_teachers(teachers: int, severity: Severity | None) -> None:
    sessions = [session(start=8 + number, teacher=f"t{number}") for number in range(teachers)]
    found = judge_teacher_ratio(sessions, planned=50, terms=TERMS.teacher_ratio)
    assert [finding.severity for finding in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("people", "stations", "severity"),
    [(40, 2, None), (41, 2, Severity.WARN), (50, 2, Severity.WARN), (51, 2, Severity.STOP), (40, 1, Severity.STOP)],
)
def test_people_per_work_station(people: int, stations: int, severity: Severity | None) -> None:
    venues = {"workshop": Venue(venue_id="workshop", name="实训室", stations={WELDER: stations})}
    found = judge_station_ratio(
        timetable(), venues=venues, occupation=WELDER, planned=people, terms=TERMS.station_ratio
    )
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_theory_needs_no_work_station() -> None:
    venues = {"workshop": Venue(venue_id="workshop", name="教室", stations={})}
    found = judge_station_ratio(
        [session(kind="theory")], venues=venues, occupation=WELDER, planned=50, terms=TERMS.station_ratio
    )
    assert found == []


def test_whoever_is_stopped_by_a_ratio_or_the_practice_share_learns_of_the_exception() -> None:
    """JY-ENR-09, -10, -11: the advice names the way that the rulebook leaves open."""
    sessions = timetable(theory=15)
    venue = Venue(venue_id="workshop", name="实训室", stations={WELDER: 1})
    (share,) = judge_practice_share(sessions, TERMS.practice_share)
    (teachers,) = judge_teacher_ratio(sessions, planned=100, terms=TERMS.teacher_ratio)
    (stations,) = judge_station_ratio(
        sessions, venues={"workshop": venue}, occupation=WELDER, planned=50, terms=TERMS.station_ratio
    )
    for finding in (share, teachers, stations):
        assert finding.severity is Severity.STOP
        assert "exceptions" in finding.advice
