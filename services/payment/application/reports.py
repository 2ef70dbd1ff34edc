"""What a bureau reads of its region: monthly reports, goals and plan of a year, shares of a period, a claim's form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.payment.application.assessing import open_case
from services.payment.application.ports import PaymentUnit
from services.payment.application.reporting_scope import earlier_of, period_of, region_of, report_of
from services.payment.application.scope import visible_claim
from services.payment.domain.annual_form import Case, FilledField, Paid, fill
from services.payment.domain.class_record import ClassRecord, Period
from services.payment.domain.figures import FigureStand, elsewhere, figure_stands
from services.payment.domain.goals import (
    Goal,
    RowProgress,
    apprentices,
    certificates,
    in_years,
    of_year,
    person_times,
    plan_progress,
    target_of,
)
from services.payment.domain.heads import (
    AllotmentProgress,
    Heads,
    OrganiserRow,
    StageBoard,
    allotment_progress,
    by_organiser,
    heads,
    stage_board,
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
from shared.domain.errors import NotFound
from shared.domain.jurisdiction import descendants
from shared.policy.form import Form
from shared.policy.rulebook import Rulebook
from shared.policy.targets import AllotmentTable, TargetTable


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
class AllotmentReading:
    """An allotment and what was done of its rows."""

    table: AllotmentTable
    rows: tuple[AllotmentProgress, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearReading:
    """A training year: goals, annual plan, allotments, stages, and who was counted, persons and person-times apart.

    A part that the document does not know, or of which no table is known, is empty.
    """

    region: str
    year: int
    goals: tuple[Goal, ...]
    plan: TargetTable | None
    rows: tuple[RowProgress, ...]
    figures: tuple[FigureStand, ...]
    allotments: tuple[AllotmentReading, ...]
    stages: tuple[StageBoard, ...]
    heads: tuple[Heads, ...]
    organisers: tuple[OrganiserRow, ...]


async def read_year(uow: PaymentUnit, *, region: str | None, year: int) -> YearReading:
    """Give what a year's classes did of its goals (JY-REP-01 to -04, HL-REP-01 to -05, HB-REP-01 to -04, QJ-REP-01)."""
    wanted = region_of(uow, region)
    book = uow.shelf.in_force(wanted, date(year, 12, 31))
    terms, own = book.payment.reporting, book.region == wanted
    everything = await uow.reports.records(descendants(wanted))
    records = of_year(everything, year)
    entered = await uow.reports.figures(wanted)
    plan = _plan(uow.plans, wanted, year)
    tables = [table for table in uow.allotments if table.region == book.region]
    goals = [
        person_times(
            in_years(everything, term, year), term, target=target_of(term, tables, region=wanted, own=own, year=year)
        )
        for term in terms.person_times
        if term.first_year is None or term.first_year <= year
    ]
    goals += [
        certificates(everything, year, term, own=own, elsewhere=elsewhere(term, entered, year))
        for term in terms.certificates
    ]
    if terms.apprentices:
        goals += apprentices(records, terms.apprentices, plan.targets if plan else None)
    planned = {term.counted: goal.target for term, goal in zip(terms.person_times, goals, strict=False)}
    return YearReading(
        region=wanted,
        year=year,
        goals=tuple(goals),
        plan=plan,
        rows=plan_progress(records, plan.targets) if plan else (),
        figures=tuple(figure_stands(terms.figure_goals, entered, date(year, 12, 31))) if own else (),
        allotments=tuple(_allotments(book, tables, everything, year)) if own else (),
        stages=tuple(
            stage_board(records, stage, planned.get(stage.counted), uow.today)
            for stage in terms.stages
            if stage.first.year == year
        ),
        heads=heads(records),
        organisers=by_organiser(records, terms.organisers) if terms.organisers else (),
    )


def _allotments(
    book: Rulebook, tables: Sequence[AllotmentTable], records: Sequence[ClassRecord], year: int
) -> Iterator[AllotmentReading]:
    terms = book.payment.reporting
    goals = {term.code: term for term in terms.person_times}
    for table in tables:
        if table.concerns(year) and (goal := goals.get(table.allotment.goal)):
            counted = [each for each in records if table.valid_from <= each.opened.opening_date <= table.valid_to]
            yield AllotmentReading(
                table=table, rows=allotment_progress(counted, table.allotment, goal, terms.organisers)
            )


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
    period = period_of(first, last)
    wanted = region_of(uow, region)
    payment = uow.shelf.last_in_force(wanted, last).payment
    terms = payment.reporting
    records = await uow.reports.records(descendants(wanted))
    before = Period(first=_year_before(first), last=_year_before(last))
    rural, shares = terms.transfer_employment, terms.group_shares
    return SharesReading(
        region=wanted,
        period=period,
        before=before,
        groups=group_shares(records, period, before, shares, payment.benefits) if shares else (),
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
