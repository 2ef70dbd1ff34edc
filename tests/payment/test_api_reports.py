"""The addresses of reports, spoken to with real tokens on both databases."""

import hashlib
from datetime import date
from typing import Any

import httpx
import pytest

from shared.domain.actor import Actor, Role
from tests.payment.callers import Callers
from tests.payment.office import APPROVER, AUDITOR, FINANCE, FIRST, INSPECTOR, SCHOOL, SECOND, person
from tests.payment.sample import INSTITUTION_NAME, JIYUAN
from tests.payment.test_api import CLAIM, OTHER_REGION, OTHER_SCHOOL, claimed, ok, problem

MONTH = "/reports/monthly/2021-06"


async def drafted(callers: Callers) -> None:
    """Let June's report be drafted, without letting the day pass."""
    await callers.pass_days(date(2021, 9, 13))


async def test_a_month_goes_from_its_draft_to_its_delivery(callers: Callers) -> None:
    """JY-REP-06, JY-INT-02."""
    await drafted(callers)
    listed = ok(await callers.get("/reports/monthly", AUDITOR))["items"]
    assert [(each["month"], each["state"], each["due"], each["overdue"]) for each in listed][:1] == [
        ("2021-06", "drafted", "2021-07-06", True)
    ]
    draft = ok(await callers.get(MONTH, AUDITOR))
    assert (draft["counted"]["totals"]["month"]["opened_persons"], draft["sealed"], draft["changed"]) == (10, [], [])
    assert {each["rule"] for each in draft["counted"]["definitions"]} >= {"JY-REP-01", "JY-PAY-03"}
    problem(await callers.get(f"{MONTH}/table", AUDITOR), 404, "NOT_SIGNED")

    signed = ok(await callers.post(f"{MONTH}/signature", APPROVER), 201)
    [copy] = signed["sealed"]
    assert hashlib.sha256(copy["text"].encode()).hexdigest() == copy["sha256"]
    assert (copy["content"]["totals"], signed["state"]) == (draft["counted"]["totals"], "signed")
    problem(await callers.post(f"{MONTH}/signature", APPROVER), 409, "MONTH_CLOSED")

    sent = ok(await callers.post(f"{MONTH}/dispatch", SECOND, {"proof": "收文-7"}), 201)
    assert (sent["state"], sent["overdue"], sent["sealed"][0]["dispatch"]["proof"]) == ("dispatched", True, "收文-7")
    problem(await callers.post(f"{MONTH}/dispatch", SECOND, {"proof": "收文-8"}), 409, "ALREADY_DISPATCHED")
    table = await callers.get(f"{MONTH}/table", AUDITOR)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert copy["sha256"] in table.text


async def test_the_same_signature_again_is_answered_alike_and_seals_once(callers: Callers) -> None:
    await drafted(callers)
    first = ok(await callers.post(f"{MONTH}/signature", APPROVER, key="sign-june"), 201)
    again = ok(await callers.post(f"{MONTH}/signature", APPROVER, key="sign-june"), 201)
    assert again == first
    assert len(again["sealed"]) == 1


async def test_goals_and_shares_are_told_for_the_region(callers: Callers) -> None:
    """JY-REP-01 to JY-REP-04, JY-QUA-03, JY-INS-09, JY-ENR-23."""
    year = ok(await callers.get("/reports/years/2021", AUDITOR))
    goals = {each["code"]: each for each in year["goals"]}
    assert (goals["person_times"]["done"], goals["person_times"]["gap"], goals["person_times"]["percent"]) == (
        10,
        39_990,
        "0.03",
    )
    assert (len(year["plan"]), year["plan_persons"]) == (13, 40_000)
    shares = ok(
        await callers.get("/reports/shares", AUDITOR, **{"from": "2021-06-01", "to": "2021-06-30", "region": JIYUAN})
    )
    employees = next(each for each in shares["groups"] if each["code"] == "enterprise_employees")
    assert (employees["share"]["percent"], employees["year_before"]["percent"], employees["change_points"]) == (
        "100.00",
        None,
        None,
    )
    assert (shares["villages"], shares["cluster"]["percent"]) == ([], None)


async def test_employments_are_recorded_by_the_bureau(callers: Callers) -> None:
    """JY-QUA-07."""
    body = {"employments": [{"person_id": "p1", "employed_on": "2021-08-01", "source": "就业登记"}]}
    path = "/classes/class-1/employments"
    assert ok(await callers.post(path, INSPECTOR, body), 201) == {"class_id": "class-1", "recorded": 1}
    problem(await callers.post(path, SCHOOL, body), 403, "ROLE_MISSING")
    problem(await callers.post(path, OTHER_REGION, body), 404, "NOT_FOUND")
    unknown = {"employments": [{**body["employments"][0], "person_id": "p99"}]}
    answer = problem(await callers.post(path, FIRST, unknown), 422, "PERSON_NOT_IN_CLASS")
    assert (answer["rule"], answer["clause"]) == ("JY-QUA-07", "三(二)第1段")
    assert "p99" not in str(answer)


