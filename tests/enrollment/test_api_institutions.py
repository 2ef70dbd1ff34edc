"""The directory, suspensions, centres and registers over HTTP with real tokens, on both databases."""

import json
from typing import Any

import httpx
import pytest

from peibu.demo.people import sample_credit_code
from services.enrollment.api.schemas import Body
from services.enrollment.application.measure_satisfaction import measure_satisfaction
from shared.contracts.assessment import SatisfactionMeasured
from shared.domain.actor import Role
from tests.enrollment.clients import Clients, Json, created, post
from tests.enrollment.desk import people
from tests.enrollment.sample import REGION, WELDER
from tests.enrollment.test_api import applied
from tests.enrollment.test_domain_institutions import SLOTS

DIGEST = "a" * 64
CONTEST = {"form": "contest", "title": "焊工竞赛", "level": "region", "held_on": "2021-05-09", "participants": 60}
REMARK = "抽查发现未按教学计划授课"


async def suspended(clients: Clients) -> str:
    body = {"reason": "training_quality", "remark": REMARK}
    answer = await created(clients.officer(Role.APPROVER), f"/institutions/{clients.school}/suspensions", body)
    return f"/institutions/{clients.school}/suspensions/{answer['suspension_id']}"


def attachments(*slots: str) -> Json:
    return {"attachments": [{"slot": slot, "reference": f"档案-{slot}", "sha256": DIGEST} for slot in slots]}


async def centre(clients: Clients) -> tuple[str, httpx.AsyncClient]:
    body = {
        "name": "示例厂职工培训中心",
        "credit_code": sample_credit_code(9),
        "kind": "enterprise_centre",
        "region": REGION,
        "ownership": "private",
    }
    centre_id = (await created(clients.officer(Role.APPROVER), "/institutions", body))["institution_id"]
    return centre_id, clients.client("centre-clerk", centre_id, Role.INSTITUTION)


def assessment(expert: str) -> Json:
    return {
        "passed": True,
        "assessed_on": "2021-05-10",
        "experts": [{"name": expert, "organisation": "示例学院", "title": "教授"}],
        "reference": "评估-1",
        "sha256": DIGEST,
    }


async def test_a_new_occupation_is_entered_with_its_days_and_corrected_by_a_further_row(clients: Clients) -> None:
    """HB-CLM-06"""
    approver = clients.officer(Role.APPROVER)
    row = {"code": "4-04-05-05", "name": "人工智能训练师", "region": REGION, "certifiable": [], "levels": ["5"]}
    plain = await created(approver, "/occupations", row)
    assert (plain["new_since"], plain["new_until"]) == (None, None)
    listed = await created(approver, "/occupations", {**row, "new_since": "2020-02-25", "new_until": "2021-12-31"})
    assert (listed["new_since"], listed["new_until"]) == ("2020-02-25", "2021-12-31")
    for days, code in (
        ({"new_since": "2999-01-01"}, "DATE_IN_FUTURE"),
        ({"new_until": "2021-12-31"}, "DATES_REVERSED"),
        ({"new_since": "2020-02-25", "new_until": "2020-02-24"}, "DATES_REVERSED"),
    ):
        refused = await post(approver, "/occupations", {**row, **days})
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    document = (await approver.get("http://enrollment.test/enrollment/openapi.json")).json()
    told = document["components"]["schemas"]["OccupationBody"]["properties"]
    assert all("新职业" in told[name]["description"] for name in ("new_since", "new_until"))


