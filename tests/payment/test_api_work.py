"""The addresses of months of work and of past subsidies, spoken to with real tokens on both databases."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.payment.domain.benefit import HIRER
from shared.domain.actor import Role
from tests.payment.callers import Callers
from tests.payment.claiming import identity
from tests.payment.office import AUDITOR, FINANCE, FIRST, SCHOOL, SECOND, person
from tests.payment.sample import INSTITUTION, JIYUAN
from tests.payment.test_api import OTHER_REGION, OTHER_SCHOOL, ok, problem
from tests.payment.work_sample import FIRST_DAYS, official, opened

OFFICER, OTHER = person("officer-1", Role.POLICY_OFFICER), person("officer-2", Role.POLICY_OFFICER)
REVIEWER = official("HL", "first-hl", Role.FIRST_REVIEWER)
HIRING = person("clerk-1", Role.INSTITUTION, organisation=INSTITUTION, region=FIRST_DAYS["HL"][0])
MONTH: dict[str, Any] = {"person_id": "p1", "month": "2020-06", "full": True, "source": "工资表 2020-06"}
PATH = "/classes/class-9/work-months"
PAST: dict[str, Any] = {
    "identity_number": identity(1),
    "programme": "training",
    "occupation": "welder",
    "level": "5",
    "had_on": "2019-05-09",
    "source": "省平台导出 2020",
}


async def hired(callers: Callers) -> None:
    """Let a work-for-training class open in Huludao."""
    kind = {"kind": "work_for_training", "programme": "work_for_training"}
    attributes = {HIRER: "insured_enterprise"}
    await callers.office.take(opened("HL", ["p1", "p2"], class_id="class-9", attributes=attributes, **kind))


async def test_months_are_stated_confirmed_and_taken_back_over_http(callers: Callers) -> None:
    """HL-CLM-07."""
    await hired(callers)
    stated = ok(await callers.post(PATH, HIRING, {"months": [MONTH, {**MONTH, "month": "2020-07"}]}), 201)
    assert [(each["month"], each["state"], each["full"]) for each in stated["items"]] == [
        ("2020-06", "stated", True),
        ("2020-07", "stated", True),
    ]
    assert ok(await callers.post(PATH, HIRING, {"months": [MONTH]}), 201)["items"] == []
    numbers = [each["number"] for each in stated["items"]]
    decision = {"numbers": numbers, "decision": "confirm", "reason": "已核对工资表"}
    problem(await callers.post(f"{PATH}/decisions", HIRING, decision), 403, "ROLE_MISSING")
    problem(await callers.post(f"{PATH}/decisions", FIRST, decision), 404, "NOT_FOUND")
    confirmed = ok(await callers.post(f"{PATH}/decisions", REVIEWER, decision))
    assert {(each["state"], each["decided_by"]) for each in confirmed["items"]} == {("confirmed", REVIEWER.subject)}
    problem(await callers.post(f"{PATH}/decisions", REVIEWER, decision), 409, "STATEMENT_DECIDED")

    back = {"numbers": numbers[:1], "reason": "当月未足月"}
    [opposite] = ok(await callers.post(f"{PATH}/reversals", HIRING, back), 201)["items"]
    assert opposite["reverses"] == numbers[0]
    ok(await callers.post(f"{PATH}/decisions", REVIEWER, {**decision, "numbers": [opposite["number"]]}))
    listed = ok(await callers.get(PATH, HIRING))["items"]
    assert [each["state"] for each in listed] == ["reversed", "confirmed", "confirmed"]


async def test_months_are_for_those_who_know_the_class(callers: Callers) -> None:
    await hired(callers)
    body = {"months": [MONTH]}
    for stranger in (OTHER_SCHOOL, OTHER_REGION):
        problem(await callers.post(PATH, stranger, body), 404, "NOT_FOUND")
        problem(await callers.get(PATH, stranger), 404, "NOT_FOUND")
    problem(await callers.post(PATH, FINANCE, body), 403, "ROLE_MISSING")
    problem(await callers.get(PATH, AUDITOR), 404, "NOT_FOUND")
    problem(await callers.post("/classes/class-1/work-months", SCHOOL, body), 422, "WORK_MONTHS_NOT_PAID")


@pytest.mark.parametrize(
    "wrong",
    [{"month": "2020-13"}, {"month": "2020-6"}, {"full": "yes"}, {"source": identity(1)}, {"employer": identity(1)}],
)
async def test_what_cannot_be_a_month_is_named_and_never_repeated(callers: Callers, wrong: dict[str, Any]) -> None:
    await hired(callers)
    answer = await callers.post(PATH, HIRING, {"months": [{**MONTH, **wrong}]})
    assert answer.status_code == 422
    assert identity(1) not in answer.text


async def test_past_subsidies_are_imported_once_and_withdrawn_by_another(callers: Callers) -> None:
    """HB-CLM-02: what people had elsewhere."""
    body = {"subsidies": [PAST, {**PAST, "level": "4"}]}
    first = ok(await callers.post("/past-subsidies", OFFICER, body), 201)
    assert (first["imported"], [row["outcome"] for row in first["rows"]]) == (2, ["imported"] * 2)
    again = ok(await callers.post("/past-subsidies", OFFICER, body), 201)
    assert again == {"imported": 0, "rows": [{"row": row, "outcome": "known", "number": None} for row in range(2)]}
    problem(await callers.post("/past-subsidies", FINANCE, body), 403, "ROLE_MISSING")
    wrong = {"number": first["rows"][0]["number"], "reason": "误导入"}
    problem(await callers.post("/past-subsidies/withdrawals", OFFICER, wrong), 403, "SAME_REVIEWER")
    assert ok(await callers.post("/past-subsidies/withdrawals", OTHER, wrong), 201)["withdrawn"] is True
    problem(await callers.post("/past-subsidies/withdrawals", OTHER, wrong), 404, "PAST_SUBSIDY_UNKNOWN")


async def test_no_answer_repeats_whose_past_it_was(callers: Callers) -> None:
    broken = identity(1)[:-1] + ("1" if identity(1)[-1] != "1" else "2")
    row = {**PAST, "identity_number": broken}
    named = await callers.post("/past-subsidies", OFFICER, {"subsidies": [{**PAST, "name": "样例学员甲"}]})
    problem(named, 422, "INPUT_INVALID")  # nobody's name is asked for, so none is taken
    for answer in (
        named,
        await callers.post("/past-subsidies", OFFICER, {"subsidies": [PAST]}),
        await callers.post("/past-subsidies", OFFICER, {"subsidies": [row]}),
        await callers.post("/past-subsidies", OFFICER, {"subsidies": [{**PAST, "source": broken}]}),
        await callers.post("/past-subsidies", OFFICER, {"subsidies": [{**PAST, "programme": "样例学员甲"}]}),
    ):
        assert [text for text in ("样例学员甲", identity(1), broken) if text in answer.text] == []


async def test_an_employment_over_http_has_an_employer_and_an_end(callers: Callers) -> None:
    """LS-CLM-05, HB-CLM-03."""
    told = {"person_id": "p1", "employed_on": "2021-08-01", "source": "就业登记", "employer": "enterprise-1"}
    path = "/classes/class-1/employments"
    assert ok(await callers.post(path, FIRST, {"employments": [told]}), 201)["recorded"] == 1
    ended = {"employments": [{**told, "last_day": "2021-09-01"}]}
    assert ok(await callers.post(path, SECOND, ended), 201)["recorded"] == 1
    assert ok(await callers.post(path, SECOND, ended), 201)["recorded"] == 0
    problem(
        await callers.post(path, FIRST, {"employments": [{**told, "last_day": "2021-07-01"}]}), 422, "DATES_REVERSED"
    )
    unknown = {"employments": [{**told, "employed_on": "2021-08-02", "stands": False}]}
    problem(await callers.post(path, FIRST, unknown), 422, "EMPLOYMENT_UNKNOWN")


async def test_a_rate_says_its_unit_over_http(callers: Callers) -> None:
    finance = replace(FINANCE, region=FIRST_DAYS["LS"][0])
    row = {
        "region": FIRST_DAYS["LS"][0],
        "programme": "living_allowance",
        "valid_from": date(2020, 9, 1).isoformat(),
        "amount_fen": 3_000,
        "source": "测试文件第一条",
    }
    answer = problem(await callers.post("/rates", finance, row), 422, "RATE_UNIT")
    assert (answer["rule"], "每日" in answer["advice"]) == ("LS-CLM-08", True)
    assert ok(await callers.post("/rates", finance, {**row, "unit": "day"}), 201)["unit"] == "day"
    plain = {**row, "region": JIYUAN, "programme": "training", "occupation": "fitter", "valid_from": "2022-01-01"}
    assert ok(await callers.post("/rates", FINANCE, plain), 201)["unit"] == "each"
