"""After payment nothing is edited: money comes back, and orders are taken back, by opposite entries alone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from services.payment.application.allot_budget import allot_budget
from services.payment.application.claw_back import GivenRepayment, decide_clawback, propose_clawback, record_repayment
from services.payment.application.correct_account import correct_account
from services.payment.application.queries import ledger
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.reports import read_form
from services.payment.application.resolve_objection import resolve_objection
from services.payment.application.reverse_order import approve_reversal, resend_order, reverse_order
from services.payment.domain.budget import BudgetKey
from services.payment.domain.clawback import Clawback, ClawbackState
from services.payment.domain.order import OrderState, Share
from services.payment.domain.state import State
from shared.contracts.assessment import CertificateVoided
from shared.contracts.payment import ClawbackOrdered, ClawbackSettled, PaymentReturned, PaymentSettled
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from tests.payment.correcting import pay
from tests.payment.office import (
    APPROVER,
    AUDITOR,
    EMPLOYMENT,
    FINANCE,
    FIRST,
    INSPECTOR,
    INSURANCE,
    SCHOOL,
    SECOND,
    YUAN,
    Office,
    person,
)
from tests.payment.sample import assessment_completed, certificate, people, training_completed
from tests.payment.test_use_cases_losses import CANCELLED
from tests.payment.test_use_cases_payment import CORRECTED

SPECIAL = "skills_action_fund"


async def lose(office: Office, *numbers: int, revision: int = 2) -> None:
    """Let certificates be voided, with the completion that follows."""
    gone = {f"p{number}" for number in numbers}
    for each in sorted(gone):
        issued = certificate(each)
        voided = CertificateVoided(
            class_id="class-1",
            certificate_id=issued.certificate_id,
            person_id=each,
            on=date(2021, 10, 20),
            reason="替考",
        )
        await office.take(voided)
    await office.take(
        assessment_completed([certificate(each) for each in people(1, 10) if each not in gone], revision=revision)
    )


async def asked_back(office: Office, claim_id: str) -> Clawback:
    """Propose and order a claw-back."""
    proposal = await office.act(SECOND, propose_clawback, claim_id=claim_id, reason="证书已作废")
    return await office.act(
        APPROVER, decide_clawback, clawback_id=proposal.clawback_id, ordered=True, reason="同意追回"
    )


def by_bank(office: Office, yuan: int, receipt: str = "BANK-1") -> GivenRepayment:
    return GivenRepayment(kind="bank", on=office.now.date(), amount_fen=yuan * YUAN, reference=receipt)


async def reported(office: Office, claim_id: str) -> tuple[str | None, int, int]:
    """Give what the annex-2 form says was paid (万元), and the people and the fen of the month's report."""
    _, fields = await office.act(SCHOOL, read_form, claim_id=claim_id)
    [in_form] = [each.value for each in fields if each.field.rule == "JY-FLD-63"]
    async with office.unit() as uow:
        [record] = await uow.reports.records(["419001"])
    people_paid = {each.person_id for each in record.settlements if each.person_id is not None}
    return in_form, len(people_paid), sum(each.amount_fen for each in record.settlements)


async def slot_of(office: Office, who: str) -> list[str]:
    rows = await office.rows("SELECT state FROM entitlement_slot WHERE person_id = :who", who=who)
    return [row.state for row in rows]