async def test_a_centre_is_led_into_the_directory_and_its_experts_stay_masked(clients: Clients) -> None:
    """JY-INS-02, JY-INS-03, JY-INS-08."""
    centre_id, clerk = await centre(clients)
    approver, inspector = clients.officer(Role.APPROVER), clients.officer(Role.INSPECTOR)
    address = f"/institutions/{centre_id}/listing-applications"
    missing = await post(clerk, address, attachments(*SLOTS[:4]))
    assert (missing.status_code, missing.json()["code"], missing.json()["value"]) == (
        422,
        "MISSING_ATTACHMENT",
        "teaching_materials",
    )
    application = await created(clerk, address, attachments(*SLOTS))
    entry = {"valid_from": "2021-05-10", "occupations": [WELDER]}
    early = await post(approver, f"/institutions/{centre_id}/directory-entries", entry)
    assert (early.status_code, early.json()["code"], early.json()["rule"]) == (422, "CENTRE_NOT_APPROVED", "JY-INS-03")
    path = f"/listing-applications/{application['application_id']}"
    reply = {"number": "批复〔2021〕3号", "replied_on": "2021-05-10", "approved": True}
    skipped = await post(approver, f"{path}/reply", reply)
    assert (skipped.status_code, skipped.json()["code"]) == (409, "ORDER")
    expert = people(1, skip=70)[0].name
    answer = await created(inspector, f"{path}/assessment", assessment(expert), status=200)
    assert answer["assessment"]["experts"][0]["masked_name"] == expert[0] + "*" * (len(expert) - 1)
    assert (await created(approver, f"{path}/reply", reply, status=200))["state"] == "approved"
    listed = await created(approver, f"/institutions/{centre_id}/directory-entries", entry)
    assert [warning["code"] for warning in listed["warnings"]] == ["CONDITIONS_NOT_SHOWN"]
    (shown,) = (await clerk.get("/listing-applications", params={"state": "listed"})).json()["items"]
    assert (shown["state"], shown["version"], shown["reply"]["number"]) == ("listed", 4, reply["number"])
    found = {"condition": "venue", "occupation": WELDER, "met": True, "found_on": "2021-05-10", "evidence": "核查-1"}
    answer = await created(inspector, f"/institutions/{centre_id}/conditions", {"findings": [found]})
    assert [one["condition"] for one in answer["items"]] == ["venue"]
    assert expert not in (await clerk.get("/listing-applications")).text


async def test_a_suspension_goes_from_remark_to_lifting(clients: Clients) -> None:
    """JY-QUA-02."""
    path = await suspended(clients)
    approver, school = clients.officer(Role.APPROVER), clients.institution
    view = await school.get(f"/institutions/{clients.school}")
    (one,) = view.json()["suspensions"]
    assert (view.json()["suspended"], one["remark"], one["rectify_by"]) == (True, REMARK, "2021-06-07")
    assert view.headers["etag"] == f'"{view.json()["version"]}"'
    refused = await post(school, "/classes", clients.class_body())
    assert (refused.status_code, refused.json()["code"]) == (422, "INSTITUTION_SUSPENDED")
    early = await post(approver, f"{path}/lifting", {"reason": "rectified", "remark": "复查"})
    assert (early.status_code, early.json()["code"], early.json()["rule"]) == (422, "REPORT_MISSING", "JY-QUA-02")
    paper = {"content": "已补课", "reference": "整改-1", "sha256": DIGEST}
    report = (await created(school, f"{path}/rectification-reports", paper))["reports"][0]["report_id"]
    decision = {"accepted": True, "opinion": "复查属实"}
    decided = await created(approver, f"{path}/rectification-reports/{report}/decision", decision, status=200)
    assert decided["reports"][0]["state"] == "accepted"
    lifted = await created(approver, f"{path}/lifting", {"reason": "rectified", "remark": "复查"}, status=200)
    assert (lifted["lifted_on"], lifted["lifting_reason"]) == ("2021-05-10", "rectified")
    await created(school, "/classes", clients.class_body())


async def test_teachers_and_venues_on_file_are_found_again_by_their_institution(clients: Clients) -> None:
    path = f"/institutions/{clients.school}"
    for reader in (clients.institution, clients.officer(Role.FIRST_REVIEWER)):
        teachers = (await reader.get(f"{path}/teachers")).json()["items"]
        assert sorted(one["teacher_id"] for one in teachers) == sorted(clients.teacher_ids)
        assert {one["qualification"] for one in teachers} == {"高级技师"}
        assert all(one["masked_name"].endswith("*") for one in teachers)
        (venue,) = (await reader.get(f"{path}/venues")).json()["items"]
        assert (venue["venue_id"], venue["stations"]) == (clients.venue_id, [{"occupation": WELDER, "count": 10}])
    stranger = clients.client("stranger", "another-school", Role.INSTITUTION)
    assert (await stranger.get(f"{path}/teachers")).status_code == 404


async def test_a_later_inspection_incident_and_end_of_an_entry_are_recorded(clients: Clients) -> None:
    """JY-INS-01, JY-INS-05."""
    approver, path = clients.officer(Role.APPROVER), f"/institutions/{clients.school}"
    await created(approver, f"{path}/inspections", {"year": 2020, "passed": False})
    refused = await post(clients.institution, "/classes", clients.class_body())
    assert refused.json()["code"] == "INSPECTION_NOT_PASSED"
    await created(approver, f"{path}/inspections", {"year": 2020, "passed": True})
    await created(approver, f"{path}/incidents", {"on": "2018-12-31", "finding": "已处理"})
    (entry,) = (await approver.get(path)).json()["directory_entries"]
    end = f"{path}/directory-entries/{entry['entry_id']}/end"
    twice = await post(approver, f"{path}/directory-entries", {"valid_from": "2021-06-01", "occupations": [WELDER]})
    assert (twice.status_code, twice.json()["code"]) == (409, "ENTRY_OVERLAPS")
    ended = await created(approver, end, {"valid_to": "2021-05-16", "reason": "退出"}, status=200)
    assert (ended["valid_to"], ended["entry_id"]) == ("2021-05-16", entry["entry_id"])
    assert (await post(clients.institution, "/classes", clients.class_body())).json()["code"] == "NOT_IN_DIRECTORY"
    view = (await approver.get(path)).json()
    assert [row["passed"] for row in view["annual_inspections"]] == [True, False, True]
    assert view["liability_incidents"] == [{"on": "2018-12-31", "finding": "已处理"}]


