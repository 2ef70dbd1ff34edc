"""Whether a person could join a class, over HTTP: reasons with rule and clause, audited, nothing stored."""

from datetime import date

import httpx
from sqlalchemy import func, select

from peibu.demo.people import broken_identity_number
from services.enrollment.storage.tables import PERSON
from shared.audit.tables import AUDIT_ENTRY
from shared.domain.actor import Role
from tests.enrollment.clients import Clients, Json, created, post, roster_rows
from tests.enrollment.desk import people
from tests.enrollment.sample import WELDER
from tests.enrollment.test_api import applied

ADDRESS = "/eligibility-checks"
PROSPECT = {"training_type": "employee_intermediate", "occupation": WELDER, "opening_date": "2021-09-06"}


def person(number: int, **given: object) -> Json:
    return {"identity_number": people(number)[-1].identity_number, **given}


async def test_a_province_learns_that_a_person_had_this_years_training_with_rule_and_clause(clients: Clients) -> None:
    """JY-ENR-05"""
    await applied(clients)
    province = clients.client("province-system", "province", Role.PROVINCE, region="419001")
    answer = (await post(province, ADDRESS, person(1, **PROSPECT))).json()
    assert answer["verdict"] == "refused"
    (finding,) = answer["findings"]
    assert (finding["code"], finding["rule"], finding["clause"]) == ("REPEAT_IN_YEAR", "JY-ENR-05", "二(三)1")
    free = (await post(province, ADDRESS, person(9, **PROSPECT))).json()
    assert (free["verdict"], free["findings"]) == ("accepted", [])
    assert free["rulebook_id"].startswith("jiyuan/2021-01-01@")


async def test_an_institution_asks_about_its_class_and_what_it_tells_is_judged(clients: Clients) -> None:
    """JY-ENR-04, JY-ENR-12, JY-ENR-13, JY-ENR-14"""
    school = clients.institution
    class_id = (await created(school, "/classes", clients.class_body(planned=4)))["class_id"]
    await created(school, f"/classes/{class_id}/roster", {"rows": roster_rows(3)}, status=200)

    async def codes(body: Json) -> tuple[str, list[str]]:
        answer = await post(school, ADDRESS, body)
        assert answer.status_code == 200, answer.text
        return answer.json()["verdict"], [finding["code"] for finding in answer.json()["findings"]]

    assert await codes(person(1, class_id=class_id)) == ("refused", ["DUPLICATE_IN_CLASS"])
    assert await codes(person(9, class_id=class_id)) == ("accepted", [])
    assert await codes(person(9, class_id=class_id, group="other")) == ("ask", ["GROUP_DECISION"])
    undeclared = person(9, class_id=class_id, group="laid_off", declares_ability_and_will=False)
    assert await codes(undeclared) == ("refused", ["DECLARATION_MISSING"])
    distant = person(9, class_id=class_id, group="employee", employer_region="410100")
    assert await codes(distant) == ("ask", ["EMPLOYER_NOT_LOCAL"])
    broken = {"identity_number": broken_identity_number(people(1)[0]), "class_id": class_id}
    assert await codes(broken) == ("refused", ["ID_CHECKSUM"])


async def test_nobody_may_join_a_class_that_is_full_or_over(clients: Clients) -> None:
    class_id, school = await applied(clients), clients.institution
    full = (await post(school, ADDRESS, person(9, class_id=class_id))).json()
    assert (full["verdict"], [one["code"] for one in full["findings"]]) == ("refused", ["PLANNED_EXCEEDED"])
    await created(school, f"/classes/{class_id}/withdrawal", {"reason_code": "other"}, status=200)
    over = (await post(school, ADDRESS, person(9, class_id=class_id))).json()
    assert (over["verdict"], [one["code"] for one in over["findings"]]) == ("refused", ["CLASS_ENDED"])


async def test_who_would_join_a_class_of_key_groups_is_asked_for_the_group(clients: Clients) -> None:
    """JY-ENR-14"""
    prospect = {**PROSPECT, "training_type": "key_groups"}
    untold = (await post(clients.institution, ADDRESS, person(9, **prospect))).json()
    assert (untold["verdict"], [one["code"] for one in untold["findings"]]) == ("ask", ["GROUP_UNTOLD"])
    told = person(9, **prospect, group="veteran", declares_ability_and_will=True)
    assert (await post(clients.institution, ADDRESS, told)).json()["verdict"] == "accepted"


