"""An assessment body claims over HTTP what Hebei pays for its evaluations, and is paid; nobody else is."""

from dataclasses import replace
from typing import Any

from services.payment.application.allot_budget import allot_budget
from services.payment.application.enter_rate import enter_rate
from services.payment.domain.budget import BudgetKey
from shared.domain.actor import Role
from tests.payment.callers import Callers
from tests.payment.claiming import identity
from tests.payment.office import EMPLOYMENT, SCHOOL, person
from tests.payment.sample import people, rate
from tests.payment.test_api import ok, problem, review
from tests.payment.test_use_cases_assessor import (
    APPROVER,
    ASSESSOR,
    BODY_NAME,
    FINANCE,
    FIRST,
    OPENING,
    OTHER_BODY,
    REGION,
    SECOND,
    TODAY,
    TRAINEE,
    evaluation,
    examined,
    passed,
)

ACCOUNT = {"holder": BODY_NAME, "bank_name": "样例银行石家庄支行", "account_number": "130000008642097531"}
CLAIM: dict[str, Any] = {
    "class_id": "evaluation-1",
    "claimant": "assessor",
    "undertaking": {"text_version": "HB-2024", "signer": "样例负责人", "signed_on": TODAY.isoformat()},
    "account": ACCOUNT,
}


async def evaluated(callers: Callers, heads: int) -> None:
    """Let a class of Hebei be evaluated by body-1, with a rate of 300 yuan and a budget."""
    callers.move_to(TODAY)
    office = callers.office
    row = replace(rate(300), region=REGION, programme="evaluation", valid_from=OPENING)
    await office.act(FINANCE, enter_rate, rate=row)
    key = BudgetKey(region=REGION, funding_source=EMPLOYMENT, year=2024)
    await office.act(FINANCE, allot_budget, key=key, amount_fen=10_000_000, document="测试指标文件")
    of = evaluation(heads, class_id="evaluation-1", first=101)  # of whom nobody has a certificate yet
    await examined(office, of, *passed(people(101, 100 + heads), class_id="evaluation-1"))


async def test_an_assessor_claims_for_thirty_certificates_and_is_paid(callers: Callers) -> None:
    """HB-CLM-13, HB-PAY-02"""
    await evaluated(callers, 30)
    claim = ok(await callers.post("/claims", ASSESSOR, CLAIM), 201)
    path = f"/claims/{claim['claim_id']}"
    assert (claim["claimant"], claim["owner_id"], len(claim["lines"]), claim["amount_fen"]) == (
        "assessor",
        "body-1",
        30,
        900_000,
    )
    problem(await callers.post("/claims", ASSESSOR, CLAIM), 409, "ALREADY_CLAIMED")
    waiting = ok(await callers.get(f"{path}/blockers", ASSESSOR))
    assert waiting["next"]["task"] == "first_review"
    for stranger in (OTHER_BODY, SCHOOL, TRAINEE):
        problem(await callers.get(path, stranger), 404, "NOT_FOUND")

    ok(await callers.post(f"{path}/reviews", FIRST, review("first_review")))
    insider = person("insider", Role.SECOND_REVIEWER, organisation="body-1", region=REGION)
    problem(await callers.post(f"{path}/reviews", insider, review("second_review")), 403, "CLAIMANT_REVIEWS")
    after = ok(await callers.post(f"{path}/reviews", SECOND, review("second_review")))
    assert after["state"] == "notice_clear"
    approved = ok(await callers.post(f"{path}/reviews", APPROVER, review("bureau_opinion")))
    assert (approved["state"], approved["decided_fen"], approved["notices"]) == ("approved", 900_000, [])

    sources = {"sources": [{"funding_source": EMPLOYMENT, "amount_fen": 900_000}]}
    [order] = ok(await callers.post(f"{path}/orders", FINANCE, sources), 201)["items"]
    bank_file = ok(await callers.post("/bank-files", FINANCE, {"funding_source": EMPLOYMENT}), 201)
    content = await callers.get(f"/bank-files/{bank_file['bank_file_id']}/content", FINANCE)
    assert BODY_NAME in content.text
    bounced = {"order_id": order["order_id"], "attempt": 1, "outcome": "returned", "on": TODAY.isoformat()}
    answers = f"/bank-files/{bank_file['bank_file_id']}/answers"
    ok(await callers.post(answers, FINANCE, {"answers": [{**bounced, "reason_code": "AC04"}]}))
    [task] = ok(await callers.get("/queue", ASSESSOR))["items"]
    assert (task["claim_id"], task["task"]["task"]) == (claim["claim_id"], "account")
    assert ok(await callers.get("/queue", OTHER_BODY))["items"] == []

    ok(await callers.post(f"{path}/account", ASSESSOR, ACCOUNT))
    ok(await callers.post(f"{path}/account-approval", APPROVER))
    again = ok(await callers.post("/bank-files", FINANCE, {"funding_source": EMPLOYMENT}), 201)
    settled = {"order_id": order["order_id"], "attempt": 2, "outcome": "settled", "on": TODAY.isoformat()}
    ok(await callers.post(f"/bank-files/{again['bank_file_id']}/answers", FINANCE, {"answers": [settled]}))
    assert ok(await callers.get(path, ASSESSOR))["state"] == "paid"


