"""JY-ENR-06: an approved change moves, drops and adds sessions not yet begun; what has begun stays."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.supervision.domain.attendance import withdraw_attendance
from services.supervision.domain.timetable import change_timetable
from services.supervision.domain.training_class import Session
from shared.contracts.enrollment import PlannedSession
from shared.contracts.supervision import Presence
from tests.supervision.sample import OPENING, at, class_file, jiyuan, planned_session, timetable

BOOK = jiyuan()
FILE = class_file()
DAY_TWO = OPENING + timedelta(days=1)
NOON = at(OPENING, 12)
AM1, PM1, AM2, PM2 = timetable()


def change(
    planned: tuple[PlannedSession, ...],
    *,
    moment: datetime = NOON,
    sessions: tuple[Session, ...] = FILE.sessions,
    dropped: tuple[Session, ...] = (),
) -> tuple[dict[str, Session], dict[str, Session]]:
    held, gone = change_timetable(sessions, dropped, planned, BOOK, at=moment)
    return {each.session_id: each for each in held}, {each.session_id: each for each in gone}


def closed(session: Session) -> Session:
    present = (Presence(person_id="p01", methods=("face",), strength=90),)
    return replace(session, revision=1, is_closed=True, present=present, absent=("p02",))


def test_a_session_not_yet_begun_moves_and_takes_another_teacher_and_room() -> None:
    moved = replace(PM2, starts_at=at(DAY_TWO, 15), ends_at=at(DAY_TWO, 17, 40), teacher_id="t2", venue_id="v2")

    held, gone = change((AM1, PM1, AM2, moved))

    assert (held["s2-pm"].starts_at, held["s2-pm"].teacher_id, held["s2-pm"].venue_id) == (at(DAY_TWO, 15), "t2", "v2")
    assert held["s2-am"] == FILE.session("s2-am")
    assert gone == {}


@pytest.mark.parametrize(("moment", "stays"), [(at(OPENING, 9), True), (at(OPENING, 8, 59, 59), False)])
def test_a_session_that_begins_at_the_very_moment_has_begun(moment: datetime, stays: bool) -> None:
    held, gone = change((PM1, AM2, PM2), moment=moment)

    assert ("s1-am" in held) is stays
    assert ("s1-am" in gone) is not stays


def test_what_has_begun_stays_whatever_the_change_says_of_it() -> None:
    later = replace(AM1, starts_at=at(DAY_TWO, 18), ends_at=at(DAY_TWO, 20))

    held, _ = change((later, PM1, AM2, PM2))

    assert held["s1-am"] == FILE.session("s1-am")


def test_nothing_is_planned_into_the_past() -> None:
    backdated = planned_session("s0", at(OPENING, 8), minutes=40, class_hours=1)
    pulled = replace(PM2, starts_at=at(OPENING, 10), ends_at=at(OPENING, 11))

    held, _ = change((AM1, PM1, AM2, pulled, backdated))

    assert set(held) == {"s1-am", "s1-pm", "s2-am", "s2-pm"}
    assert held["s2-pm"] == FILE.session("s2-pm")


def test_a_new_session_stands_in_order_of_time_with_the_class_hours_it_is_long_enough_for() -> None:
    """JY-ENR-08 holds for a changed timetable, too."""
    extra = planned_session("s9", at(DAY_TWO, 12), minutes=79, class_hours=2)

    held, _ = change((AM1, PM1, AM2, extra, PM2))

    assert list(held) == ["s1-am", "s1-pm", "s2-am", "s9", "s2-pm"]
    assert held["s9"].class_hours == 1


def test_a_session_that_was_dropped_may_come_back() -> None:
    _, gone = change((AM1, PM1, AM2))
    assert set(gone) == {"s2-pm"}

    held, gone = change((AM1, PM1, AM2, PM2), dropped=tuple(gone.values()))

    assert held["s2-pm"] == FILE.session("s2-pm")
    assert gone == {}


@pytest.mark.parametrize(
    ("planned", "still_closed"),
    [
        (replace(PM1, teacher_id="t2"), True),
        (replace(PM1, class_hours=3), False),
        (replace(PM1, starts_at=at(DAY_TWO, 19), ends_at=at(DAY_TWO, 21)), False),
    ],
)
def test_a_change_that_comes_after_the_closing_opens_what_it_moves_and_revisions_go_on(
    planned: PlannedSession, still_closed: bool
) -> None:
    sessions = tuple(closed(each) if each.session_id == "s1-pm" else each for each in FILE.sessions)

    held, _ = change((AM1, planned, AM2, PM2), sessions=sessions)

    assert (held["s1-pm"].is_closed, held["s1-pm"].revision) == (still_closed, 1)


def test_what_was_published_of_a_dropped_session_is_taken_back_once() -> None:
    withdrawn = withdraw_attendance(closed(FILE.sessions[0]), FILE.training_class)
    assert withdrawn is not None

    session, event = withdrawn

    assert (event.revision, event.present, event.absent) == (2, (), ())
    assert withdraw_attendance(session, FILE.training_class) is None
