"""Record that a signed report was delivered to the leading-group office (JY-REP-06, JY-INT-02)."""

from services.payment.application.ports import PaymentUnit
from services.payment.application.reporting_scope import region_of, report_of
from services.payment.domain.monthly_report import Dispatch, Month, MonthlyReport, dispatch, term_of


async def dispatch_monthly_report(
    uow: PaymentUnit, *, region: str | None, month: Month, correction: bool, proof: str
) -> MonthlyReport:
    """Stamp the signed copy that waits; a second dispatch of a month is refused unless it is marked a correction."""
    report = await report_of(uow, region_of(uow, region), month, lock=True)
    recipient = term_of(uow.shelf.by_id(report.rulebook_id)).recipient
    stamp = Dispatch(at=uow.now, by=uow.actor.subject, recipient=recipient, proof=proof)
    number = dispatch(report, correction=correction)
    await uow.reports.stamp(report, number, stamp)
    await uow.audit(
        action="monthly_report_dispatched",
        subject=f"{report.region}/{month}",
        details={"number": number, "overdue": number == 0 and uow.today > report.due},
    )
    return await report_of(uow, report.region, month)
