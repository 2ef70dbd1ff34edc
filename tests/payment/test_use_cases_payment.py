"""Orders, bank files, answers and what later facts do to money already on its way."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from services.payment.application.allot_budget import allot_budget
from services.payment.application.answer_bank_file import answer_bank_file
from services.payment.application.correct_account import approve_account, correct_account, refuse_account
from services.payment.application.create_bank_file import bank_file_content
from services.payment.application.queries import ledger
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.submit_claim import GivenAccount
from services.payment.domain.budget import BudgetKey
from services.payment.domain.order import Answer
from services.payment.domain.state import State
from shared.contracts.payment import PaymentReturned, PaymentSettled
from shared.contracts.supervision import FindingRaised
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from shared.domain.jurisdiction import regions
from shared.policy.rulebook import Shelf
from tests.payment.office import (
    APPROVER,
    AUDITOR,
    EMPLOYMENT,
    FINANCE,
    FIRST,
    INSURANCE,
    SCHOOL,
    SECOND,
    YUAN,
    Office,
    person,
)
from tests.payment.sample import INSTITUTION_NAME, people, rulebook, shelf

CORRECTED = GivenAccount(holder=INSTITUTION_NAME, bank_name="样例银行沁园支行", account_number="410000008642099988")


async def test_orders_by_source_go_to_the_bank_and_are_settled(approved_office: Office, claim_id: str) -> None:
    office = approved_office
    first, second = await office.order(claim_id, {EMPLOYMENT: 10_000, INSURANCE: 3_500})
    assert (first.amount_fen + second.amount_fen, (await office.claim(claim_id)).state) == (
        13_500 * YUAN,
        State.ORDERED,
    )

    file, other = await office.send(EMPLOYMENT), await office.send(INSURANCE)
    assert (file.count, file.amount_fen, other.amount_fen) == (1, 10_000 * YUAN, 3_500 * YUAN)
    assert (await office.answer(file, first.order_id, "settled")).result == "applied"
    assert (await office.claim(claim_id)).state is State.ORDERED
    assert (await office.answer(other, second.order_id, "settled")).result == "applied"

    assert (await office.claim(claim_id)).state is State.PAID
    settled = await office.events(PaymentSettled)
    assert sum(event["amount_fen"] for event in settled) == 13_500 * YUAN


async def test_nothing_is_ordered_before_the_bureaus_opinion(received_office: Office) -> None:
    claim_id = await received_office.only_claim()
    await received_office.review_twice(claim_id)

    with pytest.raises(Conflict) as refused:
        await received_office.order(claim_id, {EMPLOYMENT: 15_000})
    assert (refused.value.code, refused.value.rule) == ("HR_OPINION_MISSING", "JY-CLM-07")


async def test_what_is_ordered_is_never_ordered_again(approved_office: Office, claim_id: str) -> None:
    await approved_office.order(claim_id, {EMPLOYMENT: 13_500})

    with pytest.raises(Conflict, match="NOTHING_DUE"):
        await approved_office.order(claim_id, {EMPLOYMENT: 13_500})


async def test_a_split_must_add_up_and_a_budget_must_hold_it(approved_office: Office, claim_id: str) -> None:
    with pytest.raises(Refused, match="SPLIT_SUM"):
        await approved_office.order(claim_id, {EMPLOYMENT: 13_499})
    await approved_office.rows(
        "UPDATE budget SET reserved_fen = allotted_fen WHERE funding_source = :source", source=INSURANCE
    )
    with pytest.raises(Refused, match="BUDGET_EXHAUSTED"):
        await approved_office.order(claim_id, {INSURANCE: 13_500})
    assert await approved_office.rows("SELECT 1 FROM payment_order") == []


async def test_the_payer_is_a_fourth_person(approved_office: Office, claim_id: str) -> None:
    reviewer_and_cashier = person("first-1", Role.FIRST_REVIEWER, Role.FINANCE)

    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await approved_office.order(claim_id, {EMPLOYMENT: 13_500}, actor=reviewer_and_cashier)
    [order] = await approved_office.order(claim_id, {EMPLOYMENT: 13_500})
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await approved_office.send(actor=reviewer_and_cashier)
    file = await approved_office.send()
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await approved_office.answer(file, order.order_id, "settled", actor=reviewer_and_cashier)


async def test_an_excluded_person_is_kept_off_the_special_account(approved_office: Office, claim_id: str) -> None:
    special = "skills_action_fund"
    given = GivenDecision(rule="JY-FND-03", accepted=False, reason="无就业意愿", persons=frozenset({"p2"}))
    await approved_office.act(FIRST, record_decision, claim_id=claim_id, given=given)

    with pytest.raises(Refused) as refused:
        await approved_office.order(claim_id, {special: 13_500})
    assert (refused.value.code, refused.value.rule) == ("EXCLUDED_FROM_SPECIAL_ACCOUNT", "JY-FND-03")


async def test_exclusions_are_checked_again_when_the_special_account_is_to_pay(
    approved_office: Office, claim_id: str
) -> None:
    office, special = approved_office, "skills_action_fund"
    key = BudgetKey(region="419001", funding_source=special, year=2021)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    await office.order(claim_id, {special: 10_000, EMPLOYMENT: 3_500})
    given = GivenDecision(rule="JY-FND-03", accepted=False, reason="无就业意愿", persons=frozenset({"p2"}))
    await office.act(FIRST, record_decision, claim_id=claim_id, given=given)

    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send(special)
    assert (await office.send(EMPLOYMENT)).amount_fen == 3_500 * YUAN
    await office.act(FIRST, record_decision, claim_id=claim_id, given=replace(given, accepted=True))
    assert (await office.send(special)).amount_fen == 10_000 * YUAN


async def test_only_the_source_that_the_class_opened_with_pays_until_a_person_decides(
    approved_office: Office, claim_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HB-ENR-08: a source other than the one fixed at opening waits for a decision, and stops when it is taken back."""
    office, own = approved_office, rulebook()
    fixed = shelf().in_force("130100", date(2024, 6, 3)).enrollment.funding_at_opening
    borrowed = replace(own, enrollment=replace(own.enrollment, funding_at_opening=fixed))
    monkeypatch.setattr("tests.payment.office.shelf", lambda: Shelf([borrowed], (), regions()))
    with pytest.raises(Refused) as refused:
        await office.order(claim_id, {EMPLOYMENT: 10_000, INSURANCE: 3_500})
    assert (refused.value.code, refused.value.rule) == ("SOURCE_FIXED", "HB-ENR-08")
    given = GivenDecision(rule="HB-ENR-08", accepted=True, reason="就业补助资金不足", persons=None)
    await office.act(FIRST, record_decision, claim_id=claim_id, given=given)
    await office.order(claim_id, {EMPLOYMENT: 10_000, INSURANCE: 3_500})
    await office.act(FIRST, record_decision, claim_id=claim_id, given=replace(given, accepted=False))
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send(INSURANCE)
    assert (await office.send(EMPLOYMENT)).amount_fen == 10_000 * YUAN


