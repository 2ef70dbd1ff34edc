"""Lists across classes over HTTP: the queue of findings, the classes, the hours that teachers taught."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.supervision.application import queries
from shared.contracts.enrollment import ClassClosed
from shared.domain.actor import Role
from tests.supervision.conftest import Callers
from tests.supervision.office import APPROVER, INSPECTOR, SCHOOL, Office, sign_ins
from tests.supervision.sample import OPENING, at, class_opened, device, people, planned_session

NINE = at(OPENING, 9)
OPENING_JUDGED = at(OPENING + timedelta(days=1), 18)
END = at(OPENING + timedelta(days=9), 9)
QUEUE, CLASSES, HOURS = (f"/supervision/v1/{name}" for name in ("queue", "classes", "teacher-hours"))
APPROVALS = f"{CLASSES}/class-1/sign-in-approvals"
FOREIGN_BUREAU = replace(INSPECTOR, region="341124")
OTHER_SCHOOL = replace(SCHOOL, organisation="institution-2")


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)


async def taught(office: Office, class_id: str = "class-1", *, institution_id: str = "institution-1") -> None:
    """Let a class run to its end with everybody there, one theory and two practice sessions by two teachers."""
    sessions = (
        planned_session("a", NINE, minutes=80, class_hours=2),
        replace(planned_session("b", at(OPENING, 14), kind="practice"), teacher_id="teacher-2"),
        replace(planned_session("c", at(OPENING + timedelta(days=1), 14), kind="practice"), teacher_id="teacher-2"),
    )
    device_id = f"device-{institution_id}-{class_id}"
    await office.register(device(device_id, institution_id=institution_id))
    await office.open(class_opened(class_id=class_id, sessions=sessions, institution_id=institution_id))
    for number, session in enumerate(sessions):
        rows = sign_ins(people(46), session.starts_at, first=100 * number, class_id=class_id)
        await office.push(
            rows, now=session.ends_at, device_id=device_id, actor=replace(SCHOOL, organisation=institution_id)
        )
    await office.close_until(END)


async def everything(client: httpx.AsyncClient, path: str, **params: Any) -> list[Any]:
    """Follow the cursor to the end."""
    items: list[Any] = []
    while True:
        page = (await client.get(path, params=params)).json()
        items += page["items"]
        if page["next"] is None:
            return items
        params["cursor"] = page["next"]


@pytest.mark.usefixtures("short_pages")
async def test_the_queue_gives_each_role_its_own_findings_by_last_day(office: Office, callers: Callers) -> None:
    await office.register()
    await office.open()
    await office.push(sign_ins(people(44), NINE))
    await office.push(sign_ins(("p01",), NINE, first=900, class_id="nowhere 13800138000"))
    await office.close_until(END)
    inspector, approver = await callers.client(INSPECTOR), await callers.client(APPROVER)

    own = await everything(inspector, QUEUE)
    approvers = await everything(approver, QUEUE)
    all_of_them = await everything(inspector, QUEUE, own=False)

    assert [(each["check"], each["owner"], each["due_on"]) for each in own] == [
        ("opening_check_missing", "inspector", "2021-06-05"),
        ("video_incomplete", "inspector", "2021-06-10"),
        ("unknown_class", "inspector", "2021-06-15"),
    ]
    assert "opening_attendance" in {each["check"] for each in approvers}
    assert {each["owner"] for each in approvers} == {"approver"}
    assert {each["task_id"] for each in own} < {each["task_id"] for each in all_of_them}
    dues = [each["due_on"] for each in all_of_them]
    assert dues == sorted(dues)
    assert all(each["overdue"] for each in own)
    assert [each["name"] for each in own] == ["缺开班当日检查", "录像不完整", "签到所报班级不存在"]
    assert "13800138000" not in str(all_of_them)


async def test_a_task_closed_leaves_the_queue_and_a_class_that_ended_takes_its_own_along(
    office: Office, callers: Callers
) -> None:
    await office.register()
    await office.open()
    await office.push(sign_ins(("p01",), NINE, first=900, class_id="nowhere"))
    await office.close_until(END)
    inspector = await callers.client(INSPECTOR)
    (case,) = [each for each in await everything(inspector, QUEUE) if each["kind"] == "unknown_class"]

    reviewer = await callers.client(replace(INSPECTOR, roles=frozenset({Role.SECOND_REVIEWER})))
    refused = await reviewer.post(
        f"/supervision/v1/unknown-classes/{case['task_id']}/closure",
        json={"reason": "班级编号误设"},
        headers={"Idempotency-Key": "refused"},
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "ROLE_MISSING")

    closed = await inspector.post(
        f"/supervision/v1/unknown-classes/{case['task_id']}/closure",
        json={"reason": "班级编号误设"},
        headers={"Idempotency-Key": "close"},
    )
    await office.take(ClassClosed(class_id="class-1", reason="withdrawn", on=OPENING), occurred_at=END)

    assert (closed.status_code, closed.json()["closed_by"], closed.json()["sign_ins"]) == (200, "inspector-1", 1)
    assert await everything(inspector, QUEUE, own=False) == []


async def test_a_bureau_sees_only_its_regions_queue_and_an_institution_none(office: Office, callers: Callers) -> None:
    await office.register()
    await office.open()
    await office.push(sign_ins(("p01",), NINE, first=900, class_id="nowhere"))
    await office.close_until(END)

    foreign = await everything(await callers.client(FOREIGN_BUREAU), QUEUE, own=False)
    province = await everything(await callers.client(replace(INSPECTOR, region="410000")), QUEUE, own=False)
    nation = await everything(await callers.client(replace(INSPECTOR, region="000000")), QUEUE, own=False)
    school = await (await callers.client(SCHOOL)).get(QUEUE)

    assert (foreign, school.status_code) == ([], 403)
    assert province == nation
    assert {each["kind"] for each in nation} == {"finding", "unknown_class"}


async def test_whoever_acts_for_an_institution_sees_its_tasks_alone_whatever_else_the_token_names(
    office: Office, callers: Callers
) -> None:
    await office.register()
    await office.open()
    await office.push(sign_ins(("p01",), NINE, first=900, class_id="nowhere"))
    await office.close_until(END)
    both = replace(SCHOOL, roles=frozenset({Role.INSTITUTION, Role.INSPECTOR}))

    own = await everything(await callers.client(both), QUEUE, own=False)
    foreign = await everything(await callers.client(replace(both, organisation="institution-2")), QUEUE, own=False)

    assert {each["kind"] for each in own} == {"finding", "unknown_class"}
    assert foreign == []


@pytest.mark.usefixtures("short_pages")
async def test_classes_are_listed_by_opening_date_page_by_page_with_what_stands_open(
    office: Office, callers: Callers
) -> None:
    await office.register()
    for class_id in ("c1", "c2", "c3", "c4"):
        await office.open(class_opened(class_id=class_id))
    await taught(office, "c5")
    await office.take(ClassClosed(class_id="c4", reason="withdrawn", on=OPENING), occurred_at=END)
    inspector = await callers.client(INSPECTOR)

    lines = await everything(inspector, CLASSES)
    by_state = {
        state: [line["class_id"] for line in await everything(inspector, CLASSES, state=state)]
        for state in ("open", "held", "completed", "cancelled", "withdrawn")
    }

    assert [line["class_id"] for line in lines] == ["c1", "c2", "c3", "c4", "c5"]
    assert by_state == {
        "open": [],
        "held": ["c1", "c2", "c3"],
        "completed": ["c5"],
        "cancelled": [],
        "withdrawn": ["c4"],
    }
    done = lines[-1]
    assert (done["sessions"], done["sessions_closed"], done["opinion_given"]) == (3, 3, False)
    assert (done["findings_open"], done["findings_blocking"]) == (5, 3)


async def test_a_list_of_classes_shows_nobody_a_foreign_class(office: Office, callers: Callers) -> None:
    await office.open(class_opened(class_id="c1"))
    await office.open(class_opened(class_id="c2", institution_id="institution-2"))

    async def seen(actor: Any, **params: str) -> list[str]:
        return [line["class_id"] for line in await everything(await callers.client(actor), CLASSES, **params)]

    assert await seen(SCHOOL) == ["c1"]
    assert await seen(SCHOOL, institution_id="institution-2") == []
    assert await seen(OTHER_SCHOOL) == ["c2"]
    assert await seen(INSPECTOR) == ["c1", "c2"]
    assert await seen(INSPECTOR, institution_id="institution-2") == ["c2"]
    assert await seen(FOREIGN_BUREAU) == []
    assert await seen(replace(SCHOOL, roles=frozenset({Role.INSTITUTION, Role.INSPECTOR}))) == ["c1"]


@pytest.mark.usefixtures("short_pages")
async def test_the_hours_a_teacher_taught_are_added_up_over_classes(office: Office, callers: Callers) -> None:
    """JY-INS-11: what a teacher taught, for the college's own use."""
    await taught(office, "c1")
    await taught(office, "c2")
    await taught(office, "c3", institution_id="institution-2")
    bureau, school = await callers.client(APPROVER), await callers.client(SCHOOL)
    days = {"from": OPENING.isoformat(), "to": (OPENING + timedelta(days=1)).isoformat()}

    def shown(items: list[Any]) -> list[tuple[Any, ...]]:
        return [
            (
                each["institution_id"],
                each["teacher_id"],
                each["sessions"],
                each["class_hours"],
                each["theory_class_hours"],
            )
            for each in items
        ]

    assert shown(await everything(bureau, HOURS, **days)) == [
        ("institution-1", "teacher-1", 2, 4, 4),
        ("institution-1", "teacher-2", 4, 16, 0),
        ("institution-2", "teacher-1", 1, 2, 2),
        ("institution-2", "teacher-2", 2, 8, 0),
    ]
    assert shown(await everything(school, HOURS, **{**days, "to": days["from"]})) == [
        ("institution-1", "teacher-1", 2, 4, 4),
        ("institution-1", "teacher-2", 2, 8, 0),
    ]
    assert await everything(await callers.client(FOREIGN_BUREAU), HOURS, **days) == []