async def test_paid_money_is_asked_back_by_two_people_and_the_slot_stays_used_until_it_came_in(
    approved_office: Office, claim_id: str
) -> None:
    """JY-ASM-04, JY-CLM-10: the opposite entry makes decided equal to what the facts support; nothing is edited."""
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    await lose(office, 9, 10)
    assert (await office.claim(claim_id)).clawback_fen == 1_500 * YUAN

    clawback = await asked_back(office, claim_id)

    claim = await office.claim(claim_id)
    assert (clawback.amount_fen, clawback.entry, clawback.ground.rule) == (1_500 * YUAN, 2, "JY-ASM-04")
    assert (claim.state, claim.clawback_fen, claim.is_held) == (State.PAID, 0, False)
    assert claim.difference == {}
    assert claim.clawbacks == (clawback,)
    assert sum(claim.decided.values()) == 12_000 * YUAN
    [event] = await office.events(ClawbackOrdered)
    assert (event["amount_fen"], event["entry"], sorted(event["persons"])) == (1_500 * YUAN, 2, ["p10", "p9"])
    assert event["decided_by"] == ["second-1", "approver-1"]
    assert await slot_of(office, "p10") == ["used"]

    half = await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=by_bank(office, 500))
    assert (half.state, half.outstanding_fen) == (ClawbackState.ORDERED, 1_000 * YUAN)
    assert await slot_of(office, "p10") == ["used"]
    with pytest.raises(Conflict, match="RECEIPT_USED"):
        await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=by_bank(office, 1_000))
    with pytest.raises(IntegrityError):
        await office.rows(
            "INSERT INTO clawback_repayment (clawback_id, number, kind, funding_source, amount_fen, received_on, "
            "recorded_by, reference) SELECT clawback_id, 2, kind, funding_source, amount_fen, received_on, "
            "recorded_by, reference FROM clawback_repayment"
        )
    too_much, rest = by_bank(office, 1_001, "BANK-2"), by_bank(office, 1_000, "BANK-2")
    with pytest.raises(Refused, match="REPAYMENT_TOO_LARGE"):
        await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=too_much)
    whole = await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=rest)

    assert whole.state is ClawbackState.SETTLED
    assert (await slot_of(office, "p10"), await slot_of(office, "p1")) == ([], ["used"])
    assert [event["outstanding_fen"] for event in await office.events(ClawbackSettled)] == [1_000 * YUAN, 0]
    [budget] = await office.rows("SELECT reserved_fen FROM budget WHERE funding_source = :source", source=EMPLOYMENT)
    assert budget.reserved_fen == 12_000 * YUAN
    [order] = await office.rows("SELECT amount_fen, state FROM payment_order")
    assert (order.amount_fen, order.state) == (13_500 * YUAN, "settled")


async def test_one_person_alone_asks_nothing_back(approved_office: Office, claim_id: str) -> None:
    """JY-REP-07: who proposes does not decide, and the database knows it."""
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    await lose(office, 9, 10)
    proposal = await office.act(FIRST, propose_clawback, claim_id=claim_id, reason="证书已作废")

    both = person(FIRST.subject, Role.FIRST_REVIEWER, Role.APPROVER)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await office.act(both, decide_clawback, clawback_id=proposal.clawback_id, ordered=True, reason="同意")
    with pytest.raises(IntegrityError):
        await office.rows(
            "UPDATE clawback SET state = 'refused', decided_by = proposed_by, decided_on = proposed_on, "
            "decision_reason = 'x'"
        )
    with pytest.raises(Conflict, match="CLAWBACK_PROPOSED"):
        await office.act(FIRST, propose_clawback, claim_id=claim_id, reason="再次")
    refused = await office.act(
        APPROVER, decide_clawback, clawback_id=proposal.clawback_id, ordered=False, reason="待评价机构复核"
    )
    assert refused.state is ClawbackState.REFUSED
    assert (await office.claim(claim_id)).clawback_fen == 1_500 * YUAN
    with pytest.raises(Conflict, match="CLAWBACK_DECIDED"):
        await office.act(APPROVER, decide_clawback, clawback_id=proposal.clawback_id, ordered=True, reason="同意")


async def test_facts_that_moved_since_the_proposal_need_a_new_one(approved_office: Office, claim_id: str) -> None:
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    await lose(office, 9, 10)
    proposal = await office.act(FIRST, propose_clawback, claim_id=claim_id, reason="证书已作废")
    await lose(office, 8, 9, 10, revision=3)

    with pytest.raises(Conflict, match="CLAWBACK_CHANGED"):
        await office.act(APPROVER, decide_clawback, clawback_id=proposal.clawback_id, ordered=True, reason="同意")


async def test_nothing_is_asked_back_while_an_order_is_under_way(approved_office: Office, claim_id: str) -> None:
    office = approved_office
    with pytest.raises(Conflict, match="NOTHING_TO_CLAW_BACK"):
        await office.act(FIRST, propose_clawback, claim_id=claim_id, reason="x")
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    await lose(office, 9, 10)

    with pytest.raises(Conflict, match="ORDERS_UNSETTLED"):
        await office.act(FIRST, propose_clawback, claim_id=claim_id, reason="x")
    taken, _ = await office.act(FINANCE, reverse_order, order_id=order.order_id, reason="金额须减少")

    claim = await office.claim(claim_id)
    assert (taken.state, claim.state, claim.clawback_fen) == (OrderState.REVERSED, State.SUBMITTED, 0)
    await office.approve_supplement(claim_id)
    await pay(office, claim_id, {EMPLOYMENT: 12_000})
    assert (await office.claim(claim_id)).state is State.PAID


