"""Ask back what was advanced and no claim takes up: a demand by two people, with a day, until it came in by bank."""

from dataclasses import replace
from datetime import date

from services.payment.application.commit_budget import commit_class
from services.payment.application.ports import PaymentUnit
from services.payment.application.request_advance import (
    advance_for_change,
    claims_of_payee,
    on_advance_duty,
)
from services.payment.application.set_off_advance import cleared_event
from services.payment.domain.advance_money import (
    AdvancePayment,
    decide_recovery,
    propose_recovery,
    repay,
    require_outstanding,
)
from services.payment.domain.duty import Duty
from services.payment.domain.state import State
from shared.contracts.payment import AdvanceRecoveryOrdered
from shared.domain.errors import Conflict
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import quote

_CLAIM_DONE = frozenset({State.RETURNED, State.ORDERED, State.PAID})
"""Where a claim takes up nothing more for now: it waits for its claimant, or everything decided is ordered."""


async def propose_advance_recovery(uow: PaymentUnit, *, advance_id: str, due_on: date, reason: str) -> AdvancePayment:
    """Propose to ask back what is owed of an advance, until a day.

    Raise Conflict ADVANCE_NOT_OWED, RECOVERY_STANDS, or ADVANCE_TO_SET_OFF while the claim may still take it up: it is
    ordered first; Refused RECOVERY_DUE for a day that is not to come.
    """
    advance, case = await advance_for_change(uow, advance_id)
    acting = await on_advance_duty(uow, advance, case, Duty.FIRST_REVIEW, Duty.SECOND_REVIEW)
    require_outstanding(advance, rulebook=case.rulebook)
    if case.facts.cancelled is None:
        await _require_no_claim_open(uow, advance, case.rulebook)
    me = uow.actor.subject
    proposed = propose_recovery(advance, due_on=due_on, reason=reason, by=me, duty=acting.duties[me], on=uow.today)
    saved = await uow.advances.save(advance, replace(acting, recoveries=(*advance.recoveries, proposed)))
    await uow.audit(action="advance_recovery_proposed", subject=advance_id, details={"amount_fen": proposed.amount_fen})
    return saved


async def decide_advance_recovery(uow: PaymentUnit, *, advance_id: str, ordered: bool, reason: str) -> AdvancePayment:
    """Decide the demand as the second person; ordered, the money is owed until its day.

    Raise Conflict RECOVERY_NOT_PROPOSED, or CLAWBACK_CHANGED when another amount is owed now.
    """
    advance, case = await advance_for_change(uow, advance_id)
    acting = await on_advance_duty(uow, advance, case, Duty.BUREAU_OPINION)
    decided = decide_recovery(acting, ordered=ordered, by=uow.actor.subject, on=uow.today, reason=reason)
    saved = await uow.advances.save(advance, decided)
    demand, term = saved.recovery, case.rulebook.payment.advance
    if ordered and demand is not None:
        await uow.publish(
            AdvanceRecoveryOrdered(
                class_id=saved.class_id,
                advance_id=advance_id,
                region=saved.region,
                institution_id=saved.institution_id,
                funding_source=saved.funding_source or "",
                amount_fen=demand.amount_fen,
                due_on=demand.due_on,
                rule=term.rule if term else "",
                decided_by=(demand.proposed_by, uow.actor.subject),
                ordered_on=uow.today,
            )
        )
    action = "advance_recovery_ordered" if ordered else "advance_recovery_refused"
    await uow.audit(action=action, subject=advance_id)
    return saved


async def record_advance_repayment(
    uow: PaymentUnit, *, advance_id: str, amount_fen: int, on: date, reference: str
) -> AdvancePayment:
    """Record money that came back by bank; it may be promised again from now on.

    Raise Conflict CLAWBACK_NOT_OPEN before it was asked back, RECEIPT_USED for a receipt of the institution that was
    counted before, for whatever; Refused REPAYMENT_TOO_LARGE or REPAYMENT_DATE.
    """
    advance, case = await advance_for_change(uow, advance_id)
    acting = await on_advance_duty(uow, advance, case, Duty.PAYMENT)
    after = repay(acting, amount_fen=amount_fen, reference=reference, on=on, by=uow.actor.subject, today=uow.today)
    if await uow.advances.is_receipt_used(advance.institution_id, advance.funding_source or "", reference):
        raise Conflict(
            code="RECEIPT_USED",
            message="该到账凭证号已登记过一次收回资金，同一笔到账不能重复登记。",
            advice="请核对银行到账凭证；一笔到账用于几项追回的，请在凭证号后注明分项，并分别填写金额。",
            field="reference",
        )
    saved = await uow.advances.save(advance, after)
    await commit_class(uow, case.opened.fact)
    await uow.publish(cleared_event(saved, saved.clearings[-1]))
    await uow.audit(action="advance_repaid", subject=advance_id, details={"amount_fen": amount_fen})
    return saved


async def _require_no_claim_open(uow: PaymentUnit, advance: AdvancePayment, rulebook: Rulebook) -> None:
    """Raise Conflict ADVANCE_TO_SET_OFF while the payee's claim is under review or not ordered in full."""
    for claim in await claims_of_payee(uow, advance.class_id, advance.institution_id):
        if claim.state in _CLAIM_DONE or claim.is_held or (claim.state is State.APPROVED and not claim.payable):
            continue
        term = rulebook.payment.advance
        raise Conflict(
            code="ADVANCE_TO_SET_OFF",
            message="本班的申领尚未办结，预付先由申领抵扣，暂不能提出追回。",
            advice="请先办结申领并开具拨付单；抵扣后仍有余额的，再提出追回。",
            **quote(term),
        )
