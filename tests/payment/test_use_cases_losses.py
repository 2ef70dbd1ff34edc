"""What is lost or gained after a claim was computed: before ordering, after it and after payment."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.enter_rate import enter_rate
from services.payment.application.queries import read_claim
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.resolve_objection import resolve_objection
from services.payment.application.reverse_order import reverse_order
from services.payment.domain.budget import BudgetKey
from services.payment.domain.notice import NoticeState
from services.payment.domain.state import Act, State
from shared.contracts.assessment import CertificateVoided
from shared.contracts.payment import ClaimApproved, NoticePublished, PaymentSettled
from shared.contracts.supervision import ClassCancelled
from shared.domain.errors import Conflict, Refused
from tests.payment.office import APPROVER, AUDITOR, EMPLOYMENT, FINANCE, FIRST, INSPECTOR, INSURANCE, YUAN, Office
from tests.payment.sample import assessment_completed, certificate, people, rate, training_completed

CANCELLED = ClassCancelled(
    class_id="class-1",
    on=date(2021, 10, 20),
    rule="JY-SUP-04",
    clause="二(三)2",
    attended=4,
    planned=10,
    confirmed_by="inspector-1",
    reason="设备正常",
)


def void(number: int) -> CertificateVoided:
    return CertificateVoided(
        class_id="class-1",
        certificate_id=certificate(f"p{number}").certificate_id,
        person_id=f"p{number}",
        on=date(2021, 10, 20),
        reason="替考",
    )


async def lose(office: Office, number: int) -> None:
    """Let one certificate be voided, with the completion that follows."""
    remaining = [certificate(each) for each in people(1, 10) if each != f"p{number}"]
    await office.take(void(number), assessment_completed(remaining, revision=2))


async def test_nothing_is_ordered_or_sent_while_the_class_cannot_be_computed(
    approved_office: Office, claim_id: str
) -> None:
    """HB-SUP-03: a claim of ten with nine certificates stands still until the numbers agree."""
    office = approved_office
    fewer = assessment_completed([certificate(each) for each in people(1, 9)], revision=2)
    await office.take(fewer)
    with pytest.raises(Refused, match="CLAIM_GT_RESULTS"):
        await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.take(assessment_completed([certificate(each) for each in people(1, 10)], revision=3))
    await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.take(replace(fewer, revision=4))

    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()


async def test_a_certificate_voided_after_ordering_is_recorded_and_holds_every_further_payment(
    approved_office: Office, claim_id: str
) -> None:
    office = approved_office
    await office.take(training_completed(opening=10, spot=(10, 10), revision=2))  # nobody is cut any more: a supplement
    supplement = await office.claim(claim_id)
    assert (supplement.state, sum(supplement.difference.values())) == (State.SUBMITTED, 1_500 * YUAN)
    await office.order(claim_id, {EMPLOYMENT: 13_500})  # what was approved goes on meanwhile

    for number in (9, 10):
        await lose(office, number)
    claim = await office.claim(claim_id)

    assert (claim.state, claim.clawback_fen) == (State.ORDERED, 1_500 * YUAN)
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()
    async with office.unit(AUDITOR) as uow:
        reading = await read_claim(uow, claim_id)
    assert [(found["kind"], found["amount_fen"]) for found in reading.differences] == [
        ("supplement", 1_500 * YUAN),
        ("supplement", 0),
        ("clawback_pending", -1_500 * YUAN),
    ]
    [slot] = await office.rows("SELECT state FROM entitlement_slot WHERE person_id = 'p10'")
    assert slot.state == "used"
    assert len(await office.events(ClaimApproved)) == 1


async def test_a_class_cancelled_after_ordering_stays_recorded_whatever_is_resolved_later(
    received_office: Office,
) -> None:
    office = received_office
    claim_id = await office.only_claim()
    approval = await office.approve(claim_id, objected=[3])
    await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.take(CANCELLED)

    await office.act(
        INSPECTOR,
        resolve_objection,
        objection_id=approval.objections[0].objection_id,
        upheld=False,
        finding="签到与视频一致",
    )

    claim = await office.claim(claim_id)
    assert (claim.state, claim.clawback_fen) == (State.ORDERED, 13_500 * YUAN)
    assert not claim.objections[0].is_open
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()


async def test_a_class_cancelled_while_a_supplement_is_public_takes_its_notice_back(
    approved_office: Office, claim_id: str
) -> None:
    office = approved_office
    await office.take(training_completed(opening=10, spot=(10, 10), revision=2))
    await office.review_twice(claim_id)
    await office.publish(claim_id)

    await office.take(CANCELLED)

    claim = await office.claim(claim_id)
    assert claim.state is State.APPROVED
    assert [notice.state for notice in claim.notices] == [NoticeState.ENDED, NoticeState.WITHDRAWN]
    with pytest.raises(Refused, match="CLASS_CANCELLED"):
        await office.order(claim_id, {EMPLOYMENT: 13_500})


async def test_a_loss_before_ordering_is_taken_back_by_a_reviewed_entry_and_keeps_nobody_else_waiting(
    approved_office: Office, claim_id: str
) -> None:
    office = approved_office
    for number in (9, 10):
        await lose(office, number)
    with pytest.raises(Refused, match="SPLIT_SUM"):
        await office.order(claim_id, {EMPLOYMENT: 13_500})
    [order] = await office.order(claim_id, {EMPLOYMENT: 12_000})
    assert {entry.line_no for entry in order.entries} == set(range(1, 9))
    with pytest.raises(Conflict, match="DIFFERENCE_PENDING"):
        await office.order(claim_id, {EMPLOYMENT: 1_500})

    await office.review_twice(claim_id)
    claim = await office.review(claim_id, Act.APPROVE, APPROVER)

    assert (claim.state, sum(claim.decided.values())) == (State.ORDERED, 12_000 * YUAN)
    assert [event["amount_fen"] for event in await office.events(ClaimApproved)] == [13_500 * YUAN, -1_500 * YUAN]
    [budget] = await office.rows("SELECT reserved_fen FROM budget WHERE funding_source = :source", source=EMPLOYMENT)
    assert budget.reserved_fen == 12_000 * YUAN
    held = await office.rows("SELECT person_id FROM entitlement_slot")
    assert {row.person_id for row in held} == set(people(1, 8))


async def test_a_loss_that_the_cut_makes_up_for_is_reviewed_while_the_same_money_goes_to_the_others(
    approved_office: Office, claim_id: str
) -> None:
    office = approved_office
    await lose(office, 10)  # nine are left and nine were there: the cut goes with the line
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.review_twice(claim_id)
    approved = await office.review(claim_id, Act.APPROVE, APPROVER)

    assert approved.state is State.ORDERED
    assert {entry.line_no for entry in order.entries} == set(range(1, 10))
    assert [event["amount_fen"] for event in await office.events(ClaimApproved)] == [13_500 * YUAN, 0]


async def test_an_order_with_a_lost_line_is_never_sent_but_made_anew_for_the_others(
    approved_office: Office, claim_id: str
) -> None:
    office = approved_office
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    await lose(office, 10)
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()

    await office.review_twice(claim_id)
    corrected = await office.review(claim_id, Act.APPROVE, APPROVER)
    assert (corrected.state, corrected.decided[10], corrected.decided[11]) == (State.ORDERED, 0, 0)
    with pytest.raises(Conflict, match="NOTHING_DUE"):
        await office.order(claim_id, {EMPLOYMENT: 1})
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()  # ten people stand in it, of whom nine are paid
    await office.act(FINANCE, reverse_order, order_id=order.order_id, reason="学员条目不再有记录支持")
    [anew] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    assert {entry.line_no for entry in anew.entries} == set(range(1, 10))
    await office.answer(await office.send(), anew.order_id, "settled")

    assert (await office.claim(claim_id)).state is State.PAID


async def test_a_question_that_a_voided_inspection_poses_late_is_decided_before_money_goes(
    approved_office: Office, claim_id: str
) -> None:
    """JY-SUP-07: no amount moves, yet the class lacks an inspection that somebody has to accept."""
    office = approved_office
    one_left = training_completed(opening=9, spot=(9,), revision=2)
    await office.take(one_left)
    assert (await office.claim(claim_id)).state is State.APPROVED
    with pytest.raises(Refused, match="DECISION_NEEDED"):
        await office.order(claim_id, {EMPLOYMENT: 13_500})

    accepting = GivenDecision(rule="JY-SUP-07", accepted=True, reason="记录作废，签到与视频完整")
    await office.act(FIRST, record_decision, claim_id=claim_id, given=accepting)
    await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.act(FIRST, record_decision, claim_id=claim_id, given=replace(accepting, accepted=False))

    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()


async def test_a_class_cancelled_before_ordering_frees_its_people_and_its_budget(
    approved_office: Office, claim_id: str
) -> None:
    """JY-SUP-04: nothing was paid, so nobody's one subsidised class of the year is used up."""
    office = approved_office
    await office.take(CANCELLED)

    assert await office.rows("SELECT person_id FROM entitlement_slot") == []
    [budget] = await office.rows("SELECT reserved_fen FROM budget WHERE funding_source = :source", source=EMPLOYMENT)
    assert budget.reserved_fen == 0