async def test_a_session_nobody_came_to_or_that_is_still_open_was_not_taught(office: Office, callers: Callers) -> None:
    await office.register()
    await office.open()
    await office.push(sign_ins(("p01",), NINE))
    await office.close_until(OPENING_JUDGED)

    days = {"from": OPENING.isoformat(), "to": (OPENING + timedelta(days=9)).isoformat()}
    (line,) = await everything(await callers.client(SCHOOL), HOURS, **days)

    assert (line["sessions"], line["class_hours"]) == (1, 2)


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        (HOURS, {"from": "2021-06-02", "to": "2021-06-01"}, "RANGE_INVALID"),
        (HOURS, {"from": "2021-01-01", "to": "2022-01-02"}, "RANGE_INVALID"),
        (HOURS, {"from": "2021-06-01", "to": "9999-12-31"}, "RANGE_INVALID"),
        (HOURS, {"from": "9999-12-31", "to": "9999-12-31"}, "VALUE_OUT_OF_RANGE"),
        (HOURS, {"from": "0001-01-01", "to": "0001-01-01"}, "VALUE_OUT_OF_RANGE"),
        (HOURS, {"from": "2021-06-01"}, "INPUT_INVALID"),
        (HOURS, {"from": "2021-06-01", "to": "2021-06-01", "cursor": "nowhere"}, "CURSOR_INVALID"),
        (CLASSES, {"cursor": "yesterday~c1"}, "CURSOR_INVALID"),
        (CLASSES, {"cursor": "2021-06-01"}, "CURSOR_INVALID"),
        (CLASSES, {"state": "lost"}, "INPUT_INVALID"),
        (CLASSES, {"cursor": "2021-06-01~\u0000"}, "INPUT_INVALID"),
        (QUEUE, {"cursor": "x"}, "CURSOR_INVALID"),
        (APPROVALS, {"cursor": "first~device-1"}, "CURSOR_INVALID"),
        (APPROVALS, {"cursor": f"{2**63}~device-1"}, "CURSOR_INVALID"),
    ],
)
async def test_a_place_or_stretch_that_cannot_be_is_refused(
    office: Office, callers: Callers, path: str, params: dict[str, str], code: str
) -> None:
    await office.open()
    answer = await (await callers.client(INSPECTOR)).get(path, params=params)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.usefixtures("short_pages")
