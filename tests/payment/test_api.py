"""Payment's HTTP interface, spoken to with real tokens on both databases."""

from datetime import date
from typing import Any

import httpx
import pytest

from shared.contracts.assessment import CertificateVoided
from shared.domain.actor import Actor, Role
from tests.payment.callers import Callers
from tests.payment.office import (
    APPROVER,
    AUDITOR,
    EMPLOYMENT,
    FINANCE,
    FIRST,
    INSPECTOR,
    SCHOOL,
    SECOND,
    person,
)
from tests.payment.sample import INSTITUTION_NAME, JIYUAN, assessment_completed, certificate, people

NUMBER = "410000008642097531"
CLAIM: dict[str, Any] = {
    "class_id": "class-1",
    "claimant": "institution",
    "undertaking": {"text_version": "JY-2021", "signer": "样例负责人", "signed_on": "2021-09-13"},
    "account": {"holder": INSTITUTION_NAME, "bank_name": "样例银行济源支行", "account_number": NUMBER},
}
OTHER_SCHOOL = person("school-2", Role.INSTITUTION, organisation="institution-2")
OTHER_REGION = person("first-9", Role.FIRST_REVIEWER, region="371329")


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert body["advice"]
    return body


def review(step: str, decision: str = "approve") -> dict[str, str]:
    return {"step": step, "decision": decision, "opinion": "已核对"}


async def claimed(callers: Callers) -> str:
    return str(ok(await callers.post("/claims", SCHOOL, CLAIM), 201)["claim_id"])


async def test_a_claim_goes_from_the_class_to_money_in_the_bank(callers: Callers) -> None:
    before = ok(await callers.get("/classes/class-1", SCHOOL))
    assert (before["missing"], before["reservation"]["held"], before["reservation"]["budget_fen"]) == (
        [],
        10,
        1_500_000,
    )

    claim = ok(await callers.post("/claims", SCHOOL, CLAIM), 201)
    path = f"/claims/{claim['claim_id']}"
    assert (claim["state"], claim["amount_fen"], claim["review_due"], claim["review_due_outer"]) == (
        "submitted",
        1_500_000,
        "2021-09-23",
        "2021-10-09",
    )
    assert claim["account"] == {
        "bank_name": "样例银行济源支行",
        "number_masked": "**************7531",
        "state": "active",
        "kind": None,
    }
    line = claim["lines"][0]
    assert (line["state"], line["amount_fen"], line["rules"][-1]) == ("due", 150_000, "JY-CLM-10")
    assert len(line["evidence"]) == 3
    assert {trace["clause"] for trace in line["traces"]} >= {"二(三)", "全文", "二(三)2-3"}
    assert line["traces"][-1]["text"] == "JY-CLM-10 · 二(三)2-3：出勤基数 10，认定人数 10 → 10 人"

    ok(await callers.post(f"{path}/reviews", FIRST, review("first_review")))
    ok(await callers.post(f"{path}/reviews", SECOND, review("second_review")))
    notice = ok(await callers.post(f"{path}/notice", SECOND, {"site": "示范区人社局网站"}), 201)
    assert notice["payable_from"] == "2021-09-17"
    public = ok(await callers.get(f"/notices/{notice['notice_id']}", None))
    assert (public["list_hash"], public["heads"], public["amount_fen"]) == (notice["list_hash"], 10, 1_500_000)
    objection = ok(
        await callers.post(
            f"/notices/{notice['notice_id']}/objections", None, {"line_nos": [3], "content": "该学员当时在外地"}
        ),
        201,
    )

    await callers.pass_days(date(2021, 9, 17))
    approved = ok(await callers.post(f"{path}/reviews", APPROVER, review("bureau_opinion")))
    assert (approved["state"], approved["decided_fen"], approved["lines"][2]["state"]) == (
        "approved",
        1_350_000,
        "frozen",
    )
    orders = ok(
        await callers.post(
            f"{path}/orders", FINANCE, {"sources": [{"funding_source": EMPLOYMENT, "amount_fen": 1_350_000}]}
        ),
        201,
    )
    order = orders["items"][0]
    assert order["amount_wan"] == "1.35"
    bank_file = ok(await callers.post("/bank-files", FINANCE, {"funding_source": EMPLOYMENT}), 201)
    content = await callers.get(f"/bank-files/{bank_file['bank_file_id']}/content", FINANCE)
    assert content.headers["content-type"] == "text/csv; charset=utf-8"
    assert NUMBER in content.text
    answers = f"/bank-files/{bank_file['bank_file_id']}/answers"
    bounced = {"order_id": order["order_id"], "attempt": 1, "outcome": "returned", "on": "2021-09-17"}
    rows = ok(await callers.post(answers, FINANCE, {"answers": [{**bounced, "reason_code": "AC04"}]}))["rows"]
    assert rows == [
        {
            "order_id": order["order_id"],
            "attempt": 1,
            "result": "applied",
            "code": None,
            "message": None,
            "advice": None,
        }
    ]

    corrected = {**CLAIM["account"], "account_number": "410000008642099988"}
    waiting = ok(await callers.post(f"{path}/account", SCHOOL, corrected))
    assert waiting["pending_account"]["number_masked"].endswith("9988")
    ok(await callers.post(f"{path}/account-approval", APPROVER))
    again = ok(await callers.post("/bank-files", FINANCE, {"funding_source": EMPLOYMENT}), 201)
    settled = {"order_id": order["order_id"], "attempt": 2, "outcome": "settled", "on": "2021-09-17"}
    ok(await callers.post(f"/bank-files/{again['bank_file_id']}/answers", FINANCE, {"answers": [settled]}))
    assert ok(await callers.get(path, SCHOOL))["state"] == "paid"

    resolution = {"upheld": False, "finding": "签到与视频一致"}
    resolved = ok(await callers.post(f"/objections/{objection['objection_id']}/resolution", INSPECTOR, resolution))
    assert resolved["state"] == "dismissed"
    assert ok(await callers.get(path, SCHOOL))["state"] == "submitted"
    ledger = ok(await callers.get("/ledger", AUDITOR, canonical=True))
    assert sum(row["settled_fen"] for row in ledger["items"]) == 1_350_000


