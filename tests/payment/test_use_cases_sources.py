"""From which money a claim is ordered, on both databases: what comes first, and what one fund alone pays."""

from dataclasses import replace
from datetime import date

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.create_orders import create_orders
from services.payment.application.enter_rate import enter_rate
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.reverse_order import reverse_order
from services.payment.application.submit_claim import SignedUndertaking, submit_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.claim import Claim, EmployerPayment
from services.payment.domain.order import PaymentOrder, Share
from services.payment.domain.state import Act
from shared.contracts.enrollment import ClassOpened, EmployerReference
from shared.domain.actor import Role
from shared.domain.errors import Conflict, Refused
from tests.payment.claiming import TRAINEE, card, somebody, with_checks
from tests.payment.office import ACCOUNT, EMPLOYMENT, FIRST, SECOND, Office, moment, person
from tests.payment.sample import people, rate
from tests.payment.test_use_cases_elsewhere import (
    APPROVER,
    CLAIMED_ON,
    FINANCE,
    HULUDAO,
    OPENING,
    SCHOOL,
    SIGNED,
    enterprise,
    opened,
    passed,
    there,
    trained,
)

TALENT = "talent_fund"
OTHER = "enterprise-2"
COSTS = {"eligible_cost_yuan": "80000", "education_fund_yuan": "55000"}


@pytest.fixture
async def huludao(office: Office) -> Office:
    """Give an office of Huludao with money of two sources."""
    office.now = moment(CLAIMED_ON)
    for source in (EMPLOYMENT, TALENT):
        key = BudgetKey(region=HULUDAO, funding_source=source, year=OPENING.year)
        await office.act(there(FINANCE), allot_budget, key=key, amount_fen=100_000_000, document="测试指标文件")
    return office


def job_change(roster: list[str], others: int) -> ClassOpened:
    """Give an enterprise's class for job change, the last `others` of its people another enterprise's."""
    fact = enterprise(opened("class-1", roster, programme="job_change", attributes=COSTS))
    works_for = EmployerReference(institution_id=OTHER, name="样例乙企业", credit_code="")
    sent = {each.person_id for each in fact.trainees[len(roster) - others :]}
    trainees = tuple(replace(each, employer=works_for if each.person_id in sent else None) for each in fact.trainees)
    return replace(fact, trainees=trainees)


async def approved(office: Office, claim_id: str, *decisions: str) -> None:
    for rule in decisions:
        given = GivenDecision(rule=rule, accepted=True, reason="凭证已核对")
        await office.act(there(FIRST), record_decision, claim_id=claim_id, given=given)
    await office.review(claim_id, Act.FIRST_REVIEW, there(FIRST))
    await office.review(claim_id, Act.SECOND_REVIEW, there(SECOND))
    await office.review(claim_id, Act.APPROVE, there(APPROVER))


async def order(office: Office, claim_id: str, **yuan: int) -> tuple[PaymentOrder, ...]:
    shares = [Share(funding_source=source, amount_fen=amount * 100) for source, amount in yuan.items()]
    return await office.act(there(FINANCE), create_orders, claim_id=claim_id, shares=shares)


async def refused_order(office: Office, claim_id: str, **yuan: int) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        await order(office, claim_id, **yuan)
    return refused.value.code, refused.value.rule


async def test_two_claims_of_a_class_together_are_paid_what_the_first_source_left(huludao: Office) -> None:
    """HL-ENR-03, HL-FND-05: cost 80,000, education money 55,000: 25,000 over both claims, not a yuan more."""
    roster = people(1, 5)
    await trained(huludao, job_change(roster, others=2), [])
    own = await huludao.act(
        there(SCHOOL), submit_claim, class_id="class-1", undertaking=SIGNED, account=ACCOUNT, claimant="enterprise"
    )
    assert sum(own.payable.values()) == 25_000_00  # nobody else claimed yet: everybody's part
    assert {line.paid_to.payee for line in own.assessment.lines if line.paid_to} == {"enterprise"}
    with pytest.raises(Conflict, match="HR_OPINION_MISSING"):
        await order(huludao, own.claim_id, employment_subsidy_fund=25_000)
    await approved(huludao, own.claim_id)
    assert await refused_order(huludao, own.claim_id, employment_subsidy_fund=80_000) == (
        "ORDER_OF_SOURCES",
        "HL-FND-05",
    )
    assert await refused_order(huludao, own.claim_id, talent_fund=25_000) == ("FUND_TIED", "HL-ENR-03")
    [paid] = await order(huludao, own.claim_id, employment_subsidy_fund=25_000)
    assert (paid.funding_source, paid.amount_fen) == (EMPLOYMENT, 25_000_00)


