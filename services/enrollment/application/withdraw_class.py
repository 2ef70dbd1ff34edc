"""An institution withdraws a class before it opened."""

from services.enrollment.application.open_class import OPEN_CLASS
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import own_class
from services.enrollment.domain.training_class import Blocker, TrainingClass, close


async def withdraw_class(uow: UnitOfWork, *, class_id: str, reason: str) -> TrainingClass:
    """Close the class as withdrawn and free its people; one that was never submitted is no event to anybody."""
    training_class = await own_class(uow, class_id)
    withdrawn, fact = close(
        training_class, "withdrawn", today=uow.today, blocker=Blocker(code="WITHDRAWN", message=reason)
    )
    withdrawn = await uow.classes.save(withdrawn)
    if withdrawn.applied_on is not None:
        await uow.publish(fact)
    await uow.unschedule(kind=OPEN_CLASS, key=class_id)
    await uow.audit(action="class_withdrawn", subject=class_id)
    return withdrawn