async def test_a_gain_after_payment_is_published_reviewed_and_paid_as_its_own_entry(
    approved_office: Office, claim_id: str
) -> None:
    office = approved_office
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    file = await office.send()
    await office.answer(file, order.order_id, "settled")

    await office.take(training_completed(opening=10, spot=(10, 10), revision=2))
    await office.review_twice(claim_id)
    # Nobody's line was public with the amount of the cut taken back, so the difference is published first.
    assert (await office.claim(claim_id)).state is State.SECOND_REVIEW
    await office.publish(claim_id)
    await office.end_notice(claim_id)
    claim = await office.review(claim_id, Act.APPROVE, APPROVER)
    assert (claim.state, sum(claim.decided.values())) == (State.APPROVED, 15_000 * YUAN)
    [second] = await office.order(claim_id, {INSURANCE: 1_500})
    await office.answer(await office.send(INSURANCE), second.order_id, "settled")

    assert (await office.claim(claim_id)).state is State.PAID
    assert len(await office.events(NoticePublished)) == 2
    assert sum(event["amount_fen"] for event in await office.events(PaymentSettled)) == 15_000 * YUAN


async def test_an_objection_to_a_supplement_keeps_its_line_from_being_ordered_and_nobody_elses(office: Office) -> None:
    for each in (rate(1500, certificate_kind="level"), rate(1600, certificate_kind="special_ability")):
        await office.act(FINANCE, enter_rate, rate=each)
    key = BudgetKey(region="419001", funding_source=EMPLOYMENT, year=2021)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    await office.open_class()
    await office.finish_class(opening=9, spot=(9, 9))
    claim_id = (await office.submit()).claim_id
    await office.approve(claim_id)
    better = certificate("p3", "special_ability")
    others = [certificate(each) for each in people(1, 10) if each != "p3"]
    await office.take(better, void(3), assessment_completed([*others, better], revision=2))
    await office.take(training_completed(opening=10, spot=(10, 10), revision=2))
    await office.review_twice(claim_id)
    notice = await office.publish(claim_id)
    objection = await office.object_to(notice.notice_id, 3)

    [order] = await office.order(claim_id, {EMPLOYMENT: 12_000})  # approved were 13,500, of which 1,500 are line 3's
    assert 3 not in {entry.line_no for entry in order.entries}
    file = await office.send()
    await office.answer(file, order.order_id, "settled")
    await office.end_notice(claim_id)
    await office.review(claim_id, Act.APPROVE, APPROVER)
    assert (await office.claim(claim_id)).decided[3] == 1_500 * YUAN

    await office.act(
        INSPECTOR, resolve_objection, objection_id=objection.objection_id, upheld=False, finding="签到与视频一致"
    )
    await office.review_twice(claim_id)
    await office.review(claim_id, Act.APPROVE, APPROVER)
    await office.order(claim_id, {EMPLOYMENT: 15_100 - 12_000})
    decided = (await office.claim(claim_id)).decided
    assert (sum(decided.values()), decided[3]) == (15_100 * YUAN, 1_600 * YUAN)