async def test_whoever_lacks_the_role_or_the_token_is_told_so(callers: Callers) -> None:
    claim_id = await claimed(callers)

    problem(await callers.post("/claims", FIRST, CLAIM), 403, "ROLE_MISSING")
    problem(await callers.post(f"/claims/{claim_id}/orders", FIRST, {"sources": []}), 403, "ROLE_MISSING")
    problem(await callers.get("/ledger", SCHOOL), 403, "ROLE_MISSING")
    problem(await callers.get(f"/claims/{claim_id}", None), 401, "TOKEN_MISSING")
    problem(await callers.post(f"/claims/{claim_id}/reviews", SECOND, review("first_review")), 403, "ROLE_MISSING")


@pytest.mark.parametrize("stranger", [OTHER_SCHOOL, OTHER_REGION])
async def test_what_belongs_to_others_does_not_exist(callers: Callers, stranger: Actor) -> None:
    claim_id = await claimed(callers)

    problem(await callers.get("/classes/class-1", stranger), 404, "NOT_FOUND")
    problem(await callers.get(f"/claims/{claim_id}", stranger), 404, "NOT_FOUND")
    if stranger is OTHER_SCHOOL:
        problem(await callers.post("/claims", stranger, CLAIM), 404, "NOT_FOUND")
        problem(await callers.post(f"/claims/{claim_id}/account", stranger, CLAIM["account"]), 404, "NOT_FOUND")
    else:
        answer = await callers.post(f"/claims/{claim_id}/reviews", stranger, review("first_review"))
        problem(answer, 404, "NOT_FOUND")


async def test_the_same_request_again_has_one_effect_and_the_same_answer(callers: Callers) -> None:
    first = await callers.post("/claims", SCHOOL, CLAIM, key="claim")
    again = await callers.post("/claims", SCHOOL, CLAIM, key="claim")
    other = await callers.post("/claims", SCHOOL, {**CLAIM, "class_id": "class-2"}, key="claim")

    assert first.status_code == 201
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    problem(other, 409, "IDEMPOTENCY_KEY_REUSED")
    problem(await callers.post("/claims", SCHOOL, CLAIM), 409, "ALREADY_CLAIMED")


