"""An exam that is still to come: the bureau's decision on its application, another day or body, its withdrawal."""

from typing import Annotated, Literal

from fastapi import Depends, Request, Response

from services.assessment.api.schemas import Body, Day, Id, Reason, example, require_unchanged
from services.assessment.api.views import ExamSummary, ScheduledAnswer
from services.assessment.application.change_exam import MoveExam, admit_exam, move_exam, withdraw_exam
from services.assessment.application.ports import AssessmentUnit
from services.assessment.domain.assessment import Admission
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import write_transaction
from shared.web.versions import etag

router = service_router("/assessment/v1/assessments", tags=["班级考核"])

Write = Annotated[AssessmentUnit, Depends(write_transaction)]


class MoveBody(Body):
    """Another day for an exam, and another body if one is named."""

    model_config = example({"exam_on": "2021-07-09", "reason": "考场维修，改期举行"})

    exam_on: Day
    body_id: Id | None = None
    reason: Reason


class WithdrawalBody(Body):
    """Why an exam will not be held; it is published, so it names nobody."""

    model_config = example({"reason": "考点停用，另行申请"})

    reason: Reason


class AdmissionBody(Body):
    """What a person decides about an application that no rule decides."""

    model_config = example({"decision": "admit", "reason": "线上课程已按期完成，同意安排考核"})

    decision: Literal["admit", "refuse"]
    reason: Reason


@router.post(
    "/{assessment_id}/schedule",
    summary="考核改期或更换评价机构",
    dependencies=[requires(Role.INSTITUTION, Role.APPROVER)],
    responses=responses(404, 412, 422),
)
async def post_schedule(
    assessment_id: str, body: MoveBody, unit: Write, request: Request, response: Response
) -> ScheduledAnswer:
    """Put an exam without results on another day; it is announced again under its next revision."""
    await require_unchanged(request, unit, assessment_id)
    command = MoveExam(exam_on=body.exam_on, body_id=body.body_id, reason=body.reason)
    exam, findings = await move_exam(unit, assessment_id=assessment_id, command=command)
    response.headers["ETag"] = etag(exam.version)
    return ScheduledAnswer.scheduled(exam, findings)


@router.post(
    "/{assessment_id}/withdrawal",
    summary="撤回考核申请",
    dependencies=[requires(Role.INSTITUTION, Role.APPROVER)],
    responses=responses(404, 412, 422),
)
async def post_withdrawal(
    assessment_id: str, body: WithdrawalBody, unit: Write, request: Request, response: Response
) -> ExamSummary:
    """Withdraw an exam without results; the class may be complete without it."""
    await require_unchanged(request, unit, assessment_id)
    exam = await withdraw_exam(unit, assessment_id=assessment_id, reason=body.reason)
    response.headers["ETag"] = etag(exam.version)
    return ExamSummary.of(exam)


@router.post(
    "/{assessment_id}/decision",
    summary="决定考核申请（线上培训未规定申请时间时）",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, 409, 412, 422),
)
async def post_decision(
    assessment_id: str, body: AdmissionBody, unit: Write, request: Request, response: Response
) -> ExamSummary:
    """Admit or refuse an exam that awaits a decision; admitted, it is scheduled and announced."""
    await require_unchanged(request, unit, assessment_id)
    admission = Admission(
        decision=body.decision, reason=body.reason, decided_by=unit.actor.subject, decided_at=unit.now
    )
    exam = await admit_exam(unit, assessment_id=assessment_id, admission=admission)
    response.headers["ETag"] = etag(exam.version)
    return ExamSummary.of(exam)