async def test_a_case_is_read_with_what_was_compared_and_confirmed(clients: Clients) -> None:
    """JY-QUA-02."""
    class_id = await applied(clients)
    async with clients.wiring.unit_of_work() as uow:
        await measure_satisfaction(uow, SatisfactionMeasured(class_id=class_id, satisfied=33, valid_responses=40))
        await uow.commit()
    for reader in (clients.institution, clients.officer(Role.AUDITOR)):
        (case,) = (await reader.get("/quality-cases", params={"state": "open"})).json()["items"]
        assert (case["class_id"], case["trace"]["rule"], case["trace"]["result"]) == (class_id, "JY-QUA-02", True)
        assert case["trace"]["inputs"] == {"satisfied": 33, "valid_responses": 40, "minimum_percent": 85}
    address = f"/quality-cases/{case['case_id']}/decision"
    body = {"decision": "confirm", "remark": "已核实问卷"}
    answer = await created(clients.officer(Role.APPROVER), address, body, status=200)
    assert (answer["state"], answer["version"], answer["remark"]) == ("confirmed", 2, "已核实问卷")
    again = await post(clients.officer(Role.APPROVER), address, body)
    assert (again.status_code, again.json()["code"]) == (409, "CASE_DECIDED")
    view = (await clients.institution.get(f"/institutions/{clients.school}")).json()
    assert [one["suspension_id"] for one in view["suspensions"]] == [answer["suspension_id"]]


async def test_registers_tell_their_fields_take_entries_and_report(clients: Clients) -> None:
    """JY-QUA-04, JY-INS-10."""
    school, approver = clients.institution, clients.officer(Role.APPROVER)
    kept = {one["code"]: one for one in (await school.get("/registers")).json()["items"]}
    assert kept["contest"]["rule"] == "JY-QUA-04"
    assert [field["code"] for field in kept["contest"]["fields"]] == [*CONTEST]
    entry = await created(school, "/registers/contest", {"fields": CONTEST})
    assert (entry["fields"], entry["institution_id"]) == (CONTEST, clients.school)
    path = f"/registers/contest/{entry['entry_id']}"
    await created(approver, f"{path}/revisions", {"fields": {**CONTEST, "participants": 61}})
    report = (await approver.get("/registers/contest/report", params={"since": "2021-05-01"})).json()
    assert (report["totals"], report["rule"], report["as_of"]) == (
        {"entries": 1, "heads": 61},
        "JY-QUA-04",
        "2021-05-10",
    )
    await created(approver, f"{path}/strike", {}, status=200)
    assert (await school.get("/registers/contest")).json() == {"items": [], "next": None}
    bad = await post(school, "/registers/contest", {"fields": {"prize": "goose", "participants": 1.5}})
    assert bad.status_code == 422
    assert "goose" not in bad.text
    wrong = await post(school, "/registers/contest", {"fields": {**CONTEST, "level": "galaxy", "held_on": "x"}})
    assert {error["code"] for error in wrong.json()["errors"]} == {"FIELD_INVALID"}
    assert "galaxy" not in wrong.text


async def test_a_persons_particulars_are_taken_and_never_shown(clients: Clients) -> None:
    person = people(1, skip=80)[0]
    named = {"name": person.name, "identity_number": person.identity_number}
    fields = {"proof": "safety_training", "passed_on": "2021-05-01", "number": "AQ-2021-000987"}
    approver = clients.officer(Role.APPROVER)
    answer = await post(approver, "/registers/safety_pass", {"fields": fields, "person": named})
    assert (answer.status_code, answer.json()["fields"]["number"]) == (201, "**********0987")
    twice = await post(approver, "/registers/safety_pass", {"fields": fields, "person": named})
    assert (twice.status_code, twice.json()["code"]) == (409, "ENTRY_EXISTS")
    broken = await post(approver, "/registers/safety_pass", {"fields": fields, "person": {**named, "name": 7}})
    shown = await approver.get("/registers/safety_pass")
    for text in (answer.text, twice.text, broken.text, shown.text):
        for secret in (person.name, person.identity_number, "AQ-2021"):
            assert secret not in text


