"""Who is paid, spoken over HTTP: a learner, who paid for the training, the school, who uses dispatched staff."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.payment.application.allot_budget import allot_budget
from services.payment.application.enter_rate import enter_rate
from services.payment.domain.budget import BudgetKey
from shared.contracts.enrollment import ClassOpened, EmployerReference
from shared.domain.actor import Actor, Role
from tests.payment.callers import Callers
from tests.payment.claiming import card_number, identity, with_checks
from tests.payment.office import EMPLOYMENT, person
from tests.payment.sample import INSTITUTION, INSTITUTION_NAME, people, rate
from tests.payment.test_api import ok, problem, review
from tests.payment.test_use_cases_elsewhere import enterprise, opened, passed, trained

HULUDAO, QUANJIAO = "211400", "341124"
OPENING, TODAY = date(2020, 6, 1), date(2020, 12, 1)
AGENCY = EmployerReference(institution_id="agency-1", name="样例派遣公司", credit_code="91440101MA5CJQ4N59")
OF_BANK = {"bank_name": "样例银行支行", "kind": "basic_account"}
BY_SCHOOL = {"account": {**OF_BANK, "holder": INSTITUTION_NAME, "account_number": "211400008642097531"}}
BY_AGENCY = {
    "account": {**OF_BANK, "holder": AGENCY.name, "account_number": "211400008642097532"},
    "employer_payment": {"reference": "发票 1", "amount_fen": 100, "paid_on": TODAY.isoformat()},
}
BY_LEARNER = {
    "account": {**OF_BANK, "kind": "bank_card", "holder": "样例学员1", "account_number": card_number(1)},
    "person": {"name": "样例学员1", "identity_number": identity(1)},
}


def official(region: str, role: Role, subject: str) -> Actor:
    return person(subject, role, region=region)


def claimants(region: str) -> dict[str, tuple[Actor, dict[str, Any]]]:
    """Give who may try to claim, with what they send."""
    school = person("clerk-1", Role.INSTITUTION, organisation=INSTITUTION, region=region)
    agency = person("clerk-9", Role.INSTITUTION, organisation=AGENCY.institution_id, region=region)
    learner = person("trainee-1", Role.TRAINEE, organisation="trainees", region=region)
    return {
        "institution": (school, {**BY_SCHOOL, "claimant": "institution"}),
        "own enterprise": (school, {**BY_SCHOOL, "claimant": "enterprise"}),
        "enterprise": (agency, {**BY_AGENCY, "claimant": "enterprise"}),
        "individual": (learner, {**BY_LEARNER, "claimant": "individual"}),
    }


def started(case: str) -> ClassOpened:
    """Give a class of two of whom the document pays as the case says; an agency employs both."""
    attributes = {"learner": {"funder": "learner"}, "enterprise that paid": {"funder": "enterprise"}}.get(case, {})
    programme, group, region = {
        "institution": ("free_group_training", "school_leaver", HULUDAO),
        "user enterprise": ("pre_job", "recruit", QUANJIAO),
    }.get(case, ("upskilling", "employee", HULUDAO))
    fact = with_checks(
        opened("class-1", people(1, 2), programme=programme, group=group, region=region, opening=OPENING, level="4")
    )
    fact = replace(fact, attributes=attributes)
    user = {"dispatched_to": fact.institution.credit_code}
    if case == "user enterprise":
        fact = enterprise(fact)
        sent = [replace(each, employer=AGENCY, attributes=user) for each in fact.trainees]
    else:
        sent = [replace(each, employer=AGENCY) for each in fact.trainees]
    return replace(fact, trainees=tuple(sent))


async def finished(callers: Callers, case: str) -> str:
    """Let the class of a case be finished, with a budget and a rate of 1,000 where the region sets it."""
    callers.move_to(TODAY)
    fact = started(case)
    finance = official(fact.region, Role.FINANCE, "finance")
    key = BudgetKey(region=fact.region, funding_source=EMPLOYMENT, year=2020)
    await callers.office.act(finance, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    if case == "institution":
        row = replace(rate(1000, programme=fact.programme), region=fact.region, valid_from=OPENING)
        await callers.office.act(finance, enter_rate, rate=row)
    await trained(
        callers.office, fact, [passed(each, "class-1", level="4", on=date(2020, 9, 1)) for each in people(1, 2)]
    )
    return fact.region


def body(claim: dict[str, Any]) -> dict[str, Any]:
    return {
        **claim,
        "class_id": "class-1",
        "undertaking": {"text_version": "2020", "signer": "样例负责人", "signed_on": TODAY.isoformat()},
    }


async def paid(callers: Callers, region: str, claim: dict[str, Any]) -> dict[str, Any]:
    """Let a claim be reviewed, approved, ordered and credited; give it as it then is."""
    path = f"/claims/{claim['claim_id']}"
    steps = (("first_review", Role.FIRST_REVIEWER), ("second_review", Role.SECOND_REVIEWER))
    for question in {flag["rule"] for flag in claim["flags"] if flag["severity"] == "ask"}:
        decision = {"rule": question, "reason": "凭证已核对"}
        ok(await callers.post(f"{path}/decisions", official(region, Role.FIRST_REVIEWER, "first"), decision), 201)
    for step, role in (*steps, ("bureau_opinion", Role.APPROVER)):
        ok(await callers.post(f"{path}/reviews", official(region, role, step.split("_")[0]), review(step)))
    finance = official(region, Role.FINANCE, "finance")
    for sources, code in (([], "SOURCE_MISSING"), ([{"funding_source": EMPLOYMENT, "amount_fen": 1}], "SPLIT_SUM")):
        problem(await callers.post(f"{path}/orders", finance, {"sources": sources}), 422, code)
    sources = [{"funding_source": EMPLOYMENT, "amount_fen": claim["amount_fen"]}]
    problem(await callers.post(f"{path}/orders", finance, {"sources": sources * 2}), 422, "SOURCE_REPEATED")
    [order] = ok(await callers.post(f"{path}/orders", finance, {"sources": sources}), 201)["items"]
    file = ok(await callers.post("/bank-files", finance, {"funding_source": EMPLOYMENT}), 201)
    content = await callers.get(f"/bank-files/{file['bank_file_id']}/content", finance)
    settled = {"order_id": order["order_id"], "attempt": 1, "outcome": "settled", "on": TODAY.isoformat()}
    ok(await callers.post(f"/bank-files/{file['bank_file_id']}/answers", finance, {"answers": [settled]}))
    return {**ok(await callers.get(path, finance)), "bank": content.text}


@pytest.mark.parametrize(
    ("case", "payee", "fen", "rule", "holder"),
    [
        ("learner", "individual", 200_000, "HL-CLM-04", "样例学员1"),
        ("enterprise that paid", "enterprise", 400_000, "HL-CLM-04", AGENCY.name),
        ("institution", "institution", 200_000, "HL-PAY-01", INSTITUTION_NAME),
        ("user enterprise", "own enterprise", 240_000, "QJ-CLM-04", INSTITUTION_NAME),
    ],
)
async def test_whom_the_document_names_is_paid_over_http_and_everybody_else_refused_by_its_rule(
    callers: Callers, case: str, payee: str, fen: int, rule: str, holder: str
) -> None:
    """HL-CLM-04, HL-PAY-01, QJ-CLM-04: a learner, the enterprise that paid, the school, who uses dispatched staff."""
    region = await finished(callers, case)
    actor, given = claimants(region).pop(payee)
    claim = ok(await callers.post("/claims", actor, body(given)), 201)
    assert claim["amount_fen"] == fen
    for kind, (other, theirs) in claimants(region).items():
        if kind == payee or (region == QUANJIAO and kind == "individual"):  # whose insurance subsidy is paid beside
            continue
        answer = await callers.post("/claims", other, body(theirs))
        if answer.status_code == 201:
            lines = answer.json()["lines"]
            assert answer.json()["amount_fen"] == 0, kind
            told = {(finding["code"], finding["rule"]) for line in lines for finding in line["findings"]}
            assert told == {("PAYEE_IS_ANOTHER", rule)}, kind
        else:
            assert answer.json()["code"] in {"CLAIMANT_IS_PROVIDER", "CLAIMANT_NOT_ADMITTED", "PAYEE_IS_ANOTHER"}, kind
            assert answer.json()["rule"] in {rule, "QJ-PAY-02", "HL-CLM-04"}, kind

    after = await paid(callers, region, claim)
    assert (after["state"], after["claimant"]) == ("paid", given["claimant"])
    assert holder in after["bank"]


async def test_who_paid_is_told_over_http_where_the_class_never_said_it(callers: Callers) -> None:
    """HL-CLM-04: the reviewer says who paid; the claim shows who said so, and the enterprise is paid."""
    region = await finished(callers, "silent")
    actor, given = claimants(region)["enterprise"]
    claim = ok(await callers.post("/claims", actor, body(given)), 201)
    assert claim["amount_fen"] == 0
    path, reviewer = f"/claims/{claim['claim_id']}", official(region, Role.FIRST_REVIEWER, "first")
    decision = {"rule": "HL-CLM-04", "reason": "发票在企业名下", "funder": "enterprise"}
    problem(await callers.post(f"{path}/decisions", actor, decision), 403, "ROLE_MISSING")
    problem(
        await callers.post(f"{path}/decisions", reviewer, {**decision, "rule": "HL-CLM-01"}), 422, "RULE_NOT_DECIDABLE"
    )
    told = ok(await callers.post(f"{path}/decisions", reviewer, decision), 201)
    assert (told["amount_fen"], told["decisions"][0]["funder"]) == (400_000, "enterprise")
    after = await paid(callers, region, told)
    assert (after["state"], AGENCY.name in after["bank"]) == ("paid", True)
