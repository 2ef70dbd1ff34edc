"""Addresses of suspensions, of what the institution mends, and of cases of low satisfaction."""

from typing import Annotated

from fastapi import Query, Response

from services.enrollment.api.institutions import APPROVER, READERS, Read, Write
from services.enrollment.api.suspension_schemas import (
    CaseAnswer,
    CaseDecisionBody,
    CasePage,
    LiftingBody,
    ReportBody,
    ReportDecisionBody,
    SuspensionAnswer,
    SuspensionBody,
)
from services.enrollment.application.decide_case import decide_case
from services.enrollment.application.institution_queries import list_cases, view_case
from services.enrollment.application.rectify import Rectification, lift, review_report, submit_report
from services.enrollment.application.suspend_institution import suspend_institution
from services.enrollment.domain.quality_case import CaseState
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.versions import etag

router = service_router("/enrollment/v1", tags=["暂停开班与整改"])
SUSPENSION = "/institutions/{institution_id}/suspensions/{suspension_id}"


@router.post(
    "/institutions/{institution_id}/suspensions",
    status_code=201,
    summary="暂停开班",
    dependencies=APPROVER,
    responses=responses(404, 422),
)
async def post_suspension(
    institution_id: str, body: SuspensionBody, unit: Write, response: Response
) -> SuspensionAnswer:
    """Let no class of the institution open from today on; running classes go on."""
    suspension, version = await suspend_institution(unit, institution_id=institution_id, **body.model_dump())
    return _answer(response, Rectification(suspension=suspension, reports=(), version=version))


@router.post(
    f"{SUSPENSION}/rectification-reports",
    status_code=201,
    summary="提交整改报告",
    dependencies=[requires(Role.INSTITUTION)],
    responses=responses(404, 409),
)
async def post_report(
    institution_id: str, suspension_id: str, body: ReportBody, unit: Write, response: Response
) -> SuspensionAnswer:
    """Hand in what was mended, with the document that shows it."""
    found = await submit_report(unit, institution_id=institution_id, suspension_id=suspension_id, **body.model_dump())
    return _answer(response, found)


@router.post(
    f"{SUSPENSION}/rectification-reports/{{report_id}}/decision",
    summary="审核整改报告",
    dependencies=APPROVER,
    responses=responses(404, 409),
)
async def post_report_decision(
    institution_id: str, suspension_id: str, report_id: str, body: ReportDecisionBody, unit: Write, response: Response
) -> SuspensionAnswer:
    """Accept or reject a report; after a rejection the time to rectify begins again."""
    found = await review_report(
        unit,
        institution_id=institution_id,
        suspension_id=suspension_id,
        report_id=report_id,
        accepted=body.accepted,
        opinion=body.opinion,
    )
    return _answer(response, found)


@router.post(
    f"{SUSPENSION}/lifting",
    summary="解除暂停，恢复开班",
    dependencies=APPROVER,
    responses=responses(404, 409, 422),
)
async def post_lifting(
    institution_id: str, suspension_id: str, body: LiftingBody, unit: Write, response: Response
) -> SuspensionAnswer:
    """Lift a suspension from today on, for a reason of the rulebook that may ask an accepted report."""
    found = await lift(
        unit, institution_id=institution_id, suspension_id=suspension_id, reason=body.reason, remark=body.remark
    )
    return _answer(response, found)


@router.get("/quality-cases", summary="满意度个案列表", dependencies=[requires(*READERS)])
async def get_cases(
    unit: Read,
    state: CaseState | None = None,
    cursor: Annotated[str | None, Query(max_length=200, description="上一页返回的 next")] = None,
) -> CasePage:
    """List the cases of low satisfaction within the caller's scope, oldest first."""
    views, more = await list_cases(unit, state=state, cursor=cursor)
    return CasePage(items=[CaseAnswer.of(view) for view in views], next=more)


@router.post(
    "/quality-cases/{case_id}/decision",
    summary="确认或排除满意度个案",
    dependencies=APPROVER,
    responses=responses(404, 409),
)
async def post_case_decision(case_id: str, body: CaseDecisionBody, unit: Write, response: Response) -> CaseAnswer:
    """Confirm a case, which suspends the institution's openings, or dismiss it."""
    decided = await decide_case(unit, case_id=case_id, confirmed=body.decision == "confirm", remark=body.remark)
    response.headers["ETag"] = etag(decided.version)
    return CaseAnswer.of(view_case(unit, decided))


def _answer(response: Response, found: Rectification) -> SuspensionAnswer:
    response.headers["ETag"] = etag(found.version)
    return SuspensionAnswer.of(found)
