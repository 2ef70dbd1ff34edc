"""Which sign-ins count, and for which session."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.supervision.domain import sign_in
from services.supervision.domain.sign_in import Roll, Verdict, explain
from services.supervision.domain.training_class import end_class, open_class, withdraw_trainee
from shared.policy.rulebook import Rulebook
from tests.supervision.sample import OPENING, at, class_opened, device, jiyuan, planned_session

NINE = at(OPENING, 9)
BOOK: Rulebook = jiyuan()


def roll(**changes: object) -> Roll:
    training_class, sessions = open_class(class_opened(**changes), BOOK)  # type: ignore[arg-type]
    return Roll(training_class, sessions, BOOK)


def judge(of: Roll, signed_at: datetime, *, person: str = "p01", method: str = "fingerprint") -> Verdict:
    return of.judge(device(), person_id=person, method=method, signed_at=signed_at, received_at=signed_at)


@pytest.mark.parametrize(
    ("signed_at", "session"),
    [
        (at(OPENING, 8, 29, 59), None),
        (at(OPENING, 8, 30), "s1-am"),
        (at(OPENING, 12, 10), "s1-am"),
        (at(OPENING, 12, 10, 1), None),
        (at(OPENING, 13, 29, 59), None),
        (at(OPENING, 13, 30), "s1-pm"),
        (at(OPENING, 17, 10), "s1-pm"),
        (at(OPENING, 17, 10, 1), None),
    ],
)
def test_a_sign_in_counts_within_thirty_minutes_around_a_session_both_ends_included(
    signed_at: datetime, session: str | None
) -> None:
    verdict = judge(roll(), signed_at)

    assert verdict == (Verdict("refused", "OUTSIDE_SESSION") if session is None else Verdict("accepted", None, session))


@pytest.mark.parametrize(
    ("signed_at", "session"),
    [
        (at(OPENING, 10, 0), "early"),
        (at(OPENING, 10, 9, 59), "early"),  # 9:59 from the one that ended, 10:01 from the one to come
        (at(OPENING, 10, 10), "later"),  # equally far: people sign in when they arrive
        (at(OPENING, 10, 10, 1), "later"),
    ],
)
def test_of_two_sessions_the_nearer_has_the_sign_in(signed_at: datetime, session: str) -> None:
    sessions = (
        planned_session("early", NINE, minutes=60, class_hours=1),
        planned_session("later", at(OPENING, 10, 20), minutes=60, class_hours=1),
    )

    assert judge(roll(sessions=sessions), signed_at).session_id == session


def test_a_sign_in_inside_a_long_session_stays_with_it_though_a_short_one_has_ended_beside_it() -> None:
    sessions = (
        planned_session("long", NINE, minutes=480, class_hours=8),
        planned_session("short", at(OPENING, 10), minutes=40, class_hours=1),
    )

    assert judge(roll(sessions=sessions), at(OPENING, 11)).session_id == "long"
    assert judge(roll(sessions=sessions), at(OPENING, 16)).session_id == "long"


def test_attendance_before_the_last_approval_is_kept_and_counts_nothing() -> None:
    """JY-ENR-06: twelve sign-ins before the approval at 10:00 count 0, those after it count."""
    late_approval = roll(approved_at=at(OPENING, 10))

    assert judge(late_approval, at(OPENING, 9, 59, 59)) == Verdict("refused", "BEFORE_APPROVAL")
    assert judge(late_approval, at(OPENING, 10)).outcome == "accepted"
    assert explain("BEFORE_APPROVAL", BOOK).rule == "JY-ENR-06"


def test_a_sign_in_on_the_eve_of_the_opening_is_before_approval_even_if_approved_long_ago() -> None:
    assert judge(roll(), at(OPENING - timedelta(days=1), 9)).code == "BEFORE_APPROVAL"


@pytest.mark.parametrize(
    ("person", "method", "code"),
    [
        ("stranger", "fingerprint", "NOT_ON_ROSTER"),
        ("p01", "palm", "METHOD_NOT_ACCEPTED"),
        ("p01", "qr_with_teacher", "METHOD_NOT_OF_DEVICE"),
        ("p01", "manual", "APPROVAL_REQUIRED"),
    ],
)
def test_a_sign_in_is_refused_for_its_person_or_method(person: str, method: str, code: str) -> None:
    verdict = judge(roll(), NINE, person=person, method=method)

    assert (verdict.outcome, verdict.code) == ("refused", code)


def test_forty_fingerprints_and_five_unapproved_manual_sign_ins_make_forty_present() -> None:
    """JY-SUP-01."""
    rows = [(f"p{place:02}", "fingerprint" if place <= 40 else "manual") for place in range(1, 46)]

    counted = [judge(roll(), NINE, person=person, method=method).counts for person, method in rows]

    assert sum(counted) == 40


def test_a_device_of_another_institution_is_refused() -> None:
    foreign = device(institution_id="institution-2")

    verdict = roll().judge(foreign, person_id="p01", method="fingerprint", signed_at=NINE, received_at=NINE)

    assert verdict == Verdict("refused", "DEVICE_FOREIGN")


@pytest.mark.parametrize("ending", ["cancelled", "withdrawn"])
def test_a_device_of_another_institution_is_not_told_what_became_of_the_class(ending: Any) -> None:
    training_class, sessions = open_class(class_opened(), BOOK)
    ended = Roll(end_class(training_class, ending), sessions, BOOK)
    foreign = device(institution_id="institution-2")

    verdict = ended.judge(foreign, person_id="p01", method="fingerprint", signed_at=NINE, received_at=NINE)

    assert verdict == Verdict("refused", "DEVICE_FOREIGN")


@pytest.mark.parametrize(("seconds", "outcome"), [(300, "accepted"), (301, "refused")])
def test_a_sign_in_from_the_future_is_tolerated_for_five_minutes(seconds: int, outcome: str) -> None:
    verdict = roll().judge(
        device(),
        person_id="p01",
        method="fingerprint",
        signed_at=NINE + timedelta(seconds=seconds),
        received_at=NINE,
    )

    assert verdict.outcome == outcome


def test_a_trainee_who_left_signs_in_for_nothing_after_that_day() -> None:
    training_class, sessions = open_class(class_opened(), BOOK)
    left = Roll(withdraw_trainee(training_class, "p01", OPENING), sessions, BOOK)

    assert judge(left, NINE).outcome == "accepted"
    assert judge(left, NINE + timedelta(days=1)).code == "TRAINEE_WITHDRAWN"


def test_a_cancelled_class_keeps_sign_ins_and_counts_none() -> None:
    training_class, sessions = open_class(class_opened(), BOOK)
    cancelled = Roll(end_class(training_class, "cancelled"), sessions, BOOK)

    assert judge(cancelled, NINE) == Verdict("refused", "CLASS_CANCELLED")
    assert explain("CLASS_CANCELLED", BOOK).rule == "JY-SUP-04"


def test_the_same_fate_is_the_same_object_for_every_row() -> None:
    of = roll()

    assert judge(of, NINE, person="p01") is judge(of, NINE, person="p02")
    assert judge(of, NINE, person="x") is judge(of, NINE, person="y")


def test_every_code_is_explained_in_words_and_what_to_do() -> None:
    codes = [value for name, value in vars(sign_in).items() if name.isupper() and isinstance(value, str)]

    assert len(codes) == 16
    assert all(explain(code, BOOK).message and explain(code, BOOK).advice for code in codes)
