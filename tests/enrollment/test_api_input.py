"""What enrollment's addresses make of odd JSON, on both databases: nothing guessed, nothing personal kept open."""

from typing import Any

from sqlalchemy import select

from services.enrollment.storage.tables import ROSTER_ROW
from shared.domain.actor import Role
from tests.enrollment.clients import Clients, created, post, roster_rows
from tests.enrollment.desk import people
from tests.enrollment.sample import REGION


async def test_a_row_whose_money_or_declaration_is_of_another_type_is_refused_by_itself(clients: Clients) -> None:
    school = clients.institution
    odd: list[tuple[str, Any]] = [
        ("fee_fen", True),
        ("fee_fen", "0"),
        ("fee_fen", 1.0),
        ("declares_ability_and_will", "yes"),
        ("declares_ability_and_will", 1),
    ]
    class_id = (await created(school, "/classes", clients.class_body()))["class_id"]
    rows = roster_rows(len(odd) + 1)
    for row, (field, value) in zip(rows, odd, strict=False):
        row[field] = value
    answer = await created(school, f"/classes/{class_id}/roster", {"rows": rows}, status=200)
    found = [(row["verdict"], [(one["code"], one["field"]) for one in row["findings"]]) for row in answer["rows"]]
    assert found == [*(("refused", [("FIELD_INVALID", field)]) for field, _ in odd), ("accepted", [])]


async def test_rows_without_a_number_of_their_own_are_told_by_position_and_the_others_kept(clients: Clients) -> None:
    """JY-ENR-04: row by row; who cannot be told apart is saved under neither number."""
    school = clients.institution
    class_id = (await created(school, "/classes", clients.class_body()))["class_id"]
    rows = roster_rows(5)
    rows[1]["row"], rows[2]["row"], rows[4]["row"] = 0, "x", 4
    answer = await created(school, f"/classes/{class_id}/roster", {"rows": rows}, status=200)
    assert [(row["row"], row["verdict"]) for row in answer["rows"]] == [(1, "accepted")]
    told = [(one["position"], one["row"], one["findings"][0]["code"]) for one in answer["unsaved"]]
    assert told == [
        (2, None, "ROW_NUMBER_INVALID"),
        (3, None, "ROW_NUMBER_INVALID"),
        (4, 4, "ROW_NUMBER_TWICE"),
        (5, 4, "ROW_NUMBER_TWICE"),
    ]
    kept = (await school.get(f"/classes/{class_id}/roster")).json()["items"]
    assert [row["row"] for row in kept] == [1]


async def test_a_number_or_a_date_of_another_type_is_refused_and_never_guessed(clients: Clients) -> None:
    odd: list[tuple[str, Any]] = [
        ("planned", True),
        ("planned", "3"),
        ("opening_date", 1621209600),
        ("opening_date", "1621209600"),
        ("opening_date", "2021-05-17T00:00:00Z"),
    ]
    for field, value in odd:
        answer = await post(clients.institution, "/classes", clients.class_body(**{field: value}))
        assert answer.status_code == 422, (field, value)
        assert [error["field"] for error in answer.json().get("errors", [answer.json()])] == [f"{field}"]


async def test_an_instant_that_is_a_number_or_at_the_edge_of_the_calendar_is_refused(clients: Clients) -> None:
    for value in (1621209600, "1621209600", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"):
        sessions = clients.sessions()
        sessions[0]["starts_at"] = value
        answer = await post(clients.institution, "/classes", clients.class_body(sessions=sessions))
        assert answer.status_code == 422, value


async def test_a_shifted_column_leaves_no_personal_datum_in_group_exclusions_or_employer(clients: Clients) -> None:
    school = clients.institution
    class_id = (await created(school, "/classes", clients.class_body()))["class_id"]
    person = people(1, skip=40)[0]
    row, *_ = roster_rows(1)
    row |= {"group": person.name, "exclusions": [person.identity_number], "employer_name": person.phone}
    row |= {"employee_focus": [person.name, "high_risk"]}
    answer = await post(school, f"/classes/{class_id}/roster", {"rows": [row]})
    read = await clients.officer(Role.AUDITOR).get(f"/classes/{class_id}/roster")
    codes = [finding["code"] for finding in answer.json()["rows"][0]["findings"]]
    assert codes == ["GROUP_UNKNOWN", "FOCUS_NOT_EMPLOYEE", "EXCLUDED_FROM_SPECIAL_ACCOUNT"]
    assert answer.json()["rows"][0]["employee_focus"] == ["unknown", "high_risk"]
    async with clients.wiring.unit_of_work(write=False) as uow:
        (stored,) = (await uow.connection.execute(select(ROSTER_ROW))).all()
    for secret in (person.name, person.identity_number, person.phone):
        for shown in (answer.text, read.text, repr(stored)):
            assert secret not in shown


async def test_a_public_name_that_events_carry_holds_nobodys_number(clients: Clients) -> None:
    phone, approver = people(1, skip=40)[0].phone, clients.officer(Role.APPROVER)
    occupation = {"code": "6-01", "name": "电工", "region": REGION, "certifiable": ["level"], "levels": ["5"]}
    school = {"name": "示例学校", "credit_code": "0" * 18, "kind": "private_school", "region": REGION}
    for path, body, field in (
        ("/occupations", {**occupation, "name": f"电工 {phone}"}, "name"),
        ("/occupations", {**occupation, "levels": [phone]}, "levels.0"),
        ("/institutions", {**school, "ownership": "private", "name": f"示例学校 {phone}"}, "name"),
    ):
        answer = await post(approver, path, body)
        problems = answer.json().get("errors", [answer.json()])
        assert (answer.status_code, [(one["code"], one["field"]) for one in problems]) == (
            422,
            [("PERSONAL_DATA", field)],
        )
        assert phone not in answer.text


async def test_many_unknown_fields_of_a_row_are_told_once(clients: Clients) -> None:
    school = clients.institution
    class_id = (await created(school, "/classes", clients.class_body()))["class_id"]
    row = roster_rows(1)[0] | {f"column_{number}": "" for number in range(50)}
    answer = await created(school, f"/classes/{class_id}/roster", {"rows": [row]}, status=200)
    assert [one["field"] for one in answer["rows"][0]["findings"]] == ["unknown_field"]


async def test_an_address_with_a_control_character_finds_nothing_and_breaks_nothing(clients: Clients) -> None:
    school = clients.institution
    for path in ("/classes/%00", "/classes/%00/roster", "/classes?cursor=2021-05-17~%00"):
        answer = await school.get(path)
        assert answer.status_code in {404, 422} or answer.json()["items"] == [], path
    answers = [
        await post(school, "/classes/%00/submission", {}),
        await post(school, "/classes/%00/trainees/%00/withdrawal", {"reason_code": "other"}),
        await post(school, "/institutions/%00/teachers", {}),
    ]
    assert {answer.status_code for answer in answers} <= {404, 422}
