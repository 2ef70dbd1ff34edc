"""Addresses of rosters and trainees."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Request, Response

from services.enrollment.api.classes import INSTITUTION, READERS, Read, Unkeyed, Write, require_unchanged
from services.enrollment.api.roster_schemas import (
    UNNUMBERED,
    RosterAnswerBody,
    RosterBody,
    RosterPage,
    RosterRowAnswer,
    RosterRowBody,
    unsaved,
)
from services.enrollment.api.schemas import ReasonBody
from services.enrollment.application.queries import list_roster
from services.enrollment.application.submit_roster import RosterAnswer, remove_roster_row, submit_roster
from services.enrollment.application.withdraw_trainee import withdraw_trainee
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.versions import etag

router = service_router("/enrollment/v1", tags=["花名册"])


@router.post(
    "/classes/{class_id}/roster",
    summary="提交花名册（逐行审核）",
    dependencies=INSTITUTION,
    responses=responses(404, 409, 412),
)
async def post_roster(
    class_id: str, body: RosterBody, unit: Write, request: Request, response: Response
) -> RosterAnswerBody:
    """Judge every row by itself; a row number sent again replaces its row, and a bad row never refuses the batch.

    Rows without a number, or several under one number, are told in `unsaved` by their position; the others are kept.
    """
    await require_unchanged(request, unit, class_id)
    numbered = [row.to_row() for row in body.rows if row is not UNNUMBERED]
    answer = await submit_roster(unit, class_id=class_id, rows=numbered)
    return _answer(response, answer, sent=body.rows)


@router.delete(
    "/classes/{class_id}/roster/{row}",
    summary="删除误报的花名册行",
    dependencies=INSTITUTION,
    responses=responses(404, 409, 412),
)
async def delete_roster_row(
    class_id: str, row: Annotated[int, Path(ge=1, le=1_000_000)], unit: Unkeyed, request: Request, response: Response
) -> RosterAnswerBody:
    """Take a row off the roster of a draft or returned class."""
    await require_unchanged(request, unit, class_id)
    return _answer(response, await remove_roster_row(unit, class_id=class_id, row=row))


@router.get("/classes/{class_id}/roster", summary="花名册", dependencies=[requires(*READERS)], responses=responses(404))
async def get_roster(class_id: str, unit: Read, response: Response) -> RosterPage:
    """Show the roster with masked names."""
    training_class, entries = await list_roster(unit, class_id)
    response.headers["ETag"] = etag(training_class.version)
    return RosterPage(version=training_class.version, items=[RosterRowAnswer.of(entry) for entry in entries])


@router.post(
    "/classes/{class_id}/trainees/{person_id}/withdrawal",
    summary="学员退班",
    dependencies=INSTITUTION,
    responses=responses(404, 409, 412),
)
async def post_trainee_withdrawal(
    class_id: str, person_id: str, body: ReasonBody, unit: Write, request: Request, response: Response
) -> RosterRowAnswer:
    """Record that a trainee leaves the class today."""
    await require_unchanged(request, unit, class_id)
    training_class, entry = await withdraw_trainee(
        unit, class_id=class_id, person_id=person_id, code=body.reason_code, reason=body.reason
    )
    response.headers["ETag"] = etag(training_class.version)
    return RosterRowAnswer.of(entry)


def _answer(response: Response, answer: RosterAnswer, *, sent: Sequence[RosterRowBody] = ()) -> RosterAnswerBody:
    response.headers["ETag"] = etag(answer.training_class.version)
    return RosterAnswerBody(
        class_id=answer.training_class.class_id,
        version=answer.training_class.version,
        accepted=answer.counts.accepted,
        refused=answer.counts.refused,
        ask=answer.counts.ask,
        rows=[RosterRowAnswer.of(entry) for entry in answer.entries],
        unsaved=unsaved(sent, answer.ambiguous),
    )