async def test_a_reviewer_finds_what_waits_for_approval_until_it_is_approved(office: Office, callers: Callers) -> None:
    """JY-SUP-01: a manual sign-in counts by exception, with a reason and a reviewer."""
    await office.register(device("device-1"), device("device-2"))
    await office.open()
    await office.push(sign_ins(people(3), NINE, method="manual"))
    await office.push(sign_ins(("p04",), NINE, method="manual"), device_id="device-2", actor=SCHOOL)
    await office.push(sign_ins(("p05",), NINE, first=50))
    inspector = await callers.client(INSPECTOR)

    waiting = await everything(inspector, APPROVALS)
    body = {"device_id": "device-1", "sequences": [1, 3], "reason": "指纹破损"}
    await inspector.post(APPROVALS, json=body, headers={"Idempotency-Key": "a"})

    assert [(each["sequence"], each["device_id"], each["person_id"]) for each in waiting] == [
        (1, "device-1", "p01"),
        (1, "device-2", "p04"),
        (2, "device-1", "p02"),
        (3, "device-1", "p03"),
    ]
    assert {(each["session_id"], each["method"]) for each in waiting} == {("s1-am", "manual")}
    assert [each["person_id"] for each in await everything(inspector, APPROVALS)] == ["p04", "p02"]


@pytest.mark.usefixtures("short_pages")
async def test_devices_are_listed_to_those_they_concern_page_by_page(office: Office, callers: Callers) -> None:
    await office.register(
        device("d1"), device("d2"), device("d3"), device("d4", institution_id="institution-2"), device("d5")
    )

    async def seen(actor: Any, **params: str) -> list[str]:
        path = "/supervision/v1/devices"
        return [each["device_id"] for each in await everything(await callers.client(actor), path, **params)]

    assert await seen(INSPECTOR) == ["d1", "d2", "d3", "d5", "d4"]
    assert await seen(INSPECTOR, institution_id="institution-2") == ["d4"]
    assert await seen(SCHOOL) == ["d1", "d2", "d3", "d5"]
    assert await seen(SCHOOL, institution_id="institution-2") == []
    assert await seen(FOREIGN_BUREAU) == []
