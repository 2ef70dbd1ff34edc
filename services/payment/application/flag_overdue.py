"""Flag a review that missed its limit (JY-CLM-02) or the outer one (JY-CLM-03); nothing is decided by it."""

from dataclasses import replace

from services.payment.application.assessing import REVIEW_DUE
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import locked_claim
from services.payment.domain.state import State


async def flag_overdue(uow: PaymentUnit, claim_id: str, *, limit: str) -> None:
    """Record that `limit` (a timer's kind) passed while the claim was still to be reviewed."""
    claim = await locked_claim(uow, claim_id)
    if claim is None or claim.state not in (State.SUBMITTED, State.FIRST_REVIEW):
        return
    due = claim.deadlines.review_due if limit == REVIEW_DUE else claim.deadlines.review_due_outer
    if due is None or uow.today <= due:
        return
    await uow.claims.save(claim, replace(claim, overdue=claim.overdue | {limit}))
    await uow.audit(action="review_overdue", subject=claim_id, details={"limit": limit, "due": due.isoformat()})
