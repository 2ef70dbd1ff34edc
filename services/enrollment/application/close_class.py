"""Supervision ended a class: cancelled for too few people, or completed."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import known_class
from services.enrollment.domain.training_class import Blocker, ClosingReason, TrainingClass, close
from shared.contracts.supervision import ClassCancelled, TrainingCompleted


async def cancel_class(uow: UnitOfWork, fact: ClassCancelled) -> None:
    """Close the class as cancelled, which is final and frees its people for other classes (JY-SUP-04)."""
    training_class = await known_class(uow, fact.class_id)
    await _close(uow, training_class, "cancelled", Blocker(code="CANCELLED", message=fact.reason))


async def complete_class(uow: UnitOfWork, fact: TrainingCompleted) -> None:
    """Close the class as completed; later revisions of the totals, and a class cancelled before, change nothing.

    Raise Conflict CLASS_STATE for a class that is not open here: then one of the two databases went back in time.
    """
    training_class = await known_class(uow, fact.class_id)
    if training_class.state not in ("completed", "cancelled"):
        await _close(uow, training_class, "completed", None)


async def _close(
    uow: UnitOfWork, training_class: TrainingClass, reason: ClosingReason, blocker: Blocker | None
) -> None:
    closed, fact = close(training_class, reason, today=uow.today, blocker=blocker)
    await uow.classes.save(closed)
    await uow.publish(fact)
    await uow.audit(action=f"class_{reason}", subject=closed.class_id)
