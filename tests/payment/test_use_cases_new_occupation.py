"""The ministry's list of new occupations, told before, with or after the class it is about (HB-CLM-06)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.payment.application.enter_rate import enter_rate
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from shared.contracts.contract import Contract
from shared.contracts.enrollment import OccupationDated
from shared.domain.actor import Role
from tests.payment.office import ACCOUNT, Office, moment
from tests.payment.sample import INSTITUTION_NAME, rate
from tests.payment.test_use_cases_work import ROSTER, amounts, hirer, with_claims
from tests.payment.work_sample import FIRST_DAYS, finished, official, opened

REGION, OPENING = FIRST_DAYS["HB"]
LISTED = OccupationDated(class_id="class-1", occupation="welder", new_since=OPENING)


def facts() -> list[Contract]:
    """Give a class of Hebei whose people hold plain completion certificates and no job."""
    started = opened("HB", ROSTER)
    return [started, *finished(started, kind="completion")]


async def claimed(office: Office, told: Sequence[Contract]) -> str:
    """Let a class be claimed for, long after its people could find work in time."""
    office.books = with_claims("HB")
    office.now = moment(date(OPENING.year, 12, 2))
    row = replace(rate(1000), region=REGION, valid_from=OPENING)
    await office.act(official("HB", "finance", Role.FINANCE), enter_rate, rate=row)
    await office.take(*told)
    signed = SignedUndertaking(text_version="HB", signer="样例负责人", signed_on=office.now.date())
    account = replace(ACCOUNT, holder=INSTITUTION_NAME)
    claim = await office.act(hirer("HB"), submit_claim, class_id="class-1", undertaking=signed, account=account)
    return claim.claim_id


async def test_a_list_entered_after_the_claim_raises_it_and_a_correction_lowers_it_again(office: Office) -> None:
    """HB-CLM-05, HB-CLM-06: published on the opening day it is new, a day later it is not; the last word counts."""
    claim_id = await claimed(office, facts())
    assert await amounts(office, claim_id) == [50_000] * 3
    await office.take(LISTED)
    assert await amounts(office, claim_id) == [80_000] * 3
    [proof] = await office.rows("SELECT event_id FROM class_fact WHERE event = 'OccupationDated'")
    lines = (await office.claim(claim_id)).assessment.lines
    assert {proof.event_id in line.evidence for line in lines} == {True}
    await office.take(replace(LISTED, new_since=OPENING + timedelta(days=1)))
    assert await amounts(office, claim_id) == [50_000] * 3
    await office.take(replace(LISTED, new_until=OPENING))
    assert await amounts(office, claim_id) == [80_000] * 3


@pytest.mark.parametrize("place", [0, 1, 3])
async def test_a_list_told_before_or_during_the_class_counts_alike(office: Office, place: int) -> None:
    """HB-CLM-06: also when it comes before the opening it is about."""
    told = facts()
    told.insert(place, LISTED)
    assert await amounts(office, await claimed(office, told)) == [80_000] * 3