async def test_a_registered_person_is_asked_about_without_their_number(clients: Clients) -> None:
    """JY-ENR-05; the row of the class as it stands, of anybody else what the other classes tell."""
    first, school = await applied(clients), clients.institution
    second = (await created(school, "/classes", clients.class_body(date(2021, 9, 6), date(2021, 9, 30))))["class_id"]
    await created(school, f"/classes/{second}/roster", {"rows": roster_rows(1, skip=8)}, status=200)
    province = clients.client("province-system", "province", Role.PROVINCE, region="419001")

    async def people_of(class_id: str) -> list[str]:
        rows = (await school.get(f"/classes/{class_id}/roster")).json()["items"]
        return [row["person_id"] for row in rows]

    async def asked(client: httpx.AsyncClient, class_id: str, person_id: str) -> tuple[str, list[str]]:
        answer = await client.get("/eligibility", params={"class_id": class_id, "person_id": person_id})
        assert answer.status_code == 200, answer.text
        return answer.json()["verdict"], [finding["code"] for finding in answer.json()["findings"]]

    (trained, *_), (free,) = await people_of(first), await people_of(second)
    for client in (province, school):
        assert await asked(client, first, trained) == ("accepted", [])
        assert await asked(client, second, trained) == ("refused", ["REPEAT_IN_YEAR"])
        assert await asked(client, second, free) == ("accepted", [])
    nobody = await province.get("/eligibility", params={"class_id": first, "person_id": "nobody"})
    stranger = clients.client("stranger", "another-school", Role.INSTITUTION)
    unseen = await stranger.get("/eligibility", params={"class_id": first, "person_id": trained})
    assert [one.json()["code"] for one in (nobody, unseen)] == ["PERSON_NOT_FOUND", "CLASS_NOT_FOUND"]
    async with clients.wiring.unit_of_work(write=False) as uow:
        checks = select(func.count()).where(AUDIT_ENTRY.c.action == "eligibility_checked")
        assert (await uow.connection.execute(checks)).scalar_one() == 6


async def test_every_question_is_audited_and_nobody_is_registered_or_repeated(clients: Clients) -> None:
    async def registered() -> int:
        async with clients.wiring.unit_of_work(write=False) as uow:
            return int((await uow.connection.execute(select(func.count()).select_from(PERSON))).scalar_one())

    before = await registered()
    asked = person(40, **PROSPECT)
    answer = await post(clients.officer(Role.FIRST_REVIEWER), ADDRESS, asked)
    assert answer.status_code == 200
    assert asked["identity_number"] not in answer.text
    assert await registered() == before
    async with clients.wiring.unit_of_work(write=False) as uow:
        checks = select(AUDIT_ENTRY).where(AUDIT_ENTRY.c.action == "eligibility_checked")
        (entry,) = (await uow.connection.execute(checks)).all()
    assert (entry.actor, entry.subject) == ("first_reviewer", "employee_intermediate")
    assert entry.details == {"verdict": "accepted", "codes": "", "opening_date": "2021-09-06"}


async def test_scope_and_completeness_of_a_question_are_held(clients: Clients) -> None:
    class_id = await applied(clients)
    stranger = clients.client("stranger", "another-school", Role.INSTITUTION)
    elsewhere = clients.officer(Role.FIRST_REVIEWER, region="110000")
    for client in (stranger, elsewhere):
        assert (await post(client, ADDRESS, person(1, class_id=class_id))).status_code == 404
    assert (await post(clients.officer(Role.FINANCE), ADDRESS, person(1, class_id=class_id))).status_code == 403
    both = await post(clients.institution, ADDRESS, person(1, class_id=class_id, **PROSPECT))
    neither = await post(clients.institution, ADDRESS, person(1))
    assert [one.json()["code"] for one in (both, neither)] == ["QUESTION_INCOMPLETE"] * 2


async def test_the_annual_plan_is_read_by_institution_and_bureau(clients: Clients) -> None:
    """JY-REP-05"""
    for client in (clients.institution, clients.officer(Role.AUDITOR)):
        (plan,) = (await client.get("/targets")).json()["items"]
        assert (plan["total_persons"], len(plan["rows"])) == (40_000, 13)
    assert (await clients.officer(Role.FIRST_REVIEWER, region="110000").get("/targets")).json()["items"] == []