async def test_what_one_claim_was_ordered_is_not_left_for_the_next(huludao: Office) -> None:
    """HL-FND-05: several claims of one class count together, until an order is taken back."""
    roster = people(1, 5)
    await trained(huludao, job_change(roster, others=2), [])
    of_other = person("clerk-2", Role.INSTITUTION, organisation=OTHER, region=HULUDAO)
    proof = EmployerPayment(reference="发票 1", amount_fen=100, paid_on=CLAIMED_ON)
    apart = await huludao.act(
        of_other,
        submit_claim,
        class_id="class-1",
        undertaking=SIGNED,
        account=replace(ACCOUNT, holder="样例乙企业"),
        claimant="enterprise",
        employer_payment=proof,
    )
    own = await huludao.act(
        there(SCHOOL), submit_claim, class_id="class-1", undertaking=SIGNED, account=ACCOUNT, claimant="enterprise"
    )
    assert (sum(apart.payable.values()), sum(own.payable.values())) == (10_000_00, 15_000_00)
    await approved(huludao, apart.claim_id, "HL-CLM-04")
    await approved(huludao, own.claim_id)
    [first] = await order(huludao, apart.claim_id, employment_subsidy_fund=10_000)
    assert await refused_order(huludao, own.claim_id, employment_subsidy_fund=15_001) == (
        "ORDER_OF_SOURCES",
        "HL-FND-05",
    )
    await huludao.act(there(FINANCE), reverse_order, order_id=first.order_id, reason="误开")
    assert await refused_order(huludao, own.claim_id, employment_subsidy_fund=15_001) == ("SPLIT_SUM", "HL-FND-01")
    [second] = await order(huludao, own.claim_id, employment_subsidy_fund=15_000)
    assert second.amount_fen == 15_000_00


