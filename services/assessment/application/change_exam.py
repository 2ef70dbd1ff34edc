"""Change an exam that is still to come: decide on its application, put it on another day, withdraw it."""

from dataclasses import dataclass
from datetime import date

from services.assessment.application.access import ExamCase, exam_of_approver, exam_to_change, is_bureau_of
from services.assessment.application.complete_class import complete_class
from services.assessment.application.ports import AssessmentUnit
from services.assessment.application.schedule_assessment import body_of
from services.assessment.domain.application import ExamApplication, judge_move
from services.assessment.domain.assessment import Admission, Assessment, Move, Withdrawal, not_passed
from services.assessment.domain.ruling import excepted_kinds
from services.assessment.domain.scheduling import admit, move, withdraw
from shared.domain.actor import Role
from shared.domain.jurisdiction import ancestors
from shared.policy.decision import Finding
from shared.policy.judging import refuse_stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveExam:
    """Where an exam is to be put; without `body_id` its body stays."""

    exam_on: date
    body_id: str | None
    reason: str


async def admit_exam(uow: AssessmentUnit, *, assessment_id: str, admission: Admission) -> Assessment:
    """Record the approver's decision about an exam that awaits one and give it; admitted, it is announced (JY-ASM-03).

    Raise NotFound ASSESSMENT_UNKNOWN outside their region, Conflict NOT_AWAITED.
    """
    case = await exam_of_approver(uow, assessment_id)
    case.examined.require_running()
    decided, event = admit(case.exam, admission, await body_of(uow, case.exam.body_id))
    decided = await uow.assessments.save(decided)
    if event is not None:
        await uow.publish(event)
    await uow.audit(
        action="assessment.decided",
        subject=assessment_id,
        details={"rule": _rule(uow, case), "decision": admission.decision},
    )
    await complete_class(uow, case.examined)
    return decided


async def move_exam(
    uow: AssessmentUnit, *, assessment_id: str, command: MoveExam
) -> tuple[Assessment, tuple[Finding, ...]]:
    """Put the exam on another day or give it to another body; raise what the rules refuse, all at once.

    The days before the exam are counted anew from today; those before the end of the course were kept already.
    """
    case = await exam_to_change(uow, assessment_id)
    case.examined.require_running()
    exam = case.exam
    exam.require_movable()
    body = await body_of(uow, command.body_id or exam.body_id)
    change = Move(
        from_exam_on=exam.exam_on,
        from_body_id=exam.body_id,
        exam_on=command.exam_on,
        body_id=body.body_id,
        reason=command.reason,
        moved_by=uow.actor.subject,
        moved_at=uow.now,
    )
    lineage = ancestors(case.examined.region)
    rulebook = uow.shelf.by_id(case.examined.rulebook_id)
    findings = judge_move(await _asked(uow, case, change), case.examined, body, rulebook, regions=lineage)
    refuse_stopped(findings)
    moved, event = move(exam, change, body)
    moved = await uow.assessments.save(moved)
    await uow.classes.save(case.examined)
    if event is not None:
        await uow.publish(event)
    await uow.audit(
        action="assessment.moved",
        subject=assessment_id,
        details={
            "from": change.from_exam_on.isoformat(),
            "exam_on": change.exam_on.isoformat(),
            "body_id": change.body_id,
            "revision": moved.revision,
        },
    )
    return moved, tuple(findings)


async def withdraw_exam(uow: AssessmentUnit, *, assessment_id: str, reason: str) -> Assessment:
    """Withdraw an exam that is still to come and give it; the class may be complete without it.

    Raise Refused RESULTS_FINAL, EXAM_BEGUN, EXAM_WITHDRAWN, EXAM_REFUSED or CLASS_ENDED.
    """
    case = await exam_to_change(uow, assessment_id)
    case.examined.require_running()
    withdrawn, event = withdraw(case.exam, Withdrawal(on=uow.today, by=uow.actor.subject, reason=reason))
    withdrawn = await uow.assessments.save(withdrawn)
    if event is not None:
        await uow.publish(event)
    await uow.audit(action="assessment.withdrawn", subject=assessment_id, details={"class_id": case.examined.class_id})
    await complete_class(uow, case.examined)
    return withdrawn


async def _asked(uow: AssessmentUnit, case: ExamCase, change: Move) -> ExamApplication:
    exam, lineage = case.exam, ancestors(case.examined.region)
    exceptions = await uow.rulings.exceptions(lineage, occupation=case.examined.occupation)
    return ExamApplication(
        kind=exam.kind,
        mode=exam.mode,
        exam_on=change.exam_on,
        applied_on=exam.applied_on,
        channel=exam.channel,
        paper_received_on=exam.paper_received_on,
        persons=exam.persons,
        by_bureau=is_bureau_of(uow.actor, case.examined, Role.APPROVER),
        resit=not_passed(case.exams).issuperset(exam.persons),
        moved_on=uow.today,
        excepted=excepted_kinds(exceptions, on=change.exam_on, regions=lineage),
        fee_fen=exam.fee_fen,
        examiners=exam.examiners,
        record=await uow.bodies.record(change.body_id),
    )


def _rule(uow: AssessmentUnit, case: ExamCase) -> str | None:
    window = uow.shelf.by_id(case.examined.rulebook_id).assessment.online_window
    return None if window is None else window.rule
