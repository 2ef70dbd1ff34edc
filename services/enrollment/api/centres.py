"""Addresses of enterprise training centres on their way into the directory, and of their basic conditions."""

from typing import Annotated

from fastapi import Query, Response

from services.enrollment.api.centre_schemas import (
    AssessmentBody,
    ConditionAnswer,
    ConditionsAnswer,
    ConditionsBody,
    ListingApplicationAnswer,
    ListingApplicationBody,
    ListingApplicationPage,
    ReplyBody,
)
from services.enrollment.api.institutions import APPROVER, READERS, Read, Write
from services.enrollment.application.institution_queries import list_applications
from services.enrollment.application.list_centre import (
    apply_for_listing,
    assess_centre,
    record_conditions,
    reply_to_centre,
)
from services.enrollment.domain.centre import (
    ApplicationState,
    Assessment,
    Attachment,
    ConditionFinding,
    Expert,
    ListingApplication,
    Reply,
)
from shared.domain.actor import Role
from shared.web.authentication import requires
from shared.web.problems import responses
from shared.web.routes import service_router
from shared.web.versions import etag

router = service_router("/enrollment/v1", tags=["企业职工培训中心"])
OFFICERS = [requires(Role.INSPECTOR, Role.APPROVER)]


@router.post(
    "/institutions/{institution_id}/listing-applications",
    status_code=201,
    summary="企业职工培训中心申请列入目录",
    dependencies=[requires(Role.INSTITUTION)],
    responses=responses(404, 409, 422),
)
async def post_listing_application(
    institution_id: str, body: ListingApplicationBody, unit: Write, response: Response
) -> ListingApplicationAnswer:
    """Apply with every proof that the rulebook asks; all that is missing stands in one answer."""
    attachments = [Attachment(**one.model_dump()) for one in body.attachments]
    return _answer(response, await apply_for_listing(unit, institution_id=institution_id, attachments=attachments))


@router.get("/listing-applications", summary="列入目录申请列表", dependencies=[requires(*READERS)])
async def get_listing_applications(
    unit: Read,
    state: ApplicationState | None = None,
    cursor: Annotated[str | None, Query(max_length=200, description="上一页返回的 next")] = None,
) -> ListingApplicationPage:
    """List the applications within the caller's scope, oldest first."""
    found, more = await list_applications(unit, state=state, cursor=cursor)
    return ListingApplicationPage(items=[ListingApplicationAnswer.of(one) for one in found], next=more)


@router.post(
    "/listing-applications/{application_id}/assessment",
    summary="登记专家实地评估",
    dependencies=OFFICERS,
    responses=responses(404, 409, 422),
)
async def post_assessment(
    application_id: str, body: AssessmentBody, unit: Write, response: Response
) -> ListingApplicationAnswer:
    """Record the experts' assessment on site; one that is not passed ends the application."""
    assessment = Assessment(
        passed=body.passed,
        assessed_on=body.assessed_on,
        experts=tuple(Expert(**one.model_dump()) for one in body.experts),
        reference=body.reference,
        sha256=body.sha256,
        recorded_by=unit.actor.subject,
    )
    return _answer(response, await assess_centre(unit, application_id=application_id, assessment=assessment))


@router.post(
    "/listing-applications/{application_id}/reply",
    summary="登记批复",
    dependencies=APPROVER,
    responses=responses(404, 409, 422),
)
async def post_reply(application_id: str, body: ReplyBody, unit: Write, response: Response) -> ListingApplicationAnswer:
    """Record the bureau's reply, by another person than recorded the assessment."""
    reply = Reply(**body.model_dump(), recorded_by=unit.actor.subject)
    return _answer(response, await reply_to_centre(unit, application_id=application_id, reply=reply))


@router.post(
    "/institutions/{institution_id}/conditions",
    status_code=201,
    summary="登记基本条件认定（师资、场地、设施）",
    dependencies=OFFICERS,
    responses=responses(404, 422),
)
async def post_conditions(institution_id: str, body: ConditionsBody, unit: Write) -> ConditionsAnswer:
    """Record which basic conditions were found met for which occupation; the last finding of each holds."""
    findings = [ConditionFinding(**one.model_dump(), recorded_by=unit.actor.subject) for one in body.findings]
    known = await record_conditions(unit, institution_id=institution_id, findings=findings)
    return ConditionsAnswer(items=[ConditionAnswer.of(one) for one in known])


def _answer(response: Response, application: ListingApplication) -> ListingApplicationAnswer:
    response.headers["ETag"] = etag(application.version)
    return ListingApplicationAnswer.of(application)
