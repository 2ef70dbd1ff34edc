"""The addresses of what was handed out before it is claimed, spoken to with real tokens on both databases."""

from typing import Any

import pytest

from shared.domain.actor import Role
from tests.payment.callers import Callers
from tests.payment.claiming import identity
from tests.payment.office import AUDITOR, FIRST, SCHOOL, person
from tests.payment.sample import INSTITUTION
from tests.payment.test_api import OTHER_SCHOOL, ok, problem
from tests.payment.work_sample import FIRST_DAYS, official, opened

REVIEWER = official("LS", "first-ls", Role.FIRST_REVIEWER)
TRAINING = person("clerk-1", Role.INSTITUTION, organisation=INSTITUTION, region=FIRST_DAYS["LS"][0])
PAYOUT: dict[str, Any] = {"person_id": "p1", "amount_fen": 60_000, "paid_on": "2020-10-12", "source": "签领表 2020-10"}
PATH = "/classes/class-9/payouts"


async def poor_class(callers: Callers) -> None:
    """Let a project class of poor workers open in Linshu."""
    await callers.office.take(opened("LS", ["p1", "p2"], class_id="class-9", kind="project", group="poor_worker"))


async def test_payouts_are_stated_confirmed_and_taken_back_over_http(callers: Callers) -> None:
    """LS-CLM-04."""
    await poor_class(callers)
    other = {**PAYOUT, "person_id": "p2", "amount_fen": 59_800}
    stated = ok(await callers.post(PATH, TRAINING, {"payouts": [PAYOUT, other]}), 201)
    assert [(each["person_id"], each["amount_fen"], each["state"]) for each in stated["items"]] == [
        ("p1", 60_000, "stated"),
        ("p2", 59_800, "stated"),
    ]
    assert ok(await callers.post(PATH, TRAINING, {"payouts": [PAYOUT]}), 201)["items"] == []
    problem(await callers.post(PATH, TRAINING, {"payouts": [{**PAYOUT, "amount_fen": 1}]}), 409, "PAYOUT_STANDS")
    numbers = [each["number"] for each in stated["items"]]
    decision = {"numbers": numbers, "decision": "confirm", "reason": "已核对签领表"}
    problem(await callers.post(f"{PATH}/decisions", TRAINING, decision), 403, "ROLE_MISSING")
    problem(await callers.post(f"{PATH}/decisions", FIRST, decision), 404, "NOT_FOUND")
    confirmed = ok(await callers.post(f"{PATH}/decisions", REVIEWER, decision))
    assert {(each["state"], each["decided_by"]) for each in confirmed["items"]} == {("confirmed", REVIEWER.subject)}
    problem(await callers.post(f"{PATH}/decisions", REVIEWER, decision), 409, "STATEMENT_DECIDED")

    back = {"numbers": numbers[:1], "reason": "退回重发"}
    [opposite] = ok(await callers.post(f"{PATH}/reversals", TRAINING, back), 201)["items"]
    assert opposite["reverses"] == numbers[0]
    problem(await callers.post(f"{PATH}/reversals", TRAINING, back), 409, "REVERSAL_WAITS")
    ok(await callers.post(f"{PATH}/decisions", REVIEWER, {**decision, "numbers": [opposite["number"]]}))
    listed = ok(await callers.get(PATH, TRAINING))["items"]
    assert [each["state"] for each in listed] == ["reversed", "confirmed", "confirmed"]


async def test_payouts_are_for_those_who_know_the_class_and_of_classes_that_have_any(callers: Callers) -> None:
    await poor_class(callers)
    body = {"payouts": [PAYOUT]}
    for stranger in (OTHER_SCHOOL, official("HL", "first-hl", Role.FIRST_REVIEWER)):
        problem(await callers.post(PATH, stranger, body), 404, "NOT_FOUND")
        problem(await callers.get(PATH, stranger), 404, "NOT_FOUND")
    problem(await callers.get(PATH, AUDITOR), 404, "NOT_FOUND")
    problem(await callers.post("/classes/class-1/payouts", SCHOOL, body), 422, "PAYOUTS_NOT_ASKED")
    unknown = {"numbers": [999], "decision": "confirm", "reason": "已核对"}
    problem(await callers.post(f"{PATH}/decisions", REVIEWER, unknown), 404, "STATEMENT_UNKNOWN")


@pytest.mark.parametrize(
    "wrong", [{"amount_fen": 0}, {"amount_fen": 600.5}, {"paid_on": "2020-13-01"}, {"source": identity(1)}]
)
async def test_what_cannot_be_a_payout_is_named_and_never_repeated(callers: Callers, wrong: dict[str, Any]) -> None:
    await poor_class(callers)
    answer = await callers.post(PATH, TRAINING, {"payouts": [{**PAYOUT, **wrong}]})
    assert answer.status_code == 422
    assert identity(1) not in answer.text
