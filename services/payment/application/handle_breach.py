"""Open a breach of the undertaking on a claim, and close it by a recorded decision of another person (JY-CLM-11)."""

from dataclasses import replace

from services.payment.application.assessing import on_duty, open_case
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change, unknown
from services.payment.domain.breach import Breach, BreachConclusion, require_conclusion
from services.payment.domain.duty import Duty, same_person
from shared.clock import new_id
from shared.domain.errors import Refused


async def open_breach(uow: PaymentUnit, *, claim_id: str, facts: str, evidence: str) -> Breach:
    """Record an alleged breach; from now on nothing of the claim is passed, published, ordered or sent."""
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    if case.rulebook.payment.breach is None:
        raise Refused(
            code="TERM_MISSING",
            message="规则册没有规定承诺违反的处理，不能登记。",
            advice="请由政策管理员核对规则册。",
        )
    acting = on_duty(uow, claim, case, Duty.INSPECTION, Duty.FIRST_REVIEW, Duty.SECOND_REVIEW, Duty.BUREAU_OPINION)
    breach = Breach(
        breach_id=new_id(),
        claim_id=claim_id,
        facts=facts,
        evidence=evidence,
        opened_by=uow.actor.subject,
        opened_on=uow.today,
    )
    await uow.claims.save(claim, replace(acting, breaches=(*claim.breaches, breach)))
    await uow.audit(action="breach_opened", subject=claim_id, details={"breach_id": breach.breach_id})
    return breach


async def close_breach(uow: PaymentUnit, *, breach_id: str, conclusion: BreachConclusion, reason: str) -> Breach:
    """Decide a breach, as another person than the one who opened it; the claim goes on."""
    claim_id = await uow.claims.claim_of_breach(breach_id)
    if claim_id is None:
        raise unknown("承诺违反事项", "breach_id")
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    require_conclusion(conclusion, case.rulebook.payment.breach)
    acting = on_duty(uow, claim, case, Duty.BUREAU_OPINION)
    breach = next(each for each in claim.breaches if each.breach_id == breach_id)
    if breach.opened_by == uow.actor.subject:
        raise same_person("该事项由您登记，不能由您作出决定。", case.rulebook.payment.four_eyes)
    closed = breach.closed(conclusion, reason=reason, by=uow.actor.subject, on=uow.today)
    breaches = tuple(closed if each is breach else each for each in claim.breaches)
    await uow.claims.save(claim, replace(acting, breaches=breaches))
    details = {"breach_id": breach_id, "conclusion": conclusion.value}
    await uow.audit(action="breach_closed", subject=claim_id, details=dict(details))
    return closed
