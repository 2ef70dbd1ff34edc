"""Who paid for a training whose class does not say it, on both databases: told by whom, until when (HL-CLM-04)."""

from dataclasses import replace

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.create_orders import create_orders
from services.payment.application.enter_rate import enter_rate
from services.payment.application.record_decision import GivenDecision, record_decision
from services.payment.application.submit_claim import submit_claim
from services.payment.domain.budget import BudgetKey
from services.payment.domain.claim import Claim, Claimant, EmployerPayment
from services.payment.domain.order import Share
from services.payment.domain.state import Act, State
from shared.contracts.enrollment import ClassOpened, EmployerReference
from shared.domain.actor import Actor, Role
from shared.domain.errors import Conflict, DomainError, Refused
from shared.policy.terms.benefit import Funder
from tests.payment.claiming import TRAINEE, card, somebody, with_checks
from tests.payment.office import ACCOUNT, EMPLOYMENT, FIRST, SECOND, Office, moment, person
from tests.payment.sample import people, rate
from tests.payment.test_races import at_once, rivals
from tests.payment.test_use_cases_elsewhere import (
    APPROVER,
    CLAIMED_ON,
    FINANCE,
    HULUDAO,
    OPENING,
    SCHOOL,
    SIGNED,
    opened,
    passed,
    there,
    trained,
)

__all__ = ["rivals"]

RULE = "HL-CLM-04"
FACTORY = EmployerReference(institution_id="factory-1", name="样例制造企业", credit_code="91440101MA5CJQ4N59")
CLERK = person("clerk-9", Role.INSTITUTION, organisation="factory-1")
PROOF = EmployerPayment(reference="发票 1", amount_fen=100, paid_on=CLAIMED_ON)
PAID: Funder = "enterprise"


def sent(fact: ClassOpened, *persons: str) -> ClassOpened:
    """Give the class with these people sent by a factory, and everybody recognisable."""
    trainees = tuple(
        replace(each, employer=FACTORY if each.person_id in persons else None) for each in with_checks(fact).trainees
    )
    return replace(fact, trainees=trainees)


async def silent_class(office: Office, *, funder: str | None = None) -> None:
    """Let two people of a factory finish a school's class that says of nobody (but `funder`) who paid for it."""
    office.now = moment(CLAIMED_ON)
    key = BudgetKey(region=HULUDAO, funding_source=EMPLOYMENT, year=OPENING.year)
    await office.act(there(FINANCE), allot_budget, key=key, amount_fen=100_000_000, document="测试指标文件")
    fact = opened("class-1", people(1, 2), attributes={"funder": funder} if funder else {})
    await trained(office, sent(fact, "p1", "p2"), [passed(each, "class-1", level="4") for each in people(1, 2)])


async def by_factory(office: Office, region: str = HULUDAO) -> Claim:
    return await office.act(
        there(CLERK, region),
        submit_claim,
        class_id="class-1",
        undertaking=SIGNED,
        account=replace(ACCOUNT, holder=FACTORY.name),
        claimant="enterprise",
        employer_payment=PROOF,
    )


async def by_learner(office: Office, number: int = 1) -> Claim:
    return await office.act(
        there(replace(TRAINEE, subject=f"trainee-{number}")),
        submit_claim,
        class_id="class-1",
        undertaking=SIGNED,
        account=card(number),
        claimant="individual",
        person=somebody(number),
    )


async def decide(office: Office, claim: Claim, *persons: str, funder: Funder | None = None, **told: object) -> Claim:
    named = frozenset(persons) or None
    given = GivenDecision(rule=RULE, accepted=True, reason="凭证已核对", persons=named, funder=funder)
    actor = there(FIRST)
    return await office.act(actor, record_decision, claim_id=claim.claim_id, given=replace(given, **told))  # type: ignore[arg-type]


async def refused(
    office: Office, claim: Claim, *persons: str, funder: Funder | None, **told: object
) -> tuple[str, str]:
    with pytest.raises(DomainError) as refusal:
        await decide(office, claim, *persons, funder=funder, **told)
    return refusal.value.code, refusal.value.rule or ""


async def approve(office: Office, claim: Claim) -> None:
    for step, actor in ((Act.FIRST_REVIEW, FIRST), (Act.SECOND_REVIEW, SECOND), (Act.APPROVE, APPROVER)):
        await office.review(claim.claim_id, step, there(actor))