async def test_a_cut_taken_back_after_payment_is_split_over_two_sources(approved_office: Office, claim_id: str) -> None:
    office = approved_office
    await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.take(training_completed(opening=10, spot=(10, 10), revision=2))
    await office.approve(claim_id)

    first, second = await office.order(claim_id, {EMPLOYMENT: 1_000, INSURANCE: 500})

    assert [[(entry.line_no, entry.amount_fen) for entry in order.entries] for order in (first, second)] == [
        [(11, 1_000 * YUAN)],
        [(11, 500 * YUAN)],
    ]


async def test_a_dismissed_objection_after_payment_is_paid_with_its_share_of_the_cut(office: Office) -> None:
    await office.provide()
    await office.open_class()
    await office.finish_class(opening=9, spot=(9, 9))
    claim = await office.submit()
    approval = await office.approve(claim.claim_id, objected=[4])
    # Nine lines of 1,500 at 9 of 10 heads: 12,150; the cut is -1,350.
    assert sum(approval.decided.values()) == 12_150 * YUAN
    await office.order(claim.claim_id, {EMPLOYMENT: 12_150})

    await office.act(
        INSPECTOR,
        resolve_objection,
        objection_id=approval.objections[0].objection_id,
        upheld=False,
        finding="签到与视频一致",
    )
    await office.review_twice(claim.claim_id)
    await office.review(claim.claim_id, Act.APPROVE, APPROVER)
    [second] = await office.order(claim.claim_id, {EMPLOYMENT: 1_350})

    assert {entry.line_no: entry.amount_fen for entry in second.entries} == {4: 1_500 * YUAN, 11: -150 * YUAN}
    decided = (await office.claim(claim.claim_id)).decided
    assert (sum(decided.values()), decided[11]) == (13_500 * YUAN, -1_500 * YUAN)


async def test_an_approved_claim_that_waited_for_a_rate_is_computed_again_when_it_is_entered(office: Office) -> None:
    await office.act(FINANCE, enter_rate, rate=rate(1500, certificate_kind="level"))
    key = BudgetKey(region="419001", funding_source=EMPLOYMENT, year=2021)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    await office.open_class()
    await office.finish_class()
    claim_id = (await office.submit()).claim_id
    await office.approve(claim_id)
    other = certificate("p10", "special_ability")
    remaining = [*(certificate(each) for each in people(1, 9)), other]
    await office.take(other, void(10), assessment_completed(remaining, revision=2))
    waiting = await office.claim(claim_id)
    assert (waiting.uncomputed, sum(waiting.payable.values())) == (True, 15_000 * YUAN)

    await office.act(FINANCE, enter_rate, rate=rate(801, certificate_kind="special_ability"))

    claim = await office.claim(claim_id)
    assert (claim.uncomputed, claim.state, claim.round) == (False, State.SUBMITTED, 2)
    assert sum(claim.payable.values()) == (9 * 1_500 + 801) * YUAN
