"""Advances in the bank's files, beside the orders of claims, and the bank's answers to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from services.payment.application.assessing import Case, open_case
from services.payment.application.order_ports import Account, BankFile
from services.payment.application.ports import PaymentUnit
from services.payment.application.request_advance import is_claim_approved, on_advance_duty
from services.payment.domain.advance_money import AdvancePayment, AdvanceState, answered, send
from services.payment.domain.bank_file import BankRow
from services.payment.domain.duty import Duty
from services.payment.domain.obstacles import before_results
from services.payment.domain.order import Answer
from shared.contracts.payment import AdvancePaid
from shared.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An advance as it goes to the bank."""

    advance: AdvancePayment
    case: Case
    account: Account
    row: BankRow


async def ready_advances(uow: PaymentUnit, funding_source: str, regions: Collection[str]) -> list[Sending]:
    """Give the advances of a source that may be paid now.

    One whose class was cancelled or is in doubt, or was claimed and approved meanwhile, stays behind to be withdrawn.
    """
    found = []
    for advance in await uow.advances.ready(funding_source, regions):
        case = await open_case(uow, advance.class_id)
        account = await uow.advance_accounts.with_state(advance.advance_id, "active")
        stopped = before_results(case.facts, case.opened.fact, case.rulebook)
        if account is None or stopped or await is_claim_approved(uow, advance):
            continue
        found.append(Sending(advance=advance, case=case, account=account, row=_row(advance, case, account)))
    return found


async def send_advances(uow: PaymentUnit, sendings: Sequence[Sending], *, bank_file_id: str) -> None:
    """Store that these advances went to the bank in a file; the caller sends them and must not have decided them."""
    for each in sendings:
        acting = await on_advance_duty(uow, each.advance, each.case, Duty.PAYMENT)
        saved = await uow.advances.save(each.advance, send(acting))
        await uow.advances.add_sending(
            saved, bank_file_id=bank_file_id, account_id=each.account.account_id, sender=uow.actor.subject
        )


async def advance_rows(uow: PaymentUnit, bank_file_id: str) -> list[BankRow]:
    """Make the rows of a file's advances again, as they were sent."""
    sent = await uow.advances.sent_in(bank_file_id)
    accounts = await uow.advance_accounts.opened([str(each["account_id"]) for each in sent])
    rows = []
    for each in sent:
        advance = await uow.advances.find(str(each["advance_id"]))
        if advance is None:
            raise LookupError(f"bank file {bank_file_id} names an advance that is gone")
        case = await open_case(uow, advance.class_id)
        at_that_time = replace(advance, attempt=int(each["attempt"]))
        rows.append(_row(at_that_time, case, accounts[str(each["account_id"])]))
    return rows


async def classes_of_advances(uow: PaymentUnit, bank_file_id: str) -> dict[str, str]:
    """Give the classes of a file's advances by the advances' ids."""
    found = {}
    for each in await uow.advances.sent_in(bank_file_id):
        advance = await uow.advances.find(str(each["advance_id"]))
        if advance is not None:
            found[advance.advance_id] = advance.class_id
    return found


async def answer_advance(uow: PaymentUnit, answer: Answer, file: BankFile) -> str:
    """Take the bank's answer to an advance and say whether it was `applied` or a `duplicate`; raise as for orders."""
    sending = await uow.advances.sending(answer.order_id, answer.attempt)
    advance = await uow.advances.find(answer.order_id)
    if sending is None or advance is None or sending["bank_file_id"] != file.bank_file_id:
        raise not_in_file(answer)
    if sending["outcome"] == answer.outcome:  # the bank repeats itself, perhaps long after a re-sending
        return "duplicate"
    after = answered(advance, answer, sent_on=file.created_on, today=uow.today)
    case = await open_case(uow, advance.class_id)
    acting = await on_advance_duty(uow, advance, case, Duty.PAYMENT)
    saved = await uow.advances.save(advance, replace(after, duties=acting.duties))
    await uow.advances.record_answer(answer)
    term = case.rulebook.payment.advance
    if saved.state is AdvanceState.PAID:
        await uow.publish(
            AdvancePaid(
                class_id=saved.class_id,
                advance_id=saved.advance_id,
                region=saved.region,
                institution_id=saved.institution_id,
                attempt=saved.attempt,
                funding_source=saved.funding_source or "",
                amount_fen=saved.paid_fen,
                rule=term.rule if term else "",
                paid_on=answer.on,
            )
        )
    return "applied"


def not_in_file(answer: Answer) -> Refused:
    """Give the refusal of an answer to something that the file did not carry."""
    return Refused(
        code="ORDER_NOT_IN_FILE",
        message="该拨付单的这一次拨付不在此拨付文件中。",
        advice="请核对回执对应的拨付文件与次数。",
        field="order_id",
        value=answer.order_id,
    )


def _row(advance: AdvancePayment, case: Case, account: Account) -> BankRow:
    opened = case.opened.fact
    level = f" {opened.level} 级" if opened.level else ""
    return BankRow(
        order_id=advance.advance_id,
        attempt=advance.attempt,
        payee=account.holder,
        account_number=account.number,
        bank_name=account.bank_name,
        amount_fen=advance.decided_fen,
        remark=f"职业培训补贴预付 {opened.occupation.name}{level} {opened.opening_date.isoformat()} 开班",
    )
