"""The interface of supervision, spoken to over HTTP with real tokens."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.supervision.api import schemas
from shared.contracts.supervision import SignInsReceived
from shared.domain.actor import Actor, Role
from tests.supervision.conftest import Callers
from tests.supervision.office import APPROVER, DEVICE, INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import CLASS, INSTITUTION, OPENING, REGION, at, people

NINE = at(OPENING, 9)
SIGN_INS = "/supervision/v1/devices/device-1/sign-ins"
CLASS_PATH = f"/supervision/v1/classes/{CLASS}"
OPENING_JUDGED = at(OPENING + timedelta(days=1), 18)
END = at(OPENING + timedelta(days=5), 9)
BUREAU = {"approver", "auditor", "finance", "first_reviewer", "inspector", "province", "second_reviewer"}
READERS = BUREAU | {"institution"}


def wire(rows: list[Any]) -> dict[str, Any]:
    return {"sign_ins": [{**row, "signed_at": row["signed_at"].isoformat()} for row in rows]}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


@pytest.fixture
async def ready(office: Office, callers: Callers) -> Callers:
    """The sample class is open and its device registered."""
    await office.register()
    await office.open()
    return callers


async def test_a_device_is_registered_once_and_then_pushes_sign_ins(office: Office, callers: Callers) -> None:
    await office.open()
    approver = await callers.client(APPROVER)
    body = {
        "institution_id": INSTITUTION,
        "serial": "SAMPLE-1",
        "name": "一号教室",
        "region": REGION,
        "methods": ["fingerprint"],
    }

    made = await approver.post("/supervision/v1/devices", json=body, headers=keyed("device"))
    replayed = await approver.post("/supervision/v1/devices", json=body, headers=keyed("device"))
    again = await approver.post("/supervision/v1/devices", json=body, headers=keyed("another"))

    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert replayed.content == made.content
    assert (again.status_code, again.json()["code"]) == (409, "SERIAL_TAKEN")
    assert "重新登记" in again.json()["advice"]
    device_id = made.json()["device_id"]
    device = await callers.client(replace(DEVICE, subject=device_id))
    pushed = await device.post(f"/supervision/v1/devices/{device_id}/sign-ins", json=wire(sign_ins(("p01",), NINE)))
    assert pushed.json()["rows"] == [{"sequence": 1, "outcome": "accepted"}]


async def test_a_batch_is_answered_row_by_row_and_needs_no_key(office: Office, ready: Callers) -> None:
    device = await ready.client(DEVICE)
    batch = wire([*sign_ins(("p01", "p02", "stranger"), NINE), *sign_ins(("p03",), NINE, first=9, class_id="later")])

    first = await device.post(SIGN_INS, json=batch)
    again = await device.post(SIGN_INS, json=batch)

    answer = first.json()
    assert {name: answer[name] for name in ("accepted", "duplicate", "late", "pending", "refused")} == {
        "accepted": 2,
        "duplicate": 0,
        "late": 0,
        "pending": 1,
        "refused": 1,
    }
    refused = answer["rows"][2]
    assert (refused["code"], refused["rule"], refused["clause"]) == ("NOT_ON_ROSTER", "JY-ENR-06", "二(三)1")
    assert again.json()["duplicate"] == 4
    assert len(await office.events(SignInsReceived)) == 1


async def test_a_bad_row_is_refused_alone_and_never_echoed(ready: Callers) -> None:
    device = await ready.client(DEVICE)
    batch = wire(sign_ins(("p01", "p02", "p03"), NINE))
    batch["sign_ins"][1]["signed_at"] = "张三 9 点"
    batch["sign_ins"].append("no row")

    answer = (await device.post(SIGN_INS, json=batch)).json()

    assert [row["outcome"] for row in answer["rows"]] == ["accepted", "refused", "accepted", "refused"]
    assert (answer["accepted"], answer["refused"]) == (2, 2)
    bad = answer["rows"][1]
    assert (bad["sequence"], bad["code"]) == (2, "SIGN_IN_UNREADABLE")
    assert "signed_at" in bad["message"]
    assert "张三" not in str(answer)
    assert answer["rows"][3]["sequence"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"person_id": "p\u0000"},
        {"person_id": "p" * 101},
        {"signed_at": "0001-01-01T00:00:00+08:00"},
        {"signed_at": "2021-06-01T09:00:00"},
        {"sequence": 2**63},
        {"sequence": -1},
        {"sequence": "1"},
        {"sequence": True},
        {"signed_at": 1622509200},
        {"signed_at": "1622509200"},
        {"score": 101},
        {"score": True},
        {"phone": "x"},
    ],
)
async def test_whatever_is_wrong_with_a_row_the_others_are_taken(ready: Callers, change: dict[str, Any]) -> None:
    device = await ready.client(DEVICE)
    batch = wire(sign_ins(("p01", "p02"), NINE))
    batch["sign_ins"][0] |= change

    answer = await device.post(SIGN_INS, json=batch)

    assert answer.status_code == 200
    assert [row["outcome"] for row in answer.json()["rows"]] == ["refused", "accepted"]
    assert type(answer.json()["rows"][0]["sequence"]) in (int, type(None))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "INPUT_INVALID"),
        (b"[]", "INPUT_INVALID"),
        (b'{"sign_ins": [], "more": 1}', "INPUT_INVALID"),
        (b'{"sign_ins": 1}', "INPUT_INVALID"),
        (b'{"sign_ins": [' + b",".join([b"1"] * 5001) + b"]}", "INPUT_INVALID"),
    ],
)
async def test_what_is_no_batch_is_refused_whole(ready: Callers, content: bytes, code: str) -> None:
    device = await ready.client(DEVICE)

    answer = await device.post(SIGN_INS, content=content, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_an_empty_batch_changes_nothing(office: Office, ready: Callers) -> None:
    device = await ready.client(DEVICE)

    answer = await device.post(SIGN_INS, json={"sign_ins": []})

    assert (answer.status_code, answer.json()["rows"]) == (200, [])
    assert await office.events() == []


@pytest.mark.parametrize(
    ("actor", "status", "code"),
    [
        (None, 401, "TOKEN_MISSING"),
        (INSPECTOR, 403, "ROLE_MISSING"),
        (replace(DEVICE, subject="device-2"), 404, "DEVICE_UNKNOWN"),
        (replace(SCHOOL, organisation="institution-2"), 404, "DEVICE_UNKNOWN"),
        (SCHOOL, 200, None),
    ],
)
async def test_only_the_device_and_its_institution_push_sign_ins(
    ready: Callers, actor: Actor | None, status: int, code: str | None
) -> None:
    client = await ready.client(actor)

    answer = await client.post(SIGN_INS, json=wire(sign_ins(("p01",), NINE)))

    assert (answer.status_code, answer.json().get("code")) == (status, code)


async def test_the_class_is_shown_with_its_sessions_checks_and_opening_trace(office: Office, ready: Callers) -> None:
    await office.push(sign_ins(people(46), NINE))
    inspector, school = await ready.client(INSPECTOR), await ready.client(SCHOOL)
    before = (await school.get(CLASS_PATH)).json()
    check = {
        "kind": "opening",
        "held_at": NINE.isoformat(),
        "place": "实训楼",
        "headcount": 46,
        "sign_in_in_order": True,
        "records_retained": True,
    }
    made = await inspector.post(f"{CLASS_PATH}/checks", json=check, headers=keyed("check"))
    await office.close_until(OPENING_JUDGED)

    answer = await school.get(CLASS_PATH)

    assert (before["state"], before["opening"], before["sessions"][0]["present"]) == ("open", None, 46)
    view = answer.json()
    assert answer.headers["ETag"] == f'"{view["version"]}"'
    session = view["sessions"][0]
    assert (session["state"], session["revision"], session["present"], session["absent"]) == ("closed", 1, 46, 4)
    assert session["video"]["sufficient"] is False
    assert [each["check_id"] for each in view["checks"]] == [made.json()["check_id"]]
    trace = view["opening"]["trace"]
    assert (trace["rule"], trace["clause"], trace["result"]) == ("JY-SUP-04", "二(三)2", "enough")
    assert (trace["inputs"]["signed_in"], trace["inputs"]["headcount"]) == (46, 46)


async def test_an_opening_check_without_an_item_is_refused_with_its_rule(ready: Callers) -> None:
    inspector = await ready.client(INSPECTOR)
    check = {"kind": "opening", "held_at": NINE.isoformat(), "place": "x", "headcount": 46, "sign_in_in_order": True}

    answer = await inspector.post(f"{CLASS_PATH}/checks", json=check, headers=keyed("check"))

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "ITEM_MISSING")
    assert (problem["rule"], problem["field"]) == ("JY-SUP-09", "records_retained")
    assert "培训资料留存情况" in problem["detail"]


async def test_forty_four_of_fifty_are_held_and_cancelled_by_confirmation(office: Office, ready: Callers) -> None:
    await office.push(sign_ins(people(44), NINE))
    await office.close_until(OPENING_JUDGED)
    approver = await ready.client(APPROVER)
    findings = (await approver.get("/supervision/v1/findings", params={"class_id": CLASS})).json()["items"]
    (case,) = [each for each in findings if each["check"] == "opening_attendance"]
    assert (case["state"], case["owner"], case["due_on"]) == ("open", "approver", "2021-06-05")
    path = f"/supervision/v1/findings/{case['finding_id']}/closure"

    waived = await approver.post(path, json={"conclusion": "waived", "reason": "x"}, headers=keyed("waive"))
    closed = await approver.post(path, json={"conclusion": "confirmed", "reason": "属实"}, headers=keyed("close"))
    again = await approver.post(path, json={"conclusion": "unfounded", "reason": "x"}, headers=keyed("again"))

    quoted = tuple(waived.json()[part] for part in ("rule", "clause", "document"))
    assert (waived.status_code, quoted) == (422, ("JY-SUP-04", "二(三)2", "济管人社〔2021〕6号"))
    assert closed.headers["ETag"] == f'"{closed.json()["version"]}"'
    assert (closed.json()["class_state"], closed.json()["finding"]["conclusion"]) == ("cancelled", "confirmed")
    assert (again.status_code, again.json()["code"]) == (422, "CLASS_ENDED")
    assert (await approver.get(CLASS_PATH)).json()["state"] == "cancelled"


async def test_videos_opinion_and_attendance_of_a_finished_class(office: Office, ready: Callers) -> None:
    for number, session in enumerate((await office.file()).sessions):
        batch = sign_ins(people(49), session.starts_at, first=100 * number)
        await office.push(batch, now=session.ends_at)
    await office.close_until(END)
    school, approver = await ready.client(SCHOOL), await ready.client(APPROVER)
    sessions = (await school.get(CLASS_PATH)).json()["sessions"]
    videos = [
        {
            "video_id": f"v-{each['session_id']}",
            "session_id": each["session_id"],
            "starts_at": each["starts_at"],
            "ends_at": each["ends_at"],
            "sha256": "AB" * 32,
        }
        for each in sessions
    ]

    taken = await school.post(f"{CLASS_PATH}/videos", json={"videos": videos}, headers=keyed("videos"))
    opinion = await approver.post(
        f"{CLASS_PATH}/opinion", json={"passed": True, "remark": "合格"}, headers=keyed("opinion")
    )

    assert [row["outcome"] for row in taken.json()["rows"]] == ["accepted"] * 4
    assert (opinion.json()["state"], opinion.json()["opinion"]["given_by"]) == ("completed", "approver-1")
    view = (await approver.get(CLASS_PATH)).json()
    assert view["completion"] | {"completed_on": ""} == {
        "revision": 2,
        "completed_on": "",
        "theory_class_hours": 4,
        "practice_class_hours": 8,
        "opening_headcount": 49,
        "spot_headcounts": [],
    }
    matrix = (await approver.get(f"{CLASS_PATH}/attendance")).json()
    assert [each["session_id"] for each in matrix["sessions"]] == ["s1-am", "s1-pm", "s2-am", "s2-pm"]
    assert matrix["persons"][0]["marks"] == ["present"] * 4
    assert matrix["persons"][49]["marks"] == ["absent"] * 4


async def test_the_matrix_of_a_running_class_says_who_is_still_awaited(office: Office, ready: Callers) -> None:
    await office.push(sign_ins(("p01",), NINE))

    matrix = (await (await ready.client(SCHOOL)).get(f"{CLASS_PATH}/attendance")).json()

    assert [person["marks"][0] for person in matrix["persons"][:2]] == ["present", "awaited"]


async def test_a_reviewer_approves_manual_sign_ins_and_the_institution_cannot(office: Office, ready: Callers) -> None:
    await office.push(sign_ins(("p01",), NINE, method="manual"))
    body = {"device_id": "device-1", "sequences": [1], "reason": "指纹破损，教师证明"}
    path = f"{CLASS_PATH}/sign-in-approvals"

    refused = await (await ready.client(SCHOOL)).post(path, json=body, headers=keyed("a"))
    approved = await (await ready.client(INSPECTOR)).post(path, json=body, headers=keyed("b"))

    assert refused.status_code == 403
    assert approved.json() == {"approved": [1], "unknown": []}
    assert (await (await ready.client(SCHOOL)).get(CLASS_PATH)).json()["sessions"][0]["present"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", CLASS_PATH, None),
        ("GET", f"{CLASS_PATH}/attendance", None),
        ("GET", f"{CLASS_PATH}/sign-in-approvals", None),
        ("GET", f"/supervision/v1/findings?class_id={CLASS}", None),
        ("POST", f"{CLASS_PATH}/videos", {"videos": []}),
        ("POST", f"{CLASS_PATH}/opinion", {"passed": True}),
    ],
)
async def test_a_foreign_tenant_or_region_finds_nothing(ready: Callers, method: str, path: str, body: Any) -> None:
    everything = frozenset({Role.INSTITUTION, Role.APPROVER})
    foreigners = [
        replace(SCHOOL, organisation="institution-2", roles=everything),
        replace(APPROVER, region="341124", roles=frozenset({Role.APPROVER, Role.DEVICE}), organisation="other"),
    ]

    answers: list[httpx.Response] = []
    for number, actor in enumerate(foreigners):
        client = await ready.client(actor)
        answers.append(await client.request(method, path, json=body, headers=keyed(str(number))))

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "CLASS_UNKNOWN")] * 2


async def test_a_bureau_of_another_region_finds_nothing(ready: Callers) -> None:
    client = await ready.client(replace(INSPECTOR, region="341124"))

    assert (await client.get(CLASS_PATH)).status_code == 404


async def test_bad_input_is_answered_without_repeating_it(ready: Callers) -> None:
    inspector = await ready.client(INSPECTOR)

    answer = await inspector.post(
        f"{CLASS_PATH}/checks",
        json={"kind": "opening", "held_at": "13800138000", "place": "x", "headcount": -1, "who": "张三"},
        headers=keyed("check"),
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "INPUT_INVALID")
    assert "13800138000" not in answer.text
    assert "张三" not in answer.text


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("checks", {"headcount": True}),
        ("checks", {"headcount": "46"}),
        ("checks", {"held_at": 1622509200}),
        ("checks", {"held_at": "1622509200"}),
        ("checks", {"records_retained": "yes"}),
        ("checks", {"companions": ["13800138000"]}),
        ("checks", {"place": " "}),
        ("opinion", {"passed": 1}),
        ("sign-in-approvals", {"sequences": [True]}),
        ("sign-in-approvals", {"reason": " \n"}),
    ],
)
async def test_a_value_of_another_type_or_of_a_person_is_refused_not_guessed(
    ready: Callers, path: str, change: dict[str, Any]
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "checks": {
            "kind": "opening",
            "held_at": NINE.isoformat(),
            "place": "x",
            "headcount": 46,
            "sign_in_in_order": True,
            "records_retained": True,
        },
        "opinion": {"passed": True},
        "sign-in-approvals": {"device_id": "device-1", "sequences": [1], "reason": "x"},
    }
    client = await ready.client(replace(INSPECTOR, roles=frozenset({Role.INSPECTOR, Role.APPROVER})))

    refused = await client.post(f"{CLASS_PATH}/{path}", json=bodies[path] | change, headers=keyed("refused"))
    taken = await client.post(f"{CLASS_PATH}/{path}", json=bodies[path], headers=keyed("taken"))

    assert (refused.status_code, refused.json()["code"]) == (422, "INPUT_INVALID")
    assert taken.is_success


async def test_a_finding_of_another_region_is_as_unknown_as_one_that_never_was(office: Office, ready: Callers) -> None:
    await office.close_until(OPENING_JUDGED)
    finding = (await office.file()).findings[0]
    foreigner = await ready.client(replace(INSPECTOR, region="341124"))

    answers = [
        await foreigner.post(
            f"/supervision/v1/findings/{finding_id}/closure",
            json={"conclusion": "confirmed", "reason": "x"},
            headers=keyed(finding_id),
        )
        for finding_id in (finding.finding_id, "none")
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


async def test_a_reason_with_somebodys_number_is_refused_because_it_is_stored_open(
    office: Office, ready: Callers
) -> None:
    approver = await ready.client(APPROVER)

    answer = await approver.post(
        f"{CLASS_PATH}/opinion", json={"passed": True, "remark": "电话 13800138000"}, headers=keyed("opinion")
    )

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "PERSONAL_DATA")
    assert "13800138000" not in answer.text


@pytest.mark.parametrize("companion", ["张三", "13800138000"])
async def test_who_was_along_is_an_account_because_the_event_names_it(ready: Callers, companion: str) -> None:
    (example,) = schemas.CheckBody.model_json_schema()["examples"]
    answer = await (await ready.client(INSPECTOR)).post(
        f"{CLASS_PATH}/checks", json={**example, "companions": [companion]}, headers=keyed("along")
    )

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["companions.0"]
    assert companion not in answer.text


@pytest.mark.parametrize("path", ["/supervision/v1/classes/%00", "/supervision/v1/findings?class_id=%00"])
async def test_an_id_that_can_be_nobodys_is_bad_input(ready: Callers, path: str) -> None:
    answer = await (await ready.client(INSPECTOR)).get(path)

    assert answer.status_code == 422


def test_every_body_shows_an_example_that_it_takes_itself() -> None:
    for body in schemas.Body.__subclasses__():
        if body is not schemas.VideoItem:
            (example,) = body.model_json_schema()["examples"]
            body.model_validate(example)


async def test_health_documents_and_roles_are_there(ready: Callers) -> None:
    anybody = await ready.client(None)

    ready_answer = await anybody.get("/supervision/health/ready")
    document = (await anybody.get("/supervision/openapi.json")).json()

    assert ready_answer.json()["status"] == "ready"
    push = document["paths"]["/supervision/v1/devices/{device_id}/sign-ins"]["post"]
    rows = push["requestBody"]["content"]["application/json"]["schema"]["properties"]["sign_ins"]
    assert rows["maxItems"] == 5000
    doors = ("/v1/changes", "/v1/webhooks", "/provincial-record")  # every service has them
    assert {
        f"{method} {path.removeprefix('/supervision/v1/')}": set(operation["x-roles"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path.startswith("/supervision/v1/") and not any(door in path for door in doors)
    } == {
        "post devices": {"approver", "inspector"},
        "get devices": {"approver", "auditor", "inspector", "institution"},
        "get devices/{device_id}": {"approver", "auditor", "device", "inspector", "institution"},
        "post devices/{device_id}/changes": {"approver", "inspector"},
        "post devices/{device_id}/retirement": {"approver", "inspector"},
        "post devices/{device_id}/sign-ins": {"device", "institution"},
        "post classes/{class_id}/videos": {"device", "institution"},
        "post classes/{class_id}/videos/{video_id}/void": {"approver", "inspector"},
        "post classes/{class_id}/checks": {"inspector"},
        "post classes/{class_id}/checks/{check_id}/void": {"approver", "inspector"},
        "post classes/{class_id}/register-decisions": {"approver"},
        "post classes/{class_id}/opinion": {"approver"},
        "post classes/{class_id}/comparisons": {"inspector"},
        "post classes/{class_id}/sessions/{session_id}/viewings": {
            *("approver", "first_reviewer", "inspector", "second_reviewer")
        },
        "get classes/{class_id}/sign-in-approvals": READERS,
        "post classes/{class_id}/sign-in-approvals": {"approver", "first_reviewer", "inspector", "second_reviewer"},
        "post findings/{finding_id}/closure": {"approver", "inspector", "second_reviewer"},
        "post unknown-classes/{case_id}/closure": {"approver", "inspector", "second_reviewer"},
        "get queue": {"approver", "inspector", "second_reviewer"},
        "get teacher-hours": READERS,
        "get entry-lags": BUREAU,
        "get classes": READERS,
        "get classes/{class_id}": READERS,
        "get classes/{class_id}/attendance": READERS,
        "get classes/{class_id}/archive/{person_id}": {
            *("approver", "auditor", "first_reviewer", "second_reviewer", "trainee")
        },
        "get findings": READERS,
        "get sandbox": {"system_admin"},
    }
    assert (await anybody.get("/supervision/docs")).status_code == 200
