"""Decisions, revelations and changes over HTTP with real tokens, on both databases."""

from shared.domain.actor import Role
from tests.enrollment.clients import Clients, created, post, roster_rows
from tests.enrollment.desk import people
from tests.enrollment.test_api import OPINION, REVIEWS, applied


async def approved(clients: Clients) -> str:
    class_id = await applied(clients)
    for step, role in REVIEWS:
        await created(clients.officer(role), f"/classes/{class_id}/reviews", {"step": step, **OPINION}, status=200)
    return class_id


async def test_a_reviewer_looks_decides_with_a_reason_and_the_next_one_reads_both(clients: Clients) -> None:
    """JY-ENR-13, JY-ENR-25: a decision names rule, clause, ground and author; its reason is read, never stored open."""
    school, first = clients.institution, clients.officer(Role.FIRST_REVIEWER)
    path = f"/classes/{(await created(school, '/classes', clients.class_body()))['class_id']}"
    rows = roster_rows(3)
    rows[1]["employer_region"] = "410100"
    await created(school, f"{path}/roster", {"rows": rows}, status=200)
    await created(school, f"{path}/submission", {}, status=200)
    review = {"step": "first_review", **OPINION}
    missing = await post(first, f"{path}/reviews", review)
    assert (missing.status_code, missing.json()["code"]) == (409, "DECISIONS_MISSING")
    look = {"reason_code": "check_employer"}
    seen = await first.post(f"{path}/roster/2/revelation", json=look)
    assert (seen.status_code, seen.json()["employer_name"], seen.json()["name"]) == (200, "示例制造有限公司", None)
    for person in people(3):
        assert person.identity_number not in seen.text
    decision = {
        "rows": [2],
        "code": "EMPLOYER_NOT_LOCAL",
        "decision": "allow",
        "basis": "workplace",
        "reason": "驻济项目部",
    }
    made = await created(first, f"{path}/decisions", decision)
    trace = made["items"][0]["trace"]
    assert (trace["rule"], trace["clause"], trace["result"]) == ("JY-ENR-13", "二(一)1", "allow")
    assert made["items"][0]["reason"] is None
    await created(first, f"{path}/reviews", review, status=200)
    second = clients.officer(Role.SECOND_REVIEWER)
    (read,) = (await second.get(f"{path}/decisions")).json()["items"]
    assert (read["reason"], read["basis"], read["actor"]) == ("驻济项目部", "workplace", "first_reviewer")
    assert (await second.get(path)).json()["reviews"][0]["opinion"] == OPINION["opinion"]


async def test_a_change_goes_through_the_same_three_steps(clients: Clients) -> None:
    """JY-ENR-06"""
    class_id = await approved(clients)
    school, path = clients.institution, f"/classes/{class_id}"
    sessions = (await school.get(path)).json()["sessions"]
    sessions[-1]["teacher_id"] = clients.teacher_ids[0]
    proposed = await created(school, f"{path}/changes", {"reason": "教师调整", "sessions": sessions})
    assert (proposed["number"], proposed["state"], proposed["questions"]) == (1, "proposed", [])
    assert (await school.get(path)).json()["sessions"][-1]["teacher_id"] == clients.teacher_ids[1]
    states = []
    for step, role in REVIEWS:
        answer = await created(
            clients.officer(role), f"{path}/changes/1/reviews", {"step": step, **OPINION}, status=200
        )
        states.append(answer["state"])
    assert states == ["proposed", "proposed", "approved"]
    assert (await school.get(path)).json()["sessions"][-1]["teacher_id"] == clients.teacher_ids[0]
    (listed,) = (await clients.officer(Role.AUDITOR).get(f"{path}/changes")).json()["items"]
    assert (listed["reason"], len(listed["reviews"])) == ("教师调整", 3)
    leaving = (await school.get(f"{path}/roster")).json()["items"][0]["person_id"]
    body = {"reason": "补入", "removed": [leaving], "added": [{**roster_rows(1, skip=30)[0], "row": 4}]}
    joining = await created(school, f"{path}/changes", body)
    assert joining["added"][0]["masked_name"].endswith("*")
    gone = await created(school, f"{path}/changes/2/withdrawal", {}, status=200)
    assert gone["state"] == "withdrawn"


async def test_decisions_and_changes_hold_roles_and_tenants(clients: Clients) -> None:
    path = f"/classes/{await approved(clients)}"
    stranger = clients.client("stranger", "another-school", Role.INSTITUTION)
    elsewhere = clients.officer(Role.FIRST_REVIEWER, region="110000")
    decision = {"rows": [1], "code": "GROUP_DECISION", "decision": "allow", "reason": "x"}
    change = {"reason": "x", "closing_date": "2021-05-31"}
    step = {"step": "first_review", **OPINION}
    for client, address, body in (
        (stranger, f"{path}/changes", change),
        (stranger, f"{path}/changes/1/withdrawal", {}),
        (elsewhere, f"{path}/decisions", decision),
        (elsewhere, f"{path}/changes/1/reviews", step),
        (elsewhere, f"{path}/roster/1/revelation", {"reason_code": "check_group"}),
    ):
        answer = await post(client, address, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "CLASS_NOT_FOUND"), address
    for client, address, body in (
        (clients.institution, f"{path}/decisions", decision),
        (clients.institution, f"{path}/roster/1/revelation", {"reason_code": "check_group"}),
        (clients.institution, f"{path}/changes/1/reviews", step),
        (clients.officer(Role.AUDITOR), f"{path}/decisions", decision),
        (clients.officer(Role.FIRST_REVIEWER), f"{path}/changes", change),
    ):
        answer = await post(client, address, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_MISSING"), address
    for client in (stranger, elsewhere):
        assert (await client.get(f"{path}/decisions")).status_code == 404
        assert (await client.get(f"{path}/changes")).status_code == 404


async def test_a_withdrawal_names_a_standard_reason(clients: Clients) -> None:
    path = f"/classes/{await approved(clients)}"
    school = clients.institution
    wrong = await post(school, f"{path}/withdrawal", {"reason_code": "bad_mood"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "REASON_UNKNOWN")
    gone = await post(school, f"{path}/withdrawal", {"reason_code": "too_few_trainees", "reason": "内部说明"})
    blocker = {"code": "WITHDRAWN", "message": "生源不足", "rule": None, "clause": None}
    assert gone.json()["blocker"] == {**blocker, "advice": "", "held_by": None}
    assert "内部说明" not in gone.text
