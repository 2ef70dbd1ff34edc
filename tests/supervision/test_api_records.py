"""Recorded decisions over HTTP: void records, custody registers, devices that change."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.actor import Actor, Role
from tests.supervision.conftest import Callers
from tests.supervision.office import APPROVER, DEVICE, INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import CLASS, OPENING, at, class_opened, people

NINE = at(OPENING, 9)
CLASS_PATH = f"/supervision/v1/classes/{CLASS}"
DEVICE_PATH = "/supervision/v1/devices/device-1"
REASON = {"reason": "登记有误"}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


@pytest.fixture
async def ready(office: Office, callers: Callers) -> Callers:
    await office.register()
    await office.open()
    return callers


async def check(callers: Callers) -> str:
    body = {
        "kind": "opening",
        "held_at": NINE.isoformat(),
        "place": "实训楼",
        "headcount": 5,
        "sign_in_in_order": True,
        "records_retained": True,
    }
    made = await (await callers.client(INSPECTOR)).post(f"{CLASS_PATH}/checks", json=body, headers=keyed("check"))
    return str(made.json()["check_id"])


async def test_an_inspection_record_is_voided_by_another_person_and_stays_to_be_read(ready: Callers) -> None:
    path = f"{CLASS_PATH}/checks/{await check(ready)}/void"
    author, approver = await ready.client(INSPECTOR), await ready.client(APPROVER)

    own = await author.post(path, json=REASON, headers=keyed("own"))
    done = await approver.post(path, json=REASON, headers=keyed("done"))
    replayed = await approver.post(path, json=REASON, headers=keyed("done"))
    again = await approver.post(path, json=REASON, headers=keyed("again"))

    assert (own.status_code, own.json()["code"]) == (403, "SAME_AUTHOR")
    assert (done.status_code, done.json()["voided"]["by"]) == (200, "approver-1")
    assert (replayed.content, again.status_code, again.json()["code"]) == (done.content, 409, "RECORD_VOID")
    view = (await approver.get(CLASS_PATH)).json()
    assert [(each["headcount"], each["voided"]["reason"]) for each in view["checks"]] == [(5, "登记有误")]


async def test_a_video_is_voided_by_the_bureau(ready: Callers) -> None:
    school, approver = await ready.client(SCHOOL), await ready.client(APPROVER)
    video = {
        "video_id": "v1",
        "session_id": "s1-am",
        "starts_at": NINE.isoformat(),
        "ends_at": at(OPENING, 11).isoformat(),
        "sha256": "ab" * 32,
    }
    await school.post(f"{CLASS_PATH}/videos", json={"videos": [video]}, headers=keyed("video"))
    path = f"{CLASS_PATH}/videos/v1/void"

    refused = await school.post(path, json=REASON, headers=keyed("a"))
    done = await approver.post(path, json=REASON, headers=keyed("b"))

    assert refused.status_code == 403
    assert (done.json()["reported_by"], done.json()["voided"]["by"]) == ("school-1", "approver-1")
    gaps = (await approver.get(CLASS_PATH)).json()["sessions"][0]["video"]["gap_seconds"]
    assert gaps == 160 * 60


async def test_the_register_of_a_custody_class_serves_by_the_approvers_decision(
    office: Office, callers: Callers
) -> None:
    """JY-ENR-16."""
    await office.open(class_opened(trainees=people(30), planned=30, group="prisoner"))
    path, body = f"{CLASS_PATH}/register-decisions", {"allowed": True, "reason": "监区不得使用考勤设备"}
    inspector, approver = await callers.client(INSPECTOR), await callers.client(APPROVER)

    refused = await inspector.post(path, json=body, headers=keyed("a"))
    done = await approver.post(path, json=body, headers=keyed("b"))

    assert refused.status_code == 403
    assert (done.status_code, done.json()["persons"], done.json()["decision"]["allowed"]) == (201, 30, True)
    view = (await approver.get(CLASS_PATH)).json()
    assert [each["decided_by"] for each in view["register_decisions"]] == ["approver-1"]


async def test_a_class_without_people_in_custody_is_told_the_rule(ready: Callers) -> None:
    body = {"allowed": True, "reason": "x"}
    client = await ready.client(APPROVER)

    answer = await client.post(f"{CLASS_PATH}/register-decisions", json=body, headers=keyed("a"))

    assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (422, "NOBODY_IN_CUSTODY", "JY-ENR-16")


async def test_a_device_is_read_changed_and_retired(ready: Callers) -> None:
    inspector, device = await ready.client(INSPECTOR), await ready.client(DEVICE)
    body = {"name": "二号教室", "methods": ["face", "face"]}

    before = await device.get(DEVICE_PATH)
    changed = await inspector.post(f"{DEVICE_PATH}/changes", json=body, headers=keyed("a"))
    mistyped = await inspector.post(f"{DEVICE_PATH}/changes", json={"methods": ["fase"]}, headers=keyed("b"))
    retired = await inspector.post(f"{DEVICE_PATH}/retirement", json=REASON, headers=keyed("c"))
    again = await inspector.post(f"{DEVICE_PATH}/changes", json=body, headers=keyed("d"))

    assert (before.json()["retired"], before.headers["ETag"]) == (None, '"1"')
    assert (changed.json()["name"], changed.json()["methods"], changed.json()["version"]) == ("二号教室", ["face"], 2)
    assert (mistyped.status_code, mistyped.json()["code"]) == (422, "METHOD_NOT_ACCEPTED")
    assert "fase" not in mistyped.text
    assert (retired.json()["retired"]["by"], retired.headers["ETag"]) == ("inspector-1", '"3"')
    assert (again.status_code, again.json()["code"]) == (409, "DEVICE_RETIRED")
    pushed = await device.post(f"{DEVICE_PATH}/sign-ins", json={"sign_ins": []})
    assert pushed.status_code == 200


@pytest.mark.parametrize(
    "actor",
    [
        replace(INSPECTOR, region="341124", roles=frozenset({Role.INSPECTOR, Role.APPROVER})),
        replace(SCHOOL, organisation="institution-2", roles=frozenset({Role.INSTITUTION, Role.APPROVER})),
    ],
)
@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (f"{CLASS_PATH}/checks/c/void", REASON, "CLASS_UNKNOWN"),
        (f"{CLASS_PATH}/videos/v/void", REASON, "CLASS_UNKNOWN"),
        (f"{CLASS_PATH}/register-decisions", {"allowed": True, "reason": "x"}, "CLASS_UNKNOWN"),
        (f"{DEVICE_PATH}/changes", {"name": "x"}, "DEVICE_UNKNOWN"),
        (f"{DEVICE_PATH}/retirement", REASON, "DEVICE_UNKNOWN"),
    ],
)
async def test_a_foreign_tenant_or_region_finds_nothing(
    ready: Callers, actor: Actor, path: str, body: Any, code: str
) -> None:
    answer = await (await ready.client(actor)).post(path, json=body, headers=keyed("x"))

    assert (answer.status_code, answer.json()["code"]) == (404, code)


@pytest.mark.parametrize("path", [f"{CLASS_PATH}/checks/c/void", f"{DEVICE_PATH}/retirement"])
@pytest.mark.parametrize("reason", ["", " ", "电话 13800138000"])
async def test_a_blank_or_personal_reason_is_refused_and_not_repeated(ready: Callers, path: str, reason: str) -> None:
    answer = await (await ready.client(APPROVER)).post(path, json={"reason": reason}, headers=keyed("x"))

    assert (answer.status_code, answer.json()["code"]) == (422, "INPUT_INVALID")
    assert "13800138000" not in answer.text


async def test_sign_ins_of_an_unknown_class_still_answer_pending(office: Office, ready: Callers) -> None:
    device = await ready.client(DEVICE)
    rows = [{**row, "signed_at": row["signed_at"].isoformat()} for row in sign_ins(("p01",), NINE, class_id="later")]

    answer = await device.post(f"{DEVICE_PATH}/sign-ins", json={"sign_ins": rows})

    assert (answer.json()["pending"], len(await office.timers("flag_unknown_class"))) == (1, 1)
