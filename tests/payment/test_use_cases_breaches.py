"""What stops a claim until a person decided: breaches, missing surveys, sources without a standing decision."""

import pytest
from sqlalchemy.exc import IntegrityError

from services.payment.application.allot_budget import allot_budget
from services.payment.application.claw_back import GivenRepayment, decide_clawback, propose_clawback, record_repayment
from services.payment.application.desk import queue, read_progress
from services.payment.application.handle_breach import close_breach, open_breach
from services.payment.application.queries import read_claim
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.reverse_order import reverse_order
from services.payment.domain.breach import BreachConclusion
from services.payment.domain.budget import BudgetKey
from services.payment.domain.state import Act
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, Refused
from tests.payment.correcting import pay
from tests.payment.office import APPROVER, EMPLOYMENT, FINANCE, FIRST, INSPECTOR, SCHOOL, SECOND, YUAN, Office, person
from tests.payment.sample import survey


async def test_a_breach_stops_review_notice_order_and_bank_until_another_person_decided_it(
    received_office: Office,
) -> None:
    """JY-CLM-11: opened at any stage it holds the claim; unfounded, everything goes on as it was."""
    office, claim_id = received_office, await received_office.only_claim()

    async def alleged() -> str:
        given = {"facts": "名册与考勤不符", "evidence": "来信一封"}
        return (await office.act(INSPECTOR, open_breach, claim_id=claim_id, **given)).breach_id

    async def unfounded(breach_id: str) -> None:
        closed = {"conclusion": BreachConclusion.UNFOUNDED, "reason": "经核实相符"}
        await office.act(APPROVER, close_breach, breach_id=breach_id, **closed)

    breach_id = await alleged()
    with pytest.raises(Refused) as refused:
        await office.review(claim_id, Act.FIRST_REVIEW, FIRST)
    assert (refused.value.code, refused.value.rule) == ("BREACH_OPEN", "JY-CLM-11")
    async with office.unit(APPROVER) as uow:
        [item], _ = await queue(uow, after=None, limit=50)
    assert (item.task.holder.task, item.task.subject) == ("breach", breach_id)
    step = (await office.act(FINANCE, read_progress, claim_id=claim_id)).progress.next
    assert step is not None
    assert (step.holder.task, step.holder.role) == ("breach", Role.APPROVER)
    for nobody in (FIRST, SECOND, FINANCE, SCHOOL):
        assert (await office.act(nobody, queue, after=None, limit=10))[0] == []
    await unfounded(breach_id)
    await office.review_twice(claim_id)
    breach_id = await alleged()
    with pytest.raises(Refused, match="BREACH_OPEN"):
        await office.publish(claim_id)
    await unfounded(breach_id)
    await office.publish(claim_id)
    await office.end_notice(claim_id)
    await office.review(claim_id, Act.APPROVE, APPROVER)
    breach_id = await alleged()
    with pytest.raises(Refused, match="BREACH_OPEN"):
        await office.order(claim_id, {EMPLOYMENT: 15_000})
    await unfounded(breach_id)
    await office.order(claim_id, {EMPLOYMENT: 15_000})
    breach_id = await alleged()
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()
    await unfounded(breach_id)
    assert (await office.send()).amount_fen == 15_000 * YUAN
    with pytest.raises(Conflict, match="BREACH_CLOSED"):
        await unfounded(breach_id)


async def test_who_opened_a_breach_does_not_decide_it(received_office: Office) -> None:
    """JY-CLM-11, JY-REP-07: the decision is another person's, in the database too."""
    claim_id = await received_office.only_claim()
    breach = await received_office.act(APPROVER, open_breach, claim_id=claim_id, facts="名册不符", evidence="来信")

    given = {"breach_id": breach.breach_id, "conclusion": BreachConclusion.CONFIRMED, "reason": "属实"}
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await received_office.act(APPROVER, close_breach, **given)
    with pytest.raises(IntegrityError):
        await received_office.rows(
            "UPDATE claim_breach SET conclusion = 'unfounded', reason = 'x', closed_by = opened_by, "
            "closed_on = opened_on"
        )
    other = person("approver-2", Role.APPROVER)
    closed = await received_office.act(other, close_breach, **given)
    assert (await received_office.claim(claim_id)).breaches == (closed,)
    assert closed.conclusion is BreachConclusion.CONFIRMED
    with pytest.raises(IntegrityError):
        await received_office.rows("UPDATE claim_breach SET conclusion = 'unfounded'")