async def test_the_insurance_subsidy_is_the_employees_beside_the_enterprises_and_from_its_own_fund(
    office: Office,
) -> None:
    """QJ-FND-01, QJ-CLM-05: 1,500 to the enterprise, and for the same certificate 1,000 to its employee."""
    quanjiao, opening = "341124", date(2020, 6, 1)
    insurance = "unemployment_insurance_fund"
    office.now = moment(date(2020, 12, 1))
    finance = replace(FINANCE, region=quanjiao)
    for source in (EMPLOYMENT, insurance):
        key = BudgetKey(region=quanjiao, funding_source=source, year=2020)
        await office.act(finance, allot_budget, key=key, amount_fen=100_000_000, document="测试指标文件")
    fact = enterprise(opened("class-1", ["p1"], region=quanjiao, opening=opening, level="4"))
    await trained(office, with_checks(fact), [passed("p1", "class-1", level="4", on=date(2020, 7, 10))])
    own = await office.act(
        there(SCHOOL, quanjiao),
        submit_claim,
        class_id="class-1",
        undertaking=SIGNED,
        account=replace(ACCOUNT, kind="basic_account"),
        claimant="enterprise",
    )
    assert sum(own.payable.values()) == 1_500_00

    async def alone() -> Claim:
        return await office.act(
            replace(TRAINEE, region=quanjiao),
            submit_claim,
            class_id="class-1",
            undertaking=SignedUndertaking(text_version="", signer="样例学员", signed_on=office.now.date()),
            account=replace(card(1), kind="bank_card"),
            claimant="individual",
            person=somebody(1),
        )

    with pytest.raises(Refused, match="RATE_MISSING"):
        await alone()
    row = replace(rate(1000, programme="insurance_skill"), region=quanjiao, valid_from=opening)
    await office.act(finance, enter_rate, rate=row)
    claim = await alone()
    assert (sum(claim.payable.values()), claim.payee) == (1_000_00, "learner")
    with pytest.raises(Conflict, match="ALREADY_CLAIMED"):
        await alone()
    assert sum((await office.claim(own.claim_id)).payable.values()) == 1_500_00
    for claim_id in (claim.claim_id, own.claim_id):
        for step, actor in ((Act.FIRST_REVIEW, FIRST), (Act.SECOND_REVIEW, SECOND), (Act.APPROVE, APPROVER)):
            await office.review(claim_id, step, replace(actor, region=quanjiao))

    async def ordered(claim_id: str, **yuan: int) -> tuple[PaymentOrder, ...]:
        shares = [Share(funding_source=source, amount_fen=amount * 100) for source, amount in yuan.items()]
        return await office.act(finance, create_orders, claim_id=claim_id, shares=shares)

    for wrong in ({EMPLOYMENT: 1000}, {EMPLOYMENT: 1, insurance: 999}):
        with pytest.raises(Refused, match="FUND_TIED") as refused:
            await ordered(claim.claim_id, **wrong)
        assert refused.value.rule == "QJ-FND-01"
    with pytest.raises(Refused, match="SOURCE_MISSING") as unnamed:
        await ordered(claim.claim_id)
    assert unnamed.value.rule == "QJ-FND-01"
    [order_] = await ordered(claim.claim_id, **{insurance: 1000})
    assert (order_.funding_source, order_.amount_fen) == (insurance, 1_000_00)
    [other] = await ordered(own.claim_id, **{EMPLOYMENT: 1500})
    assert (other.funding_source, other.amount_fen) == (EMPLOYMENT, 1_500_00)


async def test_who_is_paid_is_decided_once_for_all_claims_of_a_class(huludao: Office) -> None:
    """HL-CLM-04: exactly one payee a certificate, whichever claim's reviewer was asked first."""
    fact = with_checks(enterprise(opened("class-1", people(1, 2)), funder="both"))
    await trained(huludao, fact, [passed(each, "class-1", level="4") for each in people(1, 2)])
    own = await huludao.act(
        there(SCHOOL), submit_claim, class_id="class-1", undertaking=SIGNED, account=ACCOUNT, claimant="enterprise"
    )
    alone = await huludao.act(
        there(TRAINEE),
        submit_claim,
        class_id="class-1",
        undertaking=SIGNED,
        account=card(1),
        claimant="individual",
        person=somebody(1),
    )
    assert (sum(own.payable.values()), sum(alone.payable.values())) == (0, 0)
    accepted = GivenDecision(rule="HL-CLM-04", accepted=True, reason="发票在企业名下", persons=frozenset({"p1"}))
    await huludao.act(there(FIRST), record_decision, claim_id=own.claim_id, given=accepted)

    mine = await huludao.claim(alone.claim_id)
    assert (sum(mine.payable.values()), mine.assessment.open_questions) == (0, ())
    assert [finding.code for line in mine.assessment.lines for finding in line.findings] == ["PAYEE_IS_ANOTHER"]
    given = replace(accepted, accepted=False)
    with pytest.raises(Conflict, match="PAYEE_DECIDED") as refused:
        await huludao.act(there(FIRST), record_decision, claim_id=alone.claim_id, given=given)
    assert refused.value.rule == "HL-CLM-04"
    assert sum((await huludao.claim(own.claim_id)).payable.values()) == 2_000_00

    corrected = replace(accepted, accepted=False, reason="发票在学员名下")
    await huludao.act(there(FIRST), record_decision, claim_id=own.claim_id, given=corrected)
    worth = [sum((await huludao.claim(claim_id)).payable.values()) for claim_id in (own.claim_id, alone.claim_id)]
    assert worth == [0, 2_000_00]