async def test_bad_input_is_named_and_never_repeated(callers: Callers) -> None:
    wrong = {**CLAIM, "account": {**CLAIM["account"], "account_number": "62-secret-number"}, "surprise": "x"}

    body = problem(await callers.post("/claims", SCHOOL, wrong), 422, "INPUT_INVALID")
    assert body["field"] == "surprise"
    refused = problem(
        await callers.post("/claims", SCHOOL, {**CLAIM, "account": wrong["account"]}), 422, "ACCOUNT_FORMAT"
    )
    assert "secret" not in str(body) + str(refused)
    mismatch = {**CLAIM, "account": {**CLAIM["account"], "holder": "某某个人"}}
    answer = problem(await callers.post("/claims", SCHOOL, mismatch), 422, "PAYEE_MISMATCH")
    assert (answer["rule"], answer["clause"]) == ("JY-PAY-04", "附件2 表头")
    assert "某某" not in str(answer)


@pytest.mark.parametrize("code", ["户名不符：样例学校", "410000008642097531", "13800000000", "A 1"])
async def test_a_reason_code_that_travels_in_an_event_is_a_code_and_never_a_text_or_a_number_of_somebodys(
    callers: Callers, code: str
) -> None:
    path = f"/claims/{await claimed(callers)}/reviews"
    returned = {**review("first_review", "return"), "reason_code": code}
    answer = {"order_id": "o", "attempt": 1, "outcome": "returned", "on": "2021-09-13", "reason_code": code}

    problem(await callers.post(path, FIRST, returned), 422, "INPUT_INVALID")
    problem(await callers.post("/bank-files/f/answers", FINANCE, {"answers": [answer]}), 422, "INPUT_INVALID")
    ok(await callers.post(path, FIRST, {**returned, "reason_code": "OTHER_MATERIAL"}))


async def test_numbers_truths_and_days_are_taken_only_as_what_they_are(callers: Callers) -> None:
    rate = {"region": JIYUAN, "programme": "training", "valid_from": "2021-01-01", "amount_fen": 100, "source": "文件"}
    budget = {"region": JIYUAN, "funding_source": EMPLOYMENT, "year": 2021, "amount_fen": 1, "document": "文件"}
    answer = {"order_id": "o", "attempt": 1, "outcome": "settled", "on": "2021-09-17"}
    for path, actor, body in (
        *(("/rates", FINANCE, {**rate, "amount_fen": wrong}) for wrong in ("100", 100.0, True)),
        ("/rates", FINANCE, {**rate, "valid_from": 1609459200}),
        ("/budgets", FINANCE, {**budget, "year": "2021"}),
        ("/bank-files/f/answers", FINANCE, {"answers": [{**answer, "attempt": True}]}),
        ("/bank-files/f/answers", FINANCE, {"answers": [{**answer, "on": 0}]}),
        ("/claims/c/orders", FINANCE, {"sources": [{"funding_source": EMPLOYMENT, "amount_fen": "1"}]}),
        ("/notices/n/objections", None, {"line_nos": [True], "content": "x"}),
        ("/objections/o/resolution", INSPECTOR, {"upheld": "no", "finding": "x"}),
        ("/objections/o/resolution", INSPECTOR, {"upheld": 1, "finding": "x"}),
    ):
        problem(await callers.post(path, actor, body), 422, "INPUT_INVALID")


async def test_a_reviewer_who_saw_an_older_version_is_stopped(callers: Callers) -> None:
    claim = await callers.post("/claims", SCHOOL, CLAIM)
    path = f"/claims/{claim.json()['claim_id']}/reviews"
    stale = {"If-Match": claim.headers["ETag"]}

    ok(await callers.post(path, FIRST, review("first_review"), **stale))
    problem(await callers.post(path, SECOND, review("second_review"), **stale), 412, "VERSION_CHANGED")