async def test_lines_of_a_confirmed_breach_are_never_paid_and_what_was_paid_for_them_comes_back(
    approved_office: Office, claim_id: str
) -> None:
    """HB-ENR-15, LS-QUA-01: ten share 13,500; two were no learners, so 2,700 come back, which frees their slots."""
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    before = await office.rows("SELECT 1 FROM entitlement_slot")
    breach = await office.act(INSPECTOR, open_breach, claim_id=claim_id, facts="冒名参训", evidence="来信")
    given = {"breach_id": breach.breach_id, "reason": "经核实，二人没有参训"}
    confirmed, lines = BreachConclusion.CONFIRMED, frozenset({3, 4})
    for wrong in (
        {"conclusion": BreachConclusion.UNFOUNDED, "line_nos": lines},
        {"conclusion": confirmed, "line_nos": frozenset({3, 99})},
    ):
        with pytest.raises(Refused) as refused:
            await office.act(APPROVER, close_breach, **given, **wrong)
        assert (refused.value.code, refused.value.rule) == ("LINE_NOT_OF_BREACH", "JY-CLM-11")
    with pytest.raises(IntegrityError):
        await office.rows("UPDATE claim_breach SET line_nos = '[3]'")

    await office.act(APPROVER, close_breach, conclusion=confirmed, line_nos=lines, **given)

    proposed = await office.act(SECOND, propose_clawback, claim_id=claim_id, reason="追回冒领资金")
    clawback = await office.act(
        APPROVER, decide_clawback, clawback_id=proposed.clawback_id, ordered=True, reason="同意追回"
    )
    told = (clawback.amount_fen, clawback.ground.rule, clawback.cause)
    assert told == (2_700 * YUAN, "JY-CLM-11", "BREACH_CONFIRMED")
    claim = await office.claim(claim_id)
    assert (claim.breaches[0].line_nos, sum(claim.decided.values())) == (lines, 10_800 * YUAN)
    assert len(await office.rows("SELECT 1 FROM entitlement_slot")) == len(before)
    back = GivenRepayment(kind="bank", on=office.now.date(), amount_fen=2_700 * YUAN, reference="BANK-1")
    await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=back)
    assert len(await office.rows("SELECT 1 FROM entitlement_slot")) == len(before) - 2


async def test_a_claim_without_a_survey_is_flagged_until_one_was_answered(received_office: Office) -> None:
    """JY-QUA-01: the flag stops nothing; answers take it away and are shown with their count."""
    office, claim_id = received_office, await received_office.only_claim()

    async def flags() -> list[tuple[str, str, str]]:
        found = (await office.claim(claim_id)).assessment.flags
        return [(flag.code, flag.rule, flag.severity.value) for flag in found]

    assert await flags() == [("SURVEY_MISSING", "JY-QUA-01", "warn")]
    await office.take(survey(answers=0, satisfied=0))
    assert await flags() == [("SURVEY_MISSING", "JY-QUA-01", "warn")]
    await office.take(survey(revision=2))

    assert await flags() == []
    assert (await office.review(claim_id, Act.FIRST_REVIEW, FIRST)).round == 1
    async with office.unit(FIRST) as uow:
        reading = await read_claim(uow, claim_id)
    assert reading.survey is not None
    assert (reading.survey.satisfied, reading.survey.valid_responses) == (31, 34)


async def test_a_source_whose_decision_does_not_stand_any_more_pays_nothing(
    approved_office: Office, claim_id: str
) -> None:
    """JY-FND-02: a source outside the document's list is decided on when money leaves, too."""
    office, other = approved_office, "other"
    key = BudgetKey(region="419001", funding_source=other, year=2021)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    accepted = GivenDecision(rule="JY-FND-02", accepted=True, reason="依据上级文件")
    await office.act(FIRST, record_decision, claim_id=claim_id, given=accepted)
    [order] = await office.order(claim_id, {other: 13_500})
    refused = GivenDecision(rule="JY-FND-02", accepted=False, reason="上级文件已废止")
    await office.act(FIRST, record_decision, claim_id=claim_id, given=refused)

    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send(other)
    async with office.unit(FINANCE) as uow:
        [item], _ = await queue(uow, after=None, limit=50)
    assert (item.task.holder.task, item.task.subject) == ("reversal", order.order_id)
    await office.act(FINANCE, reverse_order, order_id=order.order_id, reason="来源不再成立")
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