async def test_education_money_is_reckoned_for_information(clients: Clients) -> None:
    """JY-FND-01."""
    for reader in (clients.institution, clients.officer(Role.FINANCE)):
        answer = (await reader.get("/education-money", params={"wages_fen": 100_000_000})).json()
        assert (answer["max_fen"], answer["trace"]["rule"], answer["trace"]["clause"]) == (
            8_000_000,
            "JY-FND-01",
            "二(二)1",
        )
    assert (await clients.institution.get("/education-money", params={"wages_fen": -1})).status_code == 422


async def test_roles_tenants_and_regions_are_held_at_every_new_address(clients: Clients) -> None:
    path = await suspended(clients)
    school = f"/institutions/{clients.school}"
    stranger = clients.client("stranger", "another-school", Role.INSTITUTION)
    elsewhere = clients.officer(Role.APPROVER, region="110000")
    both = clients.client("both", clients.school, Role.INSTITUTION, Role.APPROVER)
    paper = {"content": "x", "reference": "x", "sha256": DIGEST}
    lifting = {"reason": "revoked", "remark": "x"}
    for client, address, body in (
        (stranger, f"{path}/rectification-reports", paper),
        (stranger, f"{school}/listing-applications", attachments(*SLOTS)),
        (elsewhere, f"{path}/lifting", lifting),
        (elsewhere, f"{school}/inspections", {"year": 2020, "passed": True}),
        (elsewhere, f"{school}/conditions", {"findings": [{**_finding(), "condition": "venue"}]}),
        (both, f"{path}/lifting", lifting),
        (both, f"{school}/directory-entries", {"valid_from": "2021-01-01", "occupations": [WELDER]}),
    ):
        answer = await post(client, address, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "INSTITUTION_NOT_FOUND"), address
    for client in (stranger, elsewhere):
        assert (await client.get(school)).status_code == 404
        for listing in ("/institutions", "/listing-applications", "/quality-cases"):
            assert (await client.get(listing)).json() == {"items": [], "next": None}
    assert [one["institution_id"] for one in (await both.get("/institutions")).json()["items"]] == [clients.school]
    for client, address, body in (
        (clients.institution, f"{path}/lifting", lifting),
        (clients.officer(Role.APPROVER), f"{path}/rectification-reports", paper),
        (clients.officer(Role.FINANCE), "/registers/contest", {"fields": CONTEST}),
        (clients.officer(Role.APPROVER), "/registers/online_course", {"fields": {}, "institution_id": clients.school}),
    ):
        answer = await post(client, address, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_MISSING"), address


def _finding() -> dict[str, Any]:
    return {"occupation": WELDER, "met": True, "found_on": "2021-05-10", "evidence": "核查-1"}


async def test_the_same_suspension_sent_again_is_one_suspension(clients: Clients) -> None:
    approver, path = clients.officer(Role.APPROVER), f"/institutions/{clients.school}/suspensions"
    body = {"reason": "training_quality", "remark": REMARK}
    first, again = [await post(approver, path, body, **{"Idempotency-Key": "suspend-1"}) for _ in range(2)]
    assert (first.status_code, first.content) == (201, again.content)
    view = (await approver.get(f"/institutions/{clients.school}")).json()
    assert len(view["suspensions"]) == 1


@pytest.mark.parametrize(
    ("address", "body", "field"),
    [
        ("suspensions", {"reason": "training_quality"}, "remark"),
        ("suspensions", {"reason": "training_quality", "remark": "x", "until": "soon"}, "until"),
        ("listing-applications", {"attachments": [{"slot": "venue", "reference": "x", "sha256": "X"}]}, "sha256"),
        ("inspections", {"year": 2020, "passed": "yes"}, "passed"),
    ],
)
async def test_bad_input_is_told_by_field(clients: Clients, address: str, body: Json, field: str) -> None:
    role = Role.INSTITUTION if address == "listing-applications" else Role.APPROVER
    client = clients.client("someone", clients.school if role is Role.INSTITUTION else "bureau", role)
    answer = await post(client, f"/institutions/{clients.school}/{address}", body)
    assert answer.status_code == 422
    told = answer.json().get("errors") or [answer.json()]
    assert any(str(error["field"]).endswith(field) for error in told)


def test_every_example_of_a_body_is_a_body() -> None:
    shown = 0
    for body in Body.__subclasses__():
        for example in body.model_json_schema().get("examples", ()):
            body.model_validate_json(json.dumps(example))
            shown += 1
    assert shown >= 15
