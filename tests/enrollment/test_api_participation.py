"""What rows and questions state of people, over HTTP: read field by field, judged, and never shown again."""

from tests.enrollment.clients import Clients, Json, created, post, roster_rows
from tests.enrollment.test_api_eligibility import ADDRESS, PROSPECT, person

STATED = {
    "group_kind": "",
    "place_links": ["household"],
    "release_on": "2033-01-02",
    "pension_from": "2034-01-02",
    "graduation_year": 2021,
    "qualification_number": "Q-20350102",
    "qualified_on": "2035-01-02",
    "insured_months": 12,
    "assigned_by": "某镇政府",
    "consented_on": "2036-01-02",
}


async def test_a_row_states_facts_of_a_person_and_one_that_cannot_be_read_harms_its_own_row_alone(
    clients: Clients,
) -> None:
    """JY-ENR-04, HL-ENR-11: every row by itself; facts that the document asks nothing of change nothing."""
    school = clients.institution
    class_id = (await created(school, "/classes", clients.class_body(planned=3)))["class_id"]
    rows: list[Json] = roster_rows(3)
    rows[0] |= STATED
    rows[1] |= {"release_on": "soon", "graduation_year": "2021"}
    answer = (await post(school, f"/classes/{class_id}/roster", {"rows": rows})).json()
    found = {row["row"]: [(one["code"], one["field"]) for one in row["findings"]] for row in answer["rows"]}
    assert found == {1: [], 2: [("FIELD_INVALID", "graduation_year"), ("FIELD_INVALID", "release_on")], 3: []}
    shown = (await school.get(f"/classes/{class_id}/roster")).text
    assert not [day for day in ("2033", "2034", "2035", "2036") if day in shown]


async def test_a_question_is_judged_by_the_facts_that_it_tells_and_by_no_others(clients: Clients) -> None:
    """HL-ENR-05, JY-ENR-14: a proof that lapses before the opening day is none."""

    async def codes(**given: object) -> list[str]:
        answer = await post(clients.institution, ADDRESS, person(1, **PROSPECT, group="veteran", **given))
        return [finding["code"] for finding in answer.json()["findings"]]

    assert await codes() == []
    assert await codes(evidence_until="2021-09-06") == []
    assert await codes(evidence_until="2021-09-05") == ["EVIDENCE_NOT_VALID"]
    assert await codes(group_kind="sailor") == ["GROUP_KIND_UNKNOWN"]
