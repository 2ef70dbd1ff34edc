"""A person confirms or dismisses a case of low satisfaction (JY-QUA-02)."""

from dataclasses import replace

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import institution_of_region
from services.enrollment.application.suspend_institution import suspend, suspension_terms
from services.enrollment.domain.quality_case import CaseDecision, QualityCase, decide
from shared.domain.errors import NotFound


async def decide_case(uow: UnitOfWork, *, case_id: str, confirmed: bool, remark: str) -> QualityCase:
    """Record the decision; a confirmed case suspends the institution's openings until that is lifted."""
    case = await uow.quality.case(case_id, lock=True)
    if case is None:
        raise _no_case()
    try:
        institution = await institution_of_region(uow, case.institution_id)
    except NotFound:
        raise _no_case() from None
    decision = CaseDecision(on=uow.today, by=uow.actor.subject, remark=remark)
    decide(case, decision)  # before anything is done about it
    if confirmed:
        book = uow.shelf.by_id(case.rulebook_id)
        reason = suspension_terms(book).on_low_satisfaction
        suspension, _ = await suspend(uow, institution, book, reason=reason, remark=remark)
        decision = replace(decision, suspension_id=suspension.suspension_id)
    decided = decide(case, decision)
    version = await uow.quality.save_case(decided)
    await uow.audit(action="quality_case_decided", subject=case_id, details={"state": decided.state})
    return replace(decided, version=version)


def _no_case() -> NotFound:
    return NotFound(
        code="CASE_NOT_FOUND", message="没有这个个案，或不在您的办理范围内。", advice="请从个案列表中查询 case_id。"
    )