async def test_the_second_reviewer_is_another_person_by_rule(callers: Callers) -> None:
    path = f"/claims/{await claimed(callers)}/reviews"
    both = person("anna", Role.FIRST_REVIEWER, Role.SECOND_REVIEWER)
    ok(await callers.post(path, both, review("first_review")))

    body = problem(await callers.post(path, both, review("second_review")), 403, "SAME_REVIEWER")
    assert body["rule"] == "JY-REP-07"


async def test_the_public_sees_the_masked_list_and_nothing_else(callers: Callers) -> None:
    """JY-CLM-05, JY-INT-03: one address, one hash of what stands there, from when to when."""
    claim_id = await claimed(callers)
    for step, reviewer in (("first_review", FIRST), ("second_review", SECOND)):
        ok(await callers.post(f"/claims/{claim_id}/reviews", reviewer, review(step)))
    notice = ok(await callers.post(f"/claims/{claim_id}/notice", SECOND, {"site": "网站"}), 201)

    answer = await callers.get(f"/notices/{notice['notice_id']}", None)
    public = ok(answer)
    assert set(public) == {
        "institution", "class", "occupation", "level", "heads", "amount_fen", "dates", "site", "legal_basis", "lines",
        "list_hash",
    }  # fmt: skip
    assert public["list_hash"] == notice["list_hash"]
    assert {notice["starts_on"], notice["ends_on"]} <= set(public["dates"].values())
    assert {frozenset(line) for line in public["lines"]} == {frozenset({"line_no", "masked_name", "amount_fen"})}
    for hidden in (NUMBER, "check-p", '"p1"', "样例负责人", "employee", claim_id):
        assert hidden not in answer.text
    problem(await callers.get("/notices/unknown", None), 404, "NOT_FOUND")
    late = await callers.post(f"/notices/{notice['notice_id']}/objections", None, {"line_nos": [99], "content": "x"})
    problem(late, 422, "LINE_NOT_IN_NOTICE")


async def test_what_an_objector_wrote_is_read_by_the_bureau_alone(callers: Callers) -> None:
    claim_id = await claimed(callers)
    for step, reviewer in (("first_review", FIRST), ("second_review", SECOND)):
        ok(await callers.post(f"/claims/{claim_id}/reviews", reviewer, review(step)))
    notice = ok(await callers.post(f"/claims/{claim_id}/notice", SECOND, {"site": "网站"}), 201)
    words = {"line_nos": [1], "content": "当时在外地", "contact": "来访登记第七号"}
    ok(await callers.post(f"/notices/{notice['notice_id']}/objections", None, words), 201)

    assert ok(await callers.get(f"/claims/{claim_id}", INSPECTOR))["objections"][0]["contact"] == "来访登记第七号"
    own = ok(await callers.get(f"/claims/{claim_id}", SCHOOL))["objections"][0]
    assert (own["content"], own["contact"]) == (None, None)


async def test_several_reasons_against_a_claim_are_all_named(callers: Callers) -> None:
    await callers.office.open_class("class-2", roster=["q1"])

    body = problem(await callers.post("/claims", SCHOOL, {**CLAIM, "class_id": "class-2"}), 422, "SEVERAL_PROBLEMS")
    assert [(error["code"], error["value"]) for error in body["errors"]] == [
        ("NOT_IN_SYSTEM", "TrainingCompleted"),
        ("NOT_IN_SYSTEM", "AssessmentCompleted"),
    ]
    missing = ok(await callers.get("/classes/class-2", SCHOOL))["missing"]
    assert [finding["rule"] for finding in missing] == ["JY-ENR-01", "JY-ENR-01"]