def questions(claim: Claim) -> set[str]:
    return {question.code for question in claim.assessment.open_questions}


async def worth(office: Office, claim: Claim) -> int:
    return sum((await office.claim(claim.claim_id)).payable.values())


async def test_an_enterprise_that_paid_is_paid_though_the_class_never_said_so(office: Office) -> None:
    """HL-CLM-04: the proof is one question, who paid for whom another, and each has its own answer."""
    await silent_class(office)
    claim = await by_factory(office)
    assert (claim.payable, questions(claim)) == ({}, {"EMPLOYER_PAYMENT_UNCONFIRMED", "FUNDER_UNSTATED"})

    proven = await decide(office, claim)
    assert (proven.payable, questions(proven)) == ({}, {"FUNDER_UNSTATED"})
    funded = await decide(office, claim, funder=PAID)
    assert (sum(funded.payable.values()), questions(funded)) == (4_000_00, set())
    assert funded.decisions[-1].persons == {"p1", "p2"}
    assert (await office.claim(claim.claim_id)).decisions[-1].funder == PAID

    await approve(office, claim)
    share = Share(funding_source=EMPLOYMENT, amount_fen=4_000_00)
    await office.act(there(FINANCE), create_orders, claim_id=claim.claim_id, shares=[share])
    assert (await office.claim(claim.claim_id)).state is State.ORDERED


async def test_the_answer_to_one_question_of_the_rule_is_never_the_answer_to_another(office: Office) -> None:
    """HL-CLM-04: with both open, whoever names nobody answers the class's question, then that of its people."""
    await silent_class(office, funder="both")
    claim = await by_factory(office)
    assert questions(claim) == {"EMPLOYER_PAYMENT_UNCONFIRMED", "PAYEE_UNDECIDED"}
    named = await decide(office, claim, "p1")
    assert (sum(named.payable.values()), questions(named)) == (
        2_000_00,
        {"EMPLOYER_PAYMENT_UNCONFIRMED", "PAYEE_UNDECIDED"},
    )
    assert questions(await decide(office, claim)) == {"PAYEE_UNDECIDED"}
    rest = await decide(office, claim)
    assert (sum(rest.payable.values()), questions(rest)) == (4_000_00, set())
    assert [decision.persons for decision in rest.decisions] == [frozenset({"p1"}), None, frozenset({"p2"})]


async def test_what_a_learner_paid_is_theirs_and_no_enterprises(office: Office) -> None:
    """HL-CLM-04: exactly one payee a certificate, in whichever claim it was said."""
    await silent_class(office)
    factory, alone = await by_factory(office), await by_learner(office)
    await decide(office, alone, funder="learner")
    assert (await worth(office, alone), await worth(office, factory)) == (2_000_00, 0)
    assert await refused(office, factory, "p1", funder=PAID) == ("PAYEE_DECIDED", RULE)

    await decide(office, factory, "p2", funder=PAID)
    assert (await worth(office, alone), await worth(office, factory)) == (2_000_00, 2_000_00)
    found = (await office.claim(factory.claim_id)).assessment
    assert [[finding.code for finding in line.findings] for line in found.lines] == [["PAYEE_IS_ANOTHER"], []]


async def test_who_paid_can_be_corrected_until_money_was_approved_on_it(office: Office) -> None:
    """HL-CLM-04: afterwards it is asked back first; who was never asked about may still be told."""
    await silent_class(office)
    alone, factory = await by_learner(office), await by_factory(office)
    await decide(office, alone, funder=PAID)
    assert await worth(office, alone) == 0
    await decide(office, alone, "p1", funder="learner")
    assert await worth(office, alone) == 2_000_00
    await approve(office, alone)

    assert await refused(office, alone, "p1", funder=PAID) == ("FUNDER_SETTLED", RULE)
    await decide(office, alone, "p1", funder="learner")
    await decide(office, factory, "p2", funder=PAID)
    assert (await worth(office, alone), await worth(office, factory)) == (2_000_00, 2_000_00)