async def test_a_bank_file_is_made_again_byte_for_byte_and_every_reading_is_audited(
    approved_office: Office, claim_id: str
) -> None:
    office = approved_office
    await office.order(claim_id, {EMPLOYMENT: 13_500})
    file = await office.send()

    content = await office.act(FINANCE, bank_file_content, bank_file_id=file.bank_file_id)
    await office.act(SCHOOL, correct_account, claim_id=claim_id, given=CORRECTED)
    await office.act(APPROVER, approve_account, claim_id=claim_id)

    assert await office.act(FINANCE, bank_file_content, bank_file_id=file.bank_file_id) == content
    row = content.decode("utf-8-sig").split("\r\n")[1]
    assert f'"{INSTITUTION_NAME}"' in row
    assert '"410000008642097531"' in row
    assert '"13500.00"' in row
    assert len(await office.rows("SELECT 1 FROM audit_entry WHERE action = 'bank_file_read'")) == 2
    with pytest.raises(NotFound):
        await office.act(
            person("finance-2", Role.FINANCE, region="371329"), bank_file_content, bank_file_id=file.bank_file_id
        )


async def test_an_order_is_in_one_bank_file(approved_office: Office, claim_id: str) -> None:
    await approved_office.order(claim_id, {EMPLOYMENT: 13_500})
    await approved_office.send()

    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await approved_office.send()


