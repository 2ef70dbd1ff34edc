"""Moving, withdrawing and deciding on exams over HTTP; windows and exceptions of a region."""

from dataclasses import replace
from datetime import timedelta

from tests.assessment.conftest import Callers
from tests.assessment.office import APPROVER, ASSESSOR, SCHOOL, Office
from tests.assessment.sample import APPLIED, EXAM_DAY, REGION, TODAY, WELDER
from tests.assessment.test_api import APPLICATION, CLASS_PATH, post

LATER = (EXAM_DAY + timedelta(days=7)).isoformat()
MOVE = {"exam_on": LATER, "reason": "考场维修"}
WINDOW = {"region": REGION, "opens": "2021-09-01", "closes": "2021-09-10", "source": "示例文件〔2021〕3号"}
EXCEPTION = {
    "region": REGION,
    "occupation": WELDER,
    "certificate_kind": "level",
    "starts_on": "2021-01-01",
    "ends_on": "2021-09-30",
    "document": "示例文件〔2021〕2号",
    "reason": "认定机制尚未健全",
}


async def applied(callers: Callers) -> str:
    answer = await post(await callers.client(SCHOOL), f"{CLASS_PATH}/assessments", APPLICATION)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


async def test_an_exam_is_moved_and_withdrawn(office: Office, callers: Callers) -> None:
    """JY-ASM-02"""
    await office.prepare()
    path = await applied(callers)
    school = await callers.client(SCHOOL)

    moved = await post(school, f"{path}/schedule", MOVE)
    stale = await post(school, f"{path}/withdrawal", {"reason": "示例"}, **{"If-Match": '"1"'})
    withdrawn = await post(school, f"{path}/withdrawal", {"reason": "学员改期"})
    again = await post(school, f"{path}/withdrawal", {"reason": "再次"})

    assert (moved.status_code, moved.json()["exam_on"], moved.headers["ETag"]) == (200, LATER, '"2"')
    assert stale.status_code == 412
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    assert (again.status_code, again.json()["code"]) == (422, "EXAM_WITHDRAWN")
    view = (await school.get(path)).json()
    assert [(one["from_exam_on"], one["exam_on"], one["reason"]) for one in view["moves"]] == [
        (EXAM_DAY.isoformat(), LATER, "考场维修")
    ]
    assert view["withdrawal"] == {"on": APPLIED.isoformat(), "by": "school-1", "reason": "学员改期"}


async def test_who_may_move_withdraw_and_decide(office: Office, callers: Callers) -> None:
    await office.prepare(delivery="online")
    path = await applied(callers)
    decision = {"decision": "admit", "reason": "示例"}
    for actor, status in (
        (ASSESSOR, 403),
        (replace(SCHOOL, organisation="institution-2"), 404),
        (replace(APPROVER, region="410100"), 404),
    ):
        client = await callers.client(actor)
        assert (await post(client, f"{path}/schedule", MOVE)).status_code == status
        assert (await post(client, f"{path}/withdrawal", {"reason": "示例"})).status_code == status
    assert (await post(await callers.client(SCHOOL), f"{path}/decision", decision)).status_code == 403
    numbers = {"reason": "证件号 11010519491231002X"}
    refused = await post(await callers.client(SCHOOL), f"{path}/withdrawal", numbers)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "PERSONAL_DATA")


async def test_the_bureau_decides_on_the_exam_of_an_online_class(office: Office, callers: Callers) -> None:
    """JY-ASM-03"""
    await office.prepare(delivery="online")
    school, approver = await callers.client(SCHOOL), await callers.client(APPROVER)
    asked = await post(school, f"{CLASS_PATH}/assessments", APPLICATION)
    assert (asked.json()["state"], asked.json()["findings"][0]["code"]) == ("awaiting", "ONLINE_WINDOW_UNDECIDED")
    path = asked.headers["Location"]

    admitted = await post(approver, f"{path}/decision", {"decision": "admit", "reason": "情况属实"})
    again = await post(approver, f"{path}/decision", {"decision": "refuse", "reason": "示例"})

    assert (admitted.status_code, admitted.json()["state"]) == (200, "scheduled")
    assert (again.status_code, again.json()["code"]) == (409, "NOT_AWAITED")
    view = (await school.get(path)).json()
    assert (view["admission"]["decision"], view["admission"]["decided_by"]) == ("admit", "approver-1")


async def test_the_bureau_sets_windows_and_exceptions_and_everybody_reads_them(callers: Callers) -> None:
    """JY-ASM-03, JY-ASM-06"""
    approver, school = await callers.client(APPROVER), await callers.client(SCHOOL)
    assert (await post(approver, "/assessment/v1/exam-windows", WINDOW)).status_code == 201
    twice = await post(approver, "/assessment/v1/exam-windows", {**WINDOW, "closes": "2021-09-12"})
    odd = await post(approver, "/assessment/v1/exam-windows", {**WINDOW, "opens": "2021-09-11"})
    made = await post(approver, "/assessment/v1/exceptions", EXCEPTION)
    wrong = await post(approver, "/assessment/v1/exceptions", {**EXCEPTION, "certificate_kind": "qualification"})
    path = f"/assessment/v1/exceptions/{made.json()['exception_id']}/revocation"
    ended = await post(approver, path, {"on": TODAY.isoformat(), "reason": "机制已健全"})

    assert (twice.status_code, twice.json()["code"]) == (409, "WINDOW_EXISTS")
    assert (odd.status_code, odd.json()["code"]) == (422, "WINDOW_DATES")
    assert (made.status_code, made.json()["decided_by"]) == (201, "approver-1")
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["rule"]) == (422, "KIND_NOT_EXCEPTED", "JY-ASM-06")
    assert (ended.status_code, ended.json()["revoked_from"]) == (200, TODAY.isoformat())
    seen = (await school.get("/assessment/v1/rulings")).json()
    assert seen["exam_windows"] == [WINDOW]
    assert [one["exception_id"] for one in seen["exceptions"]] == [made.json()["exception_id"]]
    elsewhere = await callers.client(replace(SCHOOL, region="130000"))
    assert (await elsewhere.get("/assessment/v1/rulings")).json() == {"exam_windows": [], "exceptions": []}
    for path, body in (("exam-windows", WINDOW), ("exceptions", EXCEPTION)):
        assert (await post(school, f"/assessment/v1/{path}", body)).status_code == 403
        foreign = await callers.client(replace(APPROVER, organisation="elsewhere", region="130000"))
        assert (await post(foreign, f"/assessment/v1/{path}", body)).json()["code"] == "REGION_OUT_OF_SCOPE"