@pytest.mark.parametrize(
    ("stated", "told", "code"),
    [
        ("learner", {}, "FUNDER_STATED"),
        (None, {"accepted": False}, "DECISION_INCOMPLETE"),
        (None, {"rule": "HL-CLM-01"}, "RULE_NOT_DECIDABLE"),
        (None, {"persons": frozenset({"p9"})}, "PERSON_NOT_IN_CLASS"),
    ],
)
async def test_what_does_not_say_who_paid_is_refused_by_name(
    office: Office, stated: str | None, told: dict[str, object], code: str
) -> None:
    """HL-CLM-04: what the class stated stands."""
    await silent_class(office, funder=stated)
    claim = await by_factory(office)
    assert (await refused(office, claim, funder=PAID, **told))[0] == code


async def test_an_approval_and_another_answer_at_the_same_moment_never_pay_twice(rivals: list[Office]) -> None:
    """HL-CLM-04: either the approval is first and the answer stays, or the answer is and nothing is approved on it."""
    one, two, *_ = rivals
    await silent_class(one)
    alone, factory = await by_learner(one), await by_factory(one)
    await decide(one, alone, funder="learner")
    for step, actor in ((Act.FIRST_REVIEW, FIRST), (Act.SECOND_REVIEW, SECOND)):
        await one.review(alone.claim_id, step, there(actor))
    for office in rivals:
        office.now = one.now

    await at_once(
        lambda: one.review(alone.claim_id, Act.APPROVE, there(APPROVER)),
        lambda: decide(two, alone, "p1", funder=PAID),
    )

    learner, enterprise = await one.claim(alone.claim_id), await one.claim(factory.claim_id)
    due = [sum(claim.decided.values()) or sum(claim.payable.values()) for claim in (learner, enterprise)]
    assert sum(due) == 2_000_00
    assert (sum(learner.decided.values()) > 0) == (due[0] > 0)


async def commissioned_in_linshu(office: Office, kind: str) -> None:
    """Let a factory's two people finish a school's class of Linshu, at 1,000 yuan."""
    office.now = moment(CLAIMED_ON.replace(year=2021))
    finance, linshu = replace(FINANCE, region="371329"), "371329"
    key = BudgetKey(region=linshu, funding_source=EMPLOYMENT, year=2020)
    await office.act(finance, allot_budget, key=key, amount_fen=100_000_000, document="测试指标文件")
    opening = OPENING.replace(month=9)
    row = replace(rate(1000, programme="training"), region=linshu, valid_from=opening)
    await office.act(finance, enter_rate, rate=row)
    fact = opened("class-1", people(1, 3), programme="training", kind=kind, region=linshu, opening=opening, level="4")
    issued = [passed(each, "class-1", level="4", on=opening.replace(month=11)) for each in people(1, 3)]
    await trained(office, sent(fact, "p1", "p2"), issued)


async def claims_in_linshu(office: Office, actor: Actor, claimant: Claimant) -> Claim:
    holder = FACTORY.name if claimant == "enterprise" else ACCOUNT.holder
    return await office.act(
        there(actor, "371329"),
        submit_claim,
        class_id="class-1",
        undertaking=SIGNED,
        account=replace(ACCOUNT, holder=holder),
        claimant=claimant,
        employer_payment=PROOF if claimant == "enterprise" else None,
    )


async def test_an_enterprise_that_commissioned_a_training_in_linshu_is_paid(office: Office) -> None:
    """LS-CLM-08: no clause names a payee of a plain class: who paid for its own people is paid once that is proven."""
    await commissioned_in_linshu(office, "class")
    factory = await claims_in_linshu(office, CLERK, "enterprise")
    school = await claims_in_linshu(office, SCHOOL, "institution")
    assert (sum(factory.payable.values()), sum(school.payable.values())) == (2_000_00, 1_000_00)
    [asked] = factory.assessment.class_questions
    assert (asked.code, asked.rule) == ("EMPLOYER_PAYMENT_UNCONFIRMED", "LS-CLM-08")
    with pytest.raises(Conflict) as twice:
        await claims_in_linshu(office, CLERK, "enterprise")
    assert (twice.value.code, twice.value.rule) == ("ALREADY_CLAIMED", "LS-CLM-08")


async def test_project_money_of_linshu_stays_the_institutions(office: Office) -> None:
    """LS-PAY-04"""
    await commissioned_in_linshu(office, "project")
    with pytest.raises(Refused) as refusal:
        await claims_in_linshu(office, CLERK, "enterprise")
    assert (refusal.value.code, refusal.value.rule) == ("CLAIMANT_IS_PROVIDER", "LS-PAY-04")
