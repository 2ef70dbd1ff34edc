"""Open a breach of the undertaking on a claim, and close it by a recorded decision of another person (JY-CLM-11)."""

from dataclasses import replace

from services.payment.application.assessing import Case, carry_out, hold_uses, on_duty, open_case
from services.payment.application.commit_budget import commit_budget
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change, unknown
from services.payment.domain.breach import Breach, BreachConclusion, require_conclusion, require_lines
from services.payment.domain.claim import Claim
from services.payment.domain.duty import Duty, same_person
from shared.clock import new_id
from shared.domain.errors import Refused
from shared.policy.decision import TraceValue


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


async def close_breach(
    uow: PaymentUnit,
    *,
    breach_id: str,
    conclusion: BreachConclusion,
    reason: str,
    line_nos: frozenset[int] = frozenset(),
) -> Breach:
    """Decide a breach, as another person than the one who opened it; the claim goes on, but for the lines named.

    Those are never paid and give up their slots; what was ordered of them is asked back or reversed as any difference.
    """
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
    require_lines(line_nos, conclusion, claim.people.keys(), case.rulebook.payment.breach)
    closed = breach.closed(conclusion, reason=reason, line_nos=line_nos, by=uow.actor.subject, on=uow.today)
    after = replace(acting, breaches=tuple(closed if each is breach else each for each in claim.breaches))
    if line_nos:
        await _strike(uow, claim, after, case, line_nos)
    else:
        await uow.claims.save(claim, after)
    details: dict[str, TraceValue] = {"breach_id": breach_id, "conclusion": conclusion.value, "lines": len(line_nos)}
    await uow.audit(action="breach_closed", subject=claim_id, details=details)
    return closed


async def _strike(uow: PaymentUnit, claim: Claim, after: Claim, case: Case, line_nos: frozenset[int]) -> None:
    """Let the claim follow; after an approval whoever is struck gives up the slot and the budget."""
    saved = await carry_out(uow, claim, after, case, cause="BREACH_CONFIRMED")
    if saved.entries:
        struck = {saved.people[line_no] for line_no in line_nos & saved.people.keys()}
        await uow.entitlements.release(claim.class_id, struck, reason="breach_confirmed", on=uow.today)
        await hold_uses(uow, case, saved)
        await commit_budget(uow, saved, case.opened.fact)
