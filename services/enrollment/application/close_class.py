"""Supervision ended a class: cancelled for too few people, or completed."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.domain.training_class import Blocker, ClosingReason, TrainingClass, close
from shared.contracts.supervision import ClassCancelled, TrainingCompleted
from shared.domain.errors import MissingFact


async def cancel_class(uow: UnitOfWork, fact: ClassCancelled) -> None:
    """Close the class as cancelled, which is final and frees its people for other classes (JY-SUP-04)."""
    training_class = await _opened(uow, fact.class_id)
    await _close(uow, training_class, "cancelled", Blocker(code="CANCELLED", message=fact.reason))


async def complete_class(uow: UnitOfWork, fact: TrainingCompleted) -> None:
    """Close the class as completed; later revisions of the totals, and a class cancelled before, change nothing."""
    training_class = await _opened(uow, fact.class_id)
    if training_class.state == "opened":
        await _close(uow, training_class, "completed", None)


async def _close(
    uow: UnitOfWork, training_class: TrainingClass, reason: ClosingReason, blocker: Blocker | None
) -> None:
    closed, fact = close(training_class, reason, today=uow.today, blocker=blocker)
    await uow.classes.save(closed)
    await uow.publish(fact)
    await uow.audit(action=f"class_{reason}", subject=closed.class_id)


async def _opened(uow: UnitOfWork, class_id: str) -> TrainingClass:
    training_class = await uow.classes.get(class_id, lock=True)
    if training_class is None:
        raise MissingFact(
            code="CLASS_UNKNOWN",
            message=f"班级 {class_id} 不在办班登记中。",
            advice="请等待班级信息到达；持续出现请检查数据库是否由备份恢复。",
        )
    return training_class
