"""Take an order back by an opposite entry, or send a returned one again to the account that is right (JY-PAY-04)."""

from dataclasses import replace
from typing import Final

from services.payment.application.assessing import Case, assess_claim, carry_out, on_duty, open_case, ordered_of
from services.payment.application.commit_budget import commit_budget
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change, unknown
from services.payment.application.set_off_advance import require_not_set_off
from services.payment.application.settle_entitlement import settle_entitlement
from services.payment.domain.claim import Claim
from services.payment.domain.duty import Duty
from services.payment.domain.order import OrderState, PaymentOrder, Reversal, send_again
from services.payment.domain.reassessment import money_state
from services.payment.domain.state import IN_REVIEW
from shared.contracts.payment import PaymentReturned
from shared.domain.errors import Conflict

IN_ERROR: Final = "SETTLED_IN_ERROR"


async def reverse_order(uow: PaymentUnit, *, order_id: str, reason: str) -> tuple[PaymentOrder, Reversal]:
    """Take back an order that is not at the bank: its money is due again and may be ordered otherwise.

    A settled order was recorded in error: its reversal waits for the approver. Raise Conflict ORDER_AT_BANK for a sent
    one, ORDER_REVERSED for one taken back before, ORDER_SET_OFF for one that an advance settled.
    """
    order, claim, case = await _order(uow, order_id)
    acting = on_duty(uow, claim, case, Duty.PAYMENT)
    if order.state is OrderState.SENT:
        raise Conflict(
            code="ORDER_AT_BANK",
            message="该拨付单已发送银行，等待回执期间不能撤销。",
            advice="请等待银行回执；退回后可以撤销或重新发出。",
        )
    if not order.counts or await uow.orders.reversal(order_id) is not None:
        raise Conflict(
            code="ORDER_REVERSED",
            message="该拨付单已经撤销或已提出撤销。",
            advice="请查询申领的拨付单；登记有误的到账须由审批人员审核撤销。",
        )
    await require_not_set_off(uow, order)
    reversal = Reversal(
        order_id=order_id,
        claim_id=order.claim_id,
        was=order.state,
        amount_fen=-order.amount_fen,
        reason=reason,
        proposed_by=uow.actor.subject,
        proposed_on=uow.today,
    )
    if order.state is OrderState.SETTLED:
        await uow.claims.save(claim, acting)  # the duty first: the reversal refers to it
        await uow.orders.add_reversal(reversal)
        await uow.audit(action="order_reversal_proposed", subject=order_id, details={"amount_fen": -order.amount_fen})
        return order, reversal
    held = await uow.claims.save(claim, acting) if acting != claim else claim
    await uow.orders.add_reversal(reversal)
    return await _take_back(uow, order, held, held, case), reversal


async def approve_reversal(uow: PaymentUnit, *, order_id: str) -> tuple[PaymentOrder, Reversal]:
    """Approve, as another person, that a settlement was recorded in error; the order's money is due again."""
    order, claim, case = await _order(uow, order_id)
    acting = on_duty(uow, claim, case, Duty.BUREAU_OPINION)
    reversal = await uow.orders.reversal(order_id)
    if reversal is None or reversal.approved_by is not None or order.state is not OrderState.SETTLED:
        raise Conflict(
            code="REVERSAL_NOT_PENDING",
            message="该拨付单没有待审核的撤销。",
            advice="请由拨付人员先提出撤销并说明原因。",
        )
    approved = replace(reversal, approved_by=uow.actor.subject, approved_on=uow.today)
    await uow.orders.approve_reversal(approved)
    taken = await _take_back(uow, order, claim, acting, case)
    await uow.publish(
        PaymentReturned(
            class_id=order.class_id,
            claim_id=order.claim_id,
            order_id=order_id,
            attempt=order.attempt,
            funding_source=order.funding_source,
            amount_fen=order.amount_fen,
            returned_on=uow.today,
            reason_code=IN_ERROR,
        )
    )
    return taken, approved


async def resend_order(uow: PaymentUnit, *, order_id: str, reason: str) -> PaymentOrder:
    """Let a returned order go out again to the approved account: the fault was not the account's.

    Raise Conflict ACCOUNT_PENDING while a corrected account waits for its approval.
    """
    order, claim, case = await _order(uow, order_id)
    acting = on_duty(uow, claim, case, Duty.PAYMENT)
    if order.state is not OrderState.RETURNED:
        raise Conflict(
            code="ORDER_NOT_RETURNED",
            message="该拨付单没有被银行退回，不能重新发出。",
            advice="请查询拨付单的状态。",
        )
    if await uow.accounts.with_state(claim.claim_id, "pending") is not None:
        raise Conflict(
            code="ACCOUNT_PENDING",
            message="更正后的收款账户等待审核，不能向原账户重新发出。",
            advice="请先审核或不予通过该账户。",
        )
    ready = send_again(order)
    if acting != claim:
        await uow.claims.save(claim, acting)
    await uow.orders.save(order, ready)
    await uow.orders.add_resending(ready, reason=reason, by=uow.actor.subject, on=uow.today)
    await uow.audit(action="order_resent", subject=order_id, details={"attempt": ready.attempt})
    return ready


async def _order(uow: PaymentUnit, order_id: str) -> tuple[PaymentOrder, Claim, Case]:
    """Give an order the caller may see with its claim, locked, and the case."""
    found = (await uow.orders.find([order_id])).get(order_id)
    if found is None:
        raise unknown("拨付单", "order_id")
    claim = await claim_for_change(uow, found.claim_id)
    order = (await uow.orders.find([order_id]))[order_id]  # as it is under the lock
    return order, claim, await open_case(uow, claim.class_id)


async def _take_back(uow: PaymentUnit, order: PaymentOrder, claim: Claim, acting: Claim, case: Case) -> PaymentOrder:
    taken = replace(order, state=OrderState.REVERSED)
    await uow.orders.save(order, taken)
    changed = acting
    if case.facts.cancelled is not None:
        changed = replace(acting, assessment=await assess_claim(uow, case, claim))
    elif acting.state not in IN_REVIEW:
        ordered_fen, settled = await ordered_of(uow, acting)
        changed = replace(acting, state=money_state(acting, ordered_fen=ordered_fen, settled=settled))
    saved = await carry_out(uow, claim, changed, case, cause="ORDER_REVERSED")
    await settle_entitlement(uow, saved, case.rulebook)
    await commit_budget(uow, saved, case.opened.fact)
    await uow.audit(action="order_reversed", subject=order.order_id, details={"amount_fen": -order.amount_fen})
    return taken
