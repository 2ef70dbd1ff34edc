"""Take an objection from the public: only its lines are frozen (JY-PAY-01, JY-PAY-02)."""

from collections.abc import Iterable
from dataclasses import replace

from services.payment.application.assessing import open_case
from services.payment.application.ports import ObjectionText, PaymentUnit
from services.payment.application.scope import locked_claim, unknown
from services.payment.domain import objection as objections
from services.payment.domain.objection import Objection
from shared.clock import new_id
from shared.contracts.payment import ObjectionRaised


async def raise_objection(
    uow: PaymentUnit, *, notice_id: str, line_nos: Iterable[int], text: ObjectionText
) -> Objection:
    """Register an objection to lines of a running notice; what the objector wrote is sealed."""
    found = await uow.claims.notice(notice_id)
    claim = await locked_claim(uow, found.claim_id) if found else None
    if claim is None:
        raise unknown("公示", "notice_id")
    notice = next(each for each in claim.notices if each.notice_id == notice_id)
    people, terms = claim.people, (await open_case(uow, claim.class_id)).rulebook.payment
    raised = objections.raise_objection(
        notice,
        objection_id=new_id(),
        line_nos=line_nos,
        persons=frozenset(people),
        term=terms.objection,
        public=terms.notice,
        on=uow.today,
    )
    await uow.claims.add_objection(raised, text)
    await uow.claims.save(claim, replace(claim, objections=(*claim.objections, raised)))
    await uow.publish(
        ObjectionRaised(
            class_id=claim.class_id,
            claim_id=claim.claim_id,
            notice_id=notice_id,
            objection_id=raised.objection_id,
            persons=tuple(people[line_no] for line_no in sorted(raised.line_nos)),
            raised_on=raised.raised_on,
        )
    )
    await uow.audit(
        action="objection_raised",
        subject=claim.claim_id,
        details={"objection_id": raised.objection_id, "lines": len(raised.line_nos)},
    )
    return raised