async def test_the_money_goes_back_to_the_sources_it_came_from(approved_office: Office, claim_id: str) -> None:
    """JY-FND-02: where several sources paid, a person says whose money is asked back."""
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 12_500, INSURANCE: 1_000})
    await lose(office, 9, 10)
    with pytest.raises(Refused, match="SPLIT_SUM"):
        await office.act(FIRST, propose_clawback, claim_id=claim_id, reason="x")
    too_much = [Share(funding_source=INSURANCE, amount_fen=1_500 * YUAN)]
    with pytest.raises(Refused, match="SPLIT_SUM"):
        await office.act(FIRST, propose_clawback, claim_id=claim_id, reason="x", sources=too_much)
    shares = [
        Share(funding_source=INSURANCE, amount_fen=1_000 * YUAN),
        Share(funding_source=EMPLOYMENT, amount_fen=500 * YUAN),
    ]
    proposal = await office.act(FIRST, propose_clawback, claim_id=claim_id, reason="x", sources=shares)

    ordered = await office.act(APPROVER, decide_clawback, clawback_id=proposal.clawback_id, ordered=True, reason="同意")

    assert (ordered.outstanding_of(INSURANCE), ordered.outstanding_of(EMPLOYMENT)) == (1_000 * YUAN, 500 * YUAN)


async def test_a_cancelled_class_gives_everything_back(approved_office: Office, claim_id: str) -> None:
    """JY-SUP-04: a class cancelled after payment is owed back whole."""
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    await office.take(CANCELLED)

    clawback = await asked_back(office, claim_id)
    await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=by_bank(office, 13_500))

    claim = await office.claim(claim_id)
    assert (clawback.amount_fen, clawback.ground.rule) == (13_500 * YUAN, "JY-SUP-04")
    assert (sum(claim.decided.values()), claim.clawback_fen, claim.state) == (0, 0, State.PAID)
    assert await office.rows("SELECT 1 FROM entitlement_slot") == []


async def test_an_upheld_objection_after_payment_is_asked_back(approved_office: Office, claim_id: str) -> None:
    """JY-PAY-02: an objection to a supplement's notice that is upheld takes back what its line was paid."""
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    await office.take(training_completed(opening=10, spot=(10, 10), revision=2))
    await office.review_twice(claim_id)
    # The supplement is the class's: nobody's line is in its notice, so the objection comes from the first notice.
    first = (await office.claim(claim_id)).notices[0]
    await office.rows(
        "INSERT INTO objection (objection_id, notice_id, claim_id, line_nos, raised_on, content_sealed) "
        "VALUES ('late', :notice, :claim, '[3, 4]', '2021-09-15', :sealed)",
        notice=first.notice_id,
        claim=claim_id,
        sealed=b"x",
    )
    await office.act(INSPECTOR, resolve_objection, objection_id="late", upheld=True, finding="当时在外地务工")
    claim = await office.claim(claim_id)
    assert (claim.state, claim.clawback_fen) == (State.PAID, 1_500 * YUAN)

    clawback = await asked_back(office, claim_id)

    assert (clawback.ground.rule, clawback.cause) == ("JY-PAY-02", "OBJECTION_RESOLVED")
    claim = await office.claim(claim_id)
    assert (sum(claim.decided.values()), claim.clawback_fen) == (12_000 * YUAN, 0)


async def test_what_is_asked_back_can_be_set_off_against_another_claims_order(
    approved_office: Office, claim_id: str
) -> None:
    """The order never goes to the bank: it counts as settled, and the claw-back as repaid."""
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    await lose(office, 9, 10)
    clawback = await asked_back(office, claim_id)
    await office.open_class("class-2", roster=["p21"])
    await office.finish_class("class-2", roster=["p21"])
    other = (await office.submit("class-2")).claim_id
    await office.approve(other)
    [order] = await office.order(other, {EMPLOYMENT: 1_500})

    def offset(order_id: str) -> GivenRepayment:
        return GivenRepayment(kind="offset", on=office.now.date(), order_id=order_id)

    with pytest.raises(Refused, match="OFFSET_IMPOSSIBLE"):
        await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=offset("order-of-nobody"))
    move = "UPDATE claim SET region = :region WHERE claim_id = :claim_id"
    await office.rows(move, region="371329", claim_id=other)
    with pytest.raises(Refused, match="OFFSET_IMPOSSIBLE"):  # the same institution's, but another bureau's
        await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=offset(order.order_id))
    await office.rows(move, region="419001", claim_id=other)
    settled = await office.act(
        FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=offset(order.order_id)
    )

    assert settled.state is ClawbackState.SETTLED
    assert (await office.claim(other)).state is State.PAID
    assert len(await office.events(PaymentSettled, class_id="class-2")) == 1
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()


