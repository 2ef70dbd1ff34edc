"""What a bureau reads of its region: monthly reports, goals and plan of a year, shares of a period, a claim's form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.payment.application.assessing import open_case
from services.payment.application.ports import PaymentUnit
from services.payment.application.reporting_scope import earlier_of, region_of, report_of
from services.payment.application.scope import visible_claim
from services.payment.domain.annual_form import Case, FilledField, Paid, fill
from services.payment.domain.class_record import Period
from services.payment.domain.goals import (
    Goal,
    RowProgress,
    apprentices,
    high_skilled,
    of_year,
    person_times,
    plan_progress,
)
from services.payment.domain.monthly_report import Month, MonthlyReport, changes_since, content_of
from services.payment.domain.shares import (
    ClassEmployment,
    GroupShare,
    Share,
    Village,
    cluster_share,
    group_shares,
    transfer_employment,
    villages,
)
from shared.domain.errors import NotFound, Refused
from shared.domain.jurisdiction import descendants
from shared.policy.form import Form
from shared.policy.targets import TargetTable

_NOTHING_BEFORE: Final = date(2000, 1, 1)
"""Nobody asks for shares of earlier days, and a calendar without year 0 could not give the year before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReading:
    """A month's report: `counted` is what the facts say now, `changed` what differs from the newest sealed copy."""

    report: MonthlyReport
    overdue: bool
    counted: dict[str, Any]
    changed: Sequence[dict[str, Any]]


async def read_reports(uow: PaymentUnit, *, region: str | None) -> Sequence[tuple[MonthlyReport, bool]]:
    """Give the months reported in a region and below it, each with whether it is or was overdue."""
    found = await uow.reports.of_regions(descendants(region_of(uow, region)))
    return [(report, report.is_overdue(uow.today)) for report in found]


async def read_report(uow: PaymentUnit, *, region: str | None, month: Month) -> ReportReading:
    """Give one month's report, counted anew, with its sealed copies."""
    report = await report_of(uow, region_of(uow, region), month)
    records = await uow.reports.records(descendants(report.region))
    rulebook = uow.shelf.by_id(report.rulebook_id)
    return ReportReading(
        report=report,
        overdue=report.is_overdue(uow.today),
        counted=content_of(report, records, rulebook, earlier=await earlier_of(uow, report)),
        changed=changes_since(report, records, rulebook),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class YearReading:
    """A training year's goals and the rows of its annual plan; no row where no plan is known."""

    region: str
    year: int
    goals: tuple[Goal, ...]
    plan: TargetTable | None
    rows: tuple[RowProgress, ...]


async def read_year(uow: PaymentUnit, *, region: str | None, year: int) -> YearReading:
    """Give what a training year's classes did of the year's goals (JY-REP-01 to JY-REP-04)."""
    wanted = region_of(uow, region)
    terms = uow.shelf.in_force(wanted, date(year, 12, 31)).payment.reporting
    everything = await uow.reports.records(descendants(wanted))
    records = of_year(everything, year)
    plan = _plan(uow.plans, wanted, year)
    goals: list[Goal] = []
    if terms.person_times:
        goals.append(person_times(records, terms.person_times))
    if terms.high_skilled:
        goals.append(high_skilled(everything, year, terms.high_skilled))
    if terms.apprentices:
        goals += apprentices(records, terms.apprentices, plan.targets if plan else None)
    rows = plan_progress(records, plan.targets) if plan else ()
    return YearReading(region=wanted, year=year, goals=tuple(goals), plan=plan, rows=rows)


def _plan(plans: Sequence[TargetTable], region: str, year: int) -> TargetTable | None:
    day = date(year, 12, 31)
    return next(
        (
            plan
            for plan in plans
            if plan.region == region and plan.valid_from <= day and (plan.valid_to is None or day <= plan.valid_to)
        ),
        None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesReading:
    """The shares of a period; a part is empty where the document does not ask for it."""

    region: str
    period: Period
    before: Period
    groups: tuple[GroupShare, ...]
    employment: tuple[ClassEmployment, ...]
    cluster: Share | None
    villages: tuple[Village, ...]


async def read_shares(uow: PaymentUnit, *, region: str | None, first: date, last: date) -> SharesReading:
    """Give the shares of a period (JY-QUA-03, JY-QUA-07, JY-INS-09, JY-ENR-23), groups also for a year before."""
    if last < first or first < _NOTHING_BEFORE:
        raise Refused(
            code="PERIOD_INVALID",
            message="结束日期早于开始日期。" if last < first else "统计期间过早。",
            advice="请核对统计期间的起止日期。",
            field="to" if last < first else "from",
        )
    wanted = region_of(uow, region)
    terms = uow.shelf.in_force(wanted, last).payment.reporting
    records = await uow.reports.records(descendants(wanted))
    period = Period(first=first, last=last)
    before = Period(first=_year_before(first), last=_year_before(last))
    rural, shares = terms.transfer_employment, terms.group_shares
    return SharesReading(
        region=wanted,
        period=period,
        before=before,
        groups=group_shares(records, period, before, shares) if shares else (),
        employment=transfer_employment(records, period, rural) if rural else (),
        cluster=cluster_share(records, period, terms.cluster_share) if terms.cluster_share else None,
        villages=villages(records, period, terms.village_report) if terms.village_report else (),
    )


def _year_before(day: date) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap_day else day.day)


async def read_form(uow: PaymentUnit, claim_id: str) -> tuple[Form, tuple[FilledField, ...]]:
    """Give a claim's application form filled from facts (附件2, JY-FLD-01 to JY-FLD-66)."""
    claim = await visible_claim(uow, claim_id)
    case = await open_case(uow, claim.class_id)
    form = next((form for form in uow.forms if form.document == case.rulebook.document), None)
    if form is None:
        raise NotFound(
            code="FORM_MISSING",
            message="本系统没有该班级所依据文件的申请表。",
            advice="请由政策管理员补充申请表定义。",
        )
    orders = {order.order_id: order for order in await uow.orders.of_claim(claim_id)}
    attempts = await uow.orders.attempts_of(list(orders))
    paid = [
        Paid(
            funding_source=orders[order_id].funding_source,
            amount_fen=orders[order_id].amount_fen,
            on=attempt.answered_on,
        )
        for order_id, tried in attempts.items()
        for attempt in tried
        if attempt.outcome == "settled" and attempt.answered_on is not None and orders[order_id].counts
    ]
    account = await uow.accounts.with_state(claim_id, "active")
    return form, fill(
        form,
        Case(
            claim=claim,
            facts=case.facts,
            opened=case.opened.fact,
            rulebook=case.rulebook,
            bank_name=account.bank_name if account else None,
            account_masked=account.number_masked if account else None,
            paid=tuple(sorted(paid, key=lambda each: (each.on, each.funding_source))),
        ),
    )
