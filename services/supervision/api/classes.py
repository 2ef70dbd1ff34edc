"""Classes under supervision: videos, inspections, the bureau's opinion, approvals, and what people read."""

from typing import Annotated, Final

from fastapi import Depends, Query, Response

from services.supervision.api.class_views import AttendanceView, ClassView, SessionView, ViewingAnswer
from services.supervision.api.list_views import AwaitingList, AwaitingView, ClassLine, ClassPage
from services.supervision.api.problem_codes import CURSOR_INVALID, NOBODY_IN_CUSTODY, RECORD_VOID, SAME_AUTHOR
from services.supervision.api.record_views import (
    ApprovalAnswer,
    CheckView,
    ClipView,
    ComparisonAnswer,
    OpinionAnswer,
    OpinionView,
    RegisterAnswer,
    RegisterDecisionView,
    VideoRowAnswer,
    VideosAnswer,
)
from services.supervision.api.schemas import (
    ApprovalBody,
    CheckBody,
    ComparisonBody,
    Cursor,
    Id,
    OpinionBody,
    PathId,
    ReasonBody,
    RegisterBody,
    VideosBody,
    ViewingBody,
)
from services.supervision.application.approve_sign_ins import approve_sign_ins
from services.supervision.application.compare_attendance import compare_attendance
from services.supervision.application.decide_register import decide_register
from services.supervision.application.ports import SupervisionUnit
from services.supervision.application.queries import list_awaiting_sign_ins, list_classes, read_class
from services.supervision.application.record_check import record_check
from services.supervision.application.report_videos import report_videos
from services.supervision.application.state_opinion import state_opinion
from services.supervision.application.view_session import view_session
from services.supervision.application.void_record import void_check, void_video
from services.supervision.domain.training_class import State
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, write_transaction
from shared.web.versions import etag

router = service_router("/supervision/v1/classes", tags=["班级监管"])

Write = Annotated[SupervisionUnit, Depends(write_transaction)]
Read = Annotated[SupervisionUnit, Depends(read_transaction)]

BUREAU: Final = (
    Role.FIRST_REVIEWER,
    Role.SECOND_REVIEWER,
    Role.APPROVER,
    Role.INSPECTOR,
    Role.FINANCE,
    Role.AUDITOR,
    Role.PROVINCE,
)
READERS: Final = (Role.INSTITUTION, *BUREAU)


@router.get("", summary="班级监管列表", dependencies=[requires(*READERS)], responses=responses(CURSOR_INVALID))
async def get_classes(
    unit: Read,
    state: State | None = None,
    institution_id: Annotated[Id | None, Query()] = None,
    cursor: Cursor = None,
) -> ClassPage:
    """List the classes within the caller's scope by opening date."""
    found, more = await list_classes(unit, state=state, institution_id=institution_id, cursor=cursor)
    return ClassPage(items=[ClassLine.of(line) for line in found], next=more)


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
    verdicts = await report_videos(
        unit, class_id=class_id, clips=[video.to_clip(reported_by=unit.actor.subject) for video in body.videos]
    )
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
    "/{class_id}/checks/{check_id}/void",
    summary="作废现场检查记录（由未签字的他人办理）",
    dependencies=[requires(Role.INSPECTOR, Role.APPROVER)],
    responses=responses(404, SAME_AUTHOR, RECORD_VOID),
)
async def post_check_void(
    class_id: PathId, check_id: PathId, body: ReasonBody, unit: Write, response: Response
) -> CheckView:
    """Declare an inspection record void; totals that rested on it are published again."""
    check, file = await void_check(unit, class_id=class_id, check_id=check_id, reason=body.reason)
    response.headers["ETag"] = etag(file.training_class.version)
    return CheckView.of(check)


@router.post(
    "/{class_id}/videos/{video_id}/void",
    summary="作废误报的录像（由上报人以外的人办理）",
    dependencies=[requires(Role.INSPECTOR, Role.APPROVER)],
    responses=responses(404, SAME_AUTHOR, RECORD_VOID),
)
async def post_video_void(
    class_id: PathId, video_id: PathId, body: ReasonBody, unit: Write, response: Response
) -> ClipView:
    """Declare a reported video void; after the training its session's video is judged without it."""
    clip, file = await void_video(unit, class_id=class_id, video_id=video_id, reason=body.reason)
    response.headers["ETag"] = etag(file.training_class.version)
    return ClipView.of(clip)