async def test_a_returned_payment_goes_out_again_as_the_next_attempt_to_the_corrected_account(
    approved_office: Office, claim_id: str
) -> None:
    office = approved_office
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    first_file = await office.send()
    await office.answer(first_file, order.order_id, "returned")
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()

    await office.act(SCHOOL, correct_account, claim_id=claim_id, given=CORRECTED)
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()
    await office.act(APPROVER, approve_account, claim_id=claim_id)
    second_file = await office.send()
    content = await office.act(FINANCE, bank_file_content, bank_file_id=second_file.bank_file_id)
    assert (await office.answer(first_file, order.order_id, "returned")).result == "duplicate"
    assert (await office.answer(second_file, order.order_id, "settled", attempt=2)).result == "applied"

    assert f'"{order.order_id}","2"' in content.decode()
    assert '"410000008642099988"' in content.decode()
    assert (await office.claim(claim_id)).state is State.PAID
    assert [event["attempt"] for event in await office.events(PaymentReturned)] == [1]
    assert [event["attempt"] for event in await office.events(PaymentSettled)] == [2]
    [order] = await office.rows("SELECT COUNT(*) AS orders, SUM(amount_fen) AS fen FROM payment_order")
    assert (order.orders, order.fen) == (1, 13_500 * YUAN)


async def test_nobody_approves_the_account_he_handed_in(approved_office: Office, claim_id: str) -> None:
    await approved_office.act(SCHOOL, correct_account, claim_id=claim_id, given=CORRECTED)

    with pytest.raises(Forbidden) as refused:
        await approved_office.act(person(SCHOOL.subject, Role.APPROVER), approve_account, claim_id=claim_id)
    assert (refused.value.code, refused.value.rule) == ("SAME_REVIEWER", "JY-REP-07")
    with pytest.raises(IntegrityError):
        await approved_office.rows("UPDATE account SET approved_by = submitted_by")


@pytest.mark.parametrize("bank_name", ["=HYPERLINK(1)", "+86", "-1", "@SUM(1)", "样例银行\n沁园支行", "样例\t银行"])
async def test_a_banks_name_that_a_spreadsheet_would_run_or_a_line_would_break_is_refused(
    approved_office: Office, claim_id: str, bank_name: str
) -> None:
    with pytest.raises(Refused, match="BANK_NAME_INVALID"):
        await approved_office.act(
            SCHOOL, correct_account, claim_id=claim_id, given=replace(CORRECTED, bank_name=bank_name)
        )


async def test_the_bank_answers_no_earlier_than_it_was_asked(approved_office: Office, claim_id: str) -> None:
    [order] = await approved_office.order(claim_id, {EMPLOYMENT: 13_500})
    file = await approved_office.send()
    early = Answer(
        order_id=order.order_id, attempt=1, outcome="settled", on=approved_office.now.date() - timedelta(days=1)
    )

    [row] = await approved_office.act(FINANCE, answer_bank_file, bank_file_id=file.bank_file_id, answers=[early])

    assert row.refusal is not None
    assert (row.result, row.refusal.code) == ("refused", "DATE_BEFORE_SENDING")


async def test_an_account_in_another_name_is_refused_and_no_reviewer_approves_one(
    approved_office: Office, claim_id: str
) -> None:
    other = GivenAccount(holder="另一家学校", bank_name="样例银行", account_number="410000008642099988")
    with pytest.raises(Refused, match="PAYEE_MISMATCH"):
        await approved_office.act(SCHOOL, correct_account, claim_id=claim_id, given=other)
    await approved_office.act(SCHOOL, correct_account, claim_id=claim_id, given=CORRECTED)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await approved_office.act(
            person("first-1", Role.FIRST_REVIEWER, Role.APPROVER), approve_account, claim_id=claim_id
        )