async def test_rates_and_budgets_are_entered_for_ones_own_region(callers: Callers) -> None:
    rate = {
        "region": JIYUAN,
        "programme": "training",
        "occupation": "fitter",
        "valid_from": "2022-01-01",
        "amount_fen": 120_000,
        "source": "测试文件第一条",
    }
    budget = {
        "region": JIYUAN,
        "funding_source": EMPLOYMENT,
        "year": 2021,
        "amount_fen": 1,
        "document": "测试指标文件",
    }

    assert ok(await callers.post("/rates", FINANCE, rate), 201)["amount_fen"] == 120_000
    assert ok(await callers.post("/budgets", FINANCE, budget), 201)["allotted_fen"] == 100_000_001
    abroad = person("finance-9", Role.FINANCE, region="371329")
    problem(await callers.post("/rates", abroad, rate), 403, "REGION_OUT_OF_SCOPE")
    problem(await callers.post("/budgets", abroad, budget), 403, "REGION_OUT_OF_SCOPE")
    problem(await callers.post("/rates", FINANCE, {**rate, "amount_fen": 0}), 422, "INPUT_INVALID")
    problem(await callers.get("/ledger", AUDITOR, region="371329"), 403, "REGION_OUT_OF_SCOPE")


async def test_a_standing_rate_is_corrected_by_two_people(callers: Callers) -> None:
    """JY-PAY-05: finance proposes, an approver of the region confirms; nobody does both."""
    body = {"region": JIYUAN, "programme": "training", "valid_from": "2021-01-01", "amount_fen": 160_000}
    rate = {**body, "source": "测试文件第一条"}
    refused = problem(await callers.post("/rates", FINANCE, rate), 409, "RATE_STANDS")
    assert "rate-corrections" in refused["advice"]
    proposal = ok(await callers.post("/rate-corrections", FINANCE, {**rate, "reason": "录入时误读文件"}), 201)
    assert (proposal["state"], proposal["amount_fen"]) == ("proposed", 160_000)
    path = f"/rate-corrections/{proposal['correction_id']}/decision"
    decision = {"decision": "confirm", "reason": "已核对原文"}
    problem(await callers.post(path, FINANCE, decision), 403, "ROLE_MISSING")
    problem(await callers.post(path, person("approver-9", Role.APPROVER, region="371329"), decision), 404, "NOT_FOUND")

    confirmed = ok(await callers.post(path, APPROVER, decision))

    assert (confirmed["state"], confirmed["decided_by"]) == ("confirmed", APPROVER.subject)
    [listed] = ok(await callers.get("/rate-corrections", AUDITOR))["items"]
    assert listed == confirmed
    problem(await callers.post(path, APPROVER, decision), 409, "CORRECTION_DECIDED")


