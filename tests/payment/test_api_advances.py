"""Advances over HTTP: who may, what is answered, what people read."""

from datetime import date
from typing import Any

from services.payment.application.queries import ledger
from tests.payment.advance_sample import ROSTER, YUAN, examine, of_enterprise, open_class, provide, train
from tests.payment.callers import Callers
from tests.payment.office import ACCOUNT, APPROVER, AUDITOR, EMPLOYMENT, FINANCE, FIRST, SCHOOL, SECOND, person
from tests.payment.test_use_cases_elsewhere import CLAIMED_ON, HULUDAO, there

CLASS = "class-hl"
BODY = {
    "amount_fen": 6_000_000,
    "account": {
        "holder": ACCOUNT.holder,
        "bank_name": ACCOUNT.bank_name,
        "account_number": ACCOUNT.account_number,
    },
}


async def provided(callers: Callers) -> None:
    callers.move_to(CLAIMED_ON)
    await provide(callers.office)
    await open_class(callers.office, of_enterprise(CLASS))


async def post(callers: Callers, path: str, actor: Any, body: Any = None, status: int = 200) -> Any:
    answer = await callers.post(path, actor, body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def paid(callers: Callers, **changes: Any) -> str:
    """Take an advance to its credit, and give its id."""
    asked = await post(callers, f"/classes/{CLASS}/advances", there(SCHOOL), BODY | changes, 201)
    path = f"/advances/{asked['advance_id']}"
    await post(callers, f"{path}/decision", there(APPROVER), {"decision": "accept", "reason": "同意预付"})
    await post(callers, f"{path}/order", there(FINANCE))
    file = await post(callers, "/bank-files", there(FINANCE), {"funding_source": EMPLOYMENT}, 201)
    answer = {"order_id": asked["advance_id"], "attempt": 1, "outcome": "settled", "on": CLAIMED_ON.isoformat()}
    told = await post(callers, f"/bank-files/{file['bank_file_id']}/answers", there(FINANCE), {"answers": [answer]})
    assert [row["result"] for row in told["rows"]] == ["applied"]
    return str(asked["advance_id"])


async def test_an_advance_from_its_request_to_its_return(callers: Callers) -> None:
    """HL-PAY-02: 60,000 of 120,000; final 54,000; 6,000 come back."""
    await provided(callers)
    refused = await callers.post(f"/classes/{CLASS}/advances", there(SCHOOL), BODY | {"amount_fen": 6_000_001})
    assert (refused.status_code, refused.json()["code"], refused.json()["clause"]) == (
        422,
        "ADVANCE_TOO_HIGH",
        "四(十)",
    )
    advance_id = await paid(callers)
    path = f"/advances/{advance_id}"
    seen = (await callers.get(path, there(SCHOOL))).json()
    assert (seen["state"], seen["rule"], seen["clause"], seen["percent"]) == ("paid", "HL-PAY-02", "四(十)", 50)
    assert (seen["sums"]["outstanding_fen"], seen["limit_fen"]) == (6_000_000, 6_000_000)
    assert ACCOUNT.account_number.replace(" ", "") not in str(seen)
    blockers = (await callers.get(f"/classes/{CLASS}/blockers", there(SCHOOL))).json()["blockers"]
    assert "尚欠 60,000.00 元" in next(each["message"] for each in blockers if each["code"] == "ADVANCE_OUTSTANDING")

    await train(callers.office, of_enterprise(CLASS))
    await examine(callers.office, of_enterprise(CLASS), 27)
    signed = {"text_version": "", "signer": "样例负责人", "signed_on": CLAIMED_ON.isoformat()}
    claim = await post(
        callers,
        "/claims",
        there(SCHOOL),
        {
            "class_id": CLASS,
            "claimant": "enterprise",
            "undertaking": {**signed, "text_version": "x"},
            "account": BODY["account"],
        },
        201,
    )
    of_claim = f"/claims/{claim['claim_id']}"
    for step, actor in (("first_review", FIRST), ("second_review", SECOND), ("bureau_opinion", APPROVER)):
        review = {"step": step, "decision": "approve", "opinion": "已核对"}
        await post(callers, f"{of_claim}/reviews", there(actor), review)
    too_much = {"sources": [{"funding_source": EMPLOYMENT, "amount_fen": 100}]}
    answer = await callers.post(f"{of_claim}/orders", there(FINANCE), too_much)
    assert (answer.status_code, answer.json()["code"]) == (422, "SPLIT_SUM")
    made = await post(callers, f"{of_claim}/orders", there(FINANCE), {"sources": []}, 201)
    assert [(order["amount_fen"], order["state"]) for order in made["items"]] == [(5_400_000, "settled")]
    whole = (await callers.get(of_claim, there(SCHOOL))).json()
    assert (whole["state"], whole["advances"]["set_off_fen"], whole["advances"]["outstanding_fen"]) == (
        "paid",
        5_400_000,
        600_000,
    )
    rows = [row async for row in _ledger(callers)]
    assert sum(row["settled_fen"] for row in rows if row["class"]["region"] == HULUDAO) == 6_000_000

    demand = {"due_on": date(2020, 8, 31).isoformat(), "reason": "预付多于应付"}
    mine = await callers.get("/advances", there(FIRST), mine="true")
    assert [each["waits_for"]["task"] for each in mine.json()["items"]] == ["advance_settlement"]
    await post(callers, f"{path}/recovery", there(FIRST), demand, 201)
    await post(callers, f"{path}/recovery/decision", there(APPROVER), {"decision": "order", "reason": "同意"})
    waiting = (await callers.get(path, there(SCHOOL))).json()["waits_for"]
    assert (waiting["task"], waiting["due"]) == ("repayment", "2020-08-31")
    back = {"on": CLAIMED_ON.isoformat(), "amount_fen": 600_000, "reference": "回单 1"}
    done = await post(callers, f"{path}/repayments", there(FINANCE), back, 201)
    assert (done["sums"]["outstanding_fen"], done["waits_for"]) == (0, None)


async def _ledger(callers: Callers):  # type: ignore[no-untyped-def]
    async with callers.office.unit(there(AUDITOR)) as uow:
        async for row in ledger(uow, region=HULUDAO, canonical=False):
            yield row


async def test_a_returned_advance_waits_for_an_account_and_another_person(callers: Callers) -> None:
    await provided(callers)
    asked = await post(callers, f"/classes/{CLASS}/advances", there(SCHOOL), BODY, 201)
    path = f"/advances/{asked['advance_id']}"
    await post(
        callers, f"{path}/decision", there(APPROVER), {"decision": "accept", "reason": "同意", "amount_fen": 100}
    )
    await post(callers, f"{path}/order", there(FINANCE))
    file = await post(callers, "/bank-files", there(FINANCE), {"funding_source": EMPLOYMENT}, 201)
    returned = {
        "order_id": asked["advance_id"],
        "attempt": 1,
        "outcome": "returned",
        "on": CLAIMED_ON.isoformat(),
        "reason_code": "AC04",
    }
    await post(callers, f"/bank-files/{file['bank_file_id']}/answers", there(FINANCE), {"answers": [returned]})
    await post(callers, f"{path}/account", there(SCHOOL), BODY["account"])
    again = await post(callers, f"{path}/resending", there(APPROVER), {"reason": "账户已更正"})
    assert (again["state"], again["attempt"], again["pending_account_masked"]) == ("ready", 2, None)
    gone = await post(callers, f"{path}/withdrawal", there(FINANCE), {"reason": "改由申领拨付"})
    assert (gone["state"], gone["sums"]["decided_fen"]) == ("withdrawn", 0)


async def test_who_has_nothing_to_do_with_an_advance_finds_none(callers: Callers) -> None:
    await provided(callers)
    advance_id = await paid(callers)
    stranger = person("school-9", *SCHOOL.roles, organisation="institution-9", region=HULUDAO)
    for actor in (stranger, APPROVER):  # another institution, and a bureau of another region
        assert (await callers.get(f"/advances/{advance_id}", actor)).status_code == 404
        assert (await callers.get("/advances", actor)).json()["items"] == []
    decision = {"decision": "accept", "reason": "同意"}
    assert (await callers.post(f"/advances/{advance_id}/decision", APPROVER, decision)).status_code == 404
    assert (await callers.post(f"/advances/{advance_id}/decision", there(SCHOOL), decision)).status_code == 403
    assert (await callers.post(f"/classes/{CLASS}/advances", stranger, BODY)).status_code == 404
    asked = await callers.post(f"/classes/{CLASS}/feature-requests", there(SCHOOL), {"feature": "advance"})
    assert (asked.status_code, asked.json()["code"]) == (422, "FEATURE_OFFERED")
    jiyuan = await callers.post("/classes/class-1/advances", SCHOOL, BODY)
    assert (jiyuan.status_code, jiyuan.json()["code"], jiyuan.json()["rule"]) == (422, "FEATURE_OFF", "JY-PAY-06")
    assert len(ROSTER) * 2_000 * YUAN // 2 == BODY["amount_fen"]