@pytest.mark.parametrize(("attempt", "order", "code"), [(2, None, "ORDER_NOT_IN_FILE"), (1, "x", "ORDER_NOT_IN_FILE")])
async def test_a_wrong_row_is_refused_and_the_others_apply(
    approved_office: Office, claim_id: str, attempt: int, order: str | None, code: str
) -> None:
    [mine] = await approved_office.order(claim_id, {EMPLOYMENT: 13_500})
    file = await approved_office.send()

    row = await approved_office.answer(file, order or mine.order_id, "settled", attempt=attempt)
    assert row.result == "refused"
    assert row.refusal is not None
    assert row.refusal.code == code
    assert (await approved_office.answer(file, mine.order_id, "settled")).result == "applied"
    assert (await approved_office.answer(file, mine.order_id, "settled")).result == "duplicate"
    contrary = await approved_office.answer(file, mine.order_id, "returned")
    assert contrary.refusal is not None
    assert contrary.refusal.code == "ORDER_ANSWERED"
    assert len(await approved_office.events(PaymentSettled)) == 1


async def test_an_open_doubt_keeps_an_order_out_of_the_bank_file(approved_office: Office, claim_id: str) -> None:
    await approved_office.order(claim_id, {EMPLOYMENT: 13_500})
    breach = FindingRaised(
        class_id="class-1",
        finding_id="f1",
        check="undertaking",
        rule="JY-CLM-11",
        clause="附件2",
        blocking=True,
        seen="举报",
    )
    await approved_office.take(breach)

    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await approved_office.send()


async def rows_of(office: Office, *, canonical: bool) -> list[dict]:  # type: ignore[type-arg]
    async with office.unit(AUDITOR) as uow:
        return [row async for row in ledger(uow, region="419001", canonical=canonical)]


async def test_the_ledger_tells_every_fen_with_rule_clause_order_and_settlement(
    approved_office: Office, claim_id: str
) -> None:
    """HB-SUP-03: what the claim is worth, what was ordered and what the bank paid agree with the ledger to the fen."""
    office = approved_office
    first, _ = await office.order(claim_id, {EMPLOYMENT: 10_000, INSURANCE: 3_500})
    await office.answer(await office.send(), first.order_id, "settled")

    rows = await rows_of(office, canonical=False)

    assert len(rows) == 11
    assert sum(row["amount_fen"] for row in rows) == sum(row["ordered_fen"] for row in rows) == 13_500 * YUAN
    assert sum(row["settled_fen"] for row in rows) == 10_000 * YUAN
    for row in rows:
        assert row["entries"][0]["rules"][-1]["rule"] == "JY-CLM-10"
        assert all(rule["clause"] and rule["document"] for entry in row["entries"] for rule in entry["rules"])
        assert row["evidence"][1]
        assert row["approvals"][0]["second_reviewer"] == SECOND.subject
    assert {row["person_id"] for row in rows} == {*people(1, 10), None}


async def test_the_canonical_ledger_is_the_same_for_the_same_history_and_names_no_random_id(
    approved_office: Office, claim_id: str, office: Office
) -> None:
    await office.provide()
    await office.open_class()
    await office.finish_class(opening=9, spot=(9, 9))
    claim = await office.submit()
    await office.approve(claim.claim_id)

    first, second = await rows_of(approved_office, canonical=True), await rows_of(office, canonical=True)

    assert first == second
    assert len(first) == 11
    for random in (claim.claim_id, claim_id, "class-1", "p10"):
        assert f'"{random}"' not in str(first).replace("'", '"')


async def test_a_ledger_outside_the_callers_region_is_refused(office: Office) -> None:
    async with office.unit(person("auditor-2", Role.AUDITOR, region="371329")) as uow:
        with pytest.raises(Forbidden, match="REGION_OUT_OF_SCOPE"):
            [row async for row in ledger(uow, region="419001", canonical=False)]


async def test_a_refused_account_leaves_the_approved_one_and_payment_goes_on(
    approved_office: Office, claim_id: str
) -> None:
    """JY-PAY-04: a changed account needs an approval; refused, the money goes where it was approved to go."""
    office = approved_office
    await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.act(SCHOOL, correct_account, claim_id=claim_id, given=CORRECTED)
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send()

    await office.act(APPROVER, refuse_account, claim_id=claim_id, reason="开户证明与机构名称不符")

    file = await office.send()
    content = await office.act(FINANCE, bank_file_content, bank_file_id=file.bank_file_id)
    assert "410000008642097531" in content.decode()
    with pytest.raises(NotFound, match="ACCOUNT_NOT_PENDING"):
        await office.act(APPROVER, refuse_account, claim_id=claim_id, reason="再次")
