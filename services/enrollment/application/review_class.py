"""A reviewer records one approval step (JY-ENR-25); the last one asks payment for the reservation."""

from dataclasses import replace

from services.enrollment.application.judging import institution_of, occupation_of
from services.enrollment.application.open_class import OPEN_CLASS
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.provincial_record import PROVINCIAL_RECORD, provincial_lines
from services.enrollment.application.quotas import take_place, with_quota_now
from services.enrollment.application.scope import class_of_region
from services.enrollment.application.steps import approval_steps, take_step
from services.enrollment.domain.attributes import published
from services.enrollment.domain.change import decisions_in_effect
from services.enrollment.domain.decision import require_answers
from services.enrollment.domain.plan import earnable_kinds
from services.enrollment.domain.reservation import approved_event, reservation_of
from services.enrollment.domain.review import Decision
from services.enrollment.domain.training_class import UNDER_REVIEW, TrainingClass, review
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook


async def review_class(uow: UnitOfWork, *, class_id: str, step: str, decision: Decision, opinion: str) -> TrainingClass:
    """Record the step in the actor's name and give the class.

    Raise Conflict ORDER for a step that is not due, Forbidden SAME_REVIEWER for a person who has another part in the
    case (JY-REP-07), Forbidden ROLE_MISSING for one without the step's role; Conflict DECISIONS_MISSING for an approval
    while a question of the rules waits for a recorded decision; Refused NOT_IN_SYSTEM for the last approval while the
    province has no receipt for every line (JY-FLD-17).
    """
    training_class = await class_of_region(uow, class_id)
    training_class.require(*UNDER_REVIEW, act="办理审批")
    book = uow.shelf.by_id(training_class.rulebook_id)
    due = await take_step(uow, training_class, book, step=step, case=0)
    training_class, quota = await with_quota_now(uow, training_class, await institution_of(uow, training_class))
    if decision == "approve":
        await _require_answers(uow, training_class, book)
    reviewed = review(
        training_class,
        step=due,
        decision=decision,
        actor=uow.actor.subject,
        opinion=opinion,
        now=uow.now,
        steps=approval_steps(book),
    )
    await uow.classes.add_review(class_id, reviewed.reviews[-1], position=len(reviewed.reviews))
    if reviewed.state == "approved":
        await _require_entered(uow, class_id, book)
        reviewed = await _ask_for_reservation(uow, reviewed, book)
        await take_place(uow, reviewed, quota)
    elif decision != "approve":
        await uow.unschedule(kind=OPEN_CLASS, key=class_id)
    reviewed = await uow.classes.save(reviewed)
    await uow.audit(action="class_reviewed", subject=class_id, details={"step": due.code, "decision": decision})
    return reviewed


async def _ask_for_reservation(uow: UnitOfWork, approved: TrainingClass, book: Rulebook) -> TrainingClass:
    entries = await uow.rosters.entries(approved.class_id)
    kinds = earnable_kinds(approved.plan, await occupation_of(uow, approved), book)
    attributes = published(approved.plan.stated, book.enrollment)
    asked = reservation_of(approved, entries, kinds=kinds, attributes=attributes)
    version = await uow.publish(approved_event(approved, asked))
    await uow.persons.confirm(
        {
            entry.row.person_id: entry.row.particulars.name
            for entry in entries
            if entry.is_on_roster and entry.row.person_id
        }
    )
    return replace(approved, reservation_version=version)


async def _require_entered(uow: UnitOfWork, class_id: str, book: Rulebook) -> None:
    term, lines = book.enrollment.system_entry, await provincial_lines(uow, class_id)
    received = await uow.lines_received(PROVINCIAL_RECORD.checkpoint, class_id, lines)
    if term is None or received is None or received == len(lines):
        return
    raise Refused(
        code="NOT_IN_SYSTEM",
        message=f"培训计划与花名册未在省级系统完成录入（{received} / {len(lines)} 行有回执），不能批准开班。",
        advice="请在录入情况（provincial-record）中查看未获回执或被拒收的行，更正并重新推送，全部取得回执后再批准。",
        field="class_id",
        rule=term.rule,
        clause=term.clause,
        document=term.document,
    )


async def _require_answers(uow: UnitOfWork, training_class: TrainingClass, book: Rulebook) -> None:
    class_id = training_class.class_id
    decisions = decisions_in_effect(training_class, await uow.decisions.of_class(class_id))
    asking = [entry.row.row for entry in await uow.rosters.entries(class_id) if entry.judgement.verdict == "ask"]
    basis = book.enrollment.start_after_approval
    require_answers(training_class.findings, decisions.get(None, ()), asking, basis=basis)
