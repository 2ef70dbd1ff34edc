"""Bodies are listed and reviewed by bureaus, and chosen by institutions from the lists of their city (Hebei)."""

from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from services.assessment.storage.tables import BODY_LISTING, BODY_REVIEW
from shared.contracts.enrollment import ClassOpened
from shared.domain.actor import Role
from shared.policy.rulebook import Rulebook
from tests.assessment.conftest import Callers
from tests.assessment.office import SCHOOL, Office, somebody
from tests.assessment.sample import WELDER, at, body, class_opened, shelf
from tests.assessment.test_api import post

CITY = "130100"
OPENS, CLOSES, EXAM = date(2024, 6, 3), date(2024, 6, 20), date(2024, 6, 25)
PROVINCE_APPROVER = somebody("approver-p", "province", Role.APPROVER, region="130000")
CITY_APPROVER = somebody("approver-c", "city", Role.APPROVER, region=CITY)
CITY_SCHOOL = replace(SCHOOL, region=CITY)
APPLICATION = {
    "body_id": "body-1",
    "certificate_kind": "level",
    "mode": "offline",
    "exam_on": EXAM.isoformat(),
    "channel": "system",
}


def hebei() -> Rulebook:
    return shelf().in_force(CITY, OPENS)


def hebei_class(class_id: str = "class-1") -> ClassOpened:
    """Give a class of the city; its training type is one that ends with a level certificate, if types are named."""
    book = hebei()
    types = book.enrollment.programmes.types if book.enrollment.programmes else ()
    of_level = [kind.code for kind in types if "level" in kind.certificate_kinds]
    fact = class_opened(class_id=class_id, region=CITY, training_type=of_level[0] if of_level else "any")
    return replace(fact, rulebook_id=book.id, opening_date=OPENS, closing_date=CLOSES)


def listing(list_code: str, region: str) -> dict[str, Any]:
    return {
        "list_code": list_code,
        "region": region,
        "scopes": [{"occupation": WELDER, "level": "4"}],
        "valid_from": "2024-05-20",
        "valid_to": "2024-12-31",
        "published_on": "2024-05-27" if list_code == "city" else "2024-05-10",
        "document": "示例通知〔2024〕5号",
    }


@pytest.fixture
async def callers_of_2024(office: Office, callers: Callers) -> Callers:
    """Callers in June 2024, with a class of the city and a body that stands on no list."""
    callers.move_to(at(date(2024, 6, 10)))
    await office.add_bodies(replace(body(), region="130000"))
    await office.take(hebei_class())
    return callers


def codes(answer: httpx.Response) -> list[str]:
    problem = answer.json()
    return [error["code"] for error in problem.get("errors", [problem])]


async def test_an_institution_chooses_freely_among_the_bodies_of_its_citys_list(callers_of_2024: Callers) -> None:
    """HB-ASM-01, HB-ASM-02"""
    school = await callers_of_2024.client(CITY_SCHOOL)
    province = await callers_of_2024.client(PROVINCE_APPROVER)
    city = await callers_of_2024.client(CITY_APPROVER)
    listings, apply = "/assessment/v1/bodies/body-1/listings", "/assessment/v1/classes/class-1/assessments"

    early = await post(city, listings, listing("city", CITY))
    assert (early.status_code, early.json()["code"], early.json()["rule"]) == (
        422,
        "NOT_IN_PROVINCE_LIST",
        "HB-ASM-01",
    )
    assert (await post(province, listings, listing("province", "130000"))).status_code == 201
    assert "NOT_IN_CITY_LIST" in codes(await post(school, apply, APPLICATION))
    listed = await post(city, listings, listing("city", CITY))
    assert (listed.status_code, [one["code"] for one in listed.json()["warnings"]]) == (201, ["LIST_OVERDUE"])

    chosen = await post(school, apply, {**APPLICATION, "examiners": ["examiner-7"], "fee_fen": 5000})

    assert chosen.status_code == 201, chosen.text
    view = (await school.get(chosen.headers["Location"])).json()
    assert (view["fee_fen"], view["examiners"], view["findings"]) == (5000, ["examiner-7"], [])
    assert (await school.get("/assessment/v1/classes/class-1")).json()["exam_due_on"] == "2024-06-27"
    (shown,) = (await school.get("/assessment/v1/body-lists")).json()["bodies"]
    assert [one["list_code"] for one in shown["listings"]] == ["province", "city"]
    assert (shown["body_id"], shown["suspended_from"]) == ("body-1", None)
    elsewhere = await callers_of_2024.client(replace(CITY_SCHOOL, region="419001"))
    assert (await elsewhere.get("/assessment/v1/body-lists")).json() == {"bodies": []}


