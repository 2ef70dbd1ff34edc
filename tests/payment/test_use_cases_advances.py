"""Money before the claim: asked, decided, ordered, credited, set off against the claim, and the rest asked back."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.application.answer_bank_file import answer_bank_file
from services.payment.application.create_bank_file import bank_file_content
from services.payment.application.recover_advance import (
    decide_advance_recovery,
    propose_advance_recovery,
    record_advance_repayment,
)
from services.payment.application.request_advance import (
    correct_advance_account,
    decide_advance,
    order_advance,
    request_advance,
    resend_advance,
    withdraw_advance,
)
from services.payment.application.reverse_order import reverse_order
from services.payment.domain.advance_money import AdvanceState
from services.payment.domain.bank_file import digest
from services.payment.domain.duty import Duty
from services.payment.domain.order import Answer, OrderState
from services.payment.domain.state import Act, State
from shared.contracts.payment import AdvanceCleared, AdvancePaid, AdvanceRecoveryOrdered, PaymentSettled
from shared.contracts.supervision import ClassCancelled
from shared.domain.errors import Conflict, DomainError, Forbidden, NotFound, Refused
from tests.payment.advance_sample import (
    ROSTER,
    YUAN,
    advanced,
    approved_claim,
    asked_back,
    asked_for,
    decided,
    examine,
    held,
    of_enterprise,
    of_project,
    open_class,
    ordered,
    provide,
    stored,
    train,
)
from tests.payment.office import (
    ACCOUNT,
    APPROVER,
    EMPLOYMENT,
    FINANCE,
    FIRST,
    SCHOOL,
    Office,
    moment,
    person,
)
from tests.payment.sample import people
from tests.payment.test_use_cases_elsewhere import CLAIMED_ON, HULUDAO, claimed, opened, there

LINSHU = "371329"
DUE = date(2020, 8, 31)


def code_of(refused: pytest.ExceptionInfo[DomainError]) -> tuple[str, str | None]:
    return refused.value.code, refused.value.rule


async def huludao(office: Office) -> None:
    await provide(office)
    await open_class(office, of_enterprise())


async def test_half_of_what_is_expected_is_advanced_and_settled_against_the_claim(office: Office) -> None:
    """HL-PAY-02: expected 120,000, advanced 60,000, final 102,000: 42,000 more go to the bank."""
    await huludao(office)
    fact = of_enterprise()
    with pytest.raises(Refused) as refused:
        await asked_for(office, fact, 6_000_001)
    assert code_of(refused) == ("ADVANCE_TOO_HIGH", "HL-PAY-02")

    advance = await advanced(office, fact, 60_000 * YUAN)
    assert (advance.state, advance.limit_fen, advance.outstanding_fen) == (AdvanceState.PAID, 6_000_000, 6_000_000)
    assert await held(office) == 120_000 * YUAN  # the advance is a part of what the places hold, not more

    await train(office, fact)
    await examine(office, fact, 51)
    claim = await approved_claim(office, fact)
    assert await held(office) == 102_000 * YUAN
    orders = await ordered(office, fact, claim, 42_000 * YUAN)
    assert [(each.amount_fen, each.state) for each in orders] == [
        (60_000 * YUAN, OrderState.SETTLED),
        (42_000 * YUAN, OrderState.READY),
    ]
    assert sum(entry.amount_fen for order in orders for entry in order.entries) == sum(claim.decided.values())
    assert (await held(office), (await stored(office, advance)).outstanding_fen) == (102_000 * YUAN, 0)

    finance = there(FINANCE)
    file = await office.send(actor=finance)
    assert (file.count, file.amount_fen) == (1, 42_000 * YUAN)
    await office.answer(file, orders[1].order_id, "settled", actor=finance)
    assert (await office.claim(claim.claim_id)).state is State.PAID
    [paid], [cleared] = await office.events(AdvancePaid), await office.events(AdvanceCleared)
    settled = await office.events(PaymentSettled)
    assert (paid["amount_fen"], paid["rule"]) == (60_000 * YUAN, "HL-PAY-02")
    assert (cleared["kind"], cleared["order_id"], cleared["outstanding_fen"]) == ("set_off", orders[0].order_id, 0)
    assert sum(event["amount_fen"] for event in settled) == 102_000 * YUAN


async def test_what_the_claim_does_not_take_up_is_asked_back(office: Office) -> None:
    """HL-PAY-02: advanced 60,000, final 54,000: 6,000 come back, by a decision of two people and with a receipt."""
    await huludao(office)
    fact = of_enterprise()
    advance = await advanced(office, fact, 60_000 * YUAN)
    await train(office, fact)
    await examine(office, fact, 27)
    claim = await approved_claim(office, fact)
    with pytest.raises(Conflict) as refused:
        await office.act(
            there(FIRST), propose_advance_recovery, advance_id=advance.advance_id, due_on=DUE, reason="多付"
        )
    assert code_of(refused) == ("ADVANCE_TO_SET_OFF", "HL-PAY-02")
    [order] = await ordered(office, fact, claim, 0)
    assert (order.amount_fen, order.state) == (54_000 * YUAN, OrderState.SETTLED)
    assert (await office.claim(claim.claim_id)).state is State.PAID
    advance = await stored(office, advance)
    assert (advance.outstanding_fen, await held(office)) == (6_000 * YUAN, 60_000 * YUAN)

    repay = {"advance_id": advance.advance_id, "on": CLAIMED_ON, "reference": "回单 1"}
    with pytest.raises(Conflict, match="CLAWBACK_NOT_OPEN"):
        await office.act(there(FINANCE), record_advance_repayment, **repay, amount_fen=6_000 * YUAN)
    await asked_back(office, fact, advance, DUE)
    with pytest.raises(Conflict, match="RECOVERY_STANDS"):
        await asked_back(office, fact, advance, DUE)
    [event] = await office.events(AdvanceRecoveryOrdered)
    assert (event["amount_fen"], event["due_on"], event["decided_by"]) == (
        6_000 * YUAN,
        "2020-08-31",
        ["first-1", "approver-1"],
    )
    with pytest.raises(Refused, match="REPAYMENT_TOO_LARGE"):
        await office.act(there(FINANCE), record_advance_repayment, **repay, amount_fen=6_000 * YUAN + 1)
    await office.act(there(FINANCE), record_advance_repayment, **repay, amount_fen=2_000 * YUAN)
    with pytest.raises(Conflict, match="RECEIPT_USED"):
        await office.act(there(FINANCE), record_advance_repayment, **repay, amount_fen=2_000 * YUAN)
    done = await office.act(
        there(FINANCE), record_advance_repayment, **{**repay, "reference": "回单 2"}, amount_fen=4_000 * YUAN
    )
    assert (done.outstanding_fen, await held(office)) == (0, 54_000 * YUAN)


async def test_linshu_pays_three_fifths_once_a_class_after_the_training(office: Office) -> None:
    """LS-PAY-01: of 150,000 not more than 90,000, not before the training is done, and not a second time."""
    await provide(office, region=LINSHU)
    office.now = moment(date(2020, 10, 15))
    fact = of_project()
    await open_class(office, fact)
    with pytest.raises(Refused) as refused:
        await asked_for(office, fact, 80_000 * YUAN)
    assert code_of(refused) == ("ADVANCE_TOO_EARLY", "LS-PAY-01")
    await train(office, fact)
    with pytest.raises(Refused) as refused:
        await asked_for(office, fact, 9_000_001)
    assert code_of(refused) == ("ADVANCE_TOO_HIGH", "LS-PAY-01")
    advance = await asked_for(office, fact, 90_000 * YUAN)
    with pytest.raises(Conflict, match="ADVANCE_STATE"):  # nobody decided
        await office.act(there(FINANCE, LINSHU), order_advance, advance_id=advance.advance_id)
    with pytest.raises(Refused) as refused:
        await asked_for(office, fact, 1)
    assert code_of(refused) == ("ADVANCE_TAKEN", "LS-PAY-01")
    smaller = await office.act(
        there(APPROVER, LINSHU),
        decide_advance,
        advance_id=advance.advance_id,
        accepted=True,
        reason="先行拨付一部分",
        amount_fen=80_000 * YUAN,
    )
    assert (smaller.amount_fen, smaller.limit_fen) == (80_000 * YUAN, 90_000 * YUAN)


async def test_advances_of_huludao_keep_within_the_half_together(office: Office) -> None:
    """HL-PAY-02: the document names no number; all together are at most one half, what came to nothing is no part."""
    await huludao(office)
    fact = of_enterprise()
    first = await decided(office, fact, 25_000 * YUAN)
    second = await decided(office, fact, 15_000 * YUAN)
    with pytest.raises(Refused, match="ADVANCE_TOO_HIGH"):
        await asked_for(office, fact, 20_000 * YUAN + 1)
    await office.act(there(FINANCE), withdraw_advance, advance_id=first.advance_id, reason="改由企业先行垫付")
    third = await decided(office, fact, 45_000 * YUAN)
    assert [first.number, second.number, third.number] == [1, 2, 1]


@pytest.mark.parametrize("region", ["341124", "419001"])
async def test_where_the_document_names_none_none_is_asked_for(office: Office, region: str) -> None:
    """QJ-PAY-03, JY-PAY-06"""
    fact = opened("class-1", people(1, 3), region=region, opening=date(2021, 6, 1))
    await office.take(fact)
    async with office.unit() as uow:
        file = await uow.classes.lock("class-1")
        await uow.classes.save(replace(file, institution_id=SCHOOL.organisation, rulebook_id=fact.rulebook_id))
        await uow.commit()
    with pytest.raises(Refused) as refused:
        await asked_for(office, fact, 30_000 * YUAN)
    assert refused.value.code == "FEATURE_OFF"


async def test_only_the_classes_that_the_document_names_are_advanced(office: Office) -> None:
    """HL-PAY-02: a class of a school that is no project is not."""
    await provide(office)
    fact = opened("class-1", people(1, 3), level="4")
    await open_class(office, fact)
    with pytest.raises(Refused) as refused:
        await asked_for(office, fact, 1)
    assert code_of(refused) == ("ADVANCE_NOT_OFFERED", "HL-PAY-02")


async def test_who_asked_does_not_decide_and_who_decided_does_not_order(office: Office) -> None:
    """JY-REP-07 is Jiyuan's; elsewhere four eyes are the system's own."""
    await huludao(office)
    advance = await asked_for(office, of_enterprise(), 60_000 * YUAN)
    both = person("approver-1", *APPROVER.roles, *FINANCE.roles, region=HULUDAO)
    command = {"advance_id": advance.advance_id}
    await office.act(both, decide_advance, **command, accepted=True, reason="同意")
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await office.act(both, order_advance, **command)
    await office.act(there(FINANCE), order_advance, **command)
    with pytest.raises(NotFound):
        await office.act(person("school-2", *SCHOOL.roles, organisation="other"), request_advance,
                         class_id="class-1", amount_fen=1, account=ACCOUNT)  # fmt: skip


async def test_who_decided_the_advance_reviews_the_claim_in_no_other_duty(office: Office) -> None:
    """JY-REP-07: the class, its advances and its claim are one file."""
    await huludao(office)
    fact = of_enterprise()
    await advanced(office, fact, 60_000 * YUAN)
    await train(office, fact)
    await examine(office, fact, 51)
    claim = await claimed(office, "class-1", "enterprise")
    assert (claim.duties["approver-1"], claim.duties["finance-1"]) == (Duty.BUREAU_OPINION, Duty.PAYMENT)
    both = person("finance-1", *FINANCE.roles, *FIRST.roles, region=HULUDAO)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await office.review(claim.claim_id, Act.FIRST_REVIEW, both)


async def test_a_budget_that_holds_too_little_keeps_an_advance_back(office: Office) -> None:
    """HL-FND-01: allotted money is promised once."""
    await huludao(office)
    fact = of_enterprise()
    advance = await asked_for(office, fact, 60_000 * YUAN)
    await office.rows("UPDATE budget_commitment SET amount_fen = 1")
    await office.rows("UPDATE budget SET reserved_fen = allotted_fen")
    with pytest.raises(Refused, match="BUDGET_EXHAUSTED"):
        await office.act(there(APPROVER), decide_advance, advance_id=advance.advance_id, accepted=True, reason="同意")


async def test_a_returned_advance_goes_again_to_the_corrected_account(office: Office) -> None:
    await huludao(office)
    finance, command = there(FINANCE), {"advance_id": (await decided(office, of_enterprise(), 100 * YUAN)).advance_id}
    await office.act(finance, order_advance, **command)
    first = await office.send(actor=finance)
    await office.answer(first, command["advance_id"], "returned", actor=finance)
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send(actor=finance)
    account = await office.act(
        there(SCHOOL), correct_advance_account, **command, given=replace(ACCOUNT, bank_name="样例银行葫芦岛支行")
    )
    again = await office.act(there(APPROVER), resend_advance, **command, reason="账号已更正")
    assert (again.state, again.attempt) == (AdvanceState.READY, 2)
    second = await office.send(actor=finance)
    row = await office.rows("SELECT account_id FROM advance_attempt WHERE attempt = 2")
    assert row[0].account_id == account.account_id
    late = Answer(order_id=command["advance_id"], attempt=1, outcome="settled", on=office.now.date(), reason_code=None)
    [refusal] = await office.act(finance, answer_bank_file, bank_file_id=first.bank_file_id, answers=[late])
    assert (refusal.result, refusal.refusal and refusal.refusal.code) == ("refused", "ATTEMPT_MISMATCH")
    await office.answer(second, command["advance_id"], "settled", attempt=2, actor=finance)
    again_told = await office.answer(second, command["advance_id"], "settled", attempt=2, actor=finance)
    assert again_told.result == "duplicate"
    assert len(await office.events(AdvancePaid)) == 1


async def test_a_bank_file_with_an_advance_is_made_again_byte_for_byte(office: Office) -> None:
    await huludao(office)
    finance = there(FINANCE)
    advance = await decided(office, of_enterprise(), 100 * YUAN)
    await office.act(finance, order_advance, advance_id=advance.advance_id)
    file = await office.send(actor=finance)
    content = await office.act(finance, bank_file_content, bank_file_id=file.bank_file_id)
    assert digest(content) == file.sha256
    assert advance.advance_id.encode() in content


async def test_no_claim_is_ordered_while_an_advance_is_under_way_and_none_begins_after_it(office: Office) -> None:
    """HL-PAY-02: else the same money would be paid twice."""
    await huludao(office)
    fact = of_enterprise()
    advance = await decided(office, fact, 60_000 * YUAN)
    await train(office, fact)
    await examine(office, fact, 51)
    claim = await approved_claim(office, fact)
    with pytest.raises(Conflict) as refused:
        await ordered(office, fact, claim, 102_000 * YUAN)
    assert code_of(refused) == ("ADVANCE_UNDER_WAY", "HL-PAY-02")
    with pytest.raises(Conflict, match="ADVANCE_AFTER_CLAIM"):
        await office.act(there(FINANCE), order_advance, advance_id=advance.advance_id)
    with pytest.raises(Conflict, match="ADVANCE_AFTER_CLAIM"):
        await asked_for(office, fact, 1)
    await office.act(there(FINANCE), withdraw_advance, advance_id=advance.advance_id, reason="已申领")
    [order] = await ordered(office, fact, claim, 102_000 * YUAN)
    assert order.state is OrderState.READY


async def test_an_order_that_an_advance_settled_is_not_reversed(office: Office) -> None:
    await huludao(office)
    fact = of_enterprise()
    await advanced(office, fact, 60_000 * YUAN)
    await train(office, fact)
    await examine(office, fact, 27)
    [order] = await ordered(office, fact, await approved_claim(office, fact), 0)
    with pytest.raises(Conflict, match="ORDER_SET_OFF"):
        await office.act(there(FINANCE), reverse_order, order_id=order.order_id, reason="误登记")


async def test_a_cancelled_class_gives_the_whole_advance_back(office: Office) -> None:
    """HL-PAY-02: its places hold nothing any more, what was advanced is held until it came back."""
    await huludao(office)
    fact = of_enterprise()
    advance = await advanced(office, fact, 60_000 * YUAN)
    await office.take(
        ClassCancelled(
            class_id="class-1",
            on=CLAIMED_ON,
            rule="HL-PAY-02",
            clause="四(十)",
            attended=4,
            planned=len(ROSTER),
            confirmed_by="inspector-1",
            reason="未实施",
        )
    )
    assert await held(office) == 60_000 * YUAN
    await asked_back(office, fact, advance, DUE)
    done = await office.act(
        there(FINANCE),
        record_advance_repayment,
        advance_id=advance.advance_id,
        amount_fen=60_000 * YUAN,
        on=CLAIMED_ON,
        reference="回单 1",
    )
    assert (done.outstanding_fen, await held(office)) == (0, 0)


async def test_a_demand_that_facts_overtook_is_proposed_anew(office: Office) -> None:
    await huludao(office)
    fact = of_enterprise()
    advance = await advanced(office, fact, 60_000 * YUAN)
    command = {"advance_id": advance.advance_id}
    await office.act(there(FIRST), propose_advance_recovery, **command, due_on=DUE, reason="未申领")
    await train(office, fact)
    await examine(office, fact, 27)
    await ordered(office, fact, await approved_claim(office, fact), 0)
    with pytest.raises(Conflict, match="CLAWBACK_CHANGED"):
        await office.act(there(APPROVER), decide_advance_recovery, **command, ordered=True, reason="同意")
    refused = await office.act(there(APPROVER), decide_advance_recovery, **command, ordered=False, reason="已抵扣")
    assert refused.recovery is None
    with pytest.raises(Refused, match="RECOVERY_DUE"):
        await office.act(there(FIRST), propose_advance_recovery, **command, due_on=CLAIMED_ON, reason="多付")


async def test_the_money_that_left_the_bank_is_counted_once(office: Office) -> None:
    """HL-REP-06: the advance on its day, the rest on its own; who was paid by setting off was paid."""
    await huludao(office)
    fact = of_enterprise()
    await advanced(office, fact, 60_000 * YUAN)
    await train(office, fact)
    await examine(office, fact, 51)
    orders = await ordered(office, fact, await approved_claim(office, fact), 42_000 * YUAN)
    file = await office.send(actor=there(FINANCE))
    await office.answer(file, orders[1].order_id, "settled", actor=there(FINANCE))
    async with office.unit() as uow:
        [record] = await uow.reports.records([HULUDAO])
    counts = record.counts_so_far()
    assert (counts.paid_fen, counts.paid_persons) == (102_000 * YUAN, 51)
    assert {each.funding_source for each in record.settlements} == {EMPLOYMENT}
