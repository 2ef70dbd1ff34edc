"""A training centre on its way into the directory: application, assessment, reply, conditions (JY-INS-02, -03, -08)."""

from collections.abc import Sequence
from dataclasses import replace

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.provided import book_today, provided
from services.enrollment.application.scope import institution_of_region, own_institution
from services.enrollment.domain.centre import (
    Assessment,
    Attachment,
    ConditionFinding,
    ListingApplication,
    Reply,
    assess,
    judge_attachments,
    judge_finding,
)
from services.enrollment.domain.centre import reply as replied
from shared.clock import new_id
from shared.domain.errors import Conflict, NotFound
from shared.policy.judging import refuse_stopped

_PROCEDURE = "企业职工培训中心列入目录的程序"


async def apply_for_listing(
    uow: UnitOfWork, *, institution_id: str, attachments: Sequence[Attachment]
) -> ListingApplication:
    """Hand in a centre's application with every proof that the rulebook asks (JY-INS-02)."""
    institution = await own_institution(uow, institution_id)
    book = book_today(uow, institution.region)
    terms = provided(book.enrollment.centre_application, _PROCEDURE)
    if institution.kind not in terms.institution_kinds:
        raise Conflict(
            code="NO_APPLICATION_NEEDED",
            message="本类机构不经此程序列入目录。",
            advice="请直接与主管部门联系办理列入目录。",
            rule=terms.rule,
            clause=terms.clause,
            document=terms.document,
        )
    refuse_stopped(judge_attachments(attachments, terms))
    application = ListingApplication(
        application_id=new_id(),
        institution_id=institution_id,
        applied_on=uow.today,
        applied_by=uow.actor.subject,
        rulebook_id=book.id,
        attachments=tuple(attachments),
    )
    if not await uow.centres.add(application):
        raise Conflict(
            code="APPLICATION_UNDER_WAY", message="贵单位已有一份申请正在办理。", advice="请等待该申请办结。"
        )
    await uow.audit(
        action="listing_applied", subject=application.application_id, details={"attachments": len(attachments)}
    )
    return application


async def assess_centre(uow: UnitOfWork, *, application_id: str, assessment: Assessment) -> ListingApplication:
    """Record what the experts found on site (JY-INS-03)."""
    application = await _application(uow, application_id)
    terms = provided(uow.shelf.by_id(application.rulebook_id).enrollment.centre_listing, _PROCEDURE)
    assessed = assess(application, assessment, terms=terms, today=uow.today)
    return await _saved(uow, assessed, action="centre_assessed")


async def reply_to_centre(uow: UnitOfWork, *, application_id: str, reply: Reply) -> ListingApplication:
    """Record the bureau's reply, by another person than recorded the assessment (JY-INS-03)."""
    application = await _application(uow, application_id)
    book = uow.shelf.by_id(application.rulebook_id).enrollment
    terms = provided(book.centre_listing, _PROCEDURE)
    answered = replied(application, reply, terms=terms, four_eyes=book.four_eyes, today=uow.today)
    return await _saved(uow, answered, action="centre_replied_to")


async def record_conditions(
    uow: UnitOfWork, *, institution_id: str, findings: Sequence[ConditionFinding]
) -> tuple[ConditionFinding, ...]:
    """Record which basic conditions were found met for which occupation, and give all that is known (JY-INS-08)."""
    institution = await institution_of_region(uow, institution_id)
    terms = provided(book_today(uow, institution.region).enrollment.basic_conditions, "培训基本条件的认定")
    for finding in findings:
        judge_finding(finding, terms, today=uow.today)
    await uow.institutions.next_version(institution_id)
    await uow.centres.add_findings(institution_id, findings)
    await uow.audit(
        action="conditions_found",
        subject=institution_id,
        details={"findings": len(findings), "met": sum(finding.met for finding in findings)},
    )
    return await uow.centres.findings(institution_id)


async def _application(uow: UnitOfWork, application_id: str) -> ListingApplication:
    application = await uow.centres.get(application_id, lock=True)
    if application is None:
        raise _no_application()
    try:
        await institution_of_region(uow, application.institution_id)
    except NotFound:
        raise _no_application() from None
    return application


def _no_application() -> NotFound:
    return NotFound(
        code="APPLICATION_NOT_FOUND",
        message="没有这份申请，或不在您的办理范围内。",
        advice="请从申请列表中查询 application_id。",
    )


async def _saved(uow: UnitOfWork, application: ListingApplication, *, action: str) -> ListingApplication:
    version = await uow.centres.save(application)
    await uow.audit(action=action, subject=application.application_id, details={"state": application.state})
    return replace(application, version=version)
