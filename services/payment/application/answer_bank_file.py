"""Take the bank's answers to a file, row by row: credited, or returned and waiting for a corrected account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.payment.application.assessing import on_duty, open_case, ordered_of
from services.payment.application.create_bank_file import visible_bank_file
from services.payment.application.order_ports import BankFile
from services.payment.application.ports import PaymentUnit
from services.payment.application.send_advance import answer_advance, classes_of_advances, not_in_file
from services.payment.domain.duty import Duty
from services.payment.domain.order import Answer, PaymentOrder, settle
from services.payment.domain.reassessment import money_state
from services.payment.domain.state import State
from shared.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """What became of one answer: `applied`, `duplicate`, or `refused` with a reason."""

    order_id: str
    attempt: int
    result: str
    refusal: Refused | None = None


async def answer_bank_file(uow: PaymentUnit, *, bank_file_id: str, answers: Sequence[Answer]) -> tuple[AnswerRow, ...]:
    """Apply each answer once and give a row for each; a refused row keeps no other from being applied."""
    file = await visible_bank_file(uow, bank_file_id)
    orders = await uow.orders.find([attempt.order_id for attempt in await uow.orders.attempts_in(bank_file_id)])
    classes = {order_id: order.class_id for order_id, order in orders.items()}
    advances = await classes_of_advances(uow, bank_file_id)
    named = {answer.order_id for answer in answers}
    for class_id in sorted({class_id for each, class_id in (classes | advances).items() if each in named}):
        await uow.classes.lock(class_id)
    rows = [await _apply(uow, answer, file, is_advance=answer.order_id in advances) for answer in answers]
    results = [row.result for row in rows]
    await uow.audit(
        action="bank_file_answered",
        subject=bank_file_id,
        details={result: results.count(result) for result in ("applied", "duplicate", "refused")},
    )
    return tuple(rows)


async def _apply(uow: PaymentUnit, answer: Answer, file: BankFile, *, is_advance: bool) -> AnswerRow:
    try:
        if is_advance:
            result = await answer_advance(uow, answer, file)
            return AnswerRow(order_id=answer.order_id, attempt=answer.attempt, result=result)
        attempts = (await uow.orders.attempts_of([answer.order_id]))[answer.order_id]
        asked = next((each for each in attempts if each.attempt == answer.attempt), None)
        if asked is None or asked.bank_file_id != file.bank_file_id:
            raise not_in_file(answer)
        if asked.outcome == answer.outcome:  # the bank repeats itself, perhaps long after a re-sending
            return AnswerRow(order_id=answer.order_id, attempt=answer.attempt, result="duplicate")
        order = (await uow.orders.find([answer.order_id]))[answer.order_id]
        after, event = settle(order, answer, sent_on=file.created_on, today=uow.today)
    except Refused as refusal:
        return AnswerRow(order_id=answer.order_id, attempt=answer.attempt, result="refused", refusal=refusal)
    if event is None:
        return AnswerRow(order_id=answer.order_id, attempt=answer.attempt, result="duplicate")
    await uow.orders.save(order, after)
    await uow.orders.record_answer(answer)
    await uow.publish(event)
    await _follow(uow, after)
    return AnswerRow(order_id=answer.order_id, attempt=answer.attempt, result="applied")


async def _follow(uow: PaymentUnit, order: PaymentOrder) -> None:
    """Let the claim be paid once the bank credited everything, and note who took the answer."""
    claim = await uow.claims.find(order.claim_id)
    if claim is None:
        return
    acting = on_duty(uow, claim, await open_case(uow, claim.class_id), Duty.PAYMENT)
    if acting.state is State.ORDERED:
        ordered_fen, settled = await ordered_of(uow, claim)
        acting = replace(acting, state=money_state(acting, ordered_fen=ordered_fen, settled=settled))
    if acting != claim:
        await uow.claims.save(claim, acting)
