"""Keep a region's monthly reporting going (JY-REP-06): draft on the 1st, know on the 7th what was not dispatched."""

from datetime import date
from typing import Final

from services.payment.application.ports import PaymentUnit
from services.payment.domain.monthly_report import Month, MonthlyReport, last_day
from shared.clock import end_of_day
from shared.domain.errors import Refused
from shared.policy.rulebook import Rulebook, Shelf

MONTHLY_REPORT: Final = "monthly_report"
MONTHLY_REPORT_DUE: Final = "monthly_report_due"


async def begin_reporting(uow: PaymentUnit, *, region: str, day: date) -> None:
    """Let the month of a day be reported when it is over; the first class of a region begins its reporting.

    From then on every month is reported, one in which nothing happened too, while the region has a rulebook that asks
    for it.
    """
    month = Month.of(day)
    rulebook = _rulebook(uow.shelf, region, month)
    if rulebook is None or await uow.reports.find(rulebook.region, month):
        return
    due = end_of_day(month.period.last)
    await uow.schedule(due=due, kind=MONTHLY_REPORT, key=f"{rulebook.region}/{month}")


async def draft_monthly_report(uow: PaymentUnit, key: str) -> None:
    """Draft the report of a month that is over, and let the next month be reported too."""
    region, _, text = key.partition("/")
    month = Month.parse(text)
    rulebook = _rulebook(uow.shelf, region, month)
    term = rulebook.payment.reporting.monthly_report if rulebook else None
    if rulebook is None or term is None or await uow.reports.find(region, month):
        return
    due = last_day(month, term)
    report = MonthlyReport(region=region, month=month, rulebook_id=rulebook.id, drafted_on=uow.today, due=due)
    await uow.reports.add(report)
    await uow.schedule(due=end_of_day(due), kind=MONTHLY_REPORT_DUE, key=key)
    await uow.audit(action="monthly_report_drafted", subject=key, details={"due": due.isoformat()})
    await begin_reporting(uow, region=region, day=month.next.period.first)


async def flag_overdue_report(uow: PaymentUnit, key: str) -> None:
    """Record that a report's last day passed before it was dispatched."""
    region, _, text = key.partition("/")
    report = await uow.reports.find(region, Month.parse(text))
    if report is not None and report.is_overdue(uow.today):
        details = {"due": report.due.isoformat(), "state": report.state}
        await uow.audit(action="monthly_report_overdue", subject=key, details=details)


def _rulebook(shelf: Shelf, region: str, month: Month) -> Rulebook | None:
    """Give the region's rulebook of the month's last day, where it asks for a monthly report."""
    try:
        rulebook = shelf.in_force(region, month.period.last)
    except Refused:  # nobody's rules hold then, so nobody asks for a report
        return None
    return rulebook if rulebook.payment.reporting.monthly_report else None
