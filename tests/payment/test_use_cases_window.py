"""Hebei's lower share waits for the end of the window, or is paid at once for good; on both databases."""

from datetime import date

import pytest

from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.record_employment import record_employment
from services.payment.domain.class_record import Employment
from shared.domain.actor import Role
from shared.domain.errors import Refused
from tests.payment.office import Office, moment
from tests.payment.test_use_cases_work import amounts, claimed
from tests.payment.work_sample import official

FIRST = official("HB", "first", Role.FIRST_REVIEWER)
CLAIMED, LAST = date(2024, 5, 6), date(2024, 7, 3)


@pytest.fixture
async def claim_id(office: Office) -> str:
    """Give a claim of a month after the certificates of 2024-04-03."""
    return await claimed(office, "HB", 1000, on=CLAIMED, group="employment_difficult")


async def choose(office: Office, claim_id: str, person: str, *, at_once: bool) -> None:
    given = GivenDecision(rule="HB-PAY-05", accepted=at_once, reason="申领人书面选择", persons=frozenset({person}))
    await office.act(FIRST, record_decision, claim_id=claim_id, given=given)


async def test_what_waits_for_the_window_is_computed_by_itself_on_the_day_after(office: Office, claim_id: str) -> None:
    """HB-PAY-05: nothing until 2024-07-03, the last day included; then the lower share without anybody's word."""
    assert await amounts(office, claim_id) == [0, 0, 0]
    await office.pass_days(LAST)
    assert await amounts(office, claim_id) == [0, 0, 0]
    await office.pass_days(date(2024, 7, 4))
    assert await amounts(office, claim_id) == [80_000] * 3


async def test_being_paid_at_once_is_chosen_once_and_for_good(office: Office, claim_id: str) -> None:
    """HB-PAY-05: p1 is paid now, p2 waits, of p3 nobody said anything; all of them find work in time."""
    await choose(office, claim_id, "p1", at_once=True)
    await choose(office, claim_id, "p2", at_once=False)
    assert await amounts(office, claim_id) == [80_000, 0, 0]
    with pytest.raises(Refused, match="CHOICE_MADE"):
        await choose(office, claim_id, "p2", at_once=True)

    office.now = moment(date(2024, 6, 20))
    jobs = [Employment(person_id=each, employed_on=date(2024, 6, 3), source="社保登记") for each in ("p1", "p2", "p3")]
    await office.act(FIRST, record_employment, class_id="class-1", found=jobs)
    assert await amounts(office, claim_id) == [80_000, 100_000, 100_000]

    supplement = GivenDecision(rule="HB-CLM-03", accepted=True, reason="补差审批", persons=frozenset({"p1"}))
    await office.act(FIRST, record_decision, claim_id=claim_id, given=supplement)
    assert await amounts(office, claim_id) == [100_000] * 3
