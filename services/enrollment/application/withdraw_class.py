"""An institution withdraws a class before it opened."""

from dataclasses import replace

from services.enrollment.application.open_class import OPEN_CLASS
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_class
from services.enrollment.domain.reasons import standard_reason
from services.enrollment.domain.training_class import Blocker, TrainingClass, close


async def withdraw_class(uow: UnitOfWork, *, class_id: str, code: str = "other", reason: str = "") -> TrainingClass:
    """Close the class as withdrawn and free its people; one that was never submitted is no event to anybody.

    `code` is a standard reason, which is shown and audited; what is said besides is sealed.
    """
    training_class = await own_class(uow, class_id)
    reasons = uow.shelf.by_id(training_class.rulebook_id).enrollment.reasons
    named = standard_reason(code, reasons.class_withdrawal if reasons else None)
    withdrawn, fact = close(
        training_class, "withdrawn", today=uow.today, blocker=Blocker(code="WITHDRAWN", message=named.name)
    )
    withdrawn = await uow.classes.save(replace(withdrawn, closing_reason=reason or None))
    if withdrawn.applied_on is not None:
        await uow.publish(fact)
    await uow.quotas.settle(class_id, persons=0, state="released")
    await uow.unschedule(kind=OPEN_CLASS, key=class_id)
    await uow.audit(action="class_withdrawn", subject=class_id, details={"reason_code": named.code})
    return withdrawn
