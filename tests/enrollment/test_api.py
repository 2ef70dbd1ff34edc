"""Enrollment over HTTP with real tokens, on both databases."""

from datetime import date

from peibu.demo.people import broken_identity_number, sample_credit_code
from shared.domain.actor import Role
from tests.enrollment.clients import Clients, created, post, roster_rows
from tests.enrollment.desk import people
from tests.enrollment.sample import REGION

OPINION = {"decision": "approve", "opinion": "材料齐全，符合规定"}
REVIEWS = (
    ("first_review", Role.FIRST_REVIEWER),
    ("second_review", Role.SECOND_REVIEWER),
    ("bureau_opinion", Role.APPROVER),
)


async def applied(clients: Clients) -> str:
    school = clients.institution
    class_id: str = (await created(school, "/classes", clients.class_body()))["class_id"]
    await created(school, f"/classes/{class_id}/roster", {"rows": roster_rows(3)}, status=200)
    await created(school, f"/classes/{class_id}/submission", {}, status=200)
    return class_id


async def test_a_class_goes_from_draft_to_approved(clients: Clients) -> None:
    school = clients.institution
    drafted = await created(school, "/classes", clients.class_body())
    path = f"/classes/{drafted['class_id']}"
    assert (drafted["state"], drafted["version"]) == ("draft", 1)
    assert [finding["code"] for finding in drafted["findings"]] == ["NO_QUOTA"]
    roster = await created(school, f"{path}/roster", {"rows": roster_rows(3)}, status=200)
    assert (roster["accepted"], roster["refused"], roster["ask"]) == (3, 0, 0)
    assert roster["rows"][0]["masked_name"] == people(1)[0].name[0] + "***"
    assert (await created(school, f"{path}/submission", {}, status=200))["state"] == "applied"
    states = []
    for step, role in REVIEWS:
        answer = await created(clients.officer(role), f"{path}/reviews", {"step": step, **OPINION}, status=200)
        states.append(answer["state"])
    assert states == ["first_review", "second_review", "approved"]
    view = (await clients.officer(Role.AUDITOR).get(path)).json()
    assert [review["step"] for review in view["reviews"]] == [step for step, _ in REVIEWS]
    assert (view["planned"], view["accepted"], view["reservation"]) == (3, 3, None)
    assert view["rulebook_id"].startswith("jiyuan/2021-01-01@")


async def test_an_enterprise_applies_for_work_for_training_without_a_timetable(clients: Clients) -> None:
    """JY-ENR-27: refused with rule, clause and remedy until the register says its size."""
    code = sample_credit_code(6)
    works = {"name": "示例机械厂", "credit_code": code, "kind": "enterprise", "region": REGION, "ownership": "private"}
    works_id = (await created(clients.officer(Role.APPROVER), "/institutions", works))["institution_id"]
    factory = clients.client("factory-clerk", works_id, Role.INSTITUTION)
    body = clients.class_body(kind="work_for_training", training_type="work_for_training", level=None)
    body |= {"sessions": [], "attributes": {"months": "6"}}
    refused = (await post(factory, "/classes", body)).json()
    assert (refused["code"], refused["rule"], refused["clause"]) == ("SIZE_NOT_SHOWN", "JY-ENR-27", "附件1 以工代训")
    assert "enterprise_profile" in refused["advice"]
    profile = {"enterprise_code": code, "enterprise_name": "示例机械厂", "all_staff_plan": True, "struggling": False}
    profile |= {"size": "small", "size_evidence": "济工信证〔2021〕3号"}
    await created(factory, "/registers/enterprise_profile", {"fields": profile})
    drafted = await created(factory, "/classes", body)
    assert [finding["code"] for finding in drafted["findings"]] == ["CLASS_RULES_EXEMPT"]


async def test_safety_training_is_applied_for_like_any_class(clients: Clients) -> None:
    """JY-ENR-17: one of the thirteen types of annex 1."""
    body = clients.class_body(kind="safety", training_type="safety", level=None)
    drafted = await created(clients.institution, "/classes", body)
    assert (drafted["kind"], drafted["programme"]) == ("safety", "safety")


async def test_entrusted_training_is_refused_without_partner_and_contract(clients: Clients) -> None:
    """JY-FLD-16: the required field is the coded one, and stands in one place only."""
    entrusted = clients.class_body(training_mode="entrusted")
    refused = (await post(clients.institution, "/classes", entrusted)).json()
    assert [one["code"] for one in refused["errors"]] == ["PARTNER_REQUIRED", "CONTRACT_REQUIRED"]
    in_words = (await post(clients.institution, "/classes", clients.class_body(training_mode="企业委托培训"))).json()
    assert in_words["field"] == "training_mode"
    twice = clients.class_body(attributes={"training_mode": "entrusted"})
    assert (await post(clients.institution, "/classes", twice)).json()["field"] == "attributes"


