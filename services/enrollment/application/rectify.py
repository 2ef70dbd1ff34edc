"""A suspended institution rectifies: its report, the decision on it, the overdue flag and the lifting (JY-QUA-02)."""

from dataclasses import dataclass, replace

from services.enrollment.application.ports import UnitOfWork
from services.enrollment.application.scope import institution_of_region, own_institution
from services.enrollment.application.suspend_institution import RECTIFICATION_DUE, await_report, suspension_terms
from services.enrollment.domain.suspension import (
    Lifting,
    RectificationReport,
    Suspension,
    decide_report,
    lift_suspension,
    require_no_open_report,
    require_unlifted,
)
from shared.clock import new_id
from shared.domain.errors import NotFound
from shared.domain.working_days import add_working_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectification:
    """A suspension with its reports, and the institution's version."""

    suspension: Suspension
    reports: tuple[RectificationReport, ...]
    version: int


async def submit_report(
    uow: UnitOfWork, *, institution_id: str, suspension_id: str, content: str, reference: str, sha256: str
) -> Rectification:
    """Hand in what was mended; raise Conflict while an earlier report waits or when the suspension is lifted."""
    await own_institution(uow, institution_id)
    found = await _locked(uow, institution_id, suspension_id)
    require_unlifted(found.suspension)
    require_no_open_report(found.reports)
    report = RectificationReport(
        report_id=new_id(),
        suspension_id=suspension_id,
        submitted_on=uow.today,
        submitted_by=uow.actor.subject,
        content=content,
        reference=reference,
        sha256=sha256,
    )
    await uow.quality.add_report(report)
    await uow.unschedule(kind=RECTIFICATION_DUE, key=suspension_id)
    await uow.audit(action="rectification_reported", subject=suspension_id, details={"report": report.report_id})
    return replace(found, reports=(*found.reports, report))


async def review_report(
    uow: UnitOfWork, *, institution_id: str, suspension_id: str, report_id: str, accepted: bool, opinion: str
) -> Rectification:
    """Accept or reject a report; after a rejection the rulebook's working days begin again today."""
    await institution_of_region(uow, institution_id)
    found = await _locked(uow, institution_id, suspension_id)
    require_unlifted(found.suspension)
    report = next((one for one in found.reports if one.report_id == report_id), None)
    if report is None:
        raise NotFound(
            code="REPORT_NOT_FOUND",
            message="该暂停下没有这份整改报告。",
            advice="请从机构详情中查询报告编号 report_id。",
        )
    decided = decide_report(report, accepted=accepted, opinion=opinion, by=uow.actor.subject, on=uow.today)
    await uow.quality.save_decision(decided)
    suspension = found.suspension if accepted else await _begin_again(uow, found.suspension)
    await uow.audit(action="rectification_decided", subject=suspension_id, details={"accepted": accepted})
    reports = tuple(decided if one.report_id == report_id else one for one in found.reports)
    return replace(found, suspension=suspension, reports=reports)


async def lift(uow: UnitOfWork, *, institution_id: str, suspension_id: str, reason: str, remark: str) -> Rectification:
    """Let the institution open classes again from today, and publish it; raise Refused REPORT_MISSING before."""
    institution = await institution_of_region(uow, institution_id)
    found = await _locked(uow, institution_id, suspension_id)
    lifting = Lifting(on=uow.today, by=uow.actor.subject, reason=reason, remark=remark)
    terms = suspension_terms(uow.shelf.by_id(found.suspension.rulebook_id))
    lifted, fact = lift_suspension(institution, found.suspension, lifting, reports=found.reports, terms=terms)
    await uow.institutions.save_suspension(lifted)
    await uow.unschedule(kind=RECTIFICATION_DUE, key=suspension_id)
    await uow.publish(fact)
    await uow.audit(action="institution_reinstated", subject=institution_id, details={"rule": fact.rule})
    return replace(found, suspension=lifted)


async def flag_overdue(uow: UnitOfWork, suspension_id: str) -> None:
    """Flag a suspension whose day for the report has passed without one; anything else is left as it is."""
    known = await uow.institutions.suspended(suspension_id)
    if known is None:
        return
    found = await _locked(uow, known[0], suspension_id)
    answered = any(report.state != "rejected" for report in found.reports)
    if answered or found.suspension.lifting is not None or uow.today <= found.suspension.rectify_by:
        return
    await uow.institutions.save_suspension(replace(found.suspension, overdue=True))
    await uow.audit(action="rectification_overdue", subject=suspension_id)


async def _locked(uow: UnitOfWork, institution_id: str, suspension_id: str) -> Rectification:
    version = await uow.institutions.next_version(institution_id)
    known = await uow.institutions.suspended(suspension_id)
    if known is None or known[0] != institution_id:
        raise NotFound(
            code="SUSPENSION_NOT_FOUND",
            message="该机构没有这一暂停。",
            advice="请从机构详情中查询暂停编号 suspension_id。",
        )
    return Rectification(suspension=known[1], reports=await uow.quality.reports(suspension_id), version=version)


async def _begin_again(uow: UnitOfWork, suspension: Suspension) -> Suspension:
    days = suspension_terms(uow.shelf.by_id(suspension.rulebook_id)).rectification_working_days
    again = replace(suspension, rectify_by=add_working_days(uow.today, days), overdue=False)
    await uow.institutions.save_suspension(again)
    await await_report(uow, again)
    return again
