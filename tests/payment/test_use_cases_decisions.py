"""What the other documents leave to a person is recorded on the claim, and the claim follows."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.domain.budget import BudgetKey
from shared.domain.errors import Refused
from tests.payment.office import EMPLOYMENT, FINANCE, FIRST, Office, moment
from tests.payment.test_use_cases_elsewhere import (
    CLAIMED_ON,
    HULUDAO,
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
