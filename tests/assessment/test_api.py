"""The interface of assessment, spoken to over HTTP with real tokens."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.contracts.assessment import AssessmentCompleted, AssessmentScheduled, CertificateIssued
from shared.domain.actor import Role
from tests.assessment.conftest import Callers
from tests.assessment.office import APPROVER, ASSESSOR, PASS, PATROL, SCHOOL, Office, somebody
from tests.assessment.sample import (
    BODY_CODE,
    CLASS,
    EXAM_DAY,
    REGION,
    TODAY,
    WELDER,
    at,
    level_number,
    people,
)

CLASS_PATH = f"/assessment/v1/classes/{CLASS}"
BODY = {
    "name": "示例评价机构",
    "credit_code": BODY_CODE,
    "region": REGION,
    "certificate_kinds": ["level"],
    "occupations": [WELDER],
    "is_bureau": False,
}
MARK = {
    "region": REGION,
    "occupation": WELDER,
    "level": "4",
    "certificate_kind": "level",
    "part": "theory",
    "full_mark": 100,
    "pass_mark": 60,
    "valid_from": "2021-01-01",
    "source": "示例文件〔2021〕1号",
}
APPLICATION = {
    "body_id": "body-1",
    "certificate_kind": "level",
    "mode": "offline",
    "exam_on": EXAM_DAY.isoformat(),
    "channel": "system",
}
SCORES = {
    "scores": [
        {"person_id": person, "part": part, "score": 80 if person != "p03" else 50}
        for person in people(3)
        for part in ("theory", "practice")
    ]
}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def post(client: httpx.AsyncClient, path: str, body: Any, **headers: str) -> httpx.Response:
    """Post under a key made of the address and the body."""
    key = f"{path}{body!r}{headers!r}"
    hashed = f"{abs(hash(key)):x}"
    return await client.post(path, json=body, headers={**keyed(hashed), **headers})


def certificates(*serials: int) -> dict[str, Any]:
    return {
        "certificates": [
            {"person_id": f"p0{serial}", "number": level_number(serial), "issued_on": TODAY.isoformat()}
            for serial in serials
        ]
    }


@pytest.fixture
async def ready(office: Office, callers: Callers) -> Callers:
    """The sample class is open, its training complete, bodies and pass marks stand; it is the day of applying."""
    await office.prepare()
    return callers


async def scheduled(callers: Callers, **other: Any) -> str:
    """Apply for the exam and give its address; it is held by now."""
    school = await callers.client(SCHOOL)
    answer = await post(school, f"{CLASS_PATH}/assessments", {**APPLICATION, **other})
    assert answer.status_code == 201, answer.text
    callers.move_to(at(TODAY))
    return answer.headers["Location"]


async def test_the_whole_way_over_http(office: Office, callers: Callers) -> None:
    approver = await callers.client(APPROVER)
    made = await post(approver, "/assessment/v1/bodies", BODY)
    assert made.status_code == 201
    body_id = made.json()["body_id"]
    for part in ("theory", "practice"):
        assert (await post(approver, "/assessment/v1/pass-marks", {**MARK, "part": part})).status_code == 201
    await office.prepare(marked=(), trained=True)
    path = await scheduled(callers, body_id=body_id)
    assessor = await callers.client(replace(ASSESSOR, organisation=body_id))
    patrol = await callers.client(PATROL)

    scores = (await post(assessor, f"{path}/scores", SCORES)).json()
    assert (scores["accepted"], scores["duplicate"], scores["refused"]) == (6, 0, 0)
    signed = (await post(patrol, f"{path}/patrol", {"remark": "考场秩序正常"})).json()
    assert (signed["signed_by"], signed["remark"]) == ("patrol-1", "考场秩序正常")
    final = (await post(assessor, f"{path}/finalisation", {})).json()
    assert (final["passed"], final["failed"], final["absent"]) == (["p01", "p02"], ["p03"], ["p04"])
    issued = (await post(assessor, f"{path}/certificates", certificates(1, 2, 3))).json()
    assert [row["verdict"] for row in issued["rows"]] == ["accepted", "accepted", "refused"]
    assert issued["rows"][2]["findings"][0]["rule"] == "JY-ASM-04"
    void_path = f"/assessment/v1/certificates/{issued['rows'][0]['certificate_id']}/void"
    voided = await post(approver, void_path, {"reason": "信息录入错误"})
    assert voided.json()["voided_on"] == TODAY.isoformat()

    assert [(event.revision, event.certified) for event in await office.events(AssessmentCompleted)] == [(1, 2), (2, 1)]
    school = await callers.client(SCHOOL)
    view = (await school.get(CLASS_PATH)).json()
    assert (view["training_completed"], view["opinion_passed"], view["certificates"]) == (True, True, 1)
    assert (view["completion_revision"], view["state"]) == (2, "open")
    summary = view["assessments"][0]
    assert {name: summary[name] for name in ("state", "persons", "passed", "failed", "absent", "patrol_signed")} == {
        "state": "final",
        "persons": 4,
        "passed": 2,
        "failed": 1,
        "absent": 1,
        "patrol_signed": True,
    }
    detail = (await assessor.get(path)).json()
    first = detail["persons"][0]
    assert (first["person_id"], first["masked_name"], first["outcome"]) == ("p01", "张**", "passed")
    assert first["scores"] == {"theory": 80, "practice": 80}
    assert [(one["number"], one["voided_on"]) for one in first["certificates"]] == [
        (level_number(1), TODAY.isoformat())
    ]


async def test_a_class_not_yet_trained_says_so(office: Office, callers: Callers) -> None:
    await office.prepare(trained=False)
    view = (await (await callers.client(SCHOOL)).get(CLASS_PATH)).json()

    assert (view["training_completed"], view["opinion_passed"], view["assessments"]) == (False, None, [])


async def test_an_application_answers_what_the_rules_ask(ready: Callers) -> None:
    school = await ready.client(SCHOOL)
    body = {**APPLICATION, "certificate_kind": "completion", "body_id": "bureau-body", "persons": ["p01"]}

    answer = (await post(school, f"{CLASS_PATH}/assessments", body)).json()

    assert (answer["state"], answer["persons"], answer["version"]) == ("scheduled", 1, 1)
    finding = answer["findings"][0]
    assert (finding["code"], finding["severity"], finding["rule"]) == ("DIRECT_COMPLETION_EXAM", "ask", "JY-ASM-05")


async def test_every_stopping_rule_is_answered_at_once_with_its_clause(ready: Callers) -> None:
    school = await ready.client(SCHOOL)
    ready.move_to(at(EXAM_DAY))

    answer = await post(school, f"{CLASS_PATH}/assessments", {**APPLICATION, "mode": "online"})

    assert answer.status_code == 422
    errors = {error["code"]: error for error in answer.json()["errors"]}
    assert set(errors) == {"TOO_LATE", "EXAM_MUST_BE_OFFLINE"}
    assert errors["EXAM_MUST_BE_OFFLINE"]["rule"] == "JY-ASM-01"
    assert errors["EXAM_MUST_BE_OFFLINE"]["clause"] == "二(三)3"
    assert all(error["advice"] for error in errors.values())


async def test_a_request_sent_again_is_answered_as_before_and_has_one_effect(office: Office, ready: Callers) -> None:
    school = await ready.client(SCHOOL)
    path = f"{CLASS_PATH}/assessments"

    first = await school.post(path, json=APPLICATION, headers=keyed("one"))
    again = await school.post(path, json=APPLICATION, headers=keyed("one"))
    other = await school.post(path, json={**APPLICATION, "persons": ["p01"]}, headers=keyed("one"))
    without = await school.post(path, json=APPLICATION)

    assert again.content == first.content
    assert (again.headers["ETag"], again.headers["Idempotency-Replayed"]) == ('"1"', "true")
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert (without.status_code, without.json()["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")
    assert len(await office.events(AssessmentScheduled)) == 1


async def test_certificates_sent_again_under_the_same_and_another_key_are_issued_once(
    office: Office, ready: Callers
) -> None:
    path = await scheduled(ready)
    exam = (await office.case()).exams[0]
    await office.finalise(exam, {"p01": PASS, "p02": PASS})
    assessor = await ready.client(ASSESSOR)

    first = await assessor.post(f"{path}/certificates", json=certificates(1, 2), headers=keyed("one"))
    replayed = await assessor.post(f"{path}/certificates", json=certificates(1, 2), headers=keyed("one"))
    again = await assessor.post(f"{path}/certificates", json=certificates(1, 2), headers=keyed("two"))

    assert replayed.content == first.content
    assert again.json()["duplicate"] == 2
    ids = [row["certificate_id"] for row in first.json()["rows"]]
    assert [row["certificate_id"] for row in again.json()["rows"]] == ids
    assert [event.certificate_id for event in await office.events(CertificateIssued)] == ids


async def test_a_bad_row_is_refused_alone_and_never_echoed(office: Office, ready: Callers) -> None:
    path = await scheduled(ready)
    assessor = await ready.client(ASSESSOR)
    number = "11010519491231002X"
    rows = [
        {"person_id": "p01", "part": "theory", "score": 80},
        {"person_id": "p02", "part": "theory", "score": "八十分，张三"},
        {"person_id": number, "part": "theory", "score": 80},
        "no row",
        {"person_id": "p03", "part": "oral", "score": 80, "extra": number},
        {"person_id": "p04", "part": "theory", "score": 70},
    ]

    answer = await post(assessor, f"{path}/scores", {"scores": rows})

    got = answer.json()
    assert [row["verdict"] for row in got["rows"]] == ["accepted", *["refused"] * 4, "accepted"]
    assert (got["accepted"], got["refused"]) == (2, 4)
    assert [row["person_id"] for row in got["rows"]] == ["p01", "p02", "***", "", "p03", "p04"]
    codes = [[finding["code"] for finding in row["findings"]] for row in got["rows"]]
    unreadable = "ROW_UNREADABLE"
    assert codes == [[], [unreadable], ["NOT_IN_EXAM"], [unreadable], [unreadable] * 2, []]
    assert "张三" not in answer.text
    assert number not in answer.text
    assert set((await office.case()).exams[0].scores) == {("p01", "theory"), ("p04", "theory")}


@pytest.mark.parametrize("person_id", ["\ud800", "\u0000", "p01\u202e", 1, None, ["p01"], "p" * 101])
async def test_no_person_id_breaks_the_batch(ready: Callers, person_id: object) -> None:
    path = await scheduled(ready)
    rows = [{"person_id": person_id, "part": "theory", "score": 80}, SCORES["scores"][0]]
    body = json.dumps({"scores": rows})

    answer = await (await ready.client(ASSESSOR)).post(
        f"{path}/scores", content=body, headers={**keyed("one"), "Content-Type": "application/json"}
    )

    assert answer.status_code == 200, answer.text
    assert [row["verdict"] for row in answer.json()["rows"]] == ["refused", "accepted"]


async def test_a_score_is_a_whole_number_or_null_which_strikes_it_out(office: Office, ready: Callers) -> None:
    path = await scheduled(ready)
    assessor = await ready.client(ASSESSOR)

    for points, verdict in (
        ("80", "refused"),
        (80.0, "refused"),
        (True, "refused"),
        (10**30, "refused"),
        (80, "accepted"),
    ):
        body = {"scores": [{"person_id": "p01", "part": "theory", "score": points}]}
        assert (await post(assessor, f"{path}/scores", body)).json()["rows"][0]["verdict"] == verdict, points
    struck = {"scores": [{"person_id": "p01", "part": "theory", "score": None}]}
    assert (await post(assessor, f"{path}/scores", struck)).json()["accepted"] == 1
    assert (await assessor.get(path)).json()["persons"][0]["scores"] == {}
    missing = {"scores": [{"person_id": "p01", "part": "theory"}]}
    assert (await post(assessor, f"{path}/scores", missing)).json()["refused"] == 1


async def test_an_unreadable_certificate_row_is_refused_alone(office: Office, ready: Callers) -> None:
    path = await scheduled(ready)
    await office.finalise((await office.case()).exams[0], {"p01": PASS, "p02": PASS})
    body = certificates(1, 2)
    body["certificates"][0]["issued_on"] = "去年"
    body["certificates"][1]["agreement_on"] = EXAM_DAY.isoformat()

    answer = (await post(await ready.client(ASSESSOR), f"{path}/certificates", body)).json()

    assert [row["verdict"] for row in answer["rows"]] == ["refused", "accepted"]
    assert answer["rows"][0]["findings"][0]["field"] == "issued_on"
    assert answer["rows"][0]["certificate_id"] is None
    (shown,) = (await (await ready.client(ASSESSOR)).get(path)).json()["persons"][1]["certificates"]
    assert shown["agreement_on"] == EXAM_DAY.isoformat()


async def test_bad_input_names_the_field_and_never_repeats_what_was_sent(ready: Callers) -> None:
    school = await ready.client(SCHOOL)
    for field, value in (
        ("exam_on", "张三"),
        ("unknown", "11010519491231002X"),
        ("certificate_kind", "diploma"),
        ("persons", []),
        ("body_id", "a\u0000b"),
        ("exam_on", 1625184000),
        ("exam_on", "1625184000"),
        ("exam_on", "2021-07-02T00:00:00"),
        ("exam_on", "0001-01-01"),
    ):
        answer = await post(school, f"{CLASS_PATH}/assessments", {**APPLICATION, field: value})

        assert (answer.status_code, answer.json()["code"]) == (422, "INPUT_INVALID"), field
        assert answer.json()["errors"][0]["field"] == f"{field}"
        assert "张三" not in answer.text
        assert "11010519491231002X" not in answer.text


@pytest.mark.parametrize("reason", ["", "  ", None, "x" * 2001])
async def test_nothing_is_voided_without_a_reason(callers: Callers, reason: str | None) -> None:
    answer = await post(await callers.client(APPROVER), "/assessment/v1/certificates/any/void", {"reason": reason})

    assert (answer.status_code, answer.json()["code"]) == (422, "INPUT_INVALID")


async def test_a_text_with_an_identity_number_is_refused(ready: Callers) -> None:
    for actor, path, name in (
        (APPROVER, "/assessment/v1/certificates/any/void", "reason"),
        (PATROL, "/assessment/v1/assessments/any/patrol", "remark"),
        (APPROVER, "/assessment/v1/bodies", "name"),
    ):
        given = BODY if name == "name" else {}
        answer = await post(await ready.client(actor), path, {**given, name: "证件号 11010519491231002X 有误"})

        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "PERSONAL_DATA")
        assert "11010519491231002X" not in answer.text


@pytest.mark.parametrize("change", [{"pass_mark": 0}, {"pass_mark": 101}])
async def test_a_pass_mark_by_which_all_or_nobody_would_pass_is_refused(
    callers: Callers, change: dict[str, int]
) -> None:
    answer = await post(await callers.client(APPROVER), "/assessment/v1/pass-marks", {**MARK, **change})

    assert (answer.status_code, answer.json()["code"]) == (422, "PASS_MARK_RANGE")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("pass-marks", {**MARK, "pass_mark": "60"}),
        ("pass-marks", {**MARK, "full_mark": True}),
        ("bodies", {**BODY, "is_bureau": "yes"}),
        ("bodies", {**BODY, "is_bureau": 1}),
    ],
)
async def test_a_number_is_a_number_and_a_truth_a_truth(callers: Callers, path: str, body: dict[str, Any]) -> None:
    answer = await post(await callers.client(APPROVER), f"/assessment/v1/{path}", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "INPUT_INVALID")


@pytest.mark.parametrize("path", ["classes/a%00b", "assessments/a%00b", "classes/%ED%A0%80", f"classes/{'x' * 5000}"])
async def test_an_address_that_names_nothing_is_not_found(callers: Callers, path: str) -> None:
    answer = await (await callers.client(APPROVER)).get(f"/assessment/v1/{path}")

    assert answer.status_code in (404, 422), answer.text


async def test_a_body_outside_the_officers_region_or_with_a_wrong_code_is_refused(callers: Callers) -> None:
    approver = await callers.client(APPROVER)

    outside = await post(approver, "/assessment/v1/bodies", {**BODY, "region": "130000"})
    wrong = await post(approver, "/assessment/v1/bodies", {**BODY, "credit_code": "91440101MA5CJQ4N58"})

    assert (outside.status_code, outside.json()["code"]) == (403, "REGION_OUT_OF_SCOPE")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "CREDIT_CODE_CHECKSUM")


async def test_a_provider_has_no_write_access_to_results(ready: Callers) -> None:
    """JY-ASM-07: 403."""
    path = await scheduled(ready)
    school = await ready.client(SCHOOL)

    for act, body in (("scores", SCORES), ("finalisation", {}), ("certificates", certificates(1)), ("patrol", {})):
        answer = await post(school, f"{path}/{act}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_MISSING"), act


async def test_nobody_reads_a_class_or_exam_without_a_part_in_them(callers: Callers) -> None:
    others = {Role.DEVICE, Role.TEACHER, Role.TRAINEE, Role.POLICY_OFFICER, Role.PUBLIC}
    administrators = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}
    wrong = await callers.client(somebody("x", "x", *others, *administrators))
    for place in ("classes/x", "assessments/x"):
        assert (await wrong.get(f"/assessment/v1/{place}")).json()["code"] == "ROLE_MISSING"
        for role in set(Role) - others - administrators:
            right = await callers.client(somebody("x", "x", role))
            assert (await right.get(f"/assessment/v1/{place}")).status_code == 404, role


ROLES: dict[str, set[Role]] = {
    "bodies": {Role.APPROVER},
    "pass-marks": {Role.APPROVER},
    "classes/x/assessments": {Role.INSTITUTION, Role.APPROVER},
    "assessments/x/scores": {Role.ASSESSOR},
    "assessments/x/patrol": {Role.EXAM_PATROL},
    "assessments/x/finalisation": {Role.ASSESSOR},
    "assessments/x/certificates": {Role.ASSESSOR},
    "certificates/x/void": {Role.APPROVER},
}


async def test_each_address_is_for_its_roles_alone(callers: Callers) -> None:
    nobody = await callers.client(None)
    for place, roles in ROLES.items():
        path = f"/assessment/v1/{place}"
        wrong = await callers.client(somebody("x", "x", *(set(Role) - roles)))
        assert (await post(wrong, path, {})).json()["code"] == "ROLE_MISSING", place
        assert (await post(nobody, path, {})).json()["code"] == "TOKEN_MISSING", place
        for role in roles:
            right = await callers.client(somebody("x", "x", role))
            assert (await post(right, path, {})).status_code in (404, 422), place


async def test_foreign_tenants_meet_nothing(ready: Callers) -> None:
    path = await scheduled(ready)
    for actor, act, body in (
        (somebody("x", "body-2", Role.ASSESSOR), "scores", SCORES),
        (somebody("x", "body-2", Role.ASSESSOR), "certificates", certificates(1)),
        (replace(PATROL, region="130000"), "patrol", {}),
    ):
        answer = await post(await ready.client(actor), f"{path}/{act}", body, **{"If-Match": '"9"'})
        assert (answer.status_code, answer.json()["code"]) == (404, "ASSESSMENT_UNKNOWN")
    foreign = await ready.client(somebody("x", "institution-2", Role.INSTITUTION))
    assert (await foreign.get(CLASS_PATH)).status_code == 404
    assert (await foreign.get(path)).status_code == 404
    applied = await post(foreign, f"{CLASS_PATH}/assessments", APPLICATION, **{"If-Match": '"9"'})
    assert (applied.status_code, applied.json()["code"]) == (404, "CLASS_UNKNOWN")


async def test_who_has_not_seen_the_latest_scores_does_not_make_them_final(ready: Callers) -> None:
    path = await scheduled(ready)
    assessor = await ready.client(ASSESSOR)
    seen = (await assessor.get(path)).headers["ETag"]
    await post(assessor, f"{path}/scores", SCORES)

    late = await post(assessor, f"{path}/finalisation", {}, **{"If-Match": seen})
    assert (late.status_code, late.json()["code"]) == (412, "VERSION_CHANGED")
    now = (await assessor.get(path)).headers["ETag"]
    assert now == late.headers["ETag"] != seen
    answer = await post(assessor, f"{path}/finalisation", {}, **{"If-Match": now})
    assert (answer.status_code, answer.json()["code"]) == (422, "PATROL_SIGNATURE")
    assert answer.json()["rule"] == "JY-ASM-09"


async def test_every_change_that_a_view_shows_changes_its_tag(office: Office, ready: Callers) -> None:
    path = await scheduled(ready)
    reader = await ready.client(somebody("auditor", "bureau", Role.AUDITOR))

    async def tags() -> tuple[str, str]:
        return (await reader.get(path)).headers["ETag"], (await reader.get(CLASS_PATH)).headers["ETag"]

    seen = [await tags()]
    exam = (await office.case()).exams[0]
    await office.score(exam, {"p01": PASS})
    seen.append(await tags())
    await office.finalise(exam, {"p01": PASS})
    seen.append(await tags())
    rows = await office.issue(exam, {"p01": level_number(1)})
    seen.append(await tags())
    assert rows[0].certificate is not None
    void = f"/assessment/v1/certificates/{rows[0].certificate.certificate_id}/void"
    approver = await ready.client(APPROVER)
    late = await post(approver, void, {"reason": "信息录入错误"}, **{"If-Match": seen[0][0]})
    assert (late.status_code, late.json()["code"]) == (412, "VERSION_CHANGED")
    voided = await post(approver, void, {"reason": "信息录入错误"}, **{"If-Match": seen[-1][0]})
    seen.append(await tags())
    assert (voided.headers["ETag"], f'"{voided.json()["version"]}"') == (seen[-1][0], seen[-1][0])

    assert len({exam_tag for exam_tag, _ in seen}) == len({class_tag for _, class_tag in seen}) == 5


async def test_an_exam_of_tomorrow_takes_no_scores_and_no_signature(ready: Callers) -> None:
    path = await scheduled(ready)
    ready.move_to(at(EXAM_DAY) - timedelta(days=1))

    for actor, act, body in ((ASSESSOR, "scores", SCORES), (PATROL, "patrol", {"remark": ""})):
        answer = await post(await ready.client(actor), f"{path}/{act}", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "EXAM_NOT_HELD")


async def test_the_service_documents_itself(callers: Callers) -> None:
    anybody = await callers.client(None)
    document = (await anybody.get("/assessment/openapi.json")).json()

    shared = ("sandbox", "/v1/changes", "/v1/webhooks", "provincial-record")
    paths = {path for path in document["paths"] if path.startswith("/assessment/v1")}
    assert {path for path in paths if not any(part in path for part in shared)} == {
        "/assessment/v1/bodies",
        "/assessment/v1/bodies/{body_id}/listings",
        "/assessment/v1/bodies/{body_id}/reviews",
        "/assessment/v1/body-lists",
        "/assessment/v1/pass-marks",
        "/assessment/v1/classes/{class_id}",
        "/assessment/v1/classes/{class_id}/archive/{person_id}",
        "/assessment/v1/classes/{class_id}/assessments",
        "/assessment/v1/assessments/{assessment_id}",
        "/assessment/v1/assessments/{assessment_id}/scores",
        "/assessment/v1/assessments/{assessment_id}/patrol",
        "/assessment/v1/assessments/{assessment_id}/finalisation",
        "/assessment/v1/assessments/{assessment_id}/certificates",
        "/assessment/v1/assessments/{assessment_id}/schedule",
        "/assessment/v1/assessments/{assessment_id}/withdrawal",
        "/assessment/v1/assessments/{assessment_id}/decision",
        "/assessment/v1/assessments/{assessment_id}/corrections",
        "/assessment/v1/certificates/{certificate_id}/void",
        "/assessment/v1/classes/{class_id}/survey",
        "/assessment/v1/classes/{class_id}/survey/codes",
        "/assessment/v1/classes/{class_id}/survey/question",
        "/assessment/v1/classes/{class_id}/survey/decisions",
        "/assessment/v1/survey-answers",
        "/assessment/v1/rulings",
        "/assessment/v1/queue",
        "/assessment/v1/exam-windows",
        "/assessment/v1/exceptions",
        "/assessment/v1/exceptions/{exception_id}/revocation",
    }
    row = document["components"]["schemas"]["ScoreRow"]
    assert set(row["required"]) == {"person_id", "part", "score"}
    for path in ("/assessment/docs", "/assessment/health/live", "/assessment/health/ready", "/assessment/metrics"):
        assert (await anybody.get(path)).status_code == 200
