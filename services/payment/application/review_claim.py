"""Pass or return a claim: first review, second review by another person, the bureau's opinion (JY-CLM-07)."""

from dataclasses import dataclass, replace
from typing import Final

from services.payment.application.assessing import (
    Case,
    hold_uses,
    move_timers,
    on_duty,
    open_case,
    ordered_of,
    require_clear,
    stop_review_clock,
)
from services.payment.application.commit_budget import commit_budget
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change
from services.payment.application.settle_entitlement import settle_entitlement
from services.payment.domain.claim import Claim, Review, approve, approve_review, return_claim, submitted
from services.payment.domain.duty import Duty
from services.payment.domain.line_return import require_standard_reason
from services.payment.domain.notice import is_required
from services.payment.domain.reassessment import money_state
from services.payment.domain.state import Act, State, following

_DUTY: Final = {
    Act.FIRST_REVIEW: Duty.FIRST_REVIEW,
    Act.SECOND_REVIEW: Duty.SECOND_REVIEW,
    Act.APPROVE: Duty.BUREAU_OPINION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReview:
    """A reviewer's word on one step."""

    step: Act
    approved: bool
    opinion: str
    reason_code: str | None = None


async def review_claim(uow: PaymentUnit, *, claim_id: str, given: GivenReview) -> Claim:
    """Record a review step and give the claim after it.

    Raise Forbidden SAME_REVIEWER for a second duty of one person, Conflict STEP_OUT_OF_ORDER, and Refused with whatever
    stands against the class now (an open doubt, a cancellation) or waits for a decision, and REASON_UNKNOWN for a
    return without one of the rulebook's reasons.
    """
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    acting = on_duty(uow, claim, case, _DUTY[given.step])
    review = Review(
        round=claim.round,
        step=given.step,
        approved=given.approved,
        actor=uow.actor.subject,
        decided_at=uow.now,
        opinion=given.opinion,
        reason_code=given.reason_code,
    )
    if not given.approved:
        saved = await _return(uow, claim, acting, review, case)
    else:
        await require_clear(uow, case, claim)
        if given.step is Act.APPROVE:
            saved = await _approve(uow, claim, acting, review, case)
        else:
            saved = await _pass(uow, claim, acting, review, case)
    await uow.audit(
        action="claim_reviewed",
        subject=claim_id,
        details={
            "step": given.step.value,
            "approved": given.approved,
            "round": claim.round,
            "state": saved.state.value,
        },
    )
    return saved


async def _return(uow: PaymentUnit, claim: Claim, acting: Claim, review: Review, case: Case) -> Claim:
    """Give the claim back for one of the rulebook's reasons; where it lists none, any code will do."""
    reasons = case.rulebook.payment.return_reasons
    if reasons is not None or not review.reason_code:
        require_standard_reason(reasons, review.reason_code or "")
    after, event = return_claim(acting, review, on=uow.today, rulebook=case.rulebook)
    saved = await uow.claims.save(claim, after)
    await hold_uses(uow, case, saved)
    await move_timers(uow, saved)
    await uow.publish(event)
    if saved.state is State.SUBMITTED:
        await uow.publish(submitted(saved))
    return saved


async def _pass(uow: PaymentUnit, claim: Claim, acting: Claim, review: Review, case: Case) -> Claim:
    after = approve_review(acting, review, rulebook=case.rulebook)
    if after.state is State.SECOND_REVIEW:
        await stop_review_clock(uow, claim)
        if claim.is_public or not is_required(claim.assessment.lines, claim.decisions, case.rulebook):
            after = replace(after, state=following(after.state, Act.COVER, rulebook=case.rulebook))
    return await uow.claims.save(claim, after)


async def _approve(uow: PaymentUnit, claim: Claim, acting: Claim, review: Review, case: Case) -> Claim:
    """Approve what is payable, and let entitlement and budget follow the decision."""
    after, _, event = approve(
        acting,
        review,
        on=uow.today,
        funding_source=case.opened.fact.funding_source,
        rates_until=await uow.rates.last(),
        rulebook=case.rulebook,
    )
    ordered_fen, settled = await ordered_of(uow, claim)
    # An entry that takes back what was not ordered yet may leave nothing to pay.
    resting = money_state(after, ordered_fen=ordered_fen, settled=settled)
    saved = await uow.claims.save(claim, replace(after, state=resting))
    await settle_entitlement(uow, saved, case.rulebook)
    await hold_uses(uow, case, saved)
    await commit_budget(uow, saved, case.opened.fact)
    await uow.publish(event)
    return saved