async def test_the_forms_head_is_demanded_and_its_personal_data_are_shown_to_an_audited_look_alone(
    clients: Clients,
) -> None:
    """JY-FLD-03, -04, -05, -08"""
    lacking = clients.class_body(sealed=False, contact_person=" ", telephone="12345")
    refused = (await post(clients.institution, "/classes", lacking)).json()
    found = [(one["code"], one["rule"], one["field"]) for one in refused["errors"]]
    assert found == [
        ("SEAL_MISSING", "JY-FLD-03", "sealed"),
        ("CONTACT_MISSING", "JY-FLD-04", "contact_person"),
        ("TELEPHONE_INVALID", "JY-FLD-05", "telephone"),
    ]
    class_id = await applied(clients)
    path = f"/classes/{class_id}"
    shown = await clients.officer(Role.FIRST_REVIEWER).get(path)
    assert shown.json()["sealed"] is True
    assert "19900000001" not in shown.text
    again = await post(clients.institution, "/classes", clients.class_body(batch=shown.json()["batch"]))
    assert ("DUPLICATE_BATCH", "JY-FLD-08") in [(one["code"], one["rule"]) for one in again.json()["errors"]]
    why = {"reason_code": "complete_form"}
    for reader in (clients.officer(Role.FIRST_REVIEWER), clients.institution):
        contact = await post(reader, f"{path}/contact", why)
        assert contact.json() == {"class_id": class_id, "contact_person": "示例", "telephone": "19900000001"}
    stranger = clients.client("stranger", "another-school", Role.INSTITUTION)
    assert (await post(stranger, f"{path}/contact", why)).status_code == 404
    unknown = await post(clients.officer(Role.APPROVER), f"{path}/contact", {"reason_code": "curiosity"})
    assert unknown.json()["code"] == "REASON_UNKNOWN"


async def test_one_bad_row_never_refuses_the_batch(clients: Clients) -> None:
    school = clients.institution
    class_id = (await created(school, "/classes", clients.class_body(planned=6)))["class_id"]
    rows = roster_rows(6)
    rows[1]["identity_number"] = broken_identity_number(people(2)[1])
    rows[2]["fee_fen"] = "a lot"
    rows[3] = {**rows[0], "row": 4}
    rows[4] |= {"name": None, "favourite_colour": "red"}
    answer = await created(school, f"/classes/{class_id}/roster", {"rows": rows}, status=200)
    assert (answer["accepted"], answer["refused"]) == (2, 4)
    found = {row["row"]: [finding["code"] for finding in row["findings"]] for row in answer["rows"]}
    assert found == {
        1: [],
        2: ["ID_CHECKSUM"],
        3: ["FIELD_INVALID"],
        4: ["DUPLICATE_IN_CLASS"],
        5: ["FIELD_INVALID", "FIELD_INVALID"],
        6: [],
    }
    for row in answer["rows"]:
        for finding in row["findings"]:
            assert finding["rule"] == "JY-ENR-04"
            assert finding["clause"] == "二(三)1"


