"""Addresses of the desk: why is this unpaid, what waits for me, and one trainee's line given back."""

from typing import Annotated, Literal

from fastapi import Path, Query, Request, Response
from pydantic import Field

from services.payment.api.claim_views import ClaimView
from services.payment.api.claims import (
    CLAIMANTS,
    CLASS_READERS,
    READERS,
    REVIEWERS,
    Read,
    Write,
    claim_view,
    require_unchanged,
)
from services.payment.api.desk_views import ProgressView, QueueItemView, QueuePage
from services.payment.api.schemas import Body, LongText, ReasonCode
from services.payment.application.desk import queue, read_class_progress, read_progress
from services.payment.application.return_line import answer_line, return_line
from services.payment.application.scope import BUREAU
from services.payment.domain.line_return import LineAnswer
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.versions import etag

router = service_router("/payment/v1", tags=["办理进度"])

LineNo = Annotated[int, Path(ge=1, le=10_000, description="申领条目序号")]


class LineReturnBody(Body):
    """A standard reason from the rulebook, and what exactly is wanted."""

    reason_code: ReasonCode
    note: LongText


class LineAnswerBody(Body):
    """The claimant's answer to a returned line."""

    answer: Literal["resubmitted", "given_up"]
    statement: Annotated[LongText, Field(description="补正说明或放弃原因")]


@router.get(
    "/claims/{claim_id}/blockers",
    summary="申领为什么还没有拨付：下一步、由谁办理、还缺什么",
    dependencies=[requires(*READERS)],
    responses=responses(404),
)
async def get_claim_blockers(claim_id: str, unit: Read, response: Response) -> ProgressView:
    """Give the next step of a claim, who holds it since when, the working days left, and what is missing."""
    view = ProgressView.of(await read_progress(unit, claim_id), unit.today)
    response.headers["ETag"] = etag(view.version)
    return view


@router.get(
    "/classes/{class_id}/blockers",
    summary="班级为什么还没有补贴：尚未申领时还缺什么",
    dependencies=[requires(*CLASS_READERS)],
    responses=responses(404),
)
async def get_class_blockers(class_id: str, unit: Read, response: Response) -> ProgressView:
    """Give the progress of a class's claim or, without one, what stands between the class and a claim."""
    view = ProgressView.of(await read_class_progress(unit, class_id), unit.today)
    response.headers["ETag"] = etag(view.version)
    return view


@router.get(
    "/queue",
    summary="待办：本角色现在要办理的申领环节，期限最近的在前",
    dependencies=[requires(Role.INSTITUTION, Role.ASSESSOR, *(role for role in BUREAU if role is not Role.AUDITOR))],
)
async def get_queue(
    unit: Read,
    cursor: Annotated[str | None, Query(max_length=300, description="上一页返回的 next")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> QueuePage:
    """Give the tasks of the caller's roles within his region or institution."""
    items, following = await queue(unit, after=cursor, limit=limit)
    return QueuePage(items=[QueueItemView.of(item, unit.today) for item in items], next=following)


@router.post(
    "/claims/{claim_id}/lines/{line_no}/return",
    summary="按标准原因退回一名学员的条目，其余继续办理",
    dependencies=[requires(*REVIEWERS)],
    responses=responses(403, 404, 409, 412, 422),
)
async def post_line_return(
    claim_id: str, line_no: LineNo, body: LineReturnBody, unit: Write, request: Request, response: Response
) -> ClaimView:
    """Give one line back to the claimant."""
    await require_unchanged(request, unit, claim_id)
    await return_line(unit, claim_id=claim_id, line_no=line_no, reason_code=body.reason_code, note=body.note)
    return await claim_view(unit, claim_id, response)


@router.post(
    "/claims/{claim_id}/lines/{line_no}/answer",
    summary="答复退回的条目：补正后重新提交，或放弃",
    dependencies=[requires(*CLAIMANTS)],
    responses=responses(404, 409, 412, 422),
)
async def post_line_answer(
    claim_id: str, line_no: LineNo, body: LineAnswerBody, unit: Write, request: Request, response: Response
) -> ClaimView:
    """Hand a returned line in again, or give it up."""
    await require_unchanged(request, unit, claim_id)
    await answer_line(
        unit, claim_id=claim_id, line_no=line_no, answer=LineAnswer(body.answer), statement=body.statement
    )
    return await claim_view(unit, claim_id, response)
