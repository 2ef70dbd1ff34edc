"""Reporting on both databases: the month from its draft to its delivery, the year, shares and employments."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.payment.application.dispatch_monthly_report import dispatch_monthly_report
from services.payment.application.record_employment import record_employment
from services.payment.application.reports import (
    ReportReading,
    read_form,
    read_report,
    read_reports,
    read_shares,
    read_year,
)
from services.payment.application.sign_monthly_report import sign_monthly_report
from services.payment.domain.class_record import Counts, Employment
from services.payment.domain.monthly_report import Month
from services.payment.domain.shares import Share
from services.payment.settings import PaymentSettings
from services.payment.wiring import wire
from shared.clock import LegalClock
from shared.contracts.assessment import CertificateVoided
from shared.contracts.enrollment import TraineeWithdrawn
from shared.contracts.supervision import ClassCancelled, TraineeTotals
from shared.database.migrate import migrate
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from shared.messaging.embedded import EmbeddedBus
from shared.settings import init_home
from tests.payment.office import (
    APPROVER,
    AUDITOR,
    EMPLOYMENT,
    FIRST,
    INSPECTOR,
    INSURANCE,
    SCHOOL,
    SECOND,
    Office,
    approved,
    moment,
    person,
)
from tests.payment.sample import (
    INSTITUTION,
    JIYUAN,
    assessment_completed,
    certificate,
    class_opened,
    people,
    scheduled,
    training_completed,
)
from tests.servers import FreshDatabases

JUNE, JULY, SEPTEMBER = (Month(year=2021, month=number) for number in (6, 7, 9))
PROOF = "职振办收〔2021〕7号"
ROSTER = people(1, 10)


async def finish(office: Office, class_id: str = "class-1", roster: list[str] | None = None) -> None:
    """Train and examine a class; everybody came and passed."""
    roster = roster or ROSTER
    totals = tuple(TraineeTotals(person_id=each, sessions_present=1, class_hours_present=4) for each in roster)
    training = training_completed(class_id=class_id, opening=len(roster), spot=(len(roster),) * 2)
    issued = [certificate(each, class_id=class_id) for each in roster]
    await office.take(
        replace(training, trainees=totals),
        scheduled(class_id=class_id),
        *issued,
        assessment_completed(issued, class_id=class_id),
    )


async def read(office: Office, month: Month = JUNE) -> ReportReading:
    return await office.act(AUDITOR, read_report, region=None, month=month)


async def sign(office: Office, month: Month = JUNE, reason: str | None = None) -> Any:
    return await office.act(APPROVER, sign_monthly_report, region=None, month=month, reason=reason)


async def send(office: Office, month: Month = JUNE, *, correction: bool = False) -> Any:
    return await office.act(
        SECOND, dispatch_monthly_report, region=None, month=month, correction=correction, proof=PROOF
    )


async def actions(office: Office, action: str) -> list[Mapping[str, Any]]:
    rows = await office.rows("SELECT subject, details FROM audit_entry WHERE action = :action", action=action)
    return [
        {"subject": row.subject, **(json.loads(row.details) if isinstance(row.details, str) else row.details)}
        for row in rows
    ]


async def at_july(office: Office, day: int = 1) -> None:
    """Open a class in June and let time pass into July."""
    office.now = moment(date(2021, 6, 1))
    await office.open_class()
    await office.pass_days(date(2021, 7, day))


async def test_the_first_class_begins_a_regions_reporting_and_every_month_follows(office: Office) -> None:
    """JY-REP-06: drafted on the 1st of the next month, an empty month too."""
    office.now = moment(date(2021, 6, 1))
    await office.open_class()
    await office.pass_days(date(2021, 6, 30))
    assert await office.act(AUDITOR, read_reports, region=None) == []
    await office.pass_days(date(2021, 9, 2))
    found = await office.act(AUDITOR, read_reports, region=None)
    assert [(str(report.month), report.state, report.drafted_on, overdue) for report, overdue in found] == [
        ("2021-06", "drafted", date(2021, 7, 1), True),
        ("2021-07", "drafted", date(2021, 8, 1), True),
        ("2021-08", "drafted", date(2021, 9, 1), False),
    ]
    assert (await read(office, Month(year=2021, month=8))).counted["totals"]["month"] == vars_of(Counts())


def vars_of(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in Counts.__slots__}


async def test_reporting_ends_with_the_rulebook_that_asks_for_it(office: Office) -> None:
    """JY-INT-04: the rulebook holds for 2021; December is reported in January, January is not."""
    office.now = moment(date(2021, 12, 1))
    await office.take(
        approved("class-1", ROSTER, opening=date(2021, 12, 20)),
        class_opened(trainees=ROSTER, opening=date(2021, 12, 20)),
    )
    await office.pass_days(date(2022, 4, 1))
    found = await office.act(AUDITOR, read_reports, region=None)
    assert [str(report.month) for report, _ in found] == ["2021-12"]


async def test_a_class_that_is_told_late_or_twice_drafts_its_month_once(office: Office) -> None:
    await at_july(office, day=3)
    await office.open_class("class-2", roster=["p20"])
    assert await office.pass_days(date(2021, 7, 3)) == 0
    assert (await read(office)).counted["totals"]["month"]["opened_classes"] == 2


async def test_a_draft_follows_the_facts_and_a_signed_month_does_not(office: Office) -> None:
    """JY-REP-06, JY-INT-02: closed months stay closed, what comes later stands beside them."""
    await at_july(office)
    assert (await read(office)).counted["totals"]["month"]["trained_persons"] == 0
    await finish(office)
    drafted = await read(office)
    assert drafted.counted["totals"]["month"] == vars_of(
        Counts(planned_persons=50, opened_classes=1, opened_persons=10, trained_persons=10, assessed_persons=10)
    )
    assert (drafted.changed, drafted.report.copies) == ([], ())

    await sign(office)
    late = TraineeWithdrawn(class_id="class-1", person_id="p1", on=date(2021, 6, 10), reason="personal")
    await office.take(late)
    closed = await read(office)
    [copy] = closed.report.copies
    assert json.loads(copy.content)["totals"]["month"]["trained_persons"] == 10
    assert [(each["measure"], each["sealed"], each["now"]) for each in closed.changed] == [("trained_persons", 10, 9)]
    assert closed.counted["totals"]["month"]["trained_persons"] == 9

    await office.pass_days(date(2021, 8, 2))
    [told] = (await read(office, JULY)).counted["earlier_months"]
    assert (told["month"], told["changes"]) == ("2021-06", list(closed.changed))


async def test_a_report_is_signed_dispatched_and_corrected_by_a_further_copy(office: Office) -> None:
    """JY-INT-02: a second dispatch of the month is refused unless it is marked a correction."""
    await at_july(office)
    await finish(office)
    with pytest.raises(Conflict, match="SIGNATURE_MISSING"):
        await send(office)
    await sign(office)
    with pytest.raises(Conflict, match="MONTH_CLOSED"):
        await sign(office)
    stamped = await send(office)
    [copy] = stamped.copies
    assert (copy.dispatch.by, copy.dispatch.proof, copy.dispatch.recipient) == (
        "second-1",
        PROOF,
        "职业技能振兴领导小组办公室",
    )
    with pytest.raises(Conflict, match="ALREADY_DISPATCHED"):
        await send(office)
    with pytest.raises(Refused, match="NOTHING_TO_CORRECT"):
        await sign(office, reason="核对")

    await office.take(
        CertificateVoided(
            class_id="class-1", certificate_id="class-1-level-p1", person_id="p1", on=date(2021, 7, 5), reason="x"
        ),
        TraineeWithdrawn(class_id="class-1", person_id="p2", on=date(2021, 6, 10), reason="personal"),
    )
    await sign(office, reason="一名学员中途退出")
    with pytest.raises(Conflict, match="ALREADY_DISPATCHED"):
        await send(office)
    corrected = await send(office, correction=True)
    assert [(each.number, each.reason) for each in corrected.copies] == [(0, None), (1, "一名学员中途退出")]
    assert corrected.copies[0] == copy
    assert (await read(office)).changed == []


@pytest.mark.parametrize(("hour", "overdue"), [(15, False), (16, True)])
async def test_midnight_after_the_sixth_decides_whether_a_report_is_overdue(
    office: Office, hour: int, overdue: bool
) -> None:
    """JY-REP-06: 2021-07-06 24:00 in Shanghai is 16:00 UTC; the flag is a timer's, the stamp's moment decides."""
    await at_july(office, day=6)
    office.now = datetime(2021, 7, 6, hour, 0, tzinfo=UTC)
    await sign(office)
    await send(office)
    assert (await read(office)).overdue is overdue
    await office.pass_days(date(2021, 7, 8))
    assert (await read(office)).overdue is overdue
    assert len(await actions(office, "monthly_report_overdue")) == overdue


async def test_a_report_that_is_missing_on_the_seventh_is_recorded_as_overdue(office: Office) -> None:
    await at_july(office, day=6)
    assert await actions(office, "monthly_report_overdue") == []
    await office.pass_days(date(2021, 7, 7))
    [flag] = await actions(office, "monthly_report_overdue")
    assert (flag["subject"], flag["due"], flag["state"]) == ("419001/2021-06", "2021-07-06", "drafted")


async def test_money_counts_in_the_month_in_which_the_bank_credited_it(approved_office: Office, claim_id: str) -> None:
    """JY-REP-06: paid amount; 13,500 yuan for ten people cut to nine heads, from two sources, in September."""
    office = approved_office
    orders = await office.order(claim_id, {EMPLOYMENT: 10_000, INSURANCE: 3_500})
    for order in orders:
        file = await office.send(order.funding_source)
        await office.answer(file, order.order_id, "settled")
    await office.pass_days(date(2021, 10, 1))
    counted = (await read(office, SEPTEMBER)).counted
    assert (counted["totals"]["month"]["paid_fen"], counted["totals"]["month"]["paid_persons"]) == (1_350_000, 10)
    [row] = counted["rows"]
    assert (row["month"]["paid_fen"], row["cumulative"]["opened_persons"], row["month"]["opened_persons"]) == (
        1_350_000,
        10,
        0,
    )
    assert (await read(office, JUNE)).counted["totals"]["month"]["paid_fen"] == 0


async def test_money_that_the_bank_returned_is_not_paid(approved_office: Office, claim_id: str) -> None:
    office = approved_office
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.answer(await office.send(), order.order_id, "returned")
    await office.pass_days(date(2021, 10, 1))
    assert (await read(office, SEPTEMBER)).counted["totals"]["cumulative"]["paid_fen"] == 0


async def test_the_year_is_told_by_goals_and_plan(office: Office) -> None:
    """JY-REP-01 to JY-REP-04 over stored facts; a cancelled class leaves them."""
    await office.open_class()
    await finish(office)
    await office.open_class("class-2", roster=["p20"])
    cancelled = ClassCancelled(
        class_id="class-2",
        on=date(2021, 6, 1),
        rule="JY-SUP-04",
        clause="二(三)2",
        attended=0,
        planned=50,
        confirmed_by="inspector-1",
        reason="人数不足",
    )
    await office.take(cancelled)
    found = await office.act(AUDITOR, read_year, region=None, year=2021)
    goals = {goal.code: (goal.target, goal.done, goal.met) for goal in found.goals}
    assert goals == {
        "person_times": (40_000, 10, False),
        "high_skilled": (1_600, 0, False),
        "new_type_apprentices": (600, 0, False),
        "all_apprentices": (600, 0, False),
        "apprentice_quota": (700, 0, False),
    }
    row = next(row for row in found.rows if row.type == "employee_intermediate")
    assert (row.persons, row.counts.opened_persons, row.unallotted.certified_persons) == (3_600, 10, 10)


async def test_a_region_without_a_rulebook_for_the_year_has_no_goals(office: Office) -> None:
    with pytest.raises(Refused, match="RULEBOOK_MISSING"):
        await office.act(AUDITOR, read_year, region=None, year=2023)


async def test_employments_are_recorded_once_and_counted_among_the_certified_rural(office: Office) -> None:
    """JY-QUA-07: recorded employment after the training, per class and period."""
    groups = dict.fromkeys(ROSTER, ("rural_transferred",))
    await office.take(approved("class-1", ROSTER), class_opened(trainees=ROSTER, groups=groups))
    await finish(office)
    found = [Employment(person_id=each, employed_on=date(2021, 8, 1), source="就业登记") for each in ROSTER[:7]]
    assert await office.act(FIRST, record_employment, class_id="class-1", found=found) == 7
    assert await office.act(FIRST, record_employment, class_id="class-1", found=found) == 0
    shares = await office.act(AUDITOR, read_shares, region=None, first=date(2021, 7, 1), last=date(2021, 9, 30))
    [rural] = shares.employment
    assert (rural.class_id, rural.share) == ("class-1", Share(part=7, whole=10))
    assert shares.cluster == Share(part=0, whole=0)
    assert (shares.before.first, shares.before.last) == (date(2020, 7, 1), date(2020, 9, 30))
    recorded = await actions(office, "employment_recorded")
    assert [(each["persons"], each["new"]) for each in recorded] == [(7, 7), (7, 0)]


async def test_a_reviewers_token_that_acts_for_the_institution_records_nobodys_employment(office: Office) -> None:
    """JY-QUA-07, JY-REP-07: who gains by the share of employed does not say who is employed."""
    await office.open_class()
    await finish(office)
    found = [Employment(person_id="p1", employed_on=date(2021, 8, 1), source="就业登记")]
    for role in (Role.FIRST_REVIEWER, Role.INSPECTOR):
        both = person("school-1", Role.INSTITUTION, role, organisation=INSTITUTION)
        with pytest.raises(Forbidden, match="CLAIMANT_REVIEWS"):
            await office.act(both, record_employment, class_id="class-1", found=found)


@pytest.mark.parametrize(
    ("person_id", "day", "code"),
    [
        ("nobody", date(2021, 8, 1), "PERSON_NOT_IN_CLASS"),
        ("p1", date(2021, 6, 21), "EMPLOYED_BEFORE_END"),
        ("p1", date(2021, 9, 14), "DATE_IN_FUTURE"),
    ],
)
async def test_an_employment_that_cannot_be_right_is_refused(
    office: Office, person_id: str, day: date, code: str
) -> None:
    await office.open_class()
    await finish(office)
    found = [Employment(person_id=person_id, employed_on=day, source="就业登记")]
    with pytest.raises(Refused, match=code) as refusal:
        await office.act(FIRST, record_employment, class_id="class-1", found=found)
    assert refusal.value.rule == "JY-QUA-07"


async def test_no_employment_is_recorded_before_the_training_is_completed(office: Office) -> None:
    await office.open_class()
    found = [Employment(person_id="p1", employed_on=date(2021, 8, 1), source="就业登记")]
    with pytest.raises(Refused, match="TRAINING_NOT_COMPLETED"):
        await office.act(INSPECTOR, record_employment, class_id="class-1", found=found)


async def test_a_period_that_ends_before_it_begins_is_refused(office: Office) -> None:
    with pytest.raises(Refused, match="PERIOD_INVALID"):
        await office.act(AUDITOR, read_shares, region=None, first=date(2021, 2, 1), last=date(2021, 1, 31))


async def test_of_two_signatures_at_once_one_closes_the_month(office: Office) -> None:
    """JY-REP-06: the second finds the month closed, on both databases."""
    await at_july(office)
    results = await asyncio.gather(sign(office), sign(office), return_exceptions=True)
    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(each) for each in refused] == [Conflict]
    assert "MONTH_CLOSED" in str(refused[0])
    assert len((await read(office)).report.copies) == 1


async def test_the_wired_service_knows_the_plan_and_the_form(databases: FreshDatabases, tmp_path: Path) -> None:
    url = databases.empty()
    await migrate("payment", url)
    init_home(tmp_path)
    bus = EmbeddedBus(tmp_path / "events")
    wiring = await wire(PaymentSettings(home=tmp_path, database=url), clock=LegalClock(), bus=bus)
    try:
        async with wiring.unit_of_work(write=False) as uow:
            assert [plan.region for plan in uow.plans] == [JIYUAN]
            assert [len(form.fields) for form in uow.forms] == [66]
    finally:
        await wiring.close()
        await bus.close()


async def test_another_regions_reports_are_out_of_reach_and_an_institution_has_none(office: Office) -> None:
    await at_july(office)
    elsewhere = person("auditor-9", Role.AUDITOR, region="371329")
    with pytest.raises(Forbidden, match="REGION_OUT_OF_SCOPE"):
        await office.act(elsewhere, read_report, region=JIYUAN, month=JUNE)
    with pytest.raises(NotFound):
        await office.act(elsewhere, read_report, region=None, month=JUNE)
    assert await office.act(elsewhere, read_reports, region=None) == []
    both = person("school-1", Role.INSTITUTION, Role.AUDITOR, organisation="institution-1")
    with pytest.raises(Forbidden, match="OWN_CLASSES_ONLY"):
        await office.act(both, read_reports, region=None)
    province = person("auditor-8", Role.AUDITOR, region="410000")
    assert len(await office.act(province, read_reports, region=None)) == 1


async def test_a_claims_form_is_filled_from_what_the_office_holds(approved_office: Office, claim_id: str) -> None:
    """Annex 2, JY-FLD-01 to JY-FLD-66, from stored facts, before and after the money has come."""
    office = approved_office
    form, fields = await office.act(SCHOOL, read_form, claim_id=claim_id)
    values = {each.field.rule: each for each in fields}
    assert (len(fields), form.title) == (66, "2021年度补贴性职业技能提升培训申请表")
    assert (values["JY-FLD-50"].value, values["JY-FLD-07"].value[-4:]) == ("1.35", "7531")
    assert values["JY-FLD-63"].state == "awaited"
    [order] = await office.order(claim_id, {EMPLOYMENT: 13_500})
    await office.answer(await office.send(), order.order_id, "settled")
    _, after = await office.act(SCHOOL, read_form, claim_id=claim_id)
    paid = {each.field.rule: each.value for each in after}
    assert (paid["JY-FLD-63"], paid["JY-FLD-62"]) == ("1.35", [office.now.date().isoformat()])
    other = person("school-2", Role.INSTITUTION, organisation="institution-2")
    with pytest.raises(NotFound):
        await office.act(other, read_form, claim_id=claim_id)