async def test_every_route_says_who_may_call_it(callers: Callers) -> None:
    document = ok(await callers.request("GET", "/payment/openapi.json"))
    operations = {
        (path, method): operation["x-roles"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/payment/v1")
    }

    assert operations["/payment/v1/bank-files/{bank_file_id}/content", "get"] == ["finance"]
    assert {path for (path, _), roles in operations.items() if roles == ["public"]} == {
        "/payment/v1/notices/{notice_id}",
        "/payment/v1/public/{region}",
        "/payment/v1/notices/{notice_id}/objections",
    }


async def test_blockers_queue_and_a_returned_line_over_http(callers: Callers) -> None:
    """JY-CLM-02, JY-CLM-07: who holds it, how many working days are left, and one line given back."""
    before = await callers.get("/classes/class-1/blockers", SCHOOL)
    assert (ok(before)["next"]["task"], ok(before)["blockers"]) == ("claim", [])
    assert ok(await callers.get("/classes/class-1", SCHOOL))["version"] > 0
    assert (await callers.get("/classes/class-1", SCHOOL)).headers["etag"] == before.headers["etag"]
    claim_id = await claimed(callers)

    progress = ok(await callers.get(f"/claims/{claim_id}/blockers", SCHOOL))
    assert (progress["next"]["role"], progress["next"]["since"]) == ("first_reviewer", "2021-09-13")
    assert (progress["next"]["working_days_left"], progress["next"]["working_days_left_outer"]) == (7, 15)
    [item] = ok(await callers.get("/queue", FIRST))["items"]
    assert (item["claim_id"], item["task"]["task"], item["amount_fen"]) == (claim_id, "first_review", 1_500_000)
    assert ok(await callers.get("/queue", SECOND))["items"] == []
    problem(await callers.get("/queue", AUDITOR), 403, "ROLE_MISSING")
    problem(await callers.get("/queue", FIRST, cursor="nonsense"), 422, "CURSOR_INVALID")
    problem(await callers.get(f"/claims/{claim_id}/blockers", OTHER_SCHOOL), 404, "NOT_FOUND")

    body = {"reason_code": "ATTENDANCE_DOUBT", "note": "请补交签到说明"}
    problem(await callers.post(f"/claims/{claim_id}/lines/4/return", SCHOOL, body), 403, "ROLE_MISSING")
    view = ok(await callers.post(f"/claims/{claim_id}/lines/4/return", FIRST, body))
    assert (view["lines"][3]["state"], view["amount_fen"]) == ("returned", 1_350_000)
    ok(await callers.post(f"/claims/{claim_id}/reviews", FIRST, review("first_review")))
    [item] = ok(await callers.get("/queue", SECOND))["items"]
    assert item["last_review"]["opinion"] == "已核对"
    answer = {"answer": "given_up", "statement": "无法补正"}
    view = ok(await callers.post(f"/claims/{claim_id}/lines/4/answer", SCHOOL, answer))
    assert view["lines"][3]["state"] == "struck"


async def test_corrections_over_http_are_for_the_roles_that_make_them(callers: Callers) -> None:
    """JY-CLM-11, JY-REP-07: breaches, claw-backs and reversals, and whoever may not touch them."""
    claim_id = await claimed(callers)
    breach = {"facts": "名册与考勤不符", "evidence": "来信"}
    opened = ok(await callers.post(f"/claims/{claim_id}/breaches", INSPECTOR, breach), 201)
    seen = ok(await callers.get(f"/claims/{claim_id}", SCHOOL))["breaches"][0]
    assert (seen["state"], seen["facts"], seen["evidence"]) == ("open", None, None)
    problem(await callers.post(f"/claims/{claim_id}/reviews", FIRST, review("first_review")), 422, "BREACH_OPEN")
    closure = {"conclusion": "unfounded", "reason": "经核实相符"}
    problem(await callers.post(f"/breaches/{opened['breach_id']}/closure", INSPECTOR, closure), 403, "ROLE_MISSING")
    ok(await callers.post(f"/breaches/{opened['breach_id']}/closure", APPROVER, closure))

    problem(await callers.post(f"/claims/{claim_id}/clawbacks", FIRST, {"reason": "x"}), 409, "NOTHING_TO_CLAW_BACK")
    problem(await callers.post(f"/claims/{claim_id}/clawbacks", FINANCE, {"reason": "x"}), 403, "ROLE_MISSING")
    problem(
        await callers.post("/clawbacks/none/decision", APPROVER, {"decision": "order", "reason": "x"}), 404, "NOT_FOUND"
    )
    repayment = {"kind": "bank", "on": "2021-09-13"}
    problem(await callers.post("/clawbacks/none/repayments", FINANCE, repayment), 422, "INPUT_INVALID")
    problem(await callers.post("/orders/none/reversal", FINANCE, {"reason": "x"}), 404, "NOT_FOUND")
    problem(await callers.post("/orders/none/reversal-approval", FINANCE), 403, "ROLE_MISSING")
    problem(await callers.post("/orders/none/resending", FINANCE, {"reason": "x"}), 404, "NOT_FOUND")
    problem(
        await callers.post(f"/claims/{claim_id}/account-refusal", APPROVER, {"reason": "x"}), 404, "ACCOUNT_NOT_PENDING"
    )


async def test_paid_money_is_asked_back_and_comes_in_over_http(callers: Callers) -> None:
    """A claw-back from the proposal to the last repayment, as the API tells it."""
    claim_id = await claimed(callers)
    await callers.office.approve(claim_id)
    [order] = await callers.office.order(claim_id, {EMPLOYMENT: 15_000})
    file = await callers.office.send()
    await callers.office.answer(file, order.order_id, "settled")
    wrong = ok(await callers.post(f"/orders/{order.order_id}/reversal", FINANCE, {"reason": "误登记"}), 201)
    assert (wrong["order"]["state"], wrong["amount_fen"], wrong["approved_by"]) == ("settled", -1_500_000, None)
    remaining = [certificate(each) for each in people(1, 9)]
    voided = CertificateVoided(
        class_id="class-1",
        certificate_id=certificate("p10").certificate_id,
        person_id="p10",
        on=date(2021, 9, 14),
        reason="替考",
    )
    await callers.office.take(voided, assessment_completed(remaining, revision=2))
    callers.move_to(callers.office.now.date())

    proposal = ok(await callers.post(f"/claims/{claim_id}/clawbacks", FIRST, {"reason": "证书已作废"}), 201)
    assert (proposal["amount_fen"], proposal["rule"], proposal["state"]) == (150_000, "JY-ASM-04", "proposed")
    path = f"/clawbacks/{proposal['clawback_id']}"
    ordered = ok(await callers.post(f"{path}/decision", APPROVER, {"decision": "order", "reason": "同意"}))
    assert (ordered["state"], ordered["outstanding_fen"], ordered["entry"]) == ("ordered", 150_000, 2)
    day = callers.office.now.date().isoformat()
    back = {"kind": "bank", "on": day, "amount_fen": 150_000, "reference": "BANK-1"}
    settled = ok(await callers.post(f"{path}/repayments", FINANCE, back), 201)
    assert (settled["state"], settled["outstanding_fen"], len(settled["repayments"])) == ("settled", 0, 1)
    view = ok(await callers.get(f"/claims/{claim_id}", SCHOOL))
    assert (view["decided_fen"], view["clawbacks"][0]["state"]) == (1_350_000, "settled")


async def test_a_trainee_claims_over_http_and_no_answer_repeats_who_he_is(callers: Callers) -> None:
    """JY-CLM-08, JY-PAY-04: identity is compared and forgotten; a stranger finds no class."""
    trainee = person("trainee-1", Role.TRAINEE, organisation="trainees")
    body = {
        **CLAIM,
        "claimant": "individual",
        "person": {"name": "样例学员甲", "identity_number": "000000190001010079"},
    }

    refused = problem(await callers.post("/claims", trainee, body), 422, "ID_CHECKSUM")
    assert "000000190001010079" not in str(refused)
    assert "样例学员甲" not in str(refused)
    problem(await callers.post("/claims", trainee, {**body, "person": None}), 422, "BLOCK_MISSING")
    problem(await callers.post("/claims", SCHOOL, body), 403, "ROLE_MISSING")
    problem(await callers.post("/claims", trainee, CLAIM), 403, "ROLE_MISSING")
    problem(await callers.post("/claims", SCHOOL, {**CLAIM, "claimant": "enterprise"}), 422, "CLAIMANT_NOT_ADMITTED")
    problem(await callers.get("/classes/class-1", trainee), 403, "ROLE_MISSING")


async def test_one_application_for_several_classes_over_http(callers: Callers) -> None:
    """JY-CLM-09: totals of the batches, and every claim by its own address."""
    body = {key: value for key, value in CLAIM.items() if key != "class_id"} | {"class_ids": ["class-1"]}

    made = ok(await callers.post("/applications", SCHOOL, body), 201)
    read = ok(await callers.get(f"/applications/{made['application_id']}", FIRST))

    assert (read["planned"], read["recognised"], read["amount_fen"]) == (50, 10, 1_500_000)
    assert ok(await callers.get(f"/claims/{read['batches'][0]['claim_id']}", SCHOOL))["application_id"]
    problem(await callers.get(f"/applications/{made['application_id']}", OTHER_SCHOOL), 404, "NOT_FOUND")


async def test_a_feature_the_document_does_not_provide_for_is_off(callers: Callers) -> None:
    """JY-PAY-06: an advance under the 2021 rulebook is refused with its rule and clause."""
    answer = await callers.post("/classes/class-1/feature-requests", SCHOOL, {"feature": "advance"})

    refused = problem(answer, 422, "FEATURE_OFF")
    assert (refused["rule"], refused["clause"]) == ("JY-PAY-06", "全文")
    problem(
        await callers.post("/classes/class-1/feature-requests", OTHER_SCHOOL, {"feature": "advance"}), 404, "NOT_FOUND"
    )