async def test_an_order_held_by_an_exclusion_is_reversed_and_paid_from_another_source(
    approved_office: Office, claim_id: str
) -> None:
    """JY-FND-03: what may not leave the special account any more is taken back and ordered anew."""
    office = approved_office
    key = BudgetKey(region="419001", funding_source=SPECIAL, year=2021)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    [order] = await office.order(claim_id, {SPECIAL: 13_500})
    given = GivenDecision(rule="JY-FND-03", accepted=False, reason="无就业意愿", persons=frozenset({"p2"}))
    await office.act(FIRST, record_decision, claim_id=claim_id, given=given)
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send(SPECIAL)

    await office.act(FINANCE, reverse_order, order_id=order.order_id, reason="学员不得由专账支付")

    assert (await office.claim(claim_id)).state is State.APPROVED
    await pay(office, claim_id, {SPECIAL: 12_000, EMPLOYMENT: 1_500})
    claim = await office.claim(claim_id)
    assert claim.state is State.PAID
    held = await office.rows("SELECT funding_source, reserved_fen FROM budget ORDER BY funding_source")
    assert {row.funding_source: row.reserved_fen for row in held} == {
        EMPLOYMENT: 1_500 * YUAN,
        INSURANCE: 0,
        SPECIAL: 12_000 * YUAN,
    }


async def test_a_settlement_recorded_in_error_is_corrected_by_an_opposite_entry_of_two_people(
    approved_office: Office, claim_id: str
) -> None:
    """JY-PAY-03, JY-REP-07: the wrong record stays, its opposite stands beside it, and the money is due again."""
    office = approved_office
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    file = await office.send()
    with pytest.raises(Conflict, match="ORDER_AT_BANK"):
        await office.act(FINANCE, reverse_order, order_id=order.order_id, reason="x")
    await office.answer(file, order.order_id, "settled")

    still, _ = await office.act(FINANCE, reverse_order, order_id=order.order_id, reason="银行更正：实际退票")
    assert (still.state, (await office.claim(claim_id)).state) == (OrderState.SETTLED, State.PAID)
    with pytest.raises(IntegrityError):
        await office.rows("UPDATE payment_order SET state = 'reversed'")
    with pytest.raises(Conflict, match="ORDER_REVERSED"):
        await office.act(FINANCE, reverse_order, order_id=order.order_id, reason="再次")
    both = person(FINANCE.subject, Role.FINANCE, Role.APPROVER)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await office.act(both, approve_reversal, order_id=order.order_id)
    await office.act(APPROVER, approve_reversal, order_id=order.order_id)

    assert (await office.claim(claim_id)).state is State.APPROVED
    [returned] = await office.events(PaymentReturned)
    assert (returned["reason_code"], returned["amount_fen"]) == ("SETTLED_IN_ERROR", 13_500 * YUAN)
    assert await reported(office, claim_id) == (None, 0, 0)
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    assert await reported(office, claim_id) == ("1.35", 10, 13_500 * YUAN)
    [attempt] = await office.rows("SELECT outcome FROM order_attempt WHERE order_id = :id", id=order.order_id)
    assert attempt.outcome == "settled"
    with pytest.raises(Conflict, match="REVERSAL_NOT_PENDING"):
        await office.act(APPROVER, approve_reversal, order_id=order.order_id)


async def test_a_returned_order_whose_account_is_right_goes_out_again(approved_office: Office, claim_id: str) -> None:
    """JY-PAY-04: the account stays the approved one; why it goes again is recorded."""
    office = approved_office
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    with pytest.raises(Conflict, match="ORDER_NOT_RETURNED"):
        await office.act(FINANCE, resend_order, order_id=order.order_id, reason="x")
    await office.answer(await office.send(), order.order_id, "returned")
    await office.act(SCHOOL, correct_account, claim_id=claim_id, given=CORRECTED)
    with pytest.raises(Conflict, match="ACCOUNT_PENDING"):
        await office.act(FINANCE, resend_order, order_id=order.order_id, reason="银行系统故障")
    await office.rows("UPDATE account SET state = 'replaced' WHERE state = 'pending'")

    again = await office.act(FINANCE, resend_order, order_id=order.order_id, reason="银行系统故障")

    assert (again.state, again.attempt) == (OrderState.READY, 2)
    row = await office.answer(await office.send(), order.order_id, "settled", attempt=2)
    assert row.result == "applied"
    [kept] = await office.rows("SELECT attempt, reason FROM order_resending")
    assert (kept.attempt, kept.reason) == (2, "银行系统故障")


