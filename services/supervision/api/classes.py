"""Classes under supervision: videos, inspections, the bureau's opinion, approvals, and what people read."""

from typing import Annotated, Final

from fastapi import Depends, Response

from services.supervision.api.schemas import ApprovalBody, CheckBody, OpinionBody, PathId, VideosBody
from services.supervision.api.views import (
    ApprovalAnswer,
    AttendanceView,
    CheckView,
    ClassView,
    OpinionAnswer,
    OpinionView,
    VideoRowAnswer,
    VideosAnswer,
)
from services.supervision.application.approve_sign_ins import approve_sign_ins
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.queries import read_class
from services.supervision.application.record_check import record_check
from services.supervision.application.report_videos import report_videos
from services.supervision.application.state_opinion import state_opinion
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.versions import etag

router = service_router("/supervision/v1/classes", tags=["班级监管"])

Write = Annotated[SupervisionUnit, Depends(write_transaction)]
Read = Annotated[SupervisionUnit, Depends(read_transaction)]

READERS: Final = (
    Role.INSTITUTION,
    Role.FIRST_REVIEWER,
    Role.SECOND_REVIEWER,
    Role.APPROVER,
    Role.INSPECTOR,
    Role.FINANCE,
    Role.AUDITOR,
    Role.PROVINCE,
)


@router.get("/{class_id}", summary="班级监管情况", dependencies=[requires(*READERS)], responses=responses(404))
async def get_class(class_id: PathId, unit: Read, response: Response) -> ClassView:
    """Give everything supervision knows of a class."""
    view = ClassView.of(await read_class(unit, class_id))
    response.headers["ETag"] = etag(view.version)
    return view


@router.get(
    "/{class_id}/attendance", summary="出勤表（课次×学员）", dependencies=[requires(*READERS)], responses=responses(404)
)
async def get_attendance(class_id: PathId, unit: Read, response: Response) -> AttendanceView:
    """Give who was there when."""
    view = AttendanceView.of(await read_class(unit, class_id))
    response.headers["ETag"] = etag(view.version)
    return view


@router.post(
    "/{class_id}/videos",
    summary="上报录像元数据",
    dependencies=[requires(Role.INSTITUTION, Role.DEVICE)],
    responses=responses(404),
)
async def post_videos(class_id: PathId, body: VideosBody, unit: Write) -> VideosAnswer:
    """Judge the metadata of video files row by row."""
    verdicts = await report_videos(unit, class_id=class_id, clips=[video.to_clip() for video in body.videos])
    return VideosAnswer(rows=[VideoRowAnswer.of(verdict) for verdict in verdicts])


@router.post(
    "/{class_id}/checks",
    status_code=201,
    summary="登记现场检查（开班当日检查、过程抽查）",
    dependencies=[requires(Role.INSPECTOR)],
    responses=responses(404),
)
async def post_check(class_id: PathId, body: CheckBody, unit: Write, response: Response) -> CheckView:
    """Record an inspection; whoever records it signs it."""
    check, file = await record_check(unit, class_id=class_id, command=body.to_command())
    response.headers["ETag"] = etag(file.training_class.version)
    return CheckView.of(check)


@router.post(
    "/{class_id}/opinion", summary="人社部门检查意见", dependencies=[requires(Role.APPROVER)], responses=responses(404)
)
async def post_opinion(class_id: PathId, body: OpinionBody, unit: Write, response: Response) -> OpinionAnswer:
    """State the bureau's opinion; a later one replaces it."""
    file = await state_opinion(unit, class_id=class_id, passed=body.passed, remark=body.remark)
    training_class = file.training_class
    response.headers["ETag"] = etag(training_class.version)
    return OpinionAnswer(
        class_id=training_class.class_id,
        state=training_class.state,
        opinion=None if training_class.opinion is None else OpinionView.of(training_class.opinion),
        version=training_class.version,
    )


@router.post(
    "/{class_id}/sign-in-approvals",
    summary="批准人工补签等须审核的签到",
    dependencies=[requires(Role.INSPECTOR, Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER)],
    responses=responses(404),
)
async def post_approval(class_id: PathId, body: ApprovalBody, unit: Write) -> ApprovalAnswer:
    """Let sign-ins count that wait for a reviewer (JY-SUP-01)."""
    done = await approve_sign_ins(
        unit, class_id=class_id, device_id=body.device_id, sequences=body.sequences, reason=body.reason
    )
    return ApprovalAnswer(approved=list(done.approved), unknown=list(done.unknown))
