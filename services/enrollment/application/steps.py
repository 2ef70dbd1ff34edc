"""Whose step is due in a case, and whether the actor may take it (JY-ENR-25, JY-REP-07)."""

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.domain.review import require_office, require_other_person, require_step
from services.enrollment.domain.training_class import TrainingClass
from shared.domain.errors import Conflict, Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import Step, Steps


def approval_steps(book: Rulebook) -> Steps:
    """Give the rulebook's approval steps; raise Refused APPROVAL_STEPS_MISSING when it has none."""
    if book.enrollment.approval is None:
        raise Refused(
            code="APPROVAL_STEPS_MISSING",
            message=f"规则册 {book.id} 没有规定开班审批步骤。",
            advice="请由政策管理员补充审批步骤，或作出书面决定。",
        )
    return book.enrollment.approval


async def take_step(uow: UnitOfWork, training_class: TrainingClass, book: Rulebook, *, step: str, case: int) -> Step:
    """Give the step when it is due in the case, and give the actor its duty for ever.

    Raise Conflict ORDER for a step that is not due, Forbidden SAME_REVIEWER for a person who has another part in the
    class, Forbidden ROLE_MISSING for one without the step's role, Forbidden HIGHER_OFFICE_ONLY for an office below the
    one that decides on classes of this type.
    """
    due = require_step(step, taken=len(training_class.reviews_of(case)), steps=approval_steps(book))
    duties = await uow.classes.duties(training_class.class_id)
    require_other_person(uow.actor.subject, due.code, duties=duties, terms=book.enrollment.four_eyes)
    uow.actor.require(due.role)
    require_office(uow.actor.region, due.code, training_type=training_class.plan.training_type, book=book)
    await uow.classes.assign_duty(training_class.class_id, uow.actor.subject, due.code)
    return due


async def take_due_step(uow: UnitOfWork, training_class: TrainingClass, book: Rulebook, *, case: int) -> Step:
    """Give whatever step is due in the case to the actor, as `take_step` does."""
    due = approval_steps(book).after(len(training_class.reviews_of(case)))
    if due is None:
        raise Conflict(
            code="ORDER", message="审批步骤均已办结。", advice="请刷新班级信息，按当前状态办理。", field="step"
        )
    return await take_step(uow, training_class, book, step=due.code, case=case)
