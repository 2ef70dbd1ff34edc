"""Sign a month's report (JY-REP-06): what the facts say now is sealed with its hash, and the month is closed."""

from collections.abc import Mapping
from dataclasses import replace

from services.payment.application.ports import PaymentUnit
from services.payment.application.reporting_scope import earlier_of, region_of, report_of
from services.payment.application.reports import ReportReading
from services.payment.domain.monthly_report import Month, consents, content_of, sign, term_of
from shared.domain.jurisdiction import descendants


async def sign_monthly_report(
    uow: PaymentUnit,
    *,
    region: str | None,
    month: Month,
    reason: str | None,
    sign_offs: Mapping[str, str] | None = None,
) -> ReportReading:
    """Seal the report, or with a reason a correction of a closed month; see `sign` for what is refused."""
    report = await report_of(uow, region_of(uow, region), month, lock=True)
    records = await uow.reports.records(descendants(report.region))
    rulebook = uow.shelf.by_id(report.rulebook_id)
    content = content_of(report, records, rulebook, earlier=await earlier_of(uow, report))
    content |= consents(term_of(rulebook), sign_offs or {})
    copy = sign(report, content, by=uow.actor.subject, at=uow.now, reason=reason)
    await uow.reports.seal(report, copy)
    await uow.audit(
        action="monthly_report_signed",
        subject=f"{report.region}/{month}",
        details={"number": copy.number, "sha256": copy.sha256},
    )
    signed = replace(report, copies=(*report.copies, copy))
    return ReportReading(report=signed, overdue=signed.is_overdue(uow.today), counted=content, changed=())
