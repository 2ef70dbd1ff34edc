"""A reviewer records one approval step (JY-ENR-25); the last one asks payment for the reservation."""

from dataclasses import replace

from services.enrollment.application.judging import occupation_of
from services.enrollment.application.open_class import OPEN_CLASS
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import class_of_region
from services.enrollment.domain.plan import earnable_kinds
from services.enrollment.domain.reservation import approved_event, reservation_of
from services.enrollment.domain.review import Decision, require_other_person, require_step
from services.enrollment.domain.training_class import UNDER_REVIEW, TrainingClass, review
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook
from shared.policy.terms.term import Steps


async def review_class(uow: UnitOfWork, *, class_id: str, step: str, decision: Decision, opinion: str) -> TrainingClass:
    """Record the step in the actor's name and give the class.

    Raise Conflict ORDER for a step that is not due, Forbidden SAME_REVIEWER for a person who has another part in the
    case (JY-REP-07), Forbidden ROLE_MISSING for one without the step's role.
    """
    training_class = await class_of_region(uow, class_id)
    training_class.require(*UNDER_REVIEW, act="办理审批")
    book = uow.shelf.by_id(training_class.rulebook_id)
    steps = _steps(book)
    due = require_step(step, taken=len(training_class.round_reviews), steps=steps)
    duties = await uow.classes.duties(class_id)
    require_other_person(uow.actor.subject, due.code, duties=duties, terms=book.enrollment.four_eyes)
    uow.actor.require(due.role)
    reviewed = review(
        training_class,
        step=due,
        decision=decision,
        actor=uow.actor.subject,
        opinion=opinion,
        now=uow.now,
        steps=steps,
    )
    await uow.classes.assign_duty(class_id, uow.actor.subject, due.code)
    await uow.classes.add_review(class_id, reviewed.reviews[-1], position=len(reviewed.reviews))
    if reviewed.state == "approved":
        reviewed = await _ask_for_reservation(uow, reviewed, book)
    elif decision != "approve":
        await uow.unschedule(kind=OPEN_CLASS, key=class_id)
    reviewed = await uow.classes.save(reviewed)
    await uow.audit(action="class_reviewed", subject=class_id, details={"step": due.code, "decision": decision})
    return reviewed


async def _ask_for_reservation(uow: UnitOfWork, approved: TrainingClass, book: Rulebook) -> TrainingClass:
    entries = await uow.rosters.entries(approved.class_id)
    kinds = earnable_kinds(approved.plan, await occupation_of(uow, approved), book)
    version = await uow.publish(approved_event(approved, reservation_of(approved, entries, kinds=kinds)))
    await uow.persons.confirm(
        {
            entry.row.person_id: entry.row.particulars.name
            for entry in entries
            if entry.is_on_roster and entry.row.person_id
        }
    )
    return replace(approved, reservation_version=version)


def _steps(book: Rulebook) -> Steps:
    if book.enrollment.approval is None:
        raise Refused(
            code="APPROVAL_STEPS_MISSING",
            message=f"规则册 {book.id} 没有规定开班审批步骤。",
            advice="请由政策管理员补充审批步骤，或作出书面决定。",
        )
    return book.enrollment.approval
