"""Addresses of what reviewers decide besides the steps: questions of the rules, single rows, changes after approval."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.enrollment.api.case_schemas import (
    ChangeAnswer,
    ChangeBody,
    ChangePage,
    ChangeReviewBody,
    ContactAnswer,
    ContactBody,
    DecisionAnswer,
    DecisionBody,
    DecisionsAnswer,
    QueuePage,
    RevelationAnswer,
    RevelationBody,
    TaskAnswer,
)
from services.enrollment.api.classes import INSTITUTION, READERS, Read, Unkeyed, Write, require_unchanged
from services.enrollment.api.schemas import EmptyBody
from services.enrollment.application.change_class import list_changes, propose_change, review_change, withdraw_change
from services.enrollment.application.decide_questions import decide_questions, list_decisions
from services.enrollment.application.list_queue import list_queue
from services.enrollment.application.reveal_contact import reveal_contact
from services.enrollment.application.reveal_row import reveal_row
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.versions import etag

router = service_router("/enrollment/v1", tags=["决定与变更"])
REVIEWERS = [requires(Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER)]
Number = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get("/queue", summary="待办：本人环节、本辖区，按等候先后", dependencies=REVIEWERS)
async def get_queue(
    unit: Read, cursor: Annotated[str | None, Query(max_length=300, description="上一页返回的 next")] = None
) -> QueuePage:
    """List the applications and changes whose due step the caller may take, with the last day in time."""
    tasks, more = await list_queue(unit, cursor=cursor)
    return QueuePage(items=[TaskAnswer.of(task) for task in tasks], next=more)


@router.post(
    "/classes/{class_id}/decisions",
    status_code=201,
    summary="记录人工决定：例外、须核实的行、退回单个学员",
    dependencies=REVIEWERS,
    responses=responses(403, 404, 409, 412, 422),
)
async def post_decision(
    class_id: str, body: DecisionBody, unit: Write, request: Request, response: Response
) -> DecisionsAnswer:
    """Answer a question of the rules with a reason; whose step is due decides, and a later decision replaces it.

    Every question of the plan and of the rows needs its decision before a step is approved.
    """
    await require_unchanged(request, unit, class_id)
    training_class, made = await decide_questions(unit, class_id=class_id, answer=body.to_answer())
    response.headers["ETag"] = etag(training_class.version)
    items = [DecisionAnswer.of(one, with_reason=False) for one in made]
    return DecisionsAnswer(version=training_class.version, items=items)


@router.get(
    "/classes/{class_id}/decisions",
    summary="人工决定记录",
    dependencies=[requires(*READERS)],
    responses=responses(404),
)
async def get_decisions(class_id: str, unit: Read) -> DecisionsAnswer:
    """Show every recorded decision with rule, clause, author and reason, in order."""
    training_class, decisions = await list_decisions(unit, class_id)
    items = [DecisionAnswer.of(one, with_reason=True) for one in decisions]
    return DecisionsAnswer(version=training_class.version, items=items)


@router.post(
    "/classes/{class_id}/roster/{row}/revelation",
    summary="查看须人工决定的行的申报内容（留痕）",
    dependencies=REVIEWERS,
    responses=responses(404, 409, 422),
)
async def post_revelation(class_id: str, row: Number, body: RevelationBody, unit: Unkeyed) -> RevelationAnswer:
    """Show what a row with a question states, for a standard reason; the look is audited, the answer kept nowhere.

    Takes no `Idempotency-Key`, because the answer under a key would be stored.
    """
    return RevelationAnswer.of(
        await reveal_row(unit, class_id=class_id, case=body.change, row=row, code=body.reason_code)
    )


@router.post(
    "/classes/{class_id}/contact",
    summary="查看申请表联系人与电话（留痕）",
    dependencies=[requires(Role.INSTITUTION, Role.FIRST_REVIEWER, Role.SECOND_REVIEWER, Role.APPROVER, Role.FINANCE)],
    responses=responses(404, 422),
)
async def post_contact(class_id: str, body: ContactBody, unit: Unkeyed) -> ContactAnswer:
    """Show the form's contact person and telephone for a standard reason; the look is audited, the answer kept nowhere.

    Takes no `Idempotency-Key`, because the answer under a key would be stored.
    """
    form = await reveal_contact(unit, class_id=class_id, code=body.reason_code)
    return ContactAnswer(class_id=class_id, contact_person=form.contact_person, telephone=form.telephone)


@router.post(
    "/classes/{class_id}/changes",
    status_code=201,
    summary="批准后申请变更：开班日期、课次、教师、场地、学员",
    dependencies=INSTITUTION,
    responses=responses(403, 404, 409, 412, 422),
)
async def post_change(
    class_id: str, body: ChangeBody, unit: Write, request: Request, response: Response
) -> ChangeAnswer:
    """Propose a change; until its last step is approved the class stays as it was."""
    await require_unchanged(request, unit, class_id)
    training_class, change = await propose_change(unit, class_id=class_id, wish=body.to_wish())
    response.headers["ETag"] = etag(training_class.version)
    return ChangeAnswer.of(change, training_class)


@router.get(
    "/classes/{class_id}/changes", summary="变更申请", dependencies=[requires(*READERS)], responses=responses(404)
)
async def get_changes(class_id: str, unit: Read) -> ChangePage:
    """Show every change of the class with its questions and reviews, in order."""
    training_class, changes = await list_changes(unit, class_id)
    return ChangePage(items=[ChangeAnswer.of(change, training_class, with_reason=True) for change in changes])


@router.post(
    "/classes/{class_id}/changes/{number}/reviews",
    summary="变更申请的初审、复核、审核意见",
    dependencies=REVIEWERS,
    responses=responses(403, 404, 409, 412, 422),
)
async def post_change_review(
    class_id: str, number: Number, body: ChangeReviewBody, unit: Write, request: Request, response: Response
) -> ChangeAnswer:
    """Record one step on a change; the last approval carries it out, everything judged as it stands then."""
    await require_unchanged(request, unit, class_id)
    training_class, change = await review_change(
        unit, class_id=class_id, number=number, step=body.step, decision=body.decision, opinion=body.opinion
    )
    response.headers["ETag"] = etag(training_class.version)
    return ChangeAnswer.of(change, training_class)


@router.post(
    "/classes/{class_id}/changes/{number}/withdrawal",
    summary="撤回变更申请",
    dependencies=INSTITUTION,
    responses=responses(403, 404, 409, 412),
)
async def post_change_withdrawal(
    class_id: str, number: Number, body: EmptyBody, unit: Write, request: Request, response: Response
) -> ChangeAnswer:
    """Take back a change that is not decided."""
    await require_unchanged(request, unit, class_id)
    training_class, change = await withdraw_change(unit, class_id=class_id, number=number)
    response.headers["ETag"] = etag(training_class.version)
    return ChangeAnswer.of(change, training_class)