async def test_foreign_orders_and_clawbacks_do_not_exist(approved_office: Office, claim_id: str) -> None:
    [order] = await approved_office.order(claim_id, {EMPLOYMENT: 13_500})
    elsewhere = person("finance-9", Role.FINANCE, region="371329")

    with pytest.raises(NotFound):
        await approved_office.act(elsewhere, reverse_order, order_id=order.order_id, reason="x")
    given = by_bank(approved_office, 1)
    with pytest.raises(NotFound):
        await approved_office.act(elsewhere, record_repayment, clawback_id="nothing", given=given)


async def test_money_comes_back_after_it_was_asked_and_never_in_the_future(
    approved_office: Office, claim_id: str
) -> None:
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    await lose(office, 9, 10)
    clawback = await asked_back(office, claim_id)

    for days in (-1, 1):
        given = GivenRepayment(
            kind="bank", on=office.now.date() + timedelta(days=days), amount_fen=1, reference="BANK-2"
        )
        with pytest.raises(Refused, match="REPAYMENT_DATE"):
            await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=given)
    with pytest.raises(IntegrityError):
        await office.rows(
            "INSERT INTO clawback_repayment (clawback_id, number, kind, funding_source, amount_fen, received_on, "
            "recorded_by, reference) VALUES (:id, 1, 'bank', 'x', 150001, '2021-10-01', 'x', 'x')",
            id=clawback.clawback_id,
        )


async def test_a_line_that_comes_back_after_its_clawback_is_paid_again_by_a_supplement(
    approved_office: Office, claim_id: str
) -> None:
    """JY-ASM-04: decided, ordered and asked back stay apart, and the database counts with all three."""
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    await lose(office, 9, 10)
    await asked_back(office, claim_id)
    again = replace(certificate("p9"), certificate_id="class-1-level-p9-again", number="level-p9-again")
    remaining = [certificate(each) for each in people(1, 8)]
    await office.take(again, assessment_completed([*remaining, again], revision=3))

    assert (await office.claim(claim_id)).difference == {9: 1_500 * YUAN}
    await office.approve_supplement(claim_id)
    with pytest.raises(Refused, match="SPLIT_SUM"):
        await office.order(claim_id, {EMPLOYMENT: 1_501})
    await pay(office, claim_id, {EMPLOYMENT: 1_500})

    claim = await office.claim(claim_id)
    assert (claim.state, sum(claim.decided.values())) == (State.PAID, 13_500 * YUAN)
    [owed] = claim.clawbacks
    assert owed.outstanding_fen == 1_500 * YUAN
    async with office.unit(AUDITOR) as uow:
        rows = [row async for row in ledger(uow, region="419001", canonical=False)]
    [line] = [row for row in rows if row["line_no"] == 9]
    assert [entry["amount_fen"] for entry in line["entries"]] == [150_000, -150_000, 150_000]
    assert line["entries"][1]["rules"][0]["rule"] == "JY-ASM-04"
    assert (line["clawbacks"][0]["asked_fen"], line["clawbacks"][0]["outstanding_fen"]) == (150_000, 150_000)
    assert sum(row["amount_fen"] for row in rows) == 13_500 * YUAN


async def test_what_was_corrected_is_never_rewritten(approved_office: Office, claim_id: str) -> None:
    """Claw-backs, their lines and repayments, and reversals only grow, whoever writes to the database."""
    office = approved_office
    await pay(office, claim_id, {EMPLOYMENT: 13_500})
    await lose(office, 9, 10)
    clawback = await asked_back(office, claim_id)
    await office.act(FINANCE, record_repayment, clawback_id=clawback.clawback_id, given=by_bank(office, 500))

    for statement in (
        "UPDATE clawback SET amount_fen = 1",
        "UPDATE clawback SET state = 'settled'",
        "UPDATE clawback SET state = 'proposed', decided_by = NULL",
        "DELETE FROM clawback",
        "UPDATE clawback_line SET amount_fen = 1",
        "DELETE FROM clawback_line",
        "UPDATE clawback_repayment SET amount_fen = 1",
        "DELETE FROM clawback_repayment",
        "INSERT INTO order_reversal (order_id, claim_id, was, amount_fen, reason, proposed_by, proposed_on) "
        "SELECT order_id, claim_id, 'settled', -amount_fen, 'x', 'first-1', '2021-10-01' FROM payment_order",
    ):
        with pytest.raises(IntegrityError):
            await office.rows(statement)