async def test_a_suspension_names_the_exams_to_reassign_and_stops_new_ones(callers_of_2024: Callers) -> None:
    """HB-ASM-03: the exam arranged before stands and is marked."""
    school, city = await callers_of_2024.client(CITY_SCHOOL), await callers_of_2024.client(CITY_APPROVER)
    province = await callers_of_2024.client(PROVINCE_APPROVER)
    path, apply = "/assessment/v1/bodies/body-1", "/assessment/v1/classes/class-1/assessments"
    await post(province, f"{path}/listings", listing("province", "130000"))
    await post(city, f"{path}/listings", listing("city", CITY))
    first = await post(school, apply, {**APPLICATION, "persons": ["p01"]})
    review = {"region": CITY, "held_on": "2024-06-10", "verdict": "suspended", "findings": "考场监控不完整"}

    suspended = await post(city, f"{path}/reviews", review)

    assert suspended.status_code == 201
    assert suspended.json()["exams_to_reassign"] == [first.json()["assessment_id"]]
    assert codes(await post(school, apply, {**APPLICATION, "persons": ["p02"]})) == ["BODY_SUSPENDED"]
    view = (await school.get(first.headers["Location"])).json()
    assert (view["state"], [one["code"] for one in view["findings"]]) == ("scheduled", ["BODY_SUSPENDED"])
    (shown,) = (await school.get("/assessment/v1/body-lists")).json()["bodies"]
    assert (shown["suspended_from"], shown["reviews"]) == ("2024-06-10", 1)
    back = await post(city, f"{path}/reviews", {**review, "verdict": "reinstated"})
    assert back.json()["exams_to_reassign"] == []
    assert (await post(school, apply, {**APPLICATION, "persons": ["p02"]})).status_code == 201


async def test_only_the_bureau_of_a_region_lists_and_reviews_for_it(callers_of_2024: Callers) -> None:
    school, city = await callers_of_2024.client(CITY_SCHOOL), await callers_of_2024.client(CITY_APPROVER)
    review = {"region": "130000", "held_on": "2024-06-10", "verdict": "sound", "findings": "示例"}
    for path, given in (("listings", listing("province", "130000")), ("reviews", review)):
        assert (await post(school, f"/assessment/v1/bodies/body-1/{path}", given)).status_code == 403
        foreign = await post(city, f"/assessment/v1/bodies/body-1/{path}", given)
        assert foreign.json()["code"] == "REGION_OUT_OF_SCOPE"
        unknown = await post(city, f"/assessment/v1/bodies/nobody/{path}", {**given, "region": CITY})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "BODY_UNKNOWN")


async def test_what_is_recorded_of_a_body_never_changes(office: Office, callers_of_2024: Callers) -> None:
    province = await callers_of_2024.client(PROVINCE_APPROVER)
    review = {"region": "130000", "held_on": "2024-06-10", "verdict": "sound", "findings": "示例"}
    await post(province, "/assessment/v1/bodies/body-1/listings", listing("province", "130000"))
    await post(province, "/assessment/v1/bodies/body-1/reviews", review)
    for act in (
        update(BODY_LISTING).values(valid_to=date(2025, 1, 1)),
        delete(BODY_LISTING),
        update(BODY_REVIEW).values(verdict="poor"),
        delete(BODY_REVIEW),
    ):
        with pytest.raises(DatabaseError, match="results only grow"):
            await office.act(lambda uow, it=act: uow.connection.execute(it))  # type: ignore[misc]
