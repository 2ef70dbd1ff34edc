"""Set off against a claim what was paid in advance (HL-PAY-02, LS-PAY-01): settlement is the final sum less advances.

The claim's lines are ordered whole. The part that an advance paid already is an order on the advance's source that
counts as settled and never goes to the bank; only the rest does. What is left of an advance is asked back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.payment.application.assessing import Case
from services.payment.application.ports import PaymentUnit
from services.payment.application.request_advance import on_advance_duty
from services.payment.domain.advance_money import (
    STATES,
    UNDER_WAY,
    AdvancePayment,
    Clearing,
    cleared,
    set_off_parts,
)
from services.payment.domain.claim import Claim
from services.payment.domain.duty import Duty
from services.payment.domain.order import OrderState, PaymentOrder
from shared.contracts.payment import AdvanceCleared, PaymentSettled
from shared.domain.errors import Conflict
from shared.policy.terms.term import quote


async def owed_advances(uow: PaymentUnit, claim: Claim, case: Case) -> tuple[AdvancePayment, ...]:
    """Give the advances that a claim takes up first: those paid to its own claimant.

    Raise Conflict ADVANCE_UNDER_WAY while one is decided and the bank has not credited it: it is waited for or
    withdrawn, else the same money would be paid twice.
    """
    if claim.stands_apart:
        return ()
    advances = await uow.advances.of_class(claim.class_id)
    waiting = next((each for each in advances if each.state in UNDER_WAY), None)
    if waiting is not None:
        term = case.rulebook.payment.advance
        raise Conflict(
            code="ADVANCE_UNDER_WAY",
            message=f"本班有一笔预付处于“{STATES[waiting.state]}”，尚未到账，暂不能开具拨付单。",
            advice="已发送银行的请等待回执；尚未发送或被退回的，请先撤销该笔预付。",
            **quote(term),
        )
    return tuple(each for each in advances if each.outstanding_fen > 0)


def parts_set_off(
    due: Mapping[int, int], advances: Sequence[AdvancePayment], excluded: frozenset[int], case: Case
) -> list[tuple[AdvancePayment, Mapping[int, int]]]:
    """Give which parts of lines each advance pays; the special account pays nothing of excluded lines (JY-FND-03)."""
    sources = case.rulebook.payment.funding_sources
    barred = {}
    for advance in advances:
        source = sources.source(advance.funding_source or "") if sources else None
        if source is not None and source.special_account:
            barred[source.code] = excluded
    parts = set_off_parts(due, advances, barred)
    return [(advance, parts[advance.advance_id]) for advance in advances if advance.advance_id in parts]


async def set_off(uow: PaymentUnit, advance: AdvancePayment, order: PaymentOrder, case: Case) -> PaymentOrder:
    """Settle an order by what was paid in advance, and give it as it stands then."""
    acting = await on_advance_duty(uow, advance, case, Duty.PAYMENT)
    clearing = Clearing(
        number=len(advance.clearings) + 1,
        kind="set_off",
        amount_fen=order.amount_fen,
        on=uow.today,
        recorded_by=uow.actor.subject,
        order_id=order.order_id,
    )
    after = await uow.advances.save(advance, cleared(acting, clearing))
    settled = replace(order, state=OrderState.SETTLED)
    await uow.orders.save(order, settled)
    await uow.publish(
        PaymentSettled(
            class_id=order.class_id,
            claim_id=order.claim_id,
            order_id=order.order_id,
            attempt=order.attempt,
            funding_source=order.funding_source,
            amount_fen=order.amount_fen,
            settled_on=uow.today,
        )
    )
    await uow.publish(cleared_event(after, clearing, claim_id=order.claim_id))
    return settled


def cleared_event(advance: AdvancePayment, clearing: Clearing, *, claim_id: str | None = None) -> AdvanceCleared:
    """Give the event that an advance is owed less."""
    return AdvanceCleared(
        class_id=advance.class_id,
        advance_id=advance.advance_id,
        kind=clearing.kind,
        claim_id=claim_id,
        order_id=clearing.order_id,
        funding_source=advance.funding_source or "",
        amount_fen=clearing.amount_fen,
        outstanding_fen=advance.outstanding_fen,
        cleared_on=clearing.on,
    )


async def require_not_set_off(uow: PaymentUnit, order: PaymentOrder) -> None:
    """Raise Conflict ORDER_SET_OFF for an order that an advance settled: no bank recorded it, none was in error."""
    advances = await uow.advances.of_class(order.class_id)
    if all(clearing.order_id != order.order_id for each in advances for clearing in each.clearings):
        return
    raise Conflict(
        code="ORDER_SET_OFF",
        message="该拨付单由预付资金抵扣结清，不能撤销。",
        advice="所付金额不再有记录支持的，请按追回办理。",
        field="order_id",
        value=order.order_id,
    )
