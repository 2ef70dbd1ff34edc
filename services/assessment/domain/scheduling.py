"""An exam before it is held: scheduled, decided on where no rule can, moved, or withdrawn."""

from collections.abc import Sequence
from dataclasses import replace

from services.assessment.domain.application import ExamApplication, before_course_end
from services.assessment.domain.assessment import Admission, Assessment, Move, Withdrawal, named
from services.assessment.domain.body import AssessmentBody
from services.assessment.domain.examined_class import ExaminedClass
from shared.contracts.assessment import AssessmentScheduled, AssessmentWithdrawn
from shared.domain.errors import Conflict, Refused
from shared.policy.judging import refuse_stopped
from shared.policy.rulebook import Rulebook


def schedule(
    application: ExamApplication,
    examined: ExaminedClass,
    body: AssessmentBody,
    others: Sequence[Assessment],
    *,
    assessment_id: str,
    applied_by: str,
    needs_admission: bool = False,
) -> tuple[Assessment, AssessmentScheduled | None]:
    """Schedule an exam whose application stands; `others` are all exams of the class.

    One that `needs_admission` only awaits it: there is no event yet. Raise Conflict EXAM_SCHEDULED when somebody in it
    already awaits an exam of the same kind.
    """
    rivals = [other for other in others if other.kind == application.kind and other.is_pending]
    waiting = {person for other in rivals for person in other.persons}
    if double := waiting.intersection(application.persons):
        raise Conflict(
            code="EXAM_SCHEDULED",
            message=f"有 {len(double)} 人已列入同一证书种类、尚未定稿的考核。",
            advice="请勿重复申请；该次考核尚未举行的，可以改期（POST assessments/{id}/schedule）"
            "或撤回后重新申请（POST assessments/{id}/withdrawal）；已经举行的，待其定稿后再申请。",
            field="persons",
            value=named(double),
        )
    assessment = Assessment(
        assessment_id=assessment_id,
        class_id=examined.class_id,
        number=len(others) + 1,
        body_id=body.body_id,
        kind=application.kind,
        mode=application.mode,
        exam_on=application.exam_on,
        applied_on=application.applied_on,
        applied_by=applied_by,
        channel=application.channel,
        paper_received_on=application.paper_received_on,
        persons=application.persons,
        fee_fen=application.fee_fen,
        examiners=application.examiners,
        scores={},
        outcomes={},
        needs_admission=needs_admission,
        revision=0,
    )
    return _announced(assessment, body)


def admit(
    assessment: Assessment, admission: Admission, body: AssessmentBody
) -> tuple[Assessment, AssessmentScheduled | None]:
    """Record what a person decided about an exam that awaits it; admitted, it is scheduled and announced.

    Raise Conflict NOT_AWAITED when nobody asked, or somebody decided already.
    """
    if assessment.state != "awaiting":
        raise Conflict(
            code="NOT_AWAITED",
            message="本次考核申请无须决定，或已经决定。",
            advice="请重新查询考核；已安排的考核如不举行，请撤回。",
        )
    return _announced(replace(assessment, admission=admission), body)


def move(assessment: Assessment, change: Move, body: AssessmentBody) -> tuple[Assessment, AssessmentScheduled | None]:
    """Put an exam that is still to come on another day or give it to another body, and announce it again.

    Raise Refused EXAM_BEGUN and others (`require_movable`), NOTHING_CHANGED when it stays as it is.
    """
    assessment.require_movable()
    if (change.exam_on, change.body_id) == (assessment.exam_on, assessment.body_id):
        raise Refused(
            code="NOTHING_CHANGED",
            message="考核日期和评价机构与现有安排相同。",
            advice="请填写新的考核日期或评价机构。",
            field="exam_on",
            value=change.exam_on.isoformat(),
        )
    moved = replace(assessment, exam_on=change.exam_on, body_id=change.body_id, moves=(*assessment.moves, change))
    return _announced(moved, body)


def require_after_course(assessment: Assessment, examined: ExaminedClass, rulebook: Rulebook) -> None:
    """Raise Refused EXAM_BEFORE_COURSE_END when the course was prolonged beyond an exam that has not begun."""
    if assessment.is_pending and not assessment.has_begun:
        refuse_stopped(before_course_end(assessment.exam_on, examined, rulebook))


def withdraw(assessment: Assessment, withdrawal: Withdrawal) -> tuple[Assessment, AssessmentWithdrawn | None]:
    """Take an exam back that is still to come; one that was never announced needs no event."""
    assessment.require_movable()
    withdrawn = replace(assessment, withdrawal=withdrawal)
    if assessment.revision == 0:
        return withdrawn, None
    return withdrawn, AssessmentWithdrawn(
        class_id=assessment.class_id,
        assessment_id=assessment.assessment_id,
        on=withdrawal.on,
        reason="",  # a person's words may name somebody: they stay here
    )


def _announced(assessment: Assessment, body: AssessmentBody) -> tuple[Assessment, AssessmentScheduled | None]:
    """Give the exam under its next revision with the event that says so, or as it is while it awaits a decision."""
    if assessment.state != "scheduled":
        return assessment, None
    announced = replace(assessment, revision=assessment.revision + 1)
    return announced, AssessmentScheduled(
        class_id=assessment.class_id,
        assessment_id=assessment.assessment_id,
        body_id=body.body_id,
        body_name=body.name,
        certificate_kind=assessment.kind,
        applied_on=assessment.applied_on,
        exam_on=assessment.exam_on,
        channel=assessment.channel,
        revision=announced.revision,
    )
