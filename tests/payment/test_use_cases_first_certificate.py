"""A certificate of another class that was earlier, learnt before or after the claim was judged: the end is the same."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from services.payment.application.allot_budget import allot_budget
from services.payment.application.enter_rate import enter_rate
from services.payment.application.queries import read_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.claim import Claim
from services.payment.domain.state import Act, State
from services.payment.storage.classes import StoredClasses
from shared.contracts.assessment import CertificateIssued, CertificateVoided
from tests.payment.office import EMPLOYMENT, Office, moment
from tests.payment.sample import certificate, people, rate
from tests.payment.test_use_cases_assessor import (
    APPROVER,
    ASSESSOR,
    FINANCE,
    OPENING,
    PASSED,
    REGION,
    TODAY,
    claim,
    evaluation,
    examined,
    passed,
    reviewed,
)
from tests.payment.work_sample import opened

EARLIER = replace(certificate("p1", class_id="class-0", issued=PASSED - timedelta(days=40)), level="5")
VOID = CertificateVoided(class_id="class-0", certificate_id=EARLIER.certificate_id, person_id="p1", on=TODAY, reason="")
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
async def bureau(office: Office) -> Office:
    """Give the office of Hebei: 300 yuan an evaluation, and two who passed one under an agreement."""
    office.now = moment(TODAY)
    row = replace(rate(300), region=REGION, programme="evaluation", valid_from=OPENING)
    await office.act(FINANCE, enter_rate, rate=row)
    key = BudgetKey(region=REGION, funding_source=EMPLOYMENT, year=2024)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    await office.take(opened("HB", ["p1"], class_id="class-0", group="graduate"))
    await examined(office, evaluation(2), *passed(people(1, 2)))
    return office


async def now(office: Office, made: Claim, day: date = TODAY) -> Claim:
    """Give the claim when every timer of the day has fired."""
    await office.pass_days(day)
    return await office.claim(made.claim_id)


def amounts(made: Claim) -> list[tuple[str | None, int, list[str]]]:
    return [
        (line.person_id, line.amount_fen, [finding.code for finding in line.findings]) for line in made.assessment.lines
    ]


NOT_FIRST = [("p1", 0, ["NOT_FIRST_CERTIFICATE"]), ("p2", 300_00, [])]
BOTH = [("p1", 300_00, []), ("p2", 300_00, [])]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("late", [False, True])
async def test_an_earlier_certificate_counts_whether_it_was_known_or_is_learnt(
    bureau: Office, late: bool, times: int
) -> None:
    """HB-CLM-09: trained without an agreement before, so no cap holds it."""
    facts = [EARLIER] * times
    if not late:
        await bureau.take(*facts)
    made = await claim(bureau)
    if late:
        assert amounts(made) == BOTH
        await bureau.take(*facts)
        made = await now(bureau, made)
    assert amounts(made) == NOT_FIRST
    assert made.state is State.SUBMITTED
    assert {row.person_id for row in await bureau.rows("SELECT person_id FROM cap_slot")} == {"p2"}


@pytest.mark.parametrize("order", [[EARLIER, VOID], [VOID, EARLIER], [EARLIER, VOID, EARLIER, VOID]])
@pytest.mark.parametrize("claimed_after", range(3))
async def test_one_that_was_voided_is_nobodys_first_in_any_order(
    bureau: Office, order: Sequence[CertificateIssued | CertificateVoided], claimed_after: int
) -> None:
    """HB-CLM-09"""
    await bureau.take(*order[:claimed_after])
    made = await claim(bureau)
    for number, fact in enumerate(order[claimed_after:]):
        await bureau.take(fact)
        await now(bureau, made, TODAY + timedelta(days=number))
    assert amounts(await now(bureau, made, TODAY + timedelta(days=9))) == BOTH


async def test_a_later_certificate_or_another_occupations_changes_nothing(bureau: Office) -> None:
    """HB-CLM-09"""
    made = await claim(bureau)
    await bureau.take(replace(EARLIER, issued_on=TODAY), replace(EARLIER, certificate_id="x", occupation="fitter"))
    again = await now(bureau, made)
    assert (amounts(again), again.round) == (BOTH, made.round)


async def test_what_was_paid_is_shown_for_a_person_and_never_taken_silently(bureau: Office) -> None:
    """HB-CLM-09: an amount ordered beyond what the facts support is recorded and waits for a decision."""
    made = await claim(bureau)
    await reviewed(bureau, made.claim_id)
    await bureau.review(made.claim_id, Act.APPROVE, APPROVER)
    [order] = await bureau.order(made.claim_id, {EMPLOYMENT: 600}, FINANCE)
    await bureau.answer(await bureau.send(actor=FINANCE), order.order_id, "settled", actor=FINANCE)
    await bureau.take(EARLIER, EARLIER)
    shown = await now(bureau, made)
    assert (amounts(shown), shown.state, shown.is_held) == (NOT_FIRST, State.PAID, True)
    async with bureau.unit(APPROVER) as uow:
        reading = await read_claim(uow, made.claim_id)
    assert [(each["kind"], each["amount_fen"]) for each in reading.differences] == [("clawback_pending", -300_00)]
    assert [entry.amounts for entry in shown.entries] == [{1: 300_00, 2: 300_00}]
    await bureau.take(VOID)
    assert not (await now(bureau, made, TOMORROW)).is_held


@pytest.mark.parametrize("claimed", [("class-1", "class-2"), ("class-2", "class-1")])
async def test_of_two_evaluations_the_first_is_paid_whichever_is_claimed_first(
    bureau: Office, claimed: Sequence[str]
) -> None:
    """HB-CLM-09, HB-CLM-11: the place that the later one held under the cap goes over to the earlier one."""
    made = {}
    for class_id in claimed:
        if class_id == "class-2":
            first = [replace(each, issued_on=PASSED - timedelta(days=1)) for each in passed(["p1"], class_id="class-2")]
            await examined(bureau, evaluation(1, class_id="class-2"), *first)
        made[class_id] = await claim(bureau, class_id=class_id)
    assert amounts(await now(bureau, made["class-1"])) == NOT_FIRST
    assert amounts(await now(bureau, made["class-2"], TOMORROW)) == [("p1", 300_00, [])]
    held = await bureau.rows("SELECT class_id, person_id FROM cap_use ORDER BY class_id")
    assert [tuple(row) for row in held] == [("class-1", "p2"), ("class-2", "p1")]


async def test_a_class_that_does_not_ask_for_the_first_is_left_alone(received_office: Office) -> None:
    """HB-CLM-09 is Hebei's: no timer is set for a claim under Jiyuan's document."""
    other = replace(EARLIER, person_id="p1", issued_on=date(2020, 1, 6))
    await received_office.take(other)
    kinds = {row.kind for row in await received_office.rows("SELECT kind FROM timer")}
    assert "first_certificate_changed" not in kinds


@pytest.mark.parametrize("first", ["claim", "certificate"])
async def test_a_certificate_that_comes_while_a_claim_is_judged_is_not_missed(
    bureau: Office, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """HB-CLM-09: the claim sees it, or it finds the claim, whichever of the two transactions ends first."""
    has_read, has_come = asyncio.Event(), asyncio.Event()
    read = StoredClasses.certificates_elsewhere

    async def slowly(self: StoredClasses, class_id: str, persons: Collection[str]) -> Sequence[CertificateIssued]:
        found = await read(self, class_id, persons)
        if first == "claim" and not has_read.is_set():
            has_read.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(has_come.wait(), timeout=0.5)
        return found

    monkeypatch.setattr(StoredClasses, "certificates_elsewhere", slowly)

    async def comes() -> None:
        if first == "claim":
            await has_read.wait()
        await bureau.take(EARLIER)
        has_come.set()

    made, _ = await asyncio.gather(claim(bureau, ASSESSOR), comes())
    assert amounts(await now(bureau, made)) == NOT_FIRST


async def test_no_certificate_is_kept_of_which_nobody_could_find_the_person(bureau: Office) -> None:
    with pytest.raises(IntegrityError):
        await bureau.rows("UPDATE class_fact SET person_id = NULL WHERE event = 'CertificateIssued'")