async def test_no_answer_ever_repeats_a_personal_datum(clients: Clients) -> None:
    school = clients.institution
    class_id = (await created(school, "/classes", clients.class_body()))["class_id"]
    rows = roster_rows(3)
    rows[0]["identity_number"] = broken_identity_number(people(1)[0])
    rows[1]["phone"] = ["13800000000"]
    person = people(1, skip=50)[0]
    teacher = {
        "name": person.name,
        "identity_number": person.identity_number[:-1] + "?",
        "specialty": "焊接",
        "qualification": "技师",
        "full_time": "perhaps",
    }
    answers = [
        await post(school, f"/classes/{class_id}/roster", {"rows": rows}),
        await post(school, f"/classes/{class_id}/roster", {"rows": [{**rows[0], "row": "first"}]}),
        await post(school, f"/classes/{class_id}/roster", {"rows": "no rows"}),
        await post(school, f"/institutions/{clients.school}/teachers", teacher),
        await post(school, f"/institutions/{clients.school}/teachers", {**teacher, "full_time": True}),
        await school.get(f"/classes/{class_id}/roster"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422, 422, 422, 200]
    secrets = [row[field] for row in rows for field in ("name", "identity_number", "evidence")]
    secrets += [person.phone for person in people(3)]
    secrets += ["13800000000", teacher["identity_number"], person.name]
    for answer in answers:
        for secret in secrets:
            assert secret not in answer.text


async def test_everything_that_stops_an_application_stands_in_one_answer(clients: Clients) -> None:
    body = clients.class_body(planned=51, funding_source="lottery", training_type="dancing")
    answer = await post(clients.institution, "/classes", body)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "SEVERAL_PROBLEMS"
    assert {error["code"] for error in problem["errors"]} == {
        "CLASS_TOO_LARGE",
        "FUNDING_SOURCE_UNKNOWN",
        "TRAINING_TYPE_UNKNOWN",
    }
    for error in problem["errors"]:
        assert error["rule"].startswith("JY-")
        assert error["clause"]
        assert error["advice"]


async def test_bad_input_is_told_by_field_without_being_echoed(clients: Clients) -> None:
    body = clients.class_body(planned=0, opening_date="20210517x", secret="440524188001010014")
    answer = await post(clients.institution, "/classes", body)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} >= {"planned", "opening_date"}
    assert "440524188001010014" not in answer.text
    control = await post(clients.institution, "/classes", clients.class_body(training_mode="a\u0000b"))
    assert control.status_code == 422


async def test_roles_and_tenants_are_held(clients: Clients) -> None:
    class_id = await applied(clients)
    stranger = clients.client("stranger", "another-school", Role.INSTITUTION)
    elsewhere = clients.officer(Role.FIRST_REVIEWER, region="110000")
    path = f"/classes/{class_id}"
    review = {"step": "first_review", **OPINION}
    for client, address, body in (
        (stranger, f"{path}/submission", {}),
        (stranger, f"{path}/roster", {"rows": roster_rows(1)}),
        (stranger, f"{path}/withdrawal", {"reason_code": "other", "reason": "x"}),
        (elsewhere, f"{path}/reviews", review),
    ):
        answer = await post(client, address, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "CLASS_NOT_FOUND"), address
    for client in (stranger, elsewhere):
        assert (await client.get(path)).status_code == 404
        assert (await client.get(f"{path}/roster")).status_code == 404
        assert (await client.get("/classes")).json()["items"] == []
    for client, address, body in (
        (clients.institution, f"{path}/reviews", review),
        (clients.officer(Role.FIRST_REVIEWER), "/institutions", {}),
        (clients.officer(Role.APPROVER), "/classes", {}),
        (clients.officer(Role.FINANCE), f"{path}/submission", {}),
    ):
        answer = await post(client, address, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_MISSING"), address
    assert (await clients.client("x", "y", Role.DEVICE).get(path)).status_code == 403


async def test_a_person_taking_two_steps_is_refused_with_rule_and_advice(clients: Clients) -> None:
    class_id = await applied(clients)
    roles = (Role.FIRST_REVIEWER, Role.SECOND_REVIEWER)
    one = clients.client("one", "bureau", *roles)
    await created(one, f"/classes/{class_id}/reviews", {"step": "first_review", **OPINION}, status=200)
    answer = await post(one, f"/classes/{class_id}/reviews", {"step": "second_review", **OPINION})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["rule"]) == (403, "SAME_REVIEWER", "JY-REP-07")
    wrong = await post(
        clients.officer(Role.APPROVER), f"/classes/{class_id}/reviews", {"step": "bureau_opinion", **OPINION}
    )
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["clause"]) == (409, "ORDER", "附件2 开班申请栏")


