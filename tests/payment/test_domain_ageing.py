"""What waits for its claim or its money, and since when."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.domain.ageing import ClaimStand, ageing
from services.payment.domain.state import State
from shared.policy.terms.reporting import Ageing
from tests.payment.report_sample import opened, record
from tests.payment.sample import people, rulebook, shelf

ISSUED = date(2024, 6, 10)


def term_of(region: str, day: date) -> Ageing:
    found = shelf().in_force(region, day).payment.reporting.ageing
    assert found is not None
    return found


HEBEI, HULUDAO = term_of("130000", date(2024, 6, 3)), term_of("211400", date(2020, 6, 1))
CLASS = record(opened("class-1", roster=people(1, 2)), issued=ISSUED)


def claim(state: State, approved: date | None = None, fen: int = 100_00, number: int = 1) -> ClaimStand:
    return ClaimStand(
        claim_id=f"claim-{number}", class_id="class-1", state=state, approved_on=approved, approved_fen=fen
    )


@pytest.mark.parametrize(("today", "days", "late"), [(date(2024, 7, 10), 30, False), (date(2024, 7, 11), 31, True)])
def test_a_class_that_nobody_claims_is_reminded_of_after_thirty_days(today: date, days: int, late: bool) -> None:
    """HB-CLM-14: the last certificate is of 2024-06-10, and the region says thirty days."""
    [found] = ageing(HEBEI, [CLASS], [], today)
    assert (found.class_id, found.claim_id, found.since, found.days, found.late) == (
        *("class-1", None, ISSUED, days, late),
    )
    assert HEBEI.local == ("days_max",)


def test_a_class_that_only_its_assessor_claimed_for_still_waits_for_its_school() -> None:
    """HB-CLM-14, HB-CLM-13: of an evaluation there is nobody else to wait for."""
    of_body = replace(claim(State.SUBMITTED), of_assessor=True)
    evaluation = replace(CLASS, opened=replace(CLASS.opened, kind="evaluation"))
    assert [found.class_id for found in ageing(HEBEI, [CLASS], [of_body], date(2024, 12, 1))] == ["class-1"]
    assert ageing(HEBEI, [CLASS], [of_body, claim(State.SUBMITTED, number=2)], date(2024, 12, 1)) == ()
    assert ageing(HEBEI, [evaluation], [of_body], date(2024, 12, 1)) == ()


def test_a_claimed_a_cancelled_and_an_unfinished_class_wait_for_no_claim() -> None:
    """HB-CLM-14"""
    today = date(2024, 12, 1)
    assert ageing(HEBEI, [CLASS], [claim(State.SUBMITTED)], today) == ()
    assert ageing(HEBEI, [record(opened("class-1"), issued=ISSUED, cancelled=True)], [], today) == ()
    assert ageing(HEBEI, [record(opened("class-1"), passed=[])], [], today) == ()


def test_what_was_approved_and_not_paid_is_listed_and_the_oldest_stands_first() -> None:
    """HL-PAY-04: approved thirty days ago; the document names no limit, so nothing is called late."""
    claims = [
        claim(State.ORDERED, date(2020, 6, 20), number=1),
        claim(State.APPROVED, date(2020, 6, 1), number=2),
        claim(State.PAID, date(2020, 5, 1), number=3),
        claim(State.SECOND_REVIEW, number=4),
        claim(State.APPROVED, date(2020, 5, 1), fen=0, number=5),
    ]
    found = ageing(HULUDAO, [CLASS], claims, date(2020, 7, 1))
    assert [(each.claim_id, each.days, each.late) for each in found] == [("claim-2", 30, False), ("claim-1", 11, False)]


def test_the_documents_that_name_no_such_list_have_none() -> None:
    """HB-CLM-14, HL-PAY-04: neither Jiyuan, Quanjiao nor Linshu."""
    others = (rulebook(), shelf().in_force("341124", date(2020, 7, 1)), shelf().in_force("371329", date(2020, 9, 1)))
    assert [book.payment.reporting.ageing for book in others] == [None, None, None]
