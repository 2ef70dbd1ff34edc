"""What a class holds of its budgets until the last of it is decided, on both databases."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.enter_rate import enter_rate
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from services.payment.domain.benefit import HIRER
from services.payment.domain.budget import BudgetKey
from services.payment.domain.claim import Claim
from services.payment.domain.rates import Rate
from services.payment.domain.state import Act, State
from shared.contracts.enrollment import ClassOpened, TraineeWithdrawn
from shared.contracts.payment import EntitlementReserved
from shared.domain.actor import Actor, Role
from shared.domain.errors import Refused
from tests.payment.claiming import TRAINEE, card, claim_alone, with_checks
from tests.payment.office import ACCOUNT, EMPLOYMENT, INSTITUTION_NAME, Office, asked_for, moment
from tests.payment.sample import people, rate
from tests.payment.test_use_cases_work import confirm, hirer, month, state
from tests.payment.work_sample import FIRST_DAYS, finished, official, opened, with_claims

TALENT, INSURANCE = "talent_fund", "unemployment_insurance_surplus"
INSURED = {"insured_months": "40"}
COSTS = {"eligible_cost_yuan": "80000", "education_fund_yuan": "55000"}
REVIEWS = (
    (Act.FIRST_REVIEW, "first", Role.FIRST_REVIEWER),
    (Act.SECOND_REVIEW, "second", Role.SECOND_REVIEWER),
    (Act.APPROVE, "approver", Role.APPROVER),
)


async def provide(office: Office, place: str, *rows: Rate, **yuan: int) -> None:
    """Let a document's bureau have rates and, by source, budgets in yuan."""
    region, opening = FIRST_DAYS[place]
    office.books = with_claims(place)
    office.now = moment(opening)
    finance = official(place, "finance", Role.FINANCE)
    for row in rows:
        await office.act(finance, enter_rate, rate=replace(row, region=region, valid_from=opening))
    for source, amount in yuan.items():
        key = BudgetKey(region=region, funding_source=source, year=opening.year)
        await office.act(finance, allot_budget, key=key, amount_fen=amount * 100, document="测试指标文件")