async def test_the_same_request_again_gives_the_same_answer_and_no_second_effect(clients: Clients) -> None:
    school = clients.institution
    key = {"Idempotency-Key": "class-1"}
    body = clients.class_body()
    first = await school.post("/classes", json=body, headers=key)
    again = await school.post("/classes", json=body, headers=key)
    other = await school.post("/classes", json={**body, "planned": 4}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.content == again.content
    assert len((await school.get("/classes")).json()["items"]) == 1
    without = await school.post("/classes", json=clients.class_body())
    assert (without.status_code, without.json()["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")


async def test_a_change_that_names_a_version_somebody_has_overtaken_is_refused(clients: Clients) -> None:
    school = clients.institution
    drafted = await post(school, "/classes", clients.class_body())
    path = f"/classes/{drafted.json()['class_id']}"
    seen = drafted.headers["etag"]
    await post(school, f"{path}/roster", {"rows": roster_rows(3)}, **{"If-Match": seen})
    stale = await post(school, f"{path}/submission", {}, **{"If-Match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "VERSION_CHANGED")
    fresh = (await school.get(path)).headers["etag"]
    roster = await school.get(f"{path}/roster")
    assert (roster.headers["etag"], f'"{roster.json()["version"]}"') == (fresh, fresh)
    done = await post(school, f"{path}/submission", {}, **{"If-Match": fresh})
    assert done.status_code == 200
    assert done.headers["etag"] == f'"{done.json()["version"]}"'


async def test_a_draft_is_amended_a_row_removed_and_the_class_withdrawn(clients: Clients) -> None:
    school = clients.institution
    drafted = await post(school, "/classes", clients.class_body())
    path = f"/classes/{drafted.json()['class_id']}"
    await post(school, f"{path}/roster", {"rows": roster_rows(4)})
    amended = await school.put(path, json=clients.class_body(planned=2))
    assert (amended.status_code, amended.json()["planned"], amended.json()["accepted"]) == (200, 2, 4)
    for row in (3, 4):
        removed = await school.delete(f"{path}/roster/{row}")
        assert removed.status_code == 200
    moved = await post(
        school,
        f"{path}/opening-date",
        {"opening_date": "2021-05-24", "closing_date": "2021-06-04", "sessions": clients.sessions(date(2021, 5, 24))},
    )
    assert (moved.status_code, moved.json()["opening_date"]) == (200, "2021-05-24")
    unsaid = await post(school, f"{path}/withdrawal", {"reason": "重报"})
    assert (unsaid.status_code, unsaid.json()["field"]) == (422, "reason_code")
    gone = await post(school, f"{path}/withdrawal", {"reason_code": "other", "reason": "重报"})
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    again = await post(school, f"{path}/withdrawal", {"reason_code": "other", "reason": "重报"})
    assert (again.status_code, again.json()["code"]) == (409, "CLASS_STATE")


async def test_a_trainee_who_is_not_on_the_roster_cannot_leave_it(clients: Clients) -> None:
    class_id = await applied(clients)
    for step, role in REVIEWS:
        await created(clients.officer(role), f"/classes/{class_id}/reviews", {"step": step, **OPINION}, status=200)
    school = clients.institution
    person = (await school.get(f"/classes/{class_id}/roster")).json()["items"][0]["person_id"]
    unsaid = await post(school, f"/classes/{class_id}/trainees/{person}/withdrawal", {})
    assert (unsaid.status_code, unsaid.json()["field"]) == (422, "reason_code")
    left = await post(
        school, f"/classes/{class_id}/trainees/{person}/withdrawal", {"reason_code": "other", "reason": "个人原因"}
    )
    assert (left.status_code, left.json()["withdrawn_on"]) == (200, "2021-05-10")
    again = await post(
        school, f"/classes/{class_id}/trainees/{person}/withdrawal", {"reason_code": "other", "reason": "个人原因"}
    )
    assert again.status_code == 404
    view = (await school.get(f"/classes/{class_id}")).json()
    assert (view["accepted"], view["withdrawn"]) == (3, 1)


async def test_classes_are_listed_page_by_page_within_the_scope(clients: Clients) -> None:
    school = clients.institution
    made = [(await created(school, "/classes", clients.class_body()))["class_id"] for _ in range(53)]
    first = (await school.get("/classes")).json()
    second = (await school.get("/classes", params={"cursor": first["next"]})).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (50, 3, None)
    assert [one["class_id"] for one in (*first["items"], *second["items"])] == sorted(made)
    assert (await school.get("/classes", params={"state": "opened"})).json() == {"items": [], "next": None}
    assert (await school.get("/classes", params={"cursor": "rubbish"})).json()["code"] == "CURSOR_INVALID"
    bureau = (await clients.officer(Role.FIRST_REVIEWER).get("/classes")).json()
    assert len(bureau["items"]) == 50


async def test_the_documents_describe_every_address(clients: Clients) -> None:
    client = clients.institution
    document = (await client.get("http://enrollment.test/enrollment/openapi.json")).json()
    paths = {path.removeprefix("/enrollment/v1") for path in document["paths"] if path.startswith("/enrollment/v1")}
    doors = {path for path in paths if path.startswith(("/changes", "/webhooks")) or "provincial-record" in path}
    assert paths - doors == {
        "/occupations",
        "/institutions",
        "/institutions/{institution_id}/directory-entries",
        "/institutions/{institution_id}",
        "/institutions/{institution_id}/inspections",
        "/institutions/{institution_id}/incidents",
        "/institutions/{institution_id}/directory-entries/{entry_id}/end",
        "/institutions/{institution_id}/conditions",
        "/institutions/{institution_id}/listing-applications",
        "/institutions/{institution_id}/suspensions",
        "/institutions/{institution_id}/suspensions/{suspension_id}/lifting",
        "/institutions/{institution_id}/suspensions/{suspension_id}/rectification-reports",
        "/institutions/{institution_id}/suspensions/{suspension_id}/rectification-reports/{report_id}/decision",
        "/listing-applications",
        "/listing-applications/{application_id}/assessment",
        "/listing-applications/{application_id}/reply",
        "/quality-cases",
        "/quality-cases/{case_id}/decision",
        "/registers",
        "/registers/{register}",
        "/registers/{register}/report",
        "/registers/{register}/{entry_id}/revisions",
        "/registers/{register}/{entry_id}/strike",
        "/education-money",
        "/institutions/{institution_id}/teachers",
        "/institutions/{institution_id}/venues",
        "/classes",
        "/classes/{class_id}",
        "/classes/{class_id}/submission",
        "/classes/{class_id}/reviews",
        "/classes/{class_id}/opening-date",
        "/classes/{class_id}/withdrawal",
        "/classes/{class_id}/roster",
        "/classes/{class_id}/roster/{row}",
        "/classes/{class_id}/trainees/{person_id}/withdrawal",
        "/classes/{class_id}/decisions",
        "/queue",
        "/targets",
        "/eligibility",
        "/eligibility-checks",
        "/persons/{person_id}/archive",
        "/classes/{class_id}/contact",
        "/classes/{class_id}/roster/{row}/revelation",
        "/classes/{class_id}/changes",
        "/classes/{class_id}/changes/{number}/reviews",
        "/classes/{class_id}/changes/{number}/withdrawal",
        "/sandbox",
    }
    assert document["paths"]["/enrollment/v1/classes/{class_id}/reviews"]["post"]["x-roles"] == [
        "approver",
        "first_reviewer",
        "second_reviewer",
    ]
    row = document["components"]["schemas"]["RosterRowBody"]["properties"]
    assert {"identity_number", "fee_fen", "declares_ability_and_will"} <= set(row)
    assert (await client.get("http://enrollment.test/enrollment/docs")).status_code == 200
    ready = await client.get("http://enrollment.test/enrollment/health/ready")
    assert ready.json()["status"] == "ready"


async def test_a_reviewer_reads_the_questions_that_his_approval_answers(clients: Clients) -> None:
    school = clients.institution
    drafted = await created(school, "/classes", clients.class_body(funding_source="other"))
    assert [finding["code"] for finding in drafted["findings"]] == ["FUNDING_SOURCE_DECISION", "NO_QUOTA"]
    path = f"/classes/{drafted['class_id']}"
    await created(school, f"{path}/roster", {"rows": roster_rows(3)}, status=200)
    await created(school, f"{path}/submission", {}, status=200)
    seen = (await clients.officer(Role.FIRST_REVIEWER).get(path)).json()
    assert [finding["code"] for finding in seen["findings"]] == ["FUNDING_SOURCE_DECISION", "NO_QUOTA"]


async def test_a_version_named_for_a_class_of_somebody_else_tells_nothing_about_it(clients: Clients) -> None:
    class_id = await applied(clients)
    stranger = clients.client("stranger", "another-school", Role.INSTITUTION)
    elsewhere = clients.officer(Role.FIRST_REVIEWER, region="110000")
    path = f"/classes/{class_id}"
    dates = {"opening_date": "2021-05-24", "closing_date": "2021-06-04", "sessions": clients.sessions()}
    named = {"If-Match": '"99"'}
    answers = [
        await post(stranger, f"{path}/submission", {}, **named),
        await post(stranger, f"{path}/roster", {"rows": roster_rows(1)}, **named),
        await post(stranger, f"{path}/opening-date", dates, **named),
        await post(stranger, f"{path}/withdrawal", {"reason_code": "other", "reason": "x"}, **named),
        await post(stranger, f"{path}/trainees/x/withdrawal", {"reason_code": "other", "reason": "x"}, **named),
        await stranger.put(path, json=clients.class_body(), headers=named),
        await stranger.delete(f"{path}/roster/1", headers=named),
        await post(elsewhere, f"{path}/reviews", {"step": "first_review", **OPINION}, **named),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (404, "CLASS_NOT_FOUND"), answer.url
        assert "etag" not in answer.headers
