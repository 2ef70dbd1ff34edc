"""Decide an objection: upheld lines are never paid, dismissed ones are due again (JY-PAY-02)."""

from dataclasses import replace

from services.payment.application.assessing import assess_claim, carry_out, hold_uses, on_duty, open_case
from services.payment.application.commit_budget import commit_budget
from services.payment.application.ports import PaymentUnit
from services.payment.application.scope import claim_for_change, unknown
from services.payment.domain import objection as objections
from services.payment.domain.duty import Duty
from services.payment.domain.objection import Objection, struck_lines
from shared.contracts.payment import ObjectionResolved


async def resolve_objection(uow: PaymentUnit, *, objection_id: str, upheld: bool, finding: str) -> Objection:
    """Record the finding; after an approval a dismissed line becomes a supplement, an upheld one gives up its slot."""
    claim_id = await uow.claims.claim_of_objection(objection_id)
    if claim_id is None:
        raise unknown("异议", "objection_id")
    claim = await claim_for_change(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    acting = on_duty(uow, claim, case, Duty.BUREAU_OPINION, Duty.INSPECTION)
    asked = next(each for each in claim.objections if each.objection_id == objection_id)
    decided = objections.resolve(
        asked,
        upheld=upheld,
        finding=finding,
        by=uow.actor.subject,
        on=uow.today,
        register=case.rulebook.payment.objection_register,
    )
    after = replace(acting, objections=tuple(decided if each is asked else each for each in claim.objections))
    if case.facts.cancelled is not None:  # a dismissed line of a cancelled class is due to nobody
        after = replace(after, assessment=await assess_claim(uow, case, claim))
    people = claim.people
    saved = await carry_out(uow, claim, after, case, cause="OBJECTION_RESOLVED")
    if saved.entries and upheld:
        struck = {people[line_no] for line_no in struck_lines(saved.objections) & people.keys()}
        await uow.entitlements.release(claim.class_id, struck, reason="objection_upheld", on=uow.today)
        await hold_uses(uow, case, saved)
        await commit_budget(uow, saved, case.opened.fact)
    await uow.publish(
        ObjectionResolved(
            class_id=claim.class_id,
            claim_id=claim_id,
            notice_id=decided.notice_id,
            objection_id=objection_id,
            persons=tuple(people[line_no] for line_no in sorted(decided.line_nos)),
            upheld=upheld,
            resolved_by=uow.actor.subject,
        )
    )
    await uow.audit(
        action="objection_resolved", subject=claim_id, details={"objection_id": objection_id, "upheld": upheld}
    )
    return decided