async def test_a_claims_form_names_66_fields_and_where_the_missing_ones_come_from(callers: Callers) -> None:
    """Annex 2; the account shows its last four digits alone (JY-FLD-07)."""
    path = f"/claims/{await claimed(callers)}/form"
    form = ok(await callers.get(path, SCHOOL))
    fields = {each["rule"]: each for each in form["fields"]}
    assert [each["number"] for each in form["fields"]] == list(range(1, 67))
    assert (fields["JY-FLD-02"]["value"], fields["JY-FLD-50"]["value"]) == (INSTITUTION_NAME, "1.5")
    assert fields["JY-FLD-05"] | {"problems": []} == {
        "number": 5,
        "code": "contact_phone",
        "label": "电话",
        "stage": "enrollment",
        "type": "phone",
        "unit": None,
        "required": True,
        "state": "elsewhere",
        "value": None,
        "comes_from": "enrollment",
        "problems": [],
        "rule": "JY-FLD-05",
        "clause": "附件2 表头",
        "document": "济管人社〔2021〕6号",
    }
    assert (fields["JY-FLD-62"]["state"], fields["JY-FLD-62"]["comes_from"]) == ("awaited", "payment")
    assert CLAIM["account"]["account_number"] not in str(form)
    assert CLAIM["undertaking"]["signer"] not in str(form)
    problem(await callers.get(path, OTHER_SCHOOL), 404, "NOT_FOUND")
    problem(await callers.get(path, OTHER_REGION), 404, "NOT_FOUND")


ADDRESSES = ["/reports/monthly", MONTH, f"{MONTH}/table", "/reports/years/2021"]


@pytest.mark.parametrize("path", ADDRESSES)
async def test_reports_are_the_bureaus_within_its_region(callers: Callers, path: str) -> None:
    await drafted(callers)
    problem(await callers.get(path, None), 401, "TOKEN_MISSING")
    problem(await callers.get(path, SCHOOL), 403, "ROLE_MISSING")
    both = person("school-1", Role.INSTITUTION, Role.AUDITOR, organisation="institution-1")
    problem(await callers.get(path, both), 403, "OWN_CLASSES_ONLY")
    problem(await callers.get(path, OTHER_REGION, region=JIYUAN), 403, "REGION_OUT_OF_SCOPE")


@pytest.mark.parametrize("actor", [FIRST, SECOND, FINANCE, AUDITOR, INSPECTOR])
async def test_only_an_approver_signs(callers: Callers, actor: Actor) -> None:
    await drafted(callers)
    problem(await callers.post(f"{MONTH}/signature", actor), 403, "ROLE_MISSING")


@pytest.mark.parametrize("body", [{"proof": ""}, {}, {"proof": "x", "copies": 2}, {"proof": "x", "correction": "no"}])
async def test_a_delivery_is_taken_only_with_its_proof(callers: Callers, body: dict[str, Any]) -> None:
    answer: httpx.Response = await callers.post(f"{MONTH}/dispatch", SECOND, body)
    problem(answer, 422, "INPUT_INVALID")


@pytest.mark.parametrize("month", ["2021-13", "june", "2021-6"])
async def test_a_month_that_is_none_is_named(callers: Callers, month: str) -> None:
    problem(await callers.get(f"/reports/monthly/{month}", AUDITOR), 422, "INPUT_INVALID")


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2021-06-02", "2021-06-01", "PERIOD_INVALID"),
        ("0001-01-01", "2021-06-01", "PERIOD_INVALID"),
        ("2021-02-30", "2021-06-01", "INPUT_INVALID"),
        ("1622505600", "2021-06-01", "INPUT_INVALID"),
        ("2020-06-01", "2020-12-31", "RULEBOOK_MISSING"),
    ],
)
async def test_a_period_that_cannot_be_told_is_refused(callers: Callers, first: str, last: str, code: str) -> None:
    problem(await callers.get("/reports/shares", AUDITOR, **{"from": first, "to": last}), 422, code)


async def test_a_month_that_was_not_drafted_does_not_exist(callers: Callers) -> None:
    problem(await callers.get("/reports/monthly/2020-01", AUDITOR), 404, "NOT_FOUND")
    problem(await callers.post("/reports/monthly/2020-01/signature", APPROVER), 404, "NOT_FOUND")


async def test_a_region_that_nobody_knows_is_refused(callers: Callers) -> None:
    problem(await callers.get("/reports/monthly", AUDITOR, region="999999"), 422, "REGION_UNKNOWN")
