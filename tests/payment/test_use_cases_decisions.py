"""What the other documents leave to a person is recorded on the claim, and the claim follows."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.enter_rate import enter_rate
from services.payment.application.publish_notice import publish_notice
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.submit_claim import submit_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.state import Act
from shared.domain.errors import Forbidden, Refused
from tests.payment.office import ACCOUNT, APPROVER, EMPLOYMENT, FINANCE, FIRST, SCHOOL, SECOND, Office, moment
from tests.payment.scene import HEBEI, IN_FORCE, LINSHU, rate
from tests.payment.test_use_cases_elsewhere import (
    CLAIMED_ON,
    HULUDAO,
    SIGNED,
    claimed,
    enterprise,
    opened,
    passed,
    there,
    trained,
)


@pytest.fixture(autouse=True)
async def provided(office: Office) -> None:
    office.now = moment(CLAIMED_ON)
    async with office.unit(there(FINANCE), now=moment(date(2020, 1, 6))) as uow:
        key = BudgetKey(region=HULUDAO, funding_source=EMPLOYMENT, year=2020)
        await allot_budget(uow, key=key, amount_fen=100_000_000, document="测试指标文件")
        await uow.commit()


def given(rule: str, **told) -> GivenDecision:  # type: ignore[no-untyped-def]
    return GivenDecision(**{"rule": rule, "accepted": True, "reason": "经核实，书面同意", **told})


async def test_a_fourth_subsidy_is_paid_once_a_person_decided_and_no_more_when_it_is_taken_back(office: Office) -> None:
    """HL-CLM-01"""
    for number, occupation in enumerate(("welder", "fitter", "turner", "cook"), start=1):
        fact = enterprise(opened(f"class-{number}", ["p1"], occupation=occupation))
        issued = replace(passed("p1", f"class-{number}", level="5"), occupation=occupation)
        await trained(office, fact, [issued])
    claims = [await claimed(office, f"class-{number}", "enterprise") for number in range(1, 5)]
    assert [sum(claim.payable.values()) for claim in claims] == [150_000, 150_000, 150_000, 0]

    async def decide(accepted: bool):  # type: ignore[no-untyped-def]
        decision = given("HL-CLM-01", persons=frozenset({"p1"}), accepted=accepted)
        return await office.act(there(FIRST), record_decision, claim_id=claims[3].claim_id, given=decision)

    assert sum((await decide(True)).payable.values()) == 150_000
    assert sum((await decide(False)).payable.values()) == 0


async def test_who_is_paid_where_both_paid_is_recorded_for_everybody_who_is_asked_about(office: Office) -> None:
    """HL-CLM-04"""
    fact = enterprise(opened("class-1", ["p1", "p2"]), funder="both")
    await trained(office, fact, [passed(person, "class-1", level="4") for person in ("p1", "p2")])
    claim = await claimed(office, "class-1", "enterprise")
    assert {finding.code for line in claim.assessment.lines for finding in line.findings} == {"PAYEE_UNDECIDED"}

    decided = await office.act(there(FIRST), record_decision, claim_id=claim.claim_id, given=given("HL-CLM-04"))

    assert sum(decided.payable.values()) == 2 * 200_000


async def test_a_cap_for_life_leaves_nothing_to_a_person(office: Office) -> None:
    """HL-CLM-02"""
    await trained(office, enterprise(opened("class-1", ["p1"])), [passed("p1", "class-1", level="4")])
    claim = await claimed(office, "class-1", "enterprise")
    with pytest.raises(Refused, match="RULE_NOT_DECIDABLE"):
        await office.act(
            there(FIRST),
            record_decision,
            claim_id=claim.claim_id,
            given=given("HL-CLM-02", persons=frozenset({"p1"})),
        )


async def test_the_day_of_measuring_is_recorded_with_its_day_and_frees_nothing_while_nobody_works(
    office: Office,
) -> None:
    """LS-CLM-05"""
    office.now = moment(date(2020, 12, 1))
    finance, reviewer, school = (there(actor, LINSHU) for actor in (FINANCE, FIRST, SCHOOL))
    async with office.unit(finance) as uow:
        key = BudgetKey(region=LINSHU, funding_source=EMPLOYMENT, year=2020)
        await allot_budget(uow, key=key, amount_fen=100_000_000, document="测试指标文件")
        await enter_rate(uow, replace(rate(LINSHU, "training", 1500), number=0))
        await uow.commit()
    opens = IN_FORCE[LINSHU]
    fact = opened(
        "class-1", ["p1", "p2"], programme="training", kind="project", region=LINSHU, opening=opens, level="4"
    )
    issued = [passed(person, "class-1", level="4", on=date(2020, 10, 10)) for person in ("p1", "p2")]
    await trained(office, fact, issued)
    claim = await office.act(school, submit_claim, class_id="class-1", undertaking=SIGNED, account=ACCOUNT)
    assert sum(claim.payable.values()) == 180_000
    with pytest.raises(Refused, match="DECISION_INCOMPLETE"):
        await office.act(reviewer, record_decision, claim_id=claim.claim_id, given=given("LS-CLM-05"))

    measured = given("LS-CLM-05", since=date(2020, 11, 30))
    decided = await office.act(reviewer, record_decision, claim_id=claim.claim_id, given=measured)

    assert sum(decided.payable.values()) == 180_000
    assert {flag.code for flag in decided.assessment.flags} == {"EMPLOYMENT_NOT_MET"}


async def test_money_leaves_outside_the_days_of_paying_once_a_person_decided_and_stays_when_it_is_taken_back(
    office: Office,
) -> None:
    """HB-PAY-01, HB-PAY-03, HB-PAY-04: approved in time, ordered on the first day after October."""
    office.now = moment(date(2024, 9, 2))
    finance, first, second, approver = (there(actor, HEBEI) for actor in (FINANCE, FIRST, SECOND, APPROVER))
    async with office.unit(finance) as uow:
        key = BudgetKey(region=HEBEI, funding_source=EMPLOYMENT, year=2024)
        await allot_budget(uow, key=key, amount_fen=100_000_000, document="测试指标文件")
        await enter_rate(uow, replace(rate(HEBEI, "training", 1000), number=0))
        await uow.commit()
    opens = IN_FORCE[HEBEI]
    fact = opened("class-1", ["p1"], programme="training", region=HEBEI, opening=opens, level="4")
    await trained(office, fact, [passed("p1", "class-1", level="4", on=date(2024, 6, 20))])
    school = there(SCHOOL, HEBEI)
    claim = await office.act(school, submit_claim, class_id="class-1", undertaking=SIGNED, account=ACCOUNT)
    out_of_season = given("HB-ASM-05")  # the sample's exam is of another year
    await office.act(first, record_decision, claim_id=claim.claim_id, given=out_of_season)
    await office.review(claim.claim_id, Act.FIRST_REVIEW, first)
    await office.review(claim.claim_id, Act.SECOND_REVIEW, second)
    await office.act(second, publish_notice, claim_id=claim.claim_id, site="样例网站")
    await office.pass_days(date(2024, 10, 31))
    await office.review(claim.claim_id, Act.APPROVE, approver)
    office.now = moment(date(2024, 11, 1))
    with pytest.raises(Refused, match="DECISION_NEEDED"):
        await office.order(claim.claim_id, {EMPLOYMENT: 1000}, actor=finance)

    async def decide(accepted: bool) -> None:
        await office.act(first, record_decision, claim_id=claim.claim_id, given=given("HB-PAY-03", accepted=accepted))

    await decide(True)
    reviewer_who_pays = replace(finance, subject=first.subject)
    with pytest.raises(Forbidden, match="SAME_REVIEWER"):
        await office.order(claim.claim_id, {EMPLOYMENT: 1000}, actor=reviewer_who_pays)
    [order] = await office.order(claim.claim_id, {EMPLOYMENT: 1000}, actor=finance)
    assert order.amount_fen == 100_000
    await decide(False)
    with pytest.raises(Refused, match="NO_ORDERS_READY"):
        await office.send(actor=finance)
    await decide(True)
    assert (await office.send(actor=finance)).amount_fen == 100_000
