"""Whoever works on an application reads whom to call about it; every look is audited."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import visible_class
from services.enrollment.domain.application_form import FormHead
from services.enrollment.domain.reasons import standard_reason


async def reveal_contact(uow: UnitOfWork, *, class_id: str, code: str) -> FormHead:
    """Give the head of the class's form, for the standard reason `code` (JY-FLD-04, -05)."""
    training_class = await visible_class(uow, class_id)
    reasons = uow.shelf.by_id(training_class.rulebook_id).enrollment.reasons
    code = standard_reason(code, reasons.reveal if reasons else None).code
    await uow.audit(action="contact_revealed", subject=class_id, details={"reason_code": code})
    return training_class.plan.form
