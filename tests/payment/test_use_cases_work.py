"""Jobs and months of work on both databases: two people for what is paid, opposite entries, claims computed again."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.exc import DatabaseError

from services.payment.application.allot_budget import allot_budget
from services.payment.application.assessing import assess_case, open_case
from services.payment.application.enter_rate import enter_rate
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.record_employment import record_employment
from services.payment.application.record_work_months import (
    decide_work_months,
    read_work_months,
    record_work_months,
    reverse_work_months,
)
from services.payment.application.review_claim import GivenReview, review_claim
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from services.payment.domain.benefit import HIRER
from services.payment.domain.budget import BudgetKey
from services.payment.domain.class_record import Employment
from services.payment.domain.facts import Spell, WorkMonth
from services.payment.domain.state import Act
from services.payment.domain.statement import StatementState
from services.payment.domain.subsidy import Assessment
from services.payment.domain.work_month import GivenMonth
from services.payment.storage.work import StoredWork
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, Forbidden, NotFound, Refused
from shared.policy.decision import Severity
from tests.payment.claiming import with_checks
from tests.payment.office import ACCOUNT, Office, moment, person
from tests.payment.sample import INSTITUTION, INSTITUTION_NAME, people, rate
from tests.payment.work_sample import FIRST_DAYS, finished, official, opened, with_claims

WORKSHOP = "workshop-1"
ROSTER = people(1, 3)


def month(person_id: str = "p1", number: int = 6, *, full: bool = True, source: str = "工资表") -> GivenMonth:
    return GivenMonth(person_id=person_id, month=date(2020, number, 1), full=full, source=source)


def hirer(place: str, organisation: str = INSTITUTION) -> Actor:
    return person(f"clerk-{organisation}", Role.INSTITUTION, organisation=organisation, region=FIRST_DAYS[place][0])


FIRST, SECOND = official("HL", "first-hl", Role.FIRST_REVIEWER), official("HL", "second-hl", Role.SECOND_REVIEWER)


@pytest.fixture
async def huludao(office: Office) -> Office:
    """Give an office with a work-for-training class of an insured enterprise, by the end of November."""
    office.now = moment(date(2020, 11, 30))
    kind = {"kind": "work_for_training", "programme": "work_for_training"}
    hired = opened("HL", ROSTER, employer=WORKSHOP, attributes={HIRER: "insured_enterprise"}, **kind)
    await office.take(replace(hired, institution=replace(hired.institution, kind="enterprise")))
    return office


async def state(office: Office, *given: GivenMonth, by: Actor | None = None) -> list[int]:
    stated = await office.act(by or hirer("HL"), record_work_months, class_id="class-1", given=given)
    return [entry.number for entry in stated]


async def confirm(office: Office, *numbers: int, by: Actor = FIRST, confirmed: bool = True) -> None:
    command = {"class_id": "class-1", "numbers": numbers, "confirmed": confirmed, "reason": "已核对"}
    await office.act(by, decide_work_months, **command)


async def known(office: Office, class_id: str = "class-1") -> tuple[WorkMonth, ...]:
    async with office.unit() as uow:
        return (await uow.classes.facts(class_id)).months


async def assessed(office: Office) -> Assessment:
    async with office.unit() as uow:
        return await assess_case(uow, await open_case(uow, "class-1"), ())


async def test_a_month_counts_once_a_second_person_confirmed_it(huludao: Office) -> None:
    """HL-CLM-07: months of work at the minimum wage of each month; nobody is paid for what one person says alone."""
    wage = replace(
        rate(1480, programme="work_for_training"), region="211400", valid_from=date(2020, 1, 1), unit="month"
    )
    await huludao.act(official("HL", "finance-hl", Role.FINANCE), enter_rate, rate=wage)
    numbers = await state(huludao, *(month("p1", number) for number in range(5, 11)), month("p2", 6, full=False))
    assert await known(huludao) == ()
    assert [line.amount_fen for line in (await assessed(huludao)).lines] == [0, 0, 0]

    await confirm(huludao, *numbers)

    assert len(await known(huludao)) == 7
    assert [line.amount_fen for line in (await assessed(huludao)).lines] == [6 * 148_000, 0, 0]
    with pytest.raises(Conflict, match="STATEMENT_DECIDED"):
        await confirm(huludao, numbers[0])


async def test_who_stated_a_month_does_not_confirm_it(huludao: Office) -> None:
    [number] = await state(huludao, month(), by=FIRST)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await confirm(huludao, number, by=FIRST)
    both = person("clerk", Role.INSTITUTION, Role.FIRST_REVIEWER, organisation=INSTITUTION, region="211400")
    with pytest.raises(Forbidden, match="CLAIMANT_REVIEWS"):
        await confirm(huludao, number, by=both)
    await confirm(huludao, number, by=SECOND)
    assert await known(huludao) == (WorkMonth(person_id="p1", month=date(2020, 6, 1), full=True),)


async def test_a_month_is_stated_once_and_corrected_by_its_opposite(huludao: Office) -> None:
    [number] = await state(huludao, month())
    assert await state(huludao, month()) == []
    with pytest.raises(Conflict, match="MONTH_STANDS"):
        await state(huludao, month(full=False))
    with pytest.raises(Conflict, match="STATEMENT_NOT_CONFIRMED"):
        await huludao.act(FIRST, reverse_work_months, class_id="class-1", numbers=[number], reason="误")
    await confirm(huludao, number)

    [back] = await huludao.act(FIRST, reverse_work_months, class_id="class-1", numbers=[number], reason="未足月")
    assert len(await known(huludao)) == 1
    with pytest.raises(Conflict, match="REVERSAL_WAITS"):
        await huludao.act(SECOND, reverse_work_months, class_id="class-1", numbers=[number], reason="未足月")
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await confirm(huludao, back.number, by=FIRST)
    await confirm(huludao, back.number, by=SECOND)
    assert await known(huludao) == ()

    [again] = await state(huludao, month(full=False))
    await confirm(huludao, again)
    assert [each.full for each in await known(huludao)] == [False]
    listed = await huludao.act(FIRST, read_work_months, class_id="class-1")
    assert [(entry.number, entry.reverses, entry.state) for entry in listed] == [
        (number, None, StatementState.REVERSED),
        (back.number, number, StatementState.CONFIRMED),
        (again, None, StatementState.CONFIRMED),
    ]


async def test_a_refused_month_may_be_stated_anew(huludao: Office) -> None:
    [number] = await state(huludao, month())
    await confirm(huludao, number, confirmed=False)
    assert await known(huludao) == ()
    assert len(await state(huludao, month())) == 1


async def test_an_employer_states_months_of_its_own_people_and_strangers_find_no_class(huludao: Office) -> None:
    assert len(await state(huludao, month(), by=hirer("HL", WORKSHOP))) == 1
    for stranger in (hirer("HL", "another"), official("LS", "first-ls", Role.FIRST_REVIEWER)):
        with pytest.raises(NotFound):
            await state(huludao, month("p2"), by=stranger)
        with pytest.raises(NotFound):
            await huludao.act(stranger, read_work_months, class_id="class-1")
    with pytest.raises(NotFound, match="STATEMENT_UNKNOWN"):
        await confirm(huludao, 999)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([month("p99")], "PERSON_NOT_IN_CLASS"),
        ([month(number=11)], "MONTH_NOT_OVER"),
        ([month(number=4)], "MONTH_BEFORE_OPENING"),
        ([month(), month()], "MONTH_TWICE"),
    ],
)
async def test_a_month_that_cannot_be_right_is_refused(huludao: Office, given: list[GivenMonth], code: str) -> None:
    with pytest.raises(Refused, match=code):
        await state(huludao, *given)
    assert await state(huludao, month(number=10), month(number=5))


async def test_a_class_that_is_paid_by_no_month_takes_none(office: Office) -> None:
    office.now = moment(date(2020, 11, 30))
    await office.take(opened("HL", ROSTER))
    with pytest.raises(Refused, match="WORK_MONTHS_NOT_PAID"):
        await state(office, month())


async def test_a_full_month_of_a_person_is_confirmed_for_one_class_alone(huludao: Office) -> None:
    kind = {"kind": "work_for_training", "programme": "work_for_training"}
    await huludao.take(opened("HL", ROSTER, class_id="class-2", attributes={HIRER: "insured_enterprise"}, **kind))
    await confirm(huludao, *(await state(huludao, month())))
    [other] = await huludao.act(FIRST, record_work_months, class_id="class-2", given=[month()])
    command = {"class_id": "class-2", "numbers": [other.number], "confirmed": True, "reason": "已核对"}
    with pytest.raises(Conflict, match="MONTH_TAKEN"):
        await huludao.act(SECOND, decide_work_months, **command)
    with pytest.raises(DatabaseError):
        await huludao.rows(
            "UPDATE work_month SET state = 'confirmed', decided_by = 'x', decided_on = '2020-11-30' WHERE number = :n",
            n=other.number,
        )


async def test_of_two_who_confirm_one_month_in_two_classes_at_once_one_is_told_so(
    huludao: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HL-CLM-07: both have read that the month is free before either writes it down."""
    kind = {"kind": "work_for_training", "programme": "work_for_training"}
    await huludao.take(opened("HL", ROSTER, class_id="class-2", attributes={HIRER: "insured_enterprise"}, **kind))
    numbers = {"class-1": await state(huludao, month())}
    stated = await huludao.act(FIRST, record_work_months, class_id="class-2", given=[month()])
    numbers["class-2"] = [entry.number for entry in stated]
    both, read = asyncio.Barrier(2), StoredWork.confirmed_elsewhere

    async def together(self: StoredWork, class_id: str, persons: Collection[str]) -> frozenset[tuple[str, date]]:
        found = await read(self, class_id, persons)
        with suppress(TimeoutError, asyncio.BrokenBarrierError):
            await asyncio.wait_for(both.wait(), timeout=0.5)
        return found

    monkeypatch.setattr(StoredWork, "confirmed_elsewhere", together)
    answers = await asyncio.gather(
        *(
            huludao.act(SECOND, decide_work_months, class_id=class_id, numbers=each, confirmed=True, reason="已核对")
            for class_id, each in numbers.items()
        ),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [getattr(error, "code", repr(error)) for error in refused] == ["MONTH_TAKEN"]


async def test_the_database_lets_no_month_be_edited_forgotten_or_decided_by_its_author(huludao: Office) -> None:
    [number] = await state(huludao, month())
    for change in (
        "UPDATE work_month SET is_full = false",
        "UPDATE work_month SET month = '2020-07-01'",
        "UPDATE work_month SET state = 'reversed', decided_by = 'x'",
        "UPDATE work_month SET state = 'confirmed', decided_by = stated_by",
        "DELETE FROM work_month",
        "INSERT INTO work_month (class_id, person_id, month, is_full, source, stated_by, stated_on, state) "
        "VALUES ('class-1', 'p1', '2020-06-01', true, 's', 'a', '2020-11-30', 'stated')",
        "INSERT INTO work_month (class_id, person_id, month, is_full, source, stated_by, stated_on, state) "
        "VALUES ('class-1', 'p1', '2020-07-02', true, 's', 'a', '2020-11-30', 'stated')",
        "INSERT INTO work_month (class_id, person_id, month, is_full, source, stated_by, stated_on, state, decided_by) "
        "VALUES ('class-1', 'p1', '2020-07-01', true, 's', 'a', '2020-11-30', 'confirmed', 'b')",
    ):
        with pytest.raises(DatabaseError):
            await huludao.rows(change)
    await confirm(huludao, number)
    with pytest.raises(DatabaseError):
        await huludao.rows("UPDATE work_month SET state = 'reversed'")


def job(person_id: str, day: date, **told: object) -> Employment:
    return replace(Employment(person_id=person_id, employed_on=day, source="就业登记", employer="e-1"), **told)  # type: ignore[arg-type]


async def spells(office: Office) -> tuple[Spell, ...]:
    async with office.unit() as uow:
        return (await uow.classes.facts("class-1")).spells


async def claimed(office: Office, place: str, amount_yuan: int, *, on: date | None = None, **told: object) -> str:
    """Let a finished class of the document be claimed for, at a rate per head; give the claim."""
    office.books = with_claims(place)
    region, opening = FIRST_DAYS[place]
    started = with_checks(opened(place, ROSTER, **told))  # type: ignore[arg-type]
    events = finished(started)
    office.now = moment(on or date(opening.year, 12, 2))
    row = replace(rate(amount_yuan), region=region, valid_from=opening)
    await office.act(official(place, "finance", Role.FINANCE), enter_rate, rate=row)
    await office.take(started, *events)
    signed = SignedUndertaking(text_version=place, signer="样例负责人", signed_on=office.now.date())
    account = replace(ACCOUNT, holder=INSTITUTION_NAME)
    school = hirer(place)
    return (await office.act(school, submit_claim, class_id="class-1", undertaking=signed, account=account)).claim_id


async def amounts(office: Office, claim_id: str) -> list[int]:
    return [line.amount_fen for line in (await office.claim(claim_id)).assessment.lines]


async def test_a_job_within_three_months_of_the_certificate_raises_the_share_of_a_claim(office: Office) -> None:
    """HB-CLM-03, HB-CLM-07: certificate of 2024-04-03, the window's last day is 2024-07-03."""
    claim_id = await claimed(office, "HB", 1000, group="employment_difficult")
    first = official("HB", "first", Role.FIRST_REVIEWER)
    assert await amounts(office, claim_id) == [80_000] * 3
    found = [job("p1", date(2024, 4, 3)), job("p2", date(2024, 7, 3)), job("p3", date(2024, 7, 4))]

    assert await office.act(first, record_employment, class_id="class-1", found=found) == 3

    assert await amounts(office, claim_id) == [100_000, 100_000, 80_000]
    taken_back = [replace(found[0], stands=False, source="误登记")]
    assert await office.act(first, record_employment, class_id="class-1", found=taken_back) == 1
    assert await office.act(first, record_employment, class_id="class-1", found=taken_back) == 0
    assert await amounts(office, claim_id) == [80_000, 100_000, 80_000]


async def test_a_job_that_began_before_the_certificate_counts_once_a_person_accepts_it(office: Office) -> None:
    """HB-CLM-03: such a job waits for a person, and counts only while it is still held on the certificate's day."""
    claim_id = await claimed(office, "HB", 1000, group="employment_difficult")
    first = official("HB", "first", Role.FIRST_REVIEWER)
    left = job("p2", date(2024, 1, 8), last_day=date(2024, 4, 2))
    assert (
        await office.act(first, record_employment, class_id="class-1", found=[job("p1", date(2024, 1, 8)), left]) == 2
    )
    assert await amounts(office, claim_id) == [80_000] * 3
    assert await asked(office, claim_id) == [("p1", "EMPLOYED_BEFORE_CERTIFICATE", "HB-CLM-03")]
    for person_id in ("p1", "p2"):
        given = GivenDecision(rule="HB-CLM-03", accepted=True, reason="社保在缴", persons=frozenset({person_id}))
        await office.act(first, record_decision, claim_id=claim_id, given=given)
    assert await amounts(office, claim_id) == [100_000, 80_000, 80_000]
    assert await asked(office, claim_id) == []


async def test_a_job_that_began_before_the_certificate_is_queued_until_somebody_decided(office: Office) -> None:
    """HB-CLM-03: no review passes while it is open; decided against, the smaller share is paid."""
    claim_id = await claimed(office, "HB", 1000, group="employment_difficult")
    first = official("HB", "first", Role.FIRST_REVIEWER)
    await office.act(first, record_employment, class_id="class-1", found=[job("p1", date(2024, 1, 8))])
    review = GivenReview(step=Act.FIRST_REVIEW, approved=True, opinion="已核对")
    with pytest.raises(Refused, match="DECISION_NEEDED") as refused:
        await office.act(first, review_claim, claim_id=claim_id, given=review)
    assert refused.value.rule == "HB-CLM-03"
    given = GivenDecision(rule="HB-CLM-03", accepted=False, reason="与培训无关")
    await office.act(first, record_decision, claim_id=claim_id, given=given)
    assert await amounts(office, claim_id) == [80_000] * 3
    await office.act(first, review_claim, claim_id=claim_id, given=review)


async def asked(office: Office, claim_id: str) -> list[tuple[str | None, str, str]]:
    lines = (await office.claim(claim_id)).assessment.lines
    return [
        (line.person_id, finding.code, finding.rule)
        for line in lines
        for finding in line.findings
        if finding.severity is Severity.ASK
    ]


async def test_the_rest_of_a_project_is_paid_once_employment_was_measured(office: Office) -> None:
    """LS-CLM-05: 60 % first; the day of measuring is a recorded decision and never a day to come."""
    claim_id = await claimed(office, "LS", 1500, kind="project")
    first = official("LS", "first", Role.FIRST_REVIEWER)
    assert sum(await amounts(office, claim_id)) == 270_000
    jobs = [job(person_id, date(2020, 10, 12)) for person_id in ROSTER]
    await office.act(first, record_employment, class_id="class-1", found=jobs)
    assert sum(await amounts(office, claim_id)) == 270_000
    for wrong in (None, date(2020, 12, 3)):
        given = GivenDecision(rule="LS-CLM-05", accepted=True, reason="核定", since=wrong)
        with pytest.raises(Refused, match="DECISION_INCOMPLETE"):
            await office.act(first, record_decision, claim_id=claim_id, given=given)
    given = GivenDecision(rule="LS-CLM-05", accepted=True, reason="核定", since=date(2020, 11, 30))
    await office.act(first, record_decision, claim_id=claim_id, given=given)
    assert sum(await amounts(office, claim_id)) == 450_000

    ended = [replace(jobs[0], last_day=date(2020, 11, 29))]
    assert await office.act(first, record_employment, class_id="class-1", found=ended) == 1
    assert sum(await amounts(office, claim_id)) == 270_000
    assert [spell.end for spell in await spells(office)] == [date(2020, 11, 29), None, None]


@pytest.mark.parametrize(
    ("place", "told", "code"),
    [
        ("LS", {"employed_on": date(2020, 9, 1)}, "EMPLOYED_BEFORE_END"),
        ("LS", {"last_day": date(2020, 12, 3)}, "DATE_IN_FUTURE"),
        ("LS", {"last_day": date(2020, 10, 11)}, "DATES_REVERSED"),
        ("LS", {"stands": False}, "EMPLOYMENT_UNKNOWN"),
    ],
)
async def test_a_job_that_cannot_be_right_is_refused(
    office: Office, place: str, told: dict[str, object], code: str
) -> None:
    await claimed(office, place, 1500, kind="project")
    found = [job("p1", date(2020, 10, 12), **told)]
    with pytest.raises(Refused, match=code) as refusal:
        await office.act(
            official(place, "first", Role.FIRST_REVIEWER), record_employment, class_id="class-1", found=found
        )
    assert refusal.value.rule == "LS-CLM-05"


async def test_a_claim_follows_the_months_that_are_confirmed_and_taken_back(huludao: Office) -> None:
    """HL-CLM-07: what was claimed before a month is confirmed is computed again, and again when it is reversed."""
    huludao.books = with_claims("HL")
    wage = replace(
        rate(1480, programme="work_for_training"), region="211400", valid_from=date(2020, 1, 1), unit="month"
    )
    await huludao.act(official("HL", "finance-hl", Role.FINANCE), enter_rate, rate=wage)
    numbers = await state(huludao, month("p1", 6), month("p1", 7))
    await confirm(huludao, numbers[0])
    signed = SignedUndertaking(text_version="HL", signer="样例负责人", signed_on=huludao.now.date())
    command = {"class_id": "class-1", "undertaking": signed, "account": ACCOUNT, "claimant": "enterprise"}
    claim = await huludao.act(hirer("HL"), submit_claim, **command)
    assert await amounts(huludao, claim.claim_id) == [148_000, 0, 0]
    await confirm(huludao, numbers[1])
    assert await amounts(huludao, claim.claim_id) == [296_000, 0, 0]
    reversed_ = {"class_id": "class-1", "numbers": [numbers[0]], "reason": "未足月"}
    [back] = await huludao.act(hirer("HL"), reverse_work_months, **reversed_)
    await confirm(huludao, back.number)
    assert await amounts(huludao, claim.claim_id) == [148_000, 0, 0]


async def test_months_after_the_approval_are_paid_at_the_wage_that_holds_in_them(huludao: Office) -> None:
    """HL-CLM-07, JY-PAY-05: a wage entered after the approval pays the months after it, never one approved before."""
    huludao.now = moment(date(2020, 7, 10))
    finance = official("HL", "finance-hl", Role.FINANCE)
    wage = replace(
        rate(1480, programme="work_for_training"), region="211400", valid_from=date(2020, 1, 1), unit="month"
    )
    await huludao.act(finance, enter_rate, rate=wage)
    key = BudgetKey(region="211400", funding_source="employment_subsidy_fund", year=2020)
    await huludao.act(finance, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    await confirm(huludao, *(await state(huludao, month("p1", 5), month("p1", 6))))
    signed = SignedUndertaking(text_version="HL", signer="样例负责人", signed_on=huludao.now.date())
    command = {"class_id": "class-1", "undertaking": signed, "account": ACCOUNT, "claimant": "enterprise"}
    claim = await huludao.act(hirer("HL"), submit_claim, **command)
    approver = official("HL", "approver-hl", Role.APPROVER)
    for step, by in ((Act.FIRST_REVIEW, FIRST), (Act.SECOND_REVIEW, SECOND), (Act.APPROVE, approver)):
        await huludao.review(claim.claim_id, step, by)

    huludao.now = moment(date(2020, 10, 12))
    await huludao.act(finance, enter_rate, rate=replace(wage, amount_fen=161_000, valid_from=date(2020, 10, 13)))
    huludao.now = moment(date(2020, 12, 12))
    numbers = await state(huludao, month("p1", 7), month("p1", 10), month("p1", 11))
    await confirm(huludao, *numbers)

    assert await amounts(huludao, claim.claim_id) == [4 * 148_000 + 161_000, 0, 0]


async def test_a_spell_counts_in_the_year_of_its_first_month_whenever_that_is_confirmed(office: Office) -> None:
    """QJ-CLM-11: January was confirmed before December, and the spell began in December."""
    office.now = moment(date(2021, 3, 1))
    kind = {"kind": "work_for_training", "programme": "work_for_training"}
    hired = opened("QJ", ["p1"], attributes={HIRER: "insured_enterprise"}, **kind)
    await office.take(replace(hired, institution=replace(hired.institution, kind="enterprise")))
    checker = official("QJ", "first-qj", Role.FIRST_REVIEWER)
    january, december = (
        GivenMonth(person_id="p1", month=day, full=True, source="工资表")
        for day in (date(2021, 1, 1), date(2020, 12, 1))
    )
    await confirm(office, *(await state(office, january, by=hirer("QJ"))), by=checker)
    claim_id = await claimed_work(office)
    scopes = "SELECT scope FROM cap_slot WHERE scope LIKE '%three_a_year%'"
    assert [row.scope for row in await office.rows(scopes)] == ["quanjiao/three_a_year/2021"]

    await confirm(office, *(await state(office, december, by=hirer("QJ"))), by=checker)

    assert await amounts(office, claim_id) == [40_000]
    assert [row.scope for row in await office.rows(scopes)] == ["quanjiao/three_a_year/2020"]


async def test_who_belongs_to_two_groups_has_one_line_and_one_spell(office: Office) -> None:
    """QJ-CLM-07: a poor worker who is also hard to employ is paid once, and the class can be claimed at all."""
    office.now = moment(date(2021, 3, 1))
    kind = {"kind": "work_for_training", "programme": "work_for_training"}
    hired = opened("QJ", ["p1"], attributes={HIRER: "insured_enterprise"}, **kind)
    both = tuple(replace(each, groups=("poor_worker", "employment_difficult")) for each in hired.trainees)
    await office.take(replace(hired, trainees=both, institution=replace(hired.institution, kind="enterprise")))
    given = GivenMonth(person_id="p1", month=date(2021, 1, 1), full=True, source="工资表")
    checker = official("QJ", "first-qj", Role.FIRST_REVIEWER)
    await confirm(office, *(await state(office, given, by=hirer("QJ"))), by=checker)
    assert await amounts(office, await claimed_work(office)) == [20_000]


async def claimed_work(office: Office) -> str:
    """Let the enterprise of a Quanjiao class claim for its months."""
    signed = SignedUndertaking(text_version="QJ", signer="样例负责人", signed_on=office.now.date())
    command = {"class_id": "class-1", "undertaking": signed, "claimant": "enterprise"}
    account = replace(ACCOUNT, holder=INSTITUTION_NAME, kind="basic_account")
    return (await office.act(hirer("QJ"), submit_claim, **command, account=account)).claim_id


async def test_a_claim_that_does_not_name_the_basic_account_is_not_received_in_quanjiao(office: Office) -> None:
    """QJ-PAY-01: the kind of account is asked for where the claim is handed in, and kept with the account."""
    with pytest.raises(Refused) as refused:
        await claimed(office, "QJ", 1000, programme="free_group_training")
    assert (refused.value.code, refused.value.rule) == ("ACCOUNT_KIND", "QJ-PAY-01")
    assert await office.rows("SELECT 1 FROM claim") == []
    signed = SignedUndertaking(text_version="QJ", signer="样例负责人", signed_on=office.now.date())
    account = replace(ACCOUNT, holder=INSTITUTION_NAME, kind="basic_account")
    await office.act(hirer("QJ"), submit_claim, class_id="class-1", undertaking=signed, account=account)
    assert [row.kind for row in await office.rows("SELECT kind FROM account")] == ["basic_account"]
