"""Addresses of classes: application, review, changes and what people read."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.enrollment.api.schemas import (
    ClassAnswer,
    ClassBody,
    ClassPage,
    EmptyBody,
    OpeningBody,
    ReasonBody,
    ReviewBody,
    sessions_of,
)
from services.enrollment.application.amend_class import amend_class
from services.enrollment.application.draft_class import draft_class
from services.enrollment.application.move_opening import move_opening
from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.queries import list_classes, view_class, view_of
from services.enrollment.application.review_class import review_class
from services.enrollment.application.scope import BUREAU, visible_class
from services.enrollment.application.submit_class import submit_class
from services.enrollment.application.withdraw_class import withdraw_class
from services.enrollment.domain.training_class import State, TrainingClass
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.transactions import read_transaction, unkeyed_transaction, write_transaction
from shared.web.versions import etag, require_match

router = service_router("/enrollment/v1", tags=["班级"])
Read = Annotated[UnitOfWork, Depends(read_transaction)]
Write = Annotated[UnitOfWork, Depends(write_transaction)]
Unkeyed = Annotated[UnitOfWork, Depends(unkeyed_transaction)]
INSTITUTION = [requires(Role.INSTITUTION)]
READERS = (Role.INSTITUTION, *BUREAU)


async def require_unchanged(request: Request, unit: UnitOfWork, class_id: str) -> None:
    """Raise 412 when the request names a version by `If-Match` and the class has moved on; the class stays locked.

    Whoever may not see the class is told NotFound first: its version is not theirs to learn.
    """
    if "if-match" in request.headers:
        require_match(request, (await visible_class(unit, class_id, lock=True)).version)


@router.post(
    "/classes",
    status_code=201,
    summary="开班申请：培训计划、教学计划（草稿）",
    dependencies=INSTITUTION,
    responses=responses(404, 422),
)
async def post_class(body: ClassBody, unit: Write, response: Response) -> ClassAnswer:
    """Store a draft, or refuse it with everything that stops it in `errors`: a stored draft breaks no rule as of today.

    That takes in what stands outside the plan: the directory, suspensions, and others' hold of teachers and venues.
    What the rules warn of or ask a person stands in `findings`.
    """
    return await _answer(unit, response, await draft_class(unit, body.to_plan()))


@router.put(
    "/classes/{class_id}",
    summary="修改草稿或被退回的开班申请",
    dependencies=INSTITUTION,
    responses=responses(404, 409, 412, 422),
)
async def put_class(class_id: str, body: ClassBody, unit: Unkeyed, request: Request, response: Response) -> ClassAnswer:
    """Put this application in place of the draft or returned one; its roster is judged anew."""
    await require_unchanged(request, unit, class_id)
    return await _answer(unit, response, await amend_class(unit, class_id=class_id, plan=body.to_plan()))


@router.post(
    "/classes/{class_id}/submission",
    summary="提交开班申请",
    dependencies=INSTITUTION,
    responses=responses(403, 404, 409, 412, 422),
)
async def post_submission(
    class_id: str, body: EmptyBody, unit: Write, request: Request, response: Response
) -> ClassAnswer:
    """Submit the application; everything is judged as of today."""
    await require_unchanged(request, unit, class_id)
    return await _answer(unit, response, await submit_class(unit, class_id=class_id))


@router.post(
    "/classes/{class_id}/reviews",
    summary="初审、复核、人社部门审核意见",
    dependencies=[requires(Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER)],
    responses=responses(404, 409, 412),
)
async def post_review(
    class_id: str, body: ReviewBody, unit: Write, request: Request, response: Response
) -> ClassAnswer:
    """Record one approval step; no person takes two steps of one case."""
    await require_unchanged(request, unit, class_id)
    return await _answer(
        unit,
        response,
        await review_class(unit, class_id=class_id, step=body.step, decision=body.decision, opinion=body.opinion),
    )


@router.post(
    "/classes/{class_id}/opening-date",
    summary="开班前变更开班日期与课次",
    dependencies=INSTITUTION,
    responses=responses(404, 409, 412, 422),
)
async def post_opening_date(
    class_id: str, body: OpeningBody, unit: Write, request: Request, response: Response
) -> ClassAnswer:
    """Move the opening of a draft or returned class; for an approved one this proposes a change (see `/changes`)."""
    await require_unchanged(request, unit, class_id)
    moved = await move_opening(
        unit,
        class_id=class_id,
        opening_date=body.opening_date,
        closing_date=body.closing_date,
        sessions=sessions_of(body.sessions),
    )
    return await _answer(unit, response, moved)


@router.post(
    "/classes/{class_id}/withdrawal",
    summary="开班前撤回班级",
    dependencies=INSTITUTION,
    responses=responses(404, 409, 412),
)
async def post_withdrawal(
    class_id: str, body: ReasonBody, unit: Write, request: Request, response: Response
) -> ClassAnswer:
    """Withdraw the class before it opens; its people are free for others."""
    await require_unchanged(request, unit, class_id)
    withdrawn = await withdraw_class(unit, class_id=class_id, code=body.reason_code, reason=body.reason)
    return await _answer(unit, response, withdrawn)


@router.get("/classes", summary="班级列表", dependencies=[requires(*READERS)])
async def get_classes(
    unit: Read,
    state: State | None = None,
    cursor: Annotated[str | None, Query(max_length=200, description="上一页返回的 next")] = None,
) -> ClassPage:
    """List the classes within the caller's scope by opening date."""
    views, more = await list_classes(unit, state=state, cursor=cursor)
    return ClassPage(items=[ClassAnswer.of(view) for view in views], next=more)


@router.get("/classes/{class_id}", summary="班级详情", dependencies=[requires(*READERS)], responses=responses(404))
async def get_class(class_id: str, unit: Read, response: Response) -> ClassAnswer:
    """Show one class within the caller's scope."""
    view = await view_class(unit, class_id)
    response.headers["ETag"] = etag(view.training_class.version)
    return ClassAnswer.of(view)


async def _answer(unit: UnitOfWork, response: Response, training_class: TrainingClass) -> ClassAnswer:
    response.headers["ETag"] = etag(training_class.version)
    return ClassAnswer.of(await view_of(unit, training_class))