async def test_an_assessor_hands_in_an_application_as_it_hands_in_a_claim(callers: Callers) -> None:
    """HB-CLM-13: in its own role, read by its own people, refused with the row that is wrong."""
    await evaluated(callers, 2)
    body = {key: value for key, value in CLAIM.items() if key != "class_id"} | {"class_ids": ["evaluation-1"]}
    problem(await callers.post("/applications", SCHOOL, body), 403, "ROLE_MISSING")
    problem(await callers.post("/applications", ASSESSOR, {**body, "claimant": "institution"}), 403, "ROLE_MISSING")
    unknown = {**body, "class_ids": ["evaluation-1", "evaluation-9"]}
    assert problem(await callers.post("/applications", ASSESSOR, unknown), 404, "NOT_FOUND")["field"] == "class_ids[1]"

    made = ok(await callers.post("/applications", ASSESSOR, body), 201)
    assert made["amount_fen"] == 60_000
    address = f"/applications/{made['application_id']}"
    for reader in (ASSESSOR, FIRST):
        [batch] = ok(await callers.get(address, reader))["batches"]
        assert ok(await callers.get(f"/claims/{batch['claim_id']}", reader))["claimant"] == "assessor"
    for stranger in (OTHER_BODY, SCHOOL):
        problem(await callers.get(address, stranger), 404, "NOT_FOUND")
    again = problem(await callers.post("/applications", ASSESSOR, body), 409, "ALREADY_CLAIMED")
    assert again["field"] == "class_ids[0]"


async def test_learner_and_school_are_refused_and_nobody_claims_in_anothers_role(callers: Callers) -> None:
    """HB-CLM-13"""
    await evaluated(callers, 2)
    learner = {"name": "样例学员1", "identity_number": "000000190001010011"}
    for actor, kind in ((TRAINEE, "individual"), (SCHOOL, "institution")):
        body = {**CLAIM, "claimant": kind, **({"person": learner} if kind == "individual" else {})}
        refused = problem(await callers.post("/claims", actor, body), 422, "CLAIMANT_IS_ASSESSOR")
        assert refused["rule"] == "HB-CLM-13"
        problem(await callers.post("/claims", actor, CLAIM), 403, "ROLE_MISSING")
    problem(await callers.post("/claims", ASSESSOR, {**CLAIM, "claimant": "institution"}), 403, "ROLE_MISSING")
    problem(await callers.post("/claims", OTHER_BODY, CLAIM), 404, "NOT_FOUND")


async def test_while_nobody_can_tell_somebodys_past_everything_is_read_and_nothing_is_decided(callers: Callers) -> None:
    """HB-CLM-10: a past imported under another key than the roster's; mended, the claim goes on."""
    await evaluated(callers, 2)
    claim = ok(await callers.post("/claims", ASSESSOR, CLAIM), 201)
    path = f"/claims/{claim['claim_id']}"
    officer, other = (person(name, Role.POLICY_OFFICER) for name in ("officer-1", "officer-2"))
    had = {
        "identity_number": identity(1),
        "programme": "evaluation",
        "had_on": "2022-05-09",
        "source": "省平台导出 2023",
    }
    [row] = ok(await callers.post("/past-subsidies", officer, {"subsidies": [had]}), 201)["rows"]

    for address, reader in ((path, ASSESSOR), (path, FIRST), ("/classes/evaluation-1", FIRST), ("/queue", FIRST)):
        ok(await callers.get(address, reader))
    blockers = ok(await callers.get(f"{path}/blockers", ASSESSOR))["blockers"]
    assert [(each["code"], each["role"]) for each in blockers] == [("PAST_KEY_UNKNOWN", "policy_officer")]
    refused = await callers.post(f"{path}/reviews", FIRST, review("first_review"))
    assert problem(refused, 422, "PAST_KEY_UNKNOWN")["rule"] == "HB-CLM-01"

    wrong = {"number": row["number"], "reason": "误导入"}
    ok(await callers.post("/past-subsidies/withdrawals", other, wrong), 201)
    assert ok(await callers.post(f"{path}/reviews", FIRST, review("first_review")))["state"] == "first_review"