@router.post(
    "/{class_id}/register-decisions",
    status_code=201,
    summary="决定监管场所名册可否代替设备签到",
    dependencies=[requires(Role.APPROVER)],
    responses=responses(404, NOBODY_IN_CUSTODY),
)
async def post_register_decision(
    class_id: PathId, body: RegisterBody, unit: Write, response: Response
) -> RegisterAnswer:
    """Decide for people in custody (JY-ENR-16); a later decision replaces an earlier one."""
    file = await decide_register(unit, class_id=class_id, allowed=body.allowed, reason=body.reason)
    training_class = file.training_class
    response.headers["ETag"] = etag(training_class.version)
    return RegisterAnswer(
        class_id=class_id,
        persons=len(training_class.custody),
        decision=RegisterDecisionView.of(training_class.register_decisions[-1]),
        version=training_class.version,
    )


@router.post(
    "/{class_id}/comparisons",
    summary="把考勤与其他数据比对，逐人逐日登记疑点",
    dependencies=[requires(Role.INSPECTOR)],
    responses=responses(404),
)
async def post_comparison(class_id: PathId, body: ComparisonBody, unit: Write, response: Response) -> ComparisonAnswer:
    """Hold attendance against data of another source (HB-SUP-02); what is open then keeps the class unpaid."""
    file, doubts = await compare_attendance(unit, class_id=class_id, source=body.source, hits=body.to_hits())
    response.headers["ETag"] = etag(file.training_class.version)
    return ComparisonAnswer(class_id=class_id, hits=len(body.hits), doubts=doubts, version=file.training_class.version)


@router.post(
    "/{class_id}/sessions/{session_id}/viewings",
    status_code=201,
    summary="查看课堂出勤与录像（实时或回放），查看留痕",
    dependencies=[requires(Role.INSPECTOR, Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER)],
    responses=responses(404),
)
async def post_viewing(class_id: PathId, session_id: PathId, body: ViewingBody, unit: Write) -> ViewingAnswer:
    """Look at a session; who looked at what, and when, is in the audit log (QJ-SUP-02)."""
    session, reading = await view_session(unit, class_id=class_id, session_id=session_id, mode=body.mode)
    return ViewingAnswer(
        mode=body.mode,
        session=SessionView.of(session, reading),
        recordings=[ClipView.of(clip) for clip in reading.file.clips_of(session_id)],
    )


@router.post(
    "/{class_id}/opinion", summary="人社部门检查意见", dependencies=[requires(Role.APPROVER)], responses=responses(404)
)
async def post_opinion(class_id: PathId, body: OpinionBody, unit: Write, response: Response) -> OpinionAnswer:
    """State the bureau's opinion; a later one replaces it."""
    file = await state_opinion(
        unit,
        class_id=class_id,
        passed=body.passed,
        remark=body.remark,
        verified=body.verified,
        sampled=body.sampled,
    )
    training_class = file.training_class
    response.headers["ETag"] = etag(training_class.version)
    return OpinionAnswer(
        class_id=training_class.class_id,
        state=training_class.state,
        opinion=None if training_class.opinion is None else OpinionView.of(training_class.opinion),
        version=training_class.version,
    )


@router.get(
    "/{class_id}/sign-in-approvals",
    summary="等待批准的签到（人工补签等）",
    dependencies=[requires(*READERS)],
    responses=responses(404, CURSOR_INVALID),
)
async def get_approvals(class_id: PathId, unit: Read, cursor: Cursor = None) -> AwaitingList:
    """List the sign-ins that count only once a reviewer approves them (JY-SUP-01)."""
    found, more = await list_awaiting_sign_ins(unit, class_id, cursor=cursor)
    return AwaitingList(items=[AwaitingView.of(each) for each in found], next=more)


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
