"""Who may read and make reports: the bureau, within its region."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from services.payment.application.ports import PaymentUnit
from services.payment.domain.class_record import Period
from services.payment.domain.monthly_report import Month, MonthlyReport
from shared.domain.actor import Role
from shared.domain.errors import Forbidden, NotFound, Refused
from shared.domain.jurisdiction import regions

_NOTHING_BEFORE: Final = date(2000, 1, 1)
"""Nobody asks for shares of earlier days, and a calendar without year 0 could not give the year before the first."""


def period_of(first: date, last: date) -> Period:
    """Give the days that are asked for, or raise Refused PERIOD_INVALID."""
    if last < first or first < _NOTHING_BEFORE:
        raise Refused(
            code="PERIOD_INVALID",
            message="结束日期早于开始日期。" if last < first else "统计期间过早。",
            advice="请核对统计期间的起止日期。",
            field="to" if last < first else "from",
        )
    return Period(first=first, last=last)


def region_of(uow: PaymentUnit, wanted: str | None) -> str:
    """Give the region to report, by default the caller's own.

    Raise Forbidden REGION_OUT_OF_SCOPE for another's, OWN_CLASSES_ONLY for whoever acts for an institution.
    """
    if uow.actor.has(Role.INSTITUTION):
        raise Forbidden(
            code="OWN_CLASSES_ONLY",
            message="办班机构的账号只能查询本机构的班级和申领，不能查询辖区统计。",
            advice="请由人社部门人员使用其本人账号办理。",
        )
    region = regions().region(wanted or uow.actor.region).code
    uow.actor.require_region(region)
    return region


async def report_of(uow: PaymentUnit, region: str, month: Month, *, lock: bool = False) -> MonthlyReport:
    """Give a drafted month's report, or raise NotFound."""
    report = await uow.reports.find(region, month, lock=lock)
    if report is None:
        raise NotFound(
            code="NOT_FOUND",
            message=f"没有 {month} 的月报。",
            advice="月报于次月 1 日自动生成；请核对月份，或用 region 参数写明所报区划。",
            field="month",
        )
    return report


async def earlier_of(uow: PaymentUnit, report: MonthlyReport) -> Sequence[MonthlyReport]:
    """Give the reports of the same year before this one."""
    found = await uow.reports.of_regions([report.region])
    return [each for each in found if each.month.year == report.month.year and each.month < report.month]