async def held(office: Office) -> Mapping[str, int]:
    """Give what all classes hold by source, in yuan; the budgets' own sums say the same."""
    rows = await office.rows("SELECT funding_source, SUM(amount_fen) AS fen FROM budget_commitment GROUP BY 1")
    found = {row.funding_source: int(row.fen) // 100 for row in rows}
    sums = await office.rows("SELECT funding_source, reserved_fen, allotted_fen FROM budget")
    assert {row.funding_source: row.reserved_fen // 100 for row in sums if row.reserved_fen} == found
    assert all(row.reserved_fen <= row.allotted_fen for row in sums)
    return found


async def claim_of(office: Office, place: str, by: Actor | None = None, **told: Any) -> Claim:
    office.now = moment(date(FIRST_DAYS[place][1].year, 12, 1))
    signed = SignedUndertaking(text_version=place, signer="样例负责人", signed_on=office.now.date())
    account = replace(ACCOUNT, holder=INSTITUTION_NAME, kind="basic_account")
    command = {"class_id": "class-1", "undertaking": signed, "account": account, **told}
    return await office.act(by or hirer(place), submit_claim, **command)


async def approve(office: Office, place: str, claim_id: str, *decisions: str) -> Claim:
    for rule in decisions:
        given = GivenDecision(rule=rule, accepted=True, reason="已核对")
        await office.act(official(place, "first", Role.FIRST_REVIEWER), record_decision, claim_id=claim_id, given=given)
    for step, name, role in REVIEWS:
        claim = await office.review(claim_id, step, official(place, name, role))
    return claim


async def learner_of(office: Office, place: str) -> Claim:
    """Let the first learner of a class claim alone."""
    office.now = moment(date(2020, 12, 1))
    account = replace(card(1), kind="bank_card")
    return await claim_alone(office, 1, replace(TRAINEE, region=FIRST_DAYS[place][0]), account=account)


def of_enterprise(fact: ClassOpened) -> ClassOpened:
    return replace(fact, institution=replace(fact.institution, kind="enterprise"))


async def test_job_change_holds_its_cost_from_the_fund_that_pays_it_whatever_the_class_opened_with(
    office: Office,
) -> None:
    """HL-ENR-03, HL-FND-05: a class of another source holds nothing of that source."""
    await provide(office, "HL", **{EMPLOYMENT: 30_000, TALENT: 30_000})
    fact = of_enterprise(opened("HL", people(1, 3), programme="job_change", level=None, attributes=COSTS))
    fact = replace(fact, funding_source=TALENT)
    await office.take(asked_for(fact, source=TALENT))
    assert await held(office) == {EMPLOYMENT: 25_000}
    [answer] = await office.events(EntitlementReserved)
    assert (answer["budget"]["granted"], answer["budget"]["funding_source"]) == (True, EMPLOYMENT)
    await office.take(fact, *finished(fact))
    assert await held(office) == {EMPLOYMENT: 25_000}
    claim = await claim_of(office, "HL", claimant="enterprise")
    await approve(office, "HL", claim.claim_id)
    assert await held(office) == {EMPLOYMENT: 25_000}


async def test_a_job_change_beyond_the_fund_is_refused_before_it_opens(office: Office) -> None:
    """HL-ENR-03: one yuan too little."""
    await provide(office, "HL", **{EMPLOYMENT: 24_999})
    fact = of_enterprise(opened("HL", people(1, 3), programme="job_change", level=None, attributes=COSTS))
    await office.take(asked_for(fact))
    [answer] = await office.events(EntitlementReserved)
    assert (answer["budget"]["code"], answer["budget"]["amount_fen"]) == ("BUDGET_EXHAUSTED", 25_000_00)
    assert await held(office) == {}


async def test_what_one_fund_alone_pays_stays_in_that_fund_until_it_is_ordered(office: Office) -> None:
    """HL-CLM-11"""
    await provide(office, "HL", rate(1000, programme="insurance_skill"), **{INSURANCE: 10_000, EMPLOYMENT: 10_000})
    fact = with_checks(opened("HL", people(1, 2), programme="insurance_skill", group="employee"))
    fact = replace(fact, trainees=tuple(replace(each, attributes=INSURED) for each in fact.trainees))
    await office.take(asked_for(fact), fact, *finished(fact))
    assert await held(office) == {INSURANCE: 2_000}
    claim = await learner_of(office, "HL")
    await approve(office, "HL", claim.claim_id)
    assert await held(office) == {INSURANCE: 2_000}


async def test_the_approval_of_one_payee_leaves_the_part_of_the_other(office: Office) -> None:
    """QJ-CLM-10, -14: the school is paid for the training, the learner for the days."""
    await provide(office, "QJ", rate(800, programme="free_group_training"), **{EMPLOYMENT: 10_000})
    fact = with_checks(opened("QJ", people(1, 2), programme="free_group_training", group="school_leaver"))
    days = (fact.closing_date - fact.opening_date).days + 1
    await office.take(asked_for(fact), fact, *finished(fact))
    assert await held(office) == {EMPLOYMENT: 2 * (800 + days * 50)}
    school = await claim_of(office, "QJ")
    await approve(office, "QJ", school.claim_id, "QJ-CLM-14")
    assert await held(office) == {EMPLOYMENT: 2 * (800 + days * 50)}
    own = await learner_of(office, "QJ")
    await approve(office, "QJ", own.claim_id)  # who came on one day
    assert await held(office) == {EMPLOYMENT: 2 * 800 + 50 + days * 50}


async def test_what_is_held_back_until_people_work_stays_reserved(office: Office) -> None:
    """LS-CLM-05: 60 % is approved, the rest may be any day."""
    await provide(office, "LS", rate(1500), **{EMPLOYMENT: 4_500})
    fact = with_checks(opened("LS", people(1, 3), kind="project"))
    await office.take(asked_for(fact), fact, *finished(fact))
    claim = await claim_of(office, "LS")
    approved = await approve(office, "LS", claim.claim_id)
    assert sum(approved.decided.values()) == 2_700_00
    assert await held(office) == {EMPLOYMENT: 4_500}


async def test_months_of_work_that_may_still_come_stay_reserved(office: Office) -> None:
    """HL-CLM-07: two of six months approved."""
    await provide(office, "HL", rate(1480, programme="work_for_training", unit="month"), **{EMPLOYMENT: 10_000})
    kind: dict[str, Any] = {"kind": "work_for_training", "programme": "work_for_training"}
    fact = of_enterprise(opened("HL", ["p1"], attributes={HIRER: "insured_enterprise"}, **kind))
    await office.take(asked_for(fact), fact)
    assert await held(office) == {EMPLOYMENT: 6 * 1480}
    office.now = moment(date(2020, 12, 1))
    await confirm(office, *(await state(office, month("p1", 6), month("p1", 7))))
    claim = await claim_of(office, "HL", claimant="enterprise")
    assert sum((await approve(office, "HL", claim.claim_id)).decided.values()) == 2 * 1480_00
    assert await held(office) == {EMPLOYMENT: 6 * 1480}


async def test_who_leaves_gives_the_budget_of_the_place_back_where_the_document_has_no_slots(office: Office) -> None:
    """HL-CLM-03"""
    await provide(office, "HL", **{EMPLOYMENT: 10_000})
    fact = opened("HL", people(1, 2), programme="upskilling", group="employee")
    await office.take(asked_for(fact), fact)
    assert await held(office) == {EMPLOYMENT: 4_000}
    await office.take(TraineeWithdrawn(class_id="class-1", person_id="p1", on=fact.opening_date, reason="离职"))
    assert await held(office) == {EMPLOYMENT: 2_000}


@pytest.mark.parametrize("budget_yuan", [4_000, 3_999])
async def test_a_second_certificate_nobody_planned_is_reserved_when_it_is_claimed_as_far_as_there_is_money(
    office: Office, budget_yuan: int
) -> None:
    """HL-CLM-11: one more certificate in the occupation; an approval never takes what is not there."""
    row = rate(2000, programme="insurance_skill")
    await provide(office, "HL", row, **{INSURANCE: budget_yuan})
    fact = with_checks(opened("HL", ["p1"], programme="insurance_skill", group="employee"))
    trained, *rest, done = finished(fact)
    [issued] = [each for each in rest if hasattr(each, "certificate_id")]
    again = replace(issued, certificate_id="again", number="again")  # type: ignore[type-var]
    counted = replace(done, revision=1, kinds=tuple(replace(each, certified=2) for each in done.kinds))  # type: ignore[attr-defined, type-var]
    fact = replace(fact, trainees=tuple(replace(each, attributes=INSURED) for each in fact.trainees))
    await office.take(asked_for(fact), fact, trained, *rest, again, counted)
    assert await held(office) == {INSURANCE: 2_000}
    claim = await learner_of(office, "HL")
    assert sum(claim.payable.values()) == 4_000_00
    await office.pass_days(office.now.date() + timedelta(days=1))
    enough = budget_yuan == 4_000
    assert await held(office) == {INSURANCE: 4_000 if enough else 2_000}
    if enough:
        assert (await approve(office, "HL", claim.claim_id)).state is State.APPROVED
        return
    with pytest.raises(Refused, match="BUDGET_EXHAUSTED"):
        await approve(office, "HL", claim.claim_id)
    assert await held(office) == {INSURANCE: 2_000}


async def test_approvals_and_another_class_race_for_one_budget_and_nobody_loses_what_was_reserved(
    office: Office,
) -> None:
    """HL-CLM-04: two learners claim alone; what the first approval leaves over is the third class's, nothing else."""
    await provide(office, "HL", **{EMPLOYMENT: 4_000})
    told: dict[str, Any] = {"programme": "upskilling", "group": "employee", "attributes": {"funder": "learner"}}
    fact = with_checks(replace(opened("HL", people(1, 2), **told), level="4"))
    other = opened("HL", ["p9"], class_id="class-2", **told)
    await office.take(asked_for(fact), fact, *finished(fact))
    office.now = moment(date(2020, 12, 1))
    claims = [
        await claim_alone(office, number, replace(TRAINEE, subject=f"t-{number}", region=FIRST_DAYS["HL"][0]))
        for number in (1, 2)
    ]
    for claim in claims:
        for step, name, role in REVIEWS[:2]:
            await office.review(claim.claim_id, step, official("HL", name, role))
    chief = official("HL", "approver", Role.APPROVER)
    done = await asyncio.gather(
        *(office.review(claim.claim_id, Act.APPROVE, chief) for claim in claims), office.take(asked_for(other))
    )
    assert [each.state for each in done if each is not None] == [State.APPROVED] * 2
    assert await held(office) == {EMPLOYMENT: 4_000}
    [answer] = await office.events(EntitlementReserved, class_id="class-2")
    assert answer["budget"]["code"] == "BUDGET_EXHAUSTED"
